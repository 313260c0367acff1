//! How far an answer can be trusted: unknown is not zero, and shows here.

use crate::model::charge::{Coverage, ImportMark};
use crate::model::money::Money;
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
    /// Further days up to now that the bill of some billing account does not reach yet.
    pub partial_days: u64,
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
        let past: Vec<&Day> = days.iter().filter(|day| day.interval.start() < now).collect();
        let count = |days: usize| u64::try_from(days).unwrap_or(u64::MAX);
        let missing_days = count(past.iter().filter(|day| !is_known(held.coverage, day)).count());
        let is_partial = |day: &&&Day| is_known(held.coverage, day) && is_behind(held.coverage, day);
        let partial_days = count(past.iter().filter(is_partial).count());
        let touching = |import: &&ImportMark| touches(import.first_charge, import.last_charge, interval);
        let imports: Vec<&ImportMark> = held.imports.iter().filter(touching).collect();
        let quarantined_rows = imports.iter().map(|import| import.quarantined).sum();
        let complete = [missing_days, partial_days, quarantined_rows, unknown_costs] == [0; 4];
        let last_import_at = imports.iter().map(|import| import.imported_at).max();
        Self { complete, missing_days, partial_days, quarantined_rows, unknown_costs, last_import_at }
    }
}

fn touches(first_charge: Stamp, last_charge: Stamp, interval: Interval) -> bool {
    first_charge < interval.end() && last_charge >= interval.start()
}

/// Whether a bill covers a day: the charges of some billing account's period reach it.
pub(super) fn is_known(coverage: &[Coverage], day: &Day) -> bool {
    coverage.iter().any(|held| is_reached(held, day))
}

/// Whether a day lies in a billing period whose charges do not reach it.
fn is_behind(coverage: &[Coverage], day: &Day) -> bool {
    let in_period = |held: &Coverage| lies_in(day, held.scope.start, held.scope.end);
    coverage.iter().any(|held| in_period(held) && !is_reached(held, day))
}

fn is_reached(held: &Coverage, day: &Day) -> bool {
    lies_in(day, held.scope.start, held.scope.end.min(held.charged_until))
}

fn lies_in(day: &Day, start: Stamp, end: Stamp) -> bool {
    day.interval.start() < end && day.interval.end() > start
}

/// A sum of which something is known: none when every charge lacks the cost.
pub(super) fn known_cost(cost: Money, charges: u64, unknown: u64) -> Option<Money> {
    (charges == 0 || unknown < charges).then_some(cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::charge::Scope;
    use crate::model::time::Zone;

    fn stamp(text: &str) -> Stamp {
        Stamp::parse(&format!("{text}T00:00:00Z")).unwrap()
    }

    fn account(id: &str, charged_until: &str) -> Coverage {
        let (start, end) = (stamp("2024-06-01"), stamp("2024-07-01"));
        Coverage {
            scope: Scope { billing_account_id: id.into(), start, end },
            charges: 1,
            first_charge: stamp("2024-05-01"),
            last_charge: start,
            charged_until: stamp(charged_until),
        }
    }

    fn health(coverage: &[Coverage], start: &str, end: &str) -> DataHealth {
        let interval = Interval::new(stamp(start), stamp(end)).unwrap();
        let held = Held { snapshot: 1, coverage, imports: &[] };
        DataHealth::new(held, interval, &Zone::UTC.days(interval).unwrap(), stamp("2024-07-05"), 0)
    }

    #[test]
    fn a_correction_of_may_in_the_bill_of_june_does_not_cover_may() {
        assert_eq!(health(&[account("a", "2024-07-01")], "2024-05-01", "2024-06-01").missing_days, 31);
    }

    #[test]
    fn an_account_that_stops_early_shows_while_another_goes_on() {
        let both = [account("a", "2024-07-01"), account("b", "2024-06-11")];
        let health = health(&both, "2024-06-01", "2024-07-01");
        assert_eq!((health.missing_days, health.partial_days, health.complete), (0, 20, false));
    }

    #[test]
    fn days_that_have_not_come_are_not_missing() {
        assert_eq!(health(&[], "2024-07-01", "2024-08-01").missing_days, 4);
    }
}
