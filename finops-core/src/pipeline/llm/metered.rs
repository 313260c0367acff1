//! Between a request and the meters: its usage as properties of an event, and the event as readings of meters.

use super::rate::quantity;
use crate::model::llm::{Adjustment, ModelPrice, PriceCatalog, TokenKind, TokenParts, TokenUsage};
use crate::model::money::Quantity;
use crate::model::usage::{Meter, UsageEvent};
use crate::{Error, Result};
use std::collections::BTreeMap;

const MODEL: &str = TokenKind::DIMENSIONS[0];
const CONTEXT: &str = TokenKind::DIMENSIONS[1];

/// The property that names the parts which had to be cut.
const ADJUSTED: &str = "adjusted";

/// What an event adds to a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The kind, which names the meter.
    pub kind: TokenKind,
    /// How many tokens, 1 or more.
    pub quantity: Quantity,
    /// The model, as the event names it.
    pub model: String,
    /// The tier of the request.
    pub context: String,
}

/// The built-in meters of tokens, one for each kind.
pub fn meters() -> Vec<Meter> {
    TokenKind::ALL.into_iter().map(TokenKind::meter).collect()
}

/// The properties of an event that says what a request used, each kind of token with its count, and the parts that had
/// to be cut, which `adjusted` names in the event.
///
/// # Errors
/// `invalid_argument` for more tokens than a request can have.
pub fn properties(model: &str, usage: &TokenUsage) -> Result<(BTreeMap<String, String>, Vec<Adjustment>)> {
    let (parts, adjusted) = usage.parts()?;
    // Zeros too: a meter refuses an event that does not have its property.
    let counts = TokenKind::ALL.into_iter().map(|kind| (kind.property().to_owned(), parts.of(kind).to_string()));
    let mut properties: BTreeMap<String, String> = counts.collect();
    properties.insert(MODEL.to_owned(), model.to_owned());
    if !adjusted.is_empty() {
        let kinds: Vec<&str> = adjusted.iter().map(|cut| cut.kind.as_str()).collect();
        properties.insert(ADJUSTED.to_owned(), kinds.join(","));
    }
    Ok((properties, adjusted))
}

/// The model and the tokens of an event of `llm_tokens`.
///
/// # Errors
/// `invalid_argument` naming the property that is missing, or no whole number of 0 or more.
pub fn parts_of(event: &UsageEvent) -> Result<(&str, TokenParts)> {
    let field = |property: &str| format!("properties.{property}");
    let model = event.properties.get(MODEL).map(String::as_str).filter(|model| !model.trim().is_empty());
    let model = model.ok_or_else(|| Error::invalid(field(MODEL), "name the model that answered"))?;
    let mut parts = TokenParts::default();
    for kind in TokenKind::ALL {
        let property = kind.property();
        let Some(text) = event.properties.get(property) else { continue };
        let whole = text.parse::<u64>().ok().filter(|count| *count <= TokenUsage::MAX_TOKENS);
        let count = whole.ok_or_else(|| {
            let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
            let most = TokenUsage::MAX_TOKENS;
            Error::invalid(field(property), format!("must be a whole number of 0 to {most}, got '{shown}'"))
        })?;
        parts.set(kind, count);
    }
    Ok((model, parts))
}

/// The tier that an event of `llm_tokens` is in: what it says itself, else what the catalogue says of its model at its
/// time. Without a price it is in the base, where no price is found for it either.
///
/// # Errors
/// As for [`parts_of`].
pub fn context_of(event: &UsageEvent, catalog: &PriceCatalog) -> Result<String> {
    let (model, parts) = parts_of(event)?;
    if let Some(given) = event.properties.get(CONTEXT) {
        return Ok(given.clone());
    }
    let price = catalog.look_up(model, event.time).ok();
    Ok(price.map_or_else(|| ModelPrice::BASE.to_owned(), |price| price.context(parts.input())))
}

/// Completes an event of `llm_tokens` for its meters: with its tier, and with zero for each kind of token that it does
/// not name. Other events, and what an event says itself, stay as they are.
///
/// # Errors
/// As for [`parts_of`]; the event is then as it was.
pub fn complete(event: &mut UsageEvent, catalog: &PriceCatalog) -> Result<()> {
    if event.resource != TokenKind::RESOURCE {
        return Ok(());
    }
    let context = context_of(event, catalog)?;
    event.properties.insert(CONTEXT.to_owned(), context);
    for kind in TokenKind::ALL {
        event.properties.entry(kind.property().to_owned()).or_insert_with(|| "0".to_owned());
    }
    Ok(())
}

/// What an event of `llm_tokens` adds to each meter.
///
/// # Errors
/// As for [`parts_of`].
pub fn split(event: &UsageEvent, catalog: &PriceCatalog) -> Result<Vec<Reading>> {
    let (model, parts) = parts_of(event)?;
    let context = context_of(event, catalog)?;
    let reading = |(kind, count)| {
        let (model, context) = (model.to_owned(), context.clone());
        Ok(Reading { kind, quantity: quantity(count)?, model, context })
    };
    parts.counted().map(reading).collect()
}
