//! Whoever forecasts: the models of this crate, and those that a host brings.

use super::answer::SeriesForecast;
use super::auto;
use super::level::{Level, distinct};
use super::model::Model;
use super::series::Series;
use crate::{Error, Result};
use std::fmt::Debug;

/// How far ahead a forecast may look, in steps.
pub const MAX_HORIZON: usize = 10_000;

/// Something that forecasts a series: a [`Model`], or what a host brings of its own.
pub trait Forecaster: Debug + Send + Sync {
    /// The name under which its answers are known.
    fn name(&self) -> &str;

    /// The values that follow the series, with an interval for each level.
    ///
    /// # Errors
    /// `invalid_argument` for a horizon of 0 or above [`MAX_HORIZON`] and for a level that is listed twice; with the
    /// field `values` where the known values are too few, which a backtest goes on after.
    fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast>;
}

impl Forecaster for Model {
    fn name(&self) -> &str {
        self.as_str()
    }

    fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast> {
        check_horizon(horizon)?;
        distinct(levels)?;
        if *self == Self::Calendar && series.calendar().is_none() {
            return Err(Error::invalid("start", "the calendar model needs the date of the first value"));
        }
        let (needed, known) = (needed(*self, series), series.known());
        let too_few = || Error::invalid("values", format!("{self} needs {needed} values, has {known}"));
        if known < needed {
            return Err(too_few());
        }
        auto::forecast(series, horizon, levels, *self).ok_or_else(too_few)
    }
}

/// Forecasts a series with a model: what [`Forecaster::forecast`] does.
///
/// # Errors
/// As [`Forecaster::forecast`].
pub fn forecast(series: &Series, horizon: usize, levels: &[Level], model: Model) -> Result<SeriesForecast> {
    model.forecast(series, horizon, levels)
}

/// Refuses a horizon of 0, and one that nobody can mean.
pub(super) fn check_horizon(horizon: usize) -> Result<()> {
    if (1..=MAX_HORIZON).contains(&horizon) {
        return Ok(());
    }
    Err(Error::invalid("horizon", format!("must be 1 to {MAX_HORIZON}, got {horizon}")))
}

/// How many known values a model needs.
fn needed(model: Model, series: &Series) -> usize {
    match model {
        Model::Auto | Model::Naive => 2,
        Model::SeasonalNaive => series.season_length() + 1,
        Model::Drift | Model::Ses => 3,
        Model::Mstl => (2 * series.season_length()).max(4),
        Model::Calendar => 8,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Vec<Level> {
        Level::list(&[0.8, 0.95]).unwrap()
    }

    #[test]
    fn bad_input_is_refused() {
        let series = Series::of(&[1.0, 2.0, 3.0, 4.0], 1).unwrap();
        for horizon in [0, 10_001] {
            assert_eq!(forecast(&series, horizon, &[], Model::Auto).unwrap_err().field(), Some("horizon"));
        }
        let twice = [Level::new(0.8).unwrap(); 2];
        assert_eq!(forecast(&series, 1, &twice, Model::Auto).unwrap_err().field(), Some("levels"));
        let short = Series::of(&[1.0], 12).unwrap();
        let error = forecast(&short, 1, &levels(), Model::Auto).unwrap_err();
        assert_eq!(error.to_string(), "values: auto needs 2 values, has 1");
        let unknown = Series::new(vec![None; 5], 12).unwrap();
        assert!(forecast(&unknown, 1, &levels(), Model::Naive).is_err());
    }

    #[test]
    fn ten_thousand_steps_are_finite() {
        let series = Series::of(&[1.0, 2.0, 3.0, 4.0, 3.0, 4.0, 5.0, 4.0, 6.0], 2).unwrap();
        let answer = forecast(&series, MAX_HORIZON, &levels(), Model::Auto).unwrap();
        let bounds = answer.bands.iter().flat_map(|band| band.lower.iter().chain(&band.upper));
        assert!(answer.mean.iter().chain(bounds).all(|value| value.is_finite()));
        assert_eq!(answer.mean.len(), MAX_HORIZON);
    }

    #[test]
    fn unknown_values_at_the_end_are_forecast_over() {
        let known = Series::of(&[1.0, 2.0, 1.0, 2.0], 2).unwrap();
        let open = Series::new(vec![Some(1.0), Some(2.0), Some(1.0), Some(2.0), None], 2).unwrap();
        let whole = forecast(&known, 3, &[], Model::SeasonalNaive).unwrap();
        let rest = forecast(&open, 2, &[], Model::SeasonalNaive).unwrap();
        assert_eq!(whole.mean[1..], rest.mean);
        assert_eq!(rest.fitted, [None, None, Some(1.0), Some(2.0), None]);
    }
}
