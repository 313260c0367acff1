//! Bringing sums into one currency: only by the rates that the caller gives, rounded once.

use super::request::Terms;
use super::settled::compare;
use super::sums::{Head, MeteredQuantities, Sums};
use crate::model::money::{Currency, ExactSum, Money, Quantity, Rounding, apportion};
use crate::{Error, ErrorCode, Result};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The currency of the answer, and the sums in it.
///
/// # Errors
/// `mixed_currencies` when there are several and no rates for them; `overflow` when a sum does not fit.
pub(super) fn exchange(sums: Sums, terms: &Terms<'_>) -> Result<(Option<Currency>, Sums)> {
    let found: BTreeSet<u32> = sums.heads.iter().map(|head| head.currency).collect();
    let found: BTreeSet<Currency> = found.into_iter().filter_map(|place| currency_at(&sums, place)).collect();
    let currency = choose(&found, terms)?;
    if found.iter().all(|found| Some(*found) == currency) {
        return Ok((currency, sums));
    }
    Ok((currency, convert(&sums, currency, terms)?))
}

fn currency_at(sums: &Sums, place: u32) -> Option<Currency> {
    usize::try_from(place).ok().and_then(|place| sums.currencies.get(place)).copied()
}

/// Merges the groups that differ in nothing but their currency.
fn convert(sums: &Sums, currency: Option<Currency>, terms: &Terms<'_>) -> Result<Sums> {
    let mut order: Vec<usize> = (0..sums.len()).collect();
    // The largest remainders are served in this order.
    order.sort_unstable_by(|one, other| compare(sums, *one, *other));
    let mut merged = Sums::new(sums.labels.clone(), sums.views);
    let mut parts: Vec<Vec<ExactSum>> = vec![Vec::new(); sums.views];
    let mut last = None;
    for group in order {
        let Some(head) = sums.heads.get(group) else { continue };
        if last.is_none_or(|last| compare(sums, last, group) != Ordering::Equal) {
            merged.heads.push(Head { currency: 0, bucket: head.bucket, charges: 0 });
            merged.codes.extend(sums.codes_of(group));
            merged.unknown.extend(std::iter::repeat_n(0, sums.views));
            for parts in &mut parts {
                parts.push(ExactSum::default());
            }
            if !sums.metered.is_empty() {
                merged.metered.push(MeteredQuantities::default());
            }
        }
        last = Some(group);
        add_group(sums, group, &mut merged)?;
        let from = currency_at(sums, head.currency);
        let rate = from.filter(|from| Some(*from) != currency).map(|from| rate(from, terms)).transpose()?;
        for (parts, mantissa) in parts.iter_mut().zip(sums.costs_of(group)) {
            let Some(part) = parts.last_mut() else { continue };
            match rate {
                Some(rate) => part.add_converted(Money::from_mantissa(*mantissa), rate)?,
                None => part.add(Money::from_mantissa(*mantissa)),
            }
        }
    }
    let mut costs = Vec::with_capacity(sums.views);
    for parts in &parts {
        let mut total = ExactSum::default();
        parts.iter().try_for_each(|part| total.merge(part))?;
        costs.push(apportion(parts, total.to_money(Rounding::HalfEven)?)?);
    }
    let cost = |group: usize, view: usize| costs.get(view).and_then(|costs: &Vec<Money>| costs.get(group)).copied();
    let cells = (0..merged.len()).flat_map(|group| (0..sums.views).map(move |view| (group, view)));
    merged.costs = cells.map(|(group, view)| cost(group, view).unwrap_or_default().mantissa()).collect();
    (merged.distinct, merged.path) = (sums.distinct.clone(), sums.path.clone());
    Ok(merged)
}

/// Adds everything of a group that has no currency to the last merged one.
fn add_group(sums: &Sums, group: usize, merged: &mut Sums) -> Result<()> {
    if let (Some(into), Some(head)) = (merged.heads.last_mut(), sums.heads.get(group)) {
        into.charges += head.charges;
    }
    let first = merged.unknown.len().saturating_sub(sums.views);
    for (into, unknown) in merged.unknown.iter_mut().skip(first).zip(sums.unknown_of(group)) {
        *into += unknown;
    }
    if let Some(into) = merged.metered.last_mut() {
        for (into, quantity) in into.iter_mut().zip(sums.metered_of(group)) {
            if let Some(quantity) = quantity {
                *into = Some(into.unwrap_or(Quantity::ZERO).checked_add(quantity)?);
            }
        }
    }
    Ok(())
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
