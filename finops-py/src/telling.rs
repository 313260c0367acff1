//! Callables of Python that are told of events, and what receivers of webhooks need.

use crate::{errors, output};
use finops_core::edge::notify::EventSink;
use finops_core::model::event::RecordedEvent;
use finops_core::model::time::{Clock, Stamp, SystemClock};
use finops_core::{Answer, Error, ErrorCode};
use pyo3::prelude::*;

/// A callable that is told of events.
pub(crate) struct Callable(pub(crate) Py<PyAny>);

impl Callable {
    fn tell(&self, py: Python<'_>, event: &RecordedEvent) -> PyResult<()> {
        let event = output::object(py, &Answer::from(event.clone()))?;
        self.0.call1(py, (event,)).map(drop)
    }
}

impl EventSink for Callable {
    fn on_event(&self, event: &RecordedEvent) -> Result<(), Error> {
        let failed = |message: String| Error::new(ErrorCode::Cancelled, message);
        // No interpreter means that the process is on its way out.
        let told = Python::try_attach(|py| self.tell(py, event).map_err(|raised| raised.to_string()));
        told.unwrap_or_else(|| Err("the interpreter ends".to_owned())).map_err(failed)
    }
}

/// Lets through what was signed with one of the secrets.
#[pyfunction]
#[pyo3(signature = (secrets, headers, body, now=None))]
#[allow(clippy::needless_pass_by_value, reason = "the macro calls with what it has made of Python's objects")]
pub(crate) fn verify_webhook(
    py: Python<'_>,
    secrets: Vec<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    now: Option<&str>,
) -> PyResult<()> {
    let verified =
        now.map_or_else(|| Ok(SystemClock.now()), |now| Stamp::parse(now).map_err(|error| error.with_field("now")));
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let verified = verified.and_then(|now| finops_core::verify_webhook(&secrets, headers, &body, now));
    verified.map_err(|error| errors::exception(py, &error))
}

/// The JSON Schema of the bodies that receivers get, as text.
#[pyfunction]
pub(crate) const fn event_schema() -> &'static str {
    finops_core::EVENT_SCHEMA
}
