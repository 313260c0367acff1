//! Answers from charges: pure functions over tables, read only.
//!
//! An answer is made in two steps: an aggregation takes tables as the store gives them, and a summary or a series
//! makes of its groups what is asked for. Which state of the store is read is the engine's decision.

pub mod aggregate;
pub mod breakdown;
mod buckets;
pub mod daily;
mod exchange;
mod group;
pub mod health;
pub mod historical;
mod matching;
pub mod monthly;
pub mod plan;
pub mod query;
pub mod question;
pub mod request;
mod series;
pub mod services;
mod settled;
pub mod summary;
pub mod sums;

pub use breakdown::{Breakdown, BreakdownRequest};
pub use buckets::Granularity;
pub use daily::{DailyCosts, DailyRequest};
pub use health::DataHealth;
pub use historical::{HistoricalCosts, HistoricalRequest};
pub use monthly::{MonthlyCosts, MonthlyRequest};
pub use request::{GroupBy, Rates};
pub use services::{ServiceCosts, ServicesRequest};
pub use summary::{CostSummary, CostSummaryRequest};
