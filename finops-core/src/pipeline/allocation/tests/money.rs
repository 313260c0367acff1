//! Splits to the last digit: decimals, signs, currencies, ratios, unknown costs.

use super::{World, alr, cc, expect, money};
use crate::model::charge::CostView;
use crate::model::money::Quantity;
use crate::pipeline::allocation::{FindingCode, LineKind};
use serde_json::{Value, json};

/// A pool of one charge, and that many centres without cost of their own.
fn pool(cost: &str, centers: usize, rule: &Value) -> World {
    let mut world = World::new(&["namespace"]);
    for number in 0..centers {
        world.center(&format!("c{number}"), &json!({"namespace": format!("n{number}")}));
    }
    world.charge(&["pool"], cost);
    let mut all = json!({"source": {"namespace": "pool"}});
    all.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    world.rule("pool", &all);
    world
}

fn weighted(weights: &[&str], decimals: u32) -> Value {
    let target = |(number, weight): (i64, &&str)| json!({"cost_center": cc(number), "weight": weight});
    let targets: Vec<Value> = (0..).zip(weights).map(target).collect();
    json!({"method": "weighted", "targets": targets, "decimals": decimals})
}

fn shares(cost: &str, weights: &[&str], decimals: u32) -> Vec<String> {
    let world = pool(cost, weights.len(), &weighted(weights, decimals));
    world.figures(&Value::Null).into_iter().map(|(_, cost)| cost).collect()
}

#[test]
fn c25_the_largest_remainder_at_the_decimals_of_the_rule() {
    assert_eq!(shares("100", &["1", "1", "1"], 2), ["33.34", "33.33", "33.33"]);
    assert_eq!(shares("100", &["1", "1", "1"], 6), ["33.333334", "33.333333", "33.333333"]);
    assert_eq!(shares("100", &["7", "11", "13", "17", "19"], 2), ["10.45", "16.42", "19.4", "25.37", "28.36"]);
    assert_eq!(shares("-250.75", &["2", "3", "5"], 2), ["-50.15", "-75.23", "-125.37"]);
    assert_eq!(shares("-250.75", &["2", "3", "5"], 6), ["-50.15", "-75.225", "-125.375"]);
    assert_eq!(shares("-100", &["0.5", "0.5"], 2), ["-50", "-50"]);
    assert_eq!(shares("42.4242", &["0.003"], 2), ["42.4242"]);
    assert_eq!(shares("0.0567", &["1", "1", "1"], 2), ["0.02", "0.02", "0.0167"]);
    assert_eq!(shares("0.01", &["100", "1"], 2), ["0.01"]);
}

#[test]
fn ratios_add_up_to_one_and_say_what_they_rest_on() {
    let allocation = pool("100", 3, &weighted(&["1", "1", "1"], 2)).run().unwrap();
    let ratios = allocation.lines().map(|line| line.ratio.unwrap());
    assert_eq!(Quantity::try_sum(ratios).unwrap(), Quantity::from_units(1));
    for line in allocation.lines() {
        assert_eq!((line.rule, line.kind, line.base), (Some(alr(0)), LineKind::Shared, Some(Quantity::from_units(1))));
    }
}

#[test]
fn c27_currencies_are_never_added() {
    let mut world = pool("0", 2, &json!({"method": "proportional"}));
    world.charges.clear();
    for (namespace, currency, cost) in [
        ("pool", "USD", "90"),
        ("pool", "EUR", "100"),
        ("pool", "JPY", "5"),
        ("n0", "USD", "1"),
        ("n1", "USD", "2"),
        ("n1", "EUR", "7"),
    ] {
        world.charge_in(&[namespace], currency, [cost; 4]);
    }
    let allocation = world.run().unwrap();
    let sum = |center: Option<i64>, currency: &str| {
        let lines = allocation.lines().filter(|line| line.center == center.map(cc) && line.currency.code() == currency);
        crate::model::money::Money::try_sum(lines.map(|line| line.costs[0])).unwrap().to_string()
    };
    assert_eq!([sum(Some(0), "USD"), sum(Some(1), "USD")], ["31", "62"]);
    assert_eq!([sum(Some(0), "EUR"), sum(Some(1), "EUR")], ["0", "107"]);
    assert_eq!(sum(None, "JPY"), "5", "nobody has cost in yen, and the fallback keeps the pool");
    assert_eq!(allocation.totals.iter().map(|total| total.currency.code()).collect::<Vec<_>>(), ["EUR", "JPY", "USD"]);
    assert_eq!(allocation.findings[0].code, FindingCode::ZeroBase);
}

#[test]
fn minor_units_of_a_currency_are_the_decimals_of_its_rule() {
    let mut world = pool("0", 3, &weighted(&["1", "1", "1"], 0));
    world.charges.clear();
    world.charge_in(&["pool"], "JPY", ["5"; 4]);
    expect(&world, &Value::Null, &[("c0", "2"), ("c1", "2"), ("c2", "1")]);
    let mut world = pool("0", 3, &weighted(&["1", "1", "1"], 3));
    world.charges.clear();
    world.charge_in(&["pool"], "KWD", ["10"; 4]);
    expect(&world, &Value::Null, &[("c0", "3.334"), ("c1", "3.333"), ("c2", "3.333")]);
}

#[test]
fn all_costs_go_by_the_weights_of_the_view() {
    let mut world = pool("0", 2, &json!({"method": "proportional"}));
    world.charges.clear();
    world.charge_in(&["pool"], "USD", ["100", "80", "0", "-10"]);
    world.charge_in(&["n0"], "USD", ["9", "1", "0", "0"]);
    world.charge_in(&["n1"], "USD", ["1", "3", "0", "0"]);
    let shared = |world: &World| {
        let allocation = world.run().unwrap();
        let lines = allocation.lines().filter(|line| line.kind == LineKind::Shared);
        lines.map(|line| line.costs).collect::<Vec<_>>()
    };
    assert_eq!(shared(&world), [["25", "20", "0", "-2.5"].map(money), ["75", "60", "0", "-7.5"].map(money)]);
    world.view = CostView::Billed;
    assert_eq!(shared(&world), [["90", "72", "0", "-9"].map(money), ["10", "8", "0", "-1"].map(money)]);
    // Nobody has any cost in that view.
    world.view = CostView::List;
    assert_eq!(shared(&world), [[crate::model::money::Money::ZERO; 4]; 0]);
}

#[test]
fn unknown_costs_are_counted_where_they_are_and_never_shared() {
    let mut world = pool("100", 2, &weighted(&["1", "3"], 18));
    world.charges[0].unknown = [0, 0, 4, 2];
    world.charge(&["n0"], "1");
    world.charges[1].unknown = [0, 1, 0, 0];
    let allocation = world.run().unwrap();
    let counted: Vec<_> = allocation.lines().filter(|line| line.unknown != [0; 4]).collect();
    assert_eq!(counted.len(), 2);
    assert_eq!((counted[0].center, counted[0].unknown), (Some(cc(0)), [0, 1, 0, 0]));
    assert_eq!((counted[1].center, counted[1].rule, counted[1].unknown), (None, Some(alr(0)), [0, 0, 4, 2]));
    assert_eq!((counted[1].kind, counted[1].costs), (LineKind::Unallocated, [money("0"); 4]));
    assert_eq!(allocation.totals[0].unknown, [0, 1, 4, 2]);
}
