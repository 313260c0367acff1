//! The recorder as a class of JavaScript. Taking an event is a move on the thread of the event loop; what is written is
//! written by the recorder's own thread, or on Node's thread pool.

use crate::json;
use crate::tasks::Flush;
use finops_core::engine::{Flushing, Recorder as Core};
use finops_core::{Error, ErrorCode};
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use std::fmt;

/// Takes events one by one.
#[napi]
pub struct Recorder {
    open: Option<(Core, Option<Flushing>)>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("open", &self.open.is_some()).finish()
    }
}

impl Recorder {
    pub(crate) const fn new(core: Core, flushing: Option<Flushing>) -> Self {
        Self { open: Some((core, flushing)) }
    }

    fn core(&self) -> napi::Result<&Core> {
        let closed = || Error::new(ErrorCode::Conflict, "the recorder is closed: make another one");
        self.open.as_ref().map(|(core, _)| core).ok_or_else(|| json::failure(&closed()))
    }
}

#[napi]
impl Recorder {
    /// Takes an event, as JSON text.
    #[napi]
    #[allow(clippy::needless_pass_by_value, reason = "the macro calls with what it has made of a JavaScript text")]
    pub fn record(&self, event: String) -> napi::Result<()> {
        let core = self.core()?;
        core.read(&event).and_then(|event| core.record(event)).map_err(|error| json::failure(&error))
    }

    /// Writes everything that was taken before.
    #[napi]
    pub fn flush(&self) -> napi::Result<AsyncTask<Flush>> {
        Ok(AsyncTask::new(Flush { core: Some(self.core()?.clone()), flushing: None }))
    }

    /// How many events were taken and are not written yet.
    #[napi(getter)]
    pub fn in_flight(&self) -> napi::Result<u32> {
        Ok(u32::try_from(self.core()?.in_flight()).unwrap_or(u32::MAX))
    }

    /// What it did so far, as JSON text.
    #[napi]
    pub fn stats(&self) -> napi::Result<String> {
        Ok(serde_json::json!(self.core()?.stats()).to_string())
    }

    /// Takes what is known of events that did not count, as JSON text.
    #[napi]
    pub fn take_rejected(&self) -> napi::Result<String> {
        Ok(serde_json::json!(self.core()?.take_rejected()).to_string())
    }

    /// Stops its thread and lets go of the engine.
    #[napi]
    pub fn close(&mut self) -> AsyncTask<Flush> {
        let (core, flushing) = self.open.take().unzip();
        AsyncTask::new(Flush { core, flushing: flushing.flatten() })
    }
}
