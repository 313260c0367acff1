//! Forecasts of cost: what is asked of the charges, the whole days of it, and the months and days to come.
//!
//! ```text
//! charges --daily sums--> history of whole days --Outlook--> predictions --rounded once--> answer
//! ```
//!
//! The history is exact money, of whole days alone: the day that runs, and days that bills reach only in part, are no
//! history, and days without data are unknown. It becomes doubles for the models of [`super::forecast`], and what these
//! expect becomes money again once, half to even at four decimals more than the currency has. The days of the months
//! that run are always forecast as days, so that a forecast by month and the [projected month end](MonthEndRequest) say
//! the same of them.
#![allow(
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "counts of days and months, and places worked out from lengths a line or two before"
)]

mod analysis;
mod answer;
mod backtest;
mod history;
mod month_end;
mod months;
mod outlook;
mod request;

pub use analysis::{Analysis, Confidence};
pub use answer::{CostForecast, ForecastPoint, GroupForecast, PastPoint};
pub use backtest::{BacktestOrigin, BacktestQuery, Backtested, ForecastBacktest};
pub use month_end::{MonthEnd, MonthEndQuery, MonthEndRequest};
pub use request::{ForecastGranularity, ForecastQuery, ForecastRequest};

#[cfg(test)]
mod tests;
