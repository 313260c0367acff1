//! What the tokens of a model cost: a price for each kind, and tiers that hold for whole requests.

use super::TokenKind;
use crate::model::money::{Currency, Money};
use crate::{Error, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// A price for each kind of token that has one of its own. A price of zero is a price.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenPrices(BTreeMap<TokenKind, Money>);

impl TokenPrices {
    /// The kind's own price of a token.
    pub fn own(&self, kind: TokenKind) -> Option<Money> {
        self.0.get(&kind).copied()
    }

    /// Sets a price of a token; gives back what stood there.
    pub fn set(&mut self, kind: TokenKind, price: Money) -> Option<Money> {
        self.0.insert(kind, price)
    }

    /// Whether there is no price.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const N: usize> From<[(TokenKind, Money); N]> for TokenPrices {
    fn from(prices: [(TokenKind, Money); N]) -> Self {
        Self(prices.into())
    }
}

/// Prices that hold for a whole request as soon as its input is long enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tier {
    /// How many tokens of input a request must have more than.
    pub above: u64,
    /// Whether exactly so many are in this tier too. Most providers say no.
    #[serde(default)]
    pub inclusive: bool,
    /// Its prices. A kind without one keeps what it costs otherwise.
    pub prices: TokenPrices,
}

impl Tier {
    /// A tier for requests of more than that many tokens.
    pub fn above(above: u64, prices: TokenPrices) -> Self {
        Self { above, inclusive: false, prices }
    }

    /// Whether a request of that much input is in it, or in a higher one.
    pub fn holds(&self, input: u64) -> bool {
        input > self.above || (self.inclusive && input == self.above)
    }

    /// How it is called: `above_200k`, `from_200k` when exactly so many are in it.
    pub fn label(&self) -> String {
        let word = if self.inclusive { "from" } else { "above" };
        match self.above {
            thousands if thousands > 0 && thousands % 1_000 == 0 => format!("{word}_{}k", thousands / 1_000),
            tokens => format!("{word}_{tokens}"),
        }
    }
}

/// What a token costs, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UnitPrice {
    /// The price of one token.
    pub price: Money,
    /// The kind whose price it is.
    pub priced_as: TokenKind,
}

/// What the tokens of a model cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ModelPrice {
    /// What the prices are in.
    pub currency: Currency,
    /// Prices of requests that are in no tier.
    pub base: TokenPrices,
    /// Tiers, by what they are above, ascending; a request is in the highest that holds.
    #[serde(default, deserialize_with = "in_order")]
    tiers: Vec<Tier>,
}

impl ModelPrice {
    /// How requests that are in no tier are called.
    pub const BASE: &'static str = "base";

    /// More tiers are refused.
    pub const MAX_TIERS: usize = 32;

    /// Prices without tiers.
    pub fn new(currency: Currency, base: TokenPrices) -> Self {
        Self { currency, base, tiers: Vec::new() }
    }

    /// With tiers, in any order.
    ///
    /// # Errors
    /// `invalid_argument` when two begin at the same number of tokens, or there are more than
    /// [`MAX_TIERS`](Self::MAX_TIERS).
    pub fn with_tiers(mut self, tiers: Vec<Tier>) -> Result<Self> {
        self.tiers = ascending(tiers)?;
        Ok(self)
    }

    /// Refuses prices below zero.
    pub(super) fn check(&self) -> Result<()> {
        let all = std::iter::once(&self.base).chain(self.tiers.iter().map(|tier| &tier.prices));
        match all.flat_map(|prices| &prices.0).find(|(_, price)| price.is_negative()) {
            Some((kind, price)) => Err(Error::invalid(kind.as_str(), format!("must not be negative, got {price}"))),
            None => Ok(()),
        }
    }

    /// Its tiers, ascending.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// Whether any kind of token has a price: models that are paid by image or by second have none.
    pub fn is_by_token(&self) -> bool {
        !self.base.is_empty() || self.tiers.iter().any(|tier| !tier.prices.is_empty())
    }

    /// The tier of a request, by all of its input.
    pub fn tier(&self, input: u64) -> Option<&Tier> {
        self.tiers.iter().rev().find(|tier| tier.holds(input))
    }

    /// How the tier of a request is called.
    pub fn context(&self, input: u64) -> String {
        self.tier(input).map_or_else(|| Self::BASE.to_owned(), Tier::label)
    }

    /// Every tier by its name, with none for [`BASE`](Self::BASE).
    pub fn contexts(&self) -> impl Iterator<Item = (String, Option<&Tier>)> {
        let tiers = self.tiers.iter().map(|tier| (tier.label(), Some(tier)));
        std::iter::once((Self::BASE.to_owned(), None)).chain(tiers)
    }

    /// What a token of a kind costs in a tier: the price there, else that of the base, else what its
    /// [`priced_as`](TokenKind::priced_as) costs. None is unknown, not free.
    pub fn unit_price(&self, kind: TokenKind, tier: Option<&Tier>) -> Option<UnitPrice> {
        let mut next = Some(kind);
        while let Some(priced_as) = next {
            let own = tier.and_then(|tier| tier.prices.own(priced_as)).or_else(|| self.base.own(priced_as));
            if let Some(price) = own {
                return Some(UnitPrice { price, priced_as });
            }
            next = priced_as.priced_as();
        }
        None
    }
}

fn ascending(mut tiers: Vec<Tier>) -> Result<Vec<Tier>> {
    tiers.sort_by_key(|tier| tier.above);
    if tiers.len() > ModelPrice::MAX_TIERS {
        let message = format!("must be at most {}, got {}", ModelPrice::MAX_TIERS, tiers.len());
        return Err(Error::invalid("tiers", message));
    }
    for (first, second) in tiers.iter().zip(tiers.iter().skip(1)) {
        if first.above == second.above {
            return Err(Error::invalid("tiers", format!("two begin at {} tokens: keep one", first.above)));
        }
    }
    Ok(tiers)
}

fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<Tier>, D::Error> {
    ascending(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
}
