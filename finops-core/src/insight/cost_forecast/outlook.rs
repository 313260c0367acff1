//! The forecaster at work on a history: days to come, and what is said of too little.

use super::super::forecast::{Forecaster, Level, Series, SeriesForecast};
use super::history::{History, WEEK};
use super::months::too_little;
use crate::model::money::{Money, Rounding};
use crate::{Error, Result};
use chrono::NaiveDate;
use serde::Serialize;

/// How many whole days a forecast by day needs: two weeks.
pub(super) const NEEDED_DAYS: usize = 2 * WEEK;

/// What a prediction is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// Days: one, or the days of the month.
    Days,
    /// The months before.
    Months,
}

/// An interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) lower: f64,
    pub(super) upper: f64,
}

/// A day or a month to come.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prediction {
    pub(super) date: NaiveDate,
    /// What of it is known already.
    pub(super) known: Money,
    /// What is expected beside that.
    pub(super) expected: f64,
    /// Of what is expected, for each level.
    pub(super) bounds: Vec<Bounds>,
    pub(super) basis: Basis,
}

/// What is to come, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Predictions {
    /// The model, with what it chose.
    pub(super) model: String,
    pub(super) points: Vec<Prediction>,
}

/// Why nothing is forecast.
#[derive(Debug)]
pub(super) enum Unable {
    /// The history is too short, for any forecast or for the model.
    TooLittle(Error),
    /// Anything else.
    Failed(Error),
}

impl Unable {
    /// For those to whom it makes no difference.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::TooLittle(error) | Self::Failed(error) => error,
        }
    }
}

/// Who forecasts, and how sure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook<'f> {
    pub(super) forecaster: &'f dyn Forecaster,
    /// At least one.
    pub(super) levels: &'f [Level],
}

impl Outlook<'_> {
    /// The `count` days that follow the history.
    ///
    /// # Errors
    /// `invalid_argument` with less than two weeks of known days; what the forecaster gives.
    pub(super) fn days(&self, history: &History, count: usize) -> Result<Predictions, Unable> {
        let answer = self.forecast_days(history, count)?;
        let point = |place: usize| {
            let bounds = self.levels.iter().filter_map(|level| {
                let band = answer.band(*level)?;
                Some(Bounds { lower: band.lower[place], upper: band.upper[place] })
            });
            let (date, expected) = (history.date(history.len() + place), answer.mean[place]);
            Prediction { date, known: Money::ZERO, expected, bounds: bounds.collect(), basis: Basis::Days }
        };
        let points = (0..answer.mean.len()).map(point).collect();
        Ok(Predictions { model: answer.model, points })
    }

    fn forecast_days(&self, history: &History, count: usize) -> Result<SeriesForecast, Unable> {
        check_days(history).map_err(Unable::TooLittle)?;
        self.forecast(&history.series().map_err(Unable::Failed)?, count)
    }

    /// What the forecaster says, if it says as much as it was asked for.
    pub(super) fn forecast(&self, series: &Series, horizon: usize) -> Result<SeriesForecast, Unable> {
        if horizon == 0 {
            let (mean, bands, fitted) = (Vec::new(), Vec::new(), Vec::new());
            return Ok(SeriesForecast {
                model: self.forecaster.name().to_owned(),
                mean,
                bands,
                fitted,
                season_length: 1,
            });
        }
        let answer = self.forecaster.forecast(series, horizon, self.levels).map_err(|error| match error.field() {
            // Those that there are, are too few. The caller gave none, but chose the model.
            Some("values") => {
                Unable::TooLittle(Error::invalid("model", format!("cannot be fitted: {}", error.message())))
            }
            _ => Unable::Failed(error),
        })?;
        self.check(&answer, horizon).map_err(Unable::Failed)?;
        Ok(answer)
    }

    /// A forecaster of the host may say anything.
    fn check(&self, answer: &SeriesForecast, horizon: usize) -> Result<()> {
        let is_whole = |values: &[f64]| values.len() == horizon && values.iter().all(|value| value.is_finite());
        let band =
            |level: &Level| answer.band(*level).is_some_and(|band| is_whole(&band.lower) && is_whole(&band.upper));
        if is_whole(&answer.mean) && self.levels.iter().all(band) {
            return Ok(());
        }
        let message = format!(
            "'{}' must give {horizon} finite numbers as mean, and as lower and upper of each level",
            self.forecaster.name()
        );
        Err(Error::invalid("model", message))
    }
}

/// Refuses a history that is too short for a forecast of days.
pub(super) fn check_days(history: &History) -> Result<()> {
    if history.known() < NEEDED_DAYS {
        return Err(too_little(2, "weeks", history.known() / WEEK));
    }
    Ok(())
}

/// What is known and expected together as money, rounded once, half to even.
pub(super) fn money(known: Money, expected: f64, decimals: u32) -> Result<Money> {
    known.checked_add(Money::parse_f64(expected)?.value)?.round(decimals, Rounding::HalfEven)
}
