//! A plain series and what is asked of it, as callers write it who have no store.

use super::backtest::{Backtest, backtest};
use super::{Calendar, Forecaster, Frequency, Level, Model, Series, SeriesForecast};
use crate::insight::request::Bound;
use crate::model::money::Quantity;
use crate::model::time::Zone;
use crate::{Error, Result};
use serde::Deserialize;

/// How sure intervals are unless somebody says: 0.8 and 0.95.
const LEVELS: [f64; 2] = [0.8, 0.95];
/// From how many points of the past a backtest forecasts unless somebody says.
const ORIGINS: i64 = 6;

/// What is asked of a plain series.
///
/// ```
/// use finops_core::insight::forecast::SeriesOptions;
///
/// let options = r#"{"horizon": 2, "season_length": 2, "model": "SeasonalNaive"}"#;
/// let options: SeriesOptions = serde_json::from_str(options)?;
/// let answer = options.forecast(vec![Some(1.0), Some(5.0), Some(1.0), Some(5.0), Some(1.0), Some(5.0)])?;
/// assert_eq!(answer.mean, [1.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SeriesOptions {
    /// How many values to forecast, 1 to 10,000. It must be given.
    pub horizon: Option<i64>,
    /// How many values make a season; by default what the frequency suggests, and 1, no season, without one.
    pub season_length: Option<i64>,
    /// The shares of outcomes that intervals are to cover; by default 0.8 and 0.95.
    pub levels: Option<Vec<Quantity>>,
    /// The model by its name; by default `auto`.
    pub model: Option<String>,
    /// The date of the first value, which some models go by. It needs the frequency.
    pub start: Option<Bound>,
    /// How far apart the values are.
    pub frequency: Option<Frequency>,
    /// Whether values below zero cannot be.
    pub non_negative: bool,
    /// From how many points of the past a backtest forecasts, 1 to 1000; by default 6.
    pub origins: Option<i64>,
}

impl SeriesOptions {
    /// Forecasts a series; `None` is an unknown value.
    ///
    /// # Errors
    /// `invalid_argument`, with the field, for what cannot be forecast.
    pub fn forecast(&self, values: Vec<Option<f64>>) -> Result<SeriesForecast> {
        if self.origins.is_some() {
            return Err(Error::invalid("origins", "is for backtests"));
        }
        self.model()?.forecast(&self.series(values)?, self.horizon()?, &self.levels()?)
    }

    /// How well the model would have done on the series.
    ///
    /// # Errors
    /// `invalid_argument`, with the field, for what cannot be forecast.
    pub fn backtest(&self, values: Vec<Option<f64>>) -> Result<Backtest> {
        let origins = count("origins", self.origins.unwrap_or(ORIGINS))?;
        backtest(&self.series(values)?, self.horizon()?, &self.levels()?, &self.model()?, origins)
    }

    fn model(&self) -> Result<Model> {
        self.model.as_deref().map_or(Ok(Model::Auto), str::parse)
    }

    fn horizon(&self) -> Result<usize> {
        count("horizon", self.horizon.ok_or_else(|| Error::invalid("horizon", "must be given: how many values"))?)
    }

    fn levels(&self) -> Result<Vec<Level>> {
        let Some(given) = &self.levels else { return Level::list(&LEVELS) };
        Level::list(&given.iter().map(|level| level.to_f64_nearest()).collect::<Vec<_>>())
    }

    fn series(&self, values: Vec<Option<f64>>) -> Result<Series> {
        let series = series(values, self.season_length, self.start, self.frequency)?;
        Ok(if self.non_negative { series.non_negative() } else { series })
    }
}

/// A series of which callers say how it lies in time, as far as they know.
pub(in crate::insight) fn series(
    values: Vec<Option<f64>>,
    season_length: Option<i64>,
    start: Option<Bound>,
    frequency: Option<Frequency>,
) -> Result<Series> {
    let suggested = || frequency.map_or(1, Frequency::season_length);
    let season = season_length.map_or_else(|| Ok(suggested()), |length| count("season_length", length))?;
    let series = Series::new(values, season)?;
    let Some(start) = start else { return Ok(series) };
    let frequency = frequency.ok_or_else(|| Error::invalid("frequency", "must be given with `start`"))?;
    let date = match start {
        Bound::Date(date) => date,
        Bound::Instant(stamp) => Zone::UTC.date_of(stamp),
    };
    Ok(series.with_calendar(Calendar::new(date, frequency)))
}

fn count(field: &str, given: i64) -> Result<usize> {
    usize::try_from(given).map_err(|_| Error::invalid(field, format!("must be 1 or more, got {given}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(options: serde_json::Value, values: &[f64]) -> Result<SeriesForecast> {
        let options: SeriesOptions = serde_json::from_value(options).unwrap();
        options.forecast(values.iter().copied().map(Some).collect())
    }

    #[test]
    fn what_cannot_be_forecast_names_its_field() {
        let values = [1.0, 2.0, 3.0, 4.0];
        for (options, field) in [
            (json!({}), "horizon"),
            (json!({"horizon": -1}), "horizon"),
            (json!({"horizon": 0}), "horizon"),
            (json!({"horizon": 10_001}), "horizon"),
            (json!({"horizon": 1, "season_length": 0}), "season_length"),
            (json!({"horizon": 1, "levels": ["0.8", 1]}), "levels"),
            (json!({"horizon": 1, "model": "oracle"}), "model"),
            (json!({"horizon": 1, "start": "2024-01-01"}), "frequency"),
            (json!({"horizon": 1, "origins": 2}), "origins"),
        ] {
            assert_eq!(asked(options.clone(), &values).unwrap_err().field(), Some(field), "{options}");
        }
        assert_eq!(asked(json!({"horizon": 1}), &[1.0, f64::NAN]).unwrap_err().field(), Some("values"));
        assert_eq!(asked(json!({"horizon": 1}), &[1.0]).unwrap_err().field(), Some("values"));
    }

    #[test]
    fn a_frequency_suggests_its_season() {
        let days: Vec<f64> = (0..28).map(|day| f64::from(day % 7)).collect();
        let answer = asked(json!({"horizon": 7, "frequency": "daily", "start": "2024-01-01"}), &days).unwrap();
        assert_eq!((answer.season_length, answer.bands.len()), (7, 2));
        let asked: SeriesOptions = serde_json::from_value(json!({"horizon": 7, "frequency": "daily"})).unwrap();
        assert!(asked.backtest(days.into_iter().map(Some).collect()).unwrap().origins > 0);
    }
}
