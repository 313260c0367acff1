//! A line as it is rated now, piece by piece.

use super::booked::{Booked, BookedCell, CellKey};
use super::usage::Used;
use crate::Result;
use crate::model::money::{Money, Quantity};
use crate::model::price::{Place, Price, PriceModel, PriceStretch};
use crate::model::time::{Interval, Stamp};
use crate::pipeline::metering::{DAY, Series};
use crate::pipeline::rating::{Cell, PeriodState, Rated, SpreadStretch, spread_line};

/// What a line comes to, as a whole and in pieces that add up to it.
#[derive(Debug, Clone)]
pub struct RatedLine {
    /// As it is to be booked.
    pub booked: Booked,
    /// The parts that its amount is made of.
    pub rated: Rated,
}

/// Rates what was used in each stretch of a billing period.
///
/// # Errors
/// `overflow`; `mixed_currencies` when prices in several currencies follow each other; `not_found` where a matrix wants
/// an error for what it has no cell for.
pub fn rate_used(
    period: Interval,
    stretches: &[PriceStretch<'_>],
    used: &[Vec<Used>],
    series: &Series,
    state: PeriodState,
) -> Result<RatedLine> {
    let place = |price: Option<&Price>, key: &CellKey| match (price.map(Price::model), key.series) {
        (Some(PriceModel::Matrix(matrix)), Some(number)) => {
            let value = |name: &String| series.value(number, name).unwrap_or_default();
            matrix.place(&matrix.dimensions().iter().map(value).collect::<Vec<_>>())
        }
        _ => Place::Elsewhere,
    };
    let cells: Vec<Vec<Cell<Stamp, CellKey>>> = stretches
        .iter()
        .zip(used)
        .map(|(stretch, used)| {
            let cell = |used: &Used| Cell {
                day: used.key.from,
                key: used.key,
                quantity: used.quantity,
                place: place(stretch.price, &used.key),
            };
            used.iter().map(cell).collect()
        })
        .collect();
    let parts = stretches.iter().zip(&cells);
    let parts: Vec<_> = parts
        .map(|(stretch, cells)| SpreadStretch { price: stretch.price, from: stretch.interval.start(), cells })
        .collect();
    let last_day = Stamp::from_micros(period.end().micros().saturating_sub(DAY))?;
    let spread = spread_line(&parts, last_day, state)?;

    let mut booked = Booked::default();
    let mut amounts = spread.cells.iter().copied();
    for (stretch, cells) in stretches.iter().zip(&cells) {
        let price = stretch.price.map(|price| booked.price(&version(price)));
        for (cell, amount) in cells.iter().zip(&mut amounts) {
            let price = price.filter(|_| amount.is_some());
            booked.cells.insert(cell.key, BookedCell { quantity: cell.quantity, amount, price });
        }
    }
    for fee in &spread.fees {
        let key = CellKey { from: fee.day, to: Stamp::from_micros(fee.day.micros().saturating_add(DAY))?, series: None };
        let price = stretches.iter().rev().find_map(|stretch| stretch.price.filter(|_| stretch.interval.start() <= fee.day));
        let price = price.map(|price| booked.price(&version(price)));
        let nothing = BookedCell { quantity: Quantity::ZERO, amount: Some(Money::ZERO), price };
        let cell = booked.cells.entry(key).or_insert(nothing);
        cell.amount = Some(cell.amount.unwrap_or(Money::ZERO).checked_add(fee.amount)?);
    }
    Ok(RatedLine { booked, rated: spread.line })
}

/// What tells a version of a price from others: its id, and its revision where there are several.
fn version(price: &Price) -> String {
    let terms = price.terms();
    let id = terms.id.map_or_else(|| terms.meter.clone(), |id| id.to_string());
    if terms.revision > 1 { format!("{id}.{}", terms.revision) } else { id }
}
