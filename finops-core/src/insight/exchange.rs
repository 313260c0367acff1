//! From sums by currency to figures in one.

use super::aggregate::{Cell, Group};
use super::request::Terms;
use crate::model::money::{Currency, ExactSum, Money, Quantity, Rounding, apportion};
use crate::{Error, ErrorCode, Result};
use std::collections::{BTreeMap, BTreeSet};

/// What tells groups apart once their currencies are one: the values, and the day.
type Key = (Vec<Option<String>>, Option<usize>);

/// A group with its cost in the currency of the answer.
#[derive(Debug)]
pub(super) struct SettledGroup {
    pub(super) values: Vec<Option<String>>,
    pub(super) day: Option<usize>,
    pub(super) cost: Money,
    pub(super) cell: Cell,
}

/// Groups in one currency.
#[derive(Debug)]
pub(super) struct Settled {
    /// The currency; none when there is no charge and none was asked for.
    pub(super) currency: Option<Currency>,
    /// The exact sum, rounded once at 18 decimals where an exchange rate made it longer.
    pub(super) total: Money,
    /// The groups in the order of their keys; their costs add up to the total.
    pub(super) groups: Vec<SettledGroup>,
}

/// Brings the groups into one currency.
///
/// # Errors
/// `mixed_currencies` when there are several and no rates for them; `overflow` when a sum does not fit.
pub(super) fn settle(groups: Vec<Group>, terms: &Terms<'_>) -> Result<Settled> {
    let found: BTreeSet<Currency> = groups.iter().map(|group| group.currency).collect();
    let currency = choose(&found, terms)?;
    let mut merged: BTreeMap<Key, Cell> = BTreeMap::new();
    for Group { currency: from, values, day, mut cell } in groups {
        if Some(from) != currency {
            let rate = rate(from, terms)?;
            let mut converted = ExactSum::default();
            converted.add_converted(cell.cost.to_money(Rounding::HalfEven)?, rate)?;
            cell.cost = converted;
        }
        merged.entry((values, day)).or_default().merge(&cell)?;
    }
    let parts: Vec<ExactSum> = merged.values().map(|cell| cell.cost).collect();
    let mut sum = ExactSum::default();
    parts.iter().try_for_each(|part| sum.merge(part))?;
    let total = sum.to_money(Rounding::HalfEven)?;
    let costs = apportion(&parts, total)?;
    let group = |(((values, day), cell), cost)| SettledGroup { values, day, cost, cell };
    let groups = merged.into_iter().zip(costs).map(group).collect();
    Ok(Settled { currency, total, groups })
}

fn choose(found: &BTreeSet<Currency>, terms: &Terms<'_>) -> Result<Option<Currency>> {
    if let Some(currency) = terms.currency {
        return found
            .iter()
            .try_for_each(|from| if *from == currency { Ok(()) } else { rate(*from, terms).map(drop) })
            .map(|()| Some(currency));
    }
    if found.len() <= 1 {
        return Ok(found.first().copied());
    }
    let codes: Vec<_> = found.iter().map(Currency::code).collect();
    let message = format!(
        "the charges are in {}: name the currency of the answer and give exchange_rates for the others, or filter \
         by 'currency'",
        codes.join(", ")
    );
    Err(Error::new(ErrorCode::MixedCurrencies, message).with_field("currency"))
}

fn rate(from: Currency, terms: &Terms<'_>) -> Result<Quantity> {
    let rate = terms.rates.0.get(&from).copied();
    rate.ok_or_else(|| {
        let to = terms.currency.map(|currency| currency.to_string()).unwrap_or_default();
        let message = format!(
            "there are charges in {from}: give exchange_rates {{\"{from}\": what one {from} is worth in {to}}}, or \
             filter them out"
        );
        Error::new(ErrorCode::MixedCurrencies, message).with_field("exchange_rates")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::Rates;

    fn group(currency: &str, value: &str, cost: &str) -> Group {
        let mut cell = Cell { charges: 1, ..Cell::default() };
        cell.cost.add(cost.parse().unwrap());
        Group { currency: currency.parse().unwrap(), values: vec![Some(value.to_owned())], day: None, cell }
    }

    fn rates(rates: &[(&str, &str)]) -> Rates {
        Rates(rates.iter().map(|(code, rate)| (code.parse().unwrap(), rate.parse().unwrap())).collect())
    }

    fn settled(groups: Vec<Group>, currency: Option<&str>, rates: &Rates) -> Result<Settled> {
        settle(groups, &Terms { currency: currency.map(|code| code.parse().unwrap()), rates })
    }

    #[test]
    fn converted_parts_add_up_to_the_total_that_is_rounded_once() {
        // A third of the last digit each: rounded one by one they would vanish.
        let rates = rates(&[("EUR", "0.333333333333333333")]);
        let groups = ["a", "b", "c"].map(|value| group("EUR", value, "0.000000000000000001")).into();
        let settled = settled(groups, Some("USD"), &rates).unwrap();
        assert_eq!(settled.total.to_string(), "0.000000000000000001");
        let parts = Money::try_sum(settled.groups.iter().map(|group| group.cost)).unwrap();
        assert_eq!(parts, settled.total);
    }

    #[test]
    fn a_value_in_two_currencies_becomes_one_group() {
        let groups = vec![group("EUR", "a", "10"), group("USD", "a", "1")];
        let settled = settled(groups, Some("USD"), &rates(&[("EUR", "1.5")])).unwrap();
        assert_eq!((settled.groups.len(), settled.total.to_string()), (1, "16".to_owned()));
    }

    #[test]
    fn several_currencies_without_rates_are_an_error_that_names_them() {
        let groups = || vec![group("EUR", "a", "10"), group("USD", "a", "1")];
        let error = settled(groups(), None, &Rates::default()).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::MixedCurrencies, Some("currency")));
        let error = settled(groups(), Some("USD"), &Rates::default()).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::MixedCurrencies, Some("exchange_rates")));
        assert!(error.message().contains("EUR"));
    }
}
