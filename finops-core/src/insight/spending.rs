//! What several parts of the cost come to, each with a filter, a window and a cost of its own: what budgets have spent.
//!
//! Parts that want single values of the same dimensions share one question, so that thousands of budgets of tenants
//! take one walk through the sums by tenant. Each amount is the total of the cost query with that filter and window.

use super::question::Question;
use super::request::Rates;
use super::sums::Sums;
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::money::{Currency, ExactSum, Money, Rounding};
use crate::model::time::{Day, Interval};
use crate::{Error, ErrorCode, Result};
use std::collections::{BTreeMap, HashMap};

/// A part of the cost.
#[derive(Debug, Clone, Copy)]
pub struct Part<'p> {
    /// Which charges.
    pub filter: &'p Filter,
    /// When they start.
    pub interval: Interval,
    /// Which of their costs.
    pub view: CostView,
    /// The currency of the amount.
    pub currency: Currency,
    /// What other currencies are worth in it.
    pub rates: &'p Rates,
}

/// What a part comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// The sum of the known costs; of no charge at all it is zero.
    pub amount: Money,
    /// How many charges there are.
    pub charges: u64,
    /// How many of them lack the cost: they are not in the amount.
    pub unknown_costs: u64,
}

/// What a part came to on each of some days.
pub type SpentByDay = Vec<Spent>;

/// What parts ask, a question for all those that are alike.
#[derive(Debug)]
pub struct Spending<'p> {
    parts: &'p [Part<'p>],
    asked: Vec<Asked>,
}

/// Parts that one question answers.
#[derive(Debug)]
struct Asked {
    question: Question,
    /// The parts by the values that they want, one for each dimension of the question.
    places: HashMap<Vec<String>, Vec<usize>>,
}

/// What parts have in common that share a question.
type Alike = (Interval, CostView, Vec<Dimension>);

impl<'p> Spending<'p> {
    /// The questions of these parts.
    pub fn new(parts: &'p [Part<'p>]) -> Self {
        let mut alike: BTreeMap<usize, Asked> = BTreeMap::new();
        let mut first: HashMap<Alike, usize> = HashMap::new();
        for (place, part) in parts.iter().enumerate() {
            let Some(conditions) = conjunction(part.filter) else {
                alike.insert(place, Asked::alone(part, place));
                continue;
            };
            let (dimensions, values) = conditions.into_iter().unzip();
            let first = *first.entry((part.interval, part.view, dimensions)).or_insert(place);
            let asked = alike.entry(first).or_insert_with_key(|_| Asked::of(part));
            asked.places.entry(values).or_default().push(place);
        }
        let mut asked: Vec<Asked> = alike.into_values().collect();
        asked.iter_mut().for_each(Asked::narrow);
        Self { parts, asked }
    }

    /// The same with days told apart, which all parts have in common: their interval is that of the days.
    pub fn by_day(parts: &'p [Part<'p>], days: &[Day]) -> Self {
        let mut spending = Self::new(parts);
        for asked in &mut spending.asked {
            asked.question.buckets = Some(days.iter().map(|day| day.interval).collect());
        }
        spending
    }

    /// The questions, to be completed with what the engine knows.
    pub fn questions(&self) -> Vec<Question> {
        self.asked.iter().map(|asked| asked.question.clone()).collect()
    }

    /// What each part comes to, in their order, from the sums for each question in theirs.
    ///
    /// # Errors
    /// For a part: `mixed_currencies` when it has charges in a currency without a rate; `overflow`.
    pub fn finish(&self, sums: &[Sums]) -> Vec<Result<Spent>> {
        let parts = self.tallies(sums).into_iter().zip(self.parts);
        let spent =
            |(mut days, part): (HashMap<u32, Tally>, &Part<'_>)| days.remove(&0).unwrap_or_default().spent(part);
        parts.map(spent).collect()
    }

    /// What each part comes to on each of so many days, in their order.
    ///
    /// # Errors
    /// As [`Spending::finish`].
    pub fn finish_by_day(&self, sums: &[Sums], days: usize) -> Vec<Result<SpentByDay>> {
        let parts = self.tallies(sums).into_iter().zip(self.parts);
        let spent = |(mut tallies, part): (HashMap<u32, Tally>, &Part<'_>)| {
            let day = |day| tallies.remove(&day).unwrap_or_default().spent(part);
            (0..).take(days).map(day).collect()
        };
        parts.map(spent).collect()
    }

    /// What was found of each part, by bucket.
    fn tallies(&self, sums: &[Sums]) -> Vec<HashMap<u32, Tally>> {
        let mut tallies: Vec<HashMap<u32, Tally>> = vec![HashMap::new(); self.parts.len()];
        for (asked, sums) in self.asked.iter().zip(sums) {
            for group in 0..sums.len() {
                let values = sums.values_of(group).into_iter().map(|value| value.map(str::to_owned)).collect();
                let Some(values): Option<Vec<String>> = values else { continue };
                for place in asked.places.get(&values).into_iter().flatten() {
                    let Some(head) = sums.heads.get(group) else { continue };
                    if let Some(days) = tallies.get_mut(*place) {
                        days.entry(head.bucket).or_default().add(sums, group);
                    }
                }
            }
        }
        tallies
    }
}

impl Asked {
    fn of(part: &Part<'_>) -> Self {
        let mut question = Question::new(part.interval, part.view);
        let conditions = conjunction(part.filter).unwrap_or_default();
        question.dimensions = conditions.into_iter().map(|(dimension, _)| dimension).collect();
        Self { question, places: HashMap::new() }
    }

    /// A part whose filter is more than single values.
    fn alone(part: &Part<'_>, place: usize) -> Self {
        let mut question = Question::new(part.interval, part.view);
        question.filter = part.filter.clone();
        Self { question, places: HashMap::from([(Vec::new(), vec![place])]) }
    }

    /// Asks only for values that some part wants.
    fn narrow(&mut self) {
        let wanted = |place: usize, dimension: &Dimension| {
            let values = self.places.keys().filter_map(|values| values.get(place));
            let values: std::collections::BTreeSet<&String> = values.collect();
            Filter::In(dimension.clone(), values.into_iter().cloned().map(Some).collect())
        };
        if !self.question.dimensions.is_empty() {
            let dimensions = self.question.dimensions.iter().enumerate();
            self.question.filter = Filter::All(dimensions.map(|(place, dimension)| wanted(place, dimension)).collect());
        }
    }
}

/// A filter as one value for each of several dimensions, in their order; none where it is more than that.
fn conjunction(filter: &Filter) -> Option<Vec<(Dimension, String)>> {
    fn gather(filter: &Filter, found: &mut BTreeMap<Dimension, String>) -> Option<()> {
        match filter {
            Filter::All(all) => all.iter().try_for_each(|filter| gather(filter, found)),
            Filter::In(dimension, values) => match values.as_slice() {
                [Some(value)] => match found.insert(dimension.clone(), value.clone()) {
                    Some(before) if before != *value => None,
                    _ => Some(()),
                },
                _ => None,
            },
            _ => None,
        }
    }
    let mut found = BTreeMap::new();
    gather(filter, &mut found)?;
    Some(found.into_iter().collect())
}

/// What was found of a part, by currency.
#[derive(Debug, Clone, Default)]
struct Tally {
    costs: BTreeMap<Currency, ExactSum>,
    charges: u64,
    unknown: u64,
}

impl Tally {
    fn add(&mut self, sums: &Sums, group: usize) {
        let Some(head) = sums.heads.get(group) else { return };
        self.charges += head.charges;
        self.unknown += sums.unknown_of(group).first().copied().unwrap_or(0);
        let currency = usize::try_from(head.currency).ok().and_then(|place| sums.currencies.get(place)).copied();
        if let (Some(currency), Some(cost)) = (currency, sums.costs_of(group).first()) {
            self.costs.entry(currency).or_default().add(Money::from_mantissa(*cost));
        }
    }

    fn spent(self, part: &Part<'_>) -> Result<Spent> {
        let mut total = ExactSum::default();
        for (currency, cost) in &self.costs {
            if *currency == part.currency {
                total.merge(cost)?;
            } else {
                let rate = part.rates.0.get(currency).copied().ok_or_else(|| mixed(*currency, part.currency))?;
                total.add_converted(cost.to_money(Rounding::HalfEven)?, rate)?;
            }
        }
        let amount = total.to_money(Rounding::HalfEven)?;
        Ok(Spent { amount, charges: self.charges, unknown_costs: self.unknown })
    }
}

fn mixed(found: Currency, wanted: Currency) -> Error {
    let message = format!("covers charges in {found}: give what one {found} is worth in {wanted}");
    Error::new(ErrorCode::MixedCurrencies, message).with_field("exchange_rates")
}

#[cfg(test)]
mod tests;
