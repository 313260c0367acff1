//! A line as it is rated now, piece by piece.

use super::booked::{Booked, BookedCell, CellKey};
use super::usage::Used;
use crate::Result;
use crate::model::id::{self, Id};
use crate::model::money::{Money, Quantity};
use crate::model::price::{Place, Price, PriceModel, PriceStretch};
use crate::model::time::{Interval, Stamp};
use crate::pipeline::metering::{DAY, Series};
use crate::pipeline::rating::{Cell, PeriodState, Rated, SpreadStretch, spread_line};
use std::collections::BTreeMap;

/// What a line comes to, as a whole and in pieces that add up to it.
#[derive(Debug, Clone)]
pub struct RatedLine {
    /// As it is to be booked.
    pub booked: Booked,
    /// The parts that its amount is made of.
    pub rated: Rated,
    /// What was used of it without being paid for, by the grant.
    pub granted: BTreeMap<Id<id::Grant>, Quantity>,
}

/// Rates what was used in each stretch of a billing period, less what of it is free.
///
/// # Errors
/// `overflow`; `mixed_currencies` when prices in several currencies follow each other; `not_found` where a matrix wants
/// an error for what it has no cell for.
pub fn rate_used(
    period: Interval,
    stretches: &[PriceStretch<'_>],
    used: &[Vec<Used>],
    free: &BTreeMap<CellKey, Quantity>,
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
            let cell = |used: &Used| {
                let free = free.get(&used.key).copied().unwrap_or_default();
                let quantity = used.quantity.checked_sub(free)?;
                Ok(Cell { day: used.key.from, key: used.key, quantity, place: place(stretch.price, &used.key) })
            };
            used.iter().map(cell).collect()
        })
        .collect::<Result<_>>()?;
    let parts = stretches.iter().zip(&cells);
    let parts: Vec<_> = parts
        .map(|(stretch, cells)| SpreadStretch { price: stretch.price, from: stretch.interval.start(), cells })
        .collect();
    let last_day = Stamp::from_micros(period.end().micros().saturating_sub(DAY))?;
    let spread = spread_line(&parts, last_day, state)?;

    let mut booked = Booked::default();
    let mut amounts = spread.cells.iter().copied();
    for (stretch, used) in stretches.iter().zip(used) {
        let price = stretch.price.map(|price| booked.price(&version(price), price.currency()));
        for (used, amount) in used.iter().zip(&mut amounts) {
            let price = price.filter(|_| amount.is_some());
            booked.cells.insert(used.key, BookedCell { quantity: used.quantity, amount, price });
        }
    }
    for fee in &spread.fees {
        let key =
            CellKey { from: fee.day, to: Stamp::from_micros(fee.day.micros().saturating_add(DAY))?, series: None };
        let price =
            stretches.iter().rev().find_map(|stretch| stretch.price.filter(|_| stretch.interval.start() <= fee.day));
        let price = price.map(|price| booked.price(&version(price), price.currency()));
        let nothing = BookedCell { quantity: Quantity::ZERO, amount: Some(Money::ZERO), price };
        let cell = booked.cells.entry(key).or_insert(nothing);
        cell.amount = Some(cell.amount.unwrap_or(Money::ZERO).checked_add(fee.amount)?);
    }
    Ok(RatedLine { booked, rated: spread.line, granted: BTreeMap::new() })
}

/// What tells a version of a price from others: its id, and its revision where there are several.
fn version(price: &Price) -> String {
    let terms = price.terms();
    let id = terms.id.map_or_else(|| terms.meter.clone(), |id| id.to_string());
    if terms.revision > 1 { format!("{id}.{}", terms.revision) } else { id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::price::PriceBook;
    use crate::model::usage::{Aggregation, Meter, MeterSet, UsageEvent};
    use crate::pipeline::charging::UsageLine;
    use crate::pipeline::metering::Rollups;
    use serde_json::{Value, json};

    fn stamp(text: &str) -> Stamp {
        Stamp::parse(text).unwrap()
    }

    /// A line of January: events of a tenant as time, model and quantity, rated by the prices.
    fn line(prices: &[Value], events: &[(&str, &str, &str)], state: PeriodState) -> Result<RatedLine> {
        let mut meters = MeterSet::default();
        let meter = meters.create(Meter::new("tokens", Aggregation::Sum, "token")).unwrap();
        let mut rollups = Rollups::new(meters);
        for (sequence, (time, model, quantity)) in (1..).zip(events) {
            let (id, time) = (sequence.to_string(), stamp(time));
            let mut event = UsageEvent::new(id, time, "tokens", quantity.parse().unwrap(), "t");
            event.properties.insert("model".into(), (*model).to_owned());
            rollups.apply(&event, sequence);
        }
        let price = |price: &Value| {
            let mut price = price.clone();
            price["meter"] = json!("tokens");
            price["currency"] = json!("USD");
            Price::from_json(&price).unwrap()
        };
        let book = PriceBook::new(prices.iter().map(price).collect()).unwrap();
        let period = Interval::new(stamp("2024-01-01T00:00:00Z"), stamp("2024-02-01T00:00:00Z")).unwrap();
        let stretches = book.stretches("tokens", "t", period);
        let series: Vec<u32> = rollups.series().of_tenant("t").collect();
        let usage = UsageLine { rollups: &rollups, meter, series: &series, period, until: period.end() };
        let intervals: Vec<_> = stretches.iter().map(|stretch| stretch.interval).collect();
        rate_used(period, &stretches, &usage.used(&intervals)?, &BTreeMap::new(), rollups.series(), state)
    }

    fn cells(line: &RatedLine) -> Vec<String> {
        let text = |(key, cell): (&CellKey, &BookedCell)| {
            let amount = cell.amount.map_or_else(|| "?".to_owned(), |amount| amount.to_string());
            let (from, to) = (key.from.to_string(), key.to.to_string());
            format!("{} to {} {} {amount}", &from[5..16], &to[5..16], cell.quantity)
        };
        line.booked.cells.iter().map(text).collect()
    }

    #[test]
    fn a_price_that_changes_at_noon_cuts_the_day() {
        let prices = [
            json!({"model": "per_unit", "unit_price": "1", "effective_from": "2024-01-01T00:00:00Z"}),
            json!({"model": "per_unit", "unit_price": "2", "effective_from": "2024-01-02T12:00:00Z"}),
        ];
        let events = [("2024-01-02T11:59:00Z", "a", "3"), ("2024-01-02T12:00:00Z", "a", "4")];
        let line = line(&prices, &events, PeriodState::Open).unwrap();
        assert_eq!(cells(&line), ["01-02T00:00 to 01-02T12:00 3 3", "01-02T12:00 to 01-03T00:00 4 8"]);
        assert_eq!(line.booked.amount().unwrap(), line.rated.amount);
    }

    #[test]
    fn what_has_no_price_is_unknown_and_what_belongs_to_no_usage_stands_alone() {
        let matrix = json!({"dimensions": ["model"], "cells": [{"values": ["a"], "unit_price": "0.5"}]});
        let prices =
            [json!({"model": "matrix", "matrix": matrix, "effective_from": "2024-01-02T00:00:00Z", "minimum": "10"})];
        let events = [
            ("2024-01-01T00:00:00Z", "a", "7"),
            ("2024-01-02T00:00:00Z", "a", "3"),
            ("2024-01-02T00:00:00Z", "b", "1"),
        ];
        let line = line(&prices, &events, PeriodState::Final).unwrap();
        let wanted = [
            "01-01T00:00 to 01-02T00:00 7 ?",
            "01-02T00:00 to 01-03T00:00 3 1.5",
            "01-02T00:00 to 01-03T00:00 1 ?",
            "01-31T00:00 to 02-01T00:00 0 8.5",
        ];
        assert_eq!(cells(&line), wanted);
        assert_eq!(line.booked.amount().unwrap(), "10".parse().unwrap());
    }
}
