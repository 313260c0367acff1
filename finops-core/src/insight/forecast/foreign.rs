//! What a model of the host is given and gives back, where that is written in another language.

use super::{Band, Frequency, Level, Series, SeriesForecast};
use crate::{Error, Result};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A series as a model in another language is given it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ForeignSeries {
    /// The values; none is unknown.
    pub values: Vec<Option<f64>>,
    /// How many values make a season.
    pub season_length: usize,
    /// The date of the first value, where it is known.
    pub start: Option<NaiveDate>,
    /// How far apart the values are, where that is known.
    pub frequency: Option<Frequency>,
    /// Whether forecasts stop at zero.
    pub non_negative: bool,
}

impl ForeignSeries {
    /// A series told.
    pub fn new(series: &Series) -> Self {
        Self {
            values: series.values().to_vec(),
            season_length: series.season_length(),
            start: series.calendar().map(super::Calendar::start),
            frequency: series.calendar().map(super::Calendar::frequency),
            non_negative: series.stops_at_zero(),
        }
    }
}

/// What a model in another language gives back.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ForeignForecast {
    /// What it is called, where that is more than the name it was given under.
    pub model: Option<String>,
    /// What is expected, one value for each step.
    pub mean: Vec<f64>,
    /// Where the interval of each level begins, by its key, such as `"0.8"`.
    pub lower: BTreeMap<String, Vec<f64>>,
    /// Where it ends.
    pub upper: BTreeMap<String, Vec<f64>>,
}

impl ForeignForecast {
    /// The error of a model that gives nothing, which says that it needs more values than there are.
    pub fn too_little(name: &str, series: &Series) -> Error {
        let message = format!(
            "'{name}' gave no forecast of {} known values, which are too few for it: import earlier bills, or name \
             another model",
            series.known()
        );
        Error::invalid("values", message)
    }

    /// The forecast, for the levels that were asked for.
    ///
    /// # Errors
    /// `invalid_argument` when there is no interval of a level.
    pub fn into_forecast(mut self, name: &str, levels: &[Level], series: &Series) -> Result<SeriesForecast> {
        let band = |level: &Level| {
            let (lower, upper) = (self.lower.remove(&level.key()), self.upper.remove(&level.key()));
            let missing = || Error::invalid("model", format!("'{name}' gave no lower and upper of {}", level.key()));
            let (lower, upper) = lower.zip(upper).ok_or_else(missing)?;
            Ok(Band { level: *level, lower, upper })
        };
        let bands = levels.iter().map(band).collect::<Result<_>>()?;
        Ok(SeriesForecast {
            model: self.model.unwrap_or_else(|| name.to_owned()),
            mean: self.mean,
            bands,
            fitted: vec![None; series.values().len()],
            season_length: series.season_length(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_is_said_by_the_field_of_the_values() {
        let series = Series::new(vec![Some(1.0), None], 1).unwrap();
        let error = ForeignForecast::too_little("mine", &series);
        assert_eq!(error.field(), Some("values"));
        assert!(error.message().starts_with("'mine' gave no forecast of 1 known values"), "{error}");
    }

    #[test]
    fn levels_are_found_by_their_keys() {
        let series = Series::of(&[1.0, 2.0], 1).unwrap();
        let level = Level::new(0.8).unwrap();
        let text = r#"{"mean": [3], "lower": {"0.8": [2]}, "upper": {"0.8": [4.5]}}"#;
        let answer: ForeignForecast = serde_json::from_str(text).unwrap();
        let read = answer.clone().into_forecast("mine", &[level], &series).unwrap();
        assert_eq!((read.model.as_str(), &read.bands[0].upper), ("mine", &vec![4.5]));
        let error = answer.into_forecast("mine", &[Level::new(0.9).unwrap()], &series).unwrap_err();
        assert_eq!(error.to_string(), "model: 'mine' gave no lower and upper of 0.9");
        assert_eq!(serde_json::to_value(ForeignSeries::new(&series)).unwrap()["start"], serde_json::Value::Null);
    }
}
