//! What a price asks for a quantity: a price and a number of units each, before anything is rounded.

use super::part::Piece;
use crate::Result;
use crate::model::money::{ExactSum, Money, Quantity, Rounding};
use crate::model::price::{Matrix, Package, PackageRounding, Place, Price, PriceModel, Terms, Tier};
use std::collections::BTreeMap;

/// So many units at that price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) piece: Piece,
    /// Which price of the line it comes from, by place.
    pub(super) stretch: u32,
    pub(super) unit_price: Money,
    pub(super) quantity: Quantity,
    /// Where the tier starts.
    pub(super) from: Quantity,
    /// Where it ends; none for an open one.
    pub(super) up_to: Option<Quantity>,
}

impl Entry {
    fn new(piece: Piece, unit_price: Money, quantity: Quantity) -> Self {
        Self { piece, stretch: 0, unit_price, quantity, from: Quantity::ZERO, up_to: None }
    }
}

/// What the entries come to.
pub(super) fn exact<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Result<ExactSum> {
    let mut sum = ExactSum::default();
    for entry in entries {
        sum.add_converted(entry.unit_price, entry.quantity)?;
    }
    Ok(sum)
}

/// The units that are priced: converted, rounded, less what is free.
///
/// Below zero nothing is free: usage that is taken back was paid for, or it would not have left the free units.
pub(super) fn units(terms: &Terms, metered: Quantity) -> Result<Quantity> {
    let converted = match &terms.conversion {
        Some(conversion) => conversion.units(metered)?,
        None => metered,
    };
    if converted <= Quantity::ZERO {
        return Ok(converted);
    }
    let paid = converted.checked_sub(terms.usage_discount)?.checked_sub(terms.included)?;
    Ok(paid.max(Quantity::ZERO))
}

/// What the price asks for a cumulative quantity. A matrix is asked cell by cell instead.
pub(super) fn entries(price: &Price, metered: Quantity) -> Result<Vec<Entry>> {
    let units = units(price.terms(), metered)?;
    let at_zero = price.terms().first_tier_flat_at_zero;
    match price.model() {
        PriceModel::PerUnit(unit_price) => graduated(&[Tier::open().unit_price(*unit_price)], units, at_zero),
        PriceModel::Flat(fee) => graduated(&[Tier::open().flat(*fee)], units, at_zero),
        PriceModel::Tiered(tiers) => graduated(tiers, units, at_zero),
        PriceModel::Volume(tiers) => Ok(volume(tiers, units, at_zero)),
        PriceModel::Package(package) => packages(package, units),
        PriceModel::Percentage(part) => {
            let tier = Tier { flat: part.flat, ..Tier::open().unit_price(part.unit_price()) };
            graduated(&[tier], units, at_zero)
        }
        _ => Ok(Vec::new()),
    }
}

/// Each tier for the units that lie in it; the first takes what is below zero as well.
fn graduated(tiers: &[Tier], units: Quantity, at_zero: bool) -> Result<Vec<Entry>> {
    let (mut found, mut from) = (Vec::new(), Quantity::ZERO);
    for (at, tier) in (0_u32..).zip(tiers) {
        if at > 0 && units <= from {
            break;
        }
        let end = tier.up_to.map_or(units, |up_to| up_to.min(units));
        let inside = if at == 0 { end } else { end.checked_sub(from)? };
        let reached = at > 0 || at_zero || units > Quantity::ZERO;
        push(&mut found, at, tier, from, inside, reached);
        from = tier.up_to.unwrap_or(from);
    }
    Ok(found)
}

/// The tier that the last unit lies in, for all of them.
fn volume(tiers: &[Tier], units: Quantity, at_zero: bool) -> Vec<Entry> {
    let (mut found, mut from) = (Vec::new(), Quantity::ZERO);
    for (at, tier) in (0_u32..).zip(tiers) {
        if tier.up_to.is_none_or(|up_to| units <= up_to) {
            push(&mut found, at, tier, from, units, at > 0 || at_zero || units > Quantity::ZERO);
            break;
        }
        from = tier.up_to.unwrap_or(from);
    }
    found
}

fn push(found: &mut Vec<Entry>, at: u32, tier: &Tier, from: Quantity, units: Quantity, reached: bool) {
    let up_to = tier.up_to;
    if let Some(flat) = tier.flat.filter(|flat| reached && !flat.is_zero()) {
        let fee = Entry::new(Piece::Fee { tier: at }, flat, Quantity::from_units(1));
        found.push(Entry { from, up_to, ..fee });
    }
    if let Some(unit_price) = tier.unit_price.filter(|_| !units.is_zero()) {
        found.push(Entry { from, up_to, ..Entry::new(Piece::Units { tier: at }, unit_price, units) });
    }
}

fn packages(package: &Package, units: Quantity) -> Result<Vec<Entry>> {
    let rounding = match package.rounding {
        PackageRounding::Up => Rounding::Ceiling,
        PackageRounding::Down => Rounding::Floor,
    };
    let count = units.checked_div(package.size, 0, rounding)?;
    Ok(if count.is_zero() { Vec::new() } else { vec![Entry::new(Piece::Packages, package.price, count)] })
}

/// What has come together of a matrix: the quantity of each cell, and what they cost.
#[derive(Debug)]
pub(super) struct Cells<'p> {
    matrix: &'p Matrix,
    divide_by: Option<Quantity>,
    /// By cell; the last is for what no cell has.
    quantities: Vec<Quantity>,
    exact: ExactSum,
}

impl<'p> Cells<'p> {
    pub(super) fn new(matrix: &'p Matrix, terms: &Terms) -> Self {
        let divide_by = terms.conversion.map(|conversion| conversion.divide_by);
        let quantities = vec![Quantity::ZERO; matrix.cells().len() + 1];
        Self { matrix, divide_by, quantities, exact: ExactSum::default() }
    }

    /// Adds a quantity and gives what it costs at 18 decimals, or none when that is unknown.
    pub(super) fn add(&mut self, place: Place, metered: Quantity) -> Result<Option<Money>> {
        let Some(unit_price) = self.matrix.unit_price(place)? else {
            return Ok(None);
        };
        let units = match self.divide_by {
            Some(divide_by) => metered.checked_div(divide_by, Quantity::SCALE, Rounding::HalfEven)?,
            None => metered,
        };
        let last = self.quantities.len().saturating_sub(1);
        let at = match place {
            Place::Cell(cell) => usize::try_from(cell).unwrap_or(last).min(last),
            Place::Elsewhere => last,
        };
        if let Some(quantity) = self.quantities.get_mut(at) {
            *quantity = quantity.checked_add(units)?;
        }
        self.exact.add_converted(unit_price, units)?;
        unit_price.checked_mul(units, Rounding::HalfEven).map(Some)
    }

    pub(super) const fn exact(&self) -> ExactSum {
        self.exact
    }

    pub(super) fn entries(&self) -> Result<Vec<Entry>> {
        let last = self.quantities.len().saturating_sub(1);
        let mut found = Vec::new();
        for (at, (number, quantity)) in (0_u32..).zip(&self.quantities).enumerate() {
            if quantity.is_zero() {
                continue;
            }
            let (piece, place) = if at == last {
                (Piece::Elsewhere, Place::Elsewhere)
            } else {
                (Piece::Cell { cell: number }, Place::Cell(number))
            };
            if let Some(unit_price) = self.matrix.unit_price(place)? {
                found.push(Entry::new(piece, unit_price, *quantity));
            }
        }
        Ok(found)
    }
}

/// What the later entries have beyond the earlier: prices that agree are set off, the rest is reversed.
pub(super) fn beyond(later: Vec<Entry>, earlier: &[Entry]) -> Result<Vec<Entry>> {
    if earlier.is_empty() {
        return Ok(later);
    }
    let key = |entry: &Entry| (entry.piece, entry.unit_price);
    let mut found: BTreeMap<_, Entry> = later.into_iter().map(|entry| (key(&entry), entry)).collect();
    for entry in earlier {
        let zero = Entry { quantity: Quantity::ZERO, ..*entry };
        let left = found.entry(key(entry)).or_insert(zero);
        left.quantity = left.quantity.checked_sub(entry.quantity)?;
    }
    Ok(found.into_values().filter(|entry| !entry.quantity.is_zero()).collect())
}
