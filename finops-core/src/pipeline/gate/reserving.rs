//! Asking: whether a spend may happen, and holding it.

use super::holds::{Asked, Entry, Hold, State};
use super::lane::Lane;
use super::scope::{Scope, Spend};
use super::value::{Reserved, Terms, Verdict};
use super::{Gate, GateError};
use crate::Error;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::pipeline::sync::LANES;
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
        let amount = positive(spend)?;
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
        let amount = positive(spend)?;
        let (ttl, scope, now) = (micros(&terms)?, spend.hash(&self.hasher), now.micros());
        let asked = Asked { scope, amount, ttl, expires: now.saturating_add(ttl) };
        let hash = self.hasher.hash_one(id);
        let request = Request { id, hash, spend, asked, remember: terms.idempotent, now };
        let (number, mut lane) = if terms.idempotent { self.enter_at(lane_of(hash)) } else { self.enter() };
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
        self.reserve_in_all(number, &request)
    }

    /// Decides over all lanes, and holds it in that one.
    #[cold]
    fn reserve_in_all(&self, number: usize, request: &Request<'_>) -> Result<Reserved, GateError> {
        let mut all = self.all();
        all.sweep(request.now);
        if let Some(answer) = all.lanes.get(number).and_then(|lane| request.known(lane)) {
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
            return Ok(Reserved { verdict, repeated: false });
        }
        for cover in covers.iter().filter(|cover| !cover.foreign) {
            all.even(cover.account, (number, spend.amount.mantissa()));
        }
        let Some(lane) = all.lane(number) else { return Ok(Reserved { verdict, repeated: false }) };
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
        let verdict = match &entry.state {
            State::Refused(refusal) => Verdict::Deny(refusal.clone()),
            State::Held(hold) => Verdict::Allow { covered: lane.held_on(hold).len() },
            State::Free => return None,
        };
        Some(Ok(Reserved { verdict, repeated: true }))
    }

    /// Holds what was admitted.
    fn hold(&self, lane: &mut Lane, scope: u32) -> Reserved {
        lane.take_room(scope, self.asked.amount);
        lane.scopes.uses(scope);
        let state = State::Held(Hold { scope, on: None });
        lane.holds.insert(Entry::new(self.id, self.hash, self.asked, state));
        Reserved { verdict: Verdict::Allow { covered: lane.scopes.covers(scope).len() }, repeated: false }
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

fn positive(spend: &Spend<'_>) -> Result<i128, GateError> {
    if spend.amount.is_negative() {
        return Err(Error::invalid("amount", format!("must be zero or more, got {}", spend.amount)).into());
    }
    Ok(spend.amount.mantissa())
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
