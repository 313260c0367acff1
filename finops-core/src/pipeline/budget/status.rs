//! How a budget stands, as it is answered.

use super::{Assessment, Forecast, Observed};
use crate::Result;
use crate::model::budget::{Budget, Health, Lifecycle, Threshold};
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity, ratio};
use crate::model::time::{Interval, Stamp};
use serde::Serialize;

/// To how many decimals a fraction is rounded, whose percentage has two less.
const DECIMALS: u32 = 8;

/// How a budget stands in the period that holds now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BudgetStatus {
    /// Which budget.
    pub budget_id: Id<id::Budget>,
    /// When the period starts; none when no period holds now, and of a budget for all time until its end.
    pub period_start: Option<Stamp>,
    /// When it ends; none where it has no end.
    pub period_end: Option<Stamp>,
    /// What may be spent in it.
    pub amount: Money,
    /// The currency of every amount here.
    pub currency: Currency,
    /// What has been spent; none when that is not known, and when no period holds.
    pub spent: Option<Money>,
    /// What the gate has let through that is not settled yet.
    pub reserved: Money,
    /// What is left: the amount without what has been spent and what is reserved. Below 0 when they are more.
    pub remaining: Option<Money>,
    /// How many hundredths of the amount have been spent, rounded half to even at 6 decimals; none of an amount of 0.
    pub percent: Option<Quantity>,
    /// How the period stands.
    pub status: Option<Health>,
    /// Whether spending goes on.
    pub lifecycle: Lifecycle,
    /// What will have been spent when the period ends.
    pub forecast: Option<Forecast>,
    /// The thresholds that are crossed now, in ascending order.
    pub thresholds_crossed: Vec<Threshold>,
    /// How many charges of the period lack the cost, and so are not in what has been spent.
    pub unknown_costs: u64,
}

impl BudgetStatus {
    /// The status of a budget with what was observed of it, if a period holds.
    ///
    /// # Errors
    /// `overflow`.
    pub fn new(
        budget: &Budget,
        seen: Option<(&Observed, &Assessment)>,
        reserved: Money,
        unknown_costs: u64,
    ) -> Result<Self> {
        let amount = budget.budget.amount;
        let (observed, assessment) = seen.unzip();
        let spent = observed.and_then(|observed| observed.spent);
        let always = Interval::always();
        let left = |spent: Money| amount.checked_sub(spent)?.checked_sub(reserved);
        Ok(Self {
            budget_id: budget.id,
            period_start: observed.map(|observed| observed.period.start()).filter(|start| *start > always.start()),
            period_end: observed.map(|observed| observed.period.end()).filter(|end| *end < always.end()),
            amount,
            currency: budget.budget.currency,
            spent,
            reserved,
            remaining: spent.map(left).transpose()?,
            percent: spent.and_then(|spent| hundredths(spent, amount)),
            status: assessment.and_then(|assessment| assessment.health),
            lifecycle: assessment.map_or(budget.status, |assessment| assessment.lifecycle),
            forecast: observed.and_then(|observed| observed.forecast.clone()),
            thresholds_crossed: assessment.map(|assessment| assessment.crossed.clone()).unwrap_or_default(),
            unknown_costs,
        })
    }
}

fn hundredths(spent: Money, amount: Money) -> Option<Quantity> {
    let fraction = ratio(spent, amount, DECIMALS)?;
    fraction.mantissa().checked_mul(100).map(Quantity::from_mantissa)
}
