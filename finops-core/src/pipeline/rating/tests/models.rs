//! Amounts of each model, for quantities around its edges.

use super::{amounts, m, next, open, price, q};
use crate::model::money::{Currency, Money};
use crate::model::price::LineRounding;
use serde_json::json;

#[test]
fn m1_graduated_with_flat_fees() {
    let price = price(json!({"model": "graduated", "tiers": [
        {"up_to": "5", "flat": "100"}, {"up_to": "10", "flat": "50"}, {"up_to": "15", "unit_price": "10"},
        {"up_to": null, "unit_price": "5"},
    ]}));
    amounts(
        &price,
        &[
            ("0", "100"),
            ("3", "100"),
            ("5", "100"),
            ("5.001", "150"),
            ("7", "150"),
            ("10", "150"),
            ("10.001", "150.01"),
            ("12", "170"),
            ("15", "200"),
            ("22", "235"),
        ],
    );
}

#[test]
fn m2_volume_with_flat_fees() {
    let price = price(json!({"model": "volume", "tiers": [
        {"up_to": "5", "flat": "100"}, {"up_to": "10", "flat": "150"}, {"up_to": "15", "unit_price": "10"},
        {"unit_price": "5"},
    ]}));
    amounts(
        &price,
        &[
            ("0", "100"),
            ("3", "100"),
            ("5", "100"),
            ("6", "150"),
            ("14", "140"),
            ("15", "150"),
            ("16", "80"),
            ("100", "500"),
        ],
    );
}

#[test]
fn a_fee_at_zero_is_a_choice() {
    for model in ["tiered", "volume"] {
        let price = price(json!({"model": model, "tiers": [{"flat": "100", "unit_price": "1"}],
            "first_tier_flat_at_zero": false}));
        amounts(&price, &[("-1", "-1"), ("0", "0"), ("0.000000000000000001", "100.000000000000000001"), ("1", "101")]);
    }
    amounts(&price(json!({"model": "flat", "unit_price": "9"})), &[("0", "9"), ("1", "9"), ("1000", "9")]);
    let used = price(json!({"model": "flat", "unit_price": "9", "first_tier_flat_at_zero": false}));
    amounts(&used, &[("0", "0"), ("1", "9")]);
}

#[test]
fn m4_packages_by_both_roundings() {
    let up = price(json!({"model": "package", "package": {"size": "10", "price": "15"}}));
    amounts(&up, &[("0", "0"), ("1", "15"), ("9", "15"), ("10", "15"), ("11", "30")]);
    let mut booked = Vec::new();
    assert_eq!(next(&up, &mut booked, "17")[0].quantity, q("2"));
    // Five more: one package more.
    assert_eq!(next(&up, &mut booked, "22")[0].quantity, q("1"));
    let down = price(json!({"model": "package", "package": {"size": "100", "price": "1", "rounding": "down"}}));
    amounts(&down, &[("50", "0"), ("250", "2"), ("-50", "-1"), ("-100", "-1")]);
    amounts(&up, &[("-5", "0"), ("-15", "-15")]);
}

#[test]
fn m5_the_number_of_packages_is_exact() {
    let price = price(json!({"model": "package", "package": {"size": "10", "price": "1"}}));
    amounts(&price, &[("20000000000000001", "2000000000000001")]);
}

#[test]
fn m6_units_are_converted_then_rounded_then_discounted() {
    let conversion = json!({"divide_by": "1000", "rounding": "up"});
    let plain = price(json!({"model": "per_unit", "unit_price": "10", "conversion": conversion}));
    amounts(&plain, &[("1400", "20")]);
    let less =
        price(json!({"model": "per_unit", "unit_price": "10", "conversion": conversion, "usage_discount": "0.5"}));
    amounts(&less, &[("1400", "15"), ("400", "5"), ("0", "0")]);
    let tiers = price(json!({"model": "tiered", "conversion": conversion,
        "tiers": [{"up_to": "5", "unit_price": "1"}, {"unit_price": "0.5"}]}));
    amounts(&tiers, &[("7400", "6.5")]);
    // 1400 and then 1300 more are 2.7 thousand, and so three: not two and two.
    let mut booked = Vec::new();
    assert_eq!(next(&plain, &mut booked, "1400")[0].quantity, q("2"));
    assert_eq!(next(&plain, &mut booked, "2700")[0].quantity, q("1"));
}

#[test]
fn units_are_rounded_from_the_exact_quotient() {
    // One digit more than three thirds; a quotient of 18 decimals would be a whole number.
    let price = price(json!({"model": "per_unit", "unit_price": "1",
        "conversion": {"divide_by": "3000000000", "rounding": "up"}}));
    amounts(&price, &[("3000000000", "1"), ("3000000000.000000000000000001", "2")]);
    let cents = super::price(json!({"model": "per_unit", "unit_price": "1",
        "conversion": {"divide_by": "3", "rounding": "down", "decimals": 2}}));
    amounts(&cents, &[("2", "0.66"), ("-2", "-0.67")]);
}

#[test]
fn m7_inclusive_tiers_with_decimal_quantities() {
    let lago = price(json!({"model": "tiered", "tiers": [
        {"up_to": "10", "unit_price": "10", "flat": "2"}, {"up_to": "20", "unit_price": "5", "flat": "3"},
        {"unit_price": "5", "flat": "3"},
    ]}));
    amounts(
        &lago,
        &[
            ("0", "2"),
            ("1", "12"),
            ("10", "102"),
            ("11", "110"),
            ("12", "115"),
            ("21", "163"),
            ("10.5", "107.5"),
            ("20.25", "159.25"),
        ],
    );
    let decimal = price(json!({"model": "tiered", "tiers": [
        {"up_to": "0.1", "unit_price": "10"}, {"up_to": "1", "unit_price": "5"}, {"unit_price": "2"},
    ]}));
    amounts(&decimal, &[("0.05", "0.5"), ("0.1", "1"), ("0.5", "3.0"), ("1", "5.5"), ("2", "7.5")]);
}

#[test]
fn percentages_of_a_metered_amount() {
    let price = price(json!({"model": "percentage", "percentage": {"percent": "2.9", "flat": "0.30"},
        "first_tier_flat_at_zero": false, "rounding": "currency"}));
    amounts(&price, &[("0", "0"), ("100", "3.20"), ("33.33", "1.27")]);
    let tiny = super::price(json!({"model": "percentage", "percentage": {"percent": "0.0000000000000001"}}));
    amounts(&tiny, &[("3", "0.000000000000000003")]);
}

#[test]
fn m12_lines_are_rounded_once_as_their_price_says() {
    let rounded = |currency: &str, amount: &str| {
        let price = price(json!({"model": "per_unit", "unit_price": amount, "currency": currency,
            "rounding": "currency"}));
        open(&price, "1").amount
    };
    for (currency, amount, wanted) in [
        ("USD", "10.275", "10.28"),
        ("GBP", "0.005", "0.01"),
        ("GBP", "0.004", "0"),
        ("JPY", "1023.5", "1024"),
        ("KWD", "1.2345", "1.235"),
        ("KWD", "1.2344", "1.234"),
    ] {
        assert_eq!(rounded(currency, amount), m(wanted), "{amount} {currency}");
    }
    let sum = |currency, amounts: [&str; 3]| Money::try_sum(amounts.map(|amount| rounded(currency, amount))).unwrap();
    assert_eq!(sum("USD", ["10.333333"; 3]), m("30.99"));
    assert_eq!(sum("JPY", ["100.4", "200.5", "300.6"]), m("602"));
    // A charge and what is given back of it: two lines of cents, or one exact sum. The price says which.
    let part = |quantity: &str, rounding: serde_json::Value| {
        let price = price(json!({"model": "per_unit", "unit_price": "33.333333333333333333", "rounding": rounding}));
        open(&price, quantity).amount
    };
    let separately = part("2", json!("currency")).checked_add(part("-1", json!("currency"))).unwrap();
    assert_eq!(separately, m("33.34"));
    let together = part("2", json!("exact")).checked_add(part("-1", json!("exact"))).unwrap();
    assert_eq!(together.round(2, crate::model::money::Rounding::HalfUp).unwrap(), m("33.33"));
    assert_eq!(LineRounding::Currency.resolve(Currency::parse("JPY").unwrap()).0, 0);
}

#[test]
fn m28_many_small_units_are_exact() {
    amounts(&price(json!({"model": "per_unit", "unit_price": "0.000001"})), &[("1000000", "1")]);
    amounts(&price(json!({"model": "per_unit", "unit_price": "1"})), &[("25", "25")]);
}

#[test]
fn included_units_are_free_in_each_period() {
    let price = price(json!({"model": "tiered", "included": "100",
        "tiers": [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}]}));
    amounts(&price, &[("0", "0"), ("100", "0"), ("101", "1"), ("112", "11"), ("-3", "-3")]);
}

#[test]
fn parts_of_a_rounded_line_are_rounded_with_it() {
    let price = price(json!({"model": "tiered", "rounding": {"decimals": 2, "mode": "half_up"}, "tiers": [
        {"up_to": "1", "unit_price": "0.333"}, {"up_to": "2", "unit_price": "0.333"}, {"unit_price": "0.334"},
    ]}));
    let rated = open(&price, "3");
    let parts: Vec<String> = rated.parts.iter().map(|part| part.amount.to_string()).collect();
    assert_eq!((rated.amount, parts.join(" ").as_str()), (m("1"), "0.33 0.33 0.34"));
    assert_eq!(
        rated.path(),
        "3 metered: 0.33 (tier 1, above 0 to 1) + 0.33 (tier 2, above 1 to 2) + 0.34 (tier 3, above 2) = 1 USD"
    );
}

#[test]
fn what_does_not_fit_is_an_error() {
    let price = price(json!({"model": "per_unit", "unit_price": "100000000000000000000"}));
    let error = super::rate(&price, q("100000000000000000000"), super::PeriodState::Open).unwrap_err();
    assert_eq!(error.code(), crate::ErrorCode::Overflow);
}
