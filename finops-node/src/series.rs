//! Plain series, and models that JavaScript brings.

use crate::json;
use crate::tasks::{guarded, parse};
use crate::telling::{Tell, Tickets};
use finops_core::engine::{backtest_series, detect_in_series, forecast_series};
use finops_core::insight::forecast::{Forecaster, ForeignForecast, ForeignSeries, Level, Series, SeriesForecast};
use finops_core::{Answer, Error};
use napi::{Env, Task};
use napi_derive::napi;
use std::fmt;
use std::sync::Arc;

/// Works on a plain series.
#[derive(Debug)]
pub struct OnSeries {
    pub(crate) values: Vec<Option<f64>>,
    pub(crate) options: String,
    pub(crate) asked: AskedOfSeries,
}

/// What is asked of a plain series.
#[napi(string_enum = "snake_case")]
#[derive(Debug)]
pub enum AskedOfSeries {
    /// What comes next.
    Forecast,
    /// How well a model would have done.
    Backtest,
    /// What is unusual.
    Anomalies,
}

impl Task for OnSeries {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        let values = std::mem::take(&mut self.values);
        guarded(false, || {
            let options = parse(&self.options)?;
            let answer = match self.asked {
                AskedOfSeries::Forecast => Answer::from(forecast_series(values, options)?),
                AskedOfSeries::Backtest => Answer::from(backtest_series(values, options)?),
                AskedOfSeries::Anomalies => Answer::from(detect_in_series(values, options)?),
            };
            json::text(&answer, false)
        })
    }

    fn resolve(&mut self, _: Env, answer: String) -> napi::Result<String> {
        Ok(answer)
    }
}

/// The values of an array of doubles, in which NaN stands for what is unknown.
pub(crate) fn known(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect()
}

/// A model of the host: a function that is given a ticket and JSON text, and answers by that ticket.
pub(crate) struct Model {
    pub(crate) tell: Tell,
    pub(crate) tickets: Arc<Tickets>,
    pub(crate) name: String,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Forecaster for Model {
    fn name(&self) -> &str {
        &self.name
    }

    fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast, Error> {
        let failed = |why: String| Error::invalid("model", format!("'{}' failed: {why}", self.name));
        let asked = serde_json::json!([ForeignSeries::new(series), horizon, levels]);
        let answer = self.tickets.ask(&self.tell, asked.to_string()).map_err(failed)?;
        let read: Result<ForeignForecast, _> = serde_json::from_str(&answer);
        read.map_err(|error| failed(error.to_string()))?.into_forecast(&self.name, levels, series)
    }
}
