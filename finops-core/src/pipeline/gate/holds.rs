//! The reservations of a lane by id: those that hold something, and the last that are over.

use super::deadlines::{Deadline, Deadlines};
use super::lane::{number, place};
use super::memory::{Memory, Over};
use super::scope::Owners;
use super::value::{Refusal, Resolution};
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::collections::VecDeque;

/// How many refusals a lane remembers: so many, then the oldest is forgotten before its time.
const REFUSALS: usize = 65_536;

/// A reservation that holds an amount, or was refused and stays so.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: Id<id::Reservation>,
    hash: u64,
    pub(super) asked: Asked,
    /// How often its slot was used before.
    turn: u32,
    pub(super) state: State,
}

/// What a reservation is asked for with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// The hash of its scope and currency.
    pub(super) scope: u64,
    pub(super) amount: i128,
    /// In microseconds; none is the end of time, as is when it runs out then.
    pub(super) ttl: i64,
    pub(super) expires: i64,
}

impl Asked {
    /// When it runs out, if it does.
    pub(super) fn expires(&self) -> Option<Stamp> {
        Stamp::from_micros(self.expires).ok()
    }
}

/// What a reservation is that is not over.
#[derive(Debug)]
pub(super) enum State {
    Held(Hold),
    Refused(Box<Refusal>),
    /// The slot is free.
    Free,
}

/// What is held.
#[derive(Debug)]
pub(super) struct Hold {
    /// The scope in the lane.
    pub(super) scope: u32,
    /// The accounts on which it is held, where others cover the scope by now.
    pub(super) on: Option<Box<[u32]>>,
}

/// What is needed to settle one late that has expired.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expired {
    pub(super) scope: u32,
    pub(super) amount: i128,
}

impl Entry {
    pub(super) const fn new(id: Id<id::Reservation>, hash: u64, asked: Asked, state: State) -> Self {
        Self { id, hash, asked, turn: 0, state }
    }

    /// Whether its time is over.
    pub(super) const fn is_due(&self, now: i64) -> bool {
        self.asked.expires <= now
    }

    const fn is_timed(&self) -> bool {
        self.asked.expires < i64::MAX
    }
}

/// The reservations of a lane.
#[derive(Debug, Default)]
pub(super) struct Holds {
    slots: HashTable<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    deadlines: Deadlines,
    /// How many have a deadline that counts.
    timed: usize,
    /// The last refusals in their order, each by its slot and by which use of it that is.
    refused: VecDeque<(u32, u32)>,
    pub(super) over: Memory,
}

impl Holds {
    /// The hasher is that by which ids are looked up.
    pub(super) fn new(hasher: DefaultHashBuilder) -> Self {
        Self { over: Memory::new(hasher), ..Self::default() }
    }

    /// The slot of an id that is held or refused.
    pub(super) fn find(&self, id: Id<id::Reservation>, hash: u64) -> Option<(u32, &Entry)> {
        let same = |slot: &u32| self.entries.get(place(*slot)).is_some_and(|entry| entry.id == id);
        let slot = *self.slots.find(hash, same)?;
        Some((slot, self.entries.get(place(slot))?))
    }

    /// Whether anything is known of an id.
    pub(super) fn knows(&self, id: Id<id::Reservation>, hash: u64) -> bool {
        self.find(id, hash).is_some() || self.over.get(id, hash).is_some()
    }

    /// Keeps an id that is not known.
    pub(super) fn insert(&mut self, mut entry: Entry) {
        let (hash, at, timed) = (entry.hash, entry.asked.expires, entry.is_timed());
        let is_refused = matches!(entry.state, State::Refused(_));
        let slot = if let Some(slot) = self.free.pop() {
            if let Some(old) = self.entries.get_mut(place(slot)) {
                entry.turn = old.turn.wrapping_add(1);
                *old = entry;
            }
            slot
        } else {
            self.entries.push(entry);
            number(self.entries.len() - 1)
        };
        let entries = &self.entries;
        self.slots.insert_unique(hash, slot, |slot| entries.get(place(*slot)).map_or(0, |entry| entry.hash));
        let turn = entries.get(place(slot)).map_or(0, |entry| entry.turn);
        if timed {
            self.deadlines.push(Deadline { at, slot, turn }, self.timed, |deadline| counts(entries, deadline));
            self.timed = self.timed.saturating_add(1);
        }
        if is_refused {
            self.refused.push_back((slot, turn));
            self.forget_refusals();
        }
    }

    /// Forgets the oldest refusals where there are too many. One whose time is over was forgotten before, and its slot
    /// may have another use.
    fn forget_refusals(&mut self) {
        while self.refused.len() > REFUSALS {
            let Some((slot, turn)) = self.refused.pop_front() else { return };
            let entry = self.entries.get(place(slot)).filter(|entry| entry.turn == turn);
            if entry.is_some_and(|entry| matches!(entry.state, State::Refused(_))) {
                self.forget(slot);
            }
        }
    }

    /// What was held is over, and remembered for a while; what has expired with what is needed to settle it. Gives back
    /// the scope of another one that had expired, and cannot be settled any more.
    pub(super) fn resolve(
        &mut self,
        slot: u32,
        resolution: Resolution,
        owners: Owners,
        expired: Option<Expired>,
    ) -> Option<u32> {
        let (id, hash) = self.forget(slot)?;
        self.over.push(id, hash, Over { resolution, owners }, expired)
    }

    fn forget(&mut self, slot: u32) -> Option<(Id<id::Reservation>, u64)> {
        let entry = self.entries.get_mut(place(slot))?;
        entry.state = State::Free;
        self.timed = self.timed.saturating_sub(usize::from(entry.is_timed()));
        if let Ok(found) = self.slots.find_entry(entry.hash, |other| *other == slot) {
            found.remove();
        }
        self.free.push(slot);
        Some((entry.id, entry.hash))
    }

    /// Whether something may have run out.
    pub(super) fn is_due(&self, now: i64) -> bool {
        self.deadlines.first() <= now
    }

    /// The slot, the amount and the hold of one that has run out; refusals that have are forgotten.
    pub(super) fn pop_due(&mut self, now: i64) -> Option<(u32, i128, Hold)> {
        loop {
            let entries = &self.entries;
            let due = self.deadlines.pop_due(now, |deadline| counts(entries, deadline))?;
            let entry = self.entries.get_mut(place(due.slot))?;
            if let State::Held(hold) = std::mem::replace(&mut entry.state, State::Free) {
                return Some((due.slot, entry.asked.amount, hold));
            }
            self.forget(due.slot);
        }
    }

    /// The holds of scopes whose accounts change stay on those that they were made on.
    pub(super) fn pin(&mut self, mut on: impl FnMut(u32) -> Option<Box<[u32]>>) {
        for entry in &mut self.entries {
            if let State::Held(hold) = &mut entry.state
                && hold.on.is_none()
            {
                hold.on = on(hold.scope);
            }
        }
    }

    /// All that is held or refused, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !matches!(entry.state, State::Free))
    }

    /// How many places there are, in use or not: of reservations, also of those that are over, and of deadlines.
    pub(super) fn places(&self) -> (usize, usize) {
        (self.entries.len() + self.over.len(), self.deadlines.len())
    }
}

/// Whether the time of an entry still runs.
fn counts(entries: &[Entry], deadline: &Deadline) -> bool {
    let entry = entries.get(place(deadline.slot));
    entry.is_some_and(|entry| entry.turn == deadline.turn && !matches!(entry.state, State::Free))
}
