//! Python's objects as JSON for the engine, losing nothing: decimals and floats travel as text.

use crate::{errors, output};
use chrono::{DateTime, Utc};
use finops_core::model::time::Stamp;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDate, PyDateTime, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple, PyTzInfo};
use serde_json::{Map, Value};

/// How deep lists and dicts may nest.
const MAX_DEPTH: usize = 64;

static PATH_LIKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The parameters of a call. What is `None` counts as not given, and `...` stands for null.
pub(crate) fn object(params: &Bound<'_, PyDict>) -> PyResult<Value> {
    let mut object = Map::new();
    for (name, value) in params {
        let name: String = name.extract()?;
        if value.is(params.py().Ellipsis()) {
            object.insert(name, Value::Null);
        } else if !value.is_none() {
            let value = Reader { field: &name }.value(&value, 0)?;
            object.insert(name, value);
        }
    }
    Ok(Value::Object(object))
}

/// Text, or a path as text.
pub(crate) fn path(item: &Bound<'_, PyAny>, field: &str) -> PyResult<String> {
    match (Reader { field }).value(item, 0)? {
        Value::String(text) => Ok(text),
        _ => Err(errors::invalid(item.py(), field, format!("must be text or a path, not {}", type_name(item)))),
    }
}

/// A value as JSON text.
pub(crate) fn json(item: &Bound<'_, PyAny>, field: &str) -> PyResult<String> {
    Reader { field }.value(item, 0).map(|value| value.to_string())
}

/// Reads the values of one parameter.
#[derive(Clone, Copy)]
struct Reader<'a> {
    /// The parameter, for errors.
    field: &'a str,
}

impl Reader<'_> {
    fn value(self, item: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
        if depth > MAX_DEPTH {
            return Err(self.wrong(item, format!("nests deeper than {MAX_DEPTH} levels: flatten it")));
        }
        // A bool is an int and a datetime a date, so the narrower one comes first.
        if item.is_none() {
            Ok(Value::Null)
        } else if let Ok(text) = item.cast::<PyString>() {
            self.text(text).map(Value::String)
        } else if let Ok(flag) = item.cast::<PyBool>() {
            Ok(Value::Bool(flag.is_true()))
        } else if let Ok(number) = item.cast::<PyInt>() {
            self.integer(number)
        } else if let Ok(number) = item.cast::<PyFloat>() {
            self.float(number)
        } else if item.is_instance(output::decimal_type(item.py())?)? {
            self.decimal(item)
        } else if let Ok(time) = item.cast::<PyDateTime>() {
            self.time(time)
        } else if let Ok(date) = item.cast::<PyDate>() {
            Ok(Value::String(date.call_method0("isoformat")?.extract()?))
        } else if let Ok(list) = item.cast::<PyList>() {
            list.iter().map(|item| self.value(&item, depth + 1)).collect()
        } else if let Ok(tuple) = item.cast::<PyTuple>() {
            tuple.iter().map(|item| self.value(&item, depth + 1)).collect()
        } else if let Ok(dict) = item.cast::<PyDict>() {
            self.dict(dict, depth)
        } else if let Ok(mapping) = item.cast::<PyMapping>() {
            let dict = PyDict::new(item.py());
            dict.update(mapping)?;
            self.dict(&dict, depth)
        } else if item.is_instance(PATH_LIKE.import(item.py(), "os", "PathLike")?)? {
            self.path(item)
        } else {
            Err(self.wrong(item, format!("cannot be of type {}: {KNOWN}", type_name(item))))
        }
    }

    fn text(self, text: &Bound<'_, PyString>) -> PyResult<String> {
        let wrong = |_| self.wrong(text, "has characters that are not Unicode text (lone surrogates)");
        text.to_cow().map(std::borrow::Cow::into_owned).map_err(wrong)
    }

    fn integer(self, number: &Bound<'_, PyInt>) -> PyResult<Value> {
        if let Ok(small) = number.extract::<i64>() {
            return Ok(small.into());
        }
        // Python itself refuses to write out thousands of digits.
        let wrong = |_| self.wrong(number, "has too many digits");
        Ok(Value::String(number.str().map_err(wrong)?.extract()?))
    }

    fn float(self, number: &Bound<'_, PyFloat>) -> PyResult<Value> {
        if !number.value().is_finite() {
            return Err(self.wrong(number, format!("must be a finite number, not {}", number.value())));
        }
        // The shortest text that reads back as the same float, so that 0.1 is one tenth. Subclasses such as
        // NumPy's write themselves in other ways, hence the plain float.
        let plain = PyFloat::new(number.py(), number.value());
        Ok(Value::String(plain.repr()?.extract()?))
    }

    fn decimal(self, number: &Bound<'_, PyAny>) -> PyResult<Value> {
        let text: String = number.str()?.extract()?;
        if number.call_method0("is_finite")?.is_truthy()? {
            Ok(Value::String(text))
        } else {
            Err(self.wrong(number, format!("must be a finite number, not {text}")))
        }
    }

    fn time(self, time: &Bound<'_, PyDateTime>) -> PyResult<Value> {
        let py = time.py();
        if time.call_method0("utcoffset")?.is_none() {
            let message = format!("{} has no time zone: use an aware datetime", time.str()?);
            return Err(self.wrong(time, format!("{message}, such as datetime(2024, 1, 1, tzinfo=timezone.utc)")));
        }
        let in_utc = time.call_method1("astimezone", (PyTzInfo::utc(py)?,));
        let utc = in_utc.and_then(|time| time.extract::<DateTime<Utc>>());
        let utc = utc.map_err(|_| self.wrong(time, "lies outside the years 1 to 9999 in UTC"))?;
        Ok(Value::String(Stamp::from_utc(utc).to_string()))
    }

    fn dict(self, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<Value> {
        let mut object = Map::new();
        for (key, value) in dict {
            let Ok(text) = key.cast::<PyString>() else {
                return Err(self.wrong(dict, format!("has the key {}: keys must be text", key.repr()?)));
            };
            object.insert(self.text(text)?, self.value(&value, depth + 1)?);
        }
        Ok(Value::Object(object))
    }

    fn path(self, path: &Bound<'_, PyAny>) -> PyResult<Value> {
        let written = path.call_method0("__fspath__")?;
        match written.cast::<PyString>() {
            Ok(text) => self.text(text).map(Value::String),
            Err(_) => Err(self.wrong(path, "must be a path of text, not of bytes")),
        }
    }

    fn wrong(self, item: &Bound<'_, PyAny>, message: impl Into<String>) -> PyErr {
        errors::invalid(item.py(), self.field, message)
    }
}

const KNOWN: &str = "give None, bool, int, float, Decimal, str, datetime, date, a path, a list or a dict";

fn type_name(item: &Bound<'_, PyAny>) -> String {
    item.get_type().name().map_or_else(|_| "unknown".to_owned(), |name| name.to_string())
}
