//! Asking: whether a spend may happen, and holding it.

use super::cells::LIMIT;
use super::holds::{Asked, Entry, Hold, State};
use super::lane::Lane;
use super::scope::{Scope, Spend};
use super::value::{Reserved, Terms, Verdict};
use super::{Gate, GateError};
use crate::model::id::{self, Id};
use crate::model::money::Money;
use crate::model::time::Stamp;
use crate::pipeline::sync::{LANES, MutexGuard};
use crate::{Error, Result};
use std::hash::BuildHasher;

/// How long a refusal without a time of its own is remembered: a day, in microseconds.
const REFUSED: i64 = 86_400_000_000;

/// What a reservation is about.
struct Request<'a> {
    id: Id<id::Reservation>,
    hash: u64,
    spend: &'a Spend<'a>,
    asked: Asked,
    remember: bool,
    now: i64,
}

impl Gate {
    /// Whether all budgets that cover the spend allow it at `now`. Nothing is held.
    ///
    /// # Errors
    /// [`GateError::Rolled`] when `now` is outside of the period of one of them; [`GateError::Currency`] when one that
    /// has a limit or is closed counts in another currency, whatever the amount; `invalid_argument` for an amount that
    /// is negative or 10^20 and more, or a scope out of order.
    pub fn check(&self, spend: &Spend<'_>, now: Stamp) -> Result<Verdict, GateError> {
        let amount = mantissa(spend.amount)?;
        let (hash, now) = (spend.hash(&self.hasher), now.micros());
        let (_, mut lane) = self.enter();
        let scope = self.scope(&mut lane, spend, hash)?;
        if lane.admits(scope, amount, now) {
            return Ok(Verdict::Allow { covered: lane.scopes.covers(scope).len() });
        }
        drop(lane);
        let mut all = self.all();
        all.sweep(now);
        let covers = all.book.index.covers(&Scope::new(spend)?);
        all.judge(&covers, amount, spend.currency, now)
    }

    /// Holds the amount in all budgets that cover the spend, or in none. What is not settled or released within the
    /// time of the `terms` expires at exactly `now` and that time.
    ///
    /// An id that the caller gave, and says so in the terms, is answered as before where the fields are the same, as
    /// long as the amount is held; after that it is used up. A refusal is remembered for it too. Any other id must be
    /// one that was made for this call.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); [`GateError::Differs`] for an id that was used for something else,
    /// [`GateError::Resolved`] for one that is over; `invalid_argument` on `ttl`.
    pub fn reserve(
        &self,
        id: Id<id::Reservation>,
        spend: &Spend<'_>,
        terms: Terms,
        now: Stamp,
    ) -> Result<Reserved, GateError> {
        let amount = mantissa(spend.amount)?;
        let (ttl, scope, now) = (micros(&terms)?, spend.hash(&self.hasher), now.micros());
        let asked = Asked { scope, amount, ttl, expires: now.saturating_add(ttl) };
        let hash = self.hasher.hash_one(id);
        let request = Request { id, hash, spend, asked, remember: terms.idempotent, now };
        let (number, mut lane) = if terms.idempotent { self.enter_with(&request) } else { self.enter() };
        if !lane.holds.is_due(now) {
            if let Some(answer) = request.known(&lane) {
                return answer;
            }
            let scope = self.scope(&mut lane, spend, asked.scope)?;
            if lane.admits(scope, amount, now) {
                return Ok(request.hold(&mut lane, scope));
            }
        }
        drop(lane);
        let number = if terms.idempotent { lane_of(hash) } else { number };
        self.reserve_in_all(number, &request)
    }

    /// The lane that knows an id which the caller gave; else the one in which such ids are kept. It may be an id that
    /// was made for another call and given back by the caller: it lies in the lane which that call took, and was there
    /// before anybody could know it. So it is enough to look into the others first, one after the other.
    fn enter_with(&self, request: &Request<'_>) -> (usize, MutexGuard<'_, Lane>) {
        let home = lane_of(request.hash);
        let found = (0..LANES).filter(|number| *number != home).find_map(|number| {
            let lane = self.lanes.get(number)?.lock();
            lane.holds.knows(request.id, request.hash).then_some((number, lane))
        });
        found.unwrap_or_else(|| self.enter_at(home))
    }

    /// Decides over all lanes, and holds it in that one.
    #[cold]
    fn reserve_in_all(&self, number: usize, request: &Request<'_>) -> Result<Reserved, GateError> {
        let mut all = self.all();
        all.sweep(request.now);
        // One that was given may lie in any lane.
        if let Some(answer) = all.lanes.iter().find_map(|lane| request.known(lane)) {
            return answer;
        }
        let spend = request.spend;
        let new = Scope::new(spend)?;
        let covers = all.book.index.covers(&new);
        let verdict = all.judge(&covers, spend.amount.mantissa(), spend.currency, request.now)?;
        if let Verdict::Deny(refusal) = &verdict {
            if request.remember
                && let Some(lane) = all.lane(number)
            {
                let state = State::Refused(refusal.clone());
                lane.holds.insert(Entry::new(request.id, request.hash, request.refused(), state));
            }
            return Ok(Reserved { verdict, repeated: false, expires: None });
        }
        for cover in covers.iter().filter(|cover| !cover.foreign) {
            all.even(cover.account, (number, spend.amount.mantissa()));
        }
        let Some(lane) = all.lane(number) else { return Ok(Reserved { verdict, repeated: false, expires: None }) };
        let scope = match lane.scopes.find(request.asked.scope, spend) {
            Some(scope) => scope,
            None => lane.scopes.insert(new, request.asked.scope, covers),
        };
        Ok(request.hold(lane, scope))
    }

    /// The scope of a spend in a lane, looked up, or kept with the accounts that cover it.
    fn scope(&self, lane: &mut Lane, spend: &Spend<'_>, hash: u64) -> Result<u32, GateError> {
        if let Some(scope) = lane.scopes.find(hash, spend) {
            return Ok(scope);
        }
        let scope = Scope::new(spend)?;
        let covers = self.book.read().index.covers(&scope);
        Ok(lane.scopes.insert(scope, hash, covers))
    }
}

impl Request<'_> {
    /// The answer to an id that is known, unless its time is over and nobody has taken note of that.
    fn known(&self, lane: &Lane) -> Option<Result<Reserved, GateError>> {
        let id = self.id;
        let Some((_, entry)) = lane.holds.find(id, self.hash) else {
            // An id that was made for this call cannot be over.
            let (resolution, _) = self.remember.then(|| lane.holds.over.get(id, self.hash))??;
            return Some(Err(GateError::Resolved { id, resolution }));
        };
        let (first, asked) = (&entry.asked, &self.asked);
        let fields = [("scope", first.scope != asked.scope), ("amount", first.amount != asked.amount)];
        let differs = fields.into_iter().chain([("ttl", first.ttl != asked.ttl)]).find(|(_, differs)| *differs);
        if let Some((field, _)) = differs {
            return Some(Err(GateError::Differs { id, field }));
        }
        let (verdict, expires) = match &entry.state {
            State::Refused(refusal) => (Verdict::Deny(refusal.clone()), None),
            State::Held(hold) => (Verdict::Allow { covered: lane.held_on(hold).len() }, first.expires()),
            State::Free => return None,
        };
        Some(Ok(Reserved { verdict, repeated: true, expires }))
    }

    /// Holds what was admitted.
    fn hold(&self, lane: &mut Lane, scope: u32) -> Reserved {
        lane.take_room(scope, self.asked.amount);
        lane.scopes.uses(scope);
        let state = State::Held(Hold { scope, on: None });
        lane.holds.insert(Entry::new(self.id, self.hash, self.asked, state));
        let verdict = Verdict::Allow { covered: lane.scopes.covers(scope).len() };
        Reserved { verdict, repeated: false, expires: self.asked.expires() }
    }

    /// How long a refusal is remembered.
    fn refused(&self) -> Asked {
        let expires = if self.asked.ttl == i64::MAX { self.now.saturating_add(REFUSED) } else { self.asked.expires };
        Asked { expires, ..self.asked }
    }
}

/// The lane in which an id is looked for that somebody gave.
pub(super) fn lane_of(hash: u64) -> usize {
    usize::try_from(hash >> 40).unwrap_or(0) % LANES
}

/// An amount that charges can have.
pub(super) fn mantissa(amount: Money) -> Result<i128> {
    if amount.is_negative() {
        return Err(Error::invalid("amount", format!("must be zero or more, got {amount}")));
    }
    if amount.mantissa() >= LIMIT {
        return Err(Error::invalid("amount", format!("must be below 10^20, got {amount}")));
    }
    Ok(amount.mantissa())
}

/// The time in microseconds, the end of time without one.
fn micros(terms: &Terms) -> Result<i64, GateError> {
    let Some(ttl) = terms.ttl else { return Ok(i64::MAX) };
    let micros = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
    if micros == 0 {
        return Err(Error::invalid("ttl", "must be a microsecond or more").into());
    }
    Ok(micros)
}
