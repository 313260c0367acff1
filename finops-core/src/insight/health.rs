//! How far an answer can be trusted: unknown is not zero, and shows here.

use super::reach::Reach;
use super::request::Terms;
use super::settled::{Settled, settle};
use super::sums::Sums;
use crate::Result;
use crate::model::charge::ImportMark;
use crate::model::money::{Money, Quantity, ratio};
use crate::model::time::{Day, Interval, Stamp};
use serde::Serialize;

/// How many decimals a share has.
pub(super) const SHARE_DECIMALS: u32 = 6;

/// How complete the data behind an answer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DataHealth {
    /// Whether nothing below speaks against the figures.
    pub complete: bool,
    /// Days of the window up to now that no imported bill covers.
    pub missing_days: u64,
    /// Further days up to now of which bills reach only a part, or that the bill of some billing account does not
    /// reach: among them every day that is over and not whole as [`Reach::whole`] says, by which forecasts and
    /// anomalies go. There are more of them here, because this only warns: an account that stopped charging within its
    /// billing period counts, and so does the rest of a day after a bill's last charge, while a forecast cannot do
    /// without the days of all others for that. This and what else is about all bills is not told to a narrowed
    /// handle; `complete` goes by it.
    pub partial_days: Option<u64>,
    /// Rows that imports covering the window set aside. Not told to a narrowed handle.
    pub quarantined_rows: Option<u64>,
    /// Charges in the answer whose cost in the chosen view is unknown; they are in no sum.
    pub unknown_costs: u64,
    /// The part of the cost that comes from billing periods which had not ended when they were imported, at 6 decimals:
    /// the provider may still restate it. None when the cost is zero or unknown.
    pub estimated_share: Option<Quantity>,
    /// Files beside the charges that were missing or damaged and had to be built again for this answer. Not told to a
    /// narrowed handle.
    pub rebuilt_segments: Option<u64>,
    /// When the latest of the data came. Not told to a narrowed handle.
    pub last_import_at: Option<Stamp>,
}

/// What a state of the store says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Held<'s> {
    /// The number of the state.
    pub snapshot: u64,
    /// How far its bills reach.
    pub reach: &'s Reach,
    /// The imports that it came with.
    pub imports: &'s [ImportMark],
    /// The sums over the charges of the (first) question that may still be restated; none where that cannot be told.
    pub estimated: Option<&'s Sums>,
    /// Whether it is told to a handle that must not hear of others.
    pub is_narrowed: bool,
}

impl Held<'_> {
    /// What is about all bills, for those who may hear of them.
    fn told<T>(&self, of_all: T) -> Option<T> {
        (!self.is_narrowed).then_some(of_all)
    }

    /// The part of the settled total that may still be restated.
    fn estimated_share(&self, settled: &Settled, terms: &Terms<'_>) -> Result<Option<Quantity>> {
        let Some(estimated) = self.estimated else { return Ok(None) };
        let estimated = settle(estimated.clone(), terms)?;
        let total = settled.total(0).unwrap_or_default();
        Ok(ratio(estimated.total(0).unwrap_or_default(), total, SHARE_DECIMALS))
    }
}

/// What a query is about, for judging how complete its data is.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'q> {
    pub(super) interval: Interval,
    pub(super) days: &'q [Day],
    pub(super) now: Stamp,
}

impl DataHealth {
    /// How complete the data behind settled sums is.
    ///
    /// # Errors
    /// As [`settle`], for the charges that may still be restated.
    pub(super) fn of(held: Held<'_>, about: About<'_>, settled: &Settled, terms: &Terms<'_>) -> Result<Self> {
        let mut health = Self::new(held, about, settled.unknown(0));
        health.estimated_share = held.estimated_share(settled, terms)?;
        health.rebuilt_segments = held.told(settled.path().rebuilt_segments);
        Ok(health)
    }

    /// The same without the share that may still be restated.
    pub(super) fn new(held: Held<'_>, about: About<'_>, unknown_costs: u64) -> Self {
        let About { interval, days, now } = about;
        let past: Vec<&Day> = days.iter().filter(|day| day.interval.start() < now).collect();
        let count = |days: usize| u64::try_from(days).unwrap_or(u64::MAX);
        let missing_days = count(past.iter().filter(|day| !held.reach.is_known(day)).count());
        let is_covered = |day: &Day| held.reach.covers(day, now) && !held.reach.is_behind(day);
        let is_sure = |day: &Day, whole| is_covered(day) && (whole || day.interval.end() > now);
        let whole = held.reach.whole(days, now);
        let partial = days.iter().zip(whole).filter(|(day, whole)| held.reach.is_known(day) && !is_sure(day, *whole));
        let partial_days = count(partial.filter(|(day, _)| day.interval.start() < now).count());
        let touching = |import: &&ImportMark| touches(import.first_charge, import.last_charge, interval);
        let imports: Vec<&ImportMark> = held.imports.iter().filter(touching).collect();
        let quarantined_rows: u64 = imports.iter().map(|import| import.quarantined).sum();
        let complete = [missing_days, partial_days, quarantined_rows, unknown_costs] == [0; 4];
        let last_import_at = imports.iter().map(|import| import.imported_at).max().and_then(|at| held.told(at));
        Self {
            complete,
            missing_days,
            partial_days: held.told(partial_days),
            quarantined_rows: held.told(quarantined_rows),
            unknown_costs,
            estimated_share: None,
            rebuilt_segments: held.told(0),
            last_import_at,
        }
    }
}

fn touches(first_charge: Stamp, last_charge: Stamp, interval: Interval) -> bool {
    first_charge < interval.end() && last_charge >= interval.start()
}

/// A sum of which something is known: none when every charge lacks the cost.
pub(super) fn known_cost(cost: Money, charges: u64, unknown: u64) -> Option<Money> {
    (charges == 0 || unknown < charges).then_some(cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::charge::{Coverage, Scope};
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
        let held =
            Held { snapshot: 1, reach: &Reach::new(coverage), imports: &[], estimated: None, is_narrowed: false };
        let days = Zone::UTC.days(interval).unwrap();
        DataHealth::new(held, About { interval, days: &days, now: stamp("2024-07-05") }, 0)
    }

    #[test]
    fn a_correction_of_may_in_the_bill_of_june_does_not_cover_may() {
        assert_eq!(health(&[account("a", "2024-07-01")], "2024-05-01", "2024-06-01").missing_days, 31);
    }

    #[test]
    fn an_account_that_stops_early_shows_while_another_goes_on() {
        let both = [account("a", "2024-07-01"), account("b", "2024-06-11")];
        let health = health(&both, "2024-06-01", "2024-07-01");
        assert_eq!((health.missing_days, health.partial_days, health.complete), (0, Some(20), false));
    }

    #[test]
    fn an_account_that_is_waited_for_makes_days_partial_that_another_covers() {
        let bill = |id: &str, month: u32, charged_until: &str| {
            let start = |month: u32| stamp(&format!("2024-{month:02}-01"));
            Coverage {
                scope: Scope { billing_account_id: id.into(), start: start(month), end: start(month + 1) },
                charges: 30,
                first_charge: start(month),
                last_charge: start(month),
                charged_until: stamp(charged_until),
            }
        };
        let ahead = |until| [bill("a", 6, "2024-07-01"), bill("a", 7, until), bill("b", 6, "2024-07-01")];
        let partial = |until| health(&ahead(until), "2024-07-01", "2024-07-05").partial_days;
        // The bill of July of the other account may come yet, or it had nothing more to charge.
        assert_eq!((partial("2024-07-04"), partial("2024-07-05")), (Some(3), Some(0)));
    }

    #[test]
    fn days_that_have_not_come_are_not_missing() {
        assert_eq!(health(&[], "2024-07-01", "2024-08-01").missing_days, 4);
    }
}
