//! The last reservations of a lane that are over: so many, then the oldest makes room.

use super::holds::Expired;
use super::lane::{number, place};
use super::scope::Owners;
use super::value::Resolution;
use crate::model::dimension::BuiltIn;
use crate::model::id::{self, Id};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// How many reservations that are over a lane remembers.
const REMEMBERED: usize = 65_536;
/// How many are written before they are put where they can be found by id. The table is large, and so are the waits for
/// it; those for many places at once are one.
const BATCH: usize = 64;

/// What became of the last reservations, by id.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// A ring once it is full, and beside it what became of each.
    ids: Vec<Id<id::Reservation>>,
    over: Vec<Over>,
    /// Where the next will be written: the oldest in a ring that is full.
    next: usize,
    places: HashTable<u32>,
    /// The last ones, with their hashes and those of the ones that they took the place of, which the table has yet.
    fresh: Vec<Fresh>,
    /// By place, what is needed to settle late.
    expired: HashMap<u32, Expired>,
    hasher: DefaultHashBuilder,
}

/// What became of a reservation, and whose it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Over {
    pub(super) resolution: Resolution,
    pub(super) owners: Owners,
}

/// A place that was written.
#[derive(Debug, Clone, Copy)]
struct Fresh {
    at: u32,
    hash: u64,
    gone: Option<u64>,
}

impl Memory {
    pub(super) fn new(hasher: DefaultHashBuilder) -> Self {
        Self { hasher, ..Self::default() }
    }

    fn find(&self, id: Id<id::Reservation>, hash: u64) -> Option<u32> {
        let is = |at: u32| self.ids.get(place(at)) == Some(&id);
        let fresh = self.fresh.iter().find(|fresh| fresh.hash == hash && is(fresh.at)).map(|fresh| fresh.at);
        fresh.or_else(|| self.places.find(hash, |at| is(*at)).copied())
    }

    /// Puts the last ones where they can be found.
    fn note(&mut self) {
        for fresh in self.fresh.drain(..) {
            if let Some(gone) = fresh.gone
                && let Ok(found) = self.places.find_entry(gone, |other| *other == fresh.at)
            {
                found.remove();
            }
            let (ids, hasher) = (&self.ids, &self.hasher);
            let rehash = |at: &u32| ids.get(place(*at)).map_or(0, |id| hasher.hash_one(id));
            self.places.insert_unique(fresh.hash, fresh.at, rehash);
        }
    }

    /// What became of an id, and what is needed to settle it late.
    pub(super) fn get(&self, id: Id<id::Reservation>, hash: u64) -> Option<(Resolution, Option<Expired>)> {
        let at = self.find(id, hash)?;
        let resolution = self.over.get(place(at))?.resolution;
        let expired = if resolution == Resolution::Expired { self.expired.get(&at).copied() } else { None };
        Some((resolution, expired))
    }

    /// Whether it was a reservation of all those.
    pub(super) fn is_of(&self, id: Id<id::Reservation>, hash: u64, ids: &[(BuiltIn, &str)]) -> bool {
        let over = self.find(id, hash).and_then(|at| self.over.get(place(at)));
        over.is_some_and(|over| over.owners.include(Owners::of(ids.iter().copied(), &self.hasher)))
    }

    /// What had expired was settled after all. It is forgotten when it would have been.
    pub(super) fn settle(&mut self, id: Id<id::Reservation>, hash: u64) {
        let Some(at) = self.find(id, hash) else { return };
        self.expired.remove(&at);
        if let Some(over) = self.over.get_mut(place(at)) {
            over.resolution = Resolution::Settled;
        }
    }

    /// Adds one that is not known. Gives back the scope of one that had expired and is forgotten for it.
    pub(super) fn push(
        &mut self,
        id: Id<id::Reservation>,
        hash: u64,
        over: Over,
        expired: Option<Expired>,
    ) -> Option<u32> {
        let (at, mut gone, mut forgotten) = (self.next, None, None);
        if let (Some(old), Some(became)) = (self.ids.get_mut(at), self.over.get_mut(at)) {
            gone = Some(self.hasher.hash_one(std::mem::replace(old, id)));
            if std::mem::replace(became, over).resolution == Resolution::Expired {
                forgotten = self.expired.remove(&number(at)).map(|expired| expired.scope);
            }
        } else {
            self.ids.push(id);
            self.over.push(over);
        }
        self.fresh.push(Fresh { at: number(at), hash, gone });
        if self.fresh.len() >= BATCH {
            self.note();
        }
        if let Some(expired) = expired {
            self.expired.insert(number(at), expired);
        }
        self.next = if at + 1 < REMEMBERED { at + 1 } else { 0 };
        forgotten
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Id<id::Reservation>, Resolution)> {
        self.ids.iter().copied().zip(self.over.iter().map(|over| over.resolution))
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}
