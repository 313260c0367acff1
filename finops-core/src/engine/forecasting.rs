//! Forecasts of cost: whose model it is, and what is asked of it.

use super::params::parse;
use super::{Finops, Observer};
use crate::insight::anomaly::{Detection, DetectionOptions};
use crate::insight::cost_forecast::{BacktestQuery, ForecastQuery, MonthEndQuery};
use crate::insight::forecast::{Backtest, Forecaster, Model, SeriesForecast, SeriesOptions};
use crate::insight::{Backtested, CostForecast, ForecastBacktest, ForecastRequest, MonthEnd, MonthEndRequest};
use crate::model::progress::Remembering;
use crate::{Error, Result};
use std::sync::Arc;

/// Under which name the host's forecaster is known beside its own.
const OF_THE_HOST: &str = "custom";

/// Forecasts a plain series, with what is asked of it in JSON, as the bindings do.
///
/// ```
/// use serde_json::json;
///
/// let answer = finops_core::engine::forecast_series(vec![Some(1.0), Some(2.0)], json!({"horizon": 3}))?;
/// assert_eq!(answer.mean.len(), 3);
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// As [`SeriesOptions::forecast`].
pub fn forecast_series(values: Vec<Option<f64>>, options: serde_json::Value) -> Result<SeriesForecast> {
    parse::<SeriesOptions>(options)?.forecast(values)
}

/// Tries a model on a plain series, with what is asked of it in JSON, as the bindings do.
///
/// # Errors
/// As [`SeriesOptions::backtest`].
pub fn backtest_series(values: Vec<Option<f64>>, options: serde_json::Value) -> Result<Backtest> {
    parse::<SeriesOptions>(options)?.backtest(values)
}

/// Finds what is unusual in a plain series, with what is asked of it in JSON, as the bindings do.
///
/// # Errors
/// As [`DetectionOptions::detect`].
pub fn detect_in_series(values: Vec<Option<f64>>, options: serde_json::Value) -> Result<Detection> {
    parse::<DetectionOptions>(options)?.detect(values)
}

impl Finops {
    /// What costs will be, by month or by day, with an interval for each.
    ///
    /// ```
    /// use finops_core::insight::ForecastRequest;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let error = finops.costs_forecast(&ForecastRequest::default()).unwrap_err();
    /// assert!(error.to_string().starts_with("needs 2 months of whole days; has 0"));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for an unknown model and with too little history; else as [`Finops::get_cost_summary`].
    pub fn costs_forecast(&self, request: &ForecastRequest) -> Result<CostForecast> {
        self.costs_forecast_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::costs_forecast`].
    pub fn costs_forecast_observed(&self, request: &ForecastRequest, observer: &dyn Observer) -> Result<CostForecast> {
        self.permit("costs.forecast")?;
        let forecaster = self.forecaster(request.model.as_deref())?;
        let query = ForecastQuery::new(request, forecaster, self.clock.now())?;
        let observer = &Remembering::new(observer);
        self.finished(query, request.as_of, observer, |query, sums, held, name| {
            query.finish_observed(sums, held, name, observer)
        })
    }

    /// What the month that runs will have cost when it ends: what is known of it and the forecast of the rest, with an
    /// interval for the sum.
    ///
    /// ```
    /// use finops_core::insight::MonthEndRequest;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let error = finops.costs_projected_month_end(&MonthEndRequest::default()).unwrap_err();
    /// assert!(error.to_string().starts_with("needs 2 weeks of whole days; has 0"));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::costs_forecast`].
    pub fn costs_projected_month_end(&self, request: &MonthEndRequest) -> Result<MonthEnd> {
        self.costs_projected_month_end_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::costs_forecast`].
    pub fn costs_projected_month_end_observed(
        &self,
        request: &MonthEndRequest,
        observer: &dyn Observer,
    ) -> Result<MonthEnd> {
        self.permit("costs.projected_month_end")?;
        let forecaster = self.forecaster(request.model.as_deref())?;
        self.answer_query(MonthEndQuery::new(request, forecaster, self.clock.now())?, request.as_of, observer)
    }

    /// How well forecasts of cost would have done: they are made again as of days of the past, and compared with what
    /// came then.
    ///
    /// ```
    /// use finops_core::insight::ForecastBacktest;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let error = finops.forecast_backtest(&ForecastBacktest::default()).unwrap_err();
    /// assert!(error.to_string().starts_with("needs 5 months of whole days; has 0"));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::costs_forecast`].
    pub fn forecast_backtest(&self, request: &ForecastBacktest) -> Result<Backtested> {
        self.forecast_backtest_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::costs_forecast`].
    pub fn forecast_backtest_observed(
        &self,
        request: &ForecastBacktest,
        observer: &dyn Observer,
    ) -> Result<Backtested> {
        self.permit("forecast.backtest")?;
        let forecaster = self.forecaster(request.model.as_deref())?;
        let query = BacktestQuery::new(request, forecaster, self.clock.now())?;
        let observer = &Remembering::new(observer);
        self.finished(query, request.as_of, observer, |query, sums, held, _| {
            query.finish_observed(sums, held, observer)
        })
    }

    /// The model of that name: one of ours, or the host's.
    fn forecaster(&self, model: Option<&str>) -> Result<Arc<dyn Forecaster>> {
        let Some(name) = model else { return Ok(Arc::new(Model::Auto)) };
        if let Some(own) = self.own_forecaster.as_ref().filter(|own| name == OF_THE_HOST || name == own.name()) {
            return Ok(Arc::clone(own));
        }
        let model: Result<Model> = name.parse();
        let known = model.map_err(|error| match &self.own_forecaster {
            Some(own) => Error::invalid("model", format!("{}, and the host's '{}'", error.message(), own.name())),
            None => error,
        });
        Ok(Arc::new(known?))
    }
}
