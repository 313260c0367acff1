//! Which thresholds of budgets were crossed, as stores keep it.

use crate::model::id::{self, Id};
use crate::model::time::Interval;

/// A threshold of a budget that was crossed in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAlert {
    /// The budget.
    pub budget: Id<id::Budget>,
    /// The budget's period.
    pub period: Interval,
    /// Which threshold; one alert is kept for each.
    pub threshold: String,
    /// What became of it, as JSON.
    pub body: String,
}
