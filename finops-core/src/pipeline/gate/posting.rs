//! Settling and releasing: what was reserved becomes what was spent, or nothing.

use super::account::{Account, Ledger};
use super::cells::quarter_of;
use super::holds::State;
use super::spender::{Cover, Spender};
use super::value::{Resolution, Settled};
use super::{Again, Gate, GateError};
use crate::Error;
use crate::model::id::{self, Id};
use crate::model::money::Money;
use crate::model::time::Stamp;
use crate::pipeline::sync::MutexGuard;
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::sync::Arc;

/// What happens on an account when a reservation is settled.
struct Step<'a> {
    account: &'a Account,
    /// The amount is held on it.
    frees: bool,
    /// It covers the scope now, found by this version.
    posts: Option<u32>,
}

type Steps<'a> = SmallVec<[Step<'a>; 8]>;

impl Gate {
    /// Posts what was spent in all budgets that cover the scope now, and lets go of what was held. It is posted in
    /// full, also where it is more than was reserved, and after the reservation expired.
    ///
    /// # Errors
    /// [`GateError::NotFound`]; [`GateError::Resolved`] when it was settled or released before; `invalid_argument`
    /// for a negative amount; `overflow`.
    pub fn settle(&self, id: Id<id::Reservation>, actual: Money, now: Stamp) -> Result<Settled, GateError> {
        if actual.is_negative() {
            return Err(Error::invalid("amount", format!("must be zero or more, got {actual}")).into());
        }
        let (hash, spent) = (self.hasher.hash_one(id), actual.mantissa());
        let Some(mut shard) = self.holds.lock(hash) else { return Err(GateError::NotFound(id)) };
        let Some(slot) = shard.find(id, hash) else { return Err(GateError::NotFound(id)) };
        let Some(entry) = shard.entry(slot) else { return Err(GateError::NotFound(id)) };
        let (amount, late) = (entry.amount, entry.expires <= now.micros());
        let alert_due = match &entry.state {
            State::Held(hold) => post(&hold.spender, &hold.route, amount, spent, now)?,
            State::Expired(spender) => post(spender, &[], 0, spent, now)?,
            state => return Err(over(id, state.resolution())),
        };
        shard.resolve(slot, State::Settled);
        let released = Money::from_mantissa(if late { 0 } else { amount.saturating_sub(spent).max(0) });
        Ok(Settled { posted: actual, released, overrun: spent > amount, late, alert_due })
    }

    /// Lets go of what was held; nothing is posted.
    ///
    /// # Errors
    /// [`GateError::NotFound`]; [`GateError::Resolved`] when it is over already, also by expiry.
    pub fn release(&self, id: Id<id::Reservation>, now: Stamp) -> Result<Money, GateError> {
        let hash = self.hasher.hash_one(id);
        self.again(now, || {
            let Some(mut shard) = self.holds.lock(hash) else { return Err(GateError::NotFound(id).into()) };
            let Some(slot) = shard.find(id, hash) else { return Err(GateError::NotFound(id).into()) };
            let Some(entry) = shard.entry(slot) else { return Err(GateError::NotFound(id).into()) };
            if entry.is_due(now.micros()) {
                return Err(Again::Sweep);
            }
            let State::Held(hold) = &entry.state else { return Err(over(id, entry.state.resolution()).into()) };
            let amount = entry.amount;
            hold.free(amount);
            shard.resolve(slot, State::Released);
            Ok(Money::from_mantissa(amount))
        })
    }
}

/// The error of a reservation that does not hold anything.
fn over(id: Id<id::Reservation>, resolution: Option<Resolution>) -> GateError {
    resolution.map_or(GateError::NotFound(id), |resolution| GateError::Resolved { id, resolution })
}

/// Posts to all accounts that cover the scope, and frees the amount on those where it is held; all or nothing.
fn post(spender: &Spender, held: &[Cover], amount: i128, spent: i128, now: Stamp) -> Result<bool, GateError> {
    let start = quarter_of(now);
    let mut books = spender.lock();
    let route = Arc::clone(&books.route);
    let steps = steps(held, &route);
    let mut locked: SmallVec<[MutexGuard<'_, Ledger>; 8]> = steps.iter().map(|step| step.account.lock()).collect();
    if spent > 0 {
        for (step, ledger) in steps.iter().zip(&locked) {
            if step.posts.is_some_and(|version| !ledger.fits(version, start, spent)) {
                return Err(GateError::overflow(step.account.id()));
            }
        }
        if !books.open.add(start, spent, 1) {
            return Err(Error::overflow("what the scope spent does not fit: write it before").into());
        }
    }
    let mut alert_due = false;
    for (step, ledger) in steps.iter().zip(&mut locked) {
        if step.frees {
            ledger.free(amount);
        }
        if let Some(version) = step.posts
            && spent > 0
        {
            alert_due |= ledger.post(version, start, spent);
        }
    }
    Ok(alert_due)
}

/// The accounts of a reservation and those that cover its scope now, each once, in the order of their ids.
fn steps<'a>(held: &'a [Cover], now: &'a [Cover]) -> Steps<'a> {
    let mut steps = Steps::new();
    let own = |cover: &&Cover| !cover.foreign;
    let (mut held, mut now) = (held.iter().filter(own).peekable(), now.iter().filter(own).peekable());
    loop {
        let order = match (held.peek(), now.peek()) {
            (Some(one), Some(two)) => by_account(&one.account, &two.account),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return steps,
        };
        let frees = if order.is_le() { held.next() } else { None };
        let posts = if order.is_ge() { now.next() } else { None };
        if let Some(cover) = frees.or(posts) {
            let posts = posts.map(|cover| cover.version);
            steps.push(Step { account: &cover.account, frees: frees.is_some(), posts });
        }
    }
}

/// By id; a budget that went and came again with the same id has two accounts, which are told apart by their places.
fn by_account(one: &Arc<Account>, two: &Arc<Account>) -> Ordering {
    one.id().cmp(&two.id()).then_with(|| Arc::as_ptr(one).cmp(&Arc::as_ptr(two)))
}
