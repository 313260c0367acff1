//! What a model of the literature is: unfitted it knows its settings, fitted it knows its parameters and its state.

use std::fmt::Debug;

/// A model that is not fitted yet.
pub(crate) trait Fit: Debug {
    /// What it becomes.
    type Fitted: Fitted;

    /// Fits to finite values without gaps. `None` where the values are too few for this model, or where it found
    /// nothing that is finite.
    fn fit(&self, values: &[f64], season_length: usize) -> Option<Self::Fitted>;
}

/// A model with parameters, at the end of the values that it was fitted to.
pub(crate) trait Fitted: Debug + Sized {
    /// What is expected of the next values.
    fn mean(&self, horizon: usize) -> Vec<f64>;

    /// What was expected of each value one step before; as many as values.
    fn fitted(&self) -> &[f64];

    /// The name in the literature, with what was chosen: `ETS(A,Ad,M)`.
    fn label(&self) -> String;

    /// The same parameters, run over other values: cheap, for errors from many origins. Starting values may be
    /// those of the fit.
    fn refilter(&self, values: &[f64]) -> Option<Self>;
}
