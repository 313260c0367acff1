//! Answers of the engine as Python's own objects.

use finops_core::{Document, Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyType};
use pyo3::{BoundObject, IntoPyObjectExt};

use crate::errors;

static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// `decimal.Decimal`.
pub(crate) fn decimal_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    DECIMAL.import(py, "decimal", "Decimal")
}

/// The object for a document: exact decimals become `Decimal`, instants aware `datetime` in UTC.
pub(crate) fn object(py: Python<'_>, document: Document) -> PyResult<Bound<'_, PyAny>> {
    match document {
        Document::Null => Ok(py.None().into_bound(py)),
        Document::Bool(value) => value.into_bound_py_any(py),
        Document::Integer(value) => value.into_bound_py_any(py),
        Document::Float(value) => value.into_bound_py_any(py),
        Document::Text(text) => text.into_bound_py_any(py),
        Document::Decimal(text) => decimal_type(py)?.call1((text,)),
        Document::Time(stamp) => stamp.to_utc().into_bound_py_any(py),
        Document::List(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(object(py, item)?)?;
            }
            Ok(list.into_bound().into_any())
        }
        Document::Map(fields) => {
            let dict = PyDict::new(py);
            for (name, value) in fields {
                // The same few names stand in every row of an answer.
                dict.set_item(PyString::intern(py, &name), object(py, value)?)?;
            }
            Ok(dict.into_any())
        }
        other => {
            let message = format!("the answer holds what this version of iof cannot show: {other:?}");
            Err(errors::exception(py, &Error::new(ErrorCode::Storage, message)))
        }
    }
}
