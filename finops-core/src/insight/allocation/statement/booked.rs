//! What centres bear, added up as far as books tell it apart.

use crate::Result;
use crate::model::allocation::{CenterId, RuleId};
use crate::model::money::{Currency, Money};
use crate::pipeline::allocation::{Line, LineKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The four costs, in the order of [`CostView::ALL`](crate::model::charge::CostView::ALL).
pub(super) type Costs = [Money; 4];

/// What books tell apart of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// The currency.
    pub currency: Currency,
    /// Who bears it; none for what nobody does.
    pub cost_center_id: Option<CenterId>,
    /// Why.
    pub kind: LineKind,
    /// The rule that says so.
    pub rule_id: Option<RuleId>,
}

/// Amounts by account, without those that are zero in all four costs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(Account, Costs)>", into = "Vec<(Account, Costs)>")]
pub struct Booked(BTreeMap<Account, Costs>);

impl Booked {
    /// What lines come to.
    ///
    /// # Errors
    /// `overflow`.
    pub fn of<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Result<Self> {
        let mut booked = Self::default();
        for line in lines {
            let account =
                Account { currency: line.currency, cost_center_id: line.center, kind: line.kind, rule_id: line.rule };
            booked.add(account, &line.costs)?;
        }
        booked.0.retain(|_, costs| !is_zero(costs));
        Ok(booked)
    }

    /// Adds to an account.
    ///
    /// # Errors
    /// `overflow`.
    pub fn add(&mut self, account: Account, costs: &Costs) -> Result<()> {
        add(self.0.entry(account).or_default(), costs)
    }

    /// What it has more than another.
    ///
    /// # Errors
    /// `overflow`.
    pub fn less(mut self, other: &Self) -> Result<Self> {
        for (account, costs) in &other.0 {
            for (cost, less) in self.0.entry(*account).or_default().iter_mut().zip(costs) {
                *cost = cost.checked_sub(*less)?;
            }
        }
        self.0.retain(|_, costs| !is_zero(costs));
        Ok(self)
    }

    /// The amounts, in the order of their accounts.
    pub fn iter(&self) -> impl Iterator<Item = (&Account, &Costs)> {
        self.0.iter()
    }
}

impl From<Vec<(Account, Costs)>> for Booked {
    fn from(amounts: Vec<(Account, Costs)>) -> Self {
        Self(amounts.into_iter().collect())
    }
}

impl From<Booked> for Vec<(Account, Costs)> {
    fn from(booked: Booked) -> Self {
        booked.0.into_iter().collect()
    }
}

pub(super) fn add(sums: &mut Costs, costs: &Costs) -> Result<()> {
    for (sum, cost) in sums.iter_mut().zip(costs) {
        *sum = sum.checked_add(*cost)?;
    }
    Ok(())
}

fn is_zero(costs: &Costs) -> bool {
    costs.iter().all(|cost| cost.is_zero())
}
