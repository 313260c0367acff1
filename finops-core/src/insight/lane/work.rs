//! What has to be read for a question, day by day, each day from its smallest section that will do.

use super::axis::{Prepared, metered_columns};
use super::keys::Shape;
use crate::insight::blocks::{BlockIndex, DAY_MICROS, DayTotals, Measure, SectionIndex, What};
use crate::insight::plan::Grouping;
use crate::insight::question::Question;
use std::ops::Range;
use std::sync::Arc;

/// Sums whose magnitudes together stay below this fit 128 bits in any order.
const SAFE: u128 = 1 << 126;

/// A stretch of rows to go through, of one day.
#[derive(Debug, Clone)]
pub(super) struct Work {
    /// The places of the segment, the block and the section; the section is none where the totals of the day will do.
    pub(super) segment: usize,
    pub(super) block: usize,
    pub(super) section: Option<usize>,
    /// The place of the day in the block.
    pub(super) day: usize,
    pub(super) rows: Range<usize>,
    /// The bucket that all of them lie in.
    pub(super) bucket: u32,
    /// The number of the section among all that are read.
    pub(super) slot: usize,
}

/// Everything to be read, and how groups are to be found.
#[derive(Debug)]
pub(super) struct Plan {
    works: Vec<Work>,
    pub(super) shape: Shape,
    pub(super) grouping: Grouping,
    /// Whether the groups of a bucket are given on as soon as the next bucket begins.
    pub(super) by_bucket: bool,
    /// Whether what was metered is added up.
    pub(super) metered: bool,
    /// How many of the largest groups are enough.
    pub(super) largest: Option<usize>,
    /// How many sections are read.
    pub(super) slots: usize,
    threads: usize,
}

impl Plan {
    /// The plan for a question; none where it cannot be proven that sums fit, or keys are too long.
    pub(super) fn new(prepared: &Prepared<'_>, segments: &[Arc<Vec<BlockIndex>>], threads: usize) -> Option<Self> {
        let question = prepared.question;
        let mut planner = Planner { prepared, works: Vec::new(), slots: Slots::default(), bound: 0 };
        let asked = if prepared.test.is_never() { &[] } else { segments };
        for (segment, blocks) in asked.iter().enumerate() {
            for (block, index) in blocks.iter().enumerate() {
                planner.add(segment, block, index)?;
            }
        }
        let mut works = std::mem::take(&mut planner.works);
        let by_bucket = question.buckets.is_some();
        if by_bucket {
            // Stable: what lies together stays together.
            works.sort_by_key(|work| work.bucket);
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
        let slots = planner.slots.count;
        Some(Self { works, shape, grouping, by_bucket, metered, largest, slots, threads })
    }

    /// The work of each thread. Where groups are given on by bucket, no bucket is cut in two.
    pub(super) fn parts(&self) -> Vec<&[Work]> {
        let total: u64 = self.works.iter().map(rows_of).sum();
        let threads = u64::try_from(self.threads).unwrap_or(1);
        let (mut parts, mut start, mut rows) = (Vec::new(), 0, 0);
        for (place, work) in self.works.iter().enumerate() {
            let done = u64::try_from(parts.len()).unwrap_or(0) + 1;
            let last = place.checked_sub(1).and_then(|before| self.works.get(before));
            let may_cut = !self.by_bucket || last.is_none_or(|last| last.bucket != work.bucket);
            if place > start && done < threads && rows >= total * done / threads && may_cut {
                parts.push(self.works.get(start..place).unwrap_or_default());
                start = place;
            }
            rows += rows_of(work);
        }
        parts.push(self.works.get(start..).unwrap_or_default());
        parts
    }
}

fn rows_of(work: &Work) -> u64 {
    u64::try_from(work.rows.len()).unwrap_or(u64::MAX)
}

struct Planner<'p> {
    prepared: &'p Prepared<'p>,
    works: Vec<Work>,
    slots: Slots,
    /// What the magnitudes of all sums together stay below.
    bound: u128,
}

/// The numbers of sections, in the order in which they are met.
#[derive(Default)]
struct Slots {
    count: usize,
    /// Those of the block in hand.
    of_block: Vec<(usize, usize)>,
}

impl Slots {
    fn of(&mut self, section: usize) -> usize {
        if let Some((_, slot)) = self.of_block.iter().find(|(known, _)| *known == section) {
            return *slot;
        }
        self.of_block.push((section, self.count));
        self.count += 1;
        self.count - 1
    }
}

impl Planner<'_> {
    /// Adds what has to be read of a block; none when sums might not fit.
    fn add(&mut self, segment: usize, block: usize, index: &BlockIndex) -> Option<()> {
        let question = self.prepared.question;
        self.slots.of_block.clear();
        let mut whole: Option<Option<usize>> = None;
        let plain = self.is_plain(index);
        let mut last_bucket = 0;
        if !plain && let Some(bucket) = only_bucket(question, index) {
            let section = self.smallest(index, true)?;
            let of = index.sections.get(section)?;
            if of.over_days {
                let rows = of.rows_of(0);
                self.bound(index, Some(section), None, rows.len())?;
                let slot = self.slots.of(section);
                self.works.push(Work { segment, block, section: Some(section), day: 0, rows, bucket, slot });
                return Some(());
            }
        }
        for (day, totals) in index.days.iter().enumerate() {
            let (section, bucket) = match reach(question, totals, &mut last_bucket) {
                Reach::Outside => continue,
                Reach::Whole(bucket) if plain && self.fit(totals) => (None, bucket),
                Reach::Whole(bucket) => (*whole.get_or_insert_with(|| self.smallest(index, false)), bucket),
                Reach::Partly => {
                    self.cut(segment, block, day, index)?;
                    continue;
                }
            };
            let rows = section.and_then(|section| index.sections.get(section)).map_or(0..0, |found| found.rows_of(day));
            self.bound(index, section, Some(totals), rows.len())?;
            let slot = section.map_or(0, |section| self.slots.of(section));
            self.works.push(Work { segment, block, section, day, rows, bucket, slot });
        }
        Some(())
    }

    /// Adds the charges of a day that the question cuts: a stretch of rows for each bucket.
    fn cut(&mut self, segment: usize, block: usize, day: usize, index: &BlockIndex) -> Option<()> {
        let question = self.prepared.question;
        let totals = index.days.get(day)?;
        let midnight = midnight_of(totals);
        // The times before an instant. Most instants lie outside of a day: its ends, which were looked at, say so.
        let before = |times: &[(i64, u32)], end: i64| {
            let is_before = |(time, _): &(i64, u32)| midnight + time < end;
            match (times.first().is_some_and(is_before), times.last().is_some_and(is_before)) {
                (false, _) => 0,
                (_, true) => times.len(),
                _ => times.partition_point(is_before),
            }
        };
        let (early, times) = totals.times.split_at(before(&totals.times, question.interval.start().micros()));
        let mut left = times.split_at(before(times, question.interval.end().micros())).0;
        let row = |times: &[(i64, u32)]| times.last().and_then(|(_, end)| usize::try_from(*end).ok());
        let mut start = row(early).unwrap_or(index.sections.first()?.rows_of(day).start);
        let (first, mut last_bucket) = (start, 0);
        while let Some((time, _)) = left.first() {
            let bucket = question.bucket_of(midnight + time, &mut last_bucket);
            let together = question.end_of(bucket).map_or(left.len(), |end| before(left, end)).max(1);
            let (of_bucket, others) = left.split_at_checked(together)?;
            let rows = start..row(of_bucket)?;
            (start, left) = (rows.end, others);
            let bucket = u32::try_from(bucket).ok()?;
            let slot = self.slots.of(0);
            self.works.push(Work { segment, block, section: Some(0), day, rows, bucket, slot });
        }
        self.bound(index, Some(0), None, start - first)
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

    fn bound(
        &mut self,
        index: &BlockIndex,
        section: Option<usize>,
        totals: Option<&DayTotals>,
        rows: usize,
    ) -> Option<()> {
        let quantity = self.meters(index).then_some(Measure::Quantity);
        for measure in self.prepared.measures.iter().copied().chain(quantity) {
            let magnitude = match section.and_then(|section| index.sections.get(section)) {
                None => totals.and_then(|totals| total_of(totals, measure)).map_or(0, i128::unsigned_abs),
                Some(section) => {
                    let chunk = section.find(What::Amount(measure)).and_then(|chunk| section.chunks.get(chunk));
                    chunk.map_or(0, |chunk| chunk.max_abs).checked_mul(u128::try_from(rows).ok()?)?
                }
            };
            self.bound = self.bound.checked_add(magnitude)?;
        }
        (self.bound < SAFE).then_some(())
    }
}

/// The sum of a measure over a day, if it fits.
pub(super) fn total_of(totals: &DayTotals, measure: Measure) -> Option<i128> {
    Measure::ALL.iter().zip(totals.measures).find(|(known, _)| **known == measure).and_then(|(_, (sum, _))| sum)
}

/// The bucket that all days of a block lie in as a whole, if there are several days and one bucket.
fn only_bucket(question: &Question, index: &BlockIndex) -> Option<u32> {
    let (mut only, mut last_bucket) = (None, 0);
    for totals in &index.days {
        match (reach(question, totals, &mut last_bucket), only) {
            (Reach::Whole(bucket), None) => only = Some(bucket),
            (Reach::Whole(bucket), Some(known)) if bucket == known => {}
            _ => return None,
        }
    }
    only.filter(|_| index.days.len() > 1)
}

/// When a day begins, in microseconds.
fn midnight_of(totals: &DayTotals) -> i64 {
    i64::from(totals.day) * DAY_MICROS
}

/// How a day of charges lies to a question.
enum Reach {
    Outside,
    /// All of its charges lie in the interval, and in that bucket.
    Whole(u32),
    /// Some of them lie elsewhere than others.
    Partly,
}

fn reach(question: &Question, totals: &DayTotals, last_bucket: &mut usize) -> Reach {
    let midnight = midnight_of(totals);
    let time = |time: Option<&(i64, u32)>| midnight + time.map_or(0, |(time, _)| *time);
    let (first, last) = (time(totals.times.first()), time(totals.times.last()));
    let interval = question.interval;
    if last < interval.start().micros() || first >= interval.end().micros() {
        return Reach::Outside;
    }
    if !question.holds(first) || !question.holds(last) {
        return Reach::Partly;
    }
    let bucket = question.bucket_of(first, last_bucket);
    if bucket == question.bucket_of(last, last_bucket) {
        return u32::try_from(bucket).map_or(Reach::Partly, Reach::Whole);
    }
    Reach::Partly
}

#[cfg(test)]
impl Plan {
    /// A plan that reads nothing.
    pub(super) fn empty(shape: Shape) -> Self {
        let (metered, largest) = (true, None);
        let (grouping, by_bucket, slots, threads) = (Grouping::Hash, true, 0, 1);
        Self { works: Vec::new(), shape, grouping, by_bucket, metered, largest, slots, threads }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::charge::CostView;
    use crate::model::time::{Interval, Stamp, Zone};

    fn question(start: &str, end: &str, zone: Option<&str>) -> Question {
        let interval = Interval::new(Stamp::parse(start).unwrap(), Stamp::parse(end).unwrap()).unwrap();
        let mut question = Question::new(interval, CostView::Billed);
        let days = zone.map(|zone| Zone::parse(zone).unwrap().days(interval).unwrap());
        question.buckets = days.map(|days| days.into_iter().map(|day| day.interval).collect());
        question
    }

    /// How the days from 2024-03-01 on lie to it: `-` for outside, `~` for partly, else the bucket.
    fn reached(question: &Question, time_of_day: Option<i64>, days: i32) -> String {
        let times = time_of_day.map_or(vec![(0, 1), (DAY_MICROS - 1, 2)], |time| vec![(time, 1)]);
        let totals = |day| DayTotals { day: 19_783 + day, charges: 1, measures: [(None, 0); 5], times: times.clone() };
        let reached = (0..days).map(|day| match reach(question, &totals(day), &mut 0) {
            Reach::Outside => "-".to_owned(),
            Reach::Partly => "~".to_owned(),
            Reach::Whole(bucket) => bucket.to_string(),
        });
        reached.collect()
    }

    #[test]
    fn days_lie_outside_inside_or_across() {
        let (noon, last) = (Some(DAY_MICROS / 2), Some(DAY_MICROS - 1));
        let whole = question("2024-03-02T00:00:00Z", "2024-03-04T00:00:00Z", None);
        for time in [None, Some(0), noon, last] {
            assert_eq!(reached(&whole, time, 5), "-00--", "{time:?}");
        }
        let cut = question("2024-03-02T12:00:00Z", "2024-03-04T12:00:00Z", None);
        assert_eq!(reached(&cut, None, 5), "-~0~-");
        assert_eq!(reached(&cut, Some(0), 5), "--00-", "at midnight the first day has begun before");
        assert_eq!(reached(&cut, noon, 5), "-00--", "the start is inside, the end is not");
        assert_eq!(reached(&cut, last, 5), "-00--");
        let inside = question("2024-03-02T06:00:00Z", "2024-03-02T07:00:00Z", None);
        assert_eq!((reached(&inside, None, 3), reached(&inside, noon, 3)), ("-~-".into(), "---".into()));
    }

    #[test]
    fn days_of_another_zone_cut_those_of_utc() {
        let utc = question("2024-03-01T00:00:00Z", "2024-03-04T00:00:00Z", Some("UTC"));
        assert_eq!(reached(&utc, None, 4), "012-");
        // 2024-03-01T00:00 there is 18:30 of the day before.
        let india = question("2024-02-29T18:30:00Z", "2024-03-03T18:30:00Z", Some("Asia/Kolkata"));
        assert_eq!(reached(&india, None, 4), "~~~-");
        assert_eq!(reached(&india, Some(0), 4), "012-");
        assert_eq!(reached(&india, Some(DAY_MICROS * 3 / 4), 4), "012-", "18:00");
        assert_eq!(reached(&india, Some(DAY_MICROS - 1), 4), "12--", "of the next day there");
    }
}
