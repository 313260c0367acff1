//! Answers of the engine as Python's own objects.

use finops_core::model::time::Stamp;
use finops_core::{Document, Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyIterator, PyList, PyString, PyType};
use pyo3::{BoundObject, IntoPyObjectExt};
use std::collections::HashMap;

use crate::errors;

static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static MAP: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// `decimal.Decimal`.
pub(crate) fn decimal_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    DECIMAL.import(py, "decimal", "Decimal")
}

/// The object for a document: exact decimals become `Decimal`, instants aware `datetime` in UTC.
pub(crate) fn object(py: Python<'_>, document: Document) -> PyResult<Bound<'_, PyAny>> {
    let mut texts = Vec::new();
    decimals_of(&document, &mut texts);
    // Python's own `map` calls a type without leaving the interpreter, in half the time that a call from here takes.
    let decimals = MAP.import(py, "builtins", "map")?.call1((decimal_type(py)?, PyList::new(py, texts)?))?;
    Maker { py, decimals: decimals.try_iter()?, names: Vec::new(), times: HashMap::new() }.object(document)
}

/// The decimals of a document, in the order in which its objects are made.
fn decimals_of<'d>(document: &'d Document, into: &mut Vec<&'d str>) {
    match document {
        Document::Decimal(text) => into.push(text),
        Document::List(items) => items.iter().for_each(|item| decimals_of(item, into)),
        Document::Map(fields) => fields.iter().for_each(|(_, value)| decimals_of(value, into)),
        _ => {}
    }
}

/// Makes objects, the same ones for what comes again: an answer has the same few names in every row, and the same days
/// for every group.
struct Maker<'py> {
    py: Python<'py>,
    decimals: Bound<'py, PyIterator>,
    names: Vec<(String, Bound<'py, PyString>)>,
    times: HashMap<Stamp, Bound<'py, PyAny>>,
}

impl<'py> Maker<'py> {
    fn object(&mut self, document: Document) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        match document {
            Document::Null => Ok(py.None().into_bound(py)),
            Document::Bool(value) => value.into_bound_py_any(py),
            Document::Integer(value) => match i64::try_from(value) {
                Ok(small) => small.into_bound_py_any(py),
                Err(_) => value.into_bound_py_any(py),
            },
            Document::Float(value) => value.into_bound_py_any(py),
            Document::Text(text) => text.into_bound_py_any(py),
            Document::Decimal(text) => match self.decimals.next() {
                Some(decimal) => decimal,
                None => decimal_type(py)?.call1((text,)),
            },
            Document::Time(stamp) => self.time(stamp),
            Document::List(items) => {
                let items = items.into_iter().map(|item| self.object(item)).collect::<PyResult<Vec<_>>>()?;
                Ok(PyList::new(py, items)?.into_bound().into_any())
            }
            Document::Map(fields) => {
                let dict = PyDict::new(py);
                for (name, value) in fields {
                    let value = self.object(value)?;
                    dict.set_item(self.name(&name), value)?;
                }
                Ok(dict.into_any())
            }
            other => {
                let message = format!("the answer holds what this version of iof cannot show: {other:?}");
                Err(errors::exception(py, &Error::new(ErrorCode::Storage, message)))
            }
        }
    }

    fn name(&mut self, name: &str) -> Bound<'py, PyString> {
        if let Some((_, known)) = self.names.iter().find(|(known, _)| known == name) {
            return known.clone();
        }
        let made = PyString::intern(self.py, name);
        self.names.push((name.to_owned(), made.clone()));
        made
    }

    fn time(&mut self, stamp: Stamp) -> PyResult<Bound<'py, PyAny>> {
        if let Some(known) = self.times.get(&stamp) {
            return Ok(known.clone());
        }
        let time = stamp.to_utc().into_bound_py_any(self.py)?;
        self.times.insert(stamp, time.clone());
        Ok(time)
    }
}
