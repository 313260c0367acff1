//! Usage: how much of each metered resource was used, by whom, and when.
//!
//! What meters counted comes as pages, [`UsagePages`]; where they lie is the store's affair. A window is cut at
//! quarters of an hour of UTC, at which the days of every zone of today begin, whatever their length.

mod answer;
mod gather;
mod pages;
mod request;
mod select;

#[cfg(test)]
mod tests;

pub use answer::{Usage, UsageItem, UsagePoint, UsageSeries};
pub use pages::UsagePages;
pub use request::{UsageQuery, UsageRequest};
