//! What every cost query goes through: made for a request, given the charges of one state of the store, finished.

use super::health::Held;
use crate::Result;
use crate::model::charge::{ChargeColumn, ChargeTable};
use crate::model::dimension::Dimension;
use crate::model::time::Interval;

/// Looks up what a value of a dimension is called.
pub type NameOf<'n> = &'n dyn Fn(&Dimension, &str) -> Result<Option<String>>;

/// Which charges a query needs, and what of them.
#[derive(Debug, Clone)]
pub struct Needs {
    /// The columns.
    pub columns: Vec<ChargeColumn>,
    /// Charges whose `ChargePeriodStart` lies there; others may be given too.
    pub charged: Interval,
}

/// A cost query in the making.
pub trait CostQuery: Sized {
    /// What it comes to.
    type Answer;

    /// Which charges it needs.
    fn needs(&self) -> Needs;

    /// Adds a table.
    fn add(&mut self, table: &ChargeTable);

    /// The answer, for the state of the store that the tables came from.
    ///
    /// # Errors
    /// `mixed_currencies`, `overflow`, and whatever `name` gives.
    fn finish(self, held: Held<'_>, name: NameOf<'_>) -> Result<Self::Answer>;
}
