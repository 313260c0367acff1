//! Detectors of anomalies that Python brings.

use crate::errors;
use crate::series::{answered, asked, told_series};
use finops_core::Error;
use finops_core::insight::anomaly::{AnomalyDetector, Detection, Settings};
use finops_core::insight::cost_anomalies::ForeignDetection;
use finops_core::insight::forecast::Series;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A detector of the host: an object with a method `detect`.
#[derive(Debug)]
pub(crate) struct Detector {
    object: Py<PyAny>,
    name: String,
}

impl Detector {
    /// The detector, known by its `name` if it has one.
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if !object.hasattr("detect")? {
            let message = "must have a method detect(series, settings)";
            return Err(errors::invalid(object.py(), "anomaly_detector", message));
        }
        let name = if object.hasattr("name")? { object.getattr("name")?.extract()? } else { "custom".to_owned() };
        Ok(Self { object: object.clone().unbind(), name })
    }

    /// What it answers, as JSON.
    fn ask(&self, py: Python<'_>, series: &Series, settings: &Settings) -> PyResult<String> {
        let told = told_series(py, series)?;
        let wanted = PyDict::new(py);
        wanted.set_item("threshold", settings.threshold)?;
        wanted.set_item("minimum_impact", settings.minimum_impact)?;
        let answer = answered(self.object.bind(py).call_method1("detect", (told, wanted))?)?;
        py.import("json")?.call_method1("dumps", (answer,))?.extract()
    }
}

impl AnomalyDetector for Detector {
    fn name(&self) -> &str {
        &self.name
    }

    fn detect(&self, series: &Series, settings: &Settings) -> Result<Detection, Error> {
        let failed = |why: String| Error::invalid("anomaly_detector", format!("'{}' failed: {why}", self.name));
        let answer = asked("anomaly_detector", &self.name, |py| self.ask(py, series, settings))?;
        let read: Result<ForeignDetection, _> = serde_json::from_str(&answer);
        read.map_err(|error| failed(error.to_string()))?.into_detection(&self.name, series)
    }
}
