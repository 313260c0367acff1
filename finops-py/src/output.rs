//! Answers of the engine as Python's own objects, made while the engine tells them.

use finops_core::model::money::{Money, Quantity};
use finops_core::model::time::Stamp;
use finops_core::{Answer, Error, ErrorCode, Listener};
use hashbrown::HashMap;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyIterator, PyList, PyString, PyType};
use std::collections::VecDeque;

use crate::errors;

/// How many texts are made once only, and how long they may be: beyond, looking costs more than making.
const KEPT_TEXTS: usize = 1024;
const KEPT_BYTES: usize = 64;
/// How many decimals are looked through for one that was just made.
const LAST_DECIMALS: usize = 4;

static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static MAP: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// `decimal.Decimal`.
pub(crate) fn decimal_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    DECIMAL.import(py, "decimal", "Decimal")
}

/// One exact decimal.
pub(crate) fn decimal(py: Python<'_>, value: Money) -> PyResult<Bound<'_, PyAny>> {
    decimal_type(py)?.call1((value.text().as_str(),))
}

/// The objects of an answer: exact decimals become `Decimal`, instants aware `datetime` in UTC.
pub(crate) fn object<'py>(py: Python<'py>, answer: &Answer) -> PyResult<Bound<'py, PyAny>> {
    let mut objects = Objects::new(py)?;
    let told = answer.tell(&mut objects);
    objects.made(told)
}

/// A list or a dict that is being filled.
enum Open<'py> {
    List(Bound<'py, PyList>),
    Dict(Bound<'py, PyDict>, Option<Bound<'py, PyString>>),
}

/// Makes objects, the same ones for what comes again: an answer has the same few names in every row, and the same days
/// and values in many.
pub(crate) struct Objects<'py> {
    py: Python<'py>,
    open: Vec<Open<'py>>,
    made: Option<Bound<'py, PyAny>>,
    raised: Option<PyErr>,
    decimals: Decimals<'py>,
    names: Vec<(String, Bound<'py, PyString>)>,
    /// The place of the name after the last: rows have the same ones in the same order.
    next: usize,
    times: HashMap<Stamp, Bound<'py, PyAny>>,
    texts: HashMap<Box<str>, Bound<'py, PyAny>>,
}

impl<'py> Objects<'py> {
    pub(crate) fn new(py: Python<'py>) -> PyResult<Self> {
        let (times, texts) = (HashMap::new(), HashMap::new());
        let decimals = Decimals::new(py)?;
        Ok(Self { py, open: Vec::new(), made: None, raised: None, decimals, names: Vec::new(), next: 0, times, texts })
    }

    /// How many lists and dicts are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// What was made, unless telling it ended early.
    pub(crate) fn made(self, told: Result<(), Error>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(raised) = self.raised {
            return Err(raised);
        }
        told.map_err(|error| errors::exception(self.py, &error))?;
        Ok(self.made.unwrap_or_else(|| self.py.None().into_bound(self.py)))
    }

    /// Puts a value where it belongs.
    fn put(&mut self, value: PyResult<Bound<'py, PyAny>>) -> Result<(), Error> {
        let put = value.and_then(|value| match self.open.last_mut() {
            Some(Open::List(list)) => list.append(value),
            Some(Open::Dict(dict, name)) => match name.take() {
                Some(name) => dict.set_item(name, value),
                None => Ok(()),
            },
            None => {
                self.made = Some(value);
                Ok(())
            }
        });
        put.map_err(|raised| {
            self.raised = Some(raised);
            Error::new(ErrorCode::Cancelled, "Python raised")
        })
    }

    fn name_of(&mut self, name: &str) -> Bound<'py, PyString> {
        let place = match self.names.get(self.next) {
            Some((known, _)) if known == name => Some(self.next),
            _ => self.names.iter().position(|(known, _)| known == name),
        };
        self.next = place.unwrap_or(self.names.len()) + 1;
        if let Some((_, known)) = place.and_then(|place| self.names.get(place)) {
            return known.clone();
        }
        let made = PyString::intern(self.py, name);
        self.names.push((name.to_owned(), made.clone()));
        made
    }
}

impl Listener for Objects<'_> {
    fn null(&mut self) -> Result<(), Error> {
        self.put(Ok(self.py.None().into_bound(self.py)))
    }

    fn bool(&mut self, value: bool) -> Result<(), Error> {
        self.put(value.into_bound_py_any(self.py))
    }

    fn integer(&mut self, value: i128) -> Result<(), Error> {
        self.put(match i64::try_from(value) {
            Ok(small) => small.into_bound_py_any(self.py),
            Err(_) => value.into_bound_py_any(self.py),
        })
    }

    fn float(&mut self, value: f64) -> Result<(), Error> {
        self.put(value.into_bound_py_any(self.py))
    }

    fn text(&mut self, value: &str) -> Result<(), Error> {
        if let Some(known) = self.texts.get(value) {
            return self.put(Ok(known.clone()));
        }
        let made = PyString::new(self.py, value).into_any();
        if value.len() <= KEPT_BYTES && self.texts.len() < KEPT_TEXTS {
            self.texts.insert(value.into(), made.clone());
        }
        self.put(Ok(made))
    }

    fn decimal(&mut self, value: Quantity) -> Result<(), Error> {
        let made = self.decimals.decimal(value);
        self.put(made)
    }

    fn time(&mut self, value: Stamp) -> Result<(), Error> {
        if let Some(known) = self.times.get(&value) {
            return self.put(Ok(known.clone()));
        }
        let made = value.to_utc().into_bound_py_any(self.py);
        if let Ok(made) = &made {
            self.times.insert(value, made.clone());
        }
        self.put(made)
    }

    fn list(&mut self, _: Option<usize>) -> Result<(), Error> {
        self.open.push(Open::List(PyList::empty(self.py)));
        Ok(())
    }

    fn map(&mut self) -> Result<(), Error> {
        self.open.push(Open::Dict(PyDict::new(self.py), None));
        Ok(())
    }

    fn name(&mut self, name: &str) -> Result<(), Error> {
        let made = self.name_of(name);
        if let Some(Open::Dict(_, name)) = self.open.last_mut() {
            *name = Some(made);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        match self.open.pop() {
            Some(Open::List(list)) => self.put(Ok(list.into_any())),
            Some(Open::Dict(dict, _)) => self.put(Ok(dict.into_any())),
            None => Ok(()),
        }
    }
}

/// Makes decimals through Python's own `map`, which calls a type without leaving the interpreter, in half the time that
/// a call from here takes: each text is appended to the list that it goes along, and then it is asked for the next.
struct Decimals<'py> {
    texts: Bound<'py, PyList>,
    made: Bound<'py, PyIterator>,
    /// The last ones, the first of which is replaced next: an item often says the same amount twice.
    last: VecDeque<(Quantity, Bound<'py, PyAny>)>,
}

impl<'py> Decimals<'py> {
    fn new(py: Python<'py>) -> PyResult<Self> {
        let texts = PyList::empty(py);
        let made = MAP.import(py, "builtins", "map")?.call1((decimal_type(py)?, &texts))?.try_iter()?;
        Ok(Self { texts, made, last: VecDeque::with_capacity(LAST_DECIMALS) })
    }

    fn decimal(&mut self, value: Quantity) -> PyResult<Bound<'py, PyAny>> {
        if let Some((_, known)) = self.last.iter().find(|(known, _)| *known == value) {
            return Ok(known.clone());
        }
        let made = self.make(value)?;
        if self.last.len() == LAST_DECIMALS {
            self.last.pop_front();
        }
        self.last.push_back((value, made.clone()));
        Ok(made)
    }

    fn make(&mut self, value: Quantity) -> PyResult<Bound<'py, PyAny>> {
        let py = self.texts.py();
        let text = PyString::new(py, value.text().as_str());
        self.texts.append(&text)?;
        match self.made.next() {
            Some(decimal) => decimal,
            None => decimal_type(py)?.call1((text,)),
        }
    }
}
