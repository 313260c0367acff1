//! The amounts of statements: an opening, what a month adds by kind, corrections, a closing.

use super::booked::Costs;
use super::frozen::Facts;
use super::ledger::Balances;
use super::month::Booking;
use crate::Result;
use crate::model::allocation::CenterId;
use crate::model::charge::CostView;
use crate::model::money::{Currency, Money};
use crate::pipeline::allocation::LineKind;
use std::collections::{BTreeMap, BTreeSet};

/// How many levels of parents there are at most; what is deeper is a circle that somebody made by hand.
const MAX_LEVELS: usize = 64;

/// The amounts of a statement in one cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) opening: Money,
    pub(super) direct: Money,
    pub(super) shared: Money,
    pub(super) idle: Money,
    pub(super) unallocated: Money,
    pub(super) corrections: Money,
    pub(super) unknown: u64,
}

impl Balance {
    /// What the month adds.
    pub(super) fn month(&self) -> Result<Money> {
        Money::try_sum([self.direct, self.shared, self.idle, self.unallocated, self.corrections])
    }

    /// The opening and what the month adds.
    pub(super) fn closing(&self) -> Result<Money> {
        self.opening.checked_add(self.month()?)
    }

    pub(super) fn add(&mut self, other: &Self) -> Result<()> {
        for (sum, more) in [
            (&mut self.opening, other.opening),
            (&mut self.direct, other.direct),
            (&mut self.shared, other.shared),
            (&mut self.idle, other.idle),
            (&mut self.unallocated, other.unallocated),
            (&mut self.corrections, other.corrections),
        ] {
            *sum = sum.checked_add(more)?;
        }
        self.unknown += other.unknown;
        Ok(())
    }

    fn of_kind(&mut self, kind: LineKind) -> &mut Money {
        match kind {
            LineKind::Direct => &mut self.direct,
            LineKind::Shared => &mut self.shared,
            LineKind::Idle => &mut self.idle,
            LineKind::Unallocated => &mut self.unallocated,
        }
    }
}

/// Who a statement is for.
pub(super) type Who = (Currency, Option<CenterId>);

/// The balances of a month by currency and centre.
#[derive(Debug, Default)]
pub(super) struct MonthBalances(pub(super) BTreeMap<Who, Balance>);

impl MonthBalances {
    /// Those of a view.
    pub(super) fn new(opening: &Balances, booking: &Booking, view: CostView) -> Result<Self> {
        let cost = |costs: &Costs| costs.get(view.place()).copied().unwrap_or_default();
        let mut all: BTreeMap<Who, Balance> = BTreeMap::new();
        for (who, costs) in opening {
            all.entry(*who).or_default().opening = cost(costs);
        }
        for (account, costs) in booking.booked.iter() {
            let balance = all.entry((account.currency, account.cost_center_id)).or_default();
            let sum = balance.of_kind(account.kind);
            *sum = sum.checked_add(cost(costs))?;
        }
        for (account, costs) in booking.corrections.iter().flat_map(|(_, booked)| booked.iter()) {
            let sum = &mut all.entry((account.currency, account.cost_center_id)).or_default().corrections;
            *sum = sum.checked_add(cost(costs))?;
        }
        for unknown in &booking.unknown {
            let charges = unknown.charges.get(view.place()).copied().unwrap_or(0);
            all.entry((unknown.currency, unknown.cost_center_id)).or_default().unknown += charges;
        }
        all.retain(|_, balance| *balance != Balance::default());
        Ok(Self(all))
    }

    /// For each centre that others are a part of: what it and all below it come to. Such a centre has a balance of its
    /// own then, if only of zeros.
    pub(super) fn with_children(&mut self, facts: &Facts) -> Result<BTreeMap<Who, Balance>> {
        let mut sums: BTreeMap<Who, Balance> = BTreeMap::new();
        let own: Vec<_> =
            self.0.iter().filter_map(|((currency, center), own)| Some((*currency, (*center)?, *own))).collect();
        for (currency, center, balance) in own {
            for parent in above(facts, center) {
                sums.entry((currency, Some(parent))).or_default().add(&balance)?;
                self.0.entry((currency, Some(parent))).or_default();
            }
        }
        for (who, sum) in &mut sums {
            if let Some(own) = self.0.get(who) {
                sum.add(own)?;
            }
        }
        Ok(sums)
    }
}

/// The centres that another one is a part of, the nearest first.
fn above(facts: &Facts, center: CenterId) -> impl Iterator<Item = CenterId> {
    let parent_of = |center: &CenterId| facts.centers.get(center).and_then(|center| center.parent);
    std::iter::successors(parent_of(&center), parent_of).take(MAX_LEVELS)
}

/// The centres that others than these are a part of.
pub(super) fn above_others(facts: &Facts, these: &BTreeSet<CenterId>) -> BTreeSet<CenterId> {
    facts.centers.keys().filter(|center| !these.contains(center)).flat_map(|center| above(facts, *center)).collect()
}
