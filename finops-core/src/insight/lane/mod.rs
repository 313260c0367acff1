//! The fast way from blocks to sums: plan what has to be read, read it once, add up exactly.
//!
//! Each day of each block is answered from its smallest section that tells apart what the question asks for: the
//! totals of the day, a margin, the cube, the days, the charges. Filters and groups are decided once per distinct
//! value. Sums are kept at 18 decimals in 128 bits, which the statistics of the blocks prove to be wide enough before
//! anything is added; where they cannot, there is no answer here, and the plain way takes over.

mod axis;
mod cells;
mod days;
mod keys;
mod load;
mod parts;
mod queue;
mod sections;
mod target;
mod test;
mod threads;
mod view;
mod work;
mod worker;

use super::blocks::{BlockIndex, Data, Measure, Records};
use super::plan::Grouping;
use super::question::Question;
use super::sums::{Labels, Sums};
use crate::model::charge::{ChargeColumn, Dictionary};
use crate::model::money::Currency;
use crate::model::progress::{Observer, Progress};
use crate::{Error, ErrorCode, Result};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

pub use axis::TagValues;
use axis::{Known, Prepared, prepare};
use cells::Cells;
use queue::Queue;
use work::Plan;

/// Texts are read one by one where there are this many times more of them than groups.
const FEW: usize = 64;
/// Fewer rows than this are not worth a second thread. Unit tests have fewer, and are about threads as well.
const ROWS_PER_THREAD: u64 = if cfg!(test) { 100 } else { 200_000 };

/// What the lane reads from.
pub trait BlockSource: Sync {
    /// How many texts of a column have a code.
    fn count(&self, column: ChargeColumn) -> usize;

    /// The texts of a column; code 1 stands for the first.
    ///
    /// # Errors
    /// `storage`.
    fn words(&self, column: ChargeColumn) -> Result<Arc<Dictionary>>;

    /// The texts of some codes of a column, in their order; the codes ascend.
    ///
    /// # Errors
    /// `storage`.
    fn texts(&self, column: ChargeColumn, codes: &[u32]) -> Result<Dictionary>;

    /// The values of a tag, for the texts of column `Tags`.
    ///
    /// # Errors
    /// `storage`.
    fn tag_values(&self, key: &str) -> Result<Arc<TagValues>>;

    /// A column of a section of a block of a segment, by their places, and how many bytes came from disk for it.
    ///
    /// # Errors
    /// `storage` when it is damaged or cannot be read.
    fn column(&self, segment: usize, block: usize, section: usize, chunk: usize) -> Result<(Arc<Data>, u64)>;

    /// The same of some of the rows, as if there were no others.
    ///
    /// # Errors
    /// `storage` when they are damaged or cannot be read.
    fn rows(
        &self,
        segment: usize,
        block: usize,
        section: usize,
        chunk: usize,
        rows: Range<usize>,
    ) -> Result<(Data, u64)>;

    /// The records of a code from the drill of a section, with where they lie there, and of them some columns by the
    /// places of their chunks, which are not that of the lead; there may be others beside them.
    ///
    /// # Errors
    /// `storage` when they are damaged or cannot be read.
    fn records(
        &self,
        segment: usize,
        block: usize,
        section: usize,
        records: (u32, Range<usize>),
        chunks: &[usize],
    ) -> Result<(Arc<Records>, u64)>;

    /// Whether columns of a section are all in memory, or this was asked of the section before: then they are worth
    /// reading as a whole.
    fn is_known(&self, segment: usize, block: usize, section: usize, chunks: &[usize]) -> bool;
}

/// Answers a question from the blocks of segments; none when it cannot be proven that sums fit, or when the codes of a
/// group are too many bits.
///
/// # Errors
/// `invalid_argument` when there are too many groups; `cancelled`; `storage`.
pub fn answer(
    question: &Question,
    segments: &[Arc<Vec<BlockIndex>>],
    source: &dyn BlockSource,
    threads: usize,
    observer: &dyn Observer,
) -> Result<Option<Sums>> {
    let prepared = prepare(question, source)?;
    let Some(plan) = Plan::new(&prepared, segments, threads) else { return Ok(None) };
    let stop = AtomicBool::new(false);
    let rows = AtomicU64::new(0);
    let queue = Queue::new(&plan.works, plan.threads, plan.by_bucket);
    let shared = Shared { prepared: &prepared, plan: &plan, queue: &queue, segments, source, stop: &stop, rows: &rows };
    let mut results = threads::run(&shared, &|rows| watch(observer, rows));
    // Where one thread fails the others are stopped: what stopped them is the reason.
    results.sort_by_key(|result| result.as_ref().is_err_and(|error| error.code() == ErrorCode::Cancelled));
    let done = results.into_iter().collect::<Result<Vec<_>>>()?;
    merge(&prepared, &plan, done, source).map(Some)
}

/// What all threads of a query see.
struct Shared<'a> {
    prepared: &'a Prepared<'a>,
    plan: &'a Plan,
    queue: &'a Queue,
    segments: &'a [Arc<Vec<BlockIndex>>],
    source: &'a dyn BlockSource,
    stop: &'a AtomicBool,
    /// Rows behind all of them.
    rows: &'a AtomicU64,
}

/// What one thread came to.
struct Done {
    /// Groups that no other thread has.
    sums: Sums,
    /// Groups that others may have as well.
    cells: Cells,
    path: super::plan::Path,
}

fn watch(observer: &dyn Observer, rows: u64) -> Result<()> {
    match observer.progress(&Progress { rows, ..Progress::default() }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::new(ErrorCode::Cancelled, "the query was stopped")),
    }
}

fn merge(prepared: &Prepared<'_>, plan: &Plan, done: Vec<Done>, source: &dyn BlockSource) -> Result<Sums> {
    let mut sums = Sums::new(vec![Labels::default(); prepared.axes.len()], prepared.question.views.len());
    sums.currencies = currencies(&prepared.currencies)?;
    if prepared.question.distinct.is_some() {
        sums.distinct = Some(std::collections::HashMap::new());
    }
    let threads = u64::try_from(done.len()).unwrap_or(1).max(1);
    let mut shared: Option<Cells> = None;
    for Done { sums: own, cells, path } in done {
        sums.path.add(&path);
        sums.append(own);
        match &mut shared {
            None => shared = Some(cells),
            Some(shared) => shared.merge(&cells, prepared.question.max_groups)?,
        }
    }
    (sums.path.threads, sums.path.grouping) = (threads, plan.grouping);
    if let Some(mut cells) = shared {
        let least = plan.largest.and_then(|largest| cells.least(largest));
        cells.flush(plan, 0, least, &mut sums);
    }
    sums.refuse_beyond(prepared.question.max_groups)?;
    if let Some(largest) = plan.largest {
        sums.prune(largest);
    }
    label(prepared, &mut sums, source)?;
    Ok(sums)
}

/// Gives the codes of the groups their texts. Where a few groups are left of a column of many texts, only theirs are
/// read.
fn label(prepared: &Prepared<'_>, sums: &mut Sums, source: &dyn BlockSource) -> Result<()> {
    let width = prepared.axes.len();
    for (place, axis) in prepared.axes.iter().enumerate() {
        let labels = match &axis.labels {
            Known::Labels(labels) => labels.clone(),
            Known::Column(column, count) if sums.len() < count / FEW => {
                let mut used: Vec<u32> = sums.codes.iter().skip(place).step_by(width).copied().collect();
                used.sort_unstable();
                used.dedup();
                used.retain(|code| *code != 0);
                let texts = source.texts(*column, &used)?;
                for code in sums.codes.iter_mut().skip(place).step_by(width) {
                    let found = used.binary_search(code).ok();
                    *code = found.and_then(|found| u32::try_from(found + 1).ok()).unwrap_or(0);
                }
                if let Some(distinct) = &mut sums.distinct {
                    *distinct = std::mem::take(distinct)
                        .into_iter()
                        .filter_map(|((bucket, mut codes), count)| {
                            let code = codes.get_mut(place)?;
                            *code =
                                if *code == 0 { 0 } else { u32::try_from(used.binary_search(code).ok()? + 1).ok()? };
                            Some(((bucket, codes), count))
                        })
                        .collect();
                }
                Labels::new(Arc::new(texts))
            }
            Known::Column(column, _) => Labels::new(source.words(*column)?),
        };
        if let Some(slot) = sums.labels.get_mut(place) {
            *slot = labels;
        }
    }
    Ok(())
}

/// The currencies by their codes; the code 0 of "has no value" is no currency and is never met.
fn currencies(labels: &Labels) -> Result<Vec<Currency>> {
    let texts = (1..labels.len()).filter_map(|code| u32::try_from(code).ok()).filter_map(|code| labels.get(code));
    texts.map(Currency::parse).collect()
}

/// How the places of a question's views are called in blocks.
fn measures(question: &Question) -> Vec<Measure> {
    question.views.iter().map(|view| Measure::Cost(*view)).collect()
}

/// The way that was taken when nothing is told apart.
const fn grouping(cells: &keys::Shape) -> Grouping {
    match cells {
        keys::Shape::Dense { combinations: 1, .. } => Grouping::None,
        keys::Shape::Dense { .. } => Grouping::Dense,
        keys::Shape::Hash { .. } => Grouping::Hash,
    }
}
