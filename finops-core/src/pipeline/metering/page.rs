//! Pages: what a meter counted in a day of UTC, for each series.

use super::cell::Cell;
use super::packed::Packed;
use super::quarters::{List, Quarters};
use super::reading::Reading;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::Aggregation;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::ops::Range;

/// Microseconds of a quarter of an hour: the zones of today are all cut at multiples of it.
pub const QUARTER: i64 = 900_000_000;
/// How many of them a day of UTC has.
pub(super) const QUARTERS: u8 = 96;
/// Microseconds of a day of UTC.
pub const DAY: i64 = 96 * QUARTER;

/// The day of UTC that an instant lies in, counted from 1970-01-01.
pub fn day_of(time: Stamp) -> i32 {
    // The years 1 to 9999 have fewer than four million days.
    i32::try_from(time.micros().div_euclid(DAY)).unwrap_or(i32::MAX)
}

/// What a meter counted in a day of UTC: for each series the cell of the day and those of its quarters of an hour.
///
/// The page of a month ([`PageSpan::Month`](super::PageSpan)) has no quarters.
#[derive(Debug, Clone)]
pub struct DayPage {
    aggregation: Aggregation,
    rows: Vec<Row>,
    quarters: Quarters,
    places: HashTable<u32>,
    large: Vec<Cell>,
    hasher: DefaultHashBuilder,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) series: u32,
    /// The hours of the day in which something changed since the page was kept, a bit for each.
    pub(super) changed: u32,
    total: Packed,
    /// None as long as all events lie in one quarter, which the total names.
    quarters: List,
}

impl DayPage {
    /// A page without events.
    pub fn new(aggregation: Aggregation) -> Self {
        Self {
            aggregation,
            rows: Vec::new(),
            quarters: Quarters::new(),
            places: HashTable::new(),
            large: Vec::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// How its cells are brought together.
    pub const fn aggregation(&self) -> Aggregation {
        self.aggregation
    }

    /// Whether no series has an event in it.
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| row.total.cell(self.aggregation, &self.large).is_empty())
    }

    /// How many series it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds an event of a series; its time must lie in the day.
    pub fn add(&mut self, series: u32, reading: &Reading) {
        self.add_at(quarter_of(reading.time), series, reading);
    }

    pub(super) fn add_at(&mut self, quarter: u8, series: u32, reading: &Reading) {
        let mut cell = Cell::new(self.aggregation);
        cell.add(reading);
        self.merge_cell(series, quarter, &cell);
    }

    /// Adds a cell of a quarter of an hour of the day, 0 to 95.
    pub fn merge_cell(&mut self, series: u32, quarter: u8, cell: &Cell) {
        let (place, is_new) = self.place_or_new(series, quarter, cell);
        if is_new {
            return;
        }
        let Self { rows, quarters, large, .. } = self;
        let Some(row) = rows.get_mut(place) else { return };
        row.changed |= hour_bit(quarter);
        if row.quarters.is_empty() && row.total.quarter != quarter {
            let only = row.total.cell(cell.aggregation(), large);
            quarters.insert(&mut row.quarters, Packed::new(row.total.quarter, only, large));
        }
        row.total.merge(cell, large);
        if row.quarters.is_empty() {
            return;
        }
        match quarters.get_mut(row.quarters, quarter) {
            Some(packed) => packed.merge(cell, large),
            None => quarters.insert(&mut row.quarters, Packed::new(quarter, cell.clone(), large)),
        }
    }

    /// Takes an event away. When a cell cannot tell what is left, nothing changes and the answer is `false`: the
    /// series must be made again from its events.
    #[must_use = "a page that says no is unchanged"]
    pub fn subtract(&mut self, series: u32, reading: &Reading) -> bool {
        self.subtract_at(quarter_of(reading.time), series, reading)
    }

    pub(super) fn subtract_at(&mut self, quarter: u8, series: u32, reading: &Reading) -> bool {
        let aggregation = self.aggregation;
        let Some(place) = self.find(series) else { return Cell::new(aggregation).subtract(reading) };
        let Self { rows, quarters, large, .. } = self;
        let Some(row) = rows.get_mut(place) else { return false };
        let mut total = row.total.cell(aggregation, large);
        if row.quarters.is_empty() {
            if row.total.quarter != quarter || !total.subtract(reading) {
                return false;
            }
        } else {
            let Some(packed) = quarters.get_mut(row.quarters, quarter) else { return false };
            let mut cell = packed.cell(aggregation, large);
            if !cell.subtract(reading) || !total.subtract(reading) {
                return false;
            }
            packed.replace(cell, large);
        }
        row.total.replace(total, large);
        row.changed |= hour_bit(quarter);
        true
    }

    /// Removes a series, to be made again from its events.
    pub fn clear(&mut self, series: u32) {
        let Some(place) = self.find(series) else { return };
        if let Some(row) = self.rows.get_mut(place) {
            let empty = Packed::new(row.total.quarter, Cell::new(self.aggregation), &mut self.large);
            self.quarters.clear(&mut row.quarters);
            (row.total, row.changed) = (empty, u32::MAX);
        }
    }

    /// The cell of a series over the whole day; none when it has no event.
    pub fn total(&self, series: u32) -> Option<Cell> {
        let row = self.rows.get(self.find(series)?)?;
        Some(row.total.cell(self.aggregation, &self.large)).filter(|cell| !cell.is_empty())
    }

    /// Adds the whole day of a series to a cell; whether it has any.
    pub fn add_total(&self, series: u32, into: &mut Cell) -> bool {
        let Some(row) = self.find(series).and_then(|place| self.rows.get(place)) else { return false };
        row.total.add_to(into, &self.large);
        true
    }

    /// Adds the quarters from `quarters.start` to `quarters.end` (excluded) of a series to a cell; whether it has any.
    pub fn add_quarters(&self, series: u32, quarters: &Range<u8>, into: &mut Cell) -> bool {
        let Some(row) = self.find(series).and_then(|place| self.rows.get(place)) else { return false };
        let mut any = false;
        for packed in self.packed(row).filter(|packed| quarters.contains(&packed.quarter)) {
            packed.add_to(into, &self.large);
            any = true;
        }
        any
    }

    /// The cells of the quarters of a series that lie in the interval, in order, each with its start.
    pub fn cells(&self, series: u32, day: i32, interval: Interval) -> Vec<(Stamp, Cell)> {
        let start = i64::from(day) * DAY;
        let cells = self.quarters(series).into_iter().filter_map(|(quarter, cell)| {
            let start = Stamp::from_micros(start + i64::from(quarter) * QUARTER).ok()?;
            interval.contains(start).then_some((start, cell))
        });
        cells.collect()
    }

    /// The cells of a series, by the quarter of the day.
    pub fn quarters(&self, series: u32) -> Vec<(u8, Cell)> {
        let row = self.find(series).and_then(|place| self.rows.get(place));
        row.map(|row| self.row_quarters(row)).unwrap_or_default()
    }

    fn row_quarters(&self, row: &Row) -> Vec<(u8, Cell)> {
        let cells = self.packed(row).map(|packed| (packed.quarter, packed.cell(self.aggregation, &self.large)));
        cells.filter(|(_, cell)| !cell.is_empty()).collect()
    }

    /// The series that have a place in it, in no order.
    pub fn series(&self) -> impl Iterator<Item = u32> {
        self.rows.iter().map(|row| row.series)
    }

    /// Every series with its cell of the day, in no order.
    pub fn totals(&self) -> impl Iterator<Item = (u32, Cell)> {
        let totals = self.rows.iter().map(|row| (row.series, row.total.cell(self.aggregation, &self.large)));
        totals.filter(|(_, cell)| !cell.is_empty())
    }

    /// Adds what another page of the same meter and day counted.
    pub fn merge(&mut self, other: &Self) {
        for row in &other.rows {
            for (quarter, cell) in other.row_quarters(row) {
                self.merge_cell(row.series, quarter, &cell);
            }
        }
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        let large: usize = self.large.iter().map(Cell::bytes).sum();
        let spare = (self.large.capacity() - self.large.len()) * size_of::<Cell>();
        let table = self.rows.capacity() * size_of::<Row>() + self.places.allocation_size();
        size_of::<Self>() + table + self.quarters.bytes() + large + spare
    }

    /// The large cells that packed ones name.
    pub(super) fn large(&self) -> &[Cell] {
        &self.large
    }

    /// What it has of each series, in the order of their numbers.
    pub(super) fn sorted(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_unstable_by_key(|row| row.series);
        rows
    }

    /// Says that all that it has is kept: from now on nothing counts as changed.
    pub fn set_kept(&mut self) {
        self.rows.iter_mut().for_each(|row| row.changed = 0);
    }

    /// Reads what adding an event of now to a series will need; the number means nothing.
    pub(super) fn look(&self, series: u32) -> u8 {
        let row = self.find(series).and_then(|place| self.rows.get(place));
        row.and_then(|row| self.quarters.last(row.quarters)).map_or(0, |packed| packed.quarter)
    }

    /// The quarters of a row in order.
    fn packed(&self, row: &Row) -> impl Iterator<Item = Packed> {
        self.quarters.iter(row.quarters).chain(row.quarters.is_empty().then_some(row.total))
    }

    /// Adds those of a row that lie in a range, in order.
    pub(super) fn within(&self, row: &Row, range: &Range<u8>, into: &mut Vec<Packed>) {
        if row.quarters.is_empty() {
            into.extend(Some(row.total).filter(|packed| range.contains(&packed.quarter)));
        } else {
            self.quarters.within(row.quarters, range, into);
        }
    }

    fn find(&self, series: u32) -> Option<usize> {
        let is = |place: &u32| self.row(*place).is_some_and(|row| row.series == series);
        self.places.find(self.hasher.hash_one(series), is).and_then(|place| usize::try_from(*place).ok())
    }

    fn row(&self, place: u32) -> Option<&Row> {
        self.rows.get(usize::try_from(place).ok()?)
    }

    /// The place of a series, which has the cell already when it is new.
    fn place_or_new(&mut self, series: u32, quarter: u8, cell: &Cell) -> (usize, bool) {
        if let Some(place) = self.find(series) {
            return (place, false);
        }
        let place = self.rows.len();
        let total = Packed::new(quarter, cell.clone(), &mut self.large);
        self.rows.push(Row { series, changed: hour_bit(quarter), total, quarters: List::EMPTY });
        let Self { rows, places, hasher, .. } = self;
        let hash = |place: &u32| {
            let row = usize::try_from(*place).ok().and_then(|place| rows.get(place));
            hasher.hash_one(row.map_or(0, |row| row.series))
        };
        // A page has fewer rows than there are series, whose numbers have 32 bits.
        places.insert_unique(hasher.hash_one(series), u32::try_from(place).unwrap_or(u32::MAX), hash);
        (place, true)
    }
}

/// The bit of the hour that a quarter of it lies in.
const fn hour_bit(quarter: u8) -> u32 {
    1 << (quarter / 4)
}

/// Which quarter of an hour of its day an instant lies in, 0 to 95.
pub(super) fn quarter_of(time: Stamp) -> u8 {
    u8::try_from(time.micros().rem_euclid(DAY) / QUARTER).unwrap_or(0)
}
