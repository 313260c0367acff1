//! The engine as a class of JavaScript. Work runs on Node's thread pool, never on the thread of the event loop.

use crate::json;
use crate::tasks::{Call, Close, Open};
use crate::watch::Watch;
use finops_core::{Error, ErrorCode, Finops};
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use std::sync::Arc;

/// An open engine.
#[derive(Debug)]
#[napi]
pub struct Engine {
    core: Option<Arc<Finops>>,
}

impl Engine {
    pub(crate) fn new(core: Finops) -> Self {
        Self { core: Some(Arc::new(core)) }
    }
}

#[napi]
impl Engine {
    /// Opens the engine at a location, with options as JSON text.
    #[napi]
    pub fn open(location: String, options: String) -> AsyncTask<Open> {
        AsyncTask::new(Open { location, options })
    }

    /// Runs an operation: parameters in and the answer out as JSON text. Decimals are text when `exact`, else numbers.
    #[napi]
    pub fn call(
        &self,
        operation: String,
        params: String,
        exact: bool,
        watch: Option<&Watch>,
    ) -> napi::Result<AsyncTask<Call>> {
        let closed = || Error::new(ErrorCode::Conflict, "the engine is closed: open its location again");
        let core = self.core.clone().ok_or_else(|| json::failure(&closed()))?;
        let observer = watch.map(Watch::observer);
        Ok(AsyncTask::new(Call { core: Some(core), operation, params, exact, observer }))
    }

    /// Lets go of the location. Calls under way finish; later ones fail. Closing twice is harmless.
    #[napi]
    pub fn close(&mut self) -> AsyncTask<Close> {
        AsyncTask::new(Close { core: self.core.take() })
    }
}
