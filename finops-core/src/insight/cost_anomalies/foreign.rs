//! What a detector of the host gives back, where that is written in another language.

use crate::insight::anomaly::{Anomaly, Detection, Direction, Kind};
use crate::insight::forecast::Series;
use crate::{Error, Result};
use serde::Deserialize;

/// What a detector in another language gives back: the anomalies that it found, in any order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ForeignDetection {
    /// What it found.
    pub anomalies: Vec<ForeignAnomaly>,
}

/// An anomaly that a detector in another language found. What its values add up to is not asked: it follows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ForeignAnomaly {
    /// The place of its first value, counted from 0.
    pub start_index: usize,
    /// The place of its last value, inclusive; by default the first.
    #[serde(default)]
    pub end_index: Option<usize>,
    /// What was expected of its known values together.
    pub expected: f64,
    /// How far its farthest value lies from the expected, in half-widths of the 95 % band.
    pub score: f64,
    /// What it looks like; by default a spike or a drop.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Whether the next value may still belong to it; by default not.
    #[serde(default)]
    pub ongoing: bool,
}

impl ForeignDetection {
    /// What was found in a series, in order.
    ///
    /// ```
    /// use finops_core::insight::cost_anomalies::ForeignDetection;
    /// use finops_core::insight::forecast::Series;
    ///
    /// let series = Series::of(&[1.0, 1.0, 9.0], 1)?;
    /// let text = r#"{"anomalies": [{"start_index": 2, "expected": 1, "score": 4}]}"#;
    /// let given: ForeignDetection = serde_json::from_str(text).unwrap();
    /// let found = given.into_detection("mine", &series)?;
    /// assert_eq!((found.anomalies[0].impact, found.anomalies[0].kind.as_str()), (8.0, "spike"));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for places outside of the series, and for anomalies that overlap.
    pub fn into_detection(self, name: &str, series: &Series) -> Result<Detection> {
        let values = series.values();
        let wrong = |what: String| Error::invalid("anomaly_detector", format!("'{name}' gave {what}"));
        let read = |given: ForeignAnomaly| {
            let (start, end) = (given.start_index, given.end_index.unwrap_or(given.start_index));
            let outside = || wrong(format!("an anomaly from {start} to {end} of {} values", values.len()));
            let own = values.get(start..=end).filter(|own| !own.is_empty()).ok_or_else(outside)?;
            let actual: f64 = own.iter().flatten().sum();
            let impact = actual - given.expected;
            let (direction, usual) =
                if impact < 0.0 { (Direction::Down, Kind::Drop) } else { (Direction::Up, Kind::Spike) };
            Ok(Anomaly {
                start_index: start,
                end_index: end,
                kind: given.kind.unwrap_or(usual),
                direction,
                expected: given.expected,
                actual,
                impact,
                score: given.score,
                ongoing: given.ongoing,
            })
        };
        let mut anomalies = self.anomalies.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        anomalies.sort_unstable_by_key(|anomaly| anomaly.start_index);
        for (one, next) in anomalies.iter().zip(anomalies.iter().skip(1)) {
            if one.end_index >= next.start_index {
                return Err(wrong(format!("anomalies that overlap at value {}", next.start_index)));
            }
        }
        Ok(Detection { expected: vec![None; values.len()], anomalies })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(anomalies: &serde_json::Value) -> Result<Detection> {
        let series = Series::new(vec![Some(1.0), None, Some(2.0), Some(4.0)], 1).unwrap();
        let given: ForeignDetection = serde_json::from_value(json!({ "anomalies": anomalies })).unwrap();
        given.into_detection("mine", &series)
    }

    #[test]
    fn what_follows_is_not_asked() {
        let found = read(&json!([
            {"start_index": 3, "expected": 5, "score": 3, "kind": "level_shift", "ongoing": true},
            {"start_index": 0, "end_index": 2, "expected": 2, "score": 2.5},
        ]))
        .unwrap();
        let [first, last] = found.anomalies.as_slice() else { panic!("{found:?}") };
        assert_eq!((first.actual, first.direction, first.kind), (3.0, Direction::Up, Kind::Spike));
        assert_eq!((last.impact, last.direction, last.kind), (-1.0, Direction::Down, Kind::LevelShift));
        assert_eq!(found.expected.len(), 4);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for anomalies in [
            json!([{"start_index": 4, "expected": 5, "score": 3}]),
            json!([{"start_index": 3, "end_index": 2, "expected": 5, "score": 3}]),
            json!([{"start_index": 0, "end_index": 4, "expected": 5, "score": 3}]),
            json!([
                {"start_index": 0, "end_index": 2, "expected": 5, "score": 3},
                {"start_index": 2, "expected": 5, "score": 3},
            ]),
        ] {
            assert_eq!(read(&anomalies).unwrap_err().field(), Some("anomaly_detector"), "{anomalies}");
        }
        assert!(serde_json::from_value::<ForeignDetection>(json!({"anomalies": [{"start_index": 0}]})).is_err());
    }
}
