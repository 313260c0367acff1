//! The same allocation written once more, plainly: charge by charge, with nothing coded, compressed or kept. What it
//! gives is compared line by line.

use super::plan::{Asked, parts};
use super::{Charge, World, january};
use crate::model::allocation::{CenterId, Direct, Idle, Method, Rule, RuleSet};
use crate::model::charge::CostView;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::money::Money;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) type Texts = Vec<Option<String>>;
type Costs = [i128; 4];

/// Centre, who caused it, kind, rule, pool, currency, carried values.
pub(super) type Key = (Option<String>, Option<String>, &'static str, Option<String>, Option<String>, String, Texts);

/// Who holds a charge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    Nobody,
    Center(usize),
    Pool(usize, Texts),
}

pub(super) struct Held<'a> {
    charge: &'a Charge,
    holder: Holder,
    rule: Option<usize>,
    carried: Texts,
}

/// What a pool is shared out by.
pub(super) struct Plan {
    pub(super) to: Vec<Option<usize>>,
    pub(super) weights: Vec<i128>,
    pub(super) exact: Option<Vec<i128>>,
    /// Used and idle.
    pub(super) idle: Option<([i128; 2], Idle)>,
}

pub(super) enum Fate {
    Kept(&'static str),
    Shared(Plan),
}

pub(super) struct Slow<'a> {
    pub(super) world: &'a World,
    set: &'a RuleSet,
    pub(super) rules: Vec<Arc<Rule>>,
    pub(super) sources: Vec<bool>,
    view: usize,
    pub(super) lines: BTreeMap<Key, Costs>,
}

pub(super) type Outcome<T> = Result<T, String>;

fn sum(costs: impl Iterator<Item = Costs>) -> Costs {
    costs.fold([0; 4], |all, costs| [0, 1, 2, 3].map(|at| all[at] + costs[at]))
}

fn costs(charge: &Charge) -> Costs {
    charge.costs.map(Money::mantissa)
}

impl<'a> Slow<'a> {
    pub(super) fn run(world: &'a World, set: &'a RuleSet) -> Outcome<Self> {
        let view = CostView::ALL.iter().position(|view| *view == world.view).unwrap();
        let rules: Vec<Arc<Rule>> = set.rules().cloned().collect();
        let mut slow = Self { world, set, rules, sources: Vec::new(), view, lines: BTreeMap::new() };
        slow.sources = (0..world.centers.len()).map(|at| slow.is_source(at)).collect();
        let held: Vec<Held<'_>> = world.charges.iter().map(|charge| slow.hold(charge)).collect::<Outcome<_>>()?;
        for held in &held {
            let (center, kind) = match held.holder {
                Holder::Nobody => (None, "unallocated"),
                Holder::Center(at) => (Some(at), "direct"),
                Holder::Pool(..) => continue,
            };
            let key = slow.key(center, None, kind, held.rule, None, held.charge.currency, held.carried.clone());
            slow.add(key, costs(held.charge));
        }
        slow.pools(&held)?;
        Ok(slow)
    }

    fn is_source(&self, at: usize) -> bool {
        let center = &self.world.centers[at];
        self.rules.iter().any(|rule| {
            let direct = matches!(rule.method(), Method::Direct(_)) && rule.method().targets().contains(&center.id);
            let source = &rule.terms().source;
            let named = matches!(source, Filter::All(all) if all.iter().any(|one| matches!(one, Filter::In(by, values)
                if *by == Dimension::BuiltIn(BuiltIn::CostCenter) && values.contains(&Some(center.id.to_string()))))
                && all.iter().all(|one| matches!(one, Filter::In(..))));
            let own = center.filter.as_ref().is_some_and(|own| alike(own, source));
            !direct && (named || own)
        })
    }

    fn value<'c>(&self, charge: &'c Charge, by: &Dimension) -> Option<&'c str> {
        let place = self.world.dimensions.iter().position(|known| known == by).unwrap();
        charge.values[place].as_deref()
    }

    fn values(&self, charge: &Charge, by: &[Dimension]) -> Texts {
        by.iter().map(|by| self.value(charge, by).map(str::to_owned)).collect()
    }

    fn holds(&self, filter: &Filter, charge: &Charge) -> bool {
        match filter {
            Filter::In(by, values) => values.iter().any(|value| value.as_deref() == self.value(charge, by)),
            Filter::Not(inner) => !self.holds(inner, charge),
            Filter::Any(all) => all.iter().any(|one| self.holds(one, charge)),
            Filter::All(all) => all.iter().all(|one| self.holds(one, charge)),
        }
    }

    pub(super) fn place(&self, id: CenterId) -> usize {
        self.world.centers.iter().position(|center| center.id == id).unwrap()
    }

    fn hold<'c>(&self, charge: &'c Charge) -> Outcome<Held<'c>> {
        let carried = self.values(charge, &self.world.carry);
        let matching: Vec<usize> =
            (0..self.rules.len()).filter(|at| self.holds(&self.rules[*at].terms().source, charge)).collect();
        if let Some(first) = matching.first() {
            let order = self.rules[*first].terms().order;
            if matching.iter().skip(1).any(|at| self.rules[*at].terms().order == order) {
                return Err("two of one order".to_owned());
            }
            let rule = &self.rules[*first];
            let center = self.given(rule, charge);
            let pool = || Holder::Pool(*first, self.values(charge, rule.method().within()));
            let holder = center.map_or_else(pool, Holder::Center);
            return Ok(Held { charge, holder, rule: Some(*first), carried });
        }
        let named = self.value(charge, &Dimension::BuiltIn(BuiltIn::CostCenter));
        let named = named.and_then(|id| self.world.centers.iter().position(|center| center.id.to_string() == id));
        let own = || {
            let mut own: Vec<usize> = (0..self.world.centers.len()).collect();
            own.retain(|at| self.world.centers[*at].filter.as_ref().is_some_and(|filter| self.holds(filter, charge)));
            let deepest = own.iter().map(|at| self.world.centers[*at].depth).max();
            own.into_iter().find(|at| Some(self.world.centers[*at].depth) == deepest)
        };
        let holder = named.or_else(own).map_or(Holder::Nobody, Holder::Center);
        Ok(Held { charge, holder, rule: None, carried })
    }

    fn given(&self, rule: &Rule, charge: &Charge) -> Option<usize> {
        match rule.method() {
            Method::Direct(Direct::To(id)) => Some(self.place(*id)),
            Method::Direct(Direct::By { by, targets, .. }) if targets.is_empty() => {
                let value = self.value(charge, by)?;
                let is = |at: &usize| {
                    let center = &self.world.centers[*at];
                    center.id.to_string() == value || center.name.trim().to_lowercase() == value.trim().to_lowercase()
                };
                (0..self.world.centers.len()).find(is).filter(|at| !self.sources[*at])
            }
            Method::Direct(Direct::By { by, targets, .. }) => {
                let value = self.value(charge, by)?;
                let target = targets.iter().find(|target| target.values.iter().any(|known| known == value))?;
                Some(self.place(target.cost_center))
            }
            _ => None,
        }
    }

    #[allow(clippy::too_many_arguments, reason = "it is what tells lines apart")]
    fn key(
        &self,
        center: Option<usize>,
        caused_by: Option<usize>,
        kind: &'static str,
        rule: Option<usize>,
        pool: Option<usize>,
        currency: &str,
        carried: Texts,
    ) -> Key {
        let center_id = |at: usize| self.world.centers[at].id.to_string();
        let rule_id = |at: usize| self.rules[at].id().to_string();
        let (rule, pool) = (rule.map(rule_id), pool.map(rule_id));
        (center.map(center_id), caused_by.map(center_id), kind, rule, pool, currency.to_owned(), carried)
    }

    fn add(&mut self, key: Key, costs: Costs) {
        let sum = self.lines.entry(key).or_default();
        sum.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
    }

    /// Adds costs, spread by weights of carriers, of which only those above zero count.
    fn spread(&mut self, key: &Key, costs: Costs, carriers: &BTreeMap<Texts, i128>, decimals: u32) {
        let some: Vec<(&Texts, i128)> = carriers.iter().map(|(at, w)| (at, *w)).filter(|(_, w)| *w > 0).collect();
        if some.is_empty() {
            let nothing = vec![None; self.world.carry.len()];
            return self.add(
                (key.0.clone(), key.1.clone(), key.2, key.3.clone(), key.4.clone(), key.5.clone(), nothing),
                costs,
            );
        }
        let weights: Vec<i128> = some.iter().map(|(_, weight)| *weight).collect();
        let split = costs.map(|cost| parts(cost, &weights, decimals));
        for (at, (carried, _)) in some.iter().enumerate() {
            let mut key = key.clone();
            key.6 = (*carried).clone();
            self.add(key, [0, 1, 2, 3].map(|cost| split[cost][at]));
        }
    }

    /// The carriers of what a holder has in a currency, where some values are the same.
    pub(super) fn carriers(
        &self,
        held: &[Held<'_>],
        holder: &Holder,
        currency: &str,
        cut: (&[Dimension], &Texts),
    ) -> BTreeMap<Texts, i128> {
        let mut carriers = BTreeMap::new();
        for one in held {
            let same =
                one.holder == *holder && one.charge.currency == currency && self.values(one.charge, cut.0) == *cut.1;
            if same {
                *carriers.entry(one.carried.clone()).or_default() += costs(one.charge)[self.view];
            }
        }
        carriers
    }

    /// The carriers of a pool itself, by cost of its own sign.
    fn own(&self, held: &[Held<'_>], holder: &Holder, currency: &str) -> BTreeMap<Texts, i128> {
        let mut own = self.carriers(held, holder, currency, (&[], &Vec::new()));
        let sign = own.values().sum::<i128>().signum();
        for weight in own.values_mut() {
            *weight *= sign;
        }
        own
    }

    fn pools(&mut self, held: &[Held<'_>]) -> Outcome<()> {
        let mut nodes: Vec<(usize, &'static str, Texts)> = held
            .iter()
            .filter_map(|held| match &held.holder {
                Holder::Pool(rule, cut) => Some((*rule, held.charge.currency, cut.clone())),
                _ => None,
            })
            .collect();
        nodes.sort();
        nodes.dedup();
        let mut sent: BTreeMap<(usize, &'static str, Texts), BTreeMap<usize, Costs>> = BTreeMap::new();
        for (rule, currency, cut) in &nodes {
            if let Method::Idle { within, idle } = self.rules[*rule].method().clone() {
                self.idle(held, (*rule, currency, cut), (&within, idle), &mut sent);
            }
        }
        for node in &nodes {
            let (rule, currency, cut) = node;
            if matches!(self.rules[*rule].method(), Method::Idle { .. }) {
                continue;
            }
            self.pool(held, (*rule, currency, cut), sent.remove(node).unwrap_or_default())?;
        }
        assert!(sent.is_empty());
        Ok(())
    }

    fn idle(
        &mut self,
        held: &[Held<'_>],
        (rule, currency, cut): (usize, &'static str, &Texts),
        (within, idle): (&[Dimension], Idle),
        sent: &mut BTreeMap<(usize, &'static str, Texts), BTreeMap<usize, Costs>>,
    ) {
        let pool = Holder::Pool(rule, cut.clone());
        let inside: Vec<&Held<'_>> =
            held.iter().filter(|one| one.holder == pool && one.charge.currency == currency).collect();
        let total = sum(inside.iter().map(|one| costs(one.charge)));
        let mut holders: BTreeMap<Holder, i128> = BTreeMap::new();
        for one in held {
            let is_idle = matches!(&one.holder, Holder::Pool(at, _)
                if matches!(self.rules[*at].method(), Method::Idle { .. }));
            if !is_idle && one.charge.currency == currency && self.values(one.charge, within) == *cut {
                *holders.entry(one.holder.clone()).or_default() += costs(one.charge)[self.view];
            }
        }
        let weights: Vec<i128> = holders.values().map(|cost| (*cost).max(0)).collect();
        let key = self.key(None, None, "idle", Some(rule), None, currency, Vec::new());
        if weights.iter().sum::<i128>() == 0 {
            for one in inside {
                let key = self.key(None, None, "idle", Some(rule), None, currency, one.carried.clone());
                self.add(key, costs(one.charge));
            }
            return;
        }
        let decimals = self.rules[rule].terms().decimals;
        let split = total.map(|cost| parts(cost, &weights, decimals));
        for (at, holder) in holders.keys().enumerate() {
            let share = [0, 1, 2, 3].map(|cost| split[cost][at]);
            if let Holder::Pool(to, cut) = holder {
                let got = sent.entry((*to, currency, cut.clone())).or_default().entry(rule).or_default();
                got.iter_mut().zip(share).for_each(|(sum, cost)| *sum += cost);
                continue;
            }
            let mut key = key.clone();
            if let Holder::Center(center) = holder {
                let id = Some(self.world.centers[*center].id.to_string());
                if idle == Idle::Share { key.0 = id } else { key.1 = id }
            }
            let carriers = self.carriers(held, holder, currency, (within, cut));
            self.spread(&key, share, &carriers, decimals);
        }
    }

    fn pool(
        &mut self,
        held: &[Held<'_>],
        (rule, currency, cut): (usize, &'static str, &Texts),
        got: BTreeMap<usize, Costs>,
    ) -> Outcome<()> {
        let pool = Holder::Pool(rule, cut.clone());
        let inside: Vec<&Held<'_>> =
            held.iter().filter(|one| one.holder == pool && one.charge.currency == currency).collect();
        let total = sum(inside.iter().map(|one| costs(one.charge)));
        let own = self.own(held, &pool, currency);
        let (decimals, within) = (self.rules[rule].terms().decimals, self.rules[rule].method().within().to_vec());
        let fate = if total == [0; 4] {
            Fate::Kept("unallocated")
        } else {
            let rule = self.rules[rule].clone();
            self.fate(held, Asked { rule: &rule, currency, cut, total: total[self.view] })?
        };
        let plan = match fate {
            Fate::Kept(kind) => {
                for one in inside {
                    let key = self.key(None, None, kind, Some(rule), None, currency, one.carried.clone());
                    self.add(key, costs(one.charge));
                }
                for (from, amount) in got {
                    let key = self.key(None, None, "idle", Some(from), Some(rule), currency, Vec::new());
                    self.spread(&key, amount, &own, decimals);
                }
                return Ok(());
            }
            Fate::Shared(plan) => plan,
        };
        let mut flows: Vec<(&'static str, Idle, usize, Option<usize>, Costs)> = Vec::new();
        match plan.idle {
            Some((both, idle)) => {
                let both = total.map(|cost| parts(cost, &both, decimals));
                flows.push(("shared", Idle::Share, rule, None, [0, 1, 2, 3].map(|cost| both[cost][0])));
                flows.push(("idle", idle, rule, None, [0, 1, 2, 3].map(|cost| both[cost][1])));
            }
            None => flows.push(("shared", Idle::Share, rule, None, total)),
        }
        for (from, amount) in got {
            let Method::Idle { idle, .. } = self.rules[from].method() else { unreachable!() };
            flows.push(("idle", *idle, from, Some(rule), amount));
        }
        for (kind, idle, from, via, amount) in flows {
            let mut split = amount.map(|cost| parts(cost, &plan.weights, decimals));
            if let Some(exact) = plan.exact.as_ref().filter(|_| kind == "shared") {
                split[self.view].clone_from(exact);
            }
            for (at, to) in plan.to.iter().enumerate() {
                let share = [0, 1, 2, 3].map(|cost| split[cost][at]);
                let Some(center) = *to else {
                    let kind = if kind == "shared" { "unallocated" } else { "idle" };
                    let key = self.key(None, None, kind, Some(from), via, currency, Vec::new());
                    self.spread(&key, share, &own, decimals);
                    continue;
                };
                let (bears, caused) = if idle == Idle::Share { (to, &None) } else { (&None, to) };
                let key = self.key(*bears, *caused, kind, Some(from), via, currency, Vec::new());
                let carriers = self.carriers(held, &Holder::Center(center), currency, (&within, cut));
                self.spread(&key, share, &carriers, decimals);
            }
        }
        Ok(())
    }

    /// What passes a filter by centre and carried values.
    pub(super) fn filtered(&self, filter: &Filter) -> BTreeMap<Key, Costs> {
        let lines = self.lines.iter().filter(|(key, _)| self.passes(filter, key));
        lines.map(|(key, costs)| (key.clone(), *costs)).collect()
    }

    fn passes(&self, filter: &Filter, key: &Key) -> bool {
        match filter {
            Filter::Not(inner) => !self.passes(inner, key),
            Filter::Any(all) => all.iter().any(|one| self.passes(one, key)),
            Filter::All(all) => all.iter().all(|one| self.passes(one, key)),
            Filter::In(by, values) if *by == Dimension::BuiltIn(BuiltIn::CostCenter) => {
                values.contains(&key.0.clone().or_else(|| key.1.clone()))
            }
            Filter::In(by, values) => {
                let place = self.world.carry.iter().position(|known| known == by).unwrap();
                values.contains(&key.6[place])
            }
        }
    }

    /// Whether the rules are in force in the whole month, as the worlds here have it.
    pub(super) fn is_simple(&self) -> bool {
        let stretches = self.set.stretches(january()).unwrap();
        stretches.len() == 1
    }
}

/// Whether two plain filters say the same.
fn alike(one: &Filter, other: &Filter) -> bool {
    fn plain(filter: &Filter, found: &mut Vec<(String, Vec<Option<String>>)>) -> bool {
        match filter {
            Filter::All(all) => all.iter().all(|filter| plain(filter, found)),
            Filter::In(by, values) => {
                let mut values = values.clone();
                values.sort();
                values.dedup();
                found.push((by.to_string(), values));
                found.sort();
                true
            }
            _ => false,
        }
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    match (plain(one, &mut left), plain(other, &mut right)) {
        (true, true) => left == right,
        (false, false) => one.to_json() == other.to_json(),
        _ => false,
    }
}
