//! What runs on Node's thread pool.

use crate::detector::Detector;
use crate::engine::Engine;
use crate::gate;
use crate::json;
use crate::series::Model;
use crate::telling::{Brought, Tickets};
use crate::watch::{Looker, watched};
use finops_core::engine::{Builder, Flushing, Recorder};
use finops_core::{Answer, Error, ErrorCode, Finops};
use napi::{Env, Task};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Opens an engine.
#[derive(Debug)]
pub struct Open {
    pub(crate) location: String,
    pub(crate) options: String,
    /// A model of the host.
    pub(crate) model: Option<Brought>,
    /// A detector of the host.
    pub(crate) detector: Option<Brought>,
    pub(crate) tickets: Arc<Tickets>,
}

impl Task for Open {
    type Output = Finops;
    type JsValue = Engine;

    fn compute(&mut self) -> napi::Result<Finops> {
        let (model, detector) = (self.model.take(), self.detector.take());
        guarded(false, || {
            let mut builder = Builder::from_json(parse(&self.options)?)?;
            let within = builder.model_timeout()?;
            if let Some(model) = model {
                builder = builder.forecaster(Arc::new(Model(Brought { within, ..model })));
            }
            if let Some(detector) = detector {
                builder = builder.anomaly_detector(Arc::new(Detector(Brought { within, ..detector })));
            }
            builder.open(&self.location)
        })
    }

    fn resolve(&mut self, _: Env, core: Finops) -> napi::Result<Engine> {
        Ok(Engine::new(core, Arc::clone(&self.tickets)))
    }
}

/// Runs an operation.
#[derive(Debug)]
pub struct Call {
    /// Given up when the work is done, so that nothing is closed on the thread of the event loop.
    pub(crate) core: Option<Arc<Finops>>,
    pub(crate) operation: String,
    pub(crate) params: String,
    pub(crate) exact: bool,
    pub(crate) observer: Option<Looker>,
}

impl Task for Call {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        let Some(core) = self.core.take() else { return Err(json::failure(&broken("a call ran twice"))) };
        guarded(false, || {
            let params = parse(&self.params)?;
            let answer = watched(self.observer.as_ref(), |observer| core.call(&self.operation, params, observer));
            json::text(&answer?, self.exact)
        })
    }

    fn resolve(&mut self, _: Env, answer: String) -> napi::Result<String> {
        Ok(answer)
    }
}

/// Records usage events, from JSON in UTF-8.
#[derive(Debug)]
pub struct RecordUsage {
    pub(crate) core: Option<Arc<Finops>>,
    pub(crate) events: Vec<u8>,
    pub(crate) exact: bool,
}

impl Task for RecordUsage {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        let Some(core) = self.core.take() else { return Err(json::failure(&broken("a call ran twice"))) };
        guarded(false, || {
            let text = std::str::from_utf8(&self.events);
            let text = text.map_err(|_| Error::invalid("events", "is no Unicode text: JSON is written in UTF-8"))?;
            json::text(&Answer::from(core.record_usage(text)?), self.exact)
        })
    }

    fn resolve(&mut self, _: Env, answer: String) -> napi::Result<String> {
        Ok(answer)
    }
}

/// Writes what a recorder took, and lets go of it.
#[derive(Debug)]
pub struct Flush {
    pub(crate) core: Option<Recorder>,
    /// Its thread, when that is to stop.
    pub(crate) flushing: Option<Flushing>,
}

impl Task for Flush {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<()> {
        let (core, flushing) = (self.core.take(), self.flushing.take());
        guarded(false, || {
            drop(flushing);
            core.map_or(Ok(()), |core| core.flush())
        })
    }

    fn resolve(&mut self, _: Env, (): ()) -> napi::Result<()> {
        Ok(())
    }
}

/// Looks at budgets.
#[derive(Debug)]
pub struct LookAtBudgets {
    pub(crate) core: Option<Arc<Finops>>,
}

impl Task for LookAtBudgets {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<()> {
        let core = self.core.take();
        guarded(false, || {
            if let Some(core) = core {
                core.look_at_budgets();
            }
            Ok(())
        })
    }

    fn resolve(&mut self, _: Env, (): ()) -> napi::Result<()> {
        Ok(())
    }
}

/// Holds the amount of a spend, with budgets looked at first.
#[derive(Debug)]
pub struct SpendLater {
    pub(crate) core: Option<Arc<Finops>>,
    pub(crate) spend: String,
    pub(crate) exact: bool,
}

impl Task for SpendLater {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        let Some(core) = self.core.take() else { return Err(json::failure(&broken("a call ran twice"))) };
        guarded(self.exact, || core.spend(&gate::request(&self.spend)?).map(gate::held))
    }

    fn resolve(&mut self, _: Env, held: String) -> napi::Result<String> {
        Ok(held)
    }
}

/// Closes an engine.
#[derive(Debug)]
pub struct Close {
    pub(crate) core: Option<Arc<Finops>>,
}

impl Task for Close {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<()> {
        let core = self.core.take();
        guarded(false, || {
            drop(core);
            Ok(())
        })
    }

    fn resolve(&mut self, _: Env, (): ()) -> napi::Result<()> {
        Ok(())
    }
}

pub(crate) fn parse(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::new(ErrorCode::InvalidArgument, format!("the parameters cannot be read: {error}")))
}

fn broken(what: &str) -> Error {
    Error::new(ErrorCode::Storage, format!("{what}, which is a defect of the engine: please report it"))
}

/// A panic would end the process, and the service in it: it becomes a failed call instead. Decimals of the failure are
/// text when `exact`, else numbers.
pub(crate) fn guarded<T>(exact: bool, work: impl FnOnce() -> Result<T, Error>) -> napi::Result<T> {
    let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(broken("a call panicked")));
    outcome.map_err(|error| json::told(&error, exact))
}
