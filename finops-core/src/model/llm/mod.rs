//! Language models: kinds of tokens, how many a request used, and what each costs from when on.
//!
//! How prices are read from files, and how a request is priced, is the affair of the pipeline.

mod catalog;
mod kind;
mod price;
mod usage;

#[cfg(test)]
mod tests;

pub use catalog::{Found, Policy, PriceCatalog, PriceVersion, Unpriced, UnpricedModels};
pub use kind::TokenKind;
pub use price::{ModelPrice, Tier, TokenPrices, UnitPrice};
pub use usage::{Adjustment, TokenParts, TokenUsage};
