//! What late and further usage adds to what is booked.

use super::{Component, Piece, delta, m, next, price, tier};
use crate::model::money::Money;
use serde_json::json;

#[test]
fn m3_graduated_goes_on_in_its_tiers() {
    let mut form = json!({"model": "tiered", "tiers": [
        {"up_to": "5", "flat": "100", "unit_price": "0"}, {"up_to": "10", "flat": "50"},
        {"up_to": "15", "unit_price": "5"}, {"unit_price": "1"},
    ]});
    let mut booked = Vec::new();
    next(&price(form.clone()), &mut booked, "12");
    let deltas = next(&price(form.clone()), &mut booked, "22");
    assert_eq!(deltas, [delta(tier(2), "5", "3", "15"), delta(tier(3), "1", "7", "7")]);

    // At most 170, of which 160 are billed: 15 - 5, and 7 - 7.
    form["maximum"] = json!("170");
    let mut booked = Vec::new();
    let first = next(&price(form.clone()), &mut booked, "12");
    assert_eq!(Money::try_sum(first.iter().map(|delta| delta.amount)).unwrap(), m("160"));
    let above = |number| Component::AboveMaximum(Piece::Units { tier: number });
    assert_eq!(
        next(&price(form), &mut booked, "22"),
        [
            delta(tier(2), "5", "3", "15"),
            delta(tier(3), "1", "7", "7"),
            delta(above(2), "5", "0", "-5"),
            delta(above(3), "1", "0", "-7"),
        ]
    );
}

#[test]
fn m4_a_maximum_cuts_packages() {
    let price = price(json!({"model": "package", "package": {"size": "10", "price": "15"}, "maximum": "100"}));
    let mut booked = Vec::new();
    assert_eq!(next(&price, &mut booked, "60"), [delta(Component::Of(Piece::Packages), "15", "6", "90")]);
    assert_eq!(
        next(&price, &mut booked, "110"),
        [
            delta(Component::Of(Piece::Packages), "15", "5", "75"),
            delta(Component::AboveMaximum(Piece::Packages), "15", "0", "-65"),
        ]
    );
}

#[test]
fn m9_rounding_heals_itself() {
    let price = price(json!({"model": "per_unit", "unit_price": "0.001", "rounding": "currency"}));
    let mut booked = Vec::new();
    assert_eq!(next(&price, &mut booked, "333"), [delta(tier(0), "0.001", "333", "0.33")]);
    assert_eq!(next(&price, &mut booked, "666"), [delta(tier(0), "0.001", "333", "0.34")]);
    let mut booked = Vec::new();
    assert_eq!(next(&price, &mut booked, "1"), []);
    assert_eq!(next(&price, &mut booked, "2"), []);
}

#[test]
fn m9_a_decrease_takes_back_what_it_cost() {
    let price = price(json!({"model": "tiered", "tiers": [
        {"up_to": "5", "unit_price": "1"}, {"up_to": "10", "unit_price": "2"}, {"unit_price": "3"},
    ]}));
    let mut booked = Vec::new();
    next(&price, &mut booked, "7");
    assert_eq!(next(&price, &mut booked, "3"), [delta(tier(0), "1", "-2", "-2"), delta(tier(1), "2", "-2", "-4")]);
}

#[test]
fn m10_a_late_event_reprices_a_volume() {
    let price = price(json!({"model": "volume", "tiers": [
        {"up_to": "5", "flat": "100"}, {"up_to": "10", "flat": "150"}, {"up_to": "15", "unit_price": "10"},
        {"unit_price": "5"},
    ]}));
    let mut booked = Vec::new();
    assert_eq!(next(&price, &mut booked, "15"), [delta(tier(2), "10", "15", "150")]);
    assert_eq!(next(&price, &mut booked, "16"), [delta(tier(2), "10", "-15", "-150"), delta(tier(3), "5", "16", "80")]);
}

#[test]
fn another_unit_price_is_a_reversal_and_a_new_line() {
    let mut booked = Vec::new();
    next(&price(json!({"model": "per_unit", "unit_price": "2"})), &mut booked, "10");
    assert_eq!(
        next(&price(json!({"model": "per_unit", "unit_price": "3"})), &mut booked, "10"),
        [delta(tier(0), "2", "-10", "-20"), delta(tier(0), "3", "10", "30")]
    );
    assert_eq!(next(&price(json!({"model": "per_unit", "unit_price": "3"})), &mut booked, "10"), []);
}
