//! The account of a budget: what all lanes have of it together.
//!
//! What was spent is the sum of two parts that never overlap: the charges of the period (the *base*), and what was
//! settled and is no charge yet. Settling adds to the second. When it has become charges, the base is told anew and
//! the second added up again, both while nobody else is in.

use super::cells::QUARTER;
use super::ledger::{Ledger, Rule};
use super::value::{AccountState, Closed, Limits, Refusal, ZeroCost};
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money};
use crate::pipeline::sync::LANES;

/// How many lanes there are, as a divisor of amounts.
const SHARES: i128 = LANES as i128;

/// What is known of a budget's account besides its ledgers in the lanes.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: Id<id::Budget>,
    pub(super) currency: Currency,
    pub(super) limits: Limits,
    pub(super) base: Option<Money>,
    /// What is unwritten of the period, as far as it does not stand in the ledgers.
    pub(super) carried: i128,
    /// What each lane was given: its room, what it posted and what it holds.
    granted: [i128; LANES],
    /// Whether there is a budget that it belongs to.
    pub(super) live: bool,
}

/// What an account says to a spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Pass,
    Refuse(Option<Closed>),
    /// The time is not one of the period.
    Rolled,
    /// It counts in another currency, and has a limit or is closed.
    Foreign,
    Overflow,
}

/// What is reserved and what was settled and is unwritten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) pending: i128,
    pub(super) posted: i128,
}

impl Account {
    pub(super) const fn new(id: Id<id::Budget>, currency: Currency, limits: Limits) -> Self {
        Self { id, currency, limits, base: None, carried: 0, granted: [0; LANES], live: true }
    }

    /// What a lane holds of it.
    pub(super) fn held(&self, lane: usize, ledger: &Ledger) -> i128 {
        // Exact as long as what is held fits, whatever the others are.
        let granted = self.granted.get(lane).copied().unwrap_or(0);
        granted.wrapping_sub(ledger.room).wrapping_sub(ledger.posted)
    }

    /// Sums over the ledgers of all lanes, in their order.
    pub(super) fn sums<'a>(&self, ledgers: impl Iterator<Item = &'a Ledger>) -> Sums {
        let zero = Sums { pending: 0, posted: self.carried };
        ledgers.enumerate().fold(zero, |sums, (lane, ledger)| Sums {
            pending: sums.pending.wrapping_add(self.held(lane, ledger)),
            posted: sums.posted.saturating_add(ledger.posted),
        })
    }

    /// What was spent, where that is known.
    pub(super) fn spent(&self, sums: Sums) -> Option<i128> {
        self.base.and_then(|base| base.mantissa().checked_add(sums.posted))
    }

    fn rule(&self) -> Rule {
        match (self.limits.closed, self.limits.limit) {
            (Some(_), _) => Rule::Shut,
            (None, None) => Rule::Open,
            (None, Some(_)) if self.base.is_none() => Rule::Shut,
            (None, Some(_)) => Rule::Limit,
        }
    }

    /// Whether a spend of zero or more may be reserved.
    pub(super) fn judge(&self, sums: Sums, foreign: bool, amount: i128, now: i64) -> Judgement {
        if !self.counts(now) {
            return Judgement::Rolled;
        }
        if foreign && self.rule() != Rule::Open {
            // Whatever the amount: what is settled later would count nowhere in it.
            return Judgement::Foreign;
        }
        let after = sums.pending.checked_add(amount);
        if self.rule() != Rule::Open && (amount > 0 || self.limits.zero_cost == ZeroCost::Deny) {
            if let Some(closed) = self.limits.closed {
                return Judgement::Refuse(Some(closed));
            }
            let Some(spent) = self.spent(sums) else { return Judgement::Refuse(Some(Closed::SpentUnknown)) };
            let least = sums.pending.checked_add(amount.max(1)).and_then(|pending| pending.checked_add(spent));
            let limit = self.limits.limit.map_or(i128::MAX, Money::mantissa);
            if least.is_none_or(|least| least > limit) {
                return Judgement::Refuse(None);
            }
        }
        if after.is_none() && !foreign { Judgement::Overflow } else { Judgement::Pass }
    }

    /// Whether that much more can be posted.
    pub(super) fn fits(&self, sums: Sums, amount: i128) -> bool {
        let spent = self.base.map_or(0, Money::mantissa).checked_add(sums.posted);
        sums.posted.checked_add(amount).is_some() && spent.is_some_and(|spent| spent.checked_add(amount).is_some())
    }

    /// Whether an instant, or the quarter of an hour that starts then, belongs to the period.
    pub(super) fn counts(&self, start: i64) -> bool {
        let period = &self.limits.period;
        period.start().micros() <= start && start < period.end().micros()
    }

    /// Shares out what is left among the ledgers of all lanes; the preferred one gets at least that amount, where there
    /// is as much. Says whether somebody wants to be told of what was spent.
    pub(super) fn even<'a>(&mut self, ledgers: impl Iterator<Item = &'a mut Ledger>, prefer: (usize, i128)) -> bool {
        let mut ledgers: smallvec::SmallVec<[&mut Ledger; LANES]> = ledgers.collect();
        let sums = self.sums(ledgers.iter().map(|ledger| &**ledger));
        let held = |lane: usize, ledger: &Ledger| self.held(lane, ledger);
        let held: smallvec::SmallVec<[i128; LANES]> =
            ledgers.iter().enumerate().map(|(lane, ledger)| held(lane, ledger)).collect();
        self.carried = sums.posted;
        let spent = self.base.map_or(0, Money::mantissa).saturating_add(sums.posted);
        let left = self.left(sums.pending, spent);
        let extra = if left >= prefer.1 { prefer.1 } else { 0 };
        let (share, rest) = ((left - extra) / SHARES, (left - extra) % SHARES);
        let due = self.limits.alert_at.filter(|_| self.base.is_some()).map(|at| at.mantissa().saturating_sub(spent));
        // Bounded, so that what all lanes post without asking fits.
        let bound = i128::MAX.saturating_sub(spent.max(0)) / SHARES;
        let quiet = due.map_or(bound, |due| if due > 0 { ((due - 1) / SHARES).min(bound) } else { -1 });
        for (lane, (ledger, held)) in ledgers.iter_mut().zip(held).enumerate() {
            ledger.room = if lane == prefer.0 { share + rest + extra } else { share };
            ledger.posted = 0;
            ledger.quiet = quiet;
            ledger.debt = left < 0;
            ledger.rule = self.rule();
            ledger.zero_cost = self.limits.zero_cost;
            ledger.ends = self.limits.period.end().micros();
            let starts = self.limits.period.start().micros();
            let first = starts.div_euclid(QUARTER) + i64::from(starts.rem_euclid(QUARTER) > 0);
            ledger.starts = i32::try_from(first).unwrap_or(i32::MAX);
            if let Some(granted) = self.granted.get_mut(lane) {
                *granted = ledger.room.wrapping_add(held);
            }
        }
        due.is_some_and(|due| due <= 0)
    }

    /// What may be reserved yet; without a limit, what fits. Below zero where more is used than allowed.
    fn left(&self, pending: i128, spent: i128) -> i128 {
        let fits = i128::MAX.saturating_sub(pending);
        match self.limits.limit {
            Some(limit) => limit.mantissa().saturating_sub(spent).saturating_sub(pending).min(fits),
            None => fits,
        }
    }

    /// What is unwritten was added up anew; what the ledgers posted is in it. What is held stays.
    pub(super) fn recount<'a>(&mut self, ledgers: impl Iterator<Item = &'a mut Ledger>, unwritten: Option<i128>) {
        for (ledger, granted) in ledgers.zip(&mut self.granted) {
            *granted = granted.wrapping_sub(std::mem::take(&mut ledger.posted));
        }
        self.carried = unwritten.unwrap_or(0);
        let known = self.base.filter(|base| base.mantissa().checked_add(self.carried).is_some());
        // What does not fit is not known, and so refuses.
        self.base = unwritten.and(known);
    }

    pub(super) fn state(&self, sums: Sums) -> AccountState {
        AccountState {
            limits: self.limits,
            spent: self.spent(sums).map(Money::from_mantissa),
            reserved: Money::from_mantissa(sums.pending),
        }
    }

    pub(super) fn refusal(&self, sums: Sums, closed: Option<Closed>, amount: i128) -> Refusal {
        let state = self.state(sums);
        Refusal {
            budget: self.id,
            closed,
            limit: self.limits.limit,
            spent: state.spent,
            reserved: state.reserved,
            requested: Money::from_mantissa(amount),
            threshold_percent: self.limits.threshold_percent,
            until: self.limits.period.end(),
        }
    }
}
