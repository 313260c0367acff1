//! The recorder as an object of Python. An event is taken under the interpreter's lock where that is a matter of
//! moving it; the lock is released where something is written or waited for.

use crate::engine::lock;
use crate::errors;
use crate::events::Writer;
use finops_core::engine::{Flushing, Recorder as Core, RecorderStats};
use finops_core::model::usage::Rejected;
use finops_core::{Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::sync::Mutex;

/// Takes events one by one and reports them in batches. `iof.Finops.recorder` makes it and says how it works.
#[pyclass(name = "Recorder", module = "iof._iof", frozen)]
pub(crate) struct Recorder {
    // Held only to look or to take: what takes long goes by a clone.
    state: Mutex<State>,
}

enum State {
    Open(Core, Option<Flushing>),
    Closed(RecorderStats, Vec<Rejected>),
}

impl Recorder {
    pub(crate) const fn new(core: Core, flushing: Option<Flushing>) -> Self {
        Self { state: Mutex::new(State::Open(core, flushing)) }
    }

    fn core(&self, py: Python<'_>) -> PyResult<Core> {
        match &*lock(&self.state) {
            State::Open(core, _) => Ok(core.clone()),
            State::Closed(..) => {
                let error = Error::new(ErrorCode::Conflict, "the recorder is closed: make another one");
                Err(errors::exception(py, &error))
            }
        }
    }
}

#[pymethods]
impl Recorder {
    /// Takes an event: a dict, or its fields as keywords.
    #[pyo3(signature = (event=None, /, **fields))]
    fn record<'py>(
        &self,
        py: Python<'py>,
        event: Option<&Bound<'py, PyAny>>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<()> {
        let event = match (event, fields) {
            (Some(event), None) => event,
            (None, Some(fields)) => fields.as_any(),
            _ => return Err(errors::invalid(py, "event", "is a dict, or its fields as keywords, such as id=\"1\"")),
        };
        let core = self.core(py)?;
        let failed = |error| errors::exception(py, &error);
        let event = core.read(&Writer::new(py)?.event(event)?).map_err(failed)?;
        match core.offer(event) {
            None => Ok(()),
            Some(event) => py.detach(|| core.record(event)).map_err(failed),
        }
    }

    /// Writes everything that was taken before.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.core(py)?;
        py.detach(|| core.flush()).map_err(|error| errors::exception(py, &error))
    }

    /// How many events were taken and are not written yet.
    #[getter]
    fn in_flight(&self) -> usize {
        match &*lock(&self.state) {
            State::Open(core, _) => core.in_flight(),
            State::Closed(..) => 0,
        }
    }

    /// What it did so far.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = match &*lock(&self.state) {
            State::Open(core, _) => core.stats(),
            State::Closed(stats, _) => *stats,
        };
        let dict = PyDict::new(py);
        dict.set_item("accepted", stats.accepted)?;
        dict.set_item("duplicates", stats.duplicates)?;
        dict.set_item("rejected", stats.rejected)?;
        dict.set_item("dropped", stats.dropped)?;
        dict.set_item("failures", stats.failures)?;
        Ok(dict)
    }

    /// Takes what is known of events that did not count.
    fn take_rejected<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rejected = match &mut *lock(&self.state) {
            State::Open(core, _) => core.take_rejected(),
            State::Closed(_, rejected) => std::mem::take(rejected),
        };
        let list = PyList::empty(py);
        for Rejected { index, id, rejection } in rejected {
            let dict = PyDict::new(py);
            dict.set_item("index", index)?;
            dict.set_item("id", id)?;
            dict.set_item("code", rejection.code())?;
            dict.set_item("message", rejection.to_string())?;
            list.append(dict)?;
        }
        Ok(list)
    }

    /// Writes what is left and takes no more. Closing twice is harmless; when writing fails, it stays open.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let Ok(core) = self.core(py) else { return Ok(()) };
        let closed = State::Closed(core.stats(), Vec::new());
        let before = std::mem::replace(&mut *lock(&self.state), closed);
        let flushed = py.detach(|| {
            if let State::Open(_, Some(thread)) = before {
                drop(thread);
            }
            core.flush()
        });
        *lock(&self.state) = match &flushed {
            Ok(()) => State::Closed(core.stats(), core.take_rejected()),
            Err(_) => State::Open(core.clone(), None),
        };
        py.detach(|| drop(core));
        flushed.map_err(|error| errors::exception(py, &error))
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyAny>) -> PyResult<()> {
        self.close(py)
    }
}
