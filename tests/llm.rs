//! Prices of language models: the whole list that `LiteLLM` publishes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

use finops_core::Finops;
use finops_core::model::llm::{Found, Policy, PriceCatalog, TokenKind, TokenUsage};
use finops_core::model::money::{Currency, Money, Quantity, Rounding};
use finops_core::model::time::Stamp;
use finops_core::pipeline::llm::litellm::{ListOptions, PriceList, read};
use finops_core::pipeline::llm::matrix::matrices;
use finops_core::pipeline::llm::rate::rate_request;
use finops_tests::support::data;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

fn list() -> Option<(PriceList, Map<String, Value>)> {
    let bytes = std::fs::read(data("litellm_prices.json")?).unwrap();
    let list = read(&bytes, &ListOptions::new(Currency::parse("USD").unwrap())).unwrap();
    let Value::Object(mut plain) = serde_json::from_slice(&bytes).unwrap() else { panic!("no object") };
    plain.remove("sample_spec");
    Some((list, plain))
}

/// The number as JSON prints it, to 18 decimals.
fn number(value: &Value) -> Option<Money> {
    value.as_number().map(|number| Money::parse(&number.to_string()).unwrap().value)
}

#[test]
fn every_model_of_the_list_is_read() {
    let Some((list, plain)) = list() else { return };
    assert_eq!(list.models.len(), plain.len());
    assert!(list.models.len() > 4_000, "{}", list.models.len());
    let mut by_token = 0;
    for (name, fields) in &plain {
        let price = &list.models[name];
        for (field, kind) in [
            ("input_cost_per_token", TokenKind::Input),
            ("cache_read_input_token_cost", TokenKind::CachedInput),
            ("output_cost_per_token", TokenKind::Output),
            ("output_cost_per_reasoning_token", TokenKind::Reasoning),
        ] {
            if let Some(wanted) = fields.get(field).and_then(number) {
                assert_eq!(price.base.own(kind), Some(wanted), "{name} {field}");
            }
        }
        for (field, value) in fields.as_object().unwrap() {
            let Some(tier) = field.strip_prefix("input_cost_per_token_above_") else { continue };
            let Some(thousands) = tier.strip_suffix("k_tokens") else { continue };
            let above = thousands.parse::<u64>().unwrap() * 1_000;
            let tier = price.tier(above + 1).unwrap_or_else(|| panic!("{name} has no tier above {above}"));
            assert_eq!((tier.above, tier.prices.own(TokenKind::Input)), (above, number(value)), "{name}");
            assert_ne!(price.tier(above), Some(tier), "{name}: exactly so many are below it");
        }
        by_token += usize::from(price.is_by_token());
    }
    assert_eq!(by_token + list.not_by_token, plain.len());
    assert!(by_token > 3_000 && list.not_by_token > 300, "{by_token} {}", list.not_by_token);
}

#[test]
fn the_matrices_of_the_whole_list_agree_with_each_request() {
    let Some((list, _)) = list() else { return };
    let from = Stamp::parse("2026-01-01T00:00:00Z").unwrap();
    let mut catalog = PriceCatalog::default();
    let count = list.models.len();
    assert_eq!(catalog.add_all(from, list.models.clone()).unwrap(), count);
    assert_eq!(catalog.add_all(from, list.models).unwrap(), 0, "again");
    let matrices = matrices(&catalog, from, None, &Policy::Unknown).unwrap();
    let cells: HashMap<(&str, &str, &str), Money> = matrices
        .iter()
        .flat_map(|matrix| matrix.cells.iter().map(|cell| (matrix.meter, cell)))
        .map(|(meter, cell)| ((meter, cell.values[0].as_str(), cell.values[1].as_str()), cell.unit_price))
        .collect();
    for name in catalog.names() {
        let Found::Price(price) = catalog.find(name, from, &Policy::Unknown).unwrap() else { continue };
        for input in [1_000, 33_000, 128_000, 200_000, 200_001, 300_000, 600_000] {
            let usage = TokenUsage { cached_input: 700, reasoning: 20, ..TokenUsage::new(input, 100) };
            let rated = rate_request(price, &usage).unwrap();
            let amounts: Option<Vec<Money>> = usage
                .parts()
                .unwrap()
                .0
                .counted()
                .map(|(kind, tokens)| {
                    let unit = cells.get(&(kind.meter_slug(), name, rated.tier.as_str()))?;
                    let tokens = Quantity::from_units(i64::try_from(tokens).unwrap());
                    Some(unit.checked_mul(tokens, Rounding::HalfEven).unwrap())
                })
                .collect();
            assert_eq!(amounts.map(|amounts| Money::try_sum(amounts).unwrap()), rated.total, "{name} {input}");
        }
    }
}

/// A list of one model, as the engine reads it.
fn file(folder: &tempfile::TempDir, name: &str, price: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, format!("{{\"m\": {{\"input_cost_per_token\": {price}, \"mode\": \"chat\"}}}}")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn call(finops: &Finops, name: &str, params: &Value) -> Value {
    let answer = finops.call(name, params.clone(), &()).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::to_value(answer).unwrap()
}

fn delete(finops: &Finops) {
    for price in call(finops, "prices.list", &json!({}))["items"].as_array().unwrap() {
        call(finops, "prices.delete", &json!({"id": price["id"]}));
    }
}

#[test]
fn a_list_that_is_loaded_again_prices_what_was_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open_with(":memory:", json!({"now": "2024-03-10T00:00:00Z"})).unwrap();
    let cost = || call(&finops, "get_cost_summary", &json!({"period": "2024-03"}))["total_cost"].clone();
    let versions = || call(&finops, "prices.list", &json!({"revisions": true}))["count"].clone();
    let list = json!({"path": file(&folder, "m.json", "0.01"), "effective_from": "2024-03-01T00:00:00Z"});
    call(&finops, "llm.load_prices", &list);
    let event = json!({"id": "1", "resource": "llm_tokens", "tenant_id": "t", "time": "2024-03-05T00:00:00Z",
        "properties": {"model": "m", "input_tokens": 100}});
    call(&finops, "record_usage", &json!({"events": event}));
    assert_eq!(cost(), "1");
    let before = versions();
    call(&finops, "llm.load_prices", &list);
    assert_eq!(versions(), before, "nothing changed");
    delete(&finops);
    assert_eq!(cost(), "0");
    call(&finops, "llm.load_prices", &list);
    assert_eq!(cost(), "1");
}

#[test]
fn a_list_in_the_wrong_currency_is_taken_back_by_deleting_its_prices() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open_with(":memory:", json!({"now": "2024-03-10T00:00:00Z"})).unwrap();
    let mut list = json!({"path": file(&folder, "m.json", "0.01"), "effective_from": "2024-03-01T00:00:00Z"});
    call(&finops, "llm.load_prices", &list);
    list["currency"] = "EUR".into();
    let error = finops.call("llm.load_prices", list.clone(), &()).unwrap_err();
    assert_eq!((error.code().as_str(), error.field()), ("mixed_currencies", Some("currency")));
    delete(&finops);
    call(&finops, "llm.load_prices", &list);
    let event = json!({"id": "1", "resource": "llm_tokens", "tenant_id": "t", "time": "2024-03-05T00:00:00Z",
        "properties": {"model": "m", "input_tokens": 100}});
    call(&finops, "record_usage", &json!({"events": event}));
    let cost = call(&finops, "get_cost_summary", &json!({"period": "2024-03"}));
    assert_eq!((&cost["total_cost"], &cost["currency"]), (&json!("1"), &json!("EUR")));
}
