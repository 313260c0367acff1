//! An import under way: one open segment for each billing account's billing period.

use super::EmbeddedStore;
use super::segment::{SegmentWriter, Written};
use crate::edge::store::{Delivery, ImportSession};
use crate::model::charge::{ChargeTable, Scope};
use crate::model::receipt::ImportReceipt;
use crate::{Error, Result};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// How much may wait in memory to be written, over all open segments.
const MAX_BUFFERED_BYTES: usize = 192 << 20;
/// How many billing accounts and periods one import may bring: each keeps a file open.
const MAX_SCOPES: usize = 512;

/// Identifies the files of a session among those of others in the same store.
static SESSIONS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// An import under way.
pub(super) struct Session<'s> {
    store: &'s EmbeddedStore,
    /// Part of each file name; unique within the process, and a leftover of another process is never named.
    number: u64,
    files: u64,
    open: BTreeMap<Scope, SegmentWriter>,
    /// What waits in them to be written, in bytes.
    buffered: usize,
    done: Vec<Written>,
    /// Whether the manifest names the segments, or may do so.
    keep: bool,
}

impl<'s> Session<'s> {
    pub(super) fn new(store: &'s EmbeddedStore) -> Self {
        let number = SESSIONS.fetch_add(1, Ordering::Relaxed);
        Self { store, number, files: 0, open: BTreeMap::new(), buffered: 0, done: Vec::new(), keep: false }
    }

    /// Starts the segment of a scope, for tables that have some of the custom columns of `template`.
    pub(super) fn start(&mut self, scope: &Scope, template: &ChargeTable) -> Result<()> {
        let writer = self.create(scope, template)?;
        self.open.insert(scope.clone(), writer);
        Ok(())
    }

    /// Adds charges to a segment that was started.
    pub(super) fn add(&mut self, scope: &Scope, table: &ChargeTable) -> Result<()> {
        if let Some(writer) = self.open.get_mut(scope) {
            let before = writer.buffered_bytes();
            writer.write(scope, table)?;
            self.buffered = (self.buffered + writer.buffered_bytes()).saturating_sub(before);
        }
        if self.buffered > MAX_BUFFERED_BYTES { self.relieve() } else { Ok(()) }
    }

    /// Ends every segment that was started.
    pub(super) fn close_all(&mut self) -> Result<()> {
        while let Some((_, writer)) = self.open.pop_first() {
            self.close(writer)?;
        }
        self.buffered = 0;
        Ok(())
    }

    /// Ends the session with a commit of what was written. From the moment on at which the flag is set, the segments
    /// stay whatever it gives: a crash may still bring the transaction back, and the next opening removes them if not.
    pub(super) fn end<T>(mut self, commit: impl FnOnce(&[Written], &mut bool) -> Result<T>) -> Result<T> {
        self.close_all()?;
        commit(&self.done, &mut self.keep)
    }

    fn create(&mut self, scope: &Scope, table: &ChargeTable) -> Result<SegmentWriter> {
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
        SegmentWriter::new(scope.clone(), name, file, table)
    }

    fn close(&mut self, writer: SegmentWriter) -> Result<()> {
        let name = writer.name().to_owned();
        let finished = writer.finish().and_then(|(written, file)| {
            self.store.segments.finish(&name, file)?;
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
        let mut writers: Vec<_> = self.open.values_mut().map(|writer| (writer.buffered_bytes(), writer)).collect();
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
        if self.open.get(scope).is_some_and(|writer| !writer.takes(table)) {
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
        (*self).end(|written, undecided| store.commit(written, delivery, undecided))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if !self.keep {
            let open = std::mem::take(&mut self.open);
            let names: Vec<String> = open.values().map(|writer| writer.name().to_owned()).collect();
            drop(open);
            let done = self.done.iter().map(|written| written.file.clone());
            names.into_iter().chain(done).for_each(|name| self.store.segments.discard(&name));
        }
        self.store.importing.store(false, Ordering::Release);
    }
}
