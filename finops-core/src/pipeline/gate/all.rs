//! All lanes at once: what a lane cannot decide by itself, with nobody else in.

use super::account::{Account, Judgement, Sums};
use super::error::GateError;
use super::holds::{Expired, Hold};
use super::index::Index;
use super::lane::{Lane, own, place};
use super::ledger::Ledger;
use super::scopes::Covers;
use super::value::Verdict;
use crate::Error;
use crate::model::money::Currency;
use crate::pipeline::sync::{LANES, MutexGuard, RwLockWriteGuard};
use smallvec::SmallVec;

/// What is the same for all lanes: the accounts by their numbers, and budgets by what they cover.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) accounts: Vec<Account>,
    /// How many of them belong to no budget any more.
    pub(super) dead: usize,
    pub(super) index: Index,
}

/// Everything, locked.
pub(super) struct All<'a> {
    pub(super) lanes: SmallVec<[MutexGuard<'a, Lane>; LANES]>,
    pub(super) book: RwLockWriteGuard<'a, Book>,
}

/// What is settled: in which lane and scope, what is held on which accounts, and what was spent when.
#[derive(Debug)]
pub(super) struct Posting<'a> {
    pub(super) lane: usize,
    pub(super) scope: u32,
    pub(super) on: &'a [u32],
    pub(super) freed: i128,
    pub(super) spent: i128,
    pub(super) start: i64,
}

impl All<'_> {
    pub(super) fn lane(&mut self, lane: usize) -> Option<&mut Lane> {
        self.lanes.get_mut(lane).map(|lane| &mut **lane)
    }

    /// The ledgers of an account in the order of the lanes.
    pub(super) fn ledgers(&self, account: u32) -> impl Iterator<Item = &Ledger> {
        self.lanes.iter().filter_map(move |lane| lane.ledger(account))
    }

    pub(super) fn sums(&self, account: u32) -> Option<(&Account, Sums)> {
        let known = self.book.accounts.get(place(account))?;
        Some((known, known.sums(self.ledgers(account))))
    }

    /// Shares out anew what is left of an account. Says whether somebody wants to be told.
    pub(super) fn even(&mut self, account: u32, prefer: (usize, i128)) -> bool {
        let Self { lanes, book } = self;
        let ledgers = lanes.iter_mut().filter_map(|lane| lane.ledger_mut(account));
        book.accounts.get_mut(place(account)).is_some_and(|known| known.even(ledgers, prefer))
    }

    /// Lets go of all that has run out at `now`.
    pub(super) fn sweep(&mut self, now: i64) {
        let mut freed: SmallVec<[u32; 16]> = SmallVec::new();
        for lane in &mut self.lanes {
            while let Some((slot, amount, hold)) = lane.holds.pop_due(now) {
                for account in lane.held_on(&hold) {
                    if let Some(ledger) = lane.ledger_mut(account) {
                        ledger.room = ledger.room.wrapping_add(amount);
                        freed.push(account);
                    }
                }
                lane.expire(slot, Expired { scope: hold.scope, amount });
            }
        }
        freed.sort_unstable();
        freed.dedup();
        for account in freed {
            self.even(account, (0, 0));
        }
    }

    /// Whether all budgets that cover a spend allow it. The first that does not is named.
    pub(super) fn judge(
        &self,
        covers: &Covers,
        amount: i128,
        currency: Currency,
        now: i64,
    ) -> Result<Verdict, GateError> {
        for cover in covers {
            let Some((account, sums)) = self.sums(cover.account) else { continue };
            match account.judge(sums, cover.foreign, amount, now) {
                Judgement::Pass => {}
                Judgement::Rolled => return Err(GateError::Rolled(account.id)),
                Judgement::Overflow => return Err(GateError::Overflow(account.id)),
                Judgement::Foreign => {
                    return Err(GateError::Currency { budget: account.id, wanted: account.currency, currency });
                }
                Judgement::Refuse(closed) => {
                    return Ok(Verdict::Deny(Box::new(account.refusal(sums, closed, amount))));
                }
            }
        }
        Ok(Verdict::Allow { covered: covers.len() })
    }

    /// Frees what is held and posts what was spent, all or nothing. Says whether somebody wants to be told.
    pub(super) fn post(&mut self, posting: &Posting<'_>) -> Result<bool, GateError> {
        let Posting { lane, scope, on, freed, spent, start } = *posting;
        let covers: Covers = self.lanes.get(lane).map_or(&[][..], |lane| lane.scopes.covers(scope)).into();
        let mut posts: SmallVec<[u32; 8]> = SmallVec::new();
        for cover in own(&covers).filter(|_| spent > 0) {
            let known = self.sums(cover.account).filter(|(account, _)| account.counts(start));
            let Some((account, sums)) = known else { continue };
            if !account.fits(sums, spent) {
                return Err(GateError::Overflow(account.id));
            }
            posts.push(cover.account);
        }
        let Some(own) = self.lane(lane) else { return Ok(false) };
        if spent > 0 && !own.scopes.post(scope, start, spent) {
            return Err(Error::overflow("what the scope spent does not fit: write it before").into());
        }
        for account in on {
            if let Some(ledger) = own.ledger_mut(*account) {
                ledger.room = ledger.room.wrapping_add(freed);
            }
        }
        for account in &posts {
            if let Some(ledger) = own.ledger_mut(*account) {
                ledger.room = ledger.room.wrapping_sub(spent);
                ledger.posted = ledger.posted.wrapping_add(spent);
            }
        }
        for account in on.iter().filter(|account| !posts.contains(account)) {
            self.even(*account, (lane, 0));
        }
        let mut due = false;
        for account in posts {
            due |= self.even(account, (lane, 0));
        }
        Ok(due)
    }
}

impl Lane {
    /// The accounts on which something is held.
    pub(super) fn held_on(&self, hold: &Hold) -> SmallVec<[u32; 8]> {
        match &hold.on {
            Some(on) => SmallVec::from_slice(on),
            None => own(self.scopes.covers(hold.scope)).map(|cover| cover.account).collect(),
        }
    }
}
