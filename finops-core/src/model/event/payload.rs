//! The data of events, by what they are about.

use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::Stamp;
use serde::Serialize;

/// A threshold of a budget, as events tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetThreshold {
    /// In percent of the budget, such as 80.
    pub percent: Quantity,
    /// `alert` or `pause`.
    pub action: String,
    /// What was compared with it: `actual` or `forecasted`.
    pub basis: String,
    /// What it comes to.
    pub amount: Money,
}

/// The data of events about budgets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetNotice {
    /// The budget.
    pub budget_id: Id<id::Budget>,
    /// What people call it.
    pub name: String,
    /// The organization that it belongs to; null where there is none.
    pub organization_id: Option<String>,
    /// The level of its scope, such as `tenant`.
    pub scope_level: String,
    /// What of that level; null for the platform.
    pub scope_id: Option<String>,
    /// When the period starts.
    pub period_start: Stamp,
    /// The first instant after the period; null where it has no end.
    pub period_end: Option<Stamp>,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The budget for the period.
    pub amount: Money,
    /// What was spent in it so far.
    pub spent: Money,
    /// What is expected to be spent by its end; null where it is not known.
    pub forecast: Option<Money>,
    /// The threshold that was crossed, or that spend fell back below.
    pub threshold: BudgetThreshold,
    /// `ON_TRACK`, `WARNING`, `EXCEEDED` or `CRITICAL`.
    pub status: String,
    /// `active`, `paused` or `exhausted`.
    pub lifecycle: String,
}
