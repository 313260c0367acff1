//! A plain series and what is asked of it, as callers write it who have no store.

use super::{AnomalyDetector, Detection, RobustBaseline, Settings};
use crate::Result;
use crate::insight::forecast::{Frequency, plain};
use crate::insight::request::Bound;
use crate::model::money::Quantity;
use serde::Deserialize;

/// How a plain series is looked at.
///
/// ```
/// use finops_core::insight::anomaly::DetectionOptions;
///
/// let mut days = vec![Some(100.0); 40];
/// days[35] = Some(400.0);
/// let options: DetectionOptions = serde_json::from_str(r#"{"incomplete_last": false}"#)?;
/// let found = options.detect(days)?;
/// assert_eq!((found.anomalies[0].start_index, found.anomalies[0].impact), (35, 300.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DetectionOptions {
    /// The date of the first value: with it, charges that come every month are learnt.
    pub start: Option<Bound>,
    /// How far apart the values are; by default a day.
    pub frequency: Option<Frequency>,
    /// How many values make a season; by default what the frequency suggests, 7 for days.
    pub season_length: Option<i64>,
    /// Multiplies the half-width of the 95 % band around the expected; by default 2, which is about 4 sigma.
    pub threshold: Option<Quantity>,
    /// What an anomaly must cost or save, in the unit of the series, to be told; by default 0.
    pub minimum_impact: Option<Quantity>,
    /// Whether the last value is of a day that is not over, which is no evidence; by default it is.
    pub incomplete_last: Option<bool>,
}

impl DetectionOptions {
    /// Finds what is unusual in a series; `None` is an unknown value.
    ///
    /// # Errors
    /// `invalid_argument`, with the field, for what cannot be looked at.
    pub fn detect(&self, values: Vec<Option<f64>>) -> Result<Detection> {
        let frequency = self.frequency.unwrap_or(Frequency::Daily);
        let series = plain::series(values, self.season_length, self.start, Some(frequency))?;
        let usual = Settings::default();
        let number = |given: Option<Quantity>, usual: f64| given.map_or(usual, Quantity::to_f64_nearest);
        let settings = Settings {
            threshold: number(self.threshold, usual.threshold),
            minimum_impact: number(self.minimum_impact, usual.minimum_impact),
            incomplete_last: self.incomplete_last.unwrap_or(usual.incomplete_last),
        };
        RobustBaseline.detect(&series, &settings)
    }
}
