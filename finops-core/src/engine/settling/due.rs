//! Which lines are due: those whose usage or prices changed since they were last booked.

use super::credits::CreditsDue;
use super::grants::Grants;
use crate::Result;
use crate::edge::store::usage::{UsageMark, UsageStore};
use crate::edge::store::{Defined, Definition, Settled, Store};
use crate::engine::Finops;
use crate::engine::prices::{Kept, changed_terms};
use crate::model::price::Terms;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{Aggregation, MeterSet};
use crate::pipeline::metering::{DAY, PageKey, PageSpan, Rollups, day_of};
use chrono::{Datelike, Months, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// A meter in a billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine) struct MeterMonth {
    /// The first day of the month, counted from 1970-01-01.
    pub(in crate::engine) first_day: i32,
    /// The number of the meter.
    pub(in crate::engine) meter: u32,
}

impl MeterMonth {
    /// The month in which an instant lies.
    pub(in crate::engine) fn of(meter: u32, time: Stamp) -> Self {
        Self { first_day: PageKey::of(meter, PageSpan::Month, time).day, meter }
    }

    /// The billing period.
    pub(in crate::engine) fn period(self) -> Result<Interval> {
        let start = Stamp::from_micros(i64::from(self.first_day) * DAY)?;
        Interval::new(start, month_after(start)?)
    }

    /// The pages that the line is made of.
    pub(in crate::engine) fn pages(self, aggregation: Aggregation) -> Result<Vec<Range<PageKey>>> {
        let key = |span, day| PageKey { meter: self.meter, span, day };
        let end = day_of(self.period()?.end());
        let mut pages = vec![key(PageSpan::Day, self.first_day)..key(PageSpan::Day, end)];
        if aggregation == Aggregation::TimeWeighted {
            pages.push(key(PageSpan::Month, i32::MIN)..key(PageSpan::Month, self.first_day));
        }
        Ok(pages)
    }
}

/// The start of the next month of UTC.
pub(in crate::engine) fn month_after(start: Stamp) -> Result<Stamp> {
    let date = start.to_utc().date_naive();
    let first = date.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    let midnight = first.and_then(|first: NaiveDate| first.and_hms_opt(0, 0, 0));
    let micros = midnight.map_or(i64::MAX, |midnight| midnight.and_utc().timestamp_micros());
    Stamp::from_micros(micros)
}

/// The lines that are due, by meter and month, and how far everything is then.
#[derive(Debug)]
pub(in crate::engine) struct Due {
    pub(in crate::engine) lines: BTreeMap<MeterMonth, BTreeSet<String>>,
    /// Whose credits are made again, besides those whose lines turn out to have changed.
    pub(in crate::engine) credits: CreditsDue,
    /// The grants that hold.
    pub(in crate::engine) grants: Arc<Grants>,
    pub(in crate::engine) settled: Settled,
}

impl Due {
    /// What is due at that time.
    pub(in crate::engine) fn find(finops: &Finops, now: Stamp) -> Result<Self> {
        let store = finops.store.as_ref();
        let usage = store.usage()?;
        let meters = usage.meters()?;
        let before = store.settled()?;
        let until = now.micros().div_euclid(DAY) * DAY;
        let definitions = Definitions::since(store, before.definitions)?;
        let mut due = Self {
            lines: BTreeMap::new(),
            credits: CreditsDue::default(),
            // Read after what changed, so that nothing is passed over that is not in it.
            grants: finops.grants()?,
            settled: Settled { until: until.max(before.until), ..before },
        };
        let mark = UsageMark { events: before.events, changes: before.changes };
        let mark = usage.usage_since(mark, &mut |event| {
            for (number, meter) in meters.of(event) {
                let month = MeterMonth::of(number, event.time);
                due.add(month, &event.tenant_id);
                if meter.aggregation == Aggregation::TimeWeighted {
                    due.add_until(month, &event.tenant_id)?;
                }
            }
            Ok(())
        })?;
        (due.settled.events, due.settled.changes) = (mark.events, mark.changes);
        if mark.events > 0 && due.settled.until > before.until {
            due.add_levels(usage, &meters, before.until)?;
        }
        due.add_priced(&definitions.prices, &finops.price_versions()?, usage, &meters)?;
        due.add_metered(&definitions.meters, store, usage, &meters)?;
        due.add_granted(&definitions.grants, store, &meters, before)?;
        due.add_balances(store, &meters)?;
        Ok(due)
    }

    pub(in crate::engine) fn add(&mut self, month: MeterMonth, tenant_id: &str) {
        let tenants = self.lines.entry(month).or_default();
        if !tenants.contains(tenant_id) {
            tenants.insert(tenant_id.to_owned());
        }
    }

    /// Adds the months after one as well, as far as levels are charged.
    fn add_until(&mut self, month: MeterMonth, tenant_id: &str) -> Result<()> {
        let mut end = month.period()?.end();
        while end.micros() < self.settled.until {
            let next = MeterMonth::of(month.meter, end);
            self.add(next, tenant_id);
            end = next.period()?.end();
        }
        Ok(())
    }

    /// Time has passed: whoever has a level is charged for it.
    fn add_levels(&mut self, usage: &dyn UsageStore, meters: &MeterSet, before: i64) -> Result<()> {
        for (number, _) in meters.iter().filter(|(_, meter)| meter.aggregation == Aggregation::TimeWeighted) {
            let key = |day| PageKey { meter: number, span: PageSpan::Month, day };
            let end = i32::try_from(self.settled.until / DAY).unwrap_or(i32::MAX);
            let pages = key(i32::MIN)..key(end);
            let mut found = Vec::new();
            usage.counted(std::slice::from_ref(&pages), &mut |rollups| {
                for (day, page) in rollups.days(number, PageSpan::Month, i32::MIN..end) {
                    found.extend(page.series().filter_map(|series| Some((day, tenant(rollups, series)?))));
                }
                Ok(())
            })?;
            for (day, tenant_id) in found {
                let changed = Stamp::from_micros((i64::from(day) * DAY).max(before))?;
                let month = MeterMonth::of(number, changed);
                self.add(month, &tenant_id);
                self.add_until(month, &tenant_id)?;
            }
        }
        Ok(())
    }

    /// Prices changed: whoever used what they are for is rated anew from then on.
    fn add_priced(
        &mut self,
        prices: &[Definition],
        versions: &[Kept],
        usage: &dyn UsageStore,
        meters: &MeterSet,
    ) -> Result<()> {
        for definition in prices {
            self.settled.definitions = self.settled.definitions.max(definition.change);
            let terms = changed_terms(definition)?;
            let Some((number, meter)) = meters.get(&terms.meter) else { continue };
            // A version takes the place of those before it, and a deleted price leaves all of their time.
            let versions = versions.iter().map(|kept| kept.price.terms()).filter(|other| other.id == terms.id);
            let versions: Vec<&Terms> = versions.collect();
            let earliest = versions.iter().map(|other| other.effective_from).min().unwrap_or(terms.effective_from);
            let from = MeterMonth::of(number, earliest);
            let of_all = versions.iter().any(|other| other.tenant_id() != terms.tenant_id());
            let only = terms.tenant_id().filter(|_| !of_all);
            let span = |span| {
                let key = |day| PageKey { meter: number, span, day };
                key(if span == PageSpan::Day { from.first_day } else { i32::MIN })..key(i32::MAX)
            };
            let levels = meter.aggregation == Aggregation::TimeWeighted;
            let pages = if levels { vec![span(PageSpan::Month)] } else { vec![span(PageSpan::Day)] };
            let mut found = BTreeSet::new();
            usage.counted(&pages, &mut |rollups| {
                for range in &pages {
                    for (day, page) in rollups.days(number, range.start.span, range.start.day..range.end.day) {
                        let tenants = page.series().filter_map(|series| tenant(rollups, series));
                        let wanted = tenants.filter(|tenant| only.is_none_or(|only| only == tenant));
                        let day = Stamp::from_micros(i64::from(day.max(from.first_day)) * DAY)?;
                        found.extend(wanted.map(|tenant| (MeterMonth::of(number, day), tenant)));
                    }
                }
                Ok(())
            })?;
            for (month, tenant_id) in found {
                self.add(month, &tenant_id);
                if levels {
                    self.add_until(month, &tenant_id)?;
                }
            }
        }
        Ok(())
    }
}

impl Due {
    /// Meters count otherwise: whatever was booked of them, or is counted now, is rated anew.
    fn add_metered(
        &mut self,
        changed: &[Definition],
        store: &dyn Store,
        usage: &dyn UsageStore,
        meters: &MeterSet,
    ) -> Result<()> {
        for definition in changed {
            self.settled.definitions = self.settled.definitions.max(definition.change);
            let Some((number, meter)) = meters.get(&definition.key) else { continue };
            for line in store.lines_of(&definition.key)? {
                self.add(MeterMonth::of(number, line.period_start), &line.tenant_id);
            }
            let key = |day| PageKey { meter: number, span: PageSpan::Day, day };
            let pages = key(i32::MIN)..key(i32::MAX);
            let mut found = BTreeSet::new();
            usage.counted(std::slice::from_ref(&pages), &mut |rollups| {
                for (day, page) in rollups.days(number, PageSpan::Day, i32::MIN..i32::MAX) {
                    let month = MeterMonth::of(number, Stamp::from_micros(i64::from(day) * DAY)?);
                    found.extend(page.series().filter_map(|series| Some((month, tenant(rollups, series)?))));
                }
                Ok(())
            })?;
            for (month, tenant_id) in found {
                self.add(month, &tenant_id);
                if meter.aggregation == Aggregation::TimeWeighted {
                    self.add_until(month, &tenant_id)?;
                }
            }
        }
        Ok(())
    }
}

/// What changed of definitions: all changes up to the last one that is here.
struct Definitions {
    prices: Vec<Definition>,
    grants: Vec<Definition>,
    meters: Vec<Definition>,
}

impl Definitions {
    fn since(store: &dyn Store, change: u64) -> Result<Self> {
        let read = |kind| store.definitions_since(kind, change);
        let mut before = (read(Defined::Grant)?, read(Defined::Meter)?);
        loop {
            let prices = read(Defined::Price)?;
            // One that came between would be passed over for good, if a price came after it.
            let again = (read(Defined::Grant)?, read(Defined::Meter)?);
            if again == before {
                let (grants, meters) = before;
                return Ok(Self { prices, grants, meters });
            }
            before = again;
        }
    }
}

fn tenant(rollups: &Rollups, series: u32) -> Option<String> {
    rollups.series().value(series, "tenant_id").map(str::to_owned)
}
