//! Detectors of anomalies that JavaScript brings.

use crate::telling::{Tell, Tickets};
use finops_core::Error;
use finops_core::insight::anomaly::{AnomalyDetector, Detection, Settings};
use finops_core::insight::cost_anomalies::ForeignDetection;
use finops_core::insight::forecast::{ForeignSeries, Series};
use serde_json::json;
use std::fmt;
use std::sync::Arc;

/// A detector of the host: a function that is given a ticket and JSON text, and answers by that ticket.
pub(crate) struct Detector {
    pub(crate) tell: Tell,
    pub(crate) tickets: Arc<Tickets>,
    pub(crate) name: String,
}

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detector").field("name", &self.name).finish_non_exhaustive()
    }
}

impl AnomalyDetector for Detector {
    fn name(&self) -> &str {
        &self.name
    }

    fn detect(&self, series: &Series, settings: &Settings) -> Result<Detection, Error> {
        let failed = |why: String| Error::invalid("anomaly_detector", format!("'{}' failed: {why}", self.name));
        let Settings { threshold, minimum_impact, .. } = settings;
        let settings = json!({"threshold": threshold, "minimum_impact": minimum_impact});
        let asked = json!([ForeignSeries::new(series), settings]);
        let answer = self.tickets.ask(&self.tell, asked.to_string()).map_err(failed)?;
        let read: Result<ForeignDetection, _> = serde_json::from_str(&answer);
        read.map_err(|error| failed(error.to_string()))?.into_detection(&self.name, series)
    }
}
