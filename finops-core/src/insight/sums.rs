//! Sums by group, still coded: what every way through the engine gives, and what every query is finished from.
//!
//! A million groups are common and a page of twenty of them is what is asked for, so text is only made of the groups
//! that are shown.

use super::question::{METERED, too_many_groups};
use crate::Result;
use crate::model::charge::Dictionary;
use crate::model::money::{Currency, Quantity};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What was metered in a group, by the place in [`METERED`]; none where nothing is known.
pub(crate) type MeteredQuantities = [Option<Quantity>; METERED.len()];

/// The texts that the codes of a dimension stand for; code 0 stands for "has no value".
#[derive(Debug, Clone, Default)]
pub struct Labels(Arc<Dictionary>);

impl Labels {
    /// Labels whose code is the place in the dictionary plus one.
    pub fn new(dictionary: Arc<Dictionary>) -> Self {
        Self(dictionary)
    }

    /// The text of a code.
    pub fn get(&self, code: u32) -> Option<&str> {
        code.checked_sub(1).and_then(|code| self.0.get(code))
    }

    /// The codes of a text, or of "has no value".
    pub(crate) fn codes_of(&self, text: Option<&str>) -> impl Iterator<Item = u32> {
        let nothing = text.is_none().then_some(0);
        nothing.into_iter().chain(text.into_iter().flat_map(|text| self.0.codes_of(text).map(|code| code + 1)))
    }

    /// How many codes there are, with that of "has no value".
    pub fn len(&self) -> usize {
        self.0.len() + 1
    }

    /// Never: there is always "has no value".
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// What tells a group from others, and how many charges it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The place in [`Sums::currencies`].
    pub currency: u32,
    /// The place among the buckets of the question; 0 where it has none.
    pub bucket: u32,
    /// How many charges.
    pub charges: u64,
}

/// Groups that were only counted and added up, because larger ones were wanted. They are in the first currency.
#[derive(Debug, Clone, Default)]
pub struct Rest {
    /// How many groups.
    pub groups: usize,
    /// How many charges they have.
    pub charges: u64,
    /// For each view the sum of the known costs, and how many charges lack it.
    pub costs: Vec<(i128, u64)>,
}

/// Sums by currency, bucket and values. A combination stands once.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// The texts of each dimension's codes, in the order of the question.
    pub labels: Vec<Labels>,
    /// The currencies that groups name.
    pub currencies: Vec<Currency>,
    /// The groups.
    pub heads: Vec<Head>,
    /// A code for each dimension, group after group.
    pub codes: Vec<u32>,
    /// The exact sum of the known costs at scale 18 for each view, group after group.
    pub costs: Vec<i128>,
    /// How many charges lack the cost, for each view, group after group.
    pub unknown: Vec<u64>,
    /// How many views there are.
    pub views: usize,
    /// What was metered in each group; empty unless it was asked for.
    pub(crate) metered: Vec<MeteredQuantities>,
    /// How many distinct values each bucket and combination has, over all currencies, where that was asked for.
    pub distinct: Option<HashMap<(u32, Vec<u32>), u64>>,
    /// What was left out.
    pub rest: Rest,
    /// How it was come by.
    pub path: super::plan::Path,
}

impl Sums {
    /// No groups yet.
    pub fn new(labels: Vec<Labels>, views: usize) -> Self {
        Self { labels, views, ..Self::default() }
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The codes of a group.
    pub fn codes_of(&self, group: usize) -> &[u32] {
        let width = self.labels.len();
        self.codes.get(group * width..(group + 1) * width).unwrap_or_default()
    }

    /// The sums of a group, a view after the other.
    pub fn costs_of(&self, group: usize) -> &[i128] {
        self.costs.get(group * self.views..(group + 1) * self.views).unwrap_or_default()
    }

    /// How many of its charges lack the cost, a view after the other.
    pub fn unknown_of(&self, group: usize) -> &[u64] {
        self.unknown.get(group * self.views..(group + 1) * self.views).unwrap_or_default()
    }

    /// What was metered in a group.
    pub(crate) fn metered_of(&self, group: usize) -> MeteredQuantities {
        self.metered.get(group).copied().unwrap_or_default()
    }

    /// The values of a group.
    pub fn values_of(&self, group: usize) -> Vec<Option<&str>> {
        self.codes_of(group).iter().zip(&self.labels).map(|(code, labels)| labels.get(*code)).collect()
    }

    /// Takes over groups that it does not have yet, coded by the same labels.
    pub(crate) fn append(&mut self, other: Self) {
        take_over(&mut self.heads, other.heads);
        take_over(&mut self.codes, other.codes);
        take_over(&mut self.costs, other.costs);
        take_over(&mut self.unknown, other.unknown);
        take_over(&mut self.metered, other.metered);
        self.rest.groups += other.rest.groups;
        self.rest.charges += other.rest.charges;
        self.rest.costs.resize(self.views, (0, 0));
        for ((cost, unknown), (more, lacking)) in self.rest.costs.iter_mut().zip(other.rest.costs) {
            *cost += more;
            *unknown += lacking;
        }
        if let Some(counts) = other.distinct {
            self.distinct.get_or_insert_default().extend(counts);
        }
    }

    /// Leaves out the groups whose sum in the first view is below that of the `largest`-th; gives that sum.
    pub(crate) fn prune(&mut self, largest: usize) -> Option<i128> {
        let mut costs: Vec<i128> = self.costs.iter().step_by(self.views.max(1)).copied().collect();
        let place = largest.checked_sub(1).filter(|place| *place < costs.len())?;
        let (_, least, _) = costs.select_nth_unstable_by(place, |one, other| other.cmp(one));
        let least = *least;
        let mut kept = Self { labels: self.labels.clone(), views: self.views, ..Self::default() };
        kept.currencies.clone_from(&self.currencies);
        (kept.distinct, kept.path) = (self.distinct.take(), self.path.clone());
        std::mem::swap(&mut kept.rest, &mut self.rest);
        for group in 0..self.len() {
            kept.keep(self, group, least);
        }
        if let Some(mut counts) = kept.distinct.take() {
            let groups: HashSet<(u32, &[u32])> =
                (0..).zip(&kept.heads).map(|(group, head)| (head.bucket, kept.codes_of(group))).collect();
            counts.retain(|(bucket, codes), _| groups.contains(&(*bucket, codes.as_slice())));
            kept.distinct = Some(counts);
        }
        *self = kept;
        Some(least)
    }

    /// Takes over a group of others when its sum is not below `least`, else adds it to the rest.
    fn keep(&mut self, from: &Self, group: usize, least: i128) {
        let Some(head) = from.heads.get(group).copied() else { return };
        let (costs, unknown) = (from.costs_of(group), from.unknown_of(group));
        if costs.first().is_some_and(|cost| *cost < least) {
            self.rest.groups += 1;
            self.rest.charges += head.charges;
            self.rest.costs.resize(self.views, (0, 0));
            for ((cost, lacking), (more, unknown)) in self.rest.costs.iter_mut().zip(costs.iter().zip(unknown)) {
                *cost += more;
                *lacking += unknown;
            }
            return;
        }
        self.heads.push(head);
        self.codes.extend(from.codes_of(group));
        self.costs.extend(costs);
        self.unknown.extend(unknown);
        self.metered.extend(from.metered.get(group));
    }

    /// Refuses what was not to become so large.
    pub(crate) fn refuse_beyond(&self, limit: usize) -> Result<()> {
        let groups = self.len().saturating_add(self.rest.groups).max(self.distinct.as_ref().map_or(0, HashMap::len));
        if groups > limit { Err(too_many_groups(limit)) } else { Ok(()) }
    }
}

/// Without a copy where there was nothing before.
fn take_over<T>(into: &mut Vec<T>, from: Vec<T>) {
    if into.is_empty() { *into = from } else { into.extend(from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of those costs, each of two charges of which one lacks it.
    fn sums(costs: &[i128]) -> Sums {
        let mut sums = Sums::new(vec![Labels::default()], 2);
        for (code, cost) in (0..).zip(costs) {
            sums.heads.push(Head { currency: 0, bucket: 0, charges: 2 });
            sums.codes.push(code);
            sums.costs.extend([*cost, 1]);
            sums.unknown.extend([1, 0]);
        }
        sums.distinct = Some(HashMap::from([((0, vec![1]), 3)]));
        sums
    }

    /// The costs that are left, in their order; the rest; and what was given.
    fn pruned(costs: &[i128], largest: usize) -> (Vec<i128>, (usize, u64, i128), Option<i128>) {
        let mut sums = sums(costs);
        let least = sums.prune(largest);
        let left: Vec<i128> = sums.costs.iter().step_by(2).copied().collect();
        let codes: Vec<i128> = sums.codes.iter().map(|code| costs[usize::try_from(*code).unwrap()]).collect();
        assert_eq!(codes, left, "codes go with their costs");
        assert_eq!(sums.unknown.len(), 2 * left.len());
        let counted = costs.len() <= 1 || sums.codes.contains(&1);
        assert_eq!(sums.distinct.as_ref().map(HashMap::len), Some(usize::from(counted)), "counts go with their groups");
        let cost = sums.rest.costs.first().copied().unwrap_or_default();
        assert_eq!(usize::try_from(cost.1).unwrap(), sums.rest.groups, "one charge of each lacks the cost");
        let other = sums.rest.costs.get(1).copied().unwrap_or_default();
        assert_eq!(usize::try_from(other.0).unwrap(), sums.rest.groups);
        (left, (sums.rest.groups, sums.rest.charges, cost.0), least)
    }

    #[test]
    fn the_largest_stay_with_all_that_cost_the_same() {
        assert_eq!(pruned(&[1, 5, 3, 2], 2), (vec![5, 3], (2, 4, 3), Some(3)));
        assert_eq!(pruned(&[3, 5, 3, 2, 3], 2), (vec![3, 5, 3, 3], (1, 2, 2), Some(3)));
        assert_eq!(pruned(&[7; 4], 1), (vec![7; 4], (0, 0, 0), Some(7)));
        assert_eq!(pruned(&[-1, -5, 0, -3], 2), (vec![-1, 0], (2, 4, -8), Some(-1)));
        assert_eq!(pruned(&[1, 2], 2), (vec![1, 2], (0, 0, 0), Some(1)));
        assert_eq!(pruned(&[1, 2], 3), (vec![1, 2], (0, 0, 0), None));
        assert_eq!(pruned(&[], 1), (vec![], (0, 0, 0), None));
    }

    #[test]
    fn what_is_left_out_twice_is_all_in_the_rest() {
        let mut sums = sums(&[4, 1, 3, 2]);
        sums.prune(3);
        sums.prune(1);
        assert_eq!((sums.len(), sums.rest.groups, sums.rest.charges), (1, 3, 6));
        assert_eq!(sums.rest.costs, [(6, 3), (3, 0)]);
    }
}
