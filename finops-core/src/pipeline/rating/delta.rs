//! What is missing between what is booked and what is rated.
//!
//! A line is always rated as a whole, and what is booked is never edited: the difference is booked as well. So rounding
//! heals itself, a late event reprices what it must, and the two meet to the last digit.

use super::part::{Component, Rated};
use crate::Result;
use crate::model::money::{Money, Quantity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is booked of one component at one unit price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedPart {
    /// The component.
    pub component: Component,
    /// The unit price.
    pub unit_price: Money,
    /// How many units.
    pub quantity: Quantity,
    /// What they came to.
    pub amount: Money,
}

/// What is to be booked so that booked and rated meet; below zero where something is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// The component.
    pub component: Component,
    /// The unit price.
    pub unit_price: Money,
    /// How many units.
    pub quantity: Quantity,
    /// What they come to; never zero.
    pub amount: Money,
}

type Sums = BTreeMap<(Component, Money), (Quantity, Money)>;

fn add(sums: &mut Sums, component: Component, unit_price: Money, quantity: Quantity, amount: Money) -> Result<()> {
    let sum = sums.entry((component, unit_price)).or_default();
    *sum = (sum.0.checked_add(quantity)?, sum.1.checked_add(amount)?);
    Ok(())
}

/// What has to be booked beside what is booked already, in the order of components and unit prices.
///
/// A component whose unit price is another now is taken back and booked anew. What comes to nothing is left out, and
/// with it its quantity, which then comes with the first amount that is not zero.
///
/// ```
/// use finops_core::model::price::Price;
/// use finops_core::pipeline::rating::{PeriodState, book, deltas, rate};
///
/// let price = Price::from_json(&serde_json::json!({
///     "meter": "calls", "currency": "USD", "effective_from": "2024-01-01T00:00:00Z",
///     "model": "per_unit", "unit_price": "0.001", "rounding": "currency",
/// }))?;
/// let first = deltas(&[], &rate(&price, "333".parse()?, PeriodState::Open)?)?;
/// assert_eq!(first[0].amount, "0.33".parse()?);
/// let booked = book(&[], &first)?;
/// let second = deltas(&booked, &rate(&price, "666".parse()?, PeriodState::Open)?)?;
/// assert_eq!(second[0].amount, "0.34".parse()?);
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn deltas(booked: &[BookedPart], rated: &Rated) -> Result<Vec<Delta>> {
    let mut sums = Sums::new();
    for part in &rated.parts {
        add(&mut sums, part.component, part.unit_price, part.quantity, part.amount)?;
    }
    for part in booked {
        let (quantity, amount) = (part.quantity.checked_neg()?, part.amount.checked_neg()?);
        add(&mut sums, part.component, part.unit_price, quantity, amount)?;
    }
    let changed = sums.into_iter().filter(|(_, (_, amount))| !amount.is_zero());
    let delta = |((component, unit_price), (quantity, amount))| Delta { component, unit_price, quantity, amount };
    Ok(changed.map(delta).collect())
}

/// What is booked once the deltas are, one part for each component and unit price; what came to nothing is left out.
pub fn book(booked: &[BookedPart], deltas: &[Delta]) -> Result<Vec<BookedPart>> {
    let mut sums = Sums::new();
    for part in booked {
        add(&mut sums, part.component, part.unit_price, part.quantity, part.amount)?;
    }
    for delta in deltas {
        add(&mut sums, delta.component, delta.unit_price, delta.quantity, delta.amount)?;
    }
    let left = sums.into_iter().filter(|(_, (quantity, amount))| !(quantity.is_zero() && amount.is_zero()));
    let part = |((component, unit_price), (quantity, amount))| BookedPart { component, unit_price, quantity, amount };
    Ok(left.map(part).collect())
}
