//! What a forecast answers.

use super::level::Level;
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

/// The values to come, and how sure they are.
///
/// As JSON: `{model, mean, lower: {"0.95": [...]}, upper: {"0.95": [...]}, fitted, season_length}`.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesForecast {
    /// The model, by its name in the literature, with what it chose.
    pub model: String,
    /// What is expected, one value for each step.
    pub mean: Vec<f64>,
    /// An interval for each level that was asked for, in the order of asking.
    pub bands: Vec<Band>,
    /// What the model expected of each value of the history one step before; `None` where it had nothing to go by.
    pub fitted: Vec<Option<f64>>,
    /// The length of the season that the model found, 1 for none.
    pub season_length: usize,
}

/// The interval that covers a share of outcomes, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// The share.
    pub level: Level,
    /// Where the interval begins, never above the mean.
    pub lower: Vec<f64>,
    /// Where it ends, never below the mean.
    pub upper: Vec<f64>,
}

impl SeriesForecast {
    /// The interval of a level, where it was asked for.
    pub fn band(&self, level: Level) -> Option<&Band> {
        self.bands.iter().find(|band| band.level == level)
    }
}

impl Serialize for SeriesForecast {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("SeriesForecast", 6)?;
        answer.serialize_field("model", &self.model)?;
        answer.serialize_field("mean", &self.mean)?;
        answer.serialize_field("lower", &Bounds { bands: &self.bands, of: |band| &band.lower })?;
        answer.serialize_field("upper", &Bounds { bands: &self.bands, of: |band| &band.upper })?;
        answer.serialize_field("fitted", &self.fitted)?;
        answer.serialize_field("season_length", &self.season_length)?;
        answer.end()
    }
}

/// One side of all bands, by level.
struct Bounds<'a> {
    bands: &'a [Band],
    of: fn(&Band) -> &Vec<f64>,
}

impl Serialize for Bounds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.bands.len()))?;
        for band in self.bands {
            map.serialize_entry(&band.level.key(), (self.of)(band))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_keys() {
        let level = Level::new(0.95).unwrap();
        let answer = SeriesForecast {
            model: "Naive".to_owned(),
            mean: vec![2.0],
            bands: vec![Band { level, lower: vec![1.0], upper: vec![3.5] }],
            fitted: vec![None, Some(2.0)],
            season_length: 1,
        };
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"model":"Naive","mean":[2.0],"lower":{"0.95":[1.0]},"upper":{"0.95":[3.5]},"#,
                r#""fitted":[null,2.0],"season_length":1}"#
            )
        );
        assert_eq!(answer.band(level).unwrap().upper, [3.5]);
    }
}
