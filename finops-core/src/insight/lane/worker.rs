//! The work of one thread: rows in, sums out.

use super::axis::{Prepared, metered_columns};
use super::cells::{CHARGE, Cells, UNKNOWN};
use super::keys::Shape;
use super::parts::{Part, currency, key_of_totals, parts};
use super::sections::Sections;
use super::target::{Steps, Target, add_pair, mantissa, sum_narrow};
use super::test::Mask;
use super::view::View;
use super::work::{Work, total_of};
use super::{Done, Shared};
use crate::insight::blocks::{Amounts, BlockIndex, Codes, Level, Mantissas, Measure, SectionIndex};
use crate::insight::plan::Path;
use crate::insight::sums::{Labels, Sums};
use crate::{Error, ErrorCode, Result};
use std::ops::{BitOr, Range, Shl};
use std::sync::atomic::Ordering;

/// How many rows are gone through at once: what is in hand of them stays in the nearest cache.
const STRIDE: usize = 4096;
/// And how many where nothing is kept in hand, because all of them are of one group.
const LONG_STRIDE: usize = 1 << 18;
/// After how many rows somebody may look on.
const LOOK_ROWS: u64 = 1 << 18;
/// To how many rows a stretch of few comes in time: to read it from disk takes about as long.
const WORK_ROWS: u64 = 1 << 10;
/// How many groups more than are wanted may be at hand.
const PRUNE_AT: usize = 4096;

/// Goes through what a thread takes of the work; none where nothing is left for it.
pub(super) fn run(shared: &Shared<'_>, thread: usize, look: &dyn Fn(u64) -> Result<()>) -> Result<Option<Done>> {
    let Some(first) = shared.queue.next(thread) else { return Ok(None) };
    let (prepared, plan) = (shared.prepared, shared.plan);
    let views = prepared.measures.len();
    let distinct = prepared.distinct.as_ref().map(|axis| axis.labels.len());
    let labels = vec![Labels::default(); prepared.axes.len()];
    let mut worker = Worker {
        shared,
        prepared,
        cells: Cells::new(&plan.shape, views, distinct),
        sums: Sums::new(labels, views),
        path: Path::default(),
        least: None,
        scratch: Scratch::default(),
    };
    let parts = parts(prepared);
    let mut sections = Sections::new(shared, &parts);
    let mut looks = Looks { shared, look, unseen: 0, unlooked: 0 };
    let mut bucket = None;
    let (mut reached, mut next) = (first.start, Some(first));
    while let Some(unit) = next {
        if unit.start != reached {
            // What comes is far from what was before, with which other threads go on.
            sections.forget();
        }
        reached = unit.end;
        for (place, work) in unit.clone().zip(plan.works.get(unit).unwrap_or_default()) {
            if plan.by_bucket && bucket != Some(work.bucket) {
                worker.flush(bucket)?;
                bucket = Some(work.bucket);
            }
            let read = worker.add(work, &mut sections, &parts)?;
            sections.done(place, work);
            looks.after(read)?;
        }
        next = shared.queue.next(thread);
    }
    if plan.by_bucket {
        worker.flush(bucket)?;
    }
    looks.tell();
    worker.path.bytes_read = sections.bytes_read;
    Ok(Some(Done { sums: worker.sums, cells: worker.cells, path: worker.path }))
}

/// Lets somebody look on from time to time.
struct Looks<'l> {
    shared: &'l Shared<'l>,
    look: &'l dyn Fn(u64) -> Result<()>,
    /// How many rows nobody has been told of.
    unseen: u64,
    /// How many rows, and stretches in terms of rows, went by since the last look.
    unlooked: u64,
}

impl Looks<'_> {
    /// A stretch of so many rows is done.
    fn after(&mut self, read: u64) -> Result<()> {
        self.unseen += read;
        self.unlooked += read + WORK_ROWS;
        if self.unlooked >= LOOK_ROWS {
            (self.look)(self.tell())?;
            self.unlooked = 0;
        }
        if self.shared.stop.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorCode::Cancelled, "the query was stopped"));
        }
        Ok(())
    }

    /// Adds what is done to what all threads have; gives that.
    fn tell(&mut self) -> u64 {
        let unseen = std::mem::take(&mut self.unseen);
        self.shared.rows.fetch_add(unseen, Ordering::Relaxed) + unseen
    }
}

struct Worker<'w> {
    shared: &'w Shared<'w>,
    prepared: &'w Prepared<'w>,
    cells: Cells,
    sums: Sums,
    path: Path,
    /// Groups below it are not among the largest that are wanted.
    least: Option<i128>,
    scratch: Scratch,
}

/// Rows of a section, and what holds for all of them.
struct Stretch<'s> {
    view: &'s View,
    parts: &'s [Part<'s>],
    /// The dimension that they are sorted by with the code that all have, if they were narrowed to one.
    same: Option<(u16, u32)>,
    /// The place of the group that all rows belong to, if it is the same for all.
    constant: Option<u32>,
}

/// The numbers of rows, on their way into keys.
struct Numbers<'n> {
    stretch: &'n Stretch<'n>,
    rows: Range<usize>,
    out: &'n mut [u32],
}

impl Numbers<'_> {
    fn read(&mut self, part: &Part<'_>) {
        part.read(self.stretch.view, self.rows.clone(), self.out);
    }

    fn into_places(mut self, sizes: &[usize], places: &mut Vec<u32>) {
        places.clear();
        places.resize(self.rows.len(), 0);
        for (part, size) in self.stretch.parts.iter().zip(sizes).filter(|(_, size)| **size > 1) {
            let size = u32::try_from(*size).unwrap_or(u32::MAX);
            self.read(part);
            for (place, number) in places.iter_mut().zip(&*self.out) {
                *place = *place * size + number;
            }
        }
    }

    fn into_keys<K>(mut self, bits: &[u32], keys: &mut Vec<K>)
    where
        K: Copy + From<u32> + Shl<u32, Output = K> + BitOr<Output = K>,
    {
        keys.clear();
        keys.resize(self.rows.len(), K::from(0));
        for (part, bits) in self.stretch.parts.iter().zip(bits).filter(|(_, bits)| **bits > 0) {
            self.read(part);
            for (key, number) in keys.iter_mut().zip(&*self.out) {
                *key = *key << *bits | K::from(*number);
            }
        }
    }
}

/// The places of the keys of the rows that the mask lets through.
fn look_up<K: Copy + Into<u128>>(cells: &mut Cells, keys: &[K], mask: &Mask, places: &mut Vec<u32>) {
    places.clear();
    match mask {
        Mask::Some(mask) => {
            let holding = keys.iter().zip(mask).filter(|(_, holds)| **holds);
            places.extend(holding.map(|(key, _)| cells.place((*key).into())));
        }
        _ => places.extend(keys.iter().map(|key| cells.place((*key).into()))),
    }
}

/// What is kept of the rows in hand.
#[derive(Default)]
struct Scratch {
    numbers: Vec<u32>,
    keys: Vec<u64>,
    /// Keys that take more than 64 bits.
    wide_keys: Vec<u128>,
    /// The places of the groups of the selected rows.
    places: Vec<u32>,
    /// The selected rows.
    rows: Vec<usize>,
    counts: Vec<u32>,
    unknown: Vec<u32>,
}

impl Worker<'_> {
    fn flush(&mut self, bucket: Option<u32>) -> Result<()> {
        if let Some(bucket) = bucket {
            self.cells.flush(self.shared.plan, bucket, self.least, &mut self.sums);
        }
        if let Some(largest) = self
            .shared
            .plan
            .largest
            .filter(|largest| self.sums.len() > largest.saturating_mul(4).saturating_add(PRUNE_AT))
        {
            self.least = self.sums.prune(largest);
        }
        self.sums.refuse_beyond(self.prepared.question.max_groups)
    }

    /// Adds a stretch of rows; gives how many were read.
    fn add(&mut self, work: &Work, sections: &mut Sections<'_>, parts: &[Part<'_>]) -> Result<u64> {
        let blocks = self.shared.segments.get(work.segment);
        let Some(index) = blocks.and_then(|blocks| blocks.get(work.block)) else { return Ok(0) };
        let Some(section) = work.section.and_then(|section| index.sections.get(section)) else {
            return Ok(self.add_totals(index, work));
        };
        match sections.view(index, section, work)? {
            Some((view, rows)) => self.add_rows(section, view, parts, rows),
            None => Ok(0),
        }
    }

    /// Adds a day whose totals say all.
    fn add_totals(&mut self, index: &BlockIndex, work: &Work) -> u64 {
        let (Some(day), Some(currency)) = (index.days.get(work.days.start), index.constant(currency())) else {
            return 0;
        };
        self.path.days_from_totals += 1;
        let place = self.cells.place(key_of_totals(self.shared.plan, currency));
        let first = usize::try_from(place).unwrap_or(0) * self.prepared.measures.len();
        for (view, measure) in self.prepared.measures.iter().enumerate() {
            let sum = total_of(day, *measure).unwrap_or(0);
            let known = Measure::ALL.iter().zip(day.measures).find(|(known, _)| *known == measure);
            let unknown = known.map_or(0, |(_, (_, unknown))| unknown);
            let charges = if view == 0 { i128::from(day.charges) } else { 0 };
            add_pair(&mut self.cells.pairs, first + view, charges + i128::from(unknown) * UNKNOWN, sum);
        }
        1
    }

    /// Adds rows of a section; gives how many were read.
    fn add_rows(&mut self, section: &SectionIndex, view: &View, parts: &[Part<'_>], rows: Range<usize>) -> Result<u64> {
        let read = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        *match section.level {
            Level::Cube => &mut self.path.rows_from_cube,
            Level::Days => &mut self.path.rows_from_days,
            Level::Charges => &mut self.path.rows_from_columns,
        } += read;
        let constant = view.key.map(|key| self.cells.place(key));
        let same = section.lead.and_then(|lead| Some((lead, self.prepared.test.only(lead)?)));
        let stretch = Stretch { view, parts, same, constant };
        let (metered, distinct) = (&self.prepared.metered, &self.prepared.distinct);
        let one_group = stretch.constant.is_some() && metered.is_none() && distinct.is_none();
        let stride = if one_group && self.prepared.test.is_always() { LONG_STRIDE } else { STRIDE };
        let mut start = rows.start;
        while start < rows.end {
            let end = rows.end.min(start + stride);
            self.add_stretch(&stretch, start..end);
            start = end;
        }
        self.cells.refuse_beyond(self.prepared.question.max_groups)?;
        Ok(read)
    }

    fn add_stretch(&mut self, stretch: &Stretch<'_>, rows: Range<usize>) {
        let view = stretch.view;
        let mask = self.prepared.test.mask(view, rows.clone(), stretch.same);
        if mask == Mask::None {
            return;
        }
        let whole = mask == Mask::All && self.prepared.metered.is_none();
        if let Some(place) = stretch.constant.filter(|_| whole) {
            self.add_all(view, rows.clone(), place);
            if self.prepared.distinct.is_some() {
                self.scratch.places.clear();
                self.scratch.places.resize(rows.len(), place);
                self.note_distinct(view, rows, false);
            }
            return;
        }
        self.find_places(stretch, rows.clone(), &mask);
        let selected = match &mask {
            Mask::Some(mask) => {
                self.scratch.rows.clear();
                let holding = rows.clone().zip(mask).filter(|(_, holds)| **holds).map(|(row, _)| row);
                self.scratch.rows.extend(holding);
                true
            }
            _ => false,
        };
        self.add_costs(view, rows.clone(), selected);
        self.add_metered(view, rows.clone(), selected);
        self.note_distinct(view, rows, selected);
    }

    /// Writes the places of the groups of the rows that the mask lets through into `places`.
    fn find_places(&mut self, stretch: &Stretch<'_>, rows: Range<usize>, mask: &Mask) {
        let (scratch, plan) = (&mut self.scratch, self.shared.plan);
        scratch.numbers.resize(rows.len(), 0);
        let numbers = Numbers { stretch, rows, out: &mut scratch.numbers };
        match &plan.shape {
            Shape::Dense { sizes, .. } => {
                numbers.into_places(sizes, &mut scratch.places);
                if let Mask::Some(mask) = mask {
                    let mut holds = mask.iter();
                    scratch.places.retain(|_| holds.next().copied().unwrap_or(false));
                }
            }
            Shape::Hash { bits } if bits.iter().sum::<u32>() <= u64::BITS => {
                numbers.into_keys(bits, &mut scratch.keys);
                look_up(&mut self.cells, &scratch.keys, mask, &mut scratch.places);
            }
            Shape::Hash { bits } => {
                numbers.into_keys(bits, &mut scratch.wide_keys);
                look_up(&mut self.cells, &scratch.wide_keys, mask, &mut scratch.places);
            }
        }
    }

    /// Adds the costs of the selected rows, or of all.
    fn add_costs(&mut self, view: &View, rows: Range<usize>, selected: bool) {
        let Scratch { places, rows: chosen, counts, unknown, .. } = &mut self.scratch;
        let views = view.costs.len();
        for (number, column) in view.costs.iter().enumerate() {
            let steps = Steps::new(view, column, number == 0, rows.clone(), counts, unknown);
            let target = Target { pairs: &mut self.cells.pairs, views, view: number, places };
            let chosen = selected.then_some(chosen.as_slice());
            target.add(column, &steps, rows.clone(), chosen);
        }
    }

    /// Adds rows that are all of one group.
    fn add_all(&mut self, view: &View, rows: Range<usize>, place: u32) {
        let first = usize::try_from(place).unwrap_or(usize::MAX).saturating_mul(view.costs.len());
        for (number, column) in view.costs.iter().enumerate() {
            let (mantissas, decimals) = column.amounts();
            let factor = i128::from(Amounts::factor(decimals));
            let sum = match mantissas {
                Mantissas::Zero => 0,
                Mantissas::I64(values) => {
                    sum_narrow(values.get(rows.clone()).unwrap_or_default(), column.largest()) * factor
                }
                Mantissas::I128(values) => values.get(rows.clone()).unwrap_or_default().iter().sum::<i128>() * factor,
            };
            let mut count = |codes: &Codes| match codes {
                Codes::One(code) => i128::from(*code) * i128::try_from(rows.len()).unwrap_or(0),
                codes => {
                    self.scratch.counts.resize(rows.len(), 0);
                    codes.read(rows.start, &mut self.scratch.counts);
                    self.scratch.counts.iter().map(|count| i128::from(*count)).sum()
                }
            };
            let charges = if number == 0 { count(view.charges()) * CHARGE } else { 0 };
            let unknown = count(column.unknown()) * UNKNOWN;
            add_pair(&mut self.cells.pairs, first.saturating_add(number), charges + unknown, sum);
        }
    }

    fn add_metered(&mut self, view: &View, rows: Range<usize>, selected: bool) {
        let (Some(metered), Some(quantity)) = (&self.prepared.metered, &view.quantity) else { return };
        let [resource, category] = metered_columns().map(|column| view.codes(column));
        if matches!(resource, Codes::One(code) if metered.place(*code).is_none()) {
            return;
        }
        let (mantissas, decimals) = quantity.amounts();
        let factor = i128::from(Amounts::factor(decimals));
        for (at, place) in self.scratch.places.iter().enumerate() {
            let row = if selected { self.scratch.rows.get(at).copied().unwrap_or(0) } else { rows.start + at };
            let Some(kind) = metered.place(resource.get(row)).filter(|_| metered.is_used(category.get(row))) else {
                continue;
            };
            // Nothing is known of the quantity when every charge of the row lacks it.
            if quantity.unknown().get(row) >= view.charges().get(row) {
                continue;
            }
            if let Some(sum) = self.cells.metered.entry(*place).or_default().get_mut(kind) {
                *sum = Some(sum.unwrap_or(0) + mantissa(mantissas, row) * factor);
            }
        }
    }

    fn note_distinct(&mut self, view: &View, rows: Range<usize>, selected: bool) {
        let Some(axis) = &self.prepared.distinct else { return };
        self.scratch.numbers.resize(rows.len(), 0);
        axis.numbers(view, rows.clone(), &mut self.scratch.numbers);
        for (at, place) in self.scratch.places.iter().enumerate() {
            let row = if selected { self.scratch.rows.get(at).map_or(0, |row| row - rows.start) } else { at };
            let value = self.scratch.numbers.get(row).copied().unwrap_or(0);
            if value != 0 {
                self.cells.note(*place, value);
            }
        }
    }
}

const _: () = assert!(STRIDE < LONG_STRIDE && LONG_STRIDE < 1 << 30);
