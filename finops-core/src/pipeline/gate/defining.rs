//! Definitions: budgets that come, change and go while spends go on.

use super::Gate;
use super::account::Account;
use super::all::{All, Book};
use super::index::{Index, Known};
use super::lane::{number, own, place};
use super::ledger::Ledger;
use super::scopes::{Covers, Spender};
use super::value::Covering;
use crate::model::id::{self, Id};
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

impl Gate {
    /// Replaces all budgets. An account keeps what is reserved when its budget is among the new ones in the same
    /// currency, and has what is unwritten of the scopes that it covers now. Reservations stay on the accounts on which
    /// they were made.
    pub fn load(&self, budgets: Vec<Covering>) {
        let kept: HashSet<_> = budgets.iter().map(|budget| budget.id).collect();
        let mut all = self.all();
        let gone = all.book.index.ids().filter(|id| !kept.contains(id)).collect();
        all.define(budgets, gone);
    }

    /// Adds a budget, or changes the one of its id: what it covers, what it allows and what was spent, at once for all
    /// who ask. In another currency it gets another account: what is reserved is in the old one, and counts there.
    pub fn put(&self, budget: Covering) {
        self.all().define(vec![budget], HashSet::new());
    }

    /// Takes a budget out. What is reserved on it is held by nobody any more.
    pub fn remove(&self, budget: Id<id::Budget>) {
        self.all().define(Vec::new(), HashSet::from([budget]));
    }
}

/// Budgets that cover something else than before, as they are now.
struct Change {
    new: Index,
    /// The accounts of those, and of budgets that are no more.
    gone: HashSet<u32>,
}

impl All<'_> {
    fn define(&mut self, budgets: Vec<Covering>, removed: HashSet<Id<id::Budget>>) {
        let mut change = Change { new: self.book.index.emptied(), gone: HashSet::new() };
        for id in removed {
            change.gone.extend(self.close(id));
        }
        let mut told = Vec::with_capacity(budgets.len());
        for Covering { id, filter, currency, limits, spent } in budgets {
            if self.book.index.get(id).is_some_and(|known| known.currency != currency) {
                change.gone.extend(self.close(id));
            }
            let known = self.book.index.get(id);
            let same = known.is_some_and(|known| *known.filter == filter);
            let at = match known.map(|known| known.account) {
                Some(at) => at,
                None => self.open(Account::new(id, currency, limits)),
            };
            if let Some(account) = self.book.accounts.get_mut(place(at)) {
                (account.limits, account.base) = (limits, spent);
            }
            if !same {
                let known = Known { account: at, filter: Arc::new(filter), currency };
                change.gone.insert(at);
                change.new.insert(id, known.clone());
                self.book.index.insert(id, known);
            }
            told.push(at);
        }
        if !change.gone.is_empty() {
            self.follow(&change);
        }
        self.recount(&told);
    }

    /// The scopes that were met follow the definitions; what is held on other accounts stays there.
    fn follow(&mut self, change: &Change) {
        for lane in &mut self.lanes {
            let mut before: HashMap<u32, Box<[u32]>> = HashMap::new();
            let accounts = |covers: &Covers| own(covers).map(|cover| cover.account).collect();
            let book = &self.book;
            lane.scopes.recover(
                |spender| change.covers(spender, book),
                |scope, covers| drop(before.insert(scope, accounts(&covers))),
            );
            lane.holds.pin(|scope| before.get(&scope).cloned());
        }
    }

    /// Takes a budget out and gives the number of its account, which stays as long as something is held on it.
    fn close(&mut self, id: Id<id::Budget>) -> Option<u32> {
        let at = self.book.index.remove(id)?.account;
        let account = self.book.accounts.get_mut(place(at))?;
        account.live = false;
        self.book.dead += 1;
        Some(at)
    }

    /// Opens an account and gives its number: a new one, or that of an account that is no more and holds nothing.
    fn open(&mut self, account: Account) -> u32 {
        let is_free = |at: u32, old: &Account| {
            !old.live && self.ledgers(at).enumerate().all(|(lane, ledger)| old.held(lane, ledger) == 0)
        };
        let mut old = self.book.accounts.iter().enumerate().map(|(at, old)| (number(at), old));
        let free = if self.book.dead == 0 { None } else { old.find(|(at, old)| is_free(*at, old)).map(|(at, _)| at) };
        let at = free.unwrap_or_else(|| number(self.book.accounts.len()));
        if let Some(old) = self.book.accounts.get_mut(place(at)) {
            *old = account;
            self.book.dead -= 1;
        } else {
            self.book.accounts.push(account);
        }
        for lane in &mut self.lanes {
            match lane.ledger_mut(at) {
                Some(ledger) => *ledger = Ledger::shut(),
                None => lane.ledgers.push(Ledger::shut()),
            }
        }
        at
    }

    /// Adds up anew what is unwritten of those accounts, and shares out what is left.
    pub(super) fn recount(&mut self, accounts: &[u32]) {
        let mut unwritten: HashMap<u32, Option<i128>> = accounts.iter().map(|account| (*account, Some(0))).collect();
        for (spender, cells) in self.lanes.iter().flat_map(|lane| lane.scopes.unwritten()) {
            for cover in own(spender.covers()) {
                let Some(sum) = unwritten.get_mut(&cover.account) else { continue };
                let Some(ledger) = self.book.accounts.get(place(cover.account)) else { continue };
                for cell in cells.iter().filter(|cell| ledger.counts(cell.start)) {
                    *sum = sum.and_then(|sum| sum.checked_add(cell.amount));
                }
            }
        }
        for (at, sum) in unwritten {
            let Self { lanes, book } = self;
            if let Some(account) = book.accounts.get_mut(place(at)) {
                account.recount(lanes.iter_mut().filter_map(|lane| lane.ledger_mut(at)), sum);
            }
            self.even(at, (0, 0));
        }
    }
}

impl Change {
    /// The accounts of a scope after the change; none where they stay as they are.
    fn covers(&self, spender: &Spender, book: &Book) -> Option<Covers> {
        let found = self.new.find(spender.scope());
        let before = spender.covers();
        if found.is_empty() && !before.iter().any(|cover| self.gone.contains(&cover.account)) {
            return None;
        }
        let id = |account: u32| book.accounts.get(place(account)).map(|account| account.id);
        let stay = before.iter().filter(|cover| !self.gone.contains(&cover.account));
        let mut covers: Vec<_> = stay.filter_map(|cover| Some((id(cover.account)?, *cover))).chain(found).collect();
        covers.sort_unstable_by_key(|(id, _)| *id);
        Some(covers.into_iter().map(|(_, cover)| cover).collect())
    }
}
