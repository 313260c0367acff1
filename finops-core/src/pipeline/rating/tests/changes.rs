//! Prices that take over from each other within a billing period.

use super::{PeriodState, m, open, price, q};
use crate::ErrorCode;
use crate::model::money::Money;
use crate::model::price::Price;
use crate::pipeline::rating::{Rated, Stretch, Usage, rate_line};
use serde_json::json;

fn line(stretches: &[(&Price, &str)], state: PeriodState) -> Rated {
    let stretches: Vec<Stretch<'_>> = stretches
        .iter()
        .map(|(price, quantity)| Stretch { price: Some(price), usage: Usage::Quantity(q(quantity)) })
        .collect();
    let rated = rate_line(&stretches, state).unwrap();
    assert_eq!(Money::try_sum(rated.parts.iter().map(|part| part.amount)).unwrap(), rated.amount);
    rated
}

fn tiers(unit_price: &str, on_change: &str) -> Price {
    price(json!({"model": "tiered", "on_change": on_change,
        "tiers": [{"up_to": "10", "unit_price": "1", "flat": "3"}, {"unit_price": unit_price, "flat": "2"}]}))
}

#[test]
fn carrying_on_keeps_the_position_in_the_tiers() {
    let (old, new) = (tiers("0.5", "carry"), tiers("0.2", "carry"));
    // 3 + 8; then 2 more of the first tier, the second fee, and 6 at 0.2.
    assert_eq!(line(&[(&old, "8"), (&new, "8")], PeriodState::Open).amount, m("16.2"));
    assert_eq!(line(&[(&old, "18"), (&new, "1")], PeriodState::Open).amount, m("19.2"));
}

#[test]
fn restarting_begins_at_zero() {
    let (old, new) = (tiers("0.5", "carry"), tiers("0.2", "restart"));
    assert_eq!(line(&[(&old, "8"), (&new, "8")], PeriodState::Open).amount, m("22"));
    assert_eq!(line(&[(&old, "18"), (&new, "1")], PeriodState::Open).amount, m("23"));
}

#[test]
fn a_change_to_an_equal_price_changes_nothing() {
    let forms = [
        json!({"model": "tiered", "tiers": [{"up_to": "10", "unit_price": "1", "flat": "3"}, {"unit_price": "0.3"}]}),
        json!({"model": "volume", "tiers": [{"up_to": "10", "unit_price": "9"}, {"unit_price": "2"}], "maximum": "50"}),
        json!({"model": "package", "package": {"size": "7", "price": "5"}, "included": "4"}),
        json!({"model": "per_unit", "unit_price": "0.0033", "rounding": "currency", "usage_discount": "3"}),
        json!({"model": "flat", "unit_price": "12", "minimum": "20"}),
    ];
    for form in forms {
        let (one, two) = (price(form.clone()), price(form.clone()));
        for (before, after, together) in [("0", "8", "8"), ("9", "4", "13"), ("25", "3.5", "28.5"), ("30", "-22", "8")]
        {
            for state in [PeriodState::Open, PeriodState::Final] {
                let whole = crate::pipeline::rating::rate(&one, q(together), state).unwrap();
                let split = line(&[(&one, before), (&two, after)], state);
                assert_eq!(split.amount, whole.amount, "{form} {before} {after}: {}", split.path());
            }
        }
    }
}

#[test]
fn what_was_spent_counts_toward_the_maximum() {
    let capped = |unit_price: &str, maximum: &str, on_change: &str| {
        price(json!({"model": "per_unit", "unit_price": unit_price, "maximum": maximum, "on_change": on_change}))
    };
    let old = capped("1", "100", "carry");
    // 60 are spent, so that 40 are left, whatever a unit costs now.
    assert_eq!(line(&[(&old, "60"), (&capped("2", "100", "carry"), "30")], PeriodState::Open).amount, m("100"));
    // A higher maximum does not bring back what the old one forgave, a lower one takes nothing back.
    assert_eq!(line(&[(&old, "150"), (&capped("1", "200", "carry"), "0")], PeriodState::Open).amount, m("100"));
    assert_eq!(line(&[(&old, "150"), (&capped("1", "200", "carry"), "70")], PeriodState::Open).amount, m("170"));
    assert_eq!(line(&[(&old, "90"), (&capped("1", "80", "carry"), "5")], PeriodState::Open).amount, m("90"));
    assert_eq!(line(&[(&old, "90"), (&capped("1", "80", "restart"), "100")], PeriodState::Open).amount, m("170"));
}

#[test]
fn the_last_price_says_the_minimum_and_its_readings_are_its_own() {
    let old = price(json!({"model": "per_unit", "unit_price": "1", "minimum": "500"}));
    let new = price(json!({"model": "per_unit", "unit_price": "2", "minimum": "100", "revision": 2,
        "conversion": {"divide_by": "10", "rounding": "up"}}));
    let rated = line(&[(&old, "21"), (&new, "11")], PeriodState::Final);
    assert_eq!(rated.amount, m("100"));
    let readings: Vec<_> = rated.readings.iter().map(|read| (read.revision, read.metered, read.units)).collect();
    assert_eq!(readings, [(1, q("21"), q("21")), (2, q("11"), q("1"))]);
    assert_eq!(
        rated.path(),
        "21 metered: 21 x 1 (tier 1); then 11 metered, 1 units: 2 (tier 1) + 77 (up to the minimum) = 100 USD"
    );
}

#[test]
fn a_time_without_a_price_moves_nothing() {
    let (old, new) = (tiers("0.5", "carry"), tiers("0.5", "carry"));
    let usage = Usage::Quantity(q("8"));
    let stretches = [Some(&old), None, Some(&new)].map(|price| Stretch { price, usage });
    let rated = rate_line(&stretches, PeriodState::Open).unwrap();
    assert_eq!((rated.amount, rated.unpriced), (open(&old, "16").amount, q("8")));
}

#[test]
fn a_line_has_one_currency() {
    let euro = price(json!({"model": "per_unit", "unit_price": "1", "currency": "EUR"}));
    let dollar = price(json!({"model": "per_unit", "unit_price": "1"}));
    let usage = Usage::Quantity(q("1"));
    let stretches = [&euro, &dollar].map(|price| Stretch { price: Some(price), usage });
    let error = rate_line(&stretches, PeriodState::Open).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::MixedCurrencies, Some("currency")));
}
