//! How far an answer can be trusted: unknown is not zero, and shows here.

use crate::Result;
use crate::model::charge::Coverage;
use crate::model::time::{Day, Interval, Stamp, Zone};
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

impl DataHealth {
    pub(super) fn new(coverage: &[Coverage], interval: Interval, days: &[Day], now: Stamp, unknown_costs: u64) -> Self {
        let touching: Vec<_> = coverage.iter().filter(|coverage| touches(coverage, interval)).collect();
        let missing = days.iter().filter(|day| day.interval.start() < now && !is_known(coverage, day)).count();
        let missing_days = u64::try_from(missing).unwrap_or(u64::MAX);
        // An import counts once, however many billing periods it brought.
        let mut quarantined: Vec<_> = touching.iter().map(|held| (held.imported_at, held.quarantined)).collect();
        quarantined.sort_unstable();
        quarantined.dedup();
        let quarantined_rows = quarantined.iter().map(|(_, rows)| rows).sum();
        let complete = missing_days == 0 && quarantined_rows == 0 && unknown_costs == 0;
        let last_import_at = touching.iter().map(|held| held.imported_at).max();
        Self { complete, missing_days, quarantined_rows, unknown_costs, last_import_at }
    }
}

fn touches(coverage: &Coverage, interval: Interval) -> bool {
    coverage.first_charge < interval.end() && coverage.last_charge >= interval.start()
}

/// Whether a bill covers a day: the day lies between the first and the last charge of a billing account's period.
pub(super) fn is_known(coverage: &[Coverage], day: &Day) -> bool {
    coverage.iter().any(|held| touches(held, day.interval))
}

/// The days of an interval.
pub(super) fn days(interval: Interval, zone: Zone) -> Result<Vec<Day>> {
    zone.days(interval)
}
