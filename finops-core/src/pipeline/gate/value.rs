//! What the gate is told of budgets, and what it answers.

use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::{Interval, Stamp};
use std::time::Duration;

/// A budget as the gate sees it: what it covers, what it allows, and what was spent already.
#[derive(Debug, Clone)]
pub struct Covering {
    /// The budget.
    pub id: Id<id::Budget>,
    /// Which spends it covers: its scope and its filter. Virtual dimensions have no value here.
    pub filter: Filter,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What it allows now.
    pub limits: Limits,
    /// What the charges of its period come to; none where that is not known, which refuses what a limit would.
    pub spent: Option<Money>,
}

/// What a budget allows in a period of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The period that holds now. Outside of it, spends of the budget wait until the one that holds then is told: after
    /// its end, and before its start, where a clock was set back.
    ///
    /// A budget that has not begun or that is over is told as a period without a limit.
    pub period: Interval,
    /// What reserved and spent together may reach; none refuses nothing.
    pub limit: Option<Money>,
    /// Refuses every positive amount, whatever the limit, and every amount in another currency.
    pub closed: Option<Closed>,
    /// What happens to a spend of zero.
    pub zero_cost: ZeroCost,
    /// From which amount spent somebody wants to be told; see [`Settled::alert_due`].
    pub alert_at: Option<Money>,
    /// The threshold that the limit comes from, in percent, for those who are refused.
    pub threshold_percent: Option<Quantity>,
}

impl Limits {
    /// A period in which everything is allowed.
    pub const fn open(period: Interval) -> Self {
        Self { period, limit: None, closed: None, zero_cost: ZeroCost::Allow, alert_at: None, threshold_percent: None }
    }
}

/// Why a budget refuses whatever the amounts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// The forecast crossed a threshold that pauses.
    Forecast,
    /// There is a limit, and what was spent is not known.
    SpentUnknown,
}

/// What happens to a spend of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ZeroCost {
    /// It passes, also when the budget is closed or used up.
    #[default]
    Allow,
    /// It is refused where the smallest positive amount would be.
    Deny,
}

/// Which budget changed in what it allows and in what was spent, for [`Gate::rebase`](super::Gate::rebase).
#[derive(Debug, Clone, Copy)]
pub struct Rebase {
    /// The budget; one that the gate does not have is passed over.
    pub id: Id<id::Budget>,
    /// What it allows now.
    pub limits: Limits,
    /// What the charges of its period come to, with those that were made of what was taken; none where not known.
    pub spent: Option<Money>,
}

/// How a reservation is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long the amount is held, in whole microseconds of 1 and more; none holds it until it is resolved.
    pub ttl: Option<Duration>,
    /// The caller made the id and may ask again: a refusal is remembered for the `ttl` (a day without one).
    pub idempotent: bool,
}

/// Whether a spend may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All budgets that cover it allow it.
    Allow {
        /// How many budgets cover it.
        covered: usize,
    },
    /// One does not; it is the first of them in the order of ids.
    Deny(Box<Refusal>),
}

impl Verdict {
    /// Whether it may happen.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// The budget that refused a spend, and its figures at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The budget.
    pub budget: Id<id::Budget>,
    /// Why it refused regardless of the amounts; none where the limit would have been passed.
    pub closed: Option<Closed>,
    /// What reserved and spent together may reach.
    pub limit: Option<Money>,
    /// What was spent in its period.
    pub spent: Option<Money>,
    /// What is reserved.
    pub reserved: Money,
    /// What was asked for.
    pub requested: Money,
    /// The threshold that the limit comes from, in percent.
    pub threshold_percent: Option<Quantity>,
    /// When its period ends.
    pub until: Stamp,
}

/// The answer to a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// Whether the amount is held.
    pub verdict: Verdict,
    /// The same was asked before, and this is the answer of that time.
    pub repeated: bool,
    /// When what is held is let go of by itself; none where it never is, or where nothing is held.
    pub expires: Option<Stamp>,
}

/// What settling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What was posted: always the whole of what was spent.
    pub posted: Money,
    /// What was reserved and not needed.
    pub released: Money,
    /// More was spent than reserved.
    pub overrun: bool,
    /// The reservation had expired; what was spent counts all the same.
    pub late: bool,
    /// What some budget has spent is at or above its [`Limits::alert_at`]. It stays so until the budget is told anew.
    pub alert_due: bool,
}

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// It was settled.
    Settled,
    /// It was released.
    Released,
    /// Its time ran out.
    Expired,
}

/// What stands on the account of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountState {
    /// What it allows.
    pub limits: Limits,
    /// What was spent in the period: its charges, and what was settled and is no charge yet; none where not known.
    pub spent: Option<Money>,
    /// What is reserved.
    pub reserved: Money,
}
