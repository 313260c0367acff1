//! Forecasts of a plain series of numbers: pure functions, no clock, no randomness, the same bytes on every run.
#![allow(
    clippy::indexing_slicing,
    reason = "places are worked out from lengths a line or two before; a checked access would hide the formula"
)]

mod calendar;
mod level;
mod series;

pub use calendar::{Calendar, Frequency};
pub use level::Level;
pub use series::Series;
