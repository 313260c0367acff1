//! Reservations by id: those that hold something, and the last that are over.

use super::deadlines::{Deadline, Deadlines};
use super::spender::{Route, Spender};
use super::value::{Refusal, Resolution};
use crate::model::id::{self, Id};
use crate::pipeline::sync::{AtomicI64, Mutex, MutexGuard, Ordering, SHARDS};
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many reservations that are over are remembered in all, at least as good as always: ids spread over the parts.
const REMEMBERED: usize = 65_536;

/// A reservation that holds an amount.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) spender: Arc<Spender>,
    /// The accounts on which it is held, also when others cover the scope by now.
    pub(super) route: Route,
}

/// What is known of an id.
#[derive(Debug)]
pub(super) enum State {
    Held(Hold),
    /// Its time ran out; it may still be settled.
    Expired(Arc<Spender>),
    Settled,
    Released,
    /// It was refused and is to stay so.
    Refused(Box<Refusal>),
    /// The slot is free.
    Free,
}

impl Hold {
    /// Lets go of the amount on all accounts.
    pub(super) fn free(&self, amount: i128) {
        let own = self.route.iter().filter(|cover| !cover.foreign);
        own.for_each(|cover| cover.account.lock().free(amount));
    }
}

impl State {
    pub(super) const fn resolution(&self) -> Option<Resolution> {
        match self {
            Self::Expired(_) => Some(Resolution::Expired),
            Self::Settled => Some(Resolution::Settled),
            Self::Released => Some(Resolution::Released),
            Self::Held(_) | Self::Refused(_) | Self::Free => None,
        }
    }
}

/// A reservation and what it was asked for with.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: Id<id::Reservation>,
    /// The hash of the id.
    hash: u64,
    /// The hash of its scope and currency.
    pub(super) scope: u64,
    pub(super) amount: i128,
    /// In microseconds; none is the end of time.
    pub(super) ttl: i64,
    pub(super) expires: i64,
    /// How often the slot was used before.
    turn: u32,
    pub(super) state: State,
}

impl Entry {
    pub(super) const fn new(id: Id<id::Reservation>, hash: u64, asked: Asked, state: State) -> Self {
        let Asked { scope, amount, ttl, expires } = asked;
        Self { id, hash, scope, amount, ttl, expires, turn: 0, state }
    }

    /// Whether its time is over and nobody has taken note of it.
    pub(super) const fn is_due(&self, now: i64) -> bool {
        self.expires <= now && matches!(self.state, State::Held(_) | State::Refused(_))
    }
}

/// What a reservation is asked for with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) scope: u64,
    pub(super) amount: i128,
    pub(super) ttl: i64,
    pub(super) expires: i64,
}

/// All reservations, in parts with a lock each.
#[derive(Debug)]
pub(super) struct Holds {
    shards: Box<[Mutex<Shard>]>,
    /// No reservation runs out before it. Only ever made later under the locks of all parts.
    next: AtomicI64,
}

/// A part of the reservations.
#[derive(Debug, Default)]
pub(super) struct Shard {
    slots: HashTable<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    deadlines: Deadlines,
    /// How many have a deadline that counts.
    waiting: usize,
    /// Those that are over, the oldest first, with their hashes.
    over: VecDeque<(u32, u64)>,
    remembered: usize,
}

impl Default for Holds {
    fn default() -> Self {
        Self::remembering(REMEMBERED)
    }
}

impl Holds {
    /// Remembers about so many reservations that are over.
    pub(super) fn remembering(all: usize) -> Self {
        // A quarter more for each part than its share: ids are random, and so is how many of them a part has.
        let remembered = all.div_ceil(SHARDS).saturating_mul(5) / 4;
        let shard = || Mutex::new(Shard { remembered, ..Shard::default() });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), next: AtomicI64::new(i64::MAX) }
    }

    /// Locks the part of an id; before any scope or account.
    pub(super) fn lock(&self, hash: u64) -> Option<MutexGuard<'_, Shard>> {
        let at = usize::try_from(hash >> 40).unwrap_or(0) & (SHARDS - 1);
        self.shards.get(at).map(Mutex::lock)
    }

    /// Says that something will run out then, before it is held.
    pub(super) fn announce(&self, expires: i64) {
        if expires < self.next.load(Ordering::Relaxed) {
            self.next.fetch_min(expires, Ordering::Relaxed);
        }
    }

    /// Whether something may have run out. It is exact for accounts whose locks the caller has: what is held there was
    /// announced before, and what was swept before the mark was moved.
    pub(super) fn is_due(&self, now: i64) -> bool {
        self.next.load(Ordering::Relaxed) <= now
    }

    /// Lets go of all that has run out at `now`.
    pub(super) fn sweep(&self, now: i64) {
        // All parts at once: nobody is between announcing and holding, so that the next deadline is the next.
        let mut shards: Vec<_> = self.shards.iter().map(Mutex::lock).collect();
        if !self.is_due(now) {
            return;
        }
        let next = shards.iter_mut().map(|shard| shard.sweep(now)).min();
        self.next.store(next.unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Each part in turn.
    pub(super) fn each(&self, visit: impl FnMut(&Shard)) {
        let mut visit = visit;
        self.shards.iter().for_each(|shard| visit(&shard.lock()));
    }
}

fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

impl Shard {
    /// The slot of an id.
    pub(super) fn find(&self, id: Id<id::Reservation>, hash: u64) -> Option<u32> {
        let same = |slot: &u32| self.entries.get(index(*slot)).is_some_and(|entry| entry.id == id);
        self.slots.find(hash, same).copied()
    }

    pub(super) fn entry(&self, slot: u32) -> Option<&Entry> {
        self.entries.get(index(slot))
    }

    /// Keeps an id that is not known and is held or refused.
    pub(super) fn insert(&mut self, mut entry: Entry) {
        let (hash, at) = (entry.hash, entry.expires);
        let slot = if let Some(slot) = self.free.pop() {
            if let Some(old) = self.entries.get_mut(index(slot)) {
                entry.turn = old.turn.wrapping_add(1);
                *old = entry;
            }
            slot
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        let entries = &self.entries;
        self.slots.insert_unique(hash, slot, |slot| entries.get(index(*slot)).map_or(0, |entry| entry.hash));
        if at < i64::MAX {
            let turn = entries.get(index(slot)).map_or(0, |entry| entry.turn);
            self.deadlines.push(Deadline { at, slot, turn }, self.waiting, |deadline| counts(entries, deadline));
            self.waiting = self.waiting.saturating_add(1);
        }
    }

    /// What was held is over, and remembered for a while; what has expired may be settled yet.
    pub(super) fn resolve(&mut self, slot: u32, state: State) {
        let Some(entry) = self.entries.get_mut(index(slot)) else { return };
        let before = std::mem::replace(&mut entry.state, state);
        if !matches!(before, State::Held(_)) {
            return;
        }
        let (hash, timed) = (entry.hash, entry.expires < i64::MAX);
        self.waiting = self.waiting.saturating_sub(usize::from(timed));
        self.over.push_back((slot, hash));
        if self.over.len() > self.remembered
            && let Some((oldest, hash)) = self.over.pop_front()
        {
            self.forget(oldest, hash);
        }
    }

    fn forget(&mut self, slot: u32, hash: u64) {
        if let Ok(found) = self.slots.find_entry(hash, |other| *other == slot) {
            found.remove();
        }
        if let Some(entry) = self.entries.get_mut(index(slot)) {
            entry.state = State::Free;
            self.free.push(slot);
        }
    }

    /// Lets go of what has run out, and says when the next does.
    fn sweep(&mut self, now: i64) -> i64 {
        loop {
            let entries = &self.entries;
            let Some(due) = self.deadlines.pop_due(now, |deadline| counts(entries, deadline)) else { break };
            self.expire(due.slot);
        }
        let entries = &self.entries;
        self.deadlines.next(|deadline| counts(entries, deadline))
    }

    fn expire(&mut self, slot: u32) {
        let Some(entry) = self.entries.get(index(slot)) else { return };
        match &entry.state {
            State::Held(hold) => {
                hold.free(entry.amount);
                let spender = Arc::clone(&hold.spender);
                self.resolve(slot, State::Expired(spender));
            }
            State::Refused(_) => {
                self.waiting = self.waiting.saturating_sub(1);
                self.forget(slot, entry.hash);
            }
            _ => {}
        }
    }

    /// All that is known, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !matches!(entry.state, State::Free))
    }

    /// How many places there are, in use or not, of entries and of deadlines.
    pub(super) fn places(&self) -> (usize, usize) {
        (self.entries.len(), self.deadlines.len())
    }
}

/// Whether the time of an entry still runs.
fn counts(entries: &[Entry], deadline: &Deadline) -> bool {
    let entry = entries.get(index(deadline.slot));
    entry.is_some_and(|entry| entry.turn == deadline.turn && matches!(entry.state, State::Held(_) | State::Refused(_)))
}
