//! The work of one thread: rows in, sums out.

use super::axis::{Prepared, metered_columns};
use super::cells::{CHARGE, Cells, Pair, UNKNOWN};
use super::keys::Shape;
use super::test::Mask;
use super::view::{Column, View};
use super::work::{Plan, Work, total_of};
use super::{Done, Shared};
use crate::insight::blocks::{Amounts, BlockIndex, Codes, DAY_MICROS, Level, Mantissas, Measure};
use crate::insight::plan::Path;
use crate::insight::sums::{Labels, Sums};
use crate::{Error, ErrorCode, Result};
use hashbrown::HashMap;
use std::ops::Range;
use std::sync::atomic::Ordering;

/// How many rows are gone through at once: what is in hand of them stays in the nearest cache.
const STRIDE: usize = 4096;
/// After how many rows somebody may look on.
const LOOK_ROWS: u64 = 1 << 20;
/// How many groups more than are wanted may be at hand.
const PRUNE_AT: usize = 4096;
/// Stands for "outside of the interval" among buckets.
const OUTSIDE: u32 = u32::MAX;

/// Goes through a thread's part of the work.
pub(super) fn run(shared: &Shared<'_>, part: &[Work], look: &dyn Fn(u64) -> Result<()>) -> Result<Done> {
    let prepared = shared.prepared;
    let views = prepared.measures.len();
    let distinct = prepared.distinct.as_ref().map(|axis| axis.labels.len());
    let labels = vec![Labels::default(); prepared.axes.len()];
    let mut worker = Worker {
        shared,
        prepared,
        cells: Cells::new(&shared.plan.shape, views, distinct),
        sums: Sums::new(labels, views),
        path: Path::default(),
        least: None,
        scratch: Scratch::default(),
    };
    let mut uses: HashMap<(usize, usize, usize, bool), usize> = HashMap::new();
    part.iter().filter_map(view_of).for_each(|view| *uses.entry(view).or_default() += 1);
    let mut views: HashMap<(usize, usize, usize, bool), View<'_>> = HashMap::new();
    let (mut bucket, mut unseen) = (None, 0);
    for work in part {
        if shared.plan.by_bucket && bucket != work.bucket {
            worker.flush(bucket)?;
            bucket = work.bucket;
        }
        let Some(index) = shared.segments.get(work.segment).and_then(|blocks| blocks.get(work.block)) else { continue };
        unseen += match view_of(work) {
            None => worker.add_totals(index, work),
            Some(key) => {
                if !views.contains_key(&key)
                    && let Some(view) = View::load(shared, (key.0, key.1, key.2), key.3)?
                {
                    worker.path.bytes_read += view.bytes_read;
                    views.insert(key, view);
                }
                let rows = views.get(&key).map_or(Ok(0), |view| worker.add_rows(index, view, work))?;
                let left = uses.get_mut(&key).map_or(0, |left| {
                    *left -= 1;
                    *left
                });
                if left == 0 {
                    views.remove(&key);
                }
                rows
            }
        };
        if unseen >= LOOK_ROWS {
            look(shared.rows.fetch_add(unseen, Ordering::Relaxed) + unseen)?;
            unseen = 0;
        }
        if shared.stop.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorCode::Cancelled, "the query was stopped"));
        }
    }
    if shared.plan.by_bucket {
        worker.flush(bucket)?;
    }
    Ok(Done { sums: worker.sums, cells: worker.cells, path: worker.path })
}

/// What a view is known by: its places, and whether it has the time of day.
fn view_of(work: &Work) -> Option<(usize, usize, usize, bool)> {
    work.section.map(|section| (work.segment, work.block, section, work.bucket.is_none()))
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

/// What is kept of the rows in hand.
#[derive(Default)]
struct Scratch {
    numbers: Vec<u32>,
    buckets: Vec<u32>,
    keys: Vec<u128>,
    /// The places of the groups of the selected rows.
    places: Vec<u32>,
    /// The selected rows.
    rows: Vec<usize>,
    counts: Vec<u32>,
    unknown: Vec<u32>,
}

impl Worker<'_> {
    fn flush(&mut self, bucket: Option<u32>) -> Result<()> {
        if bucket.is_some() {
            self.cells.flush(self.shared.plan, bucket, self.least, &mut self.sums);
        }
        if let Some(largest) = self.shared.plan.largest.filter(|largest| self.sums.len() > largest * 4 + PRUNE_AT) {
            self.least = self.sums.prune(largest);
        }
        self.sums.refuse_beyond(self.prepared.question.max_groups)
    }

    /// Adds a day whose totals say all.
    fn add_totals(&mut self, index: &BlockIndex, work: &Work) -> u64 {
        let currency = super::axis::number_of(crate::model::charge::ChargeColumn::BillingCurrency);
        let (Some(day), Some(currency)) = (index.days.get(work.day), index.constant(currency)) else { return 0 };
        self.path.days_from_totals += 1;
        let mut key = Key::default();
        let place = self.cells.place(key.push_all(self.shared.plan, &[], work.bucket, currency));
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

    /// Adds the rows of a section that belong to a day; gives how many were read.
    fn add_rows(&mut self, index: &BlockIndex, view: &View<'_>, work: &Work) -> Result<u64> {
        let Some(section) = work.section.and_then(|section| index.sections.get(section)) else { return Ok(0) };
        let rows = match section.lead {
            Some(lead) => self.prepared.test.narrow(lead, view, work.rows.clone()),
            None => work.rows.clone(),
        };
        let read = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        *match section.level {
            Level::Cube => &mut self.path.rows_from_cube,
            Level::Days => &mut self.path.rows_from_days,
            Level::Charges => &mut self.path.rows_from_columns,
        } += read;
        let buckets = if work.bucket.is_none() { buckets_of(self.prepared, index, work.day) } else { Vec::new() };
        let mut start = rows.start;
        while start < rows.end {
            let end = rows.end.min(start + STRIDE);
            self.add_stretch(view, start..end, work.bucket, &buckets);
            start = end;
        }
        self.cells.refuse_beyond(self.prepared.question.max_groups)?;
        Ok(read)
    }

    fn add_stretch(&mut self, view: &View<'_>, rows: Range<usize>, bucket: Option<u32>, buckets: &[u32]) {
        let mut mask = self.prepared.test.mask(view, rows.clone());
        if bucket.is_none() {
            mask = mask.and(self.read_buckets(view, rows.clone(), buckets));
        }
        if mask == Mask::None {
            return;
        }
        let alone = matches!(self.shared.plan.shape, Shape::Dense { combinations: 1, .. });
        if alone && mask == Mask::All && self.prepared.distinct.is_none() && self.prepared.metered.is_none() {
            return self.add_all(view, rows);
        }
        self.find_places(view, rows.clone(), bucket, &mask);
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

    /// For each row its bucket, and which rows lie in the interval.
    fn read_buckets(&mut self, view: &View<'_>, rows: Range<usize>, buckets: &[u32]) -> Mask {
        self.scratch.buckets.resize(rows.len(), 0);
        view.times().read(rows.start, &mut self.scratch.buckets);
        for bucket in &mut self.scratch.buckets {
            *bucket = usize::try_from(*bucket).ok().and_then(|time| buckets.get(time)).copied().unwrap_or(OUTSIDE);
        }
        Mask::of(self.scratch.buckets.iter().map(|bucket| *bucket != OUTSIDE).collect())
    }

    /// Writes the places of the groups of the rows that the mask lets through into `places`.
    fn find_places(&mut self, view: &View<'_>, rows: Range<usize>, bucket: Option<u32>, mask: &Mask) {
        let (scratch, plan) = (&mut self.scratch, self.shared.plan);
        let length = rows.len();
        scratch.numbers.resize(length, 0);
        let mut parts: Vec<Part<'_>> = self.prepared.axes.iter().map(Part::Axis).collect();
        if plan.bucket_in_key {
            parts.push(bucket.map_or(Part::Buckets, Part::Same));
        }
        parts.push(Part::Column(super::axis::number_of(crate::model::charge::ChargeColumn::BillingCurrency)));
        match &plan.shape {
            Shape::Dense { sizes, .. } => {
                scratch.places.clear();
                scratch.places.resize(length, 0);
                for (part, size) in parts.iter().zip(sizes) {
                    let size = u32::try_from(*size).unwrap_or(u32::MAX);
                    if size <= 1 {
                        continue;
                    }
                    part.read(view, rows.clone(), &scratch.buckets, &mut scratch.numbers);
                    for (place, number) in scratch.places.iter_mut().zip(&scratch.numbers) {
                        *place = *place * size + number;
                    }
                }
                if let Mask::Some(mask) = mask {
                    let mut holds = mask.iter();
                    scratch.places.retain(|_| holds.next().copied().unwrap_or(false));
                }
            }
            Shape::Hash { bits } => {
                scratch.keys.clear();
                scratch.keys.resize(length, 0);
                for (part, bits) in parts.iter().zip(bits) {
                    if *bits == 0 {
                        continue;
                    }
                    part.read(view, rows.clone(), &scratch.buckets, &mut scratch.numbers);
                    for (key, number) in scratch.keys.iter_mut().zip(&scratch.numbers) {
                        *key = *key << bits | u128::from(*number);
                    }
                }
                scratch.places.clear();
                let cells = &mut self.cells;
                match mask {
                    Mask::Some(mask) => {
                        let holding = scratch.keys.iter().zip(mask).filter(|(_, holds)| **holds);
                        scratch.places.extend(holding.map(|(key, _)| cells.place(*key)));
                    }
                    _ => scratch.places.extend(scratch.keys.iter().map(|key| cells.place(*key))),
                }
            }
        }
    }

    /// Adds the costs of the selected rows, or of all.
    fn add_costs(&mut self, view: &View<'_>, rows: Range<usize>, selected: bool) {
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
    fn add_all(&mut self, view: &View<'_>, rows: Range<usize>) {
        for (number, column) in view.costs.iter().enumerate() {
            let (mantissas, decimals) = column.amounts();
            let factor = i128::from(Amounts::factor(decimals));
            let sum = match mantissas {
                Mantissas::Zero => 0,
                Mantissas::I64(values) => sum_narrow(values.get(rows.clone()).unwrap_or_default()) * factor,
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
            add_pair(&mut self.cells.pairs, number, charges + unknown, sum);
        }
    }

    fn add_metered(&mut self, view: &View<'_>, rows: Range<usize>, selected: bool) {
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

    fn note_distinct(&mut self, view: &View<'_>, rows: Range<usize>, selected: bool) {
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

/// For each time of day of a block the bucket that it lies in on a day.
fn buckets_of(prepared: &Prepared<'_>, index: &BlockIndex, day: usize) -> Vec<u32> {
    let question = prepared.question;
    let midnight = index.days.get(day).map_or(0, |day| i64::from(day.day)) * DAY_MICROS;
    let mut last = 0;
    let bucket = |time: &i64| {
        let instant = midnight + time;
        if !question.holds(instant) {
            return OUTSIDE;
        }
        u32::try_from(question.bucket_of(instant, &mut last)).unwrap_or(OUTSIDE)
    };
    index.times.iter().map(bucket).collect()
}

/// A part of a key.
enum Part<'p> {
    Axis(&'p super::axis::Axis),
    Column(u16),
    /// The bucket of each row, as it was read before.
    Buckets,
    /// The same number for each row.
    Same(u32),
}

impl Part<'_> {
    fn read(&self, view: &View<'_>, rows: Range<usize>, buckets: &[u32], out: &mut [u32]) {
        match self {
            Self::Axis(axis) => axis.numbers(view, rows, out),
            Self::Column(column) => view.codes(*column).read(rows.start, out),
            // What lies outside is masked; its number must only not leave the range.
            Self::Buckets => {
                let inside = |bucket: u32| if bucket == OUTSIDE { 0 } else { bucket };
                out.iter_mut().zip(buckets).for_each(|(out, bucket)| *out = inside(*bucket));
            }
            Self::Same(number) => out.fill(*number),
        }
    }
}

/// A key made of single numbers.
#[derive(Default)]
struct Key(u128);

impl Key {
    fn push_all(&mut self, plan: &Plan, codes: &[u32], bucket: Option<u32>, currency: u32) -> u128 {
        let bucket = bucket.filter(|_| plan.bucket_in_key);
        let numbers = codes.iter().copied().chain(bucket).chain([currency]);
        match &plan.shape {
            Shape::Dense { sizes, .. } => numbers.zip(sizes).for_each(|(number, size)| {
                self.0 = self.0 * u128::try_from((*size).max(1)).unwrap_or(1) + u128::from(number);
            }),
            Shape::Hash { bits } => {
                numbers.zip(bits).for_each(|(number, bits)| self.0 = self.0 << bits | u128::from(number));
            }
        }
        self.0
    }
}

/// What each row adds to the counts of a group.
enum Steps<'s> {
    Same(i128),
    Each(&'s [u32], &'s [u32]),
}

impl<'s> Steps<'s> {
    fn new(
        view: &View<'_>,
        column: &Column,
        first: bool,
        rows: Range<usize>,
        counts: &'s mut Vec<u32>,
        unknown: &'s mut Vec<u32>,
    ) -> Self {
        let none = Codes::One(0);
        // Charges are counted with the first view.
        let charges = if first { view.charges() } else { &none };
        if let (Codes::One(charges), Codes::One(unknown)) = (charges, column.unknown()) {
            return Self::Same(i128::from(*charges) * CHARGE + i128::from(*unknown) * UNKNOWN);
        }
        counts.resize(rows.len(), 0);
        charges.read(rows.start, counts);
        unknown.resize(rows.len(), 0);
        column.unknown().read(rows.start, unknown);
        Self::Each(counts, unknown)
    }

    fn at(&self, row: usize) -> i128 {
        match self {
            Self::Same(step) => *step,
            Self::Each(counts, unknown) => {
                let count = |counts: &[u32]| counts.get(row).copied().map_or(0, i128::from);
                count(counts) * CHARGE + count(unknown) * UNKNOWN
            }
        }
    }
}

/// Where the costs of a view are added to.
struct Target<'t> {
    pairs: &'t mut [Pair],
    views: usize,
    view: usize,
    places: &'t [u32],
}

impl Target<'_> {
    fn add(mut self, column: &Column, steps: &Steps<'_>, rows: Range<usize>, chosen: Option<&[usize]>) {
        let (mantissas, decimals) = column.amounts();
        let factor = Amounts::factor(decimals);
        // A product of two 64-bit numbers takes one instruction where that of two 128-bit numbers takes several.
        let narrow = |value: &i64| i128::from(*value) * i128::from(factor);
        match (mantissas, chosen) {
            (Mantissas::I64(values), None) => {
                let values = values.get(rows).unwrap_or_default().iter().map(narrow);
                match steps {
                    Steps::Same(step) => self.all(values.map(|value| (*step, value))),
                    steps @ Steps::Each(..) => {
                        self.all(values.enumerate().map(|(row, value)| (steps.at(row), value)));
                    }
                }
            }
            (mantissas, None) => {
                let first = rows.start;
                let wide = |row: usize| mantissa(mantissas, row) * i128::from(factor);
                self.all(rows.map(|row| (steps.at(row - first), wide(row))));
            }
            (mantissas, Some(chosen)) => {
                let first = rows.start;
                let wide = |row: usize| mantissa(mantissas, row) * i128::from(factor);
                self.all(chosen.iter().map(|row| (steps.at(row - first), wide(*row))));
            }
        }
    }

    fn all(&mut self, cells: impl Iterator<Item = (i128, i128)>) {
        for (place, (step, value)) in self.places.iter().zip(cells) {
            let place = usize::try_from(*place).unwrap_or(usize::MAX);
            add_pair(self.pairs, place.wrapping_mul(self.views).wrapping_add(self.view), step, value);
        }
    }
}

/// The plan has proven that nothing here can overflow.
fn add_pair(pairs: &mut [Pair], place: usize, step: i128, value: i128) {
    if let Some(pair) = pairs.get_mut(place) {
        pair[0] = pair[0].wrapping_add(step);
        pair[1] = pair[1].wrapping_add(value);
    }
}

fn mantissa(mantissas: &Mantissas, row: usize) -> i128 {
    match mantissas {
        Mantissas::Zero => 0,
        Mantissas::I64(values) => values.get(row).copied().map_or(0, i128::from),
        Mantissas::I128(values) => values.get(row).copied().unwrap_or(0),
    }
}

/// The exact sum of 64-bit numbers, at the speed of memory: the upper and the lower halves are added apart, each of
/// which fits 64 bits for as many rows as a stretch has.
fn sum_narrow(values: &[i64]) -> i128 {
    let (mut high, mut low) = (0_i64, 0_i64);
    for value in values {
        high = high.wrapping_add(value >> 32);
        low = low.wrapping_add(value & 0xffff_ffff);
    }
    (i128::from(high) << 32) + i128::from(low)
}

const _: () = assert!(STRIDE < 1 << 30);
