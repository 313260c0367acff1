//! Tokens of a request, prices by kind and tier, and the catalogue.

use super::*;
use crate::ErrorCode;
use crate::model::money::{Currency, Money};
use crate::model::time::Stamp;

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn day(text: &str) -> Stamp {
    Stamp::parse(&format!("{text}T00:00:00Z")).unwrap()
}

fn flat(input: &str) -> ModelPrice {
    ModelPrice::new(usd(), [(TokenKind::Input, money(input))].into())
}

#[test]
fn a_part_is_never_more_than_what_its_total_has_left() {
    let usage = TokenUsage { cached_input: 150, cache_write: 7, reasoning: 30, ..TokenUsage::new(100, 20) };
    let (parts, adjusted) = usage.parts().unwrap();
    assert_eq!(
        parts.counted().collect::<Vec<_>>(),
        [(TokenKind::CachedInput, 100), (TokenKind::Reasoning, 20)],
        "input and output are used up"
    );
    let shown: Vec<String> = adjusted.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "150 cached_input tokens are more than the total has left: 100 are counted",
            "7 cache_write tokens are more than the total has left: 0 are counted",
            "30 reasoning tokens are more than the total has left: 20 are counted",
        ]
    );
    let error = TokenUsage::new(TokenUsage::MAX_TOKENS + 1, 0).parts().unwrap_err();
    assert_eq!(error.field(), Some("input"));
}

#[test]
fn a_kind_without_a_price_of_its_own_is_never_free() {
    let base = [(TokenKind::Input, money("3")), (TokenKind::CacheWrite, money("4")), (TokenKind::Output, money("15"))];
    let tier = Tier::above(200_000, [(TokenKind::Input, money("6"))].into());
    let price = ModelPrice::new(usd(), base.into()).with_tiers(vec![tier]).unwrap();
    let unit = |kind, input| price.unit_price(kind, price.tier(input)).map(|unit| (unit.price, unit.priced_as));
    assert_eq!(unit(TokenKind::CachedInput, 1), Some((money("3"), TokenKind::Input)));
    assert_eq!(unit(TokenKind::CachedInput, 200_001), Some((money("6"), TokenKind::Input)), "that of the tier");
    assert_eq!(unit(TokenKind::CacheWriteLong, 1), Some((money("4"), TokenKind::CacheWrite)));
    assert_eq!(unit(TokenKind::CacheWrite, 200_001), Some((money("4"), TokenKind::CacheWrite)), "the tier has none");
    assert_eq!(unit(TokenKind::Reasoning, 1), Some((money("15"), TokenKind::Output)));
    assert_eq!(flat("1").unit_price(TokenKind::Output, None), None, "unknown");
}

#[test]
fn a_tier_begins_above_its_threshold_unless_it_says_otherwise() {
    let mut inclusive = Tier::above(200_000, TokenPrices::default());
    let exclusive = flat("1").with_tiers(vec![inclusive.clone(), Tier::above(32_000, TokenPrices::default())]).unwrap();
    let contexts = |price: &ModelPrice| [32_000, 32_001, 200_000, 200_001].map(|input| price.context(input));
    assert_eq!(contexts(&exclusive), ["base", "above_32k", "above_32k", "above_200k"]);
    inclusive.inclusive = true;
    let price = flat("1").with_tiers(vec![inclusive.clone()]).unwrap();
    assert_eq!(contexts(&price), ["base", "base", "from_200k", "from_200k"]);
    assert_eq!(Tier::above(1_500, TokenPrices::default()).label(), "above_1500");
    assert!(flat("1").with_tiers(vec![inclusive.clone(), inclusive]).is_err());
}

#[test]
fn prices_are_chosen_by_the_time_of_use_and_never_change() {
    let mut catalog = PriceCatalog::default();
    assert!(catalog.add("m", day("2026-03-01"), flat("0.3")).unwrap());
    assert!(catalog.add("m", day("2026-01-01"), flat("0.1")).unwrap(), "in any order");
    assert!(!catalog.add("m", day("2026-01-01"), flat("0.1")).unwrap(), "again");
    let input = |catalog: &PriceCatalog, at: &str| {
        catalog.look_up("m", day(at)).map(|price| price.base.own(TokenKind::Input).unwrap())
    };
    assert_eq!(input(&catalog, "2025-12-31"), Err(Unpriced::NotYet));
    assert_eq!(input(&catalog, "2026-02-28"), Ok(money("0.1")));
    assert_eq!(input(&catalog, "2026-03-01"), Ok(money("0.3")));
    assert!(catalog.add("m", day("2026-01-01"), flat("0.2")).unwrap(), "a correction is a revision");
    assert_eq!(input(&catalog, "2026-02-28"), Ok(money("0.2")));
    let versions: Vec<(Stamp, u32)> = catalog.versions("m").iter().map(|v| (v.effective_from, v.revision)).collect();
    assert_eq!(versions, [(day("2026-01-01"), 1), (day("2026-01-01"), 2), (day("2026-03-01"), 1)]);
    assert_eq!(catalog.instants(), [day("2026-01-01"), day("2026-03-01")]);
}

#[test]
fn names_are_exact_and_aliases_declared() {
    let mut catalog = PriceCatalog::default();
    let january = day("2026-01-01");
    catalog.add("openai/gpt-5", january, flat("0.1")).unwrap();
    assert_eq!(catalog.look_up("gpt-5", january), Err(Unpriced::NoSuchModel), "no guessing");
    assert_eq!(catalog.alias("gpt-5", "gpt-6").unwrap_err().code(), ErrorCode::NotFound);
    catalog.alias("gpt-5", "openai/gpt-5").unwrap();
    assert_eq!(catalog.look_up("gpt-5", january), Ok(&flat("0.1")));
    catalog.add("gpt-5", day("2026-02-01"), flat("0.2")).unwrap();
    assert_eq!(catalog.look_up("gpt-5", january), Ok(&flat("0.1")), "until its own price holds");
    assert_eq!(catalog.look_up("gpt-5", day("2026-02-01")), Ok(&flat("0.2")));
    assert_eq!(catalog.names().collect::<Vec<_>>(), ["gpt-5", "openai/gpt-5"]);
}

#[test]
fn an_alias_of_before_that_cannot_hold_means_nothing() {
    let mut catalog = PriceCatalog::default();
    let january = day("2026-01-01");
    catalog.add("fast", january, flat("0.1")).unwrap();
    catalog.add("slow", january, flat("0.2")).unwrap();
    assert_eq!(catalog.alias("fast", "slow").unwrap_err().field(), Some("alias"));
    assert!(catalog.declare("fast", "slow").unwrap());
    assert_eq!(catalog.look_up("fast", january), Ok(&flat("0.1")), "its own price goes first");
    assert!(!catalog.declare("mine", "gone").unwrap());
    assert_eq!((catalog.meaning("mine"), catalog.look_up("mine", january)), (None, Err(Unpriced::NoSuchModel)));
    assert_eq!(catalog.declare(" ", "slow").unwrap_err().field(), Some("model"));
}

#[test]
fn an_unknown_model_is_an_error_or_what_the_policy_says_and_zero_is_a_price() {
    let mut catalog = PriceCatalog::default();
    let january = day("2026-01-01");
    catalog.add("free", january, flat("0")).unwrap();
    catalog.add("painter", january, ModelPrice::new(usd(), TokenPrices::default())).unwrap();
    assert_eq!(catalog.find("free", january, &Policy::Error).unwrap(), Found::Price(&flat("0")));
    let error = catalog.find("gone", january, &Policy::Error).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::NotFound, Some("model")));
    assert!(catalog.find("painter", january, &Policy::Error).unwrap_err().message().contains("no price for tokens"));
    assert_eq!(catalog.find("gone", january, &Policy::Unknown).unwrap(), Found::Unknown(Unpriced::NoSuchModel));
    let given = Policy::Price(Box::new(flat("7")));
    assert_eq!(catalog.find("gone", january, &given).unwrap(), Found::Price(&flat("7")));
    let mut unpriced = UnpricedModels::default();
    unpriced.count("gone");
    unpriced.count("gone");
    assert_eq!((unpriced.requests["gone"], unpriced.others), (2, 0));
}

#[test]
fn a_list_is_added_whole_or_not_at_all() {
    let mut catalog = PriceCatalog::default();
    let january = day("2026-01-01");
    let bad = catalog.add_all(january, [("a", flat("1")), ("b", flat("-1"))]);
    assert!(bad.unwrap_err().to_string().contains("'b': input: must not be negative"));
    assert!(catalog.is_empty());
    assert_eq!(catalog.add_all(january, [("a", flat("1")), ("b", flat("2"))]).unwrap(), 2);
    assert_eq!(catalog.add_all(january, [("a", flat("1")), ("b", flat("3"))]).unwrap(), 1);
    assert!(catalog.add(" ", january, flat("1")).is_err());
    assert!(catalog.add(&"x".repeat(257), january, flat("1")).is_err());
}

#[test]
fn a_price_comes_back_from_json_with_its_tiers_in_order() {
    let tiers = vec![Tier::above(2, flat("3").base), Tier::above(1, flat("2").base)];
    let price = flat("1").with_tiers(tiers).unwrap();
    let text = serde_json::to_string(&price).unwrap();
    assert_eq!(serde_json::from_str::<ModelPrice>(&text).unwrap(), price);
    let twice = text.replace("\"above\":1", "\"above\":2");
    assert!(serde_json::from_str::<ModelPrice>(&twice).unwrap_err().to_string().contains("two begin at 2"));
}
