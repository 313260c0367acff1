//! A statement: what a centre bears in a month, with what it came in with and its budget.

use super::balance::{Balance, Who};
use super::frozen::CenterFacts;
use crate::insight::statement::label;
use crate::model::allocation::CenterId;
use crate::model::center::Percent;
use crate::model::money::{Currency, Money, Quantity, ratio};
use crate::model::time::Stamp;
use crate::{Error, Result};
use ethnum::I256;
use serde::Serialize;

/// How many decimals a hundredth of a budget has.
const RATIO_DECIMALS: u32 = 4;

/// What a centre bears in a month in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AllocationStatement {
    /// The number of the statement, such as `2024-01-USD-01hk153x000000000000000001`: the month, the currency and the
    /// centre. Only where it is charged back.
    pub number: Option<String>,
    /// The centre.
    pub cost_center_id: CenterId,
    /// What it is called.
    pub cost_center_name: Option<String>,
    /// The centre that it is a part of.
    pub parent: Option<CenterId>,
    /// Who answers for it.
    pub owner_id: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// The amounts.
    #[serde(flatten)]
    pub balance: StatementBalance,
    /// How many charges of the month lack the cost; they are in no amount.
    pub unknown_costs: u64,
    /// What it may cost a month, where the budget is in this currency.
    pub budget_monthly: Option<Money>,
    /// At which share of the budget its owner is warned, in percent.
    pub alert_threshold_pct: Option<Percent>,
    /// What the month adds, in percent of the budget, at 2 decimals; none without a budget or where it is 0.
    pub budget_used_pct: Option<Quantity>,
    /// Whether that reaches the threshold; none without a budget or a threshold.
    pub over_threshold: Option<bool>,
    /// The same amounts of the centre and all below it together; none where no other centre is a part of it, and for
    /// who may not see all that are.
    pub with_children: Option<StatementBalance>,
}

/// The amounts of a statement: `closing` is the sum of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct StatementBalance {
    /// What closed months before it come to: the closing of the month before, 0 at first.
    pub opening: Money,
    /// Charges of its own.
    pub charges: Money,
    /// Shares of pools.
    pub shared: Money,
    /// Idle cost that it caused.
    pub idle: Money,
    /// What corrects closed months.
    pub corrections: Money,
    /// All of it.
    pub closing: Money,
}

/// What nobody bears in a month in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnallocatedStatement {
    /// The currency.
    pub currency: Currency,
    /// What closed months before it come to.
    pub opening: Money,
    /// What no rule and no centre holds, and what a rule could not share out.
    pub unallocated: Money,
    /// Idle cost that is kept apart.
    pub idle: Money,
    /// What corrects closed months.
    pub corrections: Money,
    /// All of it.
    pub closing: Money,
    /// How many charges of the month lack the cost.
    pub unknown_costs: u64,
}

/// What all statements of a currency come to, and what nobody bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatementTotal {
    /// The currency.
    pub currency: Currency,
    /// What closed months before it come to.
    pub opening: Money,
    /// Charges that centres have of their own.
    pub charges: Money,
    /// Shares of pools.
    pub shared: Money,
    /// Idle cost, also what is kept apart.
    pub idle: Money,
    /// What nobody bears, but for idle cost.
    pub unallocated: Money,
    /// What corrects closed months.
    pub corrections: Money,
    /// All of it.
    pub closing: Money,
    /// How many charges of the month lack the cost.
    pub unknown_costs: u64,
}

impl StatementBalance {
    pub(super) fn new(balance: &Balance) -> Result<Self> {
        let &Balance { opening, direct, shared, idle, corrections, .. } = balance;
        Ok(Self { opening, charges: direct, shared, idle, corrections, closing: balance.closing()? })
    }
}

impl UnallocatedStatement {
    pub(super) fn new(currency: Currency, balance: &Balance) -> Result<Self> {
        let &Balance { opening, unallocated, idle, corrections, unknown, .. } = balance;
        Ok(Self {
            currency,
            opening,
            unallocated,
            idle,
            corrections,
            closing: balance.closing()?,
            unknown_costs: unknown,
        })
    }
}

impl StatementTotal {
    pub(super) fn new(currency: Currency, balance: &Balance) -> Result<Self> {
        let &Balance { opening, direct, shared, idle, unallocated, corrections, unknown } = balance;
        let closing = balance.closing()?;
        Ok(Self {
            currency,
            opening,
            charges: direct,
            shared,
            idle,
            unallocated,
            corrections,
            closing,
            unknown_costs: unknown,
        })
    }
}

impl AllocationStatement {
    /// That of a centre, of which only the id may be known.
    pub(super) fn new(
        (currency, center): (Currency, CenterId),
        balance: &Balance,
        facts: Option<&CenterFacts>,
        with_children: Option<&Balance>,
    ) -> Result<Self> {
        let budget = facts.filter(|facts| facts.currency == Some(currency)).and_then(|facts| facts.budget_monthly);
        let threshold = facts.and_then(|facts| facts.alert_threshold_pct);
        let month = balance.month()?;
        Ok(Self {
            number: None,
            cost_center_id: center,
            cost_center_name: facts.map(|facts| facts.name.clone()),
            parent: facts.and_then(|facts| facts.parent),
            owner_id: facts.and_then(|facts| facts.owner_id.clone()),
            currency,
            balance: StatementBalance::new(balance)?,
            unknown_costs: balance.unknown,
            budget_monthly: budget,
            alert_threshold_pct: threshold,
            budget_used_pct: budget.map_or(Ok(None), |budget| percent_of(month, budget))?,
            over_threshold: budget.zip(threshold).map(|(budget, threshold)| reaches(month, budget, threshold)),
            with_children: with_children.map(StatementBalance::new).transpose()?,
        })
    }

    /// With its number, which is the same whenever it is asked for.
    pub(super) fn numbered(self, period_start: Stamp) -> Self {
        let id = self.cost_center_id.to_string();
        let digits = id.rsplit('_').next().unwrap_or_default();
        let number = format!("{}-{}-{digits}", label(period_start), self.currency);
        Self { number: Some(number), ..self }
    }

    pub(super) const fn who(&self) -> Who {
        (self.currency, Some(self.cost_center_id))
    }
}

/// An amount in percent of a budget, half even at 2 decimals; none where the budget is 0.
fn percent_of(amount: Money, budget: Money) -> Result<Option<Quantity>> {
    if budget.is_zero() {
        return Ok(None);
    }
    let part = ratio(amount, budget, RATIO_DECIMALS);
    let percent = part.and_then(|part| part.mantissa().checked_mul(100)).map(Quantity::from_mantissa);
    percent.map(Some).ok_or_else(|| Error::overflow("a share of a budget does not fit: the budget is tiny"))
}

/// Whether an amount is at least that share of a budget, compared without rounding.
fn reaches(amount: Money, budget: Money, threshold: Percent) -> bool {
    let hundredths = I256::from(amount.mantissa()).saturating_mul(I256::from(100 * 10_i128.pow(Quantity::SCALE)));
    hundredths >= I256::from(budget.mantissa()).saturating_mul(I256::from(threshold.value().mantissa()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_reached_exactly() {
        let reaches = |amount: &str, percent: &str| {
            let threshold = Percent::read(percent.parse().unwrap()).unwrap();
            reaches(amount.parse().unwrap(), "100".parse().unwrap(), threshold)
        };
        assert!(reaches("80", "80"));
        assert!(!reaches("79.999999999999999999", "80"));
        assert!(!reaches("-80", "80"));
    }

    #[test]
    fn percent_of_a_budget_is_unknown_without_one() {
        let percent = |amount: &str, budget: &str| {
            let percent = percent_of(amount.parse().unwrap(), budget.parse().unwrap()).unwrap();
            percent.map(|percent| percent.to_string())
        };
        assert_eq!(percent("1", "3").as_deref(), Some("33.33"));
        assert_eq!(percent("-1", "4").as_deref(), Some("-25"));
        assert_eq!(percent("1", "0"), None);
    }
}
