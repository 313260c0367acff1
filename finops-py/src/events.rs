//! Usage events as JSON text, written straight from Python's objects. What the text says is read and judged by the
//! core alone: what cannot be an event is handed on as it is, so that only that event is rejected.

use crate::{errors, output, tables};
use finops_core::model::usage::MAX_EVENTS;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDate, PyDict, PyFloat, PyInt, PyList, PyMapping, PyMemoryView, PyString, PyTuple,
    PyType,
};
use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;
use std::str::from_utf8;

/// How deep lists and dicts may nest.
const MAX_DEPTH: usize = 64;
const KNOWN: &str = "give None, bool, int, float, Decimal, str, datetime, date, a list or a dict";

/// What was given, while its text is borrowed.
pub(crate) enum Given<'py> {
    Text(Bound<'py, PyString>),
    Bytes(Bound<'py, PyBytes>),
    Written(Vec<u8>),
}

impl<'py> Given<'py> {
    /// JSON text or bytes as they are; a dict, an iterable of dicts or a table as JSON.
    pub(crate) fn new(events: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = events.py();
        if let Ok(text) = events.cast::<PyString>() {
            return Ok(Self::Text(text.clone()));
        }
        if let Ok(bytes) = events.cast::<PyBytes>() {
            return Ok(Self::Bytes(bytes.clone()));
        }
        if events.is_instance_of::<PyByteArray>() || events.is_instance_of::<PyMemoryView>() {
            return Ok(Self::Bytes(py.get_type::<PyBytes>().call1((events,))?.cast_into()?));
        }
        let is_table = !events.is_instance_of::<PyDict>() && events.hasattr("__arrow_c_stream__")?;
        Ok(Self::Written(if is_table { tables::json(events)? } else { Writer::new(py)?.events(events)? }))
    }

    /// The text.
    pub(crate) fn text(&self, py: Python<'py>) -> PyResult<Cow<'_, str>> {
        let unreadable = || errors::invalid(py, "events", "is no Unicode text: JSON is written in UTF-8");
        match self {
            Self::Text(text) => text.to_cow().map_err(|_| unreadable()),
            Self::Bytes(bytes) => from_utf8(bytes.as_bytes()).map(Cow::Borrowed).map_err(|_| unreadable()),
            Self::Written(written) => from_utf8(written).map(Cow::Borrowed).map_err(|_| unreadable()),
        }
    }
}

/// Writes JSON.
pub(crate) struct Writer<'py> {
    out: Vec<u8>,
    decimal: &'py Bound<'py, PyType>,
    /// The event that is being written, for errors.
    index: usize,
}

impl<'py> Writer<'py> {
    pub(crate) fn new(py: Python<'py>) -> PyResult<Self> {
        Ok(Self { out: Vec::new(), decimal: output::decimal_type(py)?, index: 0 })
    }

    /// One event, or a list of them.
    fn events(mut self, events: &Bound<'py, PyAny>) -> PyResult<Vec<u8>> {
        if events.is_instance_of::<PyDict>() || events.cast::<PyMapping>().is_ok() {
            self.value(events, 0)?;
            return Ok(self.out);
        }
        let wrong = |_| {
            let message =
                format!("cannot be of type {}: give a dict, an iterable of dicts, JSON or a table", kind(events));
            errors::invalid(events.py(), "events", message)
        };
        self.out.push(b'[');
        // One more than fit is enough for the core to refuse.
        for (index, event) in events.try_iter().map_err(wrong)?.take(MAX_EVENTS + 1).enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.index = index;
            self.value(&event?, 1)?;
        }
        self.out.push(b']');
        Ok(self.out)
    }

    /// One event as text.
    pub(crate) fn event(mut self, event: &Bound<'py, PyAny>) -> PyResult<String> {
        self.value(event, 0)?;
        String::from_utf8(self.out).map_err(|_| errors::invalid(event.py(), "event", "is no Unicode text"))
    }

    fn value(&mut self, item: &Bound<'py, PyAny>, depth: usize) -> PyResult<()> {
        if depth > MAX_DEPTH {
            return Err(self.wrong(item, &format!("nests deeper than {MAX_DEPTH} levels: flatten it")));
        }
        // A bool is an int and a datetime a date, so the narrower one comes first.
        if let Ok(text) = item.cast::<PyString>() {
            self.text(text)
        } else if let Ok(dict) = item.cast::<PyDict>() {
            self.dict(dict, depth)
        } else if item.is_none() {
            self.out.extend_from_slice(b"null");
            Ok(())
        } else if let Ok(flag) = item.cast::<PyBool>() {
            self.out.extend_from_slice(if flag.is_true() { b"true" } else { b"false" });
            Ok(())
        } else if let Ok(number) = item.cast::<PyInt>() {
            self.integer(number)
        } else if let Ok(number) = item.cast::<PyFloat>() {
            self.float(number.value());
            Ok(())
        } else if item.is_instance(self.decimal)? {
            self.text(&item.str()?)
        } else if item.is_instance_of::<PyDate>() {
            // As Python writes it: one without a zone is known by that.
            self.text(item.call_method0(pyo3::intern!(item.py(), "isoformat"))?.cast()?)
        } else if item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>() {
            self.list(item, depth)
        } else if let Ok(mapping) = item.cast::<PyMapping>() {
            let dict = PyDict::new(item.py());
            dict.update(mapping)?;
            self.dict(&dict, depth)
        } else {
            Err(self.wrong(item, &format!("cannot be of type {}: {KNOWN}", kind(item))))
        }
    }

    fn text(&mut self, text: &Bound<'py, PyString>) -> PyResult<()> {
        match text.to_str() {
            Ok(text) => {
                write_text(text, &mut self.out);
                Ok(())
            }
            Err(_) => Err(self.wrong(text, "has characters that are not Unicode text (lone surrogates)")),
        }
    }

    fn integer(&mut self, number: &Bound<'py, PyInt>) -> PyResult<()> {
        match number.extract::<i64>() {
            Ok(small) => write_number(small, &mut self.out),
            // Python itself refuses to write out thousands of digits.
            Err(_) => match number.str() {
                Ok(text) => self.out.extend_from_slice(text.to_cow()?.as_bytes()),
                Err(_) => return Err(self.wrong(number, "has too many digits")),
            },
        }
        Ok(())
    }

    fn float(&mut self, number: f64) {
        write_float(number, &mut self.out);
    }

    fn list(&mut self, list: &Bound<'py, PyAny>, depth: usize) -> PyResult<()> {
        self.out.push(b'[');
        for (place, item) in list.try_iter()?.enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            self.value(&item?, depth + 1)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn dict(&mut self, dict: &Bound<'py, PyDict>, depth: usize) -> PyResult<()> {
        self.out.push(b'{');
        for (place, (key, value)) in dict.iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            let Ok(key) = key.cast::<PyString>() else {
                return Err(self.wrong(dict, &format!("has the key {}: keys must be text", key.repr()?)));
            };
            self.text(key)?;
            self.out.push(b':');
            self.value(&value, depth + 1)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn wrong(&self, item: &Bound<'_, PyAny>, message: &str) -> PyErr {
        errors::invalid(item.py(), "events", format!("event {}: a value {message}", self.index))
    }
}

/// Writes a text with its quotes.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    // Nothing but a full memory fails here.
    drop(serde_json::to_writer(out, text));
}

/// Writes a whole number.
pub(crate) fn write_number(number: impl Display, out: &mut Vec<u8>) {
    drop(write!(out, "{number}"));
}

/// Writes the shortest text that reads back as the same float, so that 0.1 is one tenth. What is not finite is no JSON,
/// but text, which the core refuses.
pub(crate) fn write_float(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() {
        drop(serde_json::to_writer(out, &number));
    } else {
        write_text(&number.to_string(), out);
    }
}

fn kind(item: &Bound<'_, PyAny>) -> String {
    item.get_type().name().map_or_else(|_| "unknown".to_owned(), |name| name.to_string())
}
