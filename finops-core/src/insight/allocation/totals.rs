//! What came in and what went out, by currency, over all stretches of a window.

use super::Allocated;
use crate::Result;
use crate::insight::health::{About, DataHealth, Held, SHARE_DECIMALS};
use crate::insight::request::{Rates, Terms};
use crate::insight::settled::settle;
use crate::model::charge::CostView;
use crate::model::money::{Currency, Money, ratio};
use serde::Serialize;
use std::collections::BTreeMap;

/// What came in and what went out in a currency. Both are the same to the last digit, or there is no answer. Each is
/// none when the cost of all charges is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AllocationTotal {
    /// The currency.
    pub currency: Currency,
    /// What the charges cost.
    pub total_in: Option<Money>,
    /// What all lines come to.
    pub total_out: Option<Money>,
    /// What those lines come to that the filter lets through.
    pub cost: Option<Money>,
    /// How many charges lack the cost; they are in no sum.
    pub unknown_costs: u64,
}

/// The same in the making: sums of what is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summed {
    pub(super) currency: Currency,
    pub(super) total_in: Money,
    pub(super) total_out: Money,
    pub(super) cost: Money,
    pub(super) unknown_costs: u64,
}

impl Summed {
    pub(super) fn told(&self) -> AllocationTotal {
        let Self { currency, unknown_costs, .. } = *self;
        let [total_in, total_out, cost] =
            [self.total_in, self.total_out, self.cost].map(|sum| known(sum, unknown_costs));
        AllocationTotal { currency, total_in, total_out, cost, unknown_costs }
    }
}

/// The cost of a view among four.
pub(super) fn cost_of(costs: &[Money; 4], view: CostView) -> Money {
    costs.get(view.place()).copied().unwrap_or_default()
}

/// A sum of which something is known: nothing is where charges lack the cost and none adds to it.
pub(super) fn known(sum: Money, unknown: u64) -> Option<Money> {
    (unknown == 0 || !sum.is_zero()).then_some(sum)
}

/// The totals of allocations in a view, by currency; `only` leaves out all but one. No filter is applied yet.
pub(super) fn totals(allocated: &Allocated, view: CostView, only: Option<Currency>) -> Result<Vec<Summed>> {
    let mut totals: BTreeMap<Currency, Summed> = BTreeMap::new();
    for total in allocated.iter().flat_map(|(_, allocation)| &allocation.totals) {
        let currency = total.currency;
        if only.is_some_and(|only| only != currency) {
            continue;
        }
        let (zero, unknown_costs) = (Money::ZERO, 0);
        let sum = totals.entry(currency).or_insert(Summed {
            currency,
            total_in: zero,
            total_out: zero,
            cost: zero,
            unknown_costs,
        });
        sum.total_in = sum.total_in.checked_add(cost_of(&total.total_in, view))?;
        sum.total_out = sum.total_out.checked_add(cost_of(&total.total_out, view))?;
        sum.unknown_costs += total.unknown.get(view.place()).copied().unwrap_or(0);
    }
    Ok(totals.into_values().collect())
}

/// How complete the data behind allocations is. What may still be restated is told of charges in one currency.
pub(super) fn health(held: Held<'_>, about: About<'_>, totals: &[Summed]) -> Result<DataHealth> {
    let mut health = DataHealth::new(held, about, totals.iter().map(|total| total.unknown_costs).sum());
    if let ([total], Some(estimated)) = (totals, held.estimated) {
        let rates = Rates::default();
        let estimated = settle(estimated.clone(), &Terms { currency: None, rates: &rates })?;
        let is_same = estimated.currency.is_none_or(|currency| currency == total.currency);
        let part = estimated.total(0).unwrap_or_default();
        health.estimated_share = ratio(part, total.total_in, SHARE_DECIMALS).filter(|_| is_same);
    }
    Ok(health)
}
