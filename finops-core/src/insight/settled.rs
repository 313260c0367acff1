//! Sums in one currency: what every answer is made from.

use super::exchange::exchange;
use super::health::known_cost;
use super::request::Terms;
use super::sums::{MeteredQuantities, Sums};
use crate::Result;
use crate::model::money::{Currency, Money};
use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;

/// Groups in one currency, by their places.
#[derive(Debug)]
pub(super) struct Settled {
    /// The currency; none when there is no charge and none was asked for.
    pub(super) currency: Option<Currency>,
    /// Every group stands once here; the currencies of the heads no longer count.
    sums: Sums,
    /// For each view the exact sum, rounded once at 18 decimals where an exchange rate made it longer, and how many
    /// charges lack the cost. The groups add up to them.
    totals: Vec<(Money, u64)>,
    charges: u64,
}

/// Brings the sums into one currency.
///
/// # Errors
/// `mixed_currencies` when there are several and no rates for them; `overflow` when a sum does not fit.
pub(super) fn settle(sums: Sums, terms: &Terms<'_>) -> Result<Settled> {
    let (currency, sums) = exchange(sums, terms)?;
    let total = |view: usize| {
        let costs = sums.costs.iter().skip(view).step_by(sums.views).map(|mantissa| Money::from_mantissa(*mantissa));
        let (rest, lacking) = sums.rest.costs.get(view).copied().unwrap_or_default();
        let unknown: u64 = sums.unknown.iter().skip(view).step_by(sums.views).sum();
        Ok((Money::try_sum(costs.chain([Money::from_mantissa(rest)]))?, unknown + lacking))
    };
    let totals = (0..sums.views).map(total).collect::<Result<_>>()?;
    let charges = sums.heads.iter().map(|head| head.charges).sum::<u64>() + sums.rest.charges;
    Ok(Settled { currency, sums, totals, charges })
}
impl Settled {
    /// How many groups there are in all.
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.sums.len() + self.sums.rest.groups).unwrap_or(u64::MAX)
    }

    /// How many groups are at hand: all, or the largest that the question asked for.
    pub(super) fn len(&self) -> usize {
        self.sums.len()
    }

    /// The sum of all groups in a view; none when every charge lacks the cost.
    pub(super) fn total(&self, view: usize) -> Option<Money> {
        let (total, unknown) = self.totals.get(view).copied().unwrap_or_default();
        known_cost(total, self.charges, unknown)
    }

    /// How many charges lack the cost of a view.
    pub(super) fn unknown(&self, view: usize) -> u64 {
        self.totals.get(view).map_or(0, |(_, unknown)| *unknown)
    }

    /// How many charges all groups have.
    pub(super) const fn charges(&self) -> u64 {
        self.charges
    }

    /// The sum of a group in a view; none when every charge of it lacks the cost.
    pub(super) fn cost_of(&self, group: usize, view: usize) -> Option<Money> {
        let (cost, unknown) = (self.sum_of(group, view), self.unknown_of(group, view));
        known_cost(cost, self.charges_of(group), unknown)
    }

    /// The sum of the known costs of a group in a view.
    pub(super) fn sum_of(&self, group: usize, view: usize) -> Money {
        Money::from_mantissa(self.sums.costs_of(group).get(view).copied().unwrap_or(0))
    }

    /// How many charges of a group lack the cost of a view.
    pub(super) fn unknown_of(&self, group: usize, view: usize) -> u64 {
        self.sums.unknown_of(group).get(view).copied().unwrap_or(0)
    }

    /// How many charges a group has.
    pub(super) fn charges_of(&self, group: usize) -> u64 {
        self.sums.heads.get(group).map_or(0, |head| head.charges)
    }

    /// The place of a group's bucket.
    pub(super) fn bucket_of(&self, group: usize) -> usize {
        self.sums.heads.get(group).and_then(|head| usize::try_from(head.bucket).ok()).unwrap_or(0)
    }

    /// The values of a group, as codes: the same codes are the same values.
    pub(super) fn codes_of(&self, group: usize) -> &[u32] {
        self.sums.codes_of(group)
    }

    /// The text of a code of a dimension; none where it stands for "has no value".
    pub(super) fn text_of(&self, dimension: usize, code: u32) -> Option<&str> {
        self.sums.labels.get(dimension)?.get(code)
    }

    /// The values of a group.
    pub(super) fn values_of(&self, group: usize) -> Vec<Option<&str>> {
        self.sums.values_of(group)
    }

    /// What was metered in a group.
    pub(super) fn metered_of(&self, group: usize) -> MeteredQuantities {
        self.sums.metered_of(group)
    }

    /// How many distinct values a group has, where that was asked for.
    pub(super) fn distinct_of(&self, group: usize) -> Option<u64> {
        let bucket = self.sums.heads.get(group)?.bucket;
        let counts = self.sums.distinct.as_ref()?;
        Some(counts.get(&(bucket, self.codes_of(group).to_vec())).copied().unwrap_or(0))
    }

    /// The way that the sums were come by.
    pub(super) const fn path(&self) -> &super::plan::Path {
        &self.sums.path
    }

    /// A page of the groups, the largest in the first view first. What costs the same stands in the order of its
    /// values, and then in that of the buckets.
    pub(super) fn largest(&self, limit: Option<usize>, offset: usize) -> Vec<usize> {
        let end = limit.map_or(self.len(), |limit| offset.saturating_add(limit)).min(self.len());
        let mut groups: Vec<(Reverse<Money>, usize)> =
            (0..self.len()).map(|group| (Reverse(self.sum_of(group, 0)), group)).collect();
        let order = |(cost, one): &(Reverse<Money>, usize), (other_cost, other): &(Reverse<Money>, usize)| {
            cost.cmp(other_cost).then_with(|| self.compare(*one, *other))
        };
        if let Some(last) = end.checked_sub(1).filter(|_| end < self.len()) {
            groups.select_nth_unstable_by(last, order);
            groups.truncate(end);
        }
        groups.sort_unstable_by(order);
        groups.into_iter().skip(offset).map(|(_, group)| group).collect()
    }

    /// The groups of each combination of values, in the order of the values; within one in that of the buckets.
    pub(super) fn by_values(&self) -> Vec<Vec<usize>> {
        let mut places: HashMap<&[u32], usize> = HashMap::new();
        let mut combinations: Vec<Vec<usize>> = Vec::new();
        for group in 0..self.len() {
            let place = *places.entry(self.codes_of(group)).or_insert(combinations.len());
            match combinations.get_mut(place) {
                Some(groups) => groups.push(group),
                None => combinations.push(vec![group]),
            }
        }
        for groups in &mut combinations {
            groups.sort_unstable_by_key(|group| self.bucket_of(*group));
        }
        let first = |groups: &Vec<usize>| groups.first().copied().unwrap_or(0);
        combinations.sort_unstable_by(|one, other| self.compare(first(one), first(other)));
        combinations
    }

    fn compare(&self, one: usize, other: usize) -> Ordering {
        compare(&self.sums, one, other)
    }
}

/// Orders groups by their values, then by their buckets.
pub(super) fn compare(sums: &Sums, one: usize, other: usize) -> Ordering {
    let values = sums.labels.iter().zip(sums.codes_of(one)).zip(sums.codes_of(other)).map(|((labels, one), other)| {
        if one == other { Ordering::Equal } else { labels.get(*one).cmp(&labels.get(*other)) }
    });
    let bucket = |group: usize| sums.heads.get(group).map(|head| head.bucket);
    values.fold(Ordering::Equal, Ordering::then).then_with(|| bucket(one).cmp(&bucket(other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;
    use crate::insight::Rates;
    use crate::insight::sums::{Head, Labels};
    use crate::model::charge::TextBuilder;
    use std::sync::Arc;

    /// Groups of a currency, a value and a cost.
    fn sums(groups: &[(&str, &str, &str)]) -> Sums {
        let mut values = TextBuilder::default();
        let codes = groups.iter().map(|(_, value, _)| values.intern(value) + 1).collect();
        let mut sums = Sums::new(vec![Labels::new(Arc::clone(&values.take().dictionary))], 1);
        sums.codes = codes;
        for (place, (currency, _, cost)) in (0..).zip(groups) {
            sums.currencies.push(currency.parse().unwrap());
            sums.heads.push(Head { currency: place, bucket: 0, charges: 1 });
            sums.costs.push(cost.parse::<Money>().unwrap().mantissa());
            sums.unknown.push(0);
        }
        sums
    }

    fn rates(rates: &[(&str, &str)]) -> Rates {
        Rates(rates.iter().map(|(code, rate)| (code.parse().unwrap(), rate.parse().unwrap())).collect())
    }

    fn settled(groups: &[(&str, &str, &str)], currency: Option<&str>, rates: &Rates) -> Result<Settled> {
        settle(sums(groups), &Terms { currency: currency.map(|code| code.parse().unwrap()), rates })
    }

    #[test]
    fn converted_parts_add_up_to_the_total_that_is_rounded_once() {
        // A third of the last digit each: rounded one by one they would vanish.
        let rates = rates(&[("EUR", "0.333333333333333333")]);
        let groups = ["a", "b", "c"].map(|value| ("EUR", value, "0.000000000000000001"));
        let settled = settled(&groups, Some("USD"), &rates).unwrap();
        assert_eq!(settled.total(0).unwrap().to_string(), "0.000000000000000001");
        let parts = Money::try_sum((0..settled.len()).map(|group| settled.sum_of(group, 0))).unwrap();
        assert_eq!(Some(parts), settled.total(0));
    }

    #[test]
    fn a_value_in_two_currencies_becomes_one_group() {
        let groups = [("EUR", "a", "10"), ("USD", "a", "1")];
        let settled = settled(&groups, Some("USD"), &rates(&[("EUR", "1.5")])).unwrap();
        assert_eq!((settled.len(), settled.total(0).unwrap().to_string()), (1, "16".to_owned()));
    }

    #[test]
    fn several_currencies_without_rates_are_an_error_that_names_them() {
        let groups = [("EUR", "a", "10"), ("USD", "a", "1")];
        let error = settled(&groups, None, &Rates::default()).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::MixedCurrencies, Some("currency")));
        let error = settled(&groups, Some("USD"), &Rates::default()).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::MixedCurrencies, Some("exchange_rates")));
        assert!(error.message().contains("EUR"));
    }
}
