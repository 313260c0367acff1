//! Prices of language models, through the engine: a price list becomes the prices of the meters of tokens.
//!
//! Requests are events of `llm_tokens`. Before they are counted, each gets the tier that its whole request is in, by
//! the list that holds at its time. Meters tell models and tiers apart, and matrix prices say what a token of each
//! costs.

use super::Finops;
use crate::edge::store::Defined;
use crate::edge::store::usage::UsageStore;
use crate::model::llm::{Found, ModelPrice, Policy, PriceCatalog, TokenKind, TokenUsage};
use crate::model::money::Currency;
use crate::model::time::Stamp;
use crate::model::usage::{Rejection, UsageEvent};
use crate::pipeline::llm::litellm::{self, ListOptions, PriceList};
use crate::pipeline::llm::metered::{complete, meters};
use crate::pipeline::llm::rate::{RatedRequest, rate_request};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What becomes of requests to a model that no list has a price for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnknownModels {
    /// They are rejected, and can be reported again once there is a price.
    #[default]
    Error,
    /// They count, and what they cost is unknown.
    Allow,
}

/// A price list to load.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LoadModelPrices {
    /// A file in `LiteLLM`'s format: a JSON object of models.
    pub path: String,
    /// From when on the prices hold: a quarter of an hour in UTC.
    pub effective_from: Stamp,
    /// What the prices are in, by default USD.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// Names under which requests speak of models of the list: `{"my-deployment": "gpt-4o"}`.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// Models whose tiers begin at exactly the number of tokens that they name.
    #[serde(default)]
    pub inclusive: Vec<String>,
    /// What becomes of requests to a model without a price.
    #[serde(default)]
    pub unknown: UnknownModels,
}

impl LoadModelPrices {
    pub(super) const FIELDS: &'static [&'static str] =
        &["path", "effective_from", "currency", "aliases", "inclusive", "unknown"];

    /// The list of a file, from an instant on, in USD.
    pub fn new(path: impl Into<String>, effective_from: Stamp) -> Self {
        let (aliases, inclusive) = (BTreeMap::new(), Vec::new());
        Self { path: path.into(), effective_from, currency: None, aliases, inclusive, unknown: UnknownModels::Error }
    }
}

/// What a price list held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LoadedModelPrices {
    /// How many models have prices for tokens.
    pub models: u64,
    /// How many have none: they are paid by image, by second, or not at all.
    pub not_by_token: u64,
    /// Prices that had more than 18 decimals and were rounded, half to even.
    pub rounded: u64,
    /// Fields about cost that are not prices of tokens and were left out, over all models.
    pub left_out: u64,
    /// From when on the prices hold.
    pub effective_from: Stamp,
}

/// What a request is asked the price of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RateModel {
    /// The model, as the list or an alias names it.
    pub model: String,
    /// The tokens. What was cached is part of the input, what was thought part of the output.
    pub usage: TokenUsage,
    /// When the request was made, by default now.
    #[serde(default)]
    pub at: Option<Stamp>,
}

impl RateModel {
    pub(super) const FIELDS: &'static [&'static str] = &["model", "usage", "at"];

    /// A request to a model, made now.
    pub fn new(model: impl Into<String>, usage: TokenUsage) -> Self {
        Self { model: model.into(), usage, at: None }
    }
}

/// A list as the store keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct KeptList {
    effective_from: Stamp,
    models: BTreeMap<String, ModelPrice>,
    aliases: BTreeMap<String, String>,
    unknown: UnknownModels,
}

impl KeptList {
    /// What its prices are in: all of a list are in one.
    fn currency(&self) -> Option<Currency> {
        self.models.values().map(|price| price.currency).next()
    }
}

/// The lists together, and what becomes of models that none of them has.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) catalog: PriceCatalog,
    unknown: UnknownModels,
    any: bool,
}

/// The lists of the store, each from an instant on.
type KeptLists = BTreeMap<Stamp, KeptList>;

impl Lists {
    /// The lists together, in the order of the instants from which they hold, whatever the order of loading was. An
    /// alias that a list declared is no error when other lists leave it without meaning.
    fn of(kept: &KeptLists) -> Result<Self> {
        let mut lists = Self::default();
        for (effective_from, list) in kept {
            let models = list.models.iter().map(|(name, price)| (name, price.clone()));
            lists.catalog.add_all(*effective_from, models)?;
            (lists.unknown, lists.any) = (list.unknown, true);
        }
        for (name, model) in kept.values().flat_map(|list| &list.aliases) {
            lists.catalog.declare(name, model)?;
        }
        Ok(lists)
    }

    /// Refuses aliases of a new list that would mean nothing. The same again is no error.
    fn check_aliases(&self, list: &KeptList, replaced: Option<&KeptList>) -> Result<()> {
        for (name, model) in &list.aliases {
            if self.catalog.versions(model).is_empty() {
                let message = format!("'{name}' means '{model}', and no list has that model: load its price first");
                return Err(Error::new(ErrorCode::NotFound, message).with_field("aliases"));
            }
            let known = replaced.is_some_and(|replaced| replaced.aliases.get(name) == Some(model));
            let own = self.catalog.versions(name);
            if !known && own.iter().any(|version| version.effective_from <= list.effective_from) {
                return Err(Error::invalid("aliases", format!("'{name}' has a price of its own")));
            }
        }
        Ok(())
    }
}

/// The lists, once they were read.
#[derive(Debug, Default)]
pub(super) struct ModelPrices(RwLock<Option<Arc<Lists>>>);

impl Finops {
    /// Loads a price list of language models. Requests from its `effective_from` on are priced by it, also those that
    /// were counted before, until another list holds, whichever was loaded first. A list takes the place of one from
    /// the same instant on; the same list again changes nothing. All lists are in one currency.
    ///
    /// # Errors
    /// `invalid_argument` for a file that is not there, is no such list, or has a price that cannot be right, naming
    /// the model and the field, and for an alias whose name has a price of its own; `not_found` for an alias of a model
    /// that no list has; `mixed_currencies` for another currency than earlier prices are in; `conflict` on a handle for
    /// reading; `storage`.
    pub fn llm_load_prices(&self, request: &LoadModelPrices) -> Result<LoadedModelPrices> {
        self.permit("llm.load_prices")?;
        let wrong =
            |error: std::io::Error| Error::invalid("path", format!("'{}' cannot be read: {error}", request.path));
        let length = std::fs::metadata(&request.path).map_err(wrong)?.len();
        if length > litellm::MAX_BYTES as u64 {
            let message =
                format!("'{}' has {length} bytes, and a list has at most {}", request.path, litellm::MAX_BYTES);
            return Err(Error::invalid("path", message));
        }
        let bytes = std::fs::read(&request.path).map_err(wrong)?;
        let currency = request.currency.map_or_else(|| Currency::parse("USD"), Ok)?;
        let mut options = ListOptions::new(currency);
        options.inclusive.clone_from(&request.inclusive);
        let list = litellm::read(&bytes, &options)?;
        let loaded = loaded(&list, request.effective_from);
        let kept = KeptList {
            effective_from: request.effective_from,
            models: list.models,
            aliases: request.aliases.clone(),
            unknown: request.unknown,
        };
        let body = serde_json::to_string(&kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        let mut lists = self.kept_lists()?;
        let before = Lists::of(&lists)?;
        let others = lists.values().filter(|list| list.effective_from != request.effective_from);
        let other = others.filter_map(|list| Some((list, list.currency()?))).find(|(_, other)| *other != currency);
        if let Some((list, other)) = other {
            let message =
                format!("must be {other}, which the list from {} on is in: convert this one", list.effective_from);
            return Err(Error::new(ErrorCode::MixedCurrencies, message).with_field("currency"));
        }
        self.refuse_currency(currency)?;
        // What is checked is what will be read: the new list in the place of one from the same instant on.
        let replaced = lists.remove(&request.effective_from);
        lists.insert(request.effective_from, kept);
        let after = Lists::of(&lists)?;
        if let Some(kept) = lists.get(&request.effective_from) {
            after.check_aliases(kept, replaced.as_ref())?;
        }
        let prices = self.token_prices(&before, &after, request.effective_from)?;
        self.add_token_meters()?;
        // Years have four digits, so that keys sort as the instants do; and equal instants are one key.
        let key = format!("{}", request.effective_from);
        self.store.put_definitions(Defined::ModelPrices, &[(key, body)], &self.change())?;
        *self.models.0.write().unwrap_or_else(PoisonError::into_inner) = None;
        for (price, deleted) in prices {
            self.keep_price(price, deleted)?;
        }
        Ok(loaded)
    }

    /// What a request to a language model costs, kind by kind of its tokens.
    ///
    /// # Errors
    /// `not_found` for a model that no list has a price for at that time: unknown is not zero; `invalid_argument` for
    /// more tokens than a request can have; `overflow`.
    pub fn llm_rate(&self, request: &RateModel) -> Result<RatedRequest> {
        self.permit("llm.rate")?;
        let lists = self.lists()?;
        let at = request.at.unwrap_or_else(|| self.clock.now());
        match lists.catalog.find(&request.model, at, &Policy::Error)? {
            Found::Price(price) => rate_request(price, &request.usage),
            Found::Unknown(_) => Err(Error::new(ErrorCode::NotFound, "the model has no price").with_field("model")),
        }
    }

    /// Completes requests to language models, so that meters can count them. What cannot be priced is rejected, if that
    /// is what the lists say.
    pub(super) fn complete_requests(&self, events: &mut [UsageEvent]) -> Result<Vec<Option<Rejection>>> {
        let mut rejections = Vec::with_capacity(events.len());
        let lists = self.lists()?;
        for event in events {
            rejections.push(if event.resource == TokenKind::RESOURCE && lists.any {
                lists.complete(event)
            } else {
                None
            });
        }
        Ok(rejections)
    }

    fn lists(&self) -> Result<Arc<Lists>> {
        if let Some(lists) = self.models.0.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(Arc::clone(lists));
        }
        let lists = Arc::new(Lists::of(&self.kept_lists()?)?);
        *self.models.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&lists));
        Ok(lists)
    }

    fn kept_lists(&self) -> Result<KeptLists> {
        let torn = |error| Error::new(ErrorCode::Storage, format!("a price list in the store is damaged: {error}"));
        let read = |body: &str| serde_json::from_str::<KeptList>(body).map_err(torn);
        let definitions = self.store.definitions(Defined::ModelPrices)?;
        let lists = definitions.iter().map(|definition| read(&definition.body));
        lists.map(|list| list.map(|list| (list.effective_from, list))).collect()
    }

    /// Adds the meters of tokens where they are not there yet.
    fn add_token_meters(&self) -> Result<()> {
        let usage: &dyn UsageStore = self.store.usage()?;
        usage.change_meters(&self.change(), &mut |known| {
            let new = meters().into_iter().filter(|meter| known.get(&meter.slug).is_none()).collect::<Vec<_>>();
            new.into_iter().try_for_each(|meter| known.create(meter).map(drop))
        })
    }
}

impl Lists {
    fn complete(&self, event: &mut UsageEvent) -> Option<Rejection> {
        let wrong = |error: &Error| Rejection::invalid(error.field().unwrap_or("properties"), error.message());
        if let Err(error) = complete(event, &self.catalog) {
            return Some(wrong(&error));
        }
        let model = event.properties.get(TokenKind::DIMENSIONS[0]).map(String::as_str).unwrap_or_default();
        match (self.unknown, self.catalog.find(model, event.time, &Policy::Error)) {
            (UnknownModels::Error, Err(error)) => Some(Rejection::invalid("properties.model", error.message())),
            _ => None,
        }
    }
}

fn loaded(list: &PriceList, effective_from: Stamp) -> LoadedModelPrices {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    LoadedModelPrices {
        models: count(list.models.len() - list.not_by_token.min(list.models.len())),
        not_by_token: count(list.not_by_token),
        rounded: count(list.rounded),
        left_out: count(list.left_out),
        effective_from,
    }
}
