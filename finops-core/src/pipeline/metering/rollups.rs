//! Rollups: the pages of all meters, and how events come into them and out again.

use super::measure::measure;
use super::page::{DAY, DayPage, day_of};
use super::reading::{Measured, Reading};
use super::series::Series;
use crate::model::time::Stamp;
use crate::model::usage::{Aggregation, Meter, MeterSet, UsageEvent};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// How many readings are looked at before they are counted.
const AHEAD: usize = 64;

/// How much time a page is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PageSpan {
    /// A day of UTC.
    Day,
    /// A month of UTC: kept for what is weighted by time only, so that the level before a window is soon found.
    Month,
}

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PageKey {
    /// The number of the meter in its [`MeterSet`].
    pub meter: u32,
    /// How much time it is of.
    pub span: PageSpan,
    /// Its first day, counted from 1970-01-01.
    pub day: i32,
}

/// A series of a page that must be made again from the events of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stale {
    /// The page.
    pub page: PageKey,
    /// The series in it.
    pub series: u32,
}

#[derive(Debug, Clone)]
struct Kept {
    page: DayPage,
    /// The sequence of what changed it last.
    changed: u64,
}

/// What all meters counted.
#[derive(Debug, Clone, Default)]
pub struct Rollups {
    meters: MeterSet,
    series: Series,
    pages: BTreeMap<PageKey, Kept>,
}

impl Rollups {
    /// Nothing counted yet by these meters.
    pub fn new(meters: MeterSet) -> Self {
        Self { meters, ..Self::default() }
    }

    /// The meters.
    pub const fn meters(&self) -> &MeterSet {
        &self.meters
    }

    /// The meters, to be changed. The pages of a meter that counts differently from now on are the caller's affair.
    pub const fn meters_mut(&mut self) -> &mut MeterSet {
        &mut self.meters
    }

    /// The series that events came for.
    pub const fn series(&self) -> &Series {
        &self.series
    }

    /// The series, to be filled from what was kept.
    pub const fn series_mut(&mut self) -> &mut Series {
        &mut self.series
    }

    /// Counts an event that was checked, in all meters that read it. `sequence` is its place in the order of arrival.
    pub fn apply(&mut self, event: &UsageEvent, sequence: u64) {
        self.apply_all(std::iter::once((event, sequence)));
    }

    /// The same for many events.
    pub fn apply_all<'e>(&mut self, events: impl IntoIterator<Item = (&'e UsageEvent, u64)>) {
        let mut read = Vec::with_capacity(AHEAD);
        for (event, sequence) in events {
            let Self { meters, series, .. } = self;
            for (number, meter) in meters.of(event) {
                if let Some(reading) = reading(meter, event, sequence) {
                    read.push((number, meter.aggregation, series.intern(event, &meter.group_by), reading));
                }
            }
            if read.len() >= AHEAD {
                self.add_all(&mut read);
            }
        }
        self.add_all(&mut read);
    }

    fn add_all(&mut self, read: &mut Vec<(u32, Aggregation, u32, Reading)>) {
        // Where series lie is not in the caches of the processor. Looking at all of them first has it fetch many at the
        // same time; one after the other, each would wait for its own.
        let look = |(number, _, series, reading): &(u32, Aggregation, u32, Reading)| {
            let kept = self.pages.get(&PageKey::of(*number, PageSpan::Day, reading.time));
            kept.map_or(0, |kept| kept.page.look(*series))
        };
        std::hint::black_box(read.iter().map(look).fold(0, u8::wrapping_add));
        for (number, aggregation, series, reading) in read.drain(..) {
            add(&mut self.pages, number, aggregation, series, &reading, reading.sequence);
        }
    }

    /// Takes an event out again, which came in with `sequence`; `at` is the sequence of the change. What is given must
    /// be made again with [`remake`](Self::remake). The pages must be here: see [`pages_of`](Self::pages_of).
    #[must_use = "what is stale counts the event still"]
    pub fn retract(&mut self, event: &UsageEvent, sequence: u64, at: u64) -> Vec<Stale> {
        let Self { meters, series, pages } = self;
        let mut stale = Vec::new();
        for (number, meter) in meters.of(event) {
            let Some(reading) = reading(meter, event, sequence) else { continue };
            let Some(series) = series.find(event, &meter.group_by) else { continue };
            for page in keys(number, meter.aggregation, reading.time) {
                let done = pages.get_mut(&page).is_some_and(|kept| {
                    kept.changed = kept.changed.max(at);
                    kept.page.subtract_at(page.quarter_of(reading.time), series, &reading)
                });
                if !done {
                    stale.push(Stale { page, series });
                }
            }
        }
        stale
    }

    /// Makes a series of a page again from the events that are left of its days; events of other meters, series and
    /// days are passed over.
    pub fn remake<'e>(&mut self, stale: Stale, events: impl IntoIterator<Item = (&'e UsageEvent, u64)>, at: u64) {
        let Self { meters, series, pages } = self;
        let Some(meter) = meters.by_number(stale.page.meter) else { return };
        let new = || Kept { page: DayPage::new(meter.aggregation), changed: at };
        let kept = pages.entry(stale.page).or_insert_with(new);
        kept.changed = kept.changed.max(at);
        kept.page.clear(stale.series);
        for (event, sequence) in events {
            if !meter.reads(event) || series.find(event, &meter.group_by) != Some(stale.series) {
                continue;
            }
            let Some(reading) = reading(meter, event, sequence) else { continue };
            if PageKey::of(stale.page.meter, stale.page.span, reading.time) == stale.page {
                kept.page.add_at(stale.page.quarter_of(reading.time), stale.series, &reading);
            }
        }
    }

    /// The pages that an event is counted in.
    pub fn pages_of(&self, event: &UsageEvent) -> Vec<PageKey> {
        let keys = |(number, meter): (u32, &Meter)| keys(number, meter.aggregation, event.time);
        self.meters.of(event).flat_map(keys).collect()
    }

    /// A page; none when it is not here.
    pub fn page(&self, key: PageKey) -> Option<&DayPage> {
        self.pages.get(&key).map(|kept| &kept.page)
    }

    /// The pages that are here, in order.
    pub fn keys(&self) -> impl Iterator<Item = PageKey> {
        self.pages.keys().copied()
    }

    /// The days, or the first days of the months, of a meter's pages that are here and lie within `days`, in order.
    pub fn days(&self, meter: u32, span: PageSpan, days: Range<i32>) -> impl Iterator<Item = (i32, &DayPage)> {
        let key = |day| PageKey { meter, span, day };
        let range = key(days.start)..key(days.end.max(days.start));
        self.pages.range(range).map(|(key, kept)| (key.day, &kept.page))
    }

    /// The pages that something changed after that sequence, in order.
    pub fn changed_since(&self, sequence: u64) -> Vec<PageKey> {
        let changed = self.pages.iter().filter(|(_, kept)| kept.changed > sequence);
        changed.map(|(key, _)| *key).collect()
    }

    /// Says that all of a page is kept: from now on nothing of it counts as changed.
    pub fn set_kept(&mut self, key: PageKey) {
        self.pages.get_mut(&key).into_iter().for_each(|kept| kept.page.set_kept());
    }

    /// Takes a page out of memory. An event that comes for it afterwards begins a new one, which [`put`](Self::put) and
    /// [`DayPage::merge`] bring together with this one.
    pub fn take(&mut self, key: PageKey) -> Option<DayPage> {
        self.pages.remove(&key).map(|kept| kept.page)
    }

    /// Brings a page back. What was counted for it meanwhile is added to it; unless there is such, it counts as not
    /// changed.
    pub fn put(&mut self, key: PageKey, mut page: DayPage) {
        let meanwhile = self.pages.remove(&key);
        if let Some(kept) = &meanwhile {
            page.merge(&kept.page);
        }
        self.pages.insert(key, Kept { page, changed: meanwhile.map_or(0, |kept| kept.changed) });
    }

    /// Forgets the pages of a meter.
    pub fn forget(&mut self, meter: u32) {
        self.pages.retain(|key, _| key.meter != meter);
    }

    /// About how much memory pages and series take.
    pub fn bytes(&self) -> usize {
        self.series.bytes() + self.pages.values().map(|kept| kept.page.bytes()).sum::<usize>()
    }
}

impl PageKey {
    /// The page of a meter that an instant lies in.
    pub fn of(meter: u32, span: PageSpan, time: Stamp) -> Self {
        let day = day_of(time);
        let day = match span {
            PageSpan::Day => day,
            // The instant is within the years of chrono, and so is the first day of its month.
            PageSpan::Month => day.saturating_sub(i32::try_from(time.to_utc().day0()).unwrap_or(0)),
        };
        Self { meter, span, day }
    }

    /// The quarter of an hour that an instant of the page is counted in; months have one for all.
    fn quarter_of(&self, time: Stamp) -> u8 {
        match self.span {
            PageSpan::Day => super::page::quarter_of(time),
            PageSpan::Month => 0,
        }
    }

    /// When it starts.
    pub fn start(&self) -> Option<Stamp> {
        Stamp::from_micros(i64::from(self.day) * DAY).ok()
    }
}

/// What a meter counts of an event; nothing where it has nothing to count.
fn reading(meter: &Meter, event: &UsageEvent, sequence: u64) -> Option<Reading> {
    let value = measure(meter, event).unwrap_or(Measured::Nothing);
    let counts = value != Measured::Nothing || meter.aggregation == Aggregation::Count;
    counts.then_some(Reading { value, time: event.time, sequence })
}

/// The pages that an event is counted in.
fn keys(meter: u32, aggregation: Aggregation, time: Stamp) -> impl Iterator<Item = PageKey> {
    let month = (aggregation == Aggregation::TimeWeighted).then(|| PageKey::of(meter, PageSpan::Month, time));
    std::iter::once(PageKey::of(meter, PageSpan::Day, time)).chain(month)
}

fn add(
    pages: &mut BTreeMap<PageKey, Kept>,
    meter: u32,
    aggregation: Aggregation,
    series: u32,
    reading: &Reading,
    at: u64,
) {
    for key in keys(meter, aggregation, reading.time) {
        let kept = pages.entry(key).or_insert_with(|| Kept { page: DayPage::new(aggregation), changed: at });
        kept.changed = kept.changed.max(at);
        kept.page.add_at(key.quarter_of(reading.time), series, reading);
    }
}
