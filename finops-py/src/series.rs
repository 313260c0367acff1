//! Plain series, and models that Python brings.

use crate::{errors, input, output};
use finops_core::engine::{backtest_series, detect_in_series, forecast_series};
use finops_core::insight::forecast::{
    Forecaster, ForeignForecast, ForeignSeries, Frequency, Level, Series, SeriesForecast,
};
use finops_core::{Answer, Error, ErrorCode};
use pyo3::exceptions::{PyKeyboardInterrupt, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::BTreeMap;

/// Forecasts a plain series.
#[pyfunction]
pub(crate) fn forecast<'py>(
    py: Python<'py>,
    values: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let (values, options) = (numbers(values)?, input::object(options)?);
    told(py, py.detach(|| forecast_series(values, options)).map(Answer::from))
}

/// Tries a model on a plain series.
#[pyfunction]
pub(crate) fn backtest<'py>(
    py: Python<'py>,
    values: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let (values, options) = (numbers(values)?, input::object(options)?);
    told(py, py.detach(|| backtest_series(values, options)).map(Answer::from))
}

/// Finds what is unusual in a plain series.
#[pyfunction]
pub(crate) fn detect_anomalies<'py>(
    py: Python<'py>,
    values: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let (values, options) = (numbers(values)?, input::object(options)?);
    told(py, py.detach(|| detect_in_series(values, options)).map(Answer::from))
}

fn told(py: Python<'_>, answer: Result<Answer, Error>) -> PyResult<Bound<'_, PyAny>> {
    output::object(py, &answer.map_err(|error| errors::exception(py, &error))?)
}

/// The values of any iterable: numbers, and None for what is unknown.
pub(crate) fn numbers(values: &Bound<'_, PyAny>) -> PyResult<Vec<Option<f64>>> {
    let py = values.py();
    let wrong = |message: String| errors::invalid(py, "values", message);
    let items = values.try_iter().map_err(|_| wrong("must be a sequence of numbers".to_owned()))?;
    let number = |(place, item): (usize, PyResult<Bound<'_, PyAny>>)| {
        let item = item?;
        if item.is_none() {
            return Ok(None);
        }
        let read = item.extract::<f64>();
        read.map(Some).map_err(|_| wrong(format!("value {place} is no number: give numbers, and None for unknown")))
    };
    items.enumerate().map(number).collect()
}

/// A series as a model or a detector is given it.
pub(crate) fn told_series<'py>(py: Python<'py>, series: &Series) -> PyResult<Bound<'py, PyDict>> {
    let told = ForeignSeries::new(series);
    let dict = PyDict::new(py);
    dict.set_item("values", told.values)?;
    dict.set_item("season_length", told.season_length)?;
    dict.set_item("start", told.start)?;
    dict.set_item("frequency", told.frequency.map(Frequency::as_str))?;
    dict.set_item("non_negative", told.non_negative)?;
    Ok(dict)
}

/// A model of the host: an object with a method `forecast`.
#[derive(Debug)]
pub(crate) struct Model {
    object: Py<PyAny>,
    name: String,
}

impl Model {
    /// The model, known by its `name` if it has one.
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if !object.hasattr("forecast")? {
            return Err(errors::invalid(
                object.py(),
                "forecaster",
                "must have a method forecast(series, horizon, levels)",
            ));
        }
        let name = if object.hasattr("name")? { object.getattr("name")?.extract()? } else { "custom".to_owned() };
        Ok(Self { object: object.clone().unbind(), name })
    }

    /// What it answers; none where the values are too few for it.
    fn ask(
        &self,
        py: Python<'_>,
        series: &Series,
        horizon: usize,
        levels: &[Level],
    ) -> PyResult<Option<ForeignForecast>> {
        let dict = told_series(py, series)?;
        let levels: Vec<f64> = levels.iter().map(|level| level.share()).collect();
        let answer = answered(self.object.bind(py).call_method1("forecast", (dict, horizon, levels))?)?;
        if answer.is_none() {
            return Ok(None);
        }
        let bounds = |name: &str| -> PyResult<BTreeMap<String, Vec<f64>>> { answer.get_item(name)?.extract() };
        let model = if answer.contains("model")? { answer.get_item("model")?.extract()? } else { None };
        let (mean, lower, upper) = (answer.get_item("mean")?.extract()?, bounds("lower")?, bounds("upper")?);
        Ok(Some(ForeignForecast { model, mean, lower, upper }))
    }
}

impl Forecaster for Model {
    fn name(&self) -> &str {
        &self.name
    }

    fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast, Error> {
        let answer = asked("model", &self.name, |py| self.ask(py, series, horizon, levels))?;
        answer.ok_or_else(|| ForeignForecast::too_little(&self.name, series))?.into_forecast(&self.name, levels, series)
    }
}

/// An answer that is there. Nobody runs what an `async` function gives: the call waits on the caller's own thread,
/// where an event loop may run.
pub(crate) fn answered(answer: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if !answer.hasattr("__await__")? {
        return Ok(answer);
    }
    if answer.hasattr("close")? {
        answer.call_method0("close")?;
    }
    Err(PyTypeError::new_err("it gave an awaitable: define it without async, and run what it awaits within it"))
}

/// What a model or a detector of the host answers. What it raises is why it does not, but for Ctrl-C: that stops the
/// call, and is raised by it.
pub(crate) fn asked<T>(field: &str, name: &str, ask: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T, Error> {
    let failed = |why: String| Error::invalid(field, format!("'{name}' failed: {why}"));
    let ask = |py: Python<'_>| {
        ask(py).map_err(|raised| {
            if raised.is_instance_of::<PyKeyboardInterrupt>(py) {
                // As if it were pressed again, for the thread that waits for the call.
                let again = py.import("_thread").and_then(|thread| thread.call_method0("interrupt_main"));
                return again.map_or_else(
                    |error| failed(error.to_string()),
                    |_| Error::new(ErrorCode::Cancelled, format!("'{name}' was interrupted")),
                );
            }
            failed(raised.to_string())
        })
    };
    // No interpreter means that the process is on its way out.
    Python::try_attach(ask).unwrap_or_else(|| Err(failed("the interpreter ends".to_owned())))
}
