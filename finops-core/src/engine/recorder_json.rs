//! The recorder for callers that speak JSON: its options as an object.

use super::Finops;
use super::params::parse;
use super::recorder::{Flushing, FullPolicy, Recorder, RecorderOptions};
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// How often a recorder may be flushed, in seconds.
const SECONDS: std::ops::RangeInclusive<f64> = 0.001..=3600.0;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Form {
    batch: Option<u32>,
    max_in_flight: Option<u32>,
    policy: Option<FullPolicy>,
    max_rejected: Option<u32>,
    flush_seconds: Option<Value>,
}

impl Form {
    fn options(&self) -> RecorderOptions {
        let mut options = RecorderOptions::default();
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        options.batch = self.batch.map_or(options.batch, size);
        options.max_in_flight = self.max_in_flight.map_or(options.max_in_flight, size);
        options.max_rejected = self.max_rejected.map_or(options.max_rejected, size);
        options.policy = self.policy.unwrap_or_default();
        options
    }

    /// Numbers come as such or as text, as exact decimals do.
    fn interval(&self) -> Result<Option<Duration>> {
        let Some(given) = &self.flush_seconds else { return Ok(None) };
        let seconds =
            given.as_f64().or_else(|| given.as_str()?.parse().ok()).filter(|seconds| SECONDS.contains(seconds));
        let wrong = || Error::invalid("flush_seconds", format!("must be 0.001 to 3600, got {given}"));
        seconds.map(Duration::from_secs_f64).ok_or_else(wrong).map(Some)
    }
}

impl Finops {
    /// A recorder with options in JSON, as the bindings make it: `{"batch": 1000, "max_in_flight": 10000,
    /// "policy": "wait", "max_rejected": 100, "flush_seconds": 1}`. With `flush_seconds` a thread flushes it so often,
    /// until the guard is dropped.
    ///
    /// ```
    /// use serde_json::json;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let (recorder, flushing) = finops.recorder_with(json!({"policy": "drop", "flush_seconds": 0.5}))?;
    /// let event = recorder.read(r#"{"id": "1", "resource": "api_calls", "quantity": 1, "tenant_id": "ten_1"}"#)?;
    /// recorder.record(event)?;
    /// drop(flushing);
    /// assert_eq!(recorder.stats().accepted, 1);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument`, with the field, for an option that does not exist or is out of range; `not_found` when the
    /// store keeps no usage.
    pub fn recorder_with(&self, options: Value) -> Result<(Recorder, Option<Flushing>)> {
        self.permit("record_usage")?;
        let form: Form = parse(options)?;
        let interval = form.interval()?;
        let recorder = self.recorder(form.options())?;
        let flushing = interval.map(|interval| recorder.start(interval)).transpose()?;
        Ok((recorder, flushing))
    }
}
