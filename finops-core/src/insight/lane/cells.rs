//! The groups that a thread has met, and what they add up to so far.

use super::axis::METERED_PLACES;
use super::keys::Shape;
use super::work::Plan;
use crate::Result;
use crate::insight::question::too_many_groups;
use crate::insight::sums::{Head, Sums};
use crate::model::money::Quantity;
use hashbrown::{DefaultHashBuilder, HashMap, HashSet, HashTable};
use std::hash::BuildHasher;

/// How many bits may mark the distinct values of all groups; beyond, they are listed.
const DISTINCT_BITS: usize = 1 << 27;

/// Two numbers of a group and a view. The second is the sum at 18 decimals. Of the first, the upper half counts the
/// charges that lack the cost; the lower half counts all charges in the first view.
pub(super) type Pair = [i128; 2];

/// One more charge.
pub(super) const CHARGE: i128 = 1;
/// One more that lacks the cost.
pub(super) const UNKNOWN: i128 = 1 << 64;

/// What was metered in a group: for each resource the sum, once something is known.
type Metered = [Option<i128>; METERED_PLACES];

/// Groups by their place.
#[derive(Debug)]
pub(super) struct Cells {
    pub(super) pairs: Vec<Pair>,
    views: usize,
    shape: Shape,
    /// The places of the keys, where there is no array.
    table: HashTable<u32>,
    keys: Vec<u128>,
    hasher: DefaultHashBuilder,
    /// The key that was looked up last, and its place.
    last: Option<(u128, u32)>,
    pub(super) metered: HashMap<u32, Metered>,
    distinct: Distinct,
}

/// The distinct values that each combination was met with.
#[derive(Debug)]
enum Distinct {
    No,
    /// A bit for each combination without its currency, and value.
    Bits {
        width: usize,
        currencies: usize,
        words: Vec<u64>,
    },
    Listed(HashSet<(u128, u32)>),
}

impl Cells {
    /// No groups yet. `distinct` is how many values the dimension has that is counted.
    pub(super) fn new(shape: &Shape, views: usize, distinct: Option<usize>) -> Self {
        let places = match shape {
            Shape::Dense { combinations, .. } => *combinations,
            Shape::Hash { .. } => 0,
        };
        let bits = |width: usize| width.checked_mul(places).filter(|bits| (1..=DISTINCT_BITS).contains(bits));
        let distinct = match distinct.map(|width| (width, bits(width))) {
            None => Distinct::No,
            Some((width, Some(bits))) => {
                let currencies = match shape {
                    Shape::Dense { sizes, .. } => sizes.last().copied().unwrap_or(1).max(1),
                    Shape::Hash { .. } => 1,
                };
                Distinct::Bits { width, currencies, words: vec![0; bits.div_ceil(64)] }
            }
            Some((_, None)) => Distinct::Listed(HashSet::new()),
        };
        Self {
            pairs: vec![[0; 2]; places * views],
            views,
            shape: shape.clone(),
            table: HashTable::new(),
            keys: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            last: None,
            metered: HashMap::new(),
            distinct,
        }
    }

    /// The place of a key; a new one where it was not met before.
    pub(super) fn place(&mut self, key: u128) -> u32 {
        if let Shape::Dense { .. } = self.shape {
            return u32::try_from(key).unwrap_or(u32::MAX);
        }
        // Rows are sorted by the dimensions of most values: the same key often comes again at once.
        if let Some((last, place)) = self.last
            && last == key
        {
            return place;
        }
        let place = self.look_up(key);
        self.last = Some((key, place));
        place
    }

    fn look_up(&mut self, key: u128) -> u32 {
        let Self { table, keys, hasher, .. } = self;
        let key_at = |place: u32| usize::try_from(place).ok().and_then(|place| keys.get(place)).copied();
        let hash_of = |key: u128| match u64::try_from(key) {
            Ok(narrow) => hasher.hash_one(narrow),
            Err(_) => hasher.hash_one(key),
        };
        let hash = hash_of(key);
        if let Some(place) = table.find(hash, |place| key_at(*place) == Some(key)) {
            return *place;
        }
        let place = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        table.insert_unique(hash, place, |place| hash_of(key_at(*place).unwrap_or_default()));
        self.keys.push(key);
        self.pairs.resize(self.keys.len() * self.views, [0; 2]);
        place
    }

    /// Refuses when there are more groups than allowed.
    pub(super) fn refuse_beyond(&self, limit: usize) -> Result<()> {
        if self.keys.len() > limit { Err(too_many_groups(limit)) } else { Ok(()) }
    }

    /// Notes that a group has a value of the dimension that is counted.
    pub(super) fn note(&mut self, place: u32, value: u32) {
        match &mut self.distinct {
            Distinct::No => {}
            Distinct::Bits { width, currencies, words } => {
                let place = usize::try_from(place).unwrap_or(0);
                let key = if *currencies == 1 { place } else { place / *currencies };
                let bit = key * *width + usize::try_from(value).unwrap_or(0);
                if let Some(word) = words.get_mut(bit / 64) {
                    *word |= 1 << (bit % 64);
                }
            }
            Distinct::Listed(_) => {
                let key = self.shape.without_currency(self.key_of(place));
                if let Distinct::Listed(listed) = &mut self.distinct {
                    listed.insert((key, value));
                }
            }
        }
    }

    fn key_of(&self, place: u32) -> u128 {
        match self.shape {
            Shape::Dense { .. } => place.into(),
            Shape::Hash { .. } => {
                usize::try_from(place).ok().and_then(|place| self.keys.get(place)).copied().unwrap_or_default()
            }
        }
    }

    /// The places of the groups that have charges.
    fn occupied(&self) -> impl Iterator<Item = u32> {
        let pairs = self.pairs.iter().step_by(self.views.max(1));
        (0_u32..).zip(pairs).filter(|(_, pair)| pair[0] != 0).map(|(place, _)| place)
    }

    fn pairs_of(&self, place: u32) -> &[Pair] {
        let first = usize::try_from(place).unwrap_or(usize::MAX).saturating_mul(self.views);
        self.pairs.get(first..first + self.views).unwrap_or_default()
    }

    /// Takes over what another thread has met.
    ///
    /// # Errors
    /// `invalid_argument` when there are then too many groups.
    pub(super) fn merge(&mut self, other: &Self, limit: usize) -> Result<()> {
        for from in other.occupied() {
            let place = self.place(other.key_of(from));
            let first = usize::try_from(place).unwrap_or(usize::MAX).saturating_mul(self.views);
            for (into, pair) in self.pairs.iter_mut().skip(first).zip(other.pairs_of(from)) {
                for (into, number) in into.iter_mut().zip(pair) {
                    *into += number;
                }
            }
            if let Some(metered) = other.metered.get(&from) {
                for (into, sum) in self.metered.entry(place).or_default().iter_mut().zip(metered) {
                    *into = sum.map_or(*into, |sum| Some(into.unwrap_or(0) + sum));
                }
            }
        }
        match (&mut self.distinct, &other.distinct) {
            (Distinct::Bits { words, .. }, Distinct::Bits { words: others, .. }) => {
                words.iter_mut().zip(others).for_each(|(word, other)| *word |= other);
            }
            (Distinct::Listed(listed), Distinct::Listed(others)) => listed.extend(others),
            _ => {}
        }
        self.refuse_beyond(limit)
    }

    /// The sum in the first view of the `largest`-th of the groups; none when there are not more than that.
    pub(super) fn least(&self, largest: usize) -> Option<i128> {
        let pairs = self.pairs.iter().step_by(self.views.max(1));
        let mut sums: Vec<i128> = pairs.filter(|[counts, _]| *counts != 0).map(|[_, sum]| *sum).collect();
        let place = largest.checked_sub(1).filter(|_| sums.len() > largest)?;
        Some(*sums.select_nth_unstable_by(place, |one, other| other.cmp(one)).1)
    }

    /// Gives the groups on, as those of a bucket, and forgets them. Groups whose sum in the first view is below `least`
    /// are only added up.
    pub(super) fn flush(&mut self, plan: &Plan, bucket: u32, least: Option<i128>, sums: &mut Sums) {
        let width = sums.labels.len();
        sums.rest.costs.resize(self.views, (0, 0));
        for (place, pairs) in (0_u32..).zip(self.pairs.chunks_exact(self.views.max(1))) {
            let Some([counts, cost]) = pairs.first().filter(|[counts, _]| *counts != 0) else { continue };
            if least.is_some_and(|least| *cost < least) {
                sums.rest.groups += 1;
                sums.rest.charges += low(*counts);
                for ((cost, unknown), [counts, more]) in sums.rest.costs.iter_mut().zip(pairs) {
                    *cost += more;
                    *unknown += high(*counts);
                }
                continue;
            }
            let currency = self.shape.split(self.key_of(place), &mut sums.codes);
            debug_assert_eq!(sums.codes.len() % width.max(1), 0, "a code for each dimension");
            sums.heads.push(Head { currency, bucket, charges: low(*counts) });
            sums.costs.extend(pairs.iter().map(|[_, cost]| *cost));
            sums.unknown.extend(pairs.iter().map(|[counts, _]| high(*counts)));
            if plan.metered {
                let metered = self.metered.get(&place).copied().unwrap_or_default();
                sums.metered.push(metered.map(|sum| sum.map(Quantity::from_mantissa)));
            }
        }
        self.flush_distinct(bucket, sums);
        self.clear();
    }

    fn flush_distinct(&self, bucket: u32, sums: &mut Sums) {
        let mut counts: HashMap<u128, u64> = HashMap::new();
        match &self.distinct {
            Distinct::No => return,
            Distinct::Bits { width, words, .. } => {
                for (number, word) in words.iter().enumerate() {
                    let mut left = *word;
                    while left != 0 {
                        let bit = number * 64 + usize::try_from(left.trailing_zeros()).unwrap_or(0);
                        *counts.entry(u128::try_from(bit / (*width).max(1)).unwrap_or(0)).or_default() += 1;
                        left &= left - 1;
                    }
                }
            }
            Distinct::Listed(listed) => {
                listed.iter().for_each(|(key, _)| *counts.entry(*key).or_default() += 1);
            }
        }
        let into = sums.distinct.get_or_insert_default();
        for (key, count) in counts {
            let mut numbers = Vec::new();
            self.shape.split(self.shape.with_currency(key), &mut numbers);
            into.insert((bucket, numbers), count);
        }
    }

    fn clear(&mut self) {
        self.last = None;
        match self.shape {
            Shape::Dense { .. } => self.pairs.fill([0; 2]),
            Shape::Hash { .. } => {
                self.table.clear();
                self.keys.clear();
                self.pairs.clear();
            }
        }
        self.metered.clear();
        match &mut self.distinct {
            Distinct::No => {}
            Distinct::Bits { words, .. } => words.fill(0),
            Distinct::Listed(listed) => listed.clear(),
        }
    }
}

fn low(number: i128) -> u64 {
    u64::try_from(number & i128::from(u64::MAX)).unwrap_or(u64::MAX)
}

fn high(number: i128) -> u64 {
    u64::try_from(number >> 64).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::sums::Labels;
    use std::collections::BTreeMap;

    /// Two dimensions of 5 and 3 values, and 2 currencies.
    fn shapes() -> [Shape; 2] {
        let (sizes, bits): (Vec<usize>, _) = (vec![5, 3, 2], vec![3, 2, 1]);
        let combinations = sizes.iter().product();
        [Shape::Dense { sizes, combinations }, Shape::Hash { bits }]
    }

    fn key(shape: &Shape, numbers: &[u32]) -> u128 {
        match shape {
            Shape::Dense { sizes, .. } => {
                let sizes = sizes.iter().map(|size| u128::try_from(*size).unwrap());
                sizes.zip(numbers).fold(0, |key, (size, number)| key * size + u128::from(*number))
            }
            Shape::Hash { bits } => {
                bits.iter().zip(numbers).fold(0, |key, (bits, number)| key << bits | u128::from(*number))
            }
        }
    }

    /// Adds charges by their numbers, cost, and value to count. Each lacks its other cost, and has one metered.
    fn add(cells: &mut Cells, shape: &Shape, charges: &[([u32; 3], i128, u32)]) {
        for (numbers, cost, value) in charges {
            let place = cells.place(key(shape, numbers));
            let first = usize::try_from(place).unwrap() * 2;
            let [one, other] = &mut cells.pairs[first..first + 2] else { panic!("two views") };
            (one[0], one[1]) = (one[0] + CHARGE, one[1] + cost);
            other[0] += UNKNOWN;
            let metered = cells.metered.entry(place).or_default();
            metered[1] = Some(metered[1].unwrap_or(0) + 1);
            cells.note(place, *value);
        }
    }

    const CHARGES: [([u32; 3], i128, u32); 6] = [
        ([1, 2, 1], 10, 1),
        ([1, 2, 1], -3, 2),
        ([4, 0, 0], 5, 1),
        ([1, 2, 0], 100, 2),
        ([0, 0, 1], -7, 6),
        ([1, 2, 1], 1, 1),
    ];

    type Groups = BTreeMap<(u32, u32, Vec<u32>), (u64, Vec<i128>, Vec<u64>, Option<i128>, u64)>;

    fn groups(sums: &Sums) -> Groups {
        let group = |place: usize| {
            let head = sums.heads[place];
            let codes = sums.codes_of(place).to_vec();
            let distinct = sums.distinct.as_ref().unwrap()[&(head.bucket, codes.clone())];
            let metered = sums.metered_of(place)[1].map(Quantity::mantissa);
            let sums =
                (head.charges, sums.costs_of(place).to_vec(), sums.unknown_of(place).to_vec(), metered, distinct);
            ((head.currency, head.bucket, codes), sums)
        };
        (0..sums.len()).map(group).collect()
    }

    fn empty() -> Sums {
        Sums::new(vec![Labels::default(); 2], 2)
    }

    #[test]
    fn threads_bring_their_groups_together() {
        for shape in shapes() {
            for distinct in [7, usize::MAX] {
                let (mut one, mut other) =
                    (Cells::new(&shape, 2, Some(distinct)), Cells::new(&shape, 2, Some(distinct)));
                add(&mut one, &shape, &CHARGES[..3]);
                add(&mut other, &shape, &CHARGES[1..]);
                one.merge(&other, 10).unwrap();
                let mut sums = empty();
                one.flush(&Plan::empty(shape.clone()), 3, None, &mut sums);
                let wanted = Groups::from([
                    ((1, 3, vec![1, 2]), (4, vec![5, 0], vec![0, 4], Some(4), 2)),
                    ((0, 3, vec![1, 2]), (1, vec![100, 0], vec![0, 1], Some(1), 2)),
                    ((0, 3, vec![4, 0]), (2, vec![10, 0], vec![0, 2], Some(2), 1)),
                    ((1, 3, vec![0, 0]), (1, vec![-7, 0], vec![0, 1], Some(1), 1)),
                ]);
                assert_eq!(groups(&sums), wanted, "{shape:?}");
                assert_eq!((sums.rest.groups, sums.len()), (0, 4));
            }
        }
        let [_, hash] = shapes();
        let (mut one, mut other) = (Cells::new(&hash, 2, None), Cells::new(&hash, 2, None));
        add(&mut one, &hash, &CHARGES[..3]);
        add(&mut other, &hash, &CHARGES[3..]);
        assert!(one.merge(&other, 3).is_err(), "four groups are more than three");
    }

    #[test]
    fn what_is_below_the_least_is_only_added_up_and_then_all_is_forgotten() {
        for shape in shapes() {
            let mut cells = Cells::new(&shape, 2, Some(7));
            let plan = Plan::empty(shape.clone());
            let mut sums = empty();
            for bucket in [2, 3] {
                add(&mut cells, &shape, &CHARGES);
                cells.flush(&plan, bucket, Some(5), &mut sums);
            }
            let wanted = |bucket| {
                [
                    ((1, bucket, vec![1, 2]), (3, vec![8, 0], vec![0, 3], Some(3), 2)),
                    ((0, bucket, vec![1, 2]), (1, vec![100, 0], vec![0, 1], Some(1), 2)),
                    ((0, bucket, vec![4, 0]), (1, vec![5, 0], vec![0, 1], Some(1), 1)),
                ]
            };
            assert_eq!(groups(&sums), wanted(2).into_iter().chain(wanted(3)).collect(), "{shape:?}");
            assert_eq!((sums.rest.groups, sums.rest.charges), (2, 2));
            assert_eq!(sums.rest.costs, [(-14, 0), (0, 2)]);
        }
    }
}
