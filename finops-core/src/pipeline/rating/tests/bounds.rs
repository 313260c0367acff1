//! Minimum, maximum, matrices and usage without a price.

use super::{Component, PeriodState, m, open, price, q, rate};
use crate::ErrorCode;
use crate::model::price::{Place, Price, PriceModel};
use crate::pipeline::rating::{Piece, Stretch, Usage, rate_line};
use serde_json::json;

fn volume() -> Price {
    price(json!({"model": "volume", "minimum": "150", "tiers": [
        {"up_to": "5", "flat": "100"}, {"up_to": "10", "flat": "150"}, {"up_to": "15", "unit_price": "10"},
        {"unit_price": "5"},
    ]}))
}

#[test]
fn m2_a_commitment_is_filled_up_when_the_period_is_final() {
    assert_eq!(open(&volume(), "0").amount, m("100"));
    let rated = rate(&volume(), q("0"), PeriodState::Final).unwrap();
    let parts: Vec<_> = rated.parts.iter().map(|part| (part.component, part.amount)).collect();
    assert_eq!(parts, [(Component::Of(Piece::Fee { tier: 0 }), m("100")), (Component::UpToMinimum, m("50"))]);
    assert_eq!(rated.amount, m("150"));
    assert_eq!(rate(&volume(), q("100"), PeriodState::Final).unwrap().amount, m("500"));
}

#[test]
fn a_maximum_holds_for_what_is_rounded() {
    let price = price(json!({"model": "per_unit", "unit_price": "0.333", "maximum": "1", "rounding": "currency"}));
    let rated = open(&price, "4");
    let parts: Vec<_> = rated.parts.iter().map(|part| part.amount.to_string()).collect();
    assert_eq!((rated.amount, parts.join(" ").as_str()), (m("1"), "1.33 -0.33"));
    assert_eq!(rated.path(), "4 metered: 4 x 0.333 (tier 1) + -0.33 (tier 1, above the maximum) = 1 USD");
    assert_eq!(open(&price, "3").amount, m("1"));
}

fn matrix(missing: &serde_json::Value) -> Price {
    price(json!({"model": "matrix", "matrix": {"dimensions": ["region", "size"], "missing": missing, "cells": [
        {"values": ["eu", "large"], "unit_price": "2"}, {"values": ["us", "large"], "unit_price": "1.5"},
    ]}}))
}

fn places(price: &Price, usage: &[([&str; 2], &str)]) -> Vec<(Place, crate::model::money::Quantity)> {
    let PriceModel::Matrix(matrix) = price.model() else { panic!("no matrix") };
    usage.iter().map(|(values, quantity)| (matrix.place(values), q(quantity))).collect()
}

#[test]
fn each_cell_of_a_matrix_has_its_price() {
    let usage = [(["eu", "large"], "2"), (["us", "large"], "4"), (["eu", "small"], "10")];
    for (missing, amount, unpriced) in
        [(json!("unknown"), "10", "10"), (json!("0.1"), "11", "0"), (json!(0), "10", "0")]
    {
        let price = matrix(&missing);
        let places = places(&price, &usage);
        let line = [Stretch { price: Some(&price), usage: Usage::Places(&places) }];
        let rated = rate_line(&line, PeriodState::Open).unwrap();
        assert_eq!((rated.amount, rated.unpriced), (m(amount), q(unpriced)), "{}", rated.path());
    }
    let price = matrix(&json!("error"));
    let places = places(&price, &usage);
    let line = [Stretch { price: Some(&price), usage: Usage::Places(&places) }];
    let error = rate_line(&line, PeriodState::Open).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::NotFound, Some("matrix.missing")));
}

#[test]
fn what_has_no_price_is_unknown_and_not_free() {
    let usage = Usage::Quantity(q("7"));
    let rated = rate_line(&[Stretch { price: None, usage }], PeriodState::Final).unwrap();
    assert_eq!((rated.amount, rated.unpriced, rated.currency), (m("0"), q("7"), None));
    assert_eq!(rated.path(), "7 metered, 0 units = 0, 7 metered without a price");
    let nothing = rate_line(&[], PeriodState::Final).unwrap();
    assert!(nothing.amount.is_zero() && nothing.parts.is_empty());
}
