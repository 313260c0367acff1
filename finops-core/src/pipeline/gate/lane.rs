//! A lane: a part of everything, which threads use without asking the others.

use super::holds::{Expired, Holds};
use super::ledger::Ledger;
use super::scope::Owners;
use super::scopes::{Cover, Scopes, Spender};
use super::value::Resolution;
use hashbrown::DefaultHashBuilder;

/// A part of everything. Its scopes and reservations are those that were met in it.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// By the number of the account.
    pub(super) ledgers: Vec<Ledger>,
    pub(super) scopes: Scopes,
    pub(super) holds: Holds,
}

impl Lane {
    /// The hasher is that by which ids are looked up.
    pub(super) fn new(hasher: DefaultHashBuilder) -> Self {
        Self { scopes: Scopes::new(hasher.clone()), holds: Holds::new(hasher), ledgers: Vec::new() }
    }

    /// What was held is over, and its scope has one use less.
    pub(super) fn resolve(&mut self, slot: u32, scope: u32, resolution: Resolution) {
        let forgotten = self.holds.resolve(slot, resolution, self.owners(scope), None);
        self.scopes.unused(scope);
        if let Some(scope) = forgotten {
            self.scopes.unused(scope);
        }
    }

    /// What was held has run out. It may be settled late, so that its scope stays.
    pub(super) fn expire(&mut self, slot: u32, expired: Expired) {
        let forgotten = self.holds.resolve(slot, Resolution::Expired, self.owners(expired.scope), Some(expired));
        if let Some(scope) = forgotten {
            self.scopes.unused(scope);
        }
    }

    fn owners(&self, scope: u32) -> Owners {
        self.scopes.get(scope).map_or_else(Owners::default, Spender::owners)
    }

    pub(super) fn ledger(&self, account: u32) -> Option<&Ledger> {
        self.ledgers.get(place(account))
    }

    pub(super) fn ledger_mut(&mut self, account: u32) -> Option<&mut Ledger> {
        self.ledgers.get_mut(place(account))
    }

    /// Whether the lane can say yes by itself.
    pub(super) fn admits(&self, scope: u32, amount: i128, now: i64) -> bool {
        self.scopes.covers(scope).iter().all(|cover| {
            let says = |ledger: &Ledger| {
                if cover.foreign { !ledger.guards(now) } else { ledger.admits(amount, now) }
            };
            self.ledger(cover.account).is_some_and(says)
        })
    }

    /// Takes an amount of the rooms of a scope, after it was admitted here or by all lanes.
    pub(super) fn take_room(&mut self, scope: u32, amount: i128) {
        let Self { ledgers, scopes, .. } = self;
        for cover in own(scopes.covers(scope)) {
            if let Some(ledger) = ledgers.get_mut(place(cover.account)) {
                ledger.room = ledger.room.wrapping_sub(amount);
            }
        }
    }

    /// Frees an amount of a scope and posts another, if the lane can do so by itself.
    pub(super) fn swap_room(&mut self, scope: u32, freed: i128, spent: i128, start: i64) -> bool {
        let Self { ledgers, scopes, .. } = self;
        let all = own(scopes.covers(scope)).all(|cover| {
            ledgers.get(place(cover.account)).is_some_and(|ledger| ledger.after(freed, spent, start).is_some())
        });
        if !all || (spent > 0 && !scopes.post(scope, start, spent)) {
            return false;
        }
        for cover in own(scopes.covers(scope)) {
            if let Some(ledger) = ledgers.get_mut(place(cover.account))
                && let Some((room, posted)) = ledger.after(freed, spent, start)
            {
                (ledger.room, ledger.posted) = (room, posted);
            }
        }
        true
    }
}

/// The accounts of the scope's own currency.
pub(super) fn own(covers: &[Cover]) -> impl Iterator<Item = &Cover> {
    covers.iter().filter(|cover| !cover.foreign)
}

/// The place of a number in a list.
pub(super) fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The number of a place in a list.
pub(super) fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
