//! Price lists in LiteLLM's format: a JSON object of models, each an object with prices of one token.
//!
//! Numbers are read from their digits, never through a double, and kept to 18 decimals; what has more is rounded half
//! to even and counted. Fields that are not prices of tokens are passed over; those that speak of cost are counted.

use super::fields::{Field, field};
use crate::model::llm::{ModelPrice, PriceCatalog, Tier, TokenKind, TokenPrices};
use crate::model::money::{Currency, Money};
use crate::{Error, Result};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The entry of LiteLLM's file that explains the fields. It is no model.
const SAMPLE: &str = "sample_spec";

/// How a list is read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOptions {
    /// What the prices are in.
    pub currency: Currency,
    /// A higher price of a token is refused: it will have been meant for a million.
    pub unit_price_max: Money,
    /// The models whose tiers begin at exactly the number of tokens that they name.
    pub inclusive: Vec<String>,
}

impl ListOptions {
    /// Prices in a currency, of at most 1 a token, in tiers that begin above the number that they name.
    pub fn new(currency: Currency) -> Self {
        Self { currency, unit_price_max: Money::from_units(1), inclusive: Vec::new() }
    }
}

/// What a list says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceList {
    /// Every model by its name, those without a price for tokens too.
    pub models: BTreeMap<String, ModelPrice>,
    /// How many models have no price for tokens.
    pub not_by_token: usize,
    /// Names that occur again: the last one counts.
    pub repeated: usize,
    /// Prices that had more than 18 decimals.
    pub rounded: usize,
    /// Fields about cost that are not prices of tokens and were left out, over all models.
    pub left_out: usize,
}

/// Lists of more bytes are refused: 64 MiB.
pub const MAX_BYTES: usize = 64 << 20;

/// Reads a list.
///
/// ```
/// use finops_core::model::llm::TokenKind;
/// use finops_core::model::money::Currency;
/// use finops_core::pipeline::llm::litellm::{ListOptions, read};
///
/// let text = br#"{"m": {"input_cost_per_token": 1.25e-06, "output_cost_per_token": 0.00001, "mode": "chat"}}"#;
/// let list = read(text, &ListOptions::new(Currency::parse("USD")?))?;
/// assert_eq!(list.models["m"].base.own(TokenKind::Input), Some("0.00000125".parse()?));
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `invalid_argument` for what is no such list, naming the model and the field where there is one.
pub fn read(bytes: &[u8], options: &ListOptions) -> Result<PriceList> {
    if bytes.len() > MAX_BYTES {
        return Err(refused(format!("must have at most {MAX_BYTES} bytes, got {}", bytes.len())));
    }
    let mut list = PriceList::default();
    for (name, body) in entries(bytes).map_err(|error| refused(format!("is no JSON object of models: {error}")))? {
        if name == SAMPLE {
            continue;
        }
        if name.trim().is_empty() || name.len() > PriceCatalog::MAX_NAME_BYTES {
            let shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
            return Err(refused(format!("the name '{shown}' must have 1 to {} bytes", PriceCatalog::MAX_NAME_BYTES)));
        }
        let price = model(&name, body, options, &mut list)?;
        list.not_by_token += usize::from(!price.is_by_token());
        if let Some(before) = list.models.insert(name, price) {
            list.repeated += 1;
            list.not_by_token -= usize::from(!before.is_by_token());
        }
        if list.models.len() > PriceCatalog::MAX_MODELS {
            return Err(refused(format!("must be at most {} models", PriceCatalog::MAX_MODELS)));
        }
    }
    Ok(list)
}

fn refused(message: String) -> Error {
    Error::invalid("prices", message)
}

/// A price in the making: tiers by what they are above.
#[derive(Default)]
struct Draft {
    base: TokenPrices,
    tiers: BTreeMap<u64, TokenPrices>,
}

impl Draft {
    fn at(&mut self, above: Option<u64>) -> &mut TokenPrices {
        match above {
            Some(above) => self.tiers.entry(above).or_default(),
            None => &mut self.base,
        }
    }
}

fn model(name: &str, body: &RawValue, options: &ListOptions, list: &mut PriceList) -> Result<ModelPrice> {
    let fields = entries(body.get().as_bytes())
        .map_err(|error| refused(format!("model '{name}': is no JSON object: {error}")))?;
    let (mut draft, mut cache_hit, mut ranges) = (Draft::default(), None, None);
    for (key, value) in &fields {
        match field(key) {
            Field::Price { kind, above } => {
                if let Some(price) = price(name, key, value, options, list)? {
                    draft.at(above).set(kind, price);
                }
            }
            Field::CacheHit => cache_hit = price(name, key, value, options, list)?,
            Field::Ranges => ranges = Some(*value),
            Field::Extra => list.left_out += 1,
            Field::Other => {}
        }
    }
    if let (Some(price), None) = (cache_hit, draft.base.own(TokenKind::CachedInput)) {
        draft.base.set(TokenKind::CachedInput, price);
    }
    if let Some(value) = ranges {
        read_ranges(name, value, options, list, &mut draft)?;
    }
    let inclusive = options.inclusive.iter().any(|other| other == name);
    let tiers = draft.tiers.into_iter().map(|(above, prices)| {
        let mut tier = Tier::above(above, prices);
        tier.inclusive = inclusive;
        tier
    });
    ModelPrice::new(options.currency, draft.base)
        .with_tiers(tiers.collect())
        .map_err(|error| refused(format!("model '{name}': {error}")))
}

/// Ranges of input tokens, each with prices for whole requests. Others, such as numbers of results, are left out.
fn read_ranges(
    model: &str,
    value: &RawValue,
    options: &ListOptions,
    list: &mut PriceList,
    draft: &mut Draft,
) -> Result<()> {
    const FIELD: &str = "tiered_pricing";
    let wrong = |message: &str| refused(format!("model '{model}': {FIELD}: {message}"));
    let ranges: Vec<&RawValue> =
        serde_json::from_str(value.get()).map_err(|_| wrong("must be a list of ranges with prices"))?;
    let mut end = 0;
    for range in ranges {
        let fields = entries(range.get().as_bytes()).map_err(|_| wrong("must be a list of objects"))?;
        let Some((_, bounds)) = fields.iter().find(|(key, _)| key == "range") else {
            list.left_out += 1;
            continue;
        };
        let (from, to) = bounds_of(bounds).ok_or_else(|| wrong("a range must be two whole numbers, such as [0, 1]"))?;
        if from != end || to <= from {
            return Err(wrong(&format!("ranges must follow one another from 0 on, got {from} to {to} after {end}")));
        }
        end = to;
        for (key, value) in &fields {
            match field(key) {
                Field::Price { kind, above: None } => {
                    let Some(price) = price(model, key, value, options, list)? else { continue };
                    let before = draft.at((from > 0).then_some(from)).set(kind, price);
                    if before.is_some_and(|before| before != price) {
                        return Err(wrong(&format!("{key} from {from} on has another price outside the list")));
                    }
                }
                Field::Other => {}
                _ => list.left_out += 1,
            }
        }
    }
    Ok(())
}

/// `[0, 256000.0]`: a double in the file, a whole number all the same.
fn bounds_of(value: &RawValue) -> Option<(u64, u64)> {
    let [from, to]: [&RawValue; 2] = serde_json::from_str(value.get()).ok()?;
    let whole = |text: &RawValue| -> Option<u64> {
        let number: Money = text.get().parse().ok()?;
        let units = number.mantissa() / Money::from_units(1).mantissa();
        let units = u64::try_from(units).ok()?;
        (Money::from_units(i64::try_from(units).ok()?) == number).then_some(units)
    };
    Some((whole(from)?, whole(to)?))
}

/// A price of one token; none where the list says null.
fn price(
    model: &str,
    key: &str,
    value: &RawValue,
    options: &ListOptions,
    list: &mut PriceList,
) -> Result<Option<Money>> {
    let text = value.get();
    let wrong = |message: String| refused(format!("model '{model}': {key}: {message}"));
    if text == "null" {
        return Ok(None);
    }
    let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let parsed = Money::parse(digits)
        .map_err(|_| wrong(format!("must be a number, got {}", text.chars().take(40).collect::<String>())))?;
    if parsed.value.is_negative() {
        return Err(wrong(format!("must not be negative, got {}", parsed.value)));
    }
    // What is not zero must not become zero.
    if parsed.rounded && parsed.value.is_zero() {
        return Err(wrong(format!("has more than 18 decimals and would be zero, got {digits}")));
    }
    if parsed.value > options.unit_price_max {
        let most = options.unit_price_max;
        return Err(wrong(format!("must be at most {most}, got {}: it is the price of one token", parsed.value)));
    }
    list.rounded += usize::from(parsed.rounded);
    Ok(Some(parsed.value))
}

/// The members of a JSON object in their order, their values as text.
fn entries(bytes: &[u8]) -> serde_json::Result<Vec<(String, &RawValue)>> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let entries = deserializer.deserialize_map(Entries)?;
    deserializer.end()?;
    Ok(entries)
}
