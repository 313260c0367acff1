//! What meters counted, as far as it is in memory: what came since the last checkpoint, and pages of the state file
//! that were asked for.

use super::pages;
use crate::Result;
use crate::model::usage::{MeterSet, UsageEvent};
use crate::pipeline::metering::{DayPage, PageKey, Rollups, SeriesMark};
use hashbrown::HashMap;
use rusqlite::{Connection, Transaction};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// What meters counted.
#[derive(Debug)]
pub(super) struct Counted {
    rollups: Rollups,
    /// The pages of the state file.
    kept: BTreeSet<PageKey>,
    /// The pages in memory that have all that the state file has of them, and when they were last asked for.
    whole: HashMap<PageKey, AtomicU64>,
    /// Pages that something else changed than an event that came.
    touched: BTreeSet<PageKey>,
    /// The series that the state file has.
    mark: SeriesMark,
    /// How many events had come at the last checkpoint.
    events: u64,
    /// Another with each checkpoint, so that a page that was read before it is not taken for the present one.
    generation: u64,
    clock: AtomicU64,
}

/// What a checkpoint wrote, to be taken over once it is durable.
#[derive(Debug)]
pub(super) struct Written {
    keys: Vec<PageKey>,
    mark: SeriesMark,
}

impl Counted {
    /// What the state file has, without its pages. `events` had come when it was written.
    pub(super) fn open(connection: &Connection, meters: MeterSet, events: u64) -> Result<Self> {
        let mut rollups = Rollups::new(meters);
        pages::each_series(connection, |page| rollups.series_mut().extend(&page))?;
        let mark = rollups.series().mark();
        Ok(Self {
            rollups,
            kept: pages::directory(connection)?.into_iter().collect(),
            whole: HashMap::new(),
            touched: BTreeSet::new(),
            mark,
            events,
            generation: next_generation(),
            clock: AtomicU64::new(0),
        })
    }

    /// What is in memory.
    pub(super) const fn rollups(&self) -> &Rollups {
        &self.rollups
    }

    /// What is in memory, to be changed. What an event that came does not account for must be said with
    /// [`Counted::touch`].
    pub(super) const fn rollups_mut(&mut self) -> &mut Rollups {
        &mut self.rollups
    }

    /// Counts an event that is durable.
    pub(super) fn apply(&mut self, event: &UsageEvent, sequence: u64) {
        self.apply_all(std::iter::once((event, sequence)));
    }

    /// Counts events that are durable.
    pub(super) fn apply_all<'e>(&mut self, events: impl Iterator<Item = (&'e UsageEvent, u64)>) {
        self.rollups.apply_all(events);
    }

    /// Has the next checkpoint write these pages.
    pub(super) fn touch(&mut self, keys: impl IntoIterator<Item = PageKey>) {
        self.touched.extend(keys);
    }

    /// The pages of the state file that lie in one of these ranges and are not in memory.
    pub(super) fn missing(&self, ranges: &[Range<PageKey>]) -> Vec<PageKey> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let missing = |key: &&PageKey| self.whole.get(*key).map(|used| used.store(now, Ordering::Relaxed)).is_none();
        let of_range = |range: &Range<PageKey>| self.kept.range(range.start..range.end.max(range.start));
        ranges.iter().flat_map(of_range).filter(missing).copied().collect()
    }

    /// The same of a list of pages.
    pub(super) fn missing_of(&self, keys: &[PageKey]) -> Vec<PageKey> {
        let not_here = |key: &&PageKey| self.kept.contains(key) && !self.whole.contains_key(*key);
        keys.iter().filter(not_here).copied().collect()
    }

    /// Which checkpoint pages have to be of.
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Reads pages; they are of the present checkpoint as long as nobody else writes.
    pub(super) fn read(&self, connection: &Connection, keys: &[PageKey]) -> Result<Vec<(PageKey, DayPage)>> {
        read(connection, self.rollups.meters(), keys)
    }

    /// Takes pages of that generation into memory; whether they were of the present one.
    pub(super) fn put(&mut self, generation: u64, read: Vec<(PageKey, DayPage)>) -> bool {
        if generation != self.generation {
            return false;
        }
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        for (key, page) in read {
            if !self.whole.contains_key(&key) {
                self.rollups.put(key, page);
                self.whole.insert(key, AtomicU64::new(now));
            }
        }
        true
    }

    /// The pages that the next checkpoint must write.
    pub(super) fn changed(&self) -> Vec<PageKey> {
        let mut keys: BTreeSet<PageKey> = self.rollups.changed_since(self.events).into_iter().collect();
        keys.extend(&self.touched);
        keys.retain(|key| self.rollups.page(*key).is_some());
        keys.into_iter().collect()
    }

    /// Writes what changed. All of it must have been read. Nothing in memory changes.
    pub(super) fn write(&self, transaction: &Transaction<'_>) -> Result<Written> {
        let series = self.rollups.series();
        let added = series.since(self.mark);
        if !added.is_empty() {
            pages::write_series(transaction, &added)?;
        }
        let keys = self.changed();
        for key in &keys {
            if let Some(page) = self.rollups.page(*key) {
                pages::write(transaction, *key, page, self.touched.contains(key))?;
            }
        }
        Ok(Written { keys, mark: series.mark() })
    }

    /// Takes over what [`Counted::write`] wrote, now that it is durable, and lets go of pages until at most `memory`
    /// bytes are left.
    pub(super) fn written(&mut self, written: Written, events: u64, memory: u64) {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        written.keys.iter().for_each(|key| self.rollups.set_kept(*key));
        self.kept.extend(&written.keys);
        self.whole.extend(written.keys.into_iter().map(|key| (key, AtomicU64::new(now))));
        self.touched.clear();
        (self.mark, self.events) = (written.mark, events);
        self.generation = next_generation();
        self.evict(memory);
    }

    fn evict(&mut self, memory: u64) {
        let mut bytes = self.rollups.bytes() as u64;
        if bytes <= memory {
            return;
        }
        let mut oldest: Vec<(u64, PageKey)> =
            self.whole.iter().map(|(key, used)| (used.load(Ordering::Relaxed), *key)).collect();
        oldest.sort_unstable();
        for (_, key) in oldest {
            if bytes <= memory {
                break;
            }
            self.whole.remove(&key);
            let page = self.rollups.take(key);
            bytes = bytes.saturating_sub(page.map_or(0, |page| page.bytes() as u64));
        }
    }

    /// Lets go of pages that did not change, until at most `memory` bytes are left.
    pub(super) fn relieve(&mut self, memory: u64) {
        let changed: BTreeSet<PageKey> = self.changed().into_iter().collect();
        let held: Vec<_> = self.whole.extract_if(|key, _| changed.contains(key)).collect();
        self.evict(memory);
        self.whole.extend(held);
    }
}

/// No two are alike in a process, so that a page which was read before is never taken for one of now.
fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Reads pages of these meters.
pub(super) fn read(connection: &Connection, meters: &MeterSet, keys: &[PageKey]) -> Result<Vec<(PageKey, DayPage)>> {
    let read = |key: &PageKey| {
        let Some(meter) = meters.by_number(key.meter) else { return Ok(None) };
        Ok(pages::read(connection, *key, meter.aggregation)?.map(|page| (*key, page)))
    };
    keys.iter().filter_map(|key| read(key).transpose()).collect()
}
