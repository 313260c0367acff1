//! The account of a budget: what is reserved, what was spent, what may be, behind a lock of its own.
//!
//! Spent is the sum of two parts that never overlap: the charges of the period (the *base*), and what was settled and
//! is no charge yet (*unwritten*). Settling adds to the second. When it has become charges, the base is told anew and
//! the second made smaller, both at once.

use super::cells::Cells;
use super::value::{AccountState, Closed, Limits, Refusal, ZeroCost};
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money};
use crate::pipeline::sync::{Mutex, MutexGuard};

/// The account of one budget.
#[derive(Debug)]
pub(super) struct Account {
    id: Id<id::Budget>,
    ledger: Mutex<Ledger>,
}

impl Account {
    /// An account on which nothing stands, and which waits until it is ready.
    pub(super) fn new(id: Id<id::Budget>, currency: Currency, limits: Limits) -> Self {
        Self { id, ledger: Mutex::new(Ledger::new(currency, limits)) }
    }

    pub(super) const fn id(&self) -> Id<id::Budget> {
        self.id
    }

    /// Those who hold several lock them in the order of their ids.
    pub(super) fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }
}

/// What an account says to a spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Pass,
    Refuse(Option<Closed>),
    /// The period has ended.
    Rolled,
    /// Its definition is being changed.
    Wait,
    /// It counts in that currency, and has a limit.
    Foreign(Currency),
    Overflow,
}

/// The figures of an account.
#[derive(Debug)]
pub(super) struct Ledger {
    pending: i128,
    /// The base and what is unwritten of the period. Without a base it is the second alone.
    posted: i128,
    limit: i128,
    alert_at: i128,
    unwritten: Cells,
    starts: i64,
    ends: i64,
    /// Counts the changes of what the budget covers, so that those who found it by an older one see that.
    version: u32,
    /// False while what it covers changes.
    ready: bool,
    known: bool,
    limited: bool,
    zero_cost: ZeroCost,
    closed: Option<Closed>,
    rest: Box<Rest>,
}

/// What is seldom looked at.
#[derive(Debug)]
struct Rest {
    currency: Currency,
    limits: Limits,
    base: Option<Money>,
}

impl Ledger {
    fn new(currency: Currency, limits: Limits) -> Self {
        let mut ledger = Self {
            pending: 0,
            posted: 0,
            limit: i128::MAX,
            alert_at: i128::MAX,
            unwritten: Cells::default(),
            starts: 0,
            ends: 0,
            version: 0,
            ready: false,
            known: false,
            limited: false,
            zero_cost: limits.zero_cost,
            closed: None,
            rest: Box::new(Rest { currency, limits, base: None }),
        };
        ledger.set(limits, None);
        ledger
    }

    /// What it covers changes from here on: what is unwritten is gathered anew, and spends wait.
    pub(super) fn begin(&mut self, currency: Currency) -> u32 {
        self.rest.currency = currency;
        self.version = self.version.wrapping_add(1);
        self.ready = false;
        self.unwritten = Cells::default();
        self.version
    }

    /// What is unwritten of a scope that it covers now.
    pub(super) fn gather(&mut self, cells: &Cells) {
        let all =
            |ledger: &mut Self| cells.iter().all(|cell| ledger.unwritten.add(cell.start, cell.amount, cell.count));
        if !all(self) {
            // More than an amount can be: what was spent is not known until it is told anew.
            self.rest.base = None;
        }
        self.total();
    }

    /// All scopes are gathered.
    pub(super) const fn ready(&mut self) {
        self.ready = true;
    }

    /// What it allows and what its charges come to.
    pub(super) fn set(&mut self, limits: Limits, spent: Option<Money>) {
        self.rest.limits = limits;
        self.rest.base = spent;
        self.zero_cost = limits.zero_cost;
        self.closed = limits.closed;
        self.limit = limits.limit.map_or(i128::MAX, Money::mantissa);
        self.limited = limits.limit.is_some();
        self.alert_at = limits.alert_at.map_or(i128::MAX, Money::mantissa);
        (self.starts, self.ends) = (limits.period.start().micros(), limits.period.end().micros());
        self.total();
    }

    /// What was unwritten is charges now: they are in the base that is told next, or else are added to the old one.
    pub(super) fn written(&mut self, cells: &Cells) {
        self.unwritten.subtract(cells);
        let within = cells.iter().filter(|cell| self.starts <= cell.start && cell.start < self.ends);
        let base =
            within.map(|cell| cell.amount).try_fold(self.rest.base.map_or(0, Money::mantissa), i128::checked_add);
        self.rest.base = self.rest.base.and(base).map(Money::from_mantissa);
        self.total();
    }

    /// Adds up base and unwritten. What does not fit is not known, and so refuses.
    fn total(&mut self) {
        let within = self.unwritten.iter().filter(|cell| self.starts <= cell.start && cell.start < self.ends);
        let base = self.rest.base.map_or(0, Money::mantissa);
        let sum = within.map(|cell| cell.amount).try_fold(base, i128::checked_add);
        self.known = self.rest.base.is_some() && sum.is_some();
        self.posted = sum.unwrap_or(0);
    }

    /// Whether a spend of zero or more may be reserved. The caller found the account by that version, and for a spend in
    /// its currency or a foreign one.
    pub(super) fn judge(&self, version: u32, foreign: bool, amount: i128, now: i64) -> Judgement {
        if !self.ready || version != self.version {
            return Judgement::Wait;
        }
        if now >= self.ends {
            return Judgement::Rolled;
        }
        let enforces = (self.limited || self.closed.is_some()) && (amount > 0 || self.zero_cost == ZeroCost::Deny);
        if enforces {
            if foreign {
                return Judgement::Foreign(self.rest.currency);
            }
            if self.closed.is_some() {
                return Judgement::Refuse(self.closed);
            }
            if !self.known {
                return Judgement::Refuse(Some(Closed::SpentUnknown));
            }
            let used = self.pending.checked_add(self.posted);
            let after = used.and_then(|used| used.checked_add(amount.max(1)));
            if after.is_none_or(|after| after > self.limit) {
                return Judgement::Refuse(None);
            }
        }
        if !foreign && self.pending.checked_add(amount).is_none() { Judgement::Overflow } else { Judgement::Pass }
    }

    /// Holds an amount that was judged under the same lock.
    pub(super) const fn hold(&mut self, amount: i128) {
        self.pending = self.pending.saturating_add(amount);
    }

    /// Lets go of an amount that was held.
    pub(super) const fn free(&mut self, amount: i128) {
        self.pending = self.pending.saturating_sub(amount);
    }

    /// Whether an amount can be posted by those who found the account by that version. Those of an older one need not:
    /// their scope is yet to be gathered.
    pub(super) fn fits(&self, version: u32, start: i64, amount: i128) -> bool {
        version != self.version || self.posted.checked_add(amount).is_some() && self.unwritten.fits(start, amount)
    }

    /// Posts an amount that [`fits`](Self::fits), and says whether somebody wants to be told.
    pub(super) fn post(&mut self, version: u32, start: i64, amount: i128) -> bool {
        if version != self.version {
            return false;
        }
        self.unwritten.add(start, amount, 1);
        if self.starts <= start && start < self.ends {
            self.posted = self.posted.saturating_add(amount);
        }
        self.known && self.posted >= self.alert_at
    }

    pub(super) fn refusal(&self, budget: Id<id::Budget>, closed: Option<Closed>, amount: i128) -> Refusal {
        let state = self.state();
        Refusal {
            budget,
            closed,
            limit: state.limits.limit,
            spent: state.spent,
            reserved: state.reserved,
            requested: Money::from_mantissa(amount),
            threshold_percent: state.limits.threshold_percent,
            until: state.limits.period.end(),
        }
    }

    pub(super) fn state(&self) -> AccountState {
        AccountState {
            limits: self.rest.limits,
            spent: self.known.then_some(Money::from_mantissa(self.posted)),
            reserved: Money::from_mantissa(self.pending),
        }
    }

    pub(super) const fn unwritten(&self) -> &Cells {
        &self.unwritten
    }

    pub(super) const fn base(&self) -> Option<Money> {
        self.rest.base
    }
}
