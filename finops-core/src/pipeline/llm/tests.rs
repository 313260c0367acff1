//! Prices out of lists, usage out of answers, the cost of a request, and what meters and matrices make of it.

use super::litellm::{ListOptions, read};
use super::matrix::matrices;
use super::metered::{complete, meters, parts_of, properties, split};
use super::rate::rate_request;
use super::shapes::{answer, usage};
use crate::model::llm::{ModelPrice, Policy, PriceCatalog, Tier, TokenKind, TokenUsage, Unpriced};
use crate::model::money::{Currency, Money, Quantity, Rounding};
use crate::model::time::Stamp;
use crate::model::usage::UsageEvent;
use proptest::prelude::*;
use serde_json::json;

fn options() -> ListOptions {
    ListOptions::new(Currency::parse("USD").unwrap())
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn january() -> Stamp {
    Stamp::parse("2026-01-01T00:00:00Z").unwrap()
}

fn model(fields: &str) -> ModelPrice {
    read(format!("{{\"m\": {{{fields}}}}}").as_bytes(), &options()).unwrap().models["m"].clone()
}

fn refusal(text: &str) -> String {
    read(text.as_bytes(), &options()).unwrap_err().to_string()
}

const GEMINI: &str = r#""input_cost_per_token": 1.25e-06, "cache_read_input_token_cost": 6.25e-07,
    "output_cost_per_token": 1e-05"#;
const GEMINI_TIERED: &str = r#""input_cost_per_token": 1.25e-06, "cache_read_input_token_cost": 1.25e-07,
    "output_cost_per_token": 1e-05, "input_cost_per_token_above_200k_tokens": 2.5e-06,
    "cache_read_input_token_cost_above_200k_tokens": 2.5e-07, "output_cost_per_token_above_200k_tokens": 1.5e-05"#;

fn total(price: &ModelPrice, usage: TokenUsage) -> String {
    rate_request(price, &usage).unwrap().total.unwrap().to_string()
}

/// C28 of the hard cases: figures of issues of other products, worked out by hand there.
#[test]
fn cached_tokens_are_charged_once() {
    let usage = TokenUsage { cached_input: 257_955, ..TokenUsage::new(262_960, 1_744) };
    // 5,005 × 1.25 + 257,955 × 0.625 + 1,744 × 10, in millionths
    assert_eq!(total(&model(GEMINI), usage), "0.184918125");
    // 5,005 × 2.50 + 257,955 × 0.25 + 1,744 × 15
    assert_eq!(total(&model(GEMINI_TIERED), usage), "0.10316125");
    let other =
        model(r#""input_cost_per_token": 5e-7, "cache_read_input_token_cost": 5e-8, "output_cost_per_token": 3e-6"#);
    let usage = TokenUsage { cached_input: 16_298, ..TokenUsage::new(20_212, 931) };
    assert_eq!(total(&other, usage), "0.0055649");
}

#[test]
fn exactly_the_threshold_is_base_and_inclusive_where_the_provider_says_so() {
    let price = model(GEMINI_TIERED);
    assert_eq!(total(&price, TokenUsage::new(200_000, 0)), "0.25");
    assert_eq!(total(&price, TokenUsage::new(200_001, 0)), "0.5000025", "the whole request, not what is above");
    let mut options = options();
    options.inclusive.push("m".to_owned());
    let list = read(format!("{{\"m\": {{{GEMINI_TIERED}}}}}").as_bytes(), &options).unwrap();
    assert_eq!(total(&list.models["m"], TokenUsage::new(200_000, 0)), "0.5");
}

#[test]
fn more_cached_tokens_than_input_are_cut_and_said() {
    let rated = rate_request(&model(GEMINI), &TokenUsage { cached_input: 20, ..TokenUsage::new(10, 0) }).unwrap();
    assert_eq!(rated.total, Some(money("0.00000625")));
    assert_eq!((rated.adjusted[0].reported, rated.adjusted[0].counted), (20, 10));
}

#[test]
fn what_has_no_price_is_unknown_and_zero_is_a_price() {
    let rated = rate_request(&model(r#""input_cost_per_token": 0.0"#), &TokenUsage::new(9, 0)).unwrap();
    assert_eq!(rated.total, Some(Money::ZERO));
    let rated = rate_request(&model(r#""input_cost_per_token": 0.0"#), &TokenUsage::new(9, 1)).unwrap();
    assert_eq!((rated.total, rated.lines[0].amount, rated.lines[1].amount), (None, Some(Money::ZERO), None));
}

#[test]
fn a_list_is_read_from_its_digits() {
    let text = br#"{
        "sample_spec": {"input_cost_per_token": "an explanation"},
        "a": {"input_cost_per_token": 1.0000000000000001e-07, "output_cost_per_token": "4e-7", "mode": "chat",
              "output_cost_per_token_batches": 1e-7, "supports": {"deep": [{}]},
              "output_cost_per_reasoning_token": null},
        "b": {"output_cost_per_image": 0.04},
        "c": {"input_cost_per_token": 1e-6, "input_cost_per_token_cache_hit": 1e-7},
        "c": {"input_cost_per_token": 2e-6, "input_cost_per_token_cache_hit": 1e-7}
    }"#;
    let list = read(text, &options()).unwrap();
    assert_eq!(list.models.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(list.models["a"].base.own(TokenKind::Input), Some(money("0.0000001")));
    assert_eq!(list.models["a"].base.own(TokenKind::Output), Some(money("0.0000004")));
    assert_eq!(list.models["a"].base.own(TokenKind::Reasoning), None);
    assert_eq!(list.models["c"].base.own(TokenKind::Input), Some(money("0.000002")), "the last of a name");
    assert_eq!(list.models["c"].base.own(TokenKind::CachedInput), Some(money("0.0000001")));
    assert_eq!((list.not_by_token, list.repeated, list.rounded, list.left_out), (1, 1, 1, 2));
}

#[test]
fn ranges_are_tiers_for_whole_requests() {
    let price = model(
        r#""tiered_pricing": [
            {"range": [0, 32000.0], "input_cost_per_token": 1e-6, "output_cost_per_token": 5e-6},
            {"range": [32000.0, 256000], "input_cost_per_token": 2e-6, "output_cost_per_token": 9e-6}]"#,
    );
    assert_eq!(price.base.own(TokenKind::Input), Some(money("0.000001")));
    assert_eq!(price.tiers().iter().map(Tier::label).collect::<Vec<_>>(), ["above_32k"]);
    assert_eq!(total(&price, TokenUsage::new(32_000, 1)), "0.032005");
    assert_eq!(total(&price, TokenUsage::new(300_000, 1)), "0.600009", "the last range is open");
    let search = r#"{"s": {"tiered_pricing": [{"max_results_range": [0, 25], "input_cost_per_query": 0.005}]}}"#;
    let list = read(search.as_bytes(), &options()).unwrap();
    assert_eq!((list.not_by_token, list.left_out), (1, 1));
}

#[test]
fn a_wrong_price_names_the_model_and_the_field() {
    for (fields, part) in [
        (r#""input_cost_per_token": -1e-6"#, "input_cost_per_token: must not be negative"),
        (r#""input_cost_per_token": "cheap""#, "input_cost_per_token: must be a number, got \"cheap\""),
        (r#""output_cost_per_token": true"#, "output_cost_per_token: must be a number, got true"),
        (
            r#""output_cost_per_token": 2.5"#,
            "output_cost_per_token: must be at most 1, got 2.5: it is the price of one",
        ),
        (r#""output_cost_per_token": 1e-19"#, "output_cost_per_token: has more than 18 decimals and would be zero"),
        (r#""output_cost_per_token": 1e400"#, "output_cost_per_token: must be a number"),
        (r#""tiered_pricing": 1"#, "tiered_pricing: must be a list"),
        (r#""tiered_pricing": [{"range": [1, 2]}]"#, "tiered_pricing: ranges must follow one another"),
        (r#""tiered_pricing": [{"range": [0, 2]}, {"range": [3, 4]}]"#, "got 3 to 4 after 2"),
        (r#""tiered_pricing": [{"range": [0, 2.5]}]"#, "two whole numbers"),
        (
            r#""input_cost_per_token": 1, "tiered_pricing": [{"range": [0, 9], "input_cost_per_token": 0.5}]"#,
            "input_cost_per_token from 0 on has another price outside the list",
        ),
    ] {
        let message = refusal(&format!("{{\"some/model\": {{{fields}}}}}"));
        assert!(message.contains("model 'some/model'") && message.contains(part), "{message}");
    }
    assert!(refusal("[]").contains("is no JSON object of models"));
    assert!(refusal("{").contains("is no JSON object of models"));
    assert!(refusal("{} {}").contains("is no JSON object of models"));
    assert!(refusal("{\"m\": 1}").contains("model 'm': is no JSON object"));
    assert!(refusal("{\"\": {}}").contains("must have 1 to 256 bytes"));
    let deep = format!("{{\"m\": {{\"x\": {}{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(deep.as_bytes(), &options()).is_ok_and(|list| list.models.len() == 1), "nesting costs no stack");
}

#[test]
fn usage_means_the_same_whoever_says_it() {
    let wanted = TokenUsage { cached_input: 60, reasoning: 7, ..TokenUsage::new(100, 20) };
    for block in [
        json!({"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 60},
            "completion_tokens_details": {"reasoning_tokens": 7}, "total_tokens": 120}),
        json!({"prompt_tokens": 100.0, "completion_tokens": 20, "prompt_cache_hit_tokens": 60,
            "completion_tokens_details": {"reasoning_tokens": 7}, "prompt_tokens_details": null}),
        json!({"input_tokens": 100, "output_tokens": 20, "input_tokens_details": {"cached_tokens": 60},
            "output_tokens_details": {"reasoning_tokens": 7}}),
        json!({"promptTokenCount": 100, "cachedContentTokenCount": 60, "candidatesTokenCount": 13,
            "thoughtsTokenCount": 7, "totalTokenCount": 120}),
        json!({"prompt_token_count": 90, "tool_use_prompt_token_count": 10, "cached_content_token_count": 60,
            "candidates_token_count": 13, "thoughts_token_count": 7}),
    ] {
        assert_eq!(usage(&block).unwrap(), wanted, "{block}");
    }
    let anthropic = json!({"input_tokens": 10, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 25}, "output_tokens": 20});
    let wanted = TokenUsage { cached_input: 60, cache_write: 5, cache_write_long: 25, ..TokenUsage::new(100, 20) };
    assert_eq!(usage(&anthropic).unwrap(), wanted);
    let audio = json!({"promptTokenCount": 50, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20},
        {"modality": "AUDIO", "tokenCount": 30}], "totalTokenCount": 50});
    assert_eq!(usage(&audio).unwrap(), TokenUsage { audio_input: 30, ..TokenUsage::new(50, 0) });
}

#[test]
fn an_answer_says_its_id_and_model() {
    let chat = json!({"id": "msg_1", "model": "claude", "usage": {"input_tokens": 3, "output_tokens": 2}});
    let read = answer(&chat).unwrap();
    assert_eq!((read.id.as_deref(), read.model.as_deref(), read.usage.input), (Some("msg_1"), Some("claude"), 3));
    let done = json!({"type": "response.completed", "response": {"id": "resp_1", "usage": {"input_tokens": 3}}});
    assert_eq!(answer(&done).unwrap().id.as_deref(), Some("resp_1"));
    for (value, field) in [
        (json!({"id": "x"}), "usage"),
        (json!({"usage": {"tokens": 1}}), "usage"),
        (json!({"usage": {"prompt_tokens": -1}}), "usage.prompt_tokens"),
        (json!({"usage": {"prompt_tokens": 1.5}}), "usage.prompt_tokens"),
        (
            json!({"usage": {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": "x"}}}),
            "usage.prompt_tokens_details.cached_tokens",
        ),
    ] {
        assert_eq!(answer(&value).unwrap_err().field(), Some(field), "{value}");
    }
}

/// What the wrappers of the other languages are held to as well.
#[test]
fn usage_becomes_the_same_properties_in_each_language() {
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../../../tests/fixtures/llm_usage.json")).unwrap();
    assert!(cases.len() >= 12);
    for case in cases {
        let read = usage(&case["usage"]);
        match (case.get("properties"), read) {
            (Some(wanted), read) => {
                let (mut found, _) = properties("m", &read.unwrap()).unwrap();
                found.remove("model");
                assert_eq!(&json!(found), wanted, "{case}");
            }
            (None, read) => assert_eq!(read.unwrap_err().field(), case["error"].as_str(), "{case}"),
        }
    }
}

fn event(usage: &TokenUsage, time: Stamp) -> UsageEvent {
    let mut event = UsageEvent::new("e", time, TokenKind::RESOURCE, Quantity::ZERO, "t");
    event.quantity = None;
    event.properties = properties("m", usage).unwrap().0;
    event
}

#[test]
fn an_event_tells_its_tier() {
    let mut catalog = PriceCatalog::default();
    catalog.add("m", january(), model(GEMINI_TIERED)).unwrap();
    let mut long = event(&TokenUsage { cached_input: 200_000, ..TokenUsage::new(200_001, 5) }, january());
    complete(&mut long, &catalog).unwrap();
    assert_eq!(long.properties["context"], "above_200k");
    assert_eq!((long.properties["input_tokens"].as_str(), long.properties["cached_tokens"].as_str()), ("1", "200000"));
    assert_eq!(long.properties["reasoning_tokens"], "0");
    let readings = split(&long, &catalog).unwrap();
    let meters: Vec<&str> = readings.iter().map(|reading| reading.kind.meter_slug()).collect();
    assert_eq!(meters, ["llm_input_tokens", "llm_cached_tokens", "llm_output_tokens"]);
    let early = Stamp::parse("2025-01-01T00:00:00Z").unwrap();
    let early = event(&TokenUsage::new(200_001, 0), early);
    assert_eq!(split(&early, &catalog).unwrap()[0].context, "base", "no price holds yet");
    let mut wrong = early;
    wrong.properties.insert("cached_tokens".to_owned(), "-1".to_owned());
    assert_eq!(parts_of(&wrong).unwrap_err().field(), Some("properties.cached_tokens"));
    assert!(complete(&mut wrong, &catalog).is_err());
    wrong.properties.remove("model");
    assert_eq!(parts_of(&wrong).unwrap_err().field(), Some("properties.model"));
}

#[test]
fn meters_read_what_events_hold() {
    let mut set = crate::model::usage::MeterSet::default();
    for meter in meters() {
        set.create(meter).unwrap();
    }
    let policy = crate::model::usage::Policy::default();
    let mut bare = event(&TokenUsage::new(7, 0), january());
    crate::pipeline::metering::check(&bare, &set, january(), &policy).unwrap();
    bare.properties.remove("cached_tokens");
    assert!(crate::pipeline::metering::check(&bare, &set, january(), &policy).is_err());
    complete(&mut bare, &PriceCatalog::default()).unwrap();
    crate::pipeline::metering::check(&bare, &set, january(), &policy).unwrap();
    let all = meters();
    assert_eq!(all.len(), TokenKind::COUNT);
    let cached = &all[1];
    assert_eq!((cached.slug.as_str(), cached.event()), ("llm_cached_tokens", "llm_tokens"));
    assert_eq!((cached.value_property.as_deref(), cached.unit.as_str()), (Some("cached_tokens"), "token"));
    assert_eq!(cached.group_by, ["model", "context"]);
}

#[test]
fn a_matrix_of_names_takes_unknown_ones_by_the_policy() {
    let mut catalog = PriceCatalog::default();
    catalog.add("m", january(), model(GEMINI_TIERED)).unwrap();
    catalog.alias("mine", "m").unwrap();
    let all = matrices(&catalog, january(), None, &Policy::Unknown).unwrap();
    assert_eq!(all.len(), TokenKind::COUNT);
    let values: Vec<[&str; 2]> = all[0].cells.iter().map(|cell| cell.values.each_ref().map(String::as_str)).collect();
    assert_eq!(values, [["m", "above_200k"], ["m", "base"], ["mine", "above_200k"], ["mine", "base"]]);
    let names = Some(["gone", "m", "m"].as_slice());
    assert!(matrices(&catalog, january(), names, &Policy::Error).is_err());
    assert_eq!(matrices(&catalog, january(), names, &Policy::Unknown).unwrap()[0].cells.len(), 2);
    let given = Policy::Price(Box::new(model(r#""input_cost_per_token": 0.5"#)));
    let matrix = matrices(&catalog, january(), names, &given).unwrap();
    assert_eq!(matrix[0].cells[0].values, ["gone", "base"]);
    assert_eq!(matrix[0].cells[0].unit_price, money("0.5"));
    assert!(!matrix[5].cells.iter().any(|cell| cell.values[0] == "gone"), "no price for output: no cell");
    let before = Stamp::parse("2020-01-01T00:00:00Z").unwrap();
    assert!(matrices(&catalog, before, None, &Policy::Unknown).unwrap().is_empty());
    let yen = ModelPrice::new(Currency::parse("JPY").unwrap(), [(TokenKind::Input, money("1"))].into());
    catalog.add("yen", january(), yen).unwrap();
    assert!(matrices(&catalog, january(), None, &Policy::Unknown).is_err());
    assert!(catalog.look_up("none", january()).is_err_and(|why| why == Unpriced::NoSuchModel));
}

fn any_usage() -> impl Strategy<Value = TokenUsage> {
    let count = || prop_oneof![Just(0_u64), 0..1_000_u64, 199_990..200_010_u64, 0..3_000_000_u64];
    (prop::array::uniform5(count()), prop::array::uniform3(count())).prop_map(|(sent, answered)| TokenUsage {
        input: sent[0],
        cached_input: sent[1],
        cache_write: sent[2],
        cache_write_long: sent[3],
        audio_input: sent[4],
        output: answered[0],
        reasoning: answered[1],
        audio_output: answered[2],
    })
}

fn any_price() -> impl Strategy<Value = ModelPrice> {
    let prices = || {
        prop::collection::btree_map(prop::sample::select(TokenKind::ALL.to_vec()), 0..1_000_000_000_000_000_i128, 0..8)
            .prop_map(|prices| {
                let mut all = crate::model::llm::TokenPrices::default();
                for (kind, mantissa) in prices {
                    all.set(kind, Money::from_mantissa(mantissa));
                }
                all
            })
    };
    let tier = (prop::sample::select(vec![0_u64, 1, 128_000, 200_000, 1_500_000]), prices(), any::<bool>());
    (prices(), prop::collection::vec(tier, 0..4)).prop_map(|(base, tiers)| {
        let mut seen = std::collections::BTreeSet::new();
        let tiers = tiers.into_iter().filter(|tier| seen.insert(tier.0)).map(|(above, prices, inclusive)| {
            let mut tier = Tier::above(above, prices);
            tier.inclusive = inclusive;
            tier
        });
        ModelPrice::new(Currency::parse("USD").unwrap(), base).with_tiers(tiers.collect()).unwrap()
    })
}

proptest! {
    /// What meters counted, at the prices of their matrices, is what the requests cost.
    #[test]
    fn meters_and_matrices_add_up_to_the_request(price in any_price(), usage in any_usage()) {
        prop_assume!(price.is_by_token());
        let mut catalog = PriceCatalog::default();
        catalog.add("m", january(), price.clone()).unwrap();
        let rated = rate_request(&price, &usage).unwrap();
        let matrices = matrices(&catalog, january(), None, &Policy::Unknown).unwrap();
        let mut total = Some(Money::ZERO);
        for reading in split(&event(&usage, january()), &catalog).unwrap() {
            prop_assert_eq!(&reading.context, &rated.tier);
            let matrix = matrices.iter().find(|matrix| matrix.meter == reading.kind.meter_slug());
            let unit = matrix.and_then(|cells| {
                let matrix = cells.clone().into_matrix().unwrap();
                matrix.unit_price(matrix.place(&[&reading.model, &reading.context])).unwrap()
            });
            total = match (total, unit) {
                (Some(sum), Some(unit)) => {
                    let amount = unit.checked_mul(reading.quantity, Rounding::HalfEven).unwrap();
                    Some(sum.checked_add(amount).unwrap())
                }
                _ => None,
            };
        }
        prop_assert_eq!(total, rated.total);
    }

    #[test]
    fn parts_add_up_to_the_totals(usage in any_usage()) {
        let (parts, adjusted) = usage.parts().unwrap();
        prop_assert_eq!(parts.input(), usage.input);
        prop_assert_eq!(parts.counted().map(|(_, count)| count).sum::<u64>(), usage.input + usage.output);
        prop_assert!(adjusted.iter().all(|cut| cut.counted < cut.reported));
        let (_, parts_again) = parts_of(&event(&usage, january())).map(|(m, p)| (m.to_owned(), p)).unwrap();
        prop_assert_eq!(parts_again, parts);
    }
}
