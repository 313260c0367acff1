//! What a pool is shared out by, plainly: one function for each method that needs one.

use super::slow::{Fate, Held, Holder, Outcome, Plan, Slow, Texts};
use crate::model::allocation::{Base, Capacity, Direct, Fallback, FixedAmount, Idle, Method, Rule, Share, Tier};
use ethnum::I256;

/// A pool: its rule, its currency, the values that it is cut by, and its cost in the view of the run.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) rule: &'a Rule,
    pub(super) currency: &'a str,
    pub(super) cut: &'a Texts,
    pub(super) total: i128,
}

/// Splits by the largest remainder, straight from its definition.
pub(super) fn parts(total: i128, weights: &[i128], decimals: u32) -> Vec<i128> {
    let (step, sum) = (I256::from(10_i128.pow(18 - decimals)), weights.iter().map(|w| I256::from(*w)).sum::<I256>());
    let turn = if sum < 0 { -1 } else { 1 };
    let ideal = |weight: &i128| I256::from(total.abs()) * I256::from(*weight * turn);
    let sum = sum * I256::from(turn);
    let mut given: Vec<I256> = weights.iter().map(|w| ideal(w).div_euclid(sum * step) * step).collect();
    let lost: Vec<I256> = weights.iter().map(|w| ideal(w).rem_euclid(sum * step)).collect();
    let mut left = I256::from(total.abs()) - given.iter().sum::<I256>();
    let mut served = vec![false; weights.len()];
    while left > 0 {
        let next = (0..weights.len())
            .filter(|at| !served[*at])
            .max_by(|one, other| lost[*one].cmp(&lost[*other]).then(other.cmp(one)));
        let next = next.unwrap();
        served[next] = true;
        let gift = left.min(step);
        given[next] += gift;
        left -= gift;
    }
    given.into_iter().map(|part| i128::try_from(part).unwrap() * if total < 0 { -1 } else { 1 }).collect()
}

fn shares(shares: &[Share]) -> Vec<i128> {
    shares.iter().map(|share| share.share.mantissa()).collect()
}

fn plan(targets: &[usize], weights: Vec<i128>) -> Plan {
    Plan { to: targets.iter().copied().map(Some).collect(), weights, exact: None, idle: None }
}

fn fall_back(targets: &[usize], fallback: Fallback) -> Outcome<Fate> {
    match fallback {
        Fallback::Error => Err("fallback".to_owned()),
        Fallback::Even if !targets.is_empty() => Ok(Fate::Shared(plan(targets, vec![1; targets.len()]))),
        _ => Ok(Fate::Kept("unallocated")),
    }
}

fn by(targets: &[usize], weights: Vec<i128>, fallback: Fallback) -> Outcome<Fate> {
    if weights.iter().sum::<i128>() == 0 {
        fall_back(targets, fallback)
    } else {
        Ok(Fate::Shared(plan(targets, weights)))
    }
}

impl Slow<'_> {
    pub(super) fn fate(&self, held: &[Held<'_>], asked: Asked<'_>) -> Outcome<Fate> {
        let named = asked.rule.method().targets();
        let targets: Vec<usize> = if named.is_empty() && matches!(asked.rule.method(), Method::Proportional { .. }) {
            (0..self.world.centers.len()).filter(|at| !self.sources[*at]).collect()
        } else {
            named.into_iter().map(|id| self.place(id)).collect()
        };
        match asked.rule.method() {
            Method::Direct(Direct::By { fallback, .. }) => fall_back(&targets, *fallback),
            Method::Even(_) => by(&targets, vec![1; targets.len()], Fallback::Keep),
            Method::Weighted { targets: to, fallback } => by(&targets, shares(to), *fallback),
            Method::Fixed(to) => by(&targets, shares(to), Fallback::Keep),
            Method::FixedAmount { currency, fallback, .. } | Method::Tiered { currency, fallback, .. }
                if currency.code() != asked.currency =>
            {
                fall_back(&targets, *fallback)
            }
            Method::FixedAmount { targets: amounts, fallback, .. } => fixed(&targets, amounts, *fallback, asked),
            Method::Tiered { tiers, .. } => self.tiered(&targets, tiers, asked),
            Method::Proportional { base: Base::DirectCost { within }, fallback, .. } => {
                let cost = |at: &usize| {
                    let cut = (within.as_slice(), asked.cut);
                    self.carriers(held, &Holder::Center(*at), asked.currency, cut).values().sum::<i128>().max(0)
                };
                by(&targets, targets.iter().map(cost).collect(), *fallback)
            }
            Method::Proportional { base: Base::Meter { capacity, .. }, fallback, .. } => {
                self.metered(&targets, *capacity, *fallback, asked)
            }
            Method::Direct(Direct::To(_)) | Method::Idle { .. } => unreachable!(),
        }
    }

    fn metered(
        &self,
        targets: &[usize],
        capacity: Option<Capacity>,
        fallback: Fallback,
        asked: Asked<'_>,
    ) -> Outcome<Fate> {
        let used = |at: &usize| self.world.weights.get(asked.rule.id(), self.world.centers[*at].id).mantissa().max(0);
        let used: Vec<i128> = targets.iter().map(used).collect();
        let sum: i128 = used.iter().sum();
        let Some(capacity) = capacity else { return by(targets, used, fallback) };
        if sum == 0 && capacity.idle == Idle::Separate {
            return Ok(Fate::Kept("idle"));
        }
        let left = capacity.quantity.mantissa() - sum;
        let mut fate = by(targets, used, fallback)?;
        if let Fate::Shared(plan) = &mut fate
            && sum > 0
            && left >= 0
        {
            plan.idle = Some(([sum, left], capacity.idle));
        }
        Ok(fate)
    }

    fn tiered(&self, targets: &[usize], tiers: &[Tier], asked: Asked<'_>) -> Outcome<Fate> {
        let (size, decimals) = (asked.total.abs(), asked.rule.terms().decimals);
        let (mut amounts, mut lower) = (vec![0; targets.len()], 0);
        for tier in tiers {
            let upper = tier.up_to.map_or(size, |up_to| up_to.mantissa().min(size));
            let percents = shares(&tier.targets);
            let split = if size == 0 { percents } else { parts(upper - lower, &percents, decimals) };
            for (share, part) in tier.targets.iter().zip(split) {
                let place = self.place(share.cost_center);
                amounts[targets.iter().position(|known| *known == place).unwrap()] += part;
            }
            if size == 0 {
                return by(targets, amounts, Fallback::Keep);
            }
            lower = upper;
        }
        for amount in &mut amounts {
            *amount *= asked.total.signum();
        }
        Ok(Fate::Shared(Plan { exact: Some(amounts.clone()), ..plan(targets, amounts) }))
    }
}

fn fixed(targets: &[usize], amounts: &[FixedAmount], fallback: Fallback, asked: Asked<'_>) -> Outcome<Fate> {
    let mut exact: Vec<i128> = amounts.iter().map(|one| one.amount.mantissa()).collect();
    let rest = asked.total - exact.iter().sum::<i128>();
    if fallback == Fallback::Error && rest != 0 {
        return Err("rest".to_owned());
    }
    let mut to: Vec<Option<usize>> = targets.iter().copied().map(Some).collect();
    if fallback == Fallback::Even {
        let rests = parts(rest, &vec![1; exact.len()], asked.rule.terms().decimals);
        exact.iter_mut().zip(rests).for_each(|(amount, rest)| *amount += rest);
    } else {
        to.push(None);
        exact.push(rest);
    }
    let weights = match (asked.total, fallback) {
        (0, Fallback::Even) => vec![1; to.len()],
        (0, _) => to.iter().map(|to| i128::from(to.is_none())).collect(),
        _ => exact.clone(),
    };
    Ok(Fate::Shared(Plan { to, weights, exact: Some(exact), idle: None }))
}
