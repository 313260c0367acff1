//! The data of events, by what they are about.

use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::Stamp;
use chrono::NaiveDate;
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

/// A value of a dimension, as events tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnomalyValue {
    /// The dimension, such as `service` or `tag:team`.
    pub dimension: String,
    /// The value; null for charges without one.
    pub value: Option<String>,
}

/// What drove an anomaly, as events tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnomalyCause {
    /// The value that cost other than before.
    #[serde(flatten)]
    pub value: AnomalyValue,
    /// How much more or less it cost.
    pub impact: Money,
    /// Its part of the change of all values of the dimension; null where there is none.
    pub share: Option<Quantity>,
}

/// The data of events about anomalies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnomalyNotice {
    /// The anomaly.
    pub anomaly_id: Id<id::Anomaly>,
    /// The monitor that found it.
    pub monitor_id: Id<id::AnomalyMonitor>,
    /// What people call that.
    pub monitor_name: String,
    /// The tenant whose costs the monitor watches; null where it is no tenant's.
    pub tenant_id: Option<String>,
    /// The same for an organization.
    pub organization_id: Option<String>,
    /// The same for a user.
    pub user_id: Option<String>,
    /// Its first day.
    pub start: NaiveDate,
    /// Its last day so far.
    pub end: NaiveDate,
    /// How many days that are.
    pub duration_days: u64,
    /// The values of its group; none where everything is watched together.
    pub group: Vec<AnomalyValue>,
    /// What it looks like, such as `spike` or `level_shift`.
    pub kind: String,
    /// `up` or `down`.
    pub direction: String,
    /// The currency of all amounts.
    pub currency: Option<Currency>,
    /// Which cost it is in, such as `effective`.
    pub view: String,
    /// What its days were expected to cost.
    pub expected: Money,
    /// What they cost.
    pub actual: Money,
    /// `actual - expected`.
    pub impact: Money,
    /// How far its farthest day lies from the expected, in half-widths of the 95 % band.
    pub score: Quantity,
    /// Whether the next day may still belong to it.
    pub ongoing: bool,
    /// What drove it, what tells most first.
    pub drivers: Vec<AnomalyCause>,
    /// Whether usage went along; null where there is none, or none before.
    pub changed_with_usage: Option<bool>,
}
