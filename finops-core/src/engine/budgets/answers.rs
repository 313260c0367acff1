//! What the gate answers.

use super::known::BudgetId;
use crate::model::id::{self, Id};
use crate::model::money::{Money, Quantity};
use crate::model::time::Stamp;
use serde::Serialize;

/// A budget that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BudgetMade {
    /// Its id.
    pub budget_id: BudgetId,
}

/// Whether a spend may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// All budgets that cover it allow it.
    Allow,
    /// One of them does not.
    Deny,
}

/// Why a spend is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refused {
    /// With it, spent and reserved together would be above the limit.
    Limit,
    /// The forecast crossed a threshold that pauses.
    Forecast,
    /// There is a limit, and what was spent is not known.
    SpentUnknown,
    /// What it costs is not known, and unknown is not zero.
    UnknownPrice,
}

impl Refused {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Forecast => "forecast",
            Self::SpentUnknown => "spent_unknown",
            Self::UnknownPrice => "unknown_price",
        }
    }
}

/// The budget that refused a spend, and its figures at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RefusedBy {
    /// Which.
    pub budget_id: BudgetId,
    /// What people call it.
    pub name: String,
    /// What spent and reserved together may reach; none where something else than the amount is the reason.
    pub limit: Option<Money>,
    /// The threshold that the limit comes from.
    pub threshold_percent: Option<Quantity>,
    /// What was spent in its period; none when that is not known.
    pub spent: Option<Money>,
    /// What is reserved.
    pub reserved: Money,
    /// What was asked for.
    pub requested: Money,
    /// When its period ends.
    pub until: Stamp,
}

/// Whether a spend may happen, as of now. Nothing is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SpendCheck {
    /// Whether it may.
    pub decision: Decision,
    /// How many budgets cover it; none when one refused, and on a narrowed handle.
    pub budgets: Option<u64>,
    /// Why not.
    pub reason: Option<Refused>,
    /// The budget that refused: of several the one with the lowest id.
    pub refused_by: Option<Box<RefusedBy>>,
}

/// A reservation, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SpendAnswer {
    /// Its id, to settle or release it; none when it was refused.
    pub reservation_id: Option<Id<id::Reservation>>,
    /// Whether the amount is held.
    pub decision: Decision,
    /// How many budgets cover it, which all hold the amount; none when one refused, and on a narrowed handle.
    pub budgets: Option<u64>,
    /// Why not.
    pub reason: Option<Refused>,
    /// The budget that refused: of several the one with the lowest id.
    pub refused_by: Option<Box<RefusedBy>>,
    /// When the amount is let go of, unless it was settled or released before.
    pub expires_at: Option<Stamp>,
    /// Whether the same was asked before, and this is the answer of that time.
    pub repeated: bool,
}

impl SpendCheck {
    /// A spend that is refused.
    pub const fn refused(reason: Option<Refused>, refused_by: Option<Box<RefusedBy>>) -> Self {
        Self { decision: Decision::Deny, budgets: None, reason, refused_by }
    }

    pub(super) const fn allowed(budgets: Option<u64>) -> Self {
        Self { decision: Decision::Allow, budgets, reason: None, refused_by: None }
    }
}

impl SpendAnswer {
    /// A reservation that is refused.
    pub(super) const fn refused(reason: Option<Refused>, refused_by: Option<Box<RefusedBy>>, repeated: bool) -> Self {
        Self {
            reservation_id: None,
            decision: Decision::Deny,
            budgets: None,
            reason,
            refused_by,
            expires_at: None,
            repeated,
        }
    }

    /// Whether the amount is held.
    pub const fn is_allowed(&self) -> bool {
        matches!(self.decision, Decision::Allow)
    }
}

/// What settling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SpendSettled {
    /// What counts as spent: always the whole amount.
    pub posted: Money,
    /// What was reserved and not needed.
    pub released: Money,
    /// More was spent than reserved.
    pub overrun: bool,
    /// The reservation had expired; what was spent counts all the same.
    pub late: bool,
}

/// What releasing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Released {
    /// What was reserved.
    pub released: Money,
}
