//! What a delivery replaces, and what the store holds of it.

use crate::model::id::{Id, Import};
use crate::model::time::Stamp;
use serde::Serialize;
use std::cmp::Ordering;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A billing account in a billing period: the unit that a bill is delivered and replaced in.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The billing account.
    pub billing_account_id: String,
    /// When the billing period starts.
    pub start: Stamp,
    /// When it ends, exclusive: the latest end that a row names. Account and start alone tell scopes apart.
    pub end: Stamp,
}

impl Scope {
    const fn key(&self) -> (&String, Stamp) {
        (&self.billing_account_id, self.start)
    }

    /// The billing period as people write it: `2024-09` for a calendar month, else `START/END` by date.
    pub fn period_label(&self) -> String {
        let (start, end) = (self.start.to_string(), self.end.to_string());
        let month = |text: &str| text.get(..7).map(str::to_owned);
        let is_month_start = |text: &str| text.get(7..) == Some("-01T00:00:00Z");
        let days = (self.end.micros() - self.start.micros()) / MICROS_PER_DAY;
        match (is_month_start(&start) && is_month_start(&end), days) {
            (true, 28..=31) => month(&start).unwrap_or(start),
            _ => format!("{}/{}", start.get(..10).unwrap_or(&start), end.get(..10).unwrap_or(&end)),
        }
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Scope {}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// What is held of a billing account's billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The billing account and period.
    pub scope: Scope,
    /// How many charges.
    pub charges: u64,
    /// The first instant at which a charged time starts.
    pub first_charge: Stamp,
    /// The last instant at which a charged time starts.
    pub last_charge: Stamp,
    /// How far into the billing period the charges reach: the latest end of those for a day or less, or of the
    /// longer ones where there are no others. A monthly fee does not say that the month's usage is there.
    pub charged_until: Stamp,
}

/// An import that charges came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Its id, as its receipt has it.
    pub import_id: Id<Import>,
    /// When it came.
    pub imported_at: Stamp,
}

/// An import of which something is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportMark {
    /// When it came.
    pub imported_at: Stamp,
    /// How many rows it set aside.
    pub quarantined: u64,
    /// The first instant at which a charged time of it starts.
    pub first_charge: Stamp,
    /// The last one.
    pub last_charge: Stamp,
}
