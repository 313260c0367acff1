//! What is booked of rated usage, as stores keep it.

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
    /// The last batch of usage that is in the charges; 0 before the first.
    pub sequence: u64,
    /// The last change of a definition that they go by.
    pub change: u64,
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

/// What becomes booked, together with the charges that it makes.
#[derive(Debug, Clone, Default)]
pub struct Booking {
    /// Each line that changes, and what is booked of it from now on.
    pub lines: Vec<(LineKey, Vec<u8>)>,
    /// How far usage has become charges then.
    pub settled: Settled,
    /// The periods that are closed with it.
    pub statements: Vec<Statement>,
}
