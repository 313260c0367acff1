//! Settling and releasing: what was reserved becomes what was spent, or nothing.

use super::all::{All, Posting};
use super::cells::quarter_of;
use super::holds::{Entry, State};
use super::lane::Lane;
use super::reserving::mantissa;
use super::value::{Resolution, Settled};
use super::{Gate, GateError};
use crate::model::dimension::BuiltIn;
use crate::model::id::{self, Id};
use crate::model::money::Money;
use crate::model::time::Stamp;
use crate::pipeline::sync::{LANES, MutexGuard, own_lane};
use smallvec::SmallVec;
use std::hash::BuildHasher;

/// A reservation that is to be resolved.
struct Resolving<'a> {
    id: Id<id::Reservation>,
    hash: u64,
    /// Ids that its scope must have: that of others is not there.
    own: &'a [(BuiltIn, &'a str)],
    now: Stamp,
}

impl Gate {
    /// Posts what was spent in all budgets that cover the scope now, and lets go of what was held. It is posted in
    /// full, also where it is more than was reserved, and after the reservation expired.
    ///
    /// # Errors
    /// [`GateError::NotFound`]; [`GateError::Resolved`] when it was settled or released before; `invalid_argument`
    /// for an amount that is negative or 10^20 and more; [`GateError::Overflow`], or `overflow` where its scope would
    /// come to 10^20 in the quarter of an hour.
    pub fn settle(&self, id: Id<id::Reservation>, actual: Money, now: Stamp) -> Result<Settled, GateError> {
        self.settle_own(id, &[], actual, now)
    }

    /// The same for somebody who has only reservations whose spend had all of these ids, of tenant, organization and
    /// user. Any other one is not found.
    ///
    /// # Errors
    /// As [`Gate::settle`].
    pub fn settle_own(
        &self,
        id: Id<id::Reservation>,
        own: &[(BuiltIn, &str)],
        actual: Money,
        now: Stamp,
    ) -> Result<Settled, GateError> {
        mantissa(actual)?;
        let resolving = Resolving { id, hash: self.hasher.hash_one(id), own, now };
        let (number, mut lane) = self.lane_with(&resolving).ok_or(GateError::NotFound(id))?;
        if let Some(amount) = resolving.within(&mut lane, Some(actual.mantissa())) {
            return Ok(settled(actual, amount, false, false));
        }
        drop(lane);
        resolving.settle_in_all(&mut self.all(), number, actual)
    }

    /// Lets go of what was held, and says how much that was; nothing is posted.
    ///
    /// # Errors
    /// [`GateError::NotFound`]; [`GateError::Resolved`] when it is over already, also by expiry.
    pub fn release(&self, id: Id<id::Reservation>, now: Stamp) -> Result<Money, GateError> {
        self.release_own(id, &[], now)
    }

    /// The same for somebody who has only some reservations, as [`Gate::settle_own`].
    ///
    /// # Errors
    /// As [`Gate::release`].
    pub fn release_own(
        &self,
        id: Id<id::Reservation>,
        own: &[(BuiltIn, &str)],
        now: Stamp,
    ) -> Result<Money, GateError> {
        let resolving = Resolving { id, hash: self.hasher.hash_one(id), own, now };
        let (number, mut lane) = self.lane_with(&resolving).ok_or(GateError::NotFound(id))?;
        if let Some(amount) = resolving.within(&mut lane, None) {
            return Ok(Money::from_mantissa(amount));
        }
        drop(lane);
        resolving.release_in_all(&mut self.all(), number)
    }

    /// The lane that knows an id: first the one of this thread. An id never moves to another.
    fn lane_with(&self, resolving: &Resolving<'_>) -> Option<(usize, MutexGuard<'_, Lane>)> {
        let first = own_lane();
        (0..LANES).map(|step| (first + step) % LANES).find_map(|number| {
            let lane = self.lanes.get(number)?.lock();
            (lane.holds.knows(resolving.id, resolving.hash) && resolving.is_own(&lane)).then_some((number, lane))
        })
    }
}

impl Resolving<'_> {
    /// Whether whoever asks has it. It stays so: an id never means another reservation.
    fn is_own(&self, lane: &Lane) -> bool {
        if self.own.is_empty() {
            return true;
        }
        let scope = match lane.holds.find(self.id, self.hash) {
            Some((_, Entry { state: State::Held(hold), .. })) => Some(hold.scope),
            Some(_) => return false,
            None => {
                let over = lane.holds.over.get(self.id, self.hash);
                over.and_then(|(_, expired)| expired).map(|expired| expired.scope)
            }
        };
        match scope {
            Some(scope) => lane.scopes.get(scope).is_some_and(|spender| spender.scope().has(self.own)),
            None => lane.holds.over.is_of(self.id, self.hash, self.own),
        }
    }

    /// Resolves it if the lane can do so by itself, and says what was held.
    fn within(&self, lane: &mut Lane, actual: Option<i128>) -> Option<i128> {
        let (slot, entry) = lane.holds.find(self.id, self.hash)?;
        let State::Held(hold) = &entry.state else { return None };
        if entry.is_due(self.now.micros()) || hold.on.is_some() {
            return None;
        }
        let (scope, amount) = (hold.scope, entry.asked.amount);
        if !lane.swap_room(scope, amount, actual.unwrap_or(0), quarter_of(self.now)) {
            return None;
        }
        let resolution = if actual.is_some() { Resolution::Settled } else { Resolution::Released };
        lane.resolve(slot, scope, resolution);
        Some(amount)
    }

    #[cold]
    fn settle_in_all(&self, all: &mut All<'_>, number: usize, actual: Money) -> Result<Settled, GateError> {
        all.sweep(self.now.micros());
        let (spent, start) = (actual.mantissa(), quarter_of(self.now));
        let Some(lane) = all.lane(number) else { return Err(GateError::NotFound(self.id)) };
        let Some((slot, scope, amount, on)) = self.held(lane) else {
            let (resolution, expired) = lane.holds.over.get(self.id, self.hash).ok_or(GateError::NotFound(self.id))?;
            let Some(expired) = expired else { return Err(GateError::Resolved { id: self.id, resolution }) };
            let posting = Posting { lane: number, scope: expired.scope, on: &[], freed: 0, spent, start };
            let due = all.post(&posting)?;
            if let Some(lane) = all.lane(number) {
                lane.holds.over.settle(self.id, self.hash);
                lane.scopes.unused(expired.scope);
            }
            return Ok(settled(actual, expired.amount, true, due));
        };
        let due = all.post(&Posting { lane: number, scope, on: &on, freed: amount, spent, start })?;
        if let Some(lane) = all.lane(number) {
            lane.resolve(slot, scope, Resolution::Settled);
        }
        Ok(settled(actual, amount, false, due))
    }

    #[cold]
    fn release_in_all(&self, all: &mut All<'_>, number: usize) -> Result<Money, GateError> {
        all.sweep(self.now.micros());
        let id = self.id;
        let Some(lane) = all.lane(number) else { return Err(GateError::NotFound(id)) };
        let Some((slot, scope, amount, on)) = self.held(lane) else {
            let over = lane.holds.over.get(id, self.hash);
            return Err(over.map_or(GateError::NotFound(id), |(resolution, _)| GateError::Resolved { id, resolution }));
        };
        let start = quarter_of(self.now);
        all.post(&Posting { lane: number, scope, on: &on, freed: amount, spent: 0, start })?;
        if let Some(lane) = all.lane(number) {
            lane.resolve(slot, scope, Resolution::Released);
        }
        Ok(Money::from_mantissa(amount))
    }

    /// Where it is held, of which scope, how much, and on which accounts.
    fn held(&self, lane: &Lane) -> Option<(u32, u32, i128, SmallVec<[u32; 8]>)> {
        let (slot, entry) = lane.holds.find(self.id, self.hash)?;
        let State::Held(hold) = &entry.state else { return None };
        Some((slot, hold.scope, entry.asked.amount, lane.held_on(hold)))
    }
}

fn settled(actual: Money, amount: i128, late: bool, alert_due: bool) -> Settled {
    let spent = actual.mantissa();
    let released = if late { 0 } else { amount.saturating_sub(spent).max(0) };
    Settled { posted: actual, released: Money::from_mantissa(released), overrun: spent > amount, late, alert_due }
}
