//! Answers from charges: pure functions over tables, read only.
//!
//! An answer is made in two steps: an aggregation takes tables as the store gives them, and a summary or a series
//! makes of its groups what is asked for. Which state of the store is read is the engine's decision.

pub mod aggregate;
pub mod allocation;
pub mod anomaly;
pub mod blocks;
pub mod breakdown;
mod buckets;
mod by_value;
mod change;
mod columns;
pub mod cost_anomalies;
pub mod cost_forecast;
pub mod daily;
pub mod diff;
pub mod drivers;
mod exchange;
pub mod explain;
pub mod explain_plan;
pub mod explain_usage;
pub mod forecast;
mod group;
pub mod health;
pub mod historical;
pub mod lane;
mod matching;
pub mod monthly;
mod numerics;
pub mod plan;
pub mod query;
pub mod question;
pub mod reach;
pub mod request;
pub mod row;
mod series;
pub mod services;
mod settled;
#[expect(clippy::disallowed_methods, reason = "its normal distribution asks the system for an exponential")]
pub mod spend_forecast;
pub mod spending;
pub mod statement;
pub mod summary;
pub mod sums;
pub mod trends;
pub mod unit;
pub mod usage;
mod view;

pub use allocation::{AllocationCoverage, AllocationCoverageRequest, AllocationRun, AllocationRunRequest};
pub use allocation::{AllocationWhatIf, AllocationWhatIfRequest};
pub use breakdown::{Breakdown, BreakdownRequest};
pub use buckets::Granularity;
pub use columns::{ItemCells, ItemColumns};
pub use cost_anomalies::{AnomaliesRequest, AnomalyStatus, CostAnomalies, CostAnomaly};
pub use cost_forecast::{Backtested, CostForecast, ForecastBacktest, ForecastRequest, MonthEnd, MonthEndRequest};
pub use daily::{DailyCosts, DailyRequest};
pub use diff::{DiffRequest, StateDiff};
pub use drivers::{TopDrivers, TopDriversRequest};
pub use explain::{ExplainRequest, Explanation};
pub use explain_plan::{Plan, PlanRequest};
pub use health::DataHealth;
pub use historical::{HistoricalCosts, HistoricalRequest};
pub use monthly::{MonthlyCosts, MonthlyRequest};
pub use request::{GroupBy, Rates};
pub use services::{ServiceCosts, ServicesRequest};
pub use summary::{CostSummary, CostSummaryRequest};
pub use trends::{Trends, TrendsRequest};
pub use unit::{UnitCosts, UnitRequest};
pub use usage::{Usage, UsageQuery, UsageRequest};
pub use view::View;
