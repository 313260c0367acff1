//! Asking: whether a spend may happen, and holding it.

use super::account::{Judgement, Ledger};
use super::holds::{Asked, Entry, Hold, Shard, State};
use super::scope::Spend;
use super::spender::Cover;
use super::value::{Reserved, Terms, Verdict};
use super::{Again, Gate, GateError};
use crate::Error;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::pipeline::sync::MutexGuard;
use smallvec::SmallVec;
use std::hash::BuildHasher;
use std::sync::Arc;

/// How long a refusal without a time of its own is remembered: a day, in microseconds.
const REFUSED: i64 = 86_400_000_000;

/// The accounts of a spend, locked.
pub(super) type Locked<'a> = SmallVec<[MutexGuard<'a, Ledger>; 8]>;

impl Gate {
    /// Whether all budgets that cover the spend allow it at `now`. Nothing is held.
    ///
    /// # Errors
    /// [`GateError::Rolled`] when the period of one of them has ended, [`GateError::Currency`] when one that has a
    /// limit counts in another currency, `invalid_argument` for a negative amount or a scope out of order.
    pub fn check(&self, spend: &Spend<'_>, now: Stamp) -> Result<Verdict, GateError> {
        let amount = positive(spend)?;
        let spender = self.spender(spend, spend.hash(&self.hasher))?;
        self.again(now, || {
            let books = spender.lock();
            let locked = lock(&books.route);
            self.judge(&books.route, &locked, spend, amount, now)
        })
    }

    /// Holds the amount in all budgets that cover the spend, or in none. What is not settled or released within the
    /// time of the `terms` expires at exactly `now` and that time.
    ///
    /// The same id with the same fields is answered as before, as long as the amount is held. A refusal is remembered
    /// where the terms say so.
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
        let ttl = micros(&terms)?;
        let asked = Asked { scope: spend.hash(&self.hasher), amount, ttl, expires: now.micros().saturating_add(ttl) };
        let hash = self.hasher.hash_one(id);
        let spender = self.spender(spend, asked.scope)?;
        self.again(now, || {
            let Some(mut shard) = self.holds.lock(hash) else { return Err(GateError::NotFound(id).into()) };
            if let Some(slot) = shard.find(id, hash) {
                return repeated(&shard, slot, &asked, now);
            }
            self.holds.announce(asked.expires);
            let books = spender.lock();
            let mut locked = lock(&books.route);
            let verdict = self.judge(&books.route, &locked, spend, amount, now)?;
            match &verdict {
                Verdict::Allow { .. } => {
                    let own = locked.iter_mut().zip(books.route.iter()).filter(|(_, cover)| !cover.foreign);
                    own.for_each(|(ledger, _)| ledger.hold(amount));
                    drop(locked);
                    let route = Arc::clone(&books.route);
                    drop(books);
                    let hold = Hold { spender: Arc::clone(&spender), route };
                    shard.insert(Entry::new(id, hash, asked, State::Held(hold)));
                }
                Verdict::Deny(refusal) if terms.idempotent => {
                    let asked = asked.refused(now);
                    self.holds.announce(asked.expires);
                    shard.insert(Entry::new(id, hash, asked, State::Refused(refusal.clone())));
                }
                Verdict::Deny(_) => {}
            }
            Ok(Reserved { verdict, repeated: false })
        })
    }

    /// What the accounts say, all of which are locked.
    fn judge(
        &self,
        route: &[Cover],
        locked: &Locked<'_>,
        spend: &Spend<'_>,
        amount: i128,
        now: Stamp,
    ) -> Result<Verdict, Again> {
        if self.holds.is_due(now.micros()) {
            return Err(Again::Sweep);
        }
        for (cover, ledger) in route.iter().zip(locked) {
            let budget = cover.account.id();
            match ledger.judge(cover.version, cover.foreign, amount, now.micros()) {
                Judgement::Pass => {}
                Judgement::Wait => return Err(Again::Wait),
                Judgement::Rolled => return Err(GateError::Rolled(budget).into()),
                Judgement::Foreign(wanted) => {
                    return Err(GateError::Currency { budget, wanted, currency: spend.currency }.into());
                }
                Judgement::Overflow => return Err(GateError::overflow(budget).into()),
                Judgement::Refuse(closed) => {
                    return Ok(Verdict::Deny(Box::new(ledger.refusal(budget, closed, amount))));
                }
            }
        }
        Ok(Verdict::Allow { covered: route.len() })
    }
}

/// Locks all accounts of a route; they are in the order of their ids.
fn lock(route: &[Cover]) -> Locked<'_> {
    route.iter().map(|cover| cover.account.lock()).collect()
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

/// The answer to an id that is known.
fn repeated(shard: &Shard, slot: u32, asked: &Asked, now: Stamp) -> Result<Reserved, Again> {
    let Some(entry) = shard.entry(slot) else { return Err(Again::Wait) };
    if entry.is_due(now.micros()) {
        return Err(Again::Sweep);
    }
    let id = entry.id;
    let fields = [("scope", entry.scope != asked.scope), ("amount", entry.amount != asked.amount)];
    let differs = fields.into_iter().chain([("ttl", entry.ttl != asked.ttl)]).find(|(_, differs)| *differs);
    if let Some((field, _)) = differs {
        return Err(GateError::Differs { id, field }.into());
    }
    if let Some(resolution) = entry.state.resolution() {
        return Err(GateError::Resolved { id, resolution }.into());
    }
    let verdict = match &entry.state {
        State::Refused(refusal) => Verdict::Deny(refusal.clone()),
        State::Held(hold) => Verdict::Allow { covered: hold.route.len() },
        _ => return Err(GateError::NotFound(id).into()),
    };
    Ok(Reserved { verdict, repeated: true })
}

impl Asked {
    /// How long a refusal is remembered.
    fn refused(self, now: Stamp) -> Self {
        let expires = if self.ttl == i64::MAX { now.micros().saturating_add(REFUSED) } else { self.expires };
        Self { expires, ..self }
    }
}
