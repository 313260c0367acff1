//! Prices of language models: the whole list that `LiteLLM` publishes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

use finops_core::model::llm::{Found, Policy, PriceCatalog, TokenKind, TokenUsage};
use finops_core::model::money::{Currency, Money, Quantity, Rounding};
use finops_core::model::time::Stamp;
use finops_core::pipeline::llm::litellm::{ListOptions, PriceList, read};
use finops_core::pipeline::llm::matrix::matrices;
use finops_core::pipeline::llm::rate::rate_request;
use finops_tests::support::data;
use serde_json::{Map, Value};
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
