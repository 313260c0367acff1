//! An import under way: one open segment for each billing account's billing period.

use super::EmbeddedStore;
use super::hot::{Draft, HotWriter, name_of};
use super::segment::{SegmentWriter, Written};
use super::segments::SegmentFile;
use crate::edge::store::{Delivery, ImportSession};
use crate::model::charge::{ChargeTable, Scope};
use crate::model::receipt::ImportReceipt;
use crate::{Error, Result};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// How much may wait in memory to be written, over all open segments.
const MAX_BUFFERED_BYTES: usize = 192 << 20;
/// How much may wait in memory to become hot columns, over all open segments.
const MAX_WAITING_BYTES: usize = 96 << 20;
/// How many billing accounts and periods one import may bring: each keeps two files open.
const MAX_SCOPES: usize = 200;

/// Identifies the files of a session among those of others in the same store.
static SESSIONS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// An import under way.
pub(super) struct Session<'s> {
    store: &'s EmbeddedStore,
    /// Part of each file name; unique within the process, and a leftover of another process is never named.
    number: u64,
    files: u64,
    open: BTreeMap<Scope, Open>,
    /// What waits in the segments to be written, in bytes.
    buffered: usize,
    /// The texts that hot columns have codes for, with those that came new.
    draft: Draft,
    done: Vec<Written>,
    /// Whether the manifest names the segments, or may do so.
    keep: bool,
}

/// A segment being written, and its hot file.
struct Open {
    segment: SegmentWriter,
    hot: HotWriter<SegmentFile>,
}

impl<'s> Session<'s> {
    /// Starts a session; the store has made sure that there is no other.
    pub(super) fn new(store: &'s EmbeddedStore) -> Result<Self> {
        let number = SESSIONS.fetch_add(1, Ordering::Relaxed);
        let mut session = Self {
            store,
            number,
            files: 0,
            open: BTreeMap::new(),
            buffered: 0,
            draft: Draft::default(),
            done: Vec::new(),
            keep: false,
        };
        session.draft = Draft::new(&store.hot.vocabulary, &store.state())?;
        Ok(session)
    }

    /// The texts that hot columns have codes for, with those that came new.
    pub(super) fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// Starts the segment of a scope, for tables that have some of the custom columns of `template`.
    pub(super) fn start(&mut self, scope: &Scope, template: &ChargeTable) -> Result<()> {
        let writer = self.create(scope, template)?;
        self.open.insert(scope.clone(), writer);
        Ok(())
    }

    /// Adds charges to a segment that was started.
    pub(super) fn add(&mut self, scope: &Scope, table: &ChargeTable) -> Result<()> {
        if let Some(Open { segment, hot }) = self.open.get_mut(scope) {
            let before = segment.buffered_bytes();
            segment.write(scope, table)?;
            self.buffered = (self.buffered + segment.buffered_bytes()).saturating_sub(before);
            hot.add(table, &mut self.draft)?;
        }
        if self.buffered > MAX_BUFFERED_BYTES {
            self.relieve()?;
        }
        self.relieve_hot()
    }

    /// Ends every segment that was started.
    pub(super) fn close_all(&mut self) -> Result<()> {
        while let Some((_, writer)) = self.open.pop_first() {
            self.close(writer)?;
        }
        self.buffered = 0;
        Ok(())
    }

    /// Makes blocks of the most charges that wait, once too many do.
    fn relieve_hot(&mut self) -> Result<()> {
        let waiting: usize = self.open.values().map(|open| open.hot.buffered_bytes()).sum();
        if waiting <= MAX_WAITING_BYTES {
            return Ok(());
        }
        let fullest = self.open.values_mut().max_by_key(|open| open.hot.buffered_bytes());
        fullest.map_or(Ok(()), |open| open.hot.flush())
    }

    /// Ends the session with a commit of what was written, and of the texts that are new in hot columns. From the
    /// moment on at which the flag is set, the segments stay whatever it gives: a crash may still bring the transaction
    /// back, and the next opening removes them if not.
    pub(super) fn end<T>(mut self, commit: impl FnOnce(&[Written], &Draft, &mut bool) -> Result<T>) -> Result<T> {
        self.close_all()?;
        commit(&self.done, &self.draft, &mut self.keep)
    }

    fn create(&mut self, scope: &Scope, table: &ChargeTable) -> Result<Open> {
        if self.open.len() >= MAX_SCOPES {
            let message = format!(
                "the files hold more than {MAX_SCOPES} pairs of billing account and billing period: import them in \
                 several calls"
            );
            return Err(Error::invalid("path", message));
        }
        self.files += 1;
        let folder = scope.period_label().replace('/', "_");
        let unique = blake3::hash(format!("{}-{}-{}", std::process::id(), self.number, self.files).as_bytes());
        let snapshot = super::manifest::snapshot_id(&self.store.state())? + 1;
        let tail = unique.to_hex();
        let name = format!("{folder}/imp_{snapshot:08}_{}.parquet", tail.get(..16).unwrap_or(&tail));
        let file = self.store.segments.create(&name)?;
        let hot = HotWriter::new(self.store.segments.create(&name_of(&name))?)?;
        Ok(Open { segment: SegmentWriter::new(scope.clone(), name, file, table)?, hot })
    }

    fn close(&mut self, Open { segment, hot }: Open) -> Result<()> {
        let name = segment.name().to_owned();
        let finished = segment.finish().and_then(|(written, file)| {
            self.store.segments.finish(&name, file)?;
            let hot = hot.finish(written.digest, &self.draft)?;
            self.store.segments.finish_hot(&name_of(&name), hot)?;
            Ok(written)
        });
        match finished {
            Ok(written) => {
                self.done.push(written);
                Ok(())
            }
            Err(error) => {
                self.store.segments.discard(&name);
                Err(error)
            }
        }
    }

    /// Writes out the fullest segments until half of what may wait in memory is left.
    fn relieve(&mut self) -> Result<()> {
        let mut writers: Vec<_> =
            self.open.values_mut().map(|open| (open.segment.buffered_bytes(), &mut open.segment)).collect();
        writers.sort_by_key(|(bytes, _)| Reverse(*bytes));
        let mut left: usize = writers.iter().map(|(bytes, _)| bytes).sum();
        for (bytes, writer) in writers {
            if left <= MAX_BUFFERED_BYTES / 2 {
                break;
            }
            writer.flush()?;
            left -= bytes;
        }
        self.buffered = left;
        Ok(())
    }
}

impl ImportSession for Session<'_> {
    fn write(&mut self, scope: &Scope, table: &ChargeTable) -> Result<()> {
        if table.is_empty() {
            return Ok(());
        }
        if self.open.get(scope).is_some_and(|open| !open.segment.takes(table)) {
            // Other custom columns, from another file: these rows go into a segment of their own.
            if let Some(writer) = self.open.remove(scope) {
                self.close(writer)?;
            }
        }
        if !self.open.contains_key(scope) {
            self.start(scope, table)?;
        }
        self.add(scope, table)
    }

    fn commit(self: Box<Self>, delivery: Delivery) -> Result<ImportReceipt> {
        let store = self.store;
        (*self).end(|written, draft, undecided| store.commit(written, draft, delivery, undecided))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if !self.keep {
            let open = std::mem::take(&mut self.open);
            let names: Vec<String> = open.values().map(|open| open.segment.name().to_owned()).collect();
            drop(open);
            let done = self.done.iter().map(|written| written.file.clone());
            names.into_iter().chain(done).for_each(|name| self.store.segments.discard(&name));
        }
        self.store.turn.end();
    }
}
