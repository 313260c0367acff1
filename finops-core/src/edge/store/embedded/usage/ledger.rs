//! What whoever commits usage holds: how far the state file is, and which events were counted.

use super::batch::Encoder;
use super::changes;
use super::counted::Counted;
use super::fingerprints::{Fingerprints, Known};
use super::tables::{self, BatchMark, NewBatch, Progress};
use crate::Result;
use crate::edge::store::embedded::broken;
use crate::model::time::Stamp;
use crate::model::usage::{MeterSet, Outcome, Policy, Rejection, UsageEvent, content_hash, fingerprint};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::{Arc, PoisonError, RwLock};

/// After how many events a checkpoint is made: they are what opening counts again after a crash.
const CHECKPOINT_EVENTS: u64 = 1 << 19;
/// How many events come before a checkpoint that failed is tried again.
const RETRY_EVENTS: u64 = 1 << 15;
/// After how many events a step of merging follows, while there is something to merge: none holds up commits for long,
/// and all are done before as much waits again.
const MERGE_EVENTS: u64 = if cfg!(test) { 1 } else { 1 << 15 };

/// What makes an event known again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    hash: u128,
    content: u64,
}

impl Identity {
    pub(super) fn of(event: &UsageEvent) -> Self {
        Self { hash: fingerprint(event.key()), content: content_hash(event) }
    }
}

/// Events that were checked, on their way into a commit.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) events: Arc<Vec<UsageEvent>>,
    /// For each what it is known by, or why it does not count.
    pub(super) verdicts: Vec<Result<Identity, Rejection>>,
    pub(super) now: Stamp,
}

/// What whoever commits holds.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) progress: Progress,
    pub(super) fingerprints: Fingerprints,
    pub(super) encoder: Encoder,
    /// The number of events from which on a checkpoint is due.
    due: u64,
    /// The number of events from which on a step of merging may follow.
    merge_due: u64,
    /// How many events had come at the last checkpoint.
    checkpoint_events: u64,
    /// Why the last checkpoint failed.
    pub(super) failed: Option<String>,
    /// When the last event came, in microseconds.
    recorded_at: i64,
}

/// How much memory each part may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) fingerprints: u64,
    pub(super) pages: u64,
}

impl Memory {
    /// Half for each.
    pub(super) const fn of(bytes: u64) -> Self {
        Self { fingerprints: bytes / 2, pages: bytes / 2 }
    }
}

impl Ledger {
    /// What the state file has, with the batches after its last checkpoint counted again.
    pub(super) fn open(connection: &Connection, meters: MeterSet, memory: Memory) -> Result<(Self, Counted)> {
        let progress = tables::progress(connection)?;
        let fingerprints = Fingerprints::open(connection, memory.fingerprints)?;
        let behind = tables::batches_after(connection, progress.checkpoint)?;
        let events = behind.first().map_or(progress.events, |mark| mark.first_event - 1);
        let counted = Counted::open(connection, meters, events)?;
        let encoder = Encoder::new()?;
        let due = events + CHECKPOINT_EVENTS;
        let mut ledger = Self {
            progress,
            fingerprints,
            encoder,
            due,
            merge_due: progress.events,
            checkpoint_events: events,
            failed: None,
            recorded_at: 0,
        };
        let mut counted = counted;
        for mark in behind {
            ledger.count_again(connection, &mut counted, &mark, events)?;
        }
        changes::count_again(connection, &mut counted, &progress)?;
        Ok((ledger, counted))
    }

    /// Counts the batches that came since, for a handle that only reads.
    pub(super) fn follow(&mut self, connection: &Connection, counted: &mut Counted, to: Progress) -> Result<()> {
        if self.progress.merge != to.merge {
            self.fingerprints.follow(connection)?;
        }
        for mark in tables::batches_after(connection, self.progress.batch)? {
            self.count_again(connection, counted, &mark, self.progress.events)?;
            self.progress = Progress { batch: mark.through, events: mark.first_event + mark.events - 1, ..to };
        }
        self.progress = to;
        Ok(())
    }

    /// Counts what came after so many events: batches with some of those may have been brought together with others.
    fn count_again(
        &mut self,
        connection: &Connection,
        counted: &mut Counted,
        mark: &BatchMark,
        after: u64,
    ) -> Result<()> {
        self.recorded_at = self.recorded_at.max(mark.recorded_at);
        let events = read(connection, mark)?;
        for (event, sequence) in events.iter().zip(mark.first_event..).filter(|(_, sequence)| *sequence > after) {
            let Identity { hash, content } = Identity::of(event);
            self.fingerprints.insert(hash, Known { content, batch: mark.through });
            counted.apply(event, sequence);
        }
        Ok(())
    }

    /// Commits what is new among these events and says what became of each.
    ///
    /// # Errors
    /// `storage`; then nothing has changed. The flag says whether memory can still be trusted.
    pub(super) fn commit(
        &mut self,
        connection: &mut Connection,
        counted: &RwLock<Option<Counted>>,
        group: &[Checked],
        threads: usize,
    ) -> Result<Vec<Vec<Outcome>>> {
        let sound = group.iter().flat_map(|checked| &checked.verdicts).flatten();
        let hashes: Vec<u128> = sound.map(|identity| identity.hash).collect();
        let mut before = {
            // One transaction for all that is read: beginning one costs as much as reading.
            let _state = connection.unchecked_transaction().map_err(broken)?;
            self.fingerprints.find_all(connection, &hashes, threads)?.into_iter()
        };
        let mut accepted = Vec::with_capacity(hashes.len());
        let mut within = HashMap::with_capacity(hashes.len());
        let mut answers = Vec::with_capacity(group.len());
        for checked in group {
            let mut outcomes = Vec::with_capacity(checked.events.len());
            for (event, verdict) in checked.events.iter().zip(&checked.verdicts) {
                outcomes.push(match verdict {
                    Err(rejection) => Outcome::Rejected(rejection.clone()),
                    Ok(identity) => {
                        let outcome = outcome(before.next().flatten(), &mut within, identity);
                        if outcome == Outcome::Accepted {
                            accepted.push((event, *identity));
                        }
                        outcome
                    }
                });
            }
            answers.push(outcomes);
        }
        if !accepted.is_empty() {
            let at = group.iter().map(|checked| checked.now.micros()).max().unwrap_or(0);
            self.write(connection, counted, &accepted, (at, threads))?;
        }
        Ok(answers)
    }

    fn write(
        &mut self,
        connection: &mut Connection,
        counted: &RwLock<Option<Counted>>,
        accepted: &[(&UsageEvent, Identity)],
        (at, threads): (i64, usize),
    ) -> Result<()> {
        let events: Vec<&UsageEvent> = accepted.iter().map(|(event, _)| *event).collect();
        let mut progress = self.progress;
        let mut batches = Vec::new();
        for run in tables::runs(&events) {
            progress.batch += 1;
            let (first_time, last_time) = tables::times(run);
            let mark = BatchMark {
                seq: progress.batch,
                through: progress.batch,
                first_event: progress.events + 1,
                events: run.len() as u64,
                first_time,
                last_time,
                recorded_at: at,
            };
            progress.events += mark.events;
            batches.push(NewBatch { mark, columns: self.encoder.encode(run)? });
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        batches.iter().try_for_each(|batch| batch.insert(&transaction))?;
        tables::put_progress(&transaction, &progress)?;
        transaction.commit().map_err(broken)?;
        // From here on it is durable, and nothing can fail.
        let mut counted = counted.write().unwrap_or_else(PoisonError::into_inner);
        let Self { fingerprints, .. } = self;
        let remember = || {
            let numbers = batches.iter().flat_map(|batch| (0..batch.mark.events).map(|_| batch.mark.seq));
            for ((_, identity), batch) in accepted.iter().zip(numbers) {
                fingerprints.insert(identity.hash, Known { content: identity.content, batch });
            }
        };
        let count = || {
            let sequences = self.progress.events + 1..;
            let events = accepted.iter().map(|(event, _)| *event).zip(sequences);
            counted.as_mut().into_iter().for_each(|counted| counted.apply_all(events.clone()));
        };
        both(threads, accepted.len(), remember, count);
        self.progress = progress;
        self.recorded_at = self.recorded_at.max(at);
        Ok(())
    }

    /// Whether a checkpoint is due.
    pub(super) const fn is_due(&self) -> bool {
        self.progress.events >= self.due
    }

    /// Whether a step of merging is due.
    pub(super) fn is_merge_due(&self) -> bool {
        self.progress.events >= self.merge_due && self.fingerprints.is_merge_due()
    }

    /// Makes a step of merging. When it fails, nothing has changed, and it is due again some events later.
    pub(super) fn merge(&mut self, connection: &mut Connection) -> Result<()> {
        let made = self.try_merge(connection);
        if let Err(error) = &made {
            self.failed = Some(error.to_string());
        }
        made
    }

    fn try_merge(&mut self, connection: &mut Connection) -> Result<()> {
        self.merge_due = self.progress.events + MERGE_EVENTS;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        let Some(moved) = self.fingerprints.merge(&transaction)? else { return Ok(()) };
        let progress = Progress { merge: self.progress.merge + 1, ..self.progress };
        tables::put_progress(&transaction, &progress)?;
        transaction.commit().map_err(broken)?;
        self.fingerprints.moved(moved);
        self.progress = progress;
        Ok(())
    }

    /// Whether there is anything that a checkpoint would write.
    pub(super) const fn is_behind(&self) -> bool {
        let Progress { batch, checkpoint, change, checkpoint_change, .. } = self.progress;
        batch > checkpoint || change > checkpoint_change
    }

    /// How many events came since the last checkpoint.
    pub(super) const fn behind(&self) -> u64 {
        self.progress.events - self.checkpoint_events
    }

    /// Makes a checkpoint. When it fails, nothing has changed, and it is due again some events later.
    pub(super) fn checkpoint(
        &mut self,
        connection: &mut Connection,
        counted: &RwLock<Option<Counted>>,
        at: Stamp,
        policy: &Policy,
        memory: Memory,
    ) -> Result<()> {
        let made = self.try_checkpoint(connection, counted, at, policy, memory);
        if let Err(error) = &made {
            self.failed = Some(error.to_string());
            self.due = self.progress.events + RETRY_EVENTS;
        }
        made
    }

    fn try_checkpoint(
        &mut self,
        connection: &mut Connection,
        counted: &RwLock<Option<Counted>>,
        at: Stamp,
        policy: &Policy,
        memory: Memory,
    ) -> Result<()> {
        load_changed(connection, counted)?;
        let forget = at.micros().saturating_sub(policy.window.micros()).saturating_sub(policy.future.micros());
        let mut progress = self.progress;
        (progress.checkpoint, progress.checkpoint_change) = (progress.batch, progress.change);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        let moved = self.fingerprints.seal(&transaction, self.recorded_at, forget)?;
        let written = {
            let counted = counted.read().unwrap_or_else(PoisonError::into_inner);
            counted.as_ref().map(|counted| counted.write(&transaction)).transpose()?
        };
        tables::put_progress(&transaction, &progress)?;
        transaction.commit().map_err(broken)?;
        self.fingerprints.sealed(moved);
        let mut counted = counted.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((counted, written)) = counted.as_mut().zip(written) {
            counted.written(written, progress.events, memory.pages);
        }
        self.progress = progress;
        self.failed = None;
        self.checkpoint_events = progress.events;
        self.due = progress.events + CHECKPOINT_EVENTS;
        Ok(())
    }
}

/// What becomes of an event that nothing is wrong with: `before` is what was counted of it in earlier commits, `within`
/// what is new in this one.
fn outcome(before: Option<Known>, within: &mut HashMap<u128, u64>, identity: &Identity) -> Outcome {
    let before = match before {
        Some(known) => known.content,
        None => match within.entry(identity.hash) {
            Entry::Occupied(content) => *content.get(),
            Entry::Vacant(place) => {
                place.insert(identity.content);
                return Outcome::Accepted;
            }
        },
    };
    if before == identity.content { Outcome::Duplicate } else { Outcome::Rejected(Rejection::Conflict) }
}

/// Brings what the state file has of the pages that changed together with what is in memory.
fn load_changed(connection: &Connection, counted: &RwLock<Option<Counted>>) -> Result<()> {
    let (generation, read) = {
        let counted = counted.read().unwrap_or_else(PoisonError::into_inner);
        let Some(counted) = counted.as_ref() else { return Ok(()) };
        let missing = counted.missing_of(&counted.changed());
        (counted.generation(), counted.read(connection, &missing)?)
    };
    let mut counted = counted.write().unwrap_or_else(PoisonError::into_inner);
    // Only whoever commits makes a new generation, and that is us.
    counted.as_mut().map(|counted| counted.put(generation, read));
    Ok(())
}

/// From how many events on it pays to have two threads.
pub(super) const SHARED_EVENTS: usize = 2_000;

/// Does both, in two threads where there are so many events.
pub(super) fn both(threads: usize, events: usize, one: impl FnOnce() + Send, other: impl FnOnce()) {
    if threads > 1 && events >= SHARED_EVENTS {
        std::thread::scope(|scope| {
            scope.spawn(one);
            other();
        });
    } else {
        one();
        other();
    }
}

/// The events of a batch that must be there.
pub(super) fn read(connection: &Connection, mark: &BatchMark) -> Result<Vec<UsageEvent>> {
    tables::read(connection, mark)?.ok_or_else(|| mark.torn("it is gone"))
}
