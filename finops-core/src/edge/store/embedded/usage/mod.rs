//! Usage in the state file: batches of events, their fingerprints, and the pages that they add up to.
//!
//! ```text
//! events -> checked -> queue -> ledger: new ones -> a batch, one transaction -> fingerprints and pages in memory
//!                                        checkpoint: fingerprints into blocks, pages that changed, in one transaction
//! ```
//!
//! What is in memory follows what is durable, never the other way: when a commit fails, nothing has changed, and where
//! that cannot be told, memory is made again from the file. Locks are taken in the order ledger, connection, counted.

mod batch;
mod changes;
mod changing;
mod counted;
mod fingerprints;
mod ledger;
mod meters;
mod pages;
mod queue;
mod raw;
mod since;
mod tables;
mod tidy;

#[cfg(test)]
mod tests;

use super::schema::BUSY_TIMEOUT;
use super::tuning::threads;
use super::{CACHE_KIB, STATEMENTS, broken};
use crate::edge::store::usage::{ChangeMeters, UsageMark, UsageStatus, UsageStore, UsageTidied, VisitEvent};
use crate::model::audit::Change;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{EventKey, MAX_EVENTS, MeterSet, Outcome, Policy, UsageEvent};
use crate::pipeline::metering::{PageKey, Rollups, check};
use crate::{Error, ErrorCode, Result};
use counted::Counted;
use ledger::{Checked, Identity, Ledger, Memory, SHARED_EVENTS};
use queue::Queue;
use rusqlite::Connection;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use tables::Progress;

/// How many bytes of memory fingerprints and pages take.
pub(super) const MEMORY_BYTES: u64 = 256 << 20;
/// How many pages of 4 KiB wait in the log before they are brought into the file: each time costs two more syncs.
const WAL_PAGES: i64 = 16_384;
/// How many events of several callers one commit takes.
const GROUP_EVENTS: usize = 1 << 16;

/// How often an answer is tried beside others before it is given alone.
const TRIES: usize = 8;

/// What is done with sums that are in memory.
type ReadRollups<'r> = &'r mut dyn FnMut(&Rollups) -> Result<()>;

/// The usage of a store.
#[derive(Debug)]
pub(super) struct Usage {
    /// What commits go through: in a folder a connection of its own, so that no query waits until they are durable.
    writer: Arc<Mutex<Connection>>,
    /// What queries go through.
    reader: Arc<Mutex<Connection>>,
    read_only: bool,
    queue: Queue<Checked, Vec<Outcome>>,
    /// None until usage is first asked for, and when memory must be made again.
    ledger: Mutex<Option<Ledger>>,
    counted: RwLock<Option<Counted>>,
    meters: RwLock<Option<Arc<MeterSet>>>,
    policy: Policy,
    memory: AtomicU64,
    /// How many threads a call may use.
    threads: AtomicUsize,
    /// The latest time that a caller said it was, in microseconds.
    latest: AtomicI64,
    process: u32,
}

impl Usage {
    pub(super) fn new(writer: Arc<Mutex<Connection>>, reader: Arc<Mutex<Connection>>, read_only: bool) -> Self {
        Self {
            writer,
            reader,
            read_only,
            queue: Queue::new(GROUP_EVENTS),
            ledger: Mutex::new(None),
            counted: RwLock::new(None),
            meters: RwLock::new(None),
            policy: Policy::default(),
            memory: AtomicU64::new(MEMORY_BYTES),
            threads: AtomicUsize::new(threads()),
            latest: AtomicI64::new(0),
            process: std::process::id(),
        }
    }

    /// Takes no more memory than that for fingerprints and pages, and no more threads for a call.
    pub(super) fn limit(&self, bytes: u64, threads: usize) {
        self.memory.store(bytes, Ordering::Relaxed);
        self.threads.store(threads, Ordering::Relaxed);
        if let Some(ledger) = lock(&self.ledger).as_mut() {
            ledger.fingerprints.limit(Memory::of(bytes).fingerprints);
        }
    }

    /// What is made of each event, in order; many are shared among the threads that there are.
    fn each<T: Send>(&self, events: &[UsageEvent], make: impl Fn(&UsageEvent) -> T + Sync) -> Vec<T> {
        let parts = self.threads.load(Ordering::Relaxed).min(events.len() / SHARED_EVENTS).clamp(1, 4);
        let mut slices = events.chunks(events.len().div_ceil(parts).max(1));
        let first = slices.next().unwrap_or_default();
        std::thread::scope(|scope| {
            let make = &make;
            let others: Vec<_> =
                slices.map(|slice| (slice, scope.spawn(move || slice.iter().map(make).collect::<Vec<T>>()))).collect();
            let mut all: Vec<T> = first.iter().map(make).collect();
            for (slice, thread) in others {
                // One that could not be finished is made here.
                all.extend(thread.join().unwrap_or_else(|_| slice.iter().map(make).collect()));
            }
            all
        })
    }

    fn memory(&self) -> Memory {
        Memory::of(self.memory.load(Ordering::Relaxed))
    }

    fn refuse_when_read_only(&self) -> Result<()> {
        if self.read_only {
            let message = "the store was opened for reading: open it without read_only to write";
            return Err(Error::new(ErrorCode::Conflict, message));
        }
        Ok(())
    }

    fn counted(&self) -> RwLockReadGuard<'_, Option<Counted>> {
        self.counted.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the ledger do something. When it fails and the file is not where memory is, memory is made again.
    fn with<T>(&self, act: impl FnOnce(&mut Ledger, &mut Connection) -> Result<T>) -> Result<T> {
        let mut held = lock(&self.ledger);
        let mut connection = lock(&self.writer);
        let ledger = self.opened(&mut held, &connection)?;
        let done = act(ledger, &mut connection);
        if done.is_err() && tables::progress(&connection).ok() != Some(ledger.progress) {
            *held = None;
        }
        done
    }

    fn opened<'l>(&self, held: &'l mut Option<Ledger>, connection: &Connection) -> Result<&'l mut Ledger> {
        if held.is_none() {
            let meters = meters::read(connection)?;
            let (ledger, counted) = Ledger::open(connection, meters.clone(), self.memory())?;
            // Before the sums: whoever sees those takes usage for opened, without waiting for the ledger.
            *self.meters.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(meters));
            *self.counted.write().unwrap_or_else(PoisonError::into_inner) = Some(counted);
            *held = Some(ledger);
        }
        held.as_mut().ok_or_else(|| Error::new(ErrorCode::Storage, "usage could not be opened"))
    }

    /// Opens usage where nobody did yet.
    fn open(&self) -> Result<()> {
        if self.counted().is_some() { Ok(()) } else { self.with(|_, _| Ok(())) }
    }

    /// Notes the latest time that a caller said it was.
    fn note(&self, now: Stamp) {
        self.latest.fetch_max(now.micros(), Ordering::Relaxed);
    }

    fn commit(&self, group: &[Checked]) -> Result<Vec<Vec<Outcome>>> {
        self.with(|ledger, connection| {
            let threads = self.threads.load(Ordering::Relaxed);
            let answers = ledger.commit(connection, &self.counted, group, threads)?;
            if ledger.is_due() {
                let now = group.iter().map(|checked| checked.now).max();
                // The events are durable whatever becomes of it; the status tells when it failed.
                now.map(|now| ledger.checkpoint(connection, &self.counted, now, &self.policy, self.memory()));
            } else if ledger.is_merge_due() {
                // The same; what was not merged is looked for as it is.
                drop(ledger.merge(connection));
            }
            Ok(answers)
        })
    }

    /// Reads the pages of these ranges that are not in memory; says whether they all are.
    fn load(&self, ranges: &[Range<PageKey>]) -> Result<bool> {
        let (generation, missing, meters) = {
            let counted = self.counted();
            let Some(counted) = counted.as_ref() else { return Ok(false) };
            let missing = counted.missing(ranges);
            if missing.is_empty() {
                return Ok(true);
            }
            (counted.generation(), missing, counted.rollups().meters().clone())
        };
        let pages = counted::read(&lock(&self.reader), &meters, &missing)?;
        let mut counted = self.counted.write().unwrap_or_else(PoisonError::into_inner);
        counted.as_mut().map(|counted| counted.put(generation, pages));
        Ok(false)
    }

    /// Brings a handle that only reads to where the file is, with the pages of these ranges; says whether some of them
    /// had to be read.
    fn follow(&self, ranges: &[Range<PageKey>]) -> Result<bool> {
        self.follow_and(ranges, &mut |_| Ok(()))
    }

    /// The same, and does something with the sums before they can change.
    fn follow_and(&self, ranges: &[Range<PageKey>], read: ReadRollups<'_>) -> Result<bool> {
        let mut held = lock(&self.ledger);
        let connection = lock(&self.reader);
        // One state of the file for all that is read.
        let _state = connection.unchecked_transaction().map_err(broken)?;
        let progress = tables::progress(&connection)?;
        let is_far = |ledger: &Ledger| {
            let known = ledger.progress;
            let seen = |state: Progress| (state.checkpoint, state.change, state.meter_change);
            seen(known) != seen(progress)
        };
        if held.as_ref().is_none_or(is_far) {
            *held = None;
        }
        let ledger = self.opened(&mut held, &connection)?;
        let mut counted = self.counted.write().unwrap_or_else(PoisonError::into_inner);
        let Some(counted) = counted.as_mut() else { return Ok(false) };
        ledger.follow(&connection, counted, progress)?;
        let loaded = take_missing(&connection, counted, ranges)?;
        read(counted.rollups()).map(|()| loaded)
    }

    /// Has what is in memory answer, while nothing of the ranges is missing there; none where something is.
    fn answer_whole(&self, ranges: &[Range<PageKey>], read: ReadRollups<'_>) -> Option<Result<()>> {
        let counted = self.counted();
        let counted = counted.as_ref().filter(|counted| counted.missing(ranges).is_empty())?;
        Some(read(counted.rollups()))
    }

    /// Reads what is missing and answers before anybody else can let go of it.
    fn answer_alone(&self, ranges: &[Range<PageKey>], read: ReadRollups<'_>) -> Result<()> {
        if self.read_only {
            return self.follow_and(ranges, read).map(drop);
        }
        let connection = lock(&self.reader);
        let mut counted = self.counted.write().unwrap_or_else(PoisonError::into_inner);
        let gone = || Error::new(ErrorCode::Storage, "usage is being read again: ask again");
        let counted = counted.as_mut().ok_or_else(gone)?;
        take_missing(&connection, counted, ranges)?;
        read(counted.rollups())
    }
}

/// Reads the pages of these ranges that are not in memory; says whether there were any.
fn take_missing(connection: &Connection, counted: &mut Counted, ranges: &[Range<PageKey>]) -> Result<bool> {
    let missing = counted.missing(ranges);
    let pages = counted.read(connection, &missing)?;
    counted.put(counted.generation(), pages);
    Ok(!missing.is_empty())
}

/// The connection that usage is committed through, so that queries do not wait until it is durable.
pub(super) fn connection(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path).map_err(broken)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(broken)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(broken)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB).map_err(broken)?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES).map_err(broken)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl UsageStore for Usage {
    fn record(&self, events: Arc<Vec<UsageEvent>>, now: Stamp) -> Result<Vec<Outcome>> {
        self.refuse_when_read_only()?;
        if events.len() > MAX_EVENTS {
            let message = format!("must be at most {MAX_EVENTS}, got {}: report them in several calls", events.len());
            return Err(Error::invalid("events", message));
        }
        self.open()?;
        self.note(now);
        let meters = UsageStore::meters(self)?;
        let verdict = |event: &UsageEvent| check(event, &meters, now, &self.policy).map(|()| Identity::of(event));
        let verdicts = self.each(&events, verdict);
        let weight = events.len();
        self.queue.submit(Checked { events, verdicts, now }, weight, |group| self.commit(group))
    }

    fn counted(&self, pages: &[Range<PageKey>], read: ReadRollups<'_>) -> Result<()> {
        let (mut loaded, mut answer) = (false, None);
        for _ in 0..TRIES {
            if self.read_only {
                loaded |= self.follow(pages)?;
            } else {
                self.open()?;
                loaded |= !self.load(pages)?;
            }
            // What was there a moment ago, others may have let go of, or have read anew.
            answer = self.answer_whole(pages, read);
            if answer.is_some() {
                break;
            }
        }
        let answer = answer.unwrap_or_else(|| self.answer_alone(pages, read));
        if loaded {
            let mut counted = self.counted.write().unwrap_or_else(PoisonError::into_inner);
            counted.as_mut().into_iter().for_each(|counted| counted.relieve(self.memory().pages));
        }
        answer
    }

    fn meters(&self) -> Result<Arc<MeterSet>> {
        if self.read_only {
            self.follow(&[])?;
        }
        self.open()?;
        let meters = self.meters.read().unwrap_or_else(PoisonError::into_inner);
        meters.clone().ok_or_else(|| Error::new(ErrorCode::Storage, "the meters could not be read"))
    }

    fn change_meters(&self, by: &Change, change: ChangeMeters<'_>) -> Result<()> {
        self.refuse_when_read_only()?;
        self.with(|ledger, connection| meters::change(self, ledger, connection, by, change))
    }

    fn scan_usage(&self, interval: Interval, visit: VisitEvent<'_>) -> Result<()> {
        raw::scan(&|| Ok(lock(&self.reader)), interval, visit)
    }

    fn usage_mark(&self) -> Result<UsageMark> {
        since::mark(&lock(&self.reader))
    }

    fn usage_since(&self, after: UsageMark, visit: &mut dyn FnMut(&UsageEvent) -> Result<()>) -> Result<UsageMark> {
        since::since(&lock(&self.reader), after, visit)
    }

    fn usage_event(&self, key: EventKey<'_>) -> Result<UsageEvent> {
        let find = || {
            if self.read_only {
                self.follow(&[])?;
            }
            self.with(|ledger, connection| {
                let found = changing::find(ledger, connection, key)?;
                found.now.ok_or_else(|| changing::unknown("it was voided"))
            })
        };
        // It may just have been merged into another block by whoever writes.
        find().or_else(|error| if self.read_only { find() } else { Err(error) })
    }

    fn void_usage(&self, key: EventKey<'_>, by: &Change) -> Result<bool> {
        self.refuse_when_read_only()?;
        self.note(by.at);
        self.with(|ledger, connection| changing::change(ledger, connection, &self.counted, key, None, by))
    }

    fn correct_usage(&self, event: UsageEvent, by: &Change) -> Result<bool> {
        self.refuse_when_read_only()?;
        self.note(by.at);
        changing::check_correction(&event, &*UsageStore::meters(self)?, by.at)?;
        let key = event.key();
        self.with(|ledger, connection| changing::change(ledger, connection, &self.counted, key, Some(&event), by))
    }

    fn checkpoint_usage(&self, now: Stamp) -> Result<()> {
        self.refuse_when_read_only()?;
        self.note(now);
        self.with(|ledger, connection| {
            if !ledger.is_behind() {
                return Ok(());
            }
            ledger.checkpoint(connection, &self.counted, now, &self.policy, self.memory())
        })
    }

    fn drop_usage(&self, before: Stamp, now: Stamp) -> Result<UsageTidied> {
        self.checkpoint_usage(now)?;
        self.with(|_, connection| tidy::drop_batches(connection, before))
    }

    fn compact_usage(&self) -> Result<UsageTidied> {
        self.refuse_when_read_only()?;
        tidy::compact(|step| self.with(|ledger, connection| step(ledger, connection)))
    }

    fn usage_policy(&self) -> Policy {
        self.policy.clone()
    }

    fn usage_status(&self) -> Result<UsageStatus> {
        if self.read_only {
            self.follow(&[])?;
        }
        let status = self.with(|ledger, connection| {
            let sql = "SELECT count(*) FROM usage_batches";
            let batches: i64 = connection.query_row(sql, [], |row| row.get(0)).map_err(broken)?;
            Ok(UsageStatus {
                events: ledger.progress.events,
                batches: u64::try_from(batches).unwrap_or(0),
                events_behind: ledger.behind(),
                memory_bytes: ledger.fingerprints.bytes(),
                checkpoint_failed: ledger.failed.clone(),
            })
        })?;
        let pages = Usage::counted(self).as_ref().map_or(0, |counted| counted.rollups().bytes() as u64);
        Ok(UsageStatus { memory_bytes: status.memory_bytes + pages, ..status })
    }
}

impl Drop for Usage {
    fn drop(&mut self) {
        // Not in a process that was forked: the connection is not its own.
        let is_ours = self.process == std::process::id();
        let is_behind = lock(&self.ledger).as_ref().is_some_and(Ledger::is_behind);
        if is_ours && is_behind && !self.read_only {
            // Where it fails, opening counts the events again.
            let latest = Stamp::from_micros(self.latest.load(Ordering::Relaxed));
            drop(latest.and_then(|latest| self.checkpoint_usage(latest)));
        }
    }
}
