//! Definitions: budgets that come, change and go while spends go on.

use super::Gate;
use super::account::Account;
use super::index::{Index, Known};
use super::spender::{Cover, Route};
use super::value::Covering;
use crate::model::id::{self, Id};
use crate::pipeline::sync::MutexGuard;
use hashbrown::HashSet;
use std::sync::Arc;

/// What a change of definitions means for the scopes.
struct Change {
    /// The budgets that cover something else than before, as they are now.
    new: Index,
    /// Their ids, and those of the budgets that are no more.
    gone: HashSet<Id<id::Budget>>,
}

impl Gate {
    /// Replaces all budgets. An account keeps what is reserved when its budget is among the new ones, and has what is
    /// unwritten of the scopes that it covers now. Reservations stay on the accounts on which they were made.
    pub fn load(&self, budgets: Vec<Covering>) {
        let admin = self.admin.lock();
        let kept: HashSet<_> = budgets.iter().map(|budget| budget.id).collect();
        let index = self.index.read();
        let gone = index.iter().map(|known| known.account.id()).filter(|id| !kept.contains(id)).collect();
        drop(index);
        self.change(&admin, budgets, gone);
    }

    /// Adds a budget, or changes the one of its id: what it covers, what it allows and what was spent, at once for all
    /// who ask.
    pub fn put(&self, budget: Covering) {
        self.change(&self.admin.lock(), vec![budget], HashSet::new());
    }

    /// Takes a budget out. What is reserved on it is held by nobody any more.
    pub fn remove(&self, budget: Id<id::Budget>) {
        self.change(&self.admin.lock(), Vec::new(), HashSet::from([budget]));
    }

    fn change(&self, _admin: &MutexGuard<'_, super::Admin>, budgets: Vec<Covering>, gone: HashSet<Id<id::Budget>>) {
        let mut index = self.index.write();
        let mut change = Change { new: index.emptied(), gone };
        for id in &change.gone {
            index.remove(*id);
        }
        for budget in budgets {
            if let Some(known) = define(&index, budget) {
                change.gone.insert(known.account.id());
                change.new.insert(known.clone());
                index.insert(known);
            }
        }
        // From here on a scope that is new finds the accounts as they are now; those that are there follow.
        drop(index);
        if change.gone.is_empty() {
            return;
        }
        self.spenders.each(|spender| {
            let found = change.new.covers(spender.scope());
            let mut books = spender.lock();
            if let Some((route, new)) = change.route(&books.route, found) {
                books.route = route;
                for cover in new.iter().filter(|cover| !cover.foreign) {
                    let mut ledger = cover.account.lock();
                    ledger.gather(&books.open);
                    ledger.gather(&books.taken);
                }
            }
        });
        change.new.iter().for_each(|known| known.account.lock().ready());
    }
}

/// Tells an account what its budget allows; gives the budget back where it covers something else than before.
fn define(index: &Index, budget: Covering) -> Option<Known> {
    let Covering { id, filter, currency, limits, spent } = budget;
    let known = index.get(id);
    if let Some(known) = known.filter(|known| known.currency == currency && *known.filter == filter) {
        known.account.lock().set(limits, spent);
        return None;
    }
    let account = match known {
        Some(known) => Arc::clone(&known.account),
        None => Arc::new(Account::new(id, currency, limits)),
    };
    let mut ledger = account.lock();
    let version = ledger.begin(currency);
    ledger.set(limits, spent);
    drop(ledger);
    Some(Known { account, filter: Arc::new(filter), currency, version })
}

impl Change {
    /// The route of a scope after the change, and those of it whose accounts have not gathered the scope yet; none
    /// where nothing changes for it.
    fn route(&self, before: &Route, found: Vec<Cover>) -> Option<(Route, Vec<Cover>)> {
        let stays = |cover: &&Cover| !self.gone.contains(&cover.account.id());
        if found.is_empty() && before.iter().all(|cover| stays(&cover)) {
            return None;
        }
        // A scope that came after the budgets were in the index has found them, and had nothing to be gathered.
        let is_in = |cover: &Cover| {
            let same = |other: &Cover| Arc::ptr_eq(&other.account, &cover.account) && other.version == cover.version;
            before.iter().any(same)
        };
        let new = found.iter().filter(|cover| !is_in(cover)).cloned().collect();
        let mut route: Vec<Cover> = before.iter().filter(stays).cloned().chain(found).collect();
        route.sort_unstable_by_key(|cover| cover.account.id());
        Some((route.into(), new))
    }
}
