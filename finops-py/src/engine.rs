//! The engine as an object of Python.

use crate::columns::{self, Place, Table};
use crate::detector::Detector;
use crate::events::Given;
use crate::recorder::Recorder;
use crate::relation::Relation;
use crate::series::Model;
use crate::telling::Callable;
use crate::{errors, input, output};
use finops_core::engine::{Builder, Subscription};
use finops_core::model::access::Access;
use finops_core::model::time::Period;
use finops_core::{Answer, Error, ErrorCode, Finops, Observer, Progress};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An open engine. Threads may share it.
#[pyclass(name = "Engine", module = "iof._iof", frozen)]
pub(crate) struct Engine {
    // Held only to look or to take, never during a call: a call keeps the engine alive by its own count. Narrowed
    // engines share it, so that closing the one that was opened closes all of them.
    core: Arc<Mutex<Option<Arc<Finops>>>>,
    /// What a narrowed engine may.
    access: Option<Access>,
    /// Whether this one was closed.
    closed: AtomicBool,
}

#[pymethods]
impl Engine {
    /// Opens the engine at a location, with a model and a detector of the host.
    #[staticmethod]
    #[pyo3(signature = (location, options, forecaster=None, anomaly_detector=None))]
    fn open(
        py: Python<'_>,
        location: &Bound<'_, PyAny>,
        options: &Bound<'_, PyDict>,
        forecaster: Option<&Bound<'_, PyAny>>,
        anomaly_detector: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let location = input::path(location, "location")?;
        let options = input::object(options)?;
        let forecaster = forecaster.map(Model::new).transpose()?;
        let detector = anomaly_detector.map(Detector::new).transpose()?;
        let opened = py.detach(|| {
            let mut builder = Builder::from_json(options)?;
            if let Some(model) = forecaster {
                builder = builder.forecaster(Arc::new(model));
            }
            if let Some(detector) = detector {
                builder = builder.anomaly_detector(Arc::new(detector));
            }
            builder.open(&location)
        });
        let core = opened.map_err(|error| errors::exception(py, &error))?;
        Ok(Self { core: Arc::new(Mutex::new(Some(Arc::new(core)))), access: None, closed: AtomicBool::new(false) })
    }

    /// An engine narrowed to a tenant.
    fn as_tenant(&self, py: Python<'_>, tenant_id: &str) -> PyResult<Self> {
        self.narrowed(py, self.core(py)?.as_tenant(tenant_id))
    }

    /// An engine that may what a principal may.
    fn as_principal(&self, py: Python<'_>, principal: &Bound<'_, PyDict>) -> PyResult<Self> {
        let principal = input::object(principal)?;
        self.narrowed(py, self.core(py)?.as_principal_with(principal))
    }

    /// Runs an operation and gives its answer.
    #[pyo3(signature = (operation, params, progress=None))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        operation: &str,
        params: &Bound<'py, PyDict>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        output::object(py, &self.answer(py, operation, params, progress)?)
    }

    /// Runs an operation and gives its answer without the rows, and those by column. They stand in one of `places`:
    /// in a list, or in lists of that name in its values.
    fn columns<'py>(
        &self,
        py: Python<'py>,
        operation: &str,
        params: &Bound<'py, PyDict>,
        places: Vec<Place>,
    ) -> PyResult<(Bound<'py, PyAny>, Table)> {
        let call = |core: &Finops, params, watch: &Watch| core.call_by_column(operation, params, watch);
        let (answer, items) = self.called(py, params, None, call)?;
        let (about, told) = columns::columns(py, &answer, places)?;
        let given = items.map(Table::of).transpose().map_err(|error| errors::exception(py, &error))?;
        Ok((about, given.unwrap_or(told)))
    }

    /// Records usage events, and gives what became of them.
    fn record_usage<'py>(&self, py: Python<'py>, events: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.core(py)?;
        let given = Given::new(events)?;
        let text = given.text(py)?;
        let receipt = py.detach(|| core.record_usage(&text));
        py.detach(|| drop(core));
        output::object(py, &receipt.map_err(|error| errors::exception(py, &error))?.into())
    }

    /// Makes a recorder, with its options.
    fn recorder(&self, py: Python<'_>, options: &Bound<'_, PyDict>) -> PyResult<Recorder> {
        let core = self.core(py)?;
        let (recorder, flushing) =
            core.recorder_with(input::object(options)?).map_err(|error| errors::exception(py, &error))?;
        Ok(Recorder::new(recorder, flushing))
    }

    /// Has a callable told of events that come from now on; gives the number by which that ends.
    fn subscribe(&self, py: Python<'_>, sink: Py<PyAny>) -> PyResult<u64> {
        let subscribed = self.core(py)?.events_subscribe(Arc::new(Callable(sink)));
        subscribed.map(Subscription::number).map_err(|error| errors::exception(py, &error))
    }

    /// Has it told of nothing more; whether it was before.
    fn unsubscribe(&self, py: Python<'_>, subscription: u64) -> PyResult<bool> {
        let removed = self.core(py)?.events_unsubscribe(Subscription::from_number(subscription));
        removed.map_err(|error| errors::exception(py, &error))
    }

    /// The charges of the present state as a relation.
    #[pyo3(signature = (columns=None, period=None))]
    fn relation(slf: Bound<'_, Self>, columns: Option<Vec<String>>, period: Option<&str>) -> PyResult<Relation> {
        let py = slf.py();
        let core = slf.get().core(py)?;
        let charges = py.detach(move || {
            let period = period.map(str::parse::<Period>).transpose()?;
            core.relation(columns.as_deref(), period.as_ref())
        });
        Ok(Relation::new(slf.unbind(), charges.map_err(|error| errors::exception(py, &error))?))
    }

    /// Lets go of the location. Calls that run on other threads finish; later ones fail. Closing twice is harmless. A
    /// narrowed engine closes only itself.
    fn close(&self, py: Python<'_>) {
        self.closed.store(true, Ordering::Release);
        let core = if self.access.is_none() { lock(&self.core).take() } else { None };
        py.detach(|| drop(core));
    }

    /// Whether the engine was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire) || lock(&self.core).is_none()
    }
}

impl Engine {
    fn answer<'py>(
        &self,
        py: Python<'py>,
        operation: &str,
        params: &Bound<'py, PyDict>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Answer> {
        self.called(py, params, progress, |core, params, watch| core.call(operation, params, watch))
    }

    /// What a call of the core gives, without the interpreter's lock.
    fn called<'py, T: Send>(
        &self,
        py: Python<'py>,
        params: &Bound<'py, PyDict>,
        progress: Option<Bound<'py, PyAny>>,
        call: impl FnOnce(&Finops, Value, &Watch) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let core = self.core(py)?;
        let params = input::object(params)?;
        let watch = Watch { progress: progress.map(Bound::unbind), raised: Mutex::new(None) };
        let answer = py.detach(|| call(&core, params, &watch));
        // A close on another thread may have left this call the last to hold the engine.
        py.detach(|| drop(core));
        watch.answer(py, answer)
    }

    /// The open engine, to call or to read from.
    pub(crate) fn core(&self, py: Python<'_>) -> PyResult<Arc<Finops>> {
        let open = lock(&self.core).clone().filter(|_| !self.closed.load(Ordering::Acquire));
        let core = open.ok_or_else(|| errors::closed(py))?;
        match &self.access {
            None => Ok(core),
            Some(access) => core.narrowed(access).map(Arc::new).map_err(|error| errors::exception(py, &error)),
        }
    }

    /// Calls with the open engine under the interpreter's lock, which the call releases where it may wait.
    pub(crate) fn with<T>(&self, py: Python<'_>, call: impl FnOnce(&Finops) -> PyResult<T>) -> PyResult<T> {
        let open = lock(&self.core).clone().filter(|_| !self.closed.load(Ordering::Acquire));
        let core = open.ok_or_else(|| errors::closed(py))?;
        let answer = match &self.access {
            None => call(&core),
            Some(access) => match core.narrowed(access) {
                Ok(narrowed) => call(&narrowed),
                Err(error) => Err(errors::exception(py, &error)),
            },
        };
        // A close on another thread may have left this call the last to hold the engine.
        if let Some(last) = Arc::into_inner(core) {
            py.detach(|| drop(last));
        }
        answer
    }

    /// An engine beside this one that may what a narrowed handle may.
    fn narrowed(&self, py: Python<'_>, narrowed: Result<Finops, Error>) -> PyResult<Self> {
        let narrowed = narrowed.map_err(|error| errors::exception(py, &error))?;
        let (core, access) = (Arc::clone(&self.core), narrowed.access().cloned());
        Ok(Self { core, access, closed: AtomicBool::new(false) })
    }
}

/// Every value behind these locks is whole at any time, so a panic elsewhere spoils nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets Python look on at a call: Ctrl-C and a callable that raises stop it.
struct Watch {
    progress: Option<Py<PyAny>>,
    raised: Mutex<Option<PyErr>>,
}

impl Watch {
    fn look(&self, py: Python<'_>, progress: &Progress) -> PyResult<()> {
        py.check_signals()?;
        if let Some(callable) = &self.progress {
            let dict = PyDict::new(py);
            dict.set_item("rows", progress.rows)?;
            dict.set_item("bytes_read", progress.bytes_read)?;
            dict.set_item("bytes_total", progress.bytes_total)?;
            callable.call1(py, (dict,))?;
        }
        Ok(())
    }

    /// The answer, unless something was raised meanwhile: then exactly that.
    fn answer<T>(self, py: Python<'_>, answer: Result<T, Error>) -> PyResult<T> {
        if let Some(raised) = self.raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(raised);
        }
        // Ctrl-C in a model of the host stopped it.
        if matches!(&answer, Err(error) if error.code() == ErrorCode::Cancelled) {
            py.check_signals()?;
        }
        answer.map_err(|error| errors::exception(py, &error))
    }
}

impl Observer for Watch {
    fn progress(&self, progress: &Progress) -> ControlFlow<()> {
        // No interpreter means that the process is on its way out.
        let Some(seen) = Python::try_attach(|py| self.look(py, progress)) else { return ControlFlow::Break(()) };
        match seen {
            Ok(()) => ControlFlow::Continue(()),
            Err(raised) => {
                lock(&self.raised).get_or_insert(raised);
                ControlFlow::Break(())
            }
        }
    }
}
