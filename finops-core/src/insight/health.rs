//! How far an answer can be trusted: unknown is not zero, and shows here.

use crate::model::charge::{Coverage, ImportMark};
use crate::model::time::{Day, Interval, Stamp};
use serde::Serialize;

/// How complete the data behind an answer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DataHealth {
    /// Whether nothing below speaks against the figures.
    pub complete: bool,
    /// Days of the window up to now that no imported bill covers.
    pub missing_days: u64,
    /// Rows that imports covering the window set aside.
    pub quarantined_rows: u64,
    /// Charges in the answer whose cost in the chosen view is unknown; they are in no sum.
    pub unknown_costs: u64,
    /// When the latest of the data came.
    pub last_import_at: Option<Stamp>,
}

/// What a state of the store says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Held<'s> {
    /// The number of the state.
    pub snapshot: u64,
    /// The billing accounts and periods in it.
    pub coverage: &'s [Coverage],
    /// The imports that it came with.
    pub imports: &'s [ImportMark],
}

impl DataHealth {
    pub(super) fn new(held: Held<'_>, interval: Interval, days: &[Day], now: Stamp, unknown_costs: u64) -> Self {
        let missing = |day: &&Day| day.interval.start() < now && !is_known(held.coverage, day);
        let missing_days = u64::try_from(days.iter().filter(missing).count()).unwrap_or(u64::MAX);
        let touching = |import: &&ImportMark| touches(import.first_charge, import.last_charge, interval);
        let imports: Vec<&ImportMark> = held.imports.iter().filter(touching).collect();
        let quarantined_rows = imports.iter().map(|import| import.quarantined).sum();
        let complete = missing_days == 0 && quarantined_rows == 0 && unknown_costs == 0;
        let last_import_at = imports.iter().map(|import| import.imported_at).max();
        Self { complete, missing_days, quarantined_rows, unknown_costs, last_import_at }
    }
}

fn touches(first_charge: Stamp, last_charge: Stamp, interval: Interval) -> bool {
    first_charge < interval.end() && last_charge >= interval.start()
}

/// Whether a bill covers a day: the day lies between the first and the last charge of a billing account's period.
pub(super) fn is_known(coverage: &[Coverage], day: &Day) -> bool {
    coverage.iter().any(|held| touches(held.first_charge, held.last_charge, day.interval))
}
