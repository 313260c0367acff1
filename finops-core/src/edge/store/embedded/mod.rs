//! The store of one machine: SQLite for state and the manifest, Parquet segments for charges.
//!
//! The SQLite transaction is the one commit point. A segment is written and synced before the manifest names it, and
//! is never changed after; what the manifest does not name is rubbish of an import that did not finish, and is
//! removed when the store is next opened for writing.
//!
//! ```text
//! <folder>/state.sqlite               manifest, catalogue, imports (WAL, synchronous=FULL)
//! <folder>/charges/2024-09/*.parquet  charges by billing period, FOCUS columns, DECIMAL(38, 18)
//! <folder>/charges/2024-09/*.hot      the same for adding up; built again when they are missing or damaged
//! <folder>/writer.lock                held by the one process that writes
//! <folder>/{readers,gate}.lock        shared by those who read, so that no vacuum takes a file from under them
//! ```

mod alerts;
mod allocation;
mod announcements;
mod answer;
mod audit;
mod billing;
mod catalog;
mod compact;
mod definitions;
mod feedback;
mod files;
mod history;
mod hot;
mod lock;
mod manifest;
mod outbox;
mod present;
mod readers;
mod schema;
mod segment;
mod segments;
mod session;
mod store;
#[cfg(all(test, feature = "conformance"))]
mod tests;
mod tuning;
mod turn;
mod usage;
mod virtuals;

pub use tuning::Tuning;

use super::Delivery;
use crate::model::receipt::ImportReceipt;
use crate::model::time::Interval;
use crate::{Error, ErrorCode, Result};
use hot::{CACHE_BYTES, Draft, HotStore};
use lock::WriterLock;
use present::{Listed, Present};
use readers::Readers;
use rusqlite::{Connection, OpenFlags};
use segments::Segments;
use session::Session;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tuning::threads;
use turn::Turn;
use usage::Usage;

const STATE_FILE: &str = "state.sqlite";
/// How many statements stay prepared: all that there are.
const STATEMENTS: usize = 128;
/// How many pages SQLite keeps, in KiB as it wants it (negative).
const CACHE_KIB: i64 = -16_384;

/// A store in a folder or in memory. The type is `Send + Sync`: share it between threads in an `Arc`.
#[derive(Debug)]
pub struct EmbeddedStore {
    /// First, so that its last checkpoint is made while the rest is there.
    usage: Usage,
    state: Arc<Mutex<Connection>>,
    segments: Segments,
    hot: HotStore,
    present: Present,
    readers: Readers,
    /// How many threads a query may use.
    threads: usize,
    /// Present in the process that writes; none in readers and in memory.
    _lock: Option<WriterLock>,
    read_only: bool,
    /// Whose turn it is to write charges.
    turn: Turn,
}

impl EmbeddedStore {
    /// A store that lives and dies with the value.
    ///
    /// # Errors
    /// `storage` when SQLite cannot be set up.
    pub fn in_memory() -> Result<Self> {
        let state = Connection::open_in_memory().map_err(broken)?;
        Self::set_up(state, None, Segments::in_memory(), Readers::in_memory(), None)
    }

    /// The store in a folder, made when it is not there.
    ///
    /// # Errors
    /// `conflict` when another process writes to it; `storage` when the folder cannot be used or holds the store of
    /// a newer version.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|error| unusable(folder, error))?;
        let lock = WriterLock::acquire(folder)?;
        let path = folder.join(STATE_FILE);
        let state = Connection::open(&path).map_err(broken)?;
        let readers = Readers::in_folder(folder, true)?;
        let store = Self::set_up(state, Some(&path), Segments::in_folder(folder)?, readers, Some(lock))?;
        store.segments.remove_unnamed(&manifest::files(&store.state())?)?;
        store.read_ahead();
        Ok(store)
    }

    /// The store in a folder, to read from while another process may write. A process that can neither read nor make
    /// `readers.lock` and `gate.lock` there, for want of permission, reads as well; a vacuum does not wait for it, and
    /// what it reads may then end in an error, never in a wrong sum.
    ///
    /// # Errors
    /// `not_found` when there is no store; `storage` when it has to be migrated first.
    pub fn open_read_only(folder: &Path) -> Result<Self> {
        let path = folder.join(STATE_FILE);
        if !path.exists() {
            let message = format!("no store is at '{}': open it for writing once", folder.display());
            return Err(Error::new(ErrorCode::NotFound, message).with_field("location"));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let state = Connection::open_with_flags(path, flags).map_err(broken)?;
        state.busy_timeout(schema::BUSY_TIMEOUT).map_err(broken)?;
        schema::check(&state)?;
        state.set_prepared_statement_cache_capacity(STATEMENTS);
        let (segments, readers) = (Segments::in_folder(folder)?, Readers::in_folder(folder, false)?);
        let (state, turn) = (Arc::new(Mutex::new(state)), Turn::default());
        let (hot, threads) = (HotStore::new(CACHE_BYTES), threads());
        let present = Present::default();
        let usage = Usage::new(Arc::clone(&state), Arc::clone(&state), true);
        let store = Self { usage, state, segments, hot, present, readers, threads, _lock: None, read_only: true, turn };
        store.read_ahead();
        Ok(store)
    }

    /// `path` is where the state lies, if it is not in memory.
    fn set_up(
        mut state: Connection,
        path: Option<&Path>,
        segments: Segments,
        readers: Readers,
        lock: Option<WriterLock>,
    ) -> Result<Self> {
        state.busy_timeout(schema::BUSY_TIMEOUT).map_err(broken)?;
        // Before the journal mode, which is written into the file.
        schema::refuse_unfit(&state)?;
        state.pragma_update(None, "journal_mode", "WAL").map_err(broken)?;
        state.pragma_update(None, "synchronous", "FULL").map_err(broken)?;
        state.pragma_update(None, "foreign_keys", true).map_err(broken)?;
        state.pragma_update(None, "cache_size", CACHE_KIB).map_err(broken)?;
        schema::migrate(&mut state)?;
        state.set_prepared_statement_cache_capacity(STATEMENTS);
        let (state, turn) = (Arc::new(Mutex::new(state)), Turn::default());
        let (hot, threads) = (HotStore::new(CACHE_BYTES), threads());
        let present = Present::default();
        let usage_writer =
            path.map(|path| Result::<_, Error>::Ok(Arc::new(Mutex::new(usage::connection(path)?)))).transpose()?;
        let usage = Usage::new(usage_writer.unwrap_or_else(|| Arc::clone(&state)), Arc::clone(&state), false);
        Ok(Self { usage, state, segments, hot, present, readers, threads, _lock: lock, read_only: false, turn })
    }

    /// The store with other limits for its queries. It reads now, within them, what most queries begin with.
    #[must_use]
    pub fn tuned(mut self, tuning: Tuning) -> Self {
        self.threads = tuning.threads.max(1);
        self.hot = HotStore::new(tuning.cache_bytes);
        self.usage.limit(tuning.usage_memory_bytes, self.threads);
        answer::read_ahead(&self, tuning.cache_bytes);
        self
    }

    /// Reads the present state, so that the first query finds it. What is wrong with it is for that query to say.
    fn read_ahead(&self) {
        drop(self.present.snapshot(&self.state(), |_| ()));
    }

    /// A panic while the lock was held cannot have left a transaction half done: SQLite rolled it back.
    fn state(&self) -> MutexGuard<'_, Connection> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_when_read_only(&self) -> Result<()> {
        if self.read_only {
            let message = "the store was opened for reading: open it without read_only to write";
            return Err(Error::new(ErrorCode::Conflict, message));
        }
        Ok(())
    }

    /// Says that a state was removed where reading it failed for that reason: whoever cannot lock keeps no files.
    fn unless_removed<T>(&self, snapshot: u64, read: Result<T>) -> Result<T> {
        match read {
            Err(error) if error.code() == ErrorCode::Storage => {
                history::refuse_removed(&self.state(), snapshot).and(Err(error))
            }
            read => read,
        }
    }

    /// The segments of a state whose charges may start within the interval.
    fn segments_of(&self, snapshot: u64, charged: Interval, estimated: bool) -> Result<Vec<Arc<Listed>>> {
        self.present.segments(|| manifest::segments(&self.state(), snapshot), snapshot, charged, estimated)
    }

    /// Starts to write for somebody who asked for it, and who waits for what nobody asked for: the booking of usage,
    /// and a query that builds hot columns again.
    fn session_of_caller(&self) -> Result<Session<'_>> {
        self.session(Turn::ask)
    }

    /// Starts to write what nobody asked for, and what an import waits for.
    fn session_aside(&self) -> Result<Session<'_>> {
        self.session(Turn::book)
    }

    /// Starts to write: one import, compaction or booking at a time.
    fn session(&self, take: impl FnOnce(&Turn) -> bool) -> Result<Session<'_>> {
        self.refuse_when_read_only()?;
        if !take(&self.turn) {
            let message = "another import into this store or a compaction is under way: wait for it";
            return Err(Error::new(ErrorCode::Conflict, message));
        }
        Session::new(self)
    }

    fn commit(
        &self,
        written: &[segment::Written],
        draft: &Draft,
        delivery: Delivery,
        undecided: &mut bool,
    ) -> Result<ImportReceipt> {
        manifest::commit(&mut self.state(), written, draft, delivery, undecided)
    }
}

fn broken(error: rusqlite::Error) -> Error {
    Error::new(ErrorCode::Storage, format!("the state file failed: {error}")).with_source(error)
}

fn unusable(path: &Path, error: std::io::Error) -> Error {
    let message = format!("'{}' cannot be used: {error}", path.display());
    Error::new(ErrorCode::Storage, message).with_source(error)
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::Storage, format!("the state file holds what was never written there: {what}"))
}
