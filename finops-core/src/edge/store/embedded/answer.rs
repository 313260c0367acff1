//! Answering questions: from hot columns, which are built again where they are missing or damaged, else charge by
//! charge.

use super::hot::{Columns, Draft, HotWriter, PART, name_of};
use super::manifest::SegmentEntry;
use super::present::Listed;
use super::turn::Turn;
use super::{EmbeddedStore, broken, segment};
use crate::edge::store::{Scan, Snapshot, go_through};
use crate::insight::blocks::{Measure, dimension_columns};
use crate::insight::lane::{self, BlockSource};
use crate::insight::question::Question;
use crate::insight::sums::{Labels, Sums};
use crate::model::charge::ChargeColumn;
use crate::model::progress::{Observer, Progress, watch};
use crate::model::time::Interval;
use crate::{ErrorCode, Result};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Of how many segments the directories are read when a store is opened, the newest first, and about how many bytes of
/// them: a store of any size is opened in the same few milliseconds.
const AHEAD_SEGMENTS: usize = 64;
const AHEAD_BYTES: u64 = 4 << 20;
/// The values of a dimension are read as well when it has no more than these.
const AHEAD_WORDS: usize = 1_000;
/// How often damaged columns are built again for one answer.
const ATTEMPTS: usize = 3;
/// How much may wait in memory to become blocks when they are built again.
const MAX_WAITING_BYTES: usize = 96 << 20;

pub(super) fn aggregate(
    store: &EmbeddedStore,
    snapshot: &Snapshot,
    question: &Question,
    observer: &dyn Observer,
) -> Result<Sums> {
    let entries = store.segments_of(snapshot.id, question.interval, question.estimated_only)?;
    if entries.is_empty() {
        let mut nothing = Sums::new(vec![Labels::default(); question.dimensions.len()], question.views.len());
        nothing.distinct = question.distinct.as_ref().map(|_| HashMap::new());
        return Ok(nothing);
    }
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    let (mut rebuilt, mut unsound) = (0, BTreeSet::new());
    for _ in 0..ATTEMPTS {
        let Some(columns) = open_all(store, &entries, &mut unsound, &mut rebuilt, observer)? else { break };
        match lane::answer(question, &columns.blocks(), &columns, store.threads, observer) {
            Ok(Some(mut sums)) => {
                (sums.path.segments, sums.path.rebuilt_segments) = (count, rebuilt);
                return Ok(sums);
            }
            Ok(None) => break,
            Err(error) if error.code() == ErrorCode::Storage => {
                let damaged = columns.damaged();
                if damaged.is_empty() {
                    return Err(error);
                }
                // Another query may have built one again already: what is open of it now is not what was damaged. It
                // stays until it is replaced, so that nobody finds nothing in its place.
                let forgotten = |(name, number): &(String, u64)| store.hot.forget_opened(name, *number);
                unsound.extend(damaged.into_iter().filter(forgotten).map(|(name, _)| name));
            }
            Err(error) => return Err(error),
        }
    }
    let mut sums = go_through(store, snapshot, question, observer)?;
    (sums.path.segments, sums.path.scanned_segments, sums.path.rebuilt_segments) = (count, count, rebuilt);
    Ok(sums)
}

/// Reads the directories of hot files and the values of small dimensions, so that the first query finds them. What is
/// wrong with one is for that query to see.
pub(super) fn read_ahead(store: &EmbeddedStore, cache_bytes: u64) {
    let Some(present) = store.present.newest(AHEAD_SEGMENTS) else { return };
    // Taken before files are opened, as by any reader.
    let Ok(_pin) = store.readers.pin() else { return };
    let (mut bytes, mut read) = (0, Vec::new());
    for Listed { entry, .. } in present.iter().map(Arc::as_ref) {
        if bytes >= AHEAD_BYTES.min(cache_bytes) {
            break;
        }
        let open = || store.segments.hot(&entry.file);
        let Ok(Some((number, segment))) = store.hot.segment(&entry.file, &entry.digest, &store.state, open) else {
            break;
        };
        bytes += segment.directory_bytes;
        read.push((entry.file.clone(), number, segment));
    }
    let columns = Columns::new(&store.hot, &store.state, read);
    // The currencies first: every question needs them.
    for column in [ChargeColumn::BillingCurrency].into_iter().chain(dimension_columns()) {
        if bytes < AHEAD_BYTES
            && (1..=AHEAD_WORDS).contains(&columns.count(column))
            && let Ok(words) = columns.words(column)
        {
            bytes += words.iter().map(|word| u64::try_from(word.len()).unwrap_or(u64::MAX)).sum::<u64>();
        }
    }
}

/// The hot files of all segments; none when one is missing, or is known not to be sound, and cannot be built here and
/// now.
fn open_all<'s>(
    store: &'s EmbeddedStore,
    entries: &[Arc<Listed>],
    unsound: &mut BTreeSet<String>,
    rebuilt: &mut u64,
    observer: &dyn Observer,
) -> Result<Option<Columns<'s>>> {
    let mut segments = Vec::with_capacity(entries.len());
    for Listed { entry, .. } in entries.iter().map(Arc::as_ref) {
        let open = || store.hot.segment(&entry.file, &entry.digest, &store.state, || store.segments.hot(&entry.file));
        let usable = if unsound.remove(&entry.file) { None } else { open()? };
        let found = if let Some(found) = usable {
            found
        } else {
            if !rebuild(store, entry, observer)? {
                return Ok(None);
            }
            *rebuilt += 1;
            let Some(found) = open()? else { return Ok(None) };
            found
        };
        if found.1.blocks.is_none() {
            return Ok(None);
        }
        segments.push((entry.file.clone(), found.0, found.1));
    }
    Ok(Some(Columns::new(&store.hot, &store.state, segments)))
}

/// Builds the hot file of a segment again. Not where that cannot be written: by a reader, while an import goes on, or
/// on a full disk.
fn rebuild(store: &EmbeddedStore, entry: &SegmentEntry, observer: &dyn Observer) -> Result<bool> {
    if store.read_only {
        return Ok(false);
    }
    match build(store, entry, observer) {
        Ok(()) => Ok(true),
        // Whoever goes through the charges says what is wrong, if it is the segment.
        Err(error) if matches!(error.code(), ErrorCode::Conflict | ErrorCode::Storage) => Ok(false),
        Err(error) => Err(error),
    }
}

fn build(store: &EmbeddedStore, entry: &SegmentEntry, observer: &dyn Observer) -> Result<()> {
    let mut session = store.session(Turn::seize)?;
    let name = name_of(&entry.file);
    let part = format!("{name}{PART}");
    store.segments.remove(&part);
    let built = build_part(store, entry, &part, session.draft(), observer);
    let built = built.and_then(|()| store.segments.rename(&part, &name));
    if built.is_err() {
        store.segments.remove(&part);
    }
    built
}

/// Writes the hot file of a segment under another name, and commits the texts that came new.
fn build_part(
    store: &EmbeddedStore,
    entry: &SegmentEntry,
    part: &str,
    draft: &mut Draft,
    observer: &dyn Observer,
) -> Result<()> {
    let mut writer = HotWriter::new(store.segments.create(part)?)?;
    let scan = Scan { columns: hot_columns(), custom: false, charged: Interval::always(), estimated_only: false };
    let mut progress = Progress::default();
    segment::read(store.segments.open(entry)?, entry, &scan, &mut |table| {
        progress.rows += u64::try_from(table.rows()).unwrap_or(u64::MAX);
        watch(observer, &progress)?;
        writer.add(table, draft)?;
        if writer.buffered_bytes() > MAX_WAITING_BYTES { writer.flush() } else { Ok(()) }
    })?;
    let digest = entry.digest.as_slice().try_into().map_err(super::damaged)?;
    store.segments.finish_hot(part, writer.finish(digest, draft)?)?;
    let mut state = store.state();
    let transaction = state.transaction().map_err(broken)?;
    draft.save(&transaction)?;
    transaction.commit().map_err(broken)
}

/// What hot files are made of.
fn hot_columns() -> Vec<ChargeColumn> {
    let measures = Measure::ALL.into_iter().map(Measure::column);
    dimension_columns().chain(measures).chain([ChargeColumn::ChargePeriodStart]).collect()
}
