//! The recorder: takes events one by one on hot paths, and reports them in batches.
//!
//! An event that was taken is in memory only until a flush has it written; what a crash loses is what was not flushed.

use super::Finops;
use crate::model::usage::{Outcome, Rejected, Rejection, UsageEvent, read_events};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What happens to an event for which there is no room, because the disk is slower than those who record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FullPolicy {
    /// The caller waits until there is room; where nobody else flushes, it does so itself.
    #[default]
    Wait,
    /// It is dropped, and counted as dropped.
    Drop,
    /// The caller gets an error and keeps the event.
    Fail,
}

/// How a recorder works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderOptions {
    /// How many events are written together, 1 to 100,000; by default 10,000.
    pub batch: usize,
    /// How many events may wait to be written, at least a batch; by default 100,000.
    pub max_in_flight: usize,
    /// What happens to an event for which there is no room.
    pub policy: FullPolicy,
    /// How many events that did not count are kept to be looked at; by default 1,000. The others are only counted.
    pub max_rejected: usize,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self { batch: 10_000, max_in_flight: 100_000, policy: FullPolicy::Wait, max_rejected: 1_000 }
    }
}

/// What a recorder did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct RecorderStats {
    /// Events that are durable and counted.
    pub accepted: u64,
    /// Events that had been counted before.
    pub duplicates: u64,
    /// Events that do not count.
    pub rejected: u64,
    /// Events that were dropped for want of room.
    pub dropped: u64,
    /// How often writing failed; what was to be written waits for the next flush.
    pub failures: u64,
}

/// Takes events one by one and reports them in batches. Share it between threads in an `Arc` or clone it; the events
/// that are left are written when the last clone is dropped.
///
/// ```
/// use finops_core::Finops;
/// use finops_core::engine::RecorderOptions;
/// use finops_core::model::money::Quantity;
/// use finops_core::model::time::Stamp;
/// use finops_core::model::usage::UsageEvent;
///
/// let now = Stamp::parse("2024-01-01T00:00:00Z")?;
/// let finops = Finops::builder().now(now).open(":memory:")?;
/// let recorder = finops.recorder(RecorderOptions::default())?;
/// recorder.record(UsageEvent::new("request-1", now, "api_calls", Quantity::from_units(1), "acme"))?;
/// assert_eq!(recorder.in_flight(), 1);
/// recorder.flush()?;
/// assert_eq!((recorder.in_flight(), recorder.stats().accepted), (0, 1));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    finops: Finops,
    options: RecorderOptions,
    /// Events that nobody writes yet.
    waiting: Mutex<Waiting>,
    /// Those that wait and those that are being written.
    in_flight: AtomicUsize,
    /// Held by whoever writes, with the batch that is not durable yet.
    writing: Mutex<Option<Arc<Vec<UsageEvent>>>>,
    room: Condvar,
    stats: Counters,
    rejected: Mutex<Vec<Rejected>>,
    /// Whether a thread that the host started flushes.
    timed: AtomicBool,
    /// Wakes that thread before its time.
    bell: (Mutex<Bell>, Condvar),
}

#[derive(Debug, Default)]
struct Waiting {
    full: VecDeque<Vec<UsageEvent>>,
    open: Vec<UsageEvent>,
}

#[derive(Debug, Default)]
struct Bell {
    rung: bool,
    stopped: bool,
}

#[derive(Debug, Default)]
struct Counters {
    accepted: AtomicU64,
    duplicates: AtomicU64,
    rejected: AtomicU64,
    dropped: AtomicU64,
    failures: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    pub(super) fn new(finops: Finops, options: RecorderOptions) -> Result<Self> {
        let most = crate::model::usage::MAX_EVENTS;
        if options.batch == 0 || options.batch > most {
            return Err(Error::invalid("batch", format!("must be 1 to {most}, got {}", options.batch)));
        }
        if options.max_in_flight < options.batch {
            let message = format!("must be at least batch, {}: got {}", options.batch, options.max_in_flight);
            return Err(Error::invalid("max_in_flight", message));
        }
        Ok(Self(Arc::new(Shared {
            finops,
            options,
            waiting: Mutex::new(Waiting { full: VecDeque::new(), open: Vec::with_capacity(options.batch) }),
            in_flight: AtomicUsize::new(0),
            writing: Mutex::new(None),
            room: Condvar::new(),
            stats: Counters::default(),
            rejected: Mutex::new(Vec::new()),
            timed: AtomicBool::new(false),
            bell: (Mutex::new(Bell::default()), Condvar::new()),
        })))
    }

    /// Takes an event, to be written with the next flush. It costs a lock and a move; only where a batch is full and no
    /// thread of [`start`](Self::start) runs does the caller write it.
    ///
    /// # Errors
    /// `conflict` when there is no room and the policy is to fail; with [`FullPolicy::Wait`] what a flush gives.
    pub fn record(&self, event: UsageEvent) -> Result<()> {
        let shared = &*self.0;
        let mut waiting = lock(&shared.waiting);
        while shared.in_flight.load(Ordering::Relaxed) >= shared.options.max_in_flight {
            match shared.options.policy {
                FullPolicy::Drop => {
                    shared.stats.dropped.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                FullPolicy::Fail => return Err(shared.full()),
                FullPolicy::Wait if shared.timed.load(Ordering::Acquire) => {
                    shared.ring();
                    // A time as well, should the thread have been stopped just now.
                    let wait = shared.room.wait_timeout(waiting, Duration::from_millis(20));
                    waiting = wait.unwrap_or_else(PoisonError::into_inner).0;
                }
                FullPolicy::Wait => {
                    drop(waiting);
                    shared.flush_some()?;
                    waiting = lock(&shared.waiting);
                }
            }
        }
        let is_full = shared.put(&mut waiting, event);
        drop(waiting);
        if is_full {
            if shared.timed.load(Ordering::Acquire) {
                shared.ring();
            } else if shared.options.policy == FullPolicy::Wait {
                return shared.flush_some();
            } else {
                // Nobody is to wait: what could not be written waits for the next flush, and is counted as failed.
                drop(shared.flush_some());
            }
        }
        Ok(())
    }

    /// Takes an event where that needs neither waiting nor writing; else gives it back, for [`record`](Self::record).
    /// For callers who hold a lock that others wait for.
    #[must_use = "an event that is given back was not taken"]
    pub fn offer(&self, event: UsageEvent) -> Option<UsageEvent> {
        let shared = &*self.0;
        let mut waiting = lock(&shared.waiting);
        let has_room = shared.in_flight.load(Ordering::Relaxed) < shared.options.max_in_flight;
        let fills = waiting.open.len() + 1 >= shared.options.batch;
        if !has_room || (fills && !shared.timed.load(Ordering::Acquire)) {
            return Some(event);
        }
        if shared.put(&mut waiting, event) {
            shared.ring();
        }
        None
    }

    /// Reads one event, as [`Finops::record_usage`] does.
    ///
    /// # Errors
    /// `invalid_argument`, with the field, for what is no event.
    pub fn read(&self, json: &str) -> Result<UsageEvent> {
        if json.trim_start().starts_with('[') {
            return Err(Error::invalid("event", "must be one event, not a list"));
        }
        let event = read_events(json, self.0.finops.clock.now())?.pop();
        let missing = || Error::invalid("event", "is missing");
        event.ok_or_else(missing)?.map_err(|rejected| match rejected.rejection {
            Rejection::Invalid { field, message } => Error::invalid(field, message),
            other => Error::invalid("event", other.to_string()),
        })
    }

    /// Writes everything that was taken before; when it gives `Ok`, all of that is durable.
    ///
    /// # Errors
    /// What recording gives; then the events wait for the next flush, and none is counted twice.
    pub fn flush(&self) -> Result<()> {
        self.0.flush_all()
    }

    /// How many events were taken and are not written yet.
    pub fn in_flight(&self) -> usize {
        self.0.in_flight.load(Ordering::Acquire)
    }

    /// What it did so far.
    pub fn stats(&self) -> RecorderStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let Counters { accepted, duplicates, rejected, dropped, failures } = &self.0.stats;
        RecorderStats {
            accepted: read(accepted),
            duplicates: read(duplicates),
            rejected: read(rejected),
            dropped: read(dropped),
            failures: read(failures),
        }
    }

    /// Takes what is known of events that did not count, each with its place in the batch that it was written in: at
    /// most as many as the options say.
    pub fn take_rejected(&self) -> Vec<Rejected> {
        std::mem::take(&mut lock(&self.0.rejected))
    }

    /// Starts a thread that flushes so often, and when a batch is full. It stops, after a last flush, when the guard is
    /// dropped.
    ///
    /// # Errors
    /// `conflict` when one runs already; `storage` when the system gives no thread.
    pub fn start(&self, interval: Duration) -> Result<Flushing> {
        if self.0.timed.swap(true, Ordering::AcqRel) {
            return Err(Error::new(ErrorCode::Conflict, "a thread flushes this recorder already: keep its guard"));
        }
        lock(&self.0.bell.0).stopped = false;
        let shared = Arc::clone(&self.0);
        let thread = std::thread::Builder::new().name("finops-recorder".to_owned());
        match thread.spawn(move || shared.flush_until_stopped(interval)) {
            Ok(thread) => Ok(Flushing { shared: Arc::clone(&self.0), thread: Some(thread) }),
            Err(error) => {
                self.0.timed.store(false, Ordering::Release);
                let message = format!("the system gives no thread to flush in: {error}");
                Err(Error::new(ErrorCode::Storage, message).with_source(error))
            }
        }
    }
}

impl Shared {
    fn full(&self) -> Error {
        let message = format!(
            "{} events wait to be written: flush, or record again later",
            self.in_flight.load(Ordering::Relaxed)
        );
        Error::new(ErrorCode::Conflict, message)
    }

    /// Puts an event to those that wait; whether that makes a batch full.
    fn put(&self, waiting: &mut Waiting, event: UsageEvent) -> bool {
        waiting.open.push(event);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let is_full = waiting.open.len() >= self.options.batch;
        if is_full {
            let next = Vec::with_capacity(self.options.batch);
            let full = std::mem::replace(&mut waiting.open, next);
            waiting.full.push_back(full);
        }
        is_full
    }

    /// Writes a batch that is full, if there is one.
    fn flush_some(&self) -> Result<()> {
        self.write(&mut lock(&self.writing), false).map(drop)
    }

    /// Writes everything that was taken before.
    fn flush_all(&self) -> Result<()> {
        let mut writing = lock(&self.writing);
        // Not what comes meanwhile: others could keep this going for ever.
        let taken = self.in_flight.load(Ordering::Acquire);
        let mut written = 0;
        while written < taken {
            match self.write(&mut writing, true)? {
                0 => break,
                count => written += count,
            }
        }
        Ok(())
    }

    /// Writes the oldest batch, and gives how many events that were. `any` takes one that is not full as well.
    fn write(&self, writing: &mut Option<Arc<Vec<UsageEvent>>>, any: bool) -> Result<usize> {
        if writing.is_none() {
            let mut taken = lock(&self.waiting);
            let open = |taken: &mut Waiting| (any && !taken.open.is_empty()).then(|| std::mem::take(&mut taken.open));
            let oldest = taken.full.pop_front().or_else(|| open(&mut taken));
            *writing = oldest.map(Arc::new);
        }
        let Some(batch) = writing.as_ref().map(Arc::clone) else { return Ok(0) };
        let outcomes = self.finops.record_shared(Arc::clone(&batch)).inspect_err(|_| {
            self.stats.failures.fetch_add(1, Ordering::Relaxed);
        })?;
        *writing = None;
        self.note(&outcomes, &batch);
        self.in_flight.fetch_sub(batch.len(), Ordering::Release);
        // Whoever is about to wait holds this lock.
        drop(lock(&self.waiting));
        self.room.notify_all();
        Ok(batch.len())
    }

    fn note(&self, outcomes: &[Outcome], events: &[UsageEvent]) {
        let count = |of: &dyn Fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| of(outcome)).count() as u64;
        let accepted = count(&|outcome| *outcome == Outcome::Accepted);
        let duplicates = count(&|outcome| *outcome == Outcome::Duplicate);
        self.stats.accepted.fetch_add(accepted, Ordering::Relaxed);
        self.stats.duplicates.fetch_add(duplicates, Ordering::Relaxed);
        self.stats.rejected.fetch_add(outcomes.len() as u64 - accepted - duplicates, Ordering::Relaxed);
        for (index, (outcome, event)) in outcomes.iter().zip(events).enumerate() {
            if let Outcome::Rejected(reason) = outcome {
                let mut kept = lock(&self.rejected);
                if kept.len() < self.options.max_rejected {
                    kept.push(Rejected { index, id: Some(event.id.clone()), rejection: reason.clone() });
                }
            }
        }
    }

    fn ring(&self) {
        lock(&self.bell.0).rung = true;
        self.bell.1.notify_one();
    }

    fn flush_until_stopped(&self, interval: Duration) {
        loop {
            let mut bell = lock(&self.bell.0);
            if !bell.rung && !bell.stopped {
                bell = self.bell.1.wait_timeout(bell, interval).unwrap_or_else(PoisonError::into_inner).0;
            }
            let stopped = bell.stopped;
            bell.rung = false;
            drop(bell);
            let failed = self.flush_all().is_err();
            if stopped {
                return;
            }
            if failed {
                // What could not be written is tried again at the next time, not at once.
                std::thread::sleep(interval.min(Duration::from_millis(100)));
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Nobody is left to be told of an error.
        drop(self.flush_all());
    }
}

/// A thread that flushes a recorder. Dropping it stops the thread after a last flush.
#[derive(Debug)]
#[must_use = "dropping it stops the thread"]
pub struct Flushing {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Flushing {
    fn drop(&mut self) {
        lock(&self.shared.bell.0).stopped = true;
        self.shared.bell.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic in it was said where it happened.
            drop(thread.join());
        }
        self.shared.timed.store(false, Ordering::Release);
        self.shared.room.notify_all();
    }
}

/// Requests of services are recorded where they end. In an asynchronous service choose a policy that does not wait, and
/// [`start`](Recorder::start) a thread that flushes, so that no request is held up by the disk.
#[cfg(feature = "tower")]
impl crate::edge::tower::UsageSink for Recorder {
    fn record(&self, event: UsageEvent) {
        // An event for which there is no room is counted as dropped, or was refused for want of a flush.
        if Self::record(self, event).is_err() {
            self.0.stats.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}
