//! What is booked of rated usage, as stores keep it.

use crate::model::audit::Change;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::Stamp;

/// A line: what a tenant owes for what a meter counts in a billing period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// When the billing period starts.
    pub period_start: Stamp,
    /// Who used it.
    pub tenant_id: String,
    /// The meter, by its slug.
    pub meter: String,
}

/// How far usage has become charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// How many of the events, in the order of their arrival, are in the charges.
    pub events: u64,
    /// How many of the changes to events are.
    pub changes: u64,
    /// The last change of a definition that they go by.
    pub definitions: u64,
    /// Up to when levels are charged, in microseconds since 1970.
    pub until: i64,
}

/// What is billed of a tenant's period, once it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whose it is.
    pub tenant_id: String,
    /// When the billing period starts.
    pub period_start: Stamp,
    /// When it was closed.
    pub closed_at: Stamp,
    /// What was billed, as JSON.
    pub body: String,
}

/// What is billed later of a period that is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// When the billing period starts in which it is billed.
    pub billed_in: Stamp,
    /// The line that it corrects.
    pub line: LineKey,
    /// How much more, or less, was used.
    pub quantity: Quantity,
    /// What it comes to; none where there is no price.
    pub amount: Option<Money>,
    /// The currency of the amount.
    pub currency: Currency,
}

/// What becomes booked, together with the charges that it makes.
#[derive(Debug, Clone, Default)]
pub struct Booking {
    /// Each line that changes, and what is booked of it from now on.
    pub lines: Vec<(LineKey, Vec<u8>)>,
    /// How far usage has become charges then.
    pub settled: Settled,
    /// What of it corrects closed periods.
    pub corrections: Vec<Correction>,
    /// The periods that are closed with it.
    pub closed: Option<ClosedPeriods>,
}

/// Periods that are closed, and who closes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPeriods {
    /// Who closes them.
    pub by: Change,
    /// What is billed of each.
    pub statements: Vec<Statement>,
}
