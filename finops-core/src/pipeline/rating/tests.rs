//! Rating against the cases that other systems publish or got wrong, and properties that hold for all histories.

mod bounds;
mod changes;
mod commitments;
mod credits;
mod deltas;
mod models;
mod props;
mod spreads;

use super::{BookedPart, Component, Delta, PeriodState, Piece, Rated, book, rate};
use crate::model::money::{Money, Quantity};
use crate::model::price::Price;
use serde_json::{Value, json};

fn m(text: &str) -> Money {
    text.parse().unwrap()
}

fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

/// A price in USD since 2024, with these fields beside.
fn price(fields: Value) -> Price {
    let mut form = json!({"meter": "calls", "currency": "USD", "effective_from": "2024-01-01T00:00:00Z"});
    if let (Some(form), Value::Object(fields)) = (form.as_object_mut(), fields) {
        form.extend(fields);
    }
    Price::from_json(&form).unwrap_or_else(|error| panic!("{form}: {error}"))
}

fn open(price: &Price, quantity: &str) -> Rated {
    rate(price, q(quantity), PeriodState::Open).unwrap()
}

/// The parts add up, and the amount is this for each quantity.
fn amounts(price: &Price, wanted: &[(&str, &str)]) {
    for (quantity, amount) in wanted {
        let rated = open(price, quantity);
        assert_eq!(rated.amount, m(amount), "{}", rated.path());
        assert_eq!(Money::try_sum(rated.parts.iter().map(|part| part.amount)).unwrap(), rated.amount);
    }
}

/// Books a cumulative quantity, and gives what that added.
fn next(price: &Price, booked: &mut Vec<BookedPart>, quantity: &str) -> Vec<Delta> {
    let rated = open(price, quantity);
    let deltas = super::deltas(booked, &rated).unwrap();
    *booked = book(booked, &deltas).unwrap();
    assert_eq!(Money::try_sum(booked.iter().map(|part| part.amount)).unwrap(), rated.amount);
    deltas
}

fn tier(number: u32) -> Component {
    Component::Of(Piece::Units { tier: number })
}

fn delta(component: Component, unit_price: &str, quantity: &str, amount: &str) -> Delta {
    Delta { component, unit_price: m(unit_price), quantity: q(quantity), amount: m(amount) }
}
