//! What a lane has of an account: room to reserve in, without asking the other lanes.

use super::cells::QUARTER;
use super::value::ZeroCost;

/// What a budget does to spends, as far as a lane decides alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// It has no limit.
    Open,
    /// It has a limit.
    Limit,
    /// It refuses whatever the amount is; all lanes together say why.
    Shut,
}

/// A lane's part of an account: a line of a processor's cache.
///
/// The rooms of all lanes together are what is left of the budget, and none of them is below zero unless nothing is
/// left at all. So a lane that has room for an amount may take it.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Ledger {
    /// What may be reserved here.
    pub(super) room: i128,
    /// What was spent here since the lanes were last evened out.
    pub(super) posted: i128,
    /// Up to where `posted` nobody wants to be told.
    pub(super) quiet: i128,
    /// When the period ends, in microseconds.
    pub(super) ends: i64,
    /// The first quarter of an hour in the period, counted from 1970.
    pub(super) starts: i32,
    pub(super) rule: Rule,
    pub(super) zero_cost: ZeroCost,
    /// More is used than allowed: what becomes free pays for that first, which all lanes see to together.
    pub(super) debt: bool,
}

impl Ledger {
    /// The ledger of an account of which nothing is known yet.
    pub(super) const fn shut() -> Self {
        Self {
            room: 0,
            posted: 0,
            quiet: -1,
            ends: i64::MAX,
            starts: i32::MIN,
            rule: Rule::Shut,
            zero_cost: ZeroCost::Allow,
            debt: true,
        }
    }

    /// Whether the lane can say yes to an amount by itself.
    pub(super) fn admits(&self, amount: i128, now: i64) -> bool {
        let free = amount == 0 && self.zero_cost == ZeroCost::Allow;
        self.covers(now) && (free || (self.rule != Rule::Shut && amount.max(1) <= self.room))
    }

    /// Whether it may be wrong to spend in another currency, however much.
    pub(super) fn guards(&self, now: i64) -> bool {
        !self.covers(now) || self.rule != Rule::Open
    }

    /// Whether a quarter of an hour that starts then belongs to the period, and so does every instant in it. Of the
    /// quarter within which a period starts all lanes together know.
    pub(super) fn covers(&self, start: i64) -> bool {
        start < self.ends && start.div_euclid(QUARTER) >= i64::from(self.starts)
    }

    /// Room and posted after an amount was freed and another one spent; none where all lanes have to decide.
    pub(super) fn after(&self, freed: i128, spent: i128, start: i64) -> Option<(i128, i128)> {
        let spent = if spent > 0 && self.covers(start) { spent } else { 0 };
        let room = self.room.checked_add(freed)?.checked_sub(spent)?;
        let posted = self.posted.checked_add(spent)?;
        (!self.debt && room >= 0 && (spent == 0 || posted <= self.quiet)).then_some((room, posted))
    }
}
