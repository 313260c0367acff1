//! What parts come to, and by how many questions.

use super::*;
use crate::insight::aggregate::Aggregation;
use crate::model::charge::{Charge, ChargeTable};
use crate::model::time::Stamp;
use serde_json::json;

fn stamp(text: &str) -> Stamp {
    Stamp::parse(text).unwrap()
}

fn charge(day: u32, currency: &str, tenant: Option<&str>, rail: &str, cost: Option<&str>) -> Charge {
    let start = stamp(&format!("2024-01-{day:02}T00:00:00Z"));
    Charge {
        billing_currency: Some(currency.to_owned()),
        charge_period_start: Some(start),
        charge_period_end: Some(start),
        effective_cost: cost.map(|cost| cost.parse().unwrap()),
        tenant_id: tenant.map(str::to_owned),
        rail: Some(rail.to_owned()),
        ..Charge::default()
    }
}

fn january() -> Interval {
    Interval::new(stamp("2024-01-01T00:00:00Z"), stamp("2024-02-01T00:00:00Z")).unwrap()
}

/// What each filter comes to, and how many questions that took.
fn spent(charges: &[Charge], filters: &[serde_json::Value], rates: &Rates) -> (Vec<Result<Spent>>, usize) {
    let filters: Vec<Filter> = filters.iter().map(|filter| Filter::from_json(filter).unwrap()).collect();
    let usd = "USD".parse().unwrap();
    let part = |filter| Part { filter, interval: january(), view: CostView::Effective, currency: usd, rates };
    let parts: Vec<Part<'_>> = filters.iter().map(part).collect();
    let spending = Spending::new(&parts);
    let table = ChargeTable::from_charges(charges);
    let answer = |question: &Question| {
        let mut aggregation = Aggregation::new(question);
        aggregation.add(&table).unwrap();
        aggregation.finish().unwrap()
    };
    let sums: Vec<Sums> = spending.questions().iter().map(answer).collect();
    (spending.finish(&sums), sums.len())
}

fn amount(spent: &Result<Spent>) -> String {
    spent.as_ref().unwrap().amount.to_string()
}

#[test]
fn parts_that_want_values_of_the_same_dimensions_share_a_question() {
    let charges = [
        charge(1, "USD", Some("a"), "pay", Some("1.5")),
        charge(2, "USD", Some("a"), "save", Some("2")),
        charge(3, "USD", Some("b"), "pay", Some("4")),
        charge(4, "USD", None, "pay", Some("8")),
        charge(5, "USD", Some("a"), "pay", None),
    ];
    let filters = [
        json!({"tenant": "a"}),
        json!({"tenant": "b"}),
        json!({"tenant": "nobody"}),
        json!({"tenant": "a"}),
        json!({"rail": "pay", "tenant": "a"}),
        json!({}),
        json!({"not": {"tenant": "a"}}),
        json!({"tenant": null}),
    ];
    let (spent, questions) = spent(&charges, &filters, &Rates::default());
    let amounts: Vec<String> = spent.iter().map(amount).collect();
    assert_eq!(amounts, ["3.5", "4", "0", "3.5", "1.5", "15.5", "12", "8"]);
    assert_eq!(questions, 5, "one for tenants, one for tenants and rails, one for all, two by themselves");
    let first = spent[0].as_ref().unwrap();
    assert_eq!((first.charges, first.unknown_costs), (3, 1));
}

#[test]
fn a_contradiction_holds_for_nothing() {
    let contradiction = json!({"not": {"any": [{"not": {"tenant": "a"}}, {"not": {"tenant": "b"}}]}});
    let charges = [charge(1, "USD", Some("a"), "pay", Some("1"))];
    let (spent, _) = spent(&charges, &[contradiction], &Rates::default());
    assert_eq!(amount(&spent[0]), "0");
    let both = Filter::All(["a", "b"].map(|tenant| Filter::equals("tenant".parse().unwrap(), tenant)).to_vec());
    assert_eq!(conjunction(&both), None);
}

#[test]
fn other_currencies_need_a_rate_and_are_rounded_once() {
    let charges = [
        charge(1, "EUR", Some("a"), "pay", Some("0.000000000000000001")),
        charge(2, "EUR", Some("a"), "pay", Some("0.000000000000000002")),
        charge(3, "USD", Some("a"), "pay", Some("1")),
        charge(3, "USD", Some("b"), "pay", Some("1")),
    ];
    let filters = [json!({"tenant": "a"}), json!({"tenant": "b"})];
    let (without, _) = spent(&charges, &filters, &Rates::default());
    let error = without[0].as_ref().unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::MixedCurrencies, Some("exchange_rates")));
    assert_eq!(amount(&without[1]), "1", "the others are not harmed");
    let rates = Rates([("EUR".parse().unwrap(), "0.333333333333333333".parse().unwrap())].into());
    let (with, _) = spent(&charges, &filters, &rates);
    assert_eq!(amount(&with[0]), "1.000000000000000001");
}
