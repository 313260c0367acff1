//! Anomalies of a plain series of numbers: what was expected against what came, pure functions, no clock, no
//! randomness, the same bytes on every run.
//!
//! ```
//! use finops_core::insight::anomaly::{AnomalyDetector, Kind, RobustBaseline, Settings};
//! use finops_core::insight::forecast::Series;
//!
//! let mut days: Vec<f64> = (0..60).map(|day| if day % 7 < 5 { 100.0 } else { 40.0 }).collect();
//! days[50] = 400.0;
//! let settings = Settings { incomplete_last: false, ..Settings::default() };
//! let found = RobustBaseline.detect(&Series::of(&days, 7)?, &settings)?;
//! let [spike] = found.anomalies.as_slice() else { panic!("one anomaly, not {:?}", found.anomalies) };
//! assert_eq!((spike.start_index, spike.end_index, spike.kind), (50, 50, Kind::Spike));
//! assert!((spike.impact - 300.0).abs() < 5.0);
//! # Ok::<(), finops_core::Error>(())
//! ```
//!
//! Statistics are done in doubles: what a cost was expected to be is no money that anybody owes.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of values, far below 2^52"
)]

mod answer;
mod baseline;
mod charges;
mod detector;
mod model;
mod noise;
mod overall;
mod plain;
mod record;
mod settings;
mod statistics;
mod sums;
mod watch;

#[cfg(test)]
mod tests;

pub use answer::{Anomaly, Detection, Direction, Kind, Step};
pub use detector::{AnomalyDetector, RobustBaseline};
pub use plain::DetectionOptions;
pub use settings::Settings;
pub use watch::Watch;
