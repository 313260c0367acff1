//! A line's amount by day and key.

use super::{Component, PeriodState, Piece, m, price, q};
use crate::model::money::Money;
use crate::model::price::{Matrix, MatrixCell, MissingCell, Place, Price, PriceModel};
use crate::pipeline::rating::{Cell, Fee, Spread, SpreadStretch, spread, spread_line};
use serde_json::json;

fn cell(day: u32, key: &'static str, quantity: &str) -> Cell<u32, &'static str> {
    Cell { day, key, quantity: q(quantity), place: Place::Elsewhere }
}

fn costs(spread: &Spread<u32>) -> Vec<String> {
    let known = spread.cells.iter().flatten().copied().chain(spread.fees.iter().map(|fee| fee.amount));
    assert_eq!(Money::try_sum(known).unwrap(), spread.line.amount);
    let text = |cost: &Option<Money>| cost.map_or("?".to_owned(), |cost| cost.to_string());
    spread.cells.iter().map(text).collect()
}

fn over(price: &Price, cells: &[Cell<u32, &'static str>], state: PeriodState) -> Spread<u32> {
    spread(price, cells, 1, 31, state).unwrap()
}

#[test]
fn a_past_day_keeps_its_cost_in_graduated_prices() {
    let price = price(json!({"model": "tiered", "tiers": [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}]}));
    let mut cells = vec![cell(1, "a", "4"), cell(1, "b", "4")];
    assert_eq!(costs(&over(&price, &cells, PeriodState::Open)), ["4", "4"]);
    cells.push(cell(2, "a", "4"));
    assert_eq!(costs(&over(&price, &cells, PeriodState::Open)), ["4", "4", "3"]);
}

#[test]
fn a_volume_that_falls_gives_a_day_below_zero() {
    let price = price(json!({"model": "volume", "tiers": [{"up_to": "15", "unit_price": "10"}, {"unit_price": "5"}]}));
    let cells = [cell(1, "a", "15"), cell(2, "a", "1")];
    assert_eq!(costs(&over(&price, &cells, PeriodState::Open)), ["150", "-70"]);
}

#[test]
fn fees_without_usage_stand_by_themselves() {
    let price = price(json!({"model": "tiered", "minimum": "150",
        "tiers": [{"up_to": "5", "flat": "100"}, {"unit_price": "10"}]}));
    let spread = over(&price, &[cell(3, "a", "7")], PeriodState::Final);
    assert_eq!(costs(&spread), ["20"]);
    let fee = Fee { day: 1, component: Component::Of(Piece::Fee { tier: 0 }), amount: m("100") };
    assert_eq!(spread.fees, [fee, Fee { day: 31, component: Component::UpToMinimum, amount: m("30") }]);
    let none = over(&price, &[], PeriodState::Final);
    assert_eq!((none.fees.len(), none.line.amount), (2, m("150")));
}

#[test]
fn a_fee_that_needs_usage_is_shared_by_its_first_day() {
    let price = price(json!({"model": "flat", "unit_price": "9", "first_tier_flat_at_zero": false}));
    let spread = over(&price, &[cell(3, "a", "2"), cell(3, "b", "1"), cell(4, "a", "5")], PeriodState::Open);
    assert_eq!(costs(&spread), ["6", "3", "0"]);
    assert!(spread.fees.is_empty());
}

#[test]
fn the_order_of_the_cells_does_not_matter() {
    let price = price(json!({"model": "package", "package": {"size": "7", "price": "1"}}));
    let mut cells = vec![cell(2, "a", "1"), cell(1, "c", "1"), cell(1, "a", "1"), cell(1, "b", "1")];
    assert_eq!(
        costs(&over(&price, &cells, PeriodState::Open)),
        ["0", "0.333333333333333333", "0.333333333333333334", "0.333333333333333333"]
    );
    cells.reverse();
    assert_eq!(
        costs(&over(&price, &cells, PeriodState::Open)),
        ["0.333333333333333333", "0.333333333333333334", "0.333333333333333333", "0"]
    );
}

#[test]
fn usage_that_is_taken_back_has_a_cost_of_its_own() {
    let price = price(json!({"model": "per_unit", "unit_price": "2"}));
    let cells = [cell(1, "a", "5"), cell(1, "b", "-5"), cell(1, "c", "10"), cell(2, "a", "-12"), cell(2, "b", "0")];
    assert_eq!(costs(&over(&price, &cells, PeriodState::Open)), ["10", "-10", "20", "-24", "0"]);
}

#[test]
fn rounding_and_maximum_are_those_of_the_line() {
    let price = price(json!({"model": "per_unit", "unit_price": "0.001", "rounding": "currency", "maximum": "0.5"}));
    let cells = [cell(1, "a", "1"), cell(2, "a", "332"), cell(3, "a", "100"), cell(4, "a", "1000"), cell(5, "a", "9")];
    assert_eq!(costs(&over(&price, &cells, PeriodState::Open)), ["0", "0.33", "0.1", "0.07", "0"]);
}

#[test]
fn cells_of_a_matrix_have_their_own_prices() {
    let cells = [("eu", "2"), ("us", "0.5")]
        .map(|(region, price)| MatrixCell { values: vec![region.to_owned()], unit_price: m(price) });
    let matrix = |missing| PriceModel::Matrix(Matrix::new(vec!["region".to_owned()], cells.to_vec(), missing).unwrap());
    let base = price(json!({"model": "per_unit", "unit_price": "1", "maximum": "20"}));
    let at = |day, place, quantity| Cell { place, ..cell(day, "k", quantity) };
    let cells = [
        at(1, Place::Cell(0), "3"),
        at(1, Place::Cell(1), "4"),
        at(1, Place::Elsewhere, "9"),
        at(2, Place::Cell(0), "-1"),
        at(3, Place::Cell(0), "9"),
        at(3, Place::Cell(1), "36"),
    ];
    let unknown = Price::new(base.terms().clone(), matrix(MissingCell::Unknown)).unwrap();
    let spread = over(&unknown, &cells, PeriodState::Open);
    // On the third day 14 are left to the maximum, of the 18 and 18 that it costs.
    assert_eq!(costs(&spread), ["6", "2", "?", "-2", "7", "7"]);
    assert_eq!(spread.line.unpriced, q("9"));
    let default = Price::new(base.terms().clone(), matrix(MissingCell::UnitPrice(m("0.1")))).unwrap();
    assert_eq!(costs(&over(&default, &cells[..4], PeriodState::Open)), ["6", "2", "0.9", "-2"]);
}

#[test]
fn a_price_may_change_within_a_day() {
    let old = price(json!({"model": "per_unit", "unit_price": "1"}));
    let new = price(json!({"model": "tiered", "on_change": "restart",
        "tiers": [{"up_to": "3", "unit_price": "2", "flat": "1"}, {"unit_price": "1"}]}));
    let (before, after) =
        ([cell(1, "a", "1"), cell(2, "a", "2")], [cell(2, "a", "1"), cell(2, "b", "3"), cell(3, "a", "1")]);
    let stretches = [
        SpreadStretch { price: Some(&old), from: 1, cells: &before },
        SpreadStretch { price: Some(&new), from: 2, cells: &after },
        SpreadStretch { price: None, from: 4, cells: &[] },
    ];
    let spread = spread_line(&stretches, 31, PeriodState::Final).unwrap();
    assert_eq!(costs(&spread), ["1", "2", "1.75", "5.25", "1"]);
    assert_eq!(spread.fees, [Fee { day: 2, component: Component::Of(Piece::Fee { tier: 0 }), amount: m("1") }]);

    let gap = [SpreadStretch { price: None, from: 1, cells: &before }, stretches[1]];
    assert_eq!(costs(&spread_line(&gap, 31, PeriodState::Final).unwrap()), ["?", "?", "1.75", "5.25", "1"]);
}
