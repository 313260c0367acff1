//! Budgets against what has been spent: which thresholds are crossed, who is to be told, and what becomes of it.
//!
//! [`assess`] compares a budget with what was observed and with the alerts that were told of before. It looks at where
//! things stand and not at how they got there, so that it can be called as often as one likes, after a crash too: what
//! was told of once is not told of again. What has been spent, where alerts are kept and who is told is decided by
//! those who call it.

mod alert;
mod assess;
mod forecast;
mod status;

pub use alert::{Alert, BudgetEvent};
pub use assess::{Assessment, Observed, assess};
pub use forecast::{DailySpend, Forecast, RunRate, SpendForecaster, SpendOutlook, SpendSoFar};
pub use status::BudgetStatus;

#[cfg(test)]
mod tests;
