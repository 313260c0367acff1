//! Models of different kinds side by side.

use super::fit::{Fit, Fitted};
use std::fmt::Debug;

/// A [`Fit`] of any kind.
pub(crate) trait Member: Debug {
    /// As [`Fit::fit`].
    fn fit_member(&self, values: &[f64], season_length: usize) -> Option<Box<dyn FittedMember>>;
}

/// A [`Fitted`] of any kind.
pub(crate) trait FittedMember: Debug {
    /// As [`Fitted::mean`].
    fn expected(&self, horizon: usize) -> Vec<f64>;
    /// As [`Fitted::fitted`].
    fn in_sample(&self) -> &[f64];
    /// As [`Fitted::label`].
    fn name(&self) -> String;
    /// What [`Fitted::refilter`] would expect after other values.
    fn expected_after(&self, values: &[f64], horizon: usize) -> Option<Vec<f64>>;
}

impl<M: Fit> Member for M
where
    M::Fitted: 'static,
{
    fn fit_member(&self, values: &[f64], season_length: usize) -> Option<Box<dyn FittedMember>> {
        Some(Box::new(self.fit(values, season_length)?))
    }
}

impl<F: Fitted> FittedMember for F {
    fn expected(&self, horizon: usize) -> Vec<f64> {
        self.mean(horizon)
    }

    fn in_sample(&self) -> &[f64] {
        self.fitted()
    }

    fn name(&self) -> String {
        self.label()
    }

    fn expected_after(&self, values: &[f64], horizon: usize) -> Option<Vec<f64>> {
        Some(self.refilter(values)?.mean(horizon))
    }
}
