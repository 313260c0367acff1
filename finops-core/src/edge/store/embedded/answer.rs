//! Answering questions: from hot columns, which are built again where they are missing or damaged, else charge by
//! charge.

use super::hot::{Columns, HotWriter, PART, name_of};
use super::manifest::SegmentEntry;
use super::present::Listed;
use super::{EmbeddedStore, broken, segment};
use crate::edge::store::{Scan, Snapshot, go_through, watch};
use crate::insight::blocks::{Measure, dimension_columns};
use crate::insight::lane;
use crate::insight::question::Question;
use crate::insight::sums::{Labels, Sums};
use crate::model::charge::ChargeColumn;
use crate::model::progress::{Observer, Progress};
use crate::model::time::Interval;
use crate::{ErrorCode, Result};
use std::sync::Arc;

/// How often damaged columns are built again for one answer.
const ATTEMPTS: usize = 3;
/// How much may wait in memory to become blocks when they are built again.
const MAX_WAITING_BYTES: usize = 160 << 20;

pub(super) fn aggregate(
    store: &EmbeddedStore,
    snapshot: &Snapshot,
    question: &Question,
    observer: &dyn Observer,
) -> Result<Sums> {
    let entries = store.segments_of(snapshot.id, question.interval, question.estimated_only)?;
    if entries.is_empty() {
        return Ok(Sums::new(vec![Labels::default(); question.dimensions.len()], question.views.len()));
    }
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    let mut rebuilt = 0;
    for _ in 0..ATTEMPTS {
        let Some(columns) = open_all(store, &entries, &mut rebuilt, observer)? else { break };
        match lane::answer(question, &columns.blocks(), &columns, store.threads, observer) {
            Ok(Some(mut sums)) => {
                (sums.path.segments, sums.path.rebuilt_segments) = (count, rebuilt);
                return Ok(sums);
            }
            Ok(None) => break,
            Err(error) => {
                let damaged = store.hot.take_damaged();
                if damaged.is_empty() {
                    return Err(error);
                }
                if store.read_only {
                    break;
                }
                damaged.iter().for_each(|name| store.segments.remove(&name_of(name)));
            }
        }
    }
    let mut sums = go_through(store, snapshot, question, observer)?;
    (sums.path.segments, sums.path.scanned_segments, sums.path.rebuilt_segments) = (count, count, rebuilt);
    Ok(sums)
}

/// The hot files of all segments; none when one is missing and cannot be built here and now.
fn open_all<'s>(
    store: &'s EmbeddedStore,
    entries: &[Arc<Listed>],
    rebuilt: &mut u64,
    observer: &dyn Observer,
) -> Result<Option<Columns<'s>>> {
    let mut segments = Vec::with_capacity(entries.len());
    for Listed { entry, .. } in entries.iter().map(Arc::as_ref) {
        let open = || store.hot.segment(&entry.file, &entry.digest, || store.segments.open_hot(&entry.file));
        let found = match open() {
            Some(found) => found,
            None => {
                if !rebuild(store, entry, observer)? {
                    return Ok(None);
                }
                *rebuilt += 1;
                let Some(found) = open() else { return Ok(None) };
                found
            }
        };
        if found.1.blocks.is_none() {
            return Ok(None);
        }
        segments.push((entry.file.clone(), found.0, found.1));
    }
    Ok(Some(Columns { hot: &store.hot, state: &store.state, segments }))
}

/// Builds the hot file of a segment again. Not where that cannot be written: by a reader, or while an import goes on.
fn rebuild(store: &EmbeddedStore, entry: &SegmentEntry, observer: &dyn Observer) -> Result<bool> {
    if store.read_only {
        return Ok(false);
    }
    let mut session = match store.session() {
        Ok(session) => session,
        Err(error) if error.code() == ErrorCode::Conflict => return Ok(false),
        Err(error) => return Err(error),
    };
    let name = name_of(&entry.file);
    let part = format!("{name}{PART}");
    store.segments.remove(&part);
    let mut writer = HotWriter::new(store.segments.create(&part)?)?;
    let scan = Scan { columns: hot_columns(), custom: false, charged: Interval::always(), estimated_only: false };
    let mut progress = Progress::default();
    let read = segment::read(store.segments.open(entry)?, entry, &scan, &mut |table| {
        progress.rows += u64::try_from(table.rows()).unwrap_or(u64::MAX);
        watch(observer, &progress)?;
        writer.add(table, session.draft())?;
        if writer.buffered_bytes() > MAX_WAITING_BYTES { writer.flush() } else { Ok(()) }
    });
    let written = read.and_then(|()| {
        let digest = entry.digest.as_slice().try_into().map_err(super::damaged)?;
        store.segments.finish_hot(&part, writer.finish(digest, session.draft())?)?;
        let mut state = store.state();
        let transaction = state.transaction().map_err(broken)?;
        session.draft().save(&transaction)?;
        transaction.commit().map_err(broken)?;
        store.segments.rename(&part, &name)
    });
    if written.is_err() {
        store.segments.remove(&part);
    }
    written.map(|()| true)
}

/// What hot files are made of.
fn hot_columns() -> Vec<ChargeColumn> {
    let measures = Measure::ALL.into_iter().map(Measure::column);
    dimension_columns().chain(measures).chain([ChargeColumn::ChargePeriodStart]).collect()
}
