//! Detectors of anomalies that JavaScript brings.

use crate::telling::Brought;
use finops_core::Error;
use finops_core::insight::anomaly::{AnomalyDetector, Detection, Settings};
use finops_core::insight::cost_anomalies::ForeignDetection;
use finops_core::insight::forecast::{ForeignSeries, Series};
use serde_json::json;

/// A detector of the host.
#[derive(Debug)]
pub(crate) struct Detector(pub(crate) Brought);

impl AnomalyDetector for Detector {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn detect(&self, series: &Series, settings: &Settings) -> Result<Detection, Error> {
        let field = "anomaly_detector";
        let Settings { threshold, minimum_impact, .. } = settings;
        let settings = json!({"threshold": threshold, "minimum_impact": minimum_impact});
        let answer = self.0.ask(field, json!([ForeignSeries::new(series), settings]).to_string())?;
        let read: Result<ForeignDetection, _> = serde_json::from_str(&answer);
        read.map_err(|error| self.0.failed(field, &error.to_string()))?.into_detection(&self.0.name, series)
    }
}
