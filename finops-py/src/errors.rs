//! Failures of the engine as the exceptions of `iof.errors`.

use crate::output;
use finops_core::engine::{SpendCheck, SpendRefused};
use finops_core::{Error, ErrorCode};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::error::Error as _;

static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The exception for a failure; what lies underneath it becomes its cause.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = MAKE
        .import(py, "iof.errors", "_make")
        .and_then(|make| make.call1((error.code().as_str(), error.message(), error.field())));
    let exception = match made {
        Ok(made) => PyErr::from_value(made),
        Err(failure) => return failure,
    };
    if let Some(refused) = SpendRefused::of(error) {
        // What the exception has to say besides its message; nothing lies underneath.
        return match tell_refused(py, exception.value(py), refused) {
            Ok(()) => exception,
            Err(failure) => failure,
        };
    }
    if let Some(source) = error.source() {
        exception.set_cause(py, Some(PyRuntimeError::new_err(source.to_string())));
    }
    exception
}

fn tell_refused(py: Python<'_>, exception: &Bound<'_, PyAny>, refused: &SpendRefused) -> PyResult<()> {
    let told = SpendCheck::refused(refused.reason, refused.refused_by.clone());
    let told = output::object(py, &told.into())?;
    exception.setattr(intern!(py, "reason"), told.get_item(intern!(py, "reason"))?)?;
    exception.setattr(intern!(py, "refused_by"), told.get_item(intern!(py, "refused_by"))?)
}

/// The exception for an argument that cannot be handed on.
pub(crate) fn invalid(py: Python<'_>, field: &str, message: impl Into<String>) -> PyErr {
    exception(py, &Error::invalid(field, message))
}

/// The exception for a call on an engine that was closed.
pub(crate) fn closed(py: Python<'_>) -> PyErr {
    exception(py, &Error::new(ErrorCode::Conflict, "the engine is closed: open its location again"))
}
