//! The price catalogue: what models cost from when on, found by exact names.

use super::ModelPrice;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What to do about a model that has no price: never nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Refuse.
    #[default]
    Error,
    /// Count the tokens; what they cost is unknown.
    Unknown,
    /// Take this price.
    Price(Box<ModelPrice>),
}

/// A price of a model, as it stands from an instant on. It is never changed; what corrects it is a later revision.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceVersion {
    /// From when on it holds, until the next one.
    pub effective_from: Stamp,
    /// 1 for the first that holds from this instant; of several the highest counts.
    pub revision: u32,
    /// What it says.
    pub price: Arc<ModelPrice>,
}

/// Why a model has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unpriced {
    /// The catalogue has no such name.
    NoSuchModel,
    /// It has, but only from a later instant on.
    NotYet,
    /// It has, but it is paid by image, second or query.
    NotByToken,
}

/// What the catalogue says of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'c> {
    /// What it costs.
    Price(&'c ModelPrice),
    /// What it costs is unknown.
    Unknown(Unpriced),
}

/// What models cost from when on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceCatalog {
    models: BTreeMap<String, Vec<PriceVersion>>,
    aliases: BTreeMap<String, String>,
}

impl PriceCatalog {
    /// The longest name of a model, in bytes.
    pub const MAX_NAME_BYTES: usize = 256;
    /// More models are refused.
    pub const MAX_MODELS: usize = 100_000;
    /// More versions of a model are refused.
    pub const MAX_VERSIONS: usize = 10_000;

    /// Adds what a model costs from an instant on. What stands there already stays: the same price again changes
    /// nothing, another one becomes the next revision. Says whether it was added.
    ///
    /// # Errors
    /// `invalid_argument` for a name of no or too many bytes, a negative price, and when there are too many.
    pub fn add(&mut self, model: &str, effective_from: Stamp, price: ModelPrice) -> Result<bool> {
        Self::check(model)?;
        price.check().map_err(|error| Error::invalid("price", format!("'{model}': {error}")))?;
        if self.models.len() >= Self::MAX_MODELS && !self.models.contains_key(model) {
            return Err(Error::invalid("model", format!("must be at most {} models", Self::MAX_MODELS)));
        }
        let versions = self.models.entry(model.to_owned()).or_default();
        let end = versions.partition_point(|version| version.effective_from <= effective_from);
        let before = end.checked_sub(1).and_then(|at| versions.get(at));
        let same = before.filter(|version| version.effective_from == effective_from);
        if same.is_some_and(|version| *version.price == price) {
            return Ok(false);
        }
        if versions.len() >= Self::MAX_VERSIONS {
            let message = format!("'{model}' has {} versions already, which is the limit", Self::MAX_VERSIONS);
            return Err(Error::invalid("model", message));
        }
        let revision = same.map_or(1, |version| version.revision.saturating_add(1));
        // Most prices of a new list are those of the last one: they are kept once.
        let shared = before.filter(|version| *version.price == price).map(|version| Arc::clone(&version.price));
        let price = shared.unwrap_or_else(|| Arc::new(price));
        versions.insert(end, PriceVersion { effective_from, revision, price });
        Ok(true)
    }

    /// [`add`](Self::add) for a whole list, all of it or nothing. Says how many were added; the others are unchanged.
    ///
    /// # Errors
    /// As for one.
    pub fn add_all<M: AsRef<str>>(
        &mut self,
        effective_from: Stamp,
        prices: impl IntoIterator<Item = (M, ModelPrice)>,
    ) -> Result<usize> {
        let mut next = self.clone();
        let mut added = 0;
        for (model, price) in prices {
            added += usize::from(next.add(model.as_ref(), effective_from, price)?);
        }
        *self = next;
        Ok(added)
    }

    /// Declares that one name means what another does, where it has no price of its own. Nothing else is ever
    /// guessed from a name.
    ///
    /// # Errors
    /// `invalid_argument` when the name has a price of its own, `not_found` when what it means has none.
    pub fn alias(&mut self, name: &str, model: &str) -> Result<()> {
        Self::check(name)?;
        if self.models.contains_key(name) {
            return Err(Error::invalid("alias", format!("'{name}' has a price of its own")));
        }
        if !self.models.contains_key(model) {
            let message = format!("no model is called '{model}': load its price first");
            return Err(Error::new(ErrorCode::NotFound, message).with_field("model"));
        }
        self.declare(name, model).map(drop)
    }

    /// [`alias`](Self::alias) for what was declared before, when other prices stood there: an alias that cannot hold
    /// now means nothing, and is no error. A price of its own goes before what a name is an alias of, from when on it
    /// has one; an alias of a model without a price is left out. Says whether it was kept.
    ///
    /// # Errors
    /// `invalid_argument` for a name of no or too many bytes, and when there are too many.
    pub fn declare(&mut self, name: &str, model: &str) -> Result<bool> {
        Self::check(name)?;
        if !self.models.contains_key(model) {
            return Ok(false);
        }
        if self.aliases.len() >= Self::MAX_MODELS && !self.aliases.contains_key(name) {
            return Err(Error::invalid("alias", format!("must be at most {} aliases", Self::MAX_MODELS)));
        }
        self.aliases.insert(name.to_owned(), model.to_owned());
        Ok(true)
    }

    /// What the tokens of a model cost at the time of use; when that is not known, what the policy says.
    ///
    /// # Errors
    /// `not_found` under [`Policy::Error`].
    pub fn find<'c>(&'c self, model: &str, at: Stamp, policy: &'c Policy) -> Result<Found<'c>> {
        let unpriced = match self.look_up(model, at) {
            Ok(price) => return Ok(Found::Price(price)),
            Err(unpriced) => unpriced,
        };
        match policy {
            Policy::Price(price) => Ok(Found::Price(price)),
            Policy::Unknown => Ok(Found::Unknown(unpriced)),
            Policy::Error => {
                let shown: String = model.chars().take(80).flat_map(char::escape_debug).collect();
                let message = match unpriced {
                    Unpriced::NoSuchModel => format!("no price for '{shown}': load one, or declare an alias"),
                    Unpriced::NotYet => format!("no price for '{shown}' at {at}: load one that is effective then"),
                    Unpriced::NotByToken => format!("'{shown}' has no price for tokens: load one"),
                };
                Err(Error::new(ErrorCode::NotFound, message).with_field("model"))
            }
        }
    }

    /// What the tokens of a model cost at the time of use, or why that is not known: by its own name first, then by
    /// what it is an alias of.
    pub fn look_up(&self, model: &str, at: Stamp) -> std::result::Result<&ModelPrice, Unpriced> {
        match (self.own(model, at), self.aliases.get(model)) {
            (Err(Unpriced::NoSuchModel | Unpriced::NotYet), Some(meant)) => self.own(meant, at),
            (own, _) => own,
        }
    }

    fn own(&self, model: &str, at: Stamp) -> std::result::Result<&ModelPrice, Unpriced> {
        let versions = self.models.get(model).ok_or(Unpriced::NoSuchModel)?;
        let end = versions.partition_point(|version| version.effective_from <= at);
        let version = end.checked_sub(1).and_then(|at| versions.get(at)).ok_or(Unpriced::NotYet)?;
        if version.price.is_by_token() { Ok(&version.price) } else { Err(Unpriced::NotByToken) }
    }

    /// Every version of a model, by its own name: by instant, then by revision.
    pub fn versions(&self, model: &str) -> &[PriceVersion] {
        self.models.get(model).map_or(&[], Vec::as_slice)
    }

    /// What a name is declared to mean.
    pub fn meaning(&self, alias: &str) -> Option<&str> {
        self.aliases.get(alias).map(String::as_str)
    }

    /// What every alias is declared to mean.
    pub fn aliases(&self) -> &BTreeMap<String, String> {
        &self.aliases
    }

    /// Every name with a price, then every alias without one of its own.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.keys().filter(|alias| !self.models.contains_key(*alias));
        self.models.keys().chain(aliases).map(String::as_str)
    }

    /// How many models there are, without aliases.
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// Whether there is no model.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// Every instant from which a price holds, ascending.
    pub fn instants(&self) -> Vec<Stamp> {
        let stamps = self.models.values().flatten().map(|version| version.effective_from);
        stamps.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    fn check(name: &str) -> Result<()> {
        if name.trim().is_empty() || name.len() > Self::MAX_NAME_BYTES {
            let message = format!("must have 1 to {} bytes and not be blank, got {}", Self::MAX_NAME_BYTES, name.len());
            return Err(Error::invalid("model", message));
        }
        Ok(())
    }
}

/// How many requests had no price, by model. Names beyond the first thousand are counted together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UnpricedModels {
    /// Requests by model.
    pub requests: BTreeMap<String, u64>,
    /// Those of further models.
    pub others: u64,
}

impl UnpricedModels {
    const MAX_NAMES: usize = 1_000;

    /// Counts a request.
    pub fn count(&mut self, model: &str) {
        if let Some(count) = self.requests.get_mut(model) {
            *count = count.saturating_add(1);
        } else if self.requests.len() < Self::MAX_NAMES && model.len() <= PriceCatalog::MAX_NAME_BYTES {
            self.requests.insert(model.to_owned(), 1);
        } else {
            self.others = self.others.saturating_add(1);
        }
    }
}
