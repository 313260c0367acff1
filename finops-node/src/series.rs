//! Plain series, and models that JavaScript brings.

use crate::json;
use crate::tasks::{guarded, parse};
use crate::telling::Brought;
use finops_core::engine::{backtest_series, detect_in_series, forecast_series};
use finops_core::insight::forecast::{Forecaster, ForeignForecast, ForeignSeries, Level, Series, SeriesForecast};
use finops_core::{Answer, Error};
use napi::{Env, Task};
use napi_derive::napi;

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

/// A model of the host.
#[derive(Debug)]
pub(crate) struct Model(pub(crate) Brought);

impl Forecaster for Model {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast, Error> {
        let asked = serde_json::json!([ForeignSeries::new(series), horizon, levels]);
        let answer = self.0.ask("model", asked.to_string())?;
        let read: Result<Option<ForeignForecast>, _> = serde_json::from_str(&answer);
        let read = read.map_err(|error| self.0.failed("model", &error.to_string()))?;
        let given = read.ok_or_else(|| ForeignForecast::too_little(&self.0.name, series))?;
        given.into_forecast(&self.0.name, levels, series)
    }
}
