//! What has to be read for a question, day by day, each day from its smallest section that will do.

use super::axis::{Prepared, metered_columns};
use super::days::{Reach, Span, count_before, midnight_of, only_bucket};
use super::keys::Shape;
use super::queue::UNIT_ROWS;
use crate::insight::blocks::{BlockIndex, DayTotals, FEW_OF, Measure, SectionIndex, What};
use crate::insight::plan::Grouping;
use std::ops::Range;
use std::sync::Arc;

/// Sums whose magnitudes together stay below this fit 128 bits in any order.
const SAFE: u128 = 1 << 126;

/// A stretch of rows to go through. They are of one day, unless it does not matter where a day ends.
#[derive(Debug, Clone)]
pub(super) struct Work {
    /// The places of the segment, the block and the section; the section is none where the totals of the day will do.
    pub(super) segment: usize,
    pub(super) block: usize,
    pub(super) section: Option<usize>,
    /// The places of the days in the block.
    pub(super) days: Range<usize>,
    pub(super) rows: Range<usize>,
    /// The bucket that all of them lie in.
    pub(super) bucket: u32,
    /// The number of the section among all that are read.
    pub(super) slot: usize,
}

/// Everything to be read, and how groups are to be found.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) works: Vec<Work>,
    pub(super) shape: Shape,
    pub(super) grouping: Grouping,
    /// Whether the groups of a bucket are given on as soon as the next bucket begins.
    pub(super) by_bucket: bool,
    /// Whether what was metered is added up.
    pub(super) metered: bool,
    /// How many of the largest groups are enough.
    pub(super) largest: Option<usize>,
    /// The sections that are read.
    pub(super) uses: Vec<Use>,
    /// How many threads it is worth.
    pub(super) threads: usize,
}

/// What is read of a section.
#[derive(Debug)]
pub(super) struct Use {
    /// How many stretches.
    pub(super) stretches: usize,
    /// The place of the last of them among all.
    pub(super) last: usize,
    /// The one code of what the rows are sorted by which is let through, and its records, where they are few.
    pub(super) records: Option<(u32, Range<usize>)>,
}

impl Plan {
    /// The plan for a question; none where it cannot be proven that sums fit, or keys are too long.
    pub(super) fn new(prepared: &Prepared<'_>, segments: &[Arc<Vec<BlockIndex>>], threads: usize) -> Option<Self> {
        let question = prepared.question;
        let mut planner = Planner { prepared, works: Vec::new(), uses: Vec::new(), of_block: Vec::new(), bound: 0 };
        let asked = if prepared.test.is_never() { &[] } else { segments };
        for (segment, blocks) in asked.iter().enumerate() {
            for (block, index) in blocks.iter().enumerate() {
                planner.add(segment, block, index)?;
            }
        }
        let mut works = std::mem::take(&mut planner.works);
        let by_bucket = question.buckets.is_some();
        if by_bucket {
            works = in_order_of_buckets(&works);
        }
        let rows: u64 = works.iter().map(rows_of).sum();
        let read: u64 = works.iter().map(|work| planner.expected(segments, work)).sum();
        let worth = usize::try_from(read / super::ROWS_PER_THREAD).unwrap_or(usize::MAX);
        let threads = threads.min(worth).max(1);
        let mut sizes: Vec<usize> = prepared.axes.iter().map(|axis| axis.labels.len()).collect();
        // Every charge has a currency.
        sizes.push(prepared.currencies.len().saturating_sub(1));
        let buckets = u64::try_from(question.buckets.as_ref().map_or(1, Vec::len).max(1)).unwrap_or(u64::MAX);
        let shape =
            Shape::new(sizes, if by_bucket { rows / buckets } else { rows }, threads * prepared.measures.len())?;
        let grouping = if question.dimensions.is_empty() { Grouping::None } else { super::grouping(&shape) };
        let metered = question.metered;
        // Of several currencies nobody knows yet what they are worth.
        let largest = question.largest.filter(|_| prepared.currencies.len() <= 2);
        let mut uses = planner.uses;
        for (place, work) in works.iter().enumerate().filter(|(_, work)| work.section.is_some()) {
            if let Some(of) = uses.get_mut(work.slot) {
                (of.stretches, of.last) = (of.stretches + 1, place);
            }
        }
        Some(Self { works, shape, grouping, by_bucket, metered, largest, uses, threads })
    }
}

/// What lies together stays together.
fn in_order_of_buckets(works: &[Work]) -> Vec<Work> {
    // Pairs of numbers are moved about faster than what they stand for.
    let mut order: Vec<(u32, usize)> = works.iter().enumerate().map(|(place, work)| (work.bucket, place)).collect();
    order.sort_unstable();
    order.into_iter().filter_map(|(_, place)| works.get(place)).cloned().collect()
}

/// Whether so many rows of a section are worth reading without the others.
pub(super) fn are_few(rows: usize, section: &SectionIndex) -> bool {
    rows.saturating_mul(FEW_OF) <= usize::try_from(section.rows()).unwrap_or(usize::MAX)
}

/// How many rows a stretch has.
pub(super) fn rows_of(work: &Work) -> u64 {
    u64::try_from(work.rows.len()).unwrap_or(u64::MAX)
}

struct Planner<'p> {
    prepared: &'p Prepared<'p>,
    works: Vec<Work>,
    /// The sections that are read, in the order in which they are met.
    uses: Vec<Use>,
    /// Those of the block in hand.
    of_block: Vec<Slot>,
    /// What the magnitudes of all sums together stay below.
    bound: u128,
}

/// A section of the block in hand, its number among all, and how many of its rows are read.
struct Slot {
    section: usize,
    number: usize,
    rows: usize,
}

/// A block, and the places of its segment and of itself.
#[derive(Clone, Copy)]
struct InBlock<'i> {
    segment: usize,
    block: usize,
    index: &'i BlockIndex,
}

impl Planner<'_> {
    /// Adds what has to be read of a block; none when sums might not fit.
    fn add(&mut self, segment: usize, block: usize, index: &BlockIndex) -> Option<()> {
        self.add_days(InBlock { segment, block, index })?;
        for Slot { section, rows, .. } in std::mem::take(&mut self.of_block) {
            self.bound_rows(index, index.sections.get(section)?, rows)?;
        }
        Some(())
    }

    fn add_days(&mut self, of: InBlock<'_>) -> Option<()> {
        let (question, index) = (self.prepared.question, of.index);
        let plain = self.is_plain(index);
        // By themselves: the days of a large store lie in far memory, and what does not depend on one another is
        // fetched at once.
        let spans: Vec<Span> = index.days.iter().map(Span::of).collect();
        if !plain && let Some(bucket) = only_bucket(question, &spans) {
            let section = self.smallest(index, true)?;
            let found = index.sections.get(section)?;
            if found.over_days {
                self.push(of, section, 0, found.rows_of(0), bucket)?;
                return Some(());
            }
        }
        let mut whole: Option<usize> = None;
        // Each looks for buckets from where it found the last one.
        let (mut reached, mut cut) = (0, 0);
        for ((day, totals), span) in index.days.iter().enumerate().zip(&spans) {
            match span.reach(question, &mut reached) {
                Reach::Outside => {}
                Reach::Whole(bucket) if plain && self.fit(totals) => {
                    self.bound_totals(totals)?;
                    let InBlock { segment, block, .. } = of;
                    let days = day..day + 1;
                    self.works.push(Work { segment, block, section: None, days, rows: 0..0, bucket, slot: 0 });
                }
                Reach::Whole(bucket) => {
                    let section = whole.map_or_else(|| self.smallest(index, false), Some)?;
                    whole = Some(section);
                    self.push(of, section, day, index.sections.get(section)?.rows_of(day), bucket)?;
                }
                Reach::Partly => self.cut(of, day, &mut cut)?,
            }
        }
        Some(())
    }

    /// Adds a stretch of rows of a day, to the one before where that ends and it does not matter that a day does.
    fn push(&mut self, of: InBlock<'_>, section: usize, day: usize, rows: Range<usize>, bucket: u32) -> Option<()> {
        let InBlock { segment, block, index } = of;
        let found = index.sections.get(section)?;
        let slot = self.slot(section, found)?;
        slot.rows = slot.rows.saturating_add(rows.len());
        let slot = slot.number;
        let records = self.uses.get(slot)?.records.as_ref();
        if records.is_some_and(|(_, records)| records.is_empty()) {
            return Some(());
        }
        // Within a day the rows are sorted, and a test may lead to some of them.
        let by_day = records.is_none() && found.lead.is_some_and(|lead| self.prepared.test.narrows(lead));
        let section = Some(section);
        let end = |work: &Work| (work.segment, work.block, work.section, work.bucket, work.days.end, work.rows.end);
        match self.works.last_mut() {
            // Long stretches stay apart, so that threads can share them out.
            Some(last)
                if !by_day
                    && rows_of(last) < UNIT_ROWS
                    && end(last) == (segment, block, section, bucket, day, rows.start) =>
            {
                (last.rows.end, last.days.end) = (rows.end, day + 1);
            }
            _ => {
                let days = day..day + 1;
                self.works.push(Work { segment, block, section, days, rows, bucket, slot });
            }
        }
        Some(())
    }

    /// The slot of a section of the block in hand.
    fn slot(&mut self, section: usize, found: &SectionIndex) -> Option<&mut Slot> {
        let place = self.of_block.iter().position(|slot| slot.section == section).unwrap_or_else(|| {
            let (stretches, last, records) = (0, 0, self.records(found));
            self.of_block.push(Slot { section, number: self.uses.len(), rows: 0 });
            self.uses.push(Use { stretches, last, records });
            self.of_block.len() - 1
        });
        self.of_block.get_mut(place)
    }

    /// The only code of the dimension that a section is sorted by which the question lets through, and its records,
    /// where the section has a drill and they are few.
    fn records(&self, section: &SectionIndex) -> Option<(u32, Range<usize>)> {
        let (drill, lead) = section.drill.as_ref().zip(section.lead)?;
        let code = self.prepared.test.only(lead)?;
        Some((code, drill.records_of(code))).filter(|(_, records)| are_few(records.len(), section))
    }

    /// Adds the charges of a day that the question cuts: a stretch of rows for each bucket.
    fn cut(&mut self, of: InBlock<'_>, day: usize, last_bucket: &mut usize) -> Option<()> {
        let (question, index) = (self.prepared.question, of.index);
        let totals = index.days.get(day)?;
        let midnight = midnight_of(totals);
        let before = |times: &[(i64, u32)], end: i64| count_before(times, midnight, end);
        let (early, times) = totals.times.split_at(before(&totals.times, question.interval.start().micros()));
        let mut left = times.split_at(before(times, question.interval.end().micros())).0;
        let row = |times: &[(i64, u32)]| times.last().and_then(|(_, end)| usize::try_from(*end).ok());
        let mut start = row(early).unwrap_or(index.sections.first()?.rows_of(day).start);
        while let Some((time, _)) = left.first() {
            let bucket = question.bucket_of(midnight + time, last_bucket);
            let together = question.end_of(bucket).map_or(left.len(), |end| before(left, end)).max(1);
            let (of_bucket, others) = left.split_at_checked(together)?;
            let rows = start..row(of_bucket)?;
            (start, left) = (rows.end, others);
            self.push(of, 0, day, rows, u32::try_from(bucket).ok()?)?;
        }
        Some(())
    }

    /// The section of fewest rows that tells apart what has to be; among those over all days only where that will do.
    fn smallest(&self, index: &BlockIndex, over_days: bool) -> Option<usize> {
        let needed: Vec<u16> = self.needed(index).collect();
        let tells = |section: &SectionIndex| needed.iter().all(|column| section.tells(*column));
        let fits = |section: &SectionIndex| (over_days || !section.over_days) && tells(section);
        let sections = index.sections.iter().enumerate().filter(|(_, section)| fits(section));
        sections.min_by_key(|(_, section)| section.rows()).map(|(place, _)| place).or(Some(0))
    }

    /// The columns that a section must tell apart: those that the question looks at and that vary in the block.
    fn needed<'i>(&'i self, index: &'i BlockIndex) -> impl Iterator<Item = u16> + 'i {
        let [resource, category] = metered_columns();
        let meters = self.meters(index);
        let of_metered = move |column: u16| !meters && (column == resource || column == category);
        let columns = self.prepared.columns.iter().copied();
        columns.filter(move |column| index.constant(*column).is_none() && (!of_metered(*column) || self.asks(*column)))
    }

    /// Whether something in the block may have been metered by the platform.
    fn meters(&self, index: &BlockIndex) -> bool {
        let Some(metered) = &self.prepared.metered else { return false };
        let [resource, _] = metered_columns();
        index.constant(resource).is_none_or(|code| metered.place(code).is_some())
    }

    /// Whether the question looks at a column for another reason than for what was metered.
    fn asks(&self, column: u16) -> bool {
        let mut columns = Vec::new();
        self.prepared.axes.iter().chain(&self.prepared.distinct).for_each(|axis| axis.columns(&mut columns));
        self.prepared.test.columns(&mut columns);
        columns.contains(&column)
    }

    /// How many rows will be read: a test on what the rows are sorted by leads to some of them.
    fn expected(&self, segments: &[Arc<Vec<BlockIndex>>], work: &Work) -> u64 {
        let block = segments.get(work.segment).and_then(|blocks| blocks.get(work.block));
        let lead = block.zip(work.section).and_then(|(block, section)| block.sections.get(section)?.lead);
        let (some, all) = lead.map_or((1, 1), |lead| self.prepared.test.share(lead));
        rows_of(work).saturating_mul(some) / all
    }

    /// Whether nothing is asked for that the totals of the block's days do not say.
    fn is_plain(&self, index: &BlockIndex) -> bool {
        let prepared = self.prepared;
        let plain = prepared.axes.is_empty() && prepared.test.is_always() && prepared.distinct.is_none();
        plain && index.constant(super::parts::currency()).is_some() && !self.meters(index)
    }

    /// Whether the totals of a day hold every measure that is asked for.
    fn fit(&self, totals: &DayTotals) -> bool {
        self.prepared.measures.iter().all(|measure| total_of(totals, *measure).is_some())
    }

    fn bound_totals(&mut self, totals: &DayTotals) -> Option<()> {
        let measures = self.prepared.measures.iter();
        let magnitude = |measure: &Measure| total_of(totals, *measure).map_or(0, i128::unsigned_abs);
        self.bound(measures.map(magnitude).try_fold(0, u128::checked_add)?)
    }

    fn bound_rows(&mut self, index: &BlockIndex, section: &SectionIndex, rows: usize) -> Option<()> {
        let rows = u128::try_from(rows).ok()?;
        let quantity = self.meters(index).then_some(Measure::Quantity);
        let largest = |measure| {
            let chunk = section.find(What::Amount(measure)).and_then(|chunk| section.chunks.get(chunk));
            chunk.map_or(0, |chunk| chunk.max_abs)
        };
        let measures = self.prepared.measures.iter().copied().chain(quantity);
        self.bound(measures.map(largest).try_fold(0, u128::checked_add)?.checked_mul(rows)?)
    }

    /// Counts on so much more; none when sums might not fit.
    fn bound(&mut self, magnitude: u128) -> Option<()> {
        self.bound = self.bound.checked_add(magnitude)?;
        (self.bound < SAFE).then_some(())
    }
}

/// The sum of a measure over a day, if it fits.
pub(super) fn total_of(totals: &DayTotals, measure: Measure) -> Option<i128> {
    Measure::ALL.iter().zip(totals.measures).find(|(known, _)| **known == measure).and_then(|(_, (sum, _))| sum)
}

#[cfg(test)]
impl Plan {
    /// A plan that reads nothing.
    pub(super) fn empty(shape: Shape) -> Self {
        let (metered, largest) = (true, None);
        let (grouping, by_bucket, threads) = (Grouping::Hash, true, 1);
        Self { works: Vec::new(), shape, grouping, by_bucket, metered, largest, uses: Vec::new(), threads }
    }
}
