//! Forecasts of a plain series of numbers: pure functions, no clock, no randomness, the same bytes on every run.
//!
//! ```
//! use finops_core::insight::forecast::{Level, Model, Series, forecast};
//!
//! let months = [90.0, 95.0, 101.0, 99.0, 104.0, 108.0, 110.0, 115.0, 113.0, 119.0, 124.0, 126.0];
//! let series = Series::of(&months, 12)?;
//! let answer = forecast(&series, 3, &[Level::new(0.8)?], Model::Auto)?;
//! assert_eq!(answer.mean.len(), 3);
//! assert!(answer.bands[0].lower[0] < answer.mean[0] && answer.mean[0] < answer.bands[0].upper[0]);
//! # Ok::<(), finops_core::Error>(())
//! ```
//!
//! Statistics are done in doubles: a forecast is no money that anybody owes. What is booked never passes through here.
#![allow(
    clippy::indexing_slicing,
    reason = "places are worked out from lengths a line or two before; a checked access would hide the formula"
)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of values, far below 2^52"
)]
#![allow(clippy::many_single_char_names, clippy::similar_names, reason = "the letters of the literature")]

mod adjustment;
mod answer;
mod arima;
mod auto;
mod backtest;
mod blend;
mod calendar;
mod ces;
mod changes;
mod clean;
mod combination;
mod ets;
mod fit;
mod forecaster;
mod foreign;
mod intervals;
mod level;
mod member;
mod model;
mod mstl;
mod naive;
mod numbers;
mod optimiser;
mod origins;
pub(in crate::insight) mod plain;
mod prepared;
mod regression;
mod season;
mod series;
#[cfg(test)]
mod tests;
mod theta;
mod total;

pub use answer::{Band, SeriesForecast};
pub use backtest::{Backtest, LevelScore, backtest};
pub use calendar::{Calendar, Frequency};
pub use forecaster::{Forecaster, MAX_HORIZON, forecast};
pub use foreign::{ForeignForecast, ForeignSeries};
pub use level::Level;
pub use model::Model;
pub(super) use numbers::{median, median_of};
pub use plain::SeriesOptions;
pub use series::Series;
pub use total::{Together, Total};
