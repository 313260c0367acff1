//! How a pool is shared out: the parts and their weights, by the method of the rule.

use super::bases::Base;
use super::finding::{Finding, FindingCode};
use super::month::MonthPart;
use super::share::Shares;
use super::table::Node;
use super::weights::Weights;
use crate::model::allocation::{
    self, Center, CenterId, Direct, Fallback, FixedAmount, Idle, Method, Rule, RuleSet, Tier,
};
use crate::model::money::{Currency, Money, Quantity};
use crate::{Error, ErrorCode, Result};
use std::collections::HashMap;

/// A pool and what its division depends on.
#[derive(Debug)]
pub(super) struct Pool<'a> {
    pub(super) rule: &'a Rule,
    /// The places of those who may get a share, in their order.
    pub(super) targets: &'a [u32],
    pub(super) set: &'a RuleSet,
    pub(super) weights: &'a Weights,
    /// Cost by the values that the pool is cut by.
    pub(super) base: &'a Base,
    pub(super) month: MonthPart,
}

/// What becomes of a pool, or of a cut of it.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It stays where it is.
    Kept,
    /// It stays where it is, because nobody used it.
    Unused,
    /// It is shared out.
    Divided(Division),
}

/// Parts of a pool.
#[derive(Debug, Clone)]
pub(super) struct Division {
    pub(super) parts: Vec<Part>,
    pub(super) shares: Shares,
    /// The cost of the view by parts, where amounts decide and not weights.
    pub(super) exact: Option<Vec<i128>>,
    /// How much of the pool was used and how much was idle, and what becomes of that.
    pub(super) idle: Option<(Shares, Idle)>,
}

/// Who gets a part, and what it was weighed by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// None for what stays where it is.
    pub(super) center: Option<u32>,
    pub(super) base: Option<Quantity>,
}

impl Pool<'_> {
    /// What becomes of a cut of the pool; `total` is its cost in the view of the run.
    pub(super) fn divide(
        &self,
        node: &Node,
        currency: Currency,
        total: i128,
        findings: &mut Vec<Finding>,
    ) -> Result<Outcome> {
        match self.rule.method() {
            Method::Direct(Direct::By { by, fallback, .. }) => {
                let message = format!("some charges have a value of '{by}' that is no centre's");
                self.fall_back(*fallback, FindingCode::UnknownValue, &message, findings)
            }
            Method::Weighted { targets, fallback } => {
                let weights = targets.iter().map(|target| target.share.mantissa()).collect();
                self.weighed(weights, *fallback, findings)
            }
            Method::Fixed(targets) => {
                let weights = targets.iter().map(|target| target.share.mantissa()).collect();
                self.weighed(weights, Fallback::Keep, findings)
            }
            Method::FixedAmount { currency: own, fallback, .. } | Method::Tiered { currency: own, fallback, .. }
                if *own != currency =>
            {
                let message = format!("the pool has charges in {currency}, the amounts of the rule are in {own}");
                self.fall_back(*fallback, FindingCode::OtherCurrency, &message, findings)
            }
            Method::FixedAmount { targets, fallback, .. } => self.fixed(targets, *fallback, total),
            Method::Tiered { tiers, .. } => self.tiered(tiers, total),
            Method::Proportional { base: allocation::Base::DirectCost { .. }, fallback, .. } => {
                let mut cost = |center: &u32| {
                    let Some(holder) = self.base.center(node.currency, node.cut, *center) else { return 0 };
                    if holder.is_partial {
                        findings.push(partial(self.rule, self.set.centers().at(*center)));
                    }
                    self.counted(*center, holder.cost, findings)
                };
                let costs = self.targets.iter().map(&mut cost).collect();
                self.weighed(costs, *fallback, findings)
            }
            Method::Proportional { base: allocation::Base::Meter { capacity, .. }, fallback, .. } => {
                let used: Vec<i128> = self.targets.iter().map(|center| self.used(*center, findings)).collect();
                match capacity {
                    Some(capacity) => self.by_use(used, *capacity, *fallback, findings),
                    None => self.weighed(used, *fallback, findings),
                }
            }
            Method::Direct(Direct::To(_)) | Method::Even(_) | Method::Idle { .. } => self.even(),
        }
    }

    pub(super) fn center_id(&self, place: u32) -> Option<CenterId> {
        self.set.centers().at(place).map(|center| center.id)
    }

    fn used(&self, center: u32, findings: &mut Vec<Finding>) -> i128 {
        let used = self.center_id(center).map_or(Quantity::ZERO, |id| self.weights.get(self.rule.id(), id));
        self.counted(center, used.mantissa(), findings)
    }

    /// A base, which counts as 0 below that.
    fn counted(&self, center: u32, base: i128, findings: &mut Vec<Finding>) -> i128 {
        if base < 0 {
            let name = self.set.centers().at(center).map_or("", |center| center.name.as_str());
            let message = format!("the base of '{name}' is below zero and counts as 0");
            findings.push(finding(self.rule, FindingCode::NegativeBase, self.center_id(center), &message));
        }
        base.max(0)
    }

    fn by_use(
        &self,
        used: Vec<i128>,
        capacity: allocation::Capacity,
        fallback: Fallback,
        findings: &mut Vec<Finding>,
    ) -> Result<Outcome> {
        let sum = used.iter().try_fold(0_i128, |sum, used| sum.checked_add(*used));
        let sum =
            sum.ok_or_else(|| Error::overflow(format!("what rule {} goes by does not fit", self.rule.called())))?;
        let could = self.month.of(capacity.quantity.mantissa(), Quantity::SCALE)?;
        if sum == 0 && capacity.idle == Idle::Separate {
            return Ok(Outcome::Unused);
        }
        let mut outcome = self.weighed(used, fallback, findings)?;
        if sum > could {
            let (used, could) = (Quantity::from_mantissa(sum), Quantity::from_mantissa(could));
            let message = format!("{used} was used, and the pool can serve {could}: it is shared out by use");
            findings.push(finding(self.rule, FindingCode::OverCapacity, None, &message));
        } else if sum > 0
            && let Outcome::Divided(division) = &mut outcome
        {
            division.idle = Shares::new(vec![sum, could - sum])?.map(|shares| (shares, capacity.idle));
        }
        Ok(outcome)
    }

    /// Everybody the same.
    fn even(&self) -> Result<Outcome> {
        let part = |center: &u32| Part { center: Some(*center), base: None };
        let Some(shares) = Shares::new(vec![1; self.targets.len()])? else { return Ok(Outcome::Kept) };
        let parts = self.targets.iter().map(part).collect();
        Ok(Outcome::Divided(Division { parts, shares, exact: None, idle: None }))
    }

    /// By weights of 0 or more in the order of the targets.
    fn weighed(&self, weights: Vec<i128>, fallback: Fallback, findings: &mut Vec<Finding>) -> Result<Outcome> {
        let part = |(center, weight): (&u32, &i128)| Part {
            center: Some(*center),
            base: Some(Quantity::from_mantissa(*weight)),
        };
        let parts = self.targets.iter().zip(&weights).map(part).collect();
        match Shares::new(weights)? {
            Some(shares) => Ok(Outcome::Divided(Division { parts, shares, exact: None, idle: None })),
            None => self.fall_back(fallback, FindingCode::ZeroBase, "the base of all centres is 0", findings),
        }
    }

    fn fixed(&self, targets: &[FixedAmount], fallback: Fallback, total: i128) -> Result<Outcome> {
        let decimals = self.rule.terms().decimals;
        let of_month = |target: &FixedAmount| self.month.of(target.amount.mantissa(), decimals);
        let amounts: Vec<i128> = targets.iter().map(of_month).collect::<Result<_>>()?;
        let part = |(center, amount): (&u32, &i128)| Part {
            center: Some(*center),
            base: Some(Quantity::from_mantissa(*amount)),
        };
        let mut parts: Vec<Part> = self.targets.iter().zip(&amounts).map(part).collect();
        // Both are bounded by half of what an amount can be.
        let rest = total - amounts.iter().sum::<i128>();
        let mut exact = amounts;
        match fallback {
            Fallback::Error if rest != 0 => {
                let rest = Money::from_mantissa(rest);
                return Err(self.refuse(&format!("the pool less its fixed amounts leaves {rest}")));
            }
            Fallback::Keep | Fallback::Error => {
                parts.push(Part { center: None, base: None });
                exact.push(rest);
            }
            Fallback::Even => {
                let even = Shares::new(vec![1; exact.len()])?;
                let rests = even.map_or(Ok(Vec::new()), |even| even.split(rest, decimals))?;
                exact.iter_mut().zip(rests).for_each(|(amount, rest)| *amount += rest);
            }
        }
        Self::exactly(parts, exact, total, fallback)
    }

    /// Amounts of the view; the other costs go by them where they come to something.
    fn exactly(parts: Vec<Part>, exact: Vec<i128>, total: i128, fallback: Fallback) -> Result<Outcome> {
        let shares = match Shares::new(exact.clone())? {
            Some(shares) if total != 0 => Some(shares),
            // Of a pool that costs nothing in this view, other costs are what is left.
            _ if fallback == Fallback::Even => Shares::new(vec![1; parts.len()])?,
            _ => Shares::new(parts.iter().map(|part| i128::from(part.center.is_none())).collect())?,
        };
        let Some(shares) = shares else { return Ok(Outcome::Kept) };
        Ok(Outcome::Divided(Division { parts, shares, exact: Some(exact), idle: None }))
    }

    fn tiered(&self, tiers: &[Tier], total: i128) -> Result<Outcome> {
        let (size, sign, decimals) = (total.abs(), total.signum(), self.rule.terms().decimals);
        let mut amounts = vec![0_i128; self.targets.len()];
        let places: HashMap<u32, usize> = self.targets.iter().enumerate().map(|(at, place)| (*place, at)).collect();
        let mut lower = 0;
        for tier in tiers {
            let upper = match tier.up_to {
                Some(up_to) => self.month.of(up_to.mantissa(), Money::SCALE)?.min(size),
                None => size,
            };
            if upper <= lower && size > 0 {
                continue;
            }
            let percents: Vec<i128> = tier.targets.iter().map(|target| target.share.mantissa()).collect();
            let shares = Shares::new(percents.clone())?;
            // A pool that costs nothing in this view lies in the first tier.
            let parts = if size == 0 {
                percents
            } else {
                shares.map_or(Ok(Vec::new()), |shares| shares.split(upper - lower, decimals))?
            };
            for (target, part) in tier.targets.iter().zip(parts) {
                let place = self.set.centers().place(target.cost_center);
                let at = place.and_then(|place| places.get(&place));
                if let Some(amount) = at.and_then(|at| amounts.get_mut(*at)) {
                    *amount += part;
                }
            }
            if size == 0 {
                return self.weighed(amounts, Fallback::Keep, &mut Vec::new());
            }
            lower = upper;
        }
        for amount in &mut amounts {
            *amount *= sign;
        }
        let part = |(center, amount): (&u32, &i128)| Part {
            center: Some(*center),
            base: Some(Quantity::from_mantissa(*amount)),
        };
        let parts = self.targets.iter().zip(&amounts).map(part).collect();
        Self::exactly(parts, amounts, total, Fallback::Keep)
    }

    fn fall_back(
        &self,
        fallback: Fallback,
        code: FindingCode,
        message: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<Outcome> {
        let (outcome, done) = match fallback {
            Fallback::Error => return Err(self.refuse(message)),
            Fallback::Even if !self.targets.is_empty() => (self.even()?, "shared out evenly"),
            Fallback::Keep | Fallback::Even => (Outcome::Kept, "not shared out"),
        };
        findings.push(finding(self.rule, code, None, &format!("{message}: they are {done}")));
        Ok(outcome)
    }

    fn refuse(&self, message: &str) -> Error {
        let message = format!("rule {} cannot be applied: {message}, and its fallback is 'error'", self.rule.called());
        Error::new(ErrorCode::Conflict, message)
    }
}

pub(super) fn finding(rule: &Rule, code: FindingCode, center: Option<CenterId>, message: &str) -> Finding {
    let message = format!("rule {}: {message}", rule.called());
    Finding { code, rule_id: rule.id(), cost_center_id: center, message }
}

/// That charges lack the cost that a rule goes by.
pub(super) fn partial(rule: &Rule, center: Option<&Center>) -> Finding {
    let whose = center.map_or_else(|| "some charges".to_owned(), |center| format!("charges of '{}'", center.name));
    let message = format!("{whose} lack the cost that it goes by: the base is only what is known");
    finding(rule, FindingCode::UnknownBase, center.map(|center| center.id), &message)
}

impl Division {
    /// A total by parts; `exact` is set for the cost of the view.
    pub(super) fn split(&self, total: i128, decimals: u32, exact: bool) -> Result<Vec<i128>> {
        match &self.exact {
            Some(parts) if exact => Ok(parts.clone()),
            _ => self.shares.split(total, decimals),
        }
    }
}

/// The places of the centres that a rule shares out to.
pub(super) fn targets(set: &RuleSet, rule: &Rule) -> Vec<u32> {
    let named = rule.method().targets();
    if named.is_empty() && matches!(rule.method(), Method::Proportional { .. }) {
        return set.open_targets();
    }
    named.into_iter().filter_map(|center| set.centers().place(center)).collect()
}
