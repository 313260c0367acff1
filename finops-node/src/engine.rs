//! The engine as a class of JavaScript. Work runs on Node's thread pool, never on the thread of the event loop.

use crate::json;
use crate::recorder::Recorder;
use crate::tasks::{Call, Close, Open, RecordUsage, parse};
use crate::telling::{Brought, Function, Tell, Tickets};
use crate::watch::Watch;
use finops_core::engine::Subscription;
use finops_core::model::access::Access;
use finops_core::{Error, ErrorCode, Finops};
use napi::bindgen_prelude::{AsyncTask, Either, Uint8Array};
use napi_derive::napi;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An open engine.
#[derive(Debug)]
#[napi]
pub struct Engine {
    /// Shared with what is narrowed from it, so that closing the one that was opened closes all of them.
    core: Arc<Mutex<Option<Arc<Finops>>>>,
    /// What a narrowed engine may.
    access: Option<Access>,
    /// What functions were told of and have not answered yet.
    tickets: Arc<Tickets>,
}

impl Engine {
    pub(crate) fn new(core: Finops, tickets: Arc<Tickets>) -> Self {
        Self { core: Arc::new(Mutex::new(Some(Arc::new(core)))), access: None, tickets }
    }

    fn open_core(&self) -> MutexGuard<'_, Option<Arc<Finops>>> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn core(&self) -> napi::Result<Arc<Finops>> {
        let closed = || Error::new(ErrorCode::Conflict, "the engine is closed: open its location again");
        let core = self.open_core().clone().ok_or_else(|| json::failure(&closed()))?;
        match &self.access {
            None => Ok(core),
            Some(access) => core.narrowed(access).map(Arc::new).map_err(|error| json::failure(&error)),
        }
    }

    fn narrowed(&self, narrowed: Result<Finops, Error>) -> napi::Result<Self> {
        let narrowed = narrowed.map_err(|error| json::failure(&error))?;
        let tickets = Arc::clone(&self.tickets);
        Ok(Self { core: Arc::clone(&self.core), access: narrowed.access().cloned(), tickets })
    }
}

#[napi]
impl Engine {
    /// Opens the engine at a location, with options as JSON text, and with what the host brings: a model and a
    /// detector, each as its name and a function that is given a ticket and JSON text, and answers by `told` or
    /// `answered`.
    #[napi]
    pub fn open(
        location: String,
        options: String,
        forecaster: Option<String>,
        forecast: Option<Tell>,
        detector: Option<String>,
        detect: Option<Tell>,
    ) -> AsyncTask<Open> {
        let tickets: Arc<Tickets> = Arc::default();
        // How long it may take is read with the other options.
        let brought = |tell: Option<Tell>, name: Option<String>| {
            let (tell, name) = tell.zip(name)?;
            Some(Brought { tell, tickets: Arc::clone(&tickets), name, within: Duration::ZERO })
        };
        let (model, detector) = (brought(forecast, forecaster), brought(detect, detector));
        AsyncTask::new(Open { location, options, model, detector, tickets })
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
        let core = self.core()?;
        let observer = watch.map(Watch::observer);
        Ok(AsyncTask::new(Call { core: Some(core), operation, params, exact, observer }))
    }

    /// Records usage events, JSON as text or in UTF-8.
    #[napi]
    pub fn record_usage(
        &self,
        events: Either<String, Uint8Array>,
        exact: bool,
    ) -> napi::Result<AsyncTask<RecordUsage>> {
        let events = match events {
            Either::A(text) => text.into_bytes(),
            // A copy: JavaScript may change its own meanwhile.
            Either::B(bytes) => bytes.to_vec(),
        };
        Ok(AsyncTask::new(RecordUsage { core: Some(self.core()?), events, exact }))
    }

    /// Makes a recorder, with its options as JSON text.
    #[napi]
    #[allow(clippy::needless_pass_by_value, reason = "the macro calls with what it has made of a JavaScript text")]
    pub fn recorder(&self, options: String) -> napi::Result<Recorder> {
        let core = self.core()?;
        let made = parse(&options).and_then(|options| core.recorder_with(options));
        let (core, flushing) = made.map_err(|error| json::failure(&error))?;
        Ok(Recorder::new(core, flushing))
    }

    /// Has a function told of events that come from now on, each as a ticket and JSON text; gives the number by which
    /// that ends. The function says by `told` what became of it.
    #[napi]
    pub fn subscribe(&self, tell: Tell) -> napi::Result<u32> {
        let sink = Function { tell, tickets: Arc::clone(&self.tickets) };
        let subscribed = self.core()?.events_subscribe(Arc::new(sink)).map_err(|error| json::failure(&error))?;
        Ok(u32::try_from(subscribed.number()).unwrap_or(u32::MAX))
    }

    /// What became of an event that a function was told of: why it was not taken, if it was not.
    #[napi]
    pub fn told(&self, ticket: u32, error: Option<String>) {
        self.tickets.answer(ticket, error.map_or_else(|| Ok(String::new()), Err));
    }

    /// What a function answered that was asked.
    #[napi]
    pub fn answered(&self, ticket: u32, answer: String) {
        self.tickets.answer(ticket, Ok(answer));
    }

    /// Has a function told of nothing more; whether it was before.
    #[napi]
    pub fn unsubscribe(&self, subscription: u32) -> napi::Result<bool> {
        let subscription = Subscription::from_number(subscription.into());
        self.core()?.events_unsubscribe(subscription).map_err(|error| json::failure(&error))
    }

    /// An engine narrowed to a tenant.
    #[napi]
    pub fn as_tenant(&self, tenant_id: String) -> napi::Result<Engine> {
        self.narrowed(self.core()?.as_tenant(tenant_id))
    }

    /// An engine that may what a principal may, who comes as JSON text.
    #[napi]
    #[allow(clippy::needless_pass_by_value, reason = "the macro calls with what it has made of a JavaScript text")]
    pub fn as_principal(&self, principal: String) -> napi::Result<Engine> {
        let core = self.core()?;
        self.narrowed(parse(&principal).and_then(|principal| core.as_principal_with(principal)))
    }

    /// Lets go of the location. Calls under way finish; later ones fail. Closing twice is harmless. A narrowed engine
    /// lets go of nothing.
    #[napi]
    pub fn close(&self) -> AsyncTask<Close> {
        AsyncTask::new(Close { core: if self.access.is_none() { self.open_core().take() } else { None } })
    }
}
