//! How sure a detector wants to be.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What counts as an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Multiplies the half-width of the 95 % band around the expected; by default 2, which is about 4 sigma.
    pub threshold: f64,
    /// What an anomaly must cost or save, in the unit of the series, to be told; by default 0.
    pub minimum_impact: f64,
    /// Whether the last value is of a day that is not over: then it is no evidence. By default it is.
    pub incomplete_last: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { threshold: 2.0, minimum_impact: 0.0, incomplete_last: true }
    }
}

impl Settings {
    /// The largest threshold that makes sense.
    const MAX_THRESHOLD: f64 = 100.0;

    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// `invalid_argument` for a threshold that does not lie above 0 and up to 100, and for a minimum impact that is
    /// negative or no finite number.
    pub fn check(&self) -> Result<()> {
        if !(self.threshold > 0.0 && self.threshold <= Self::MAX_THRESHOLD) {
            let message = format!("must lie above 0 and be at most 100, got {}; 2 is usual", self.threshold);
            return Err(Error::invalid("threshold", message));
        }
        if !(self.minimum_impact >= 0.0 && self.minimum_impact.is_finite()) {
            let message = format!("must be 0 or a finite amount above it, got {}", self.minimum_impact);
            return Err(Error::invalid("minimum_impact", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(Settings::default().check().is_ok());
        for threshold in [0.0, -1.0, 101.0, f64::NAN, f64::INFINITY] {
            let error = Settings { threshold, ..Settings::default() }.check().unwrap_err();
            assert_eq!(error.field(), Some("threshold"), "{threshold}");
        }
        for minimum_impact in [-0.01, f64::NAN, f64::INFINITY] {
            let error = Settings { minimum_impact, ..Settings::default() }.check().unwrap_err();
            assert_eq!(error.field(), Some("minimum_impact"), "{minimum_impact}");
        }
    }
}
