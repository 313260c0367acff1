//! Whether a cost rose with its usage, or without.

use super::answer::Anomaly;
use super::statistics::median;
use crate::insight::forecast::Series;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How many values before an anomaly it is compared with.
const COMPARED: usize = 56;
/// How many of them must be known on both sides.
const NEEDED: usize = 7;
/// From which part of an impact on usage explains it; below the rest of that part it does not.
const EXPLAINS: f64 = 0.75;

/// Whether usage explains an anomaly of the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrafficVerdict {
    /// The cost changed with usage: what a unit costs stayed about the same.
    WithUsage,
    /// Some of both.
    Partly,
    /// The cost changed without usage: a unit costs more than before, or less.
    WithoutUsage,
}

/// An anomaly of a cost beside the usage that the cost is for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// What of the usage was to be expected over the values of the anomaly: the median of the same place in the season.
    pub usage_expected: f64,
    /// What it was.
    pub usage_actual: f64,
    /// What a unit of usage cost before: the median.
    pub unit_cost_before: f64,
    /// What it cost in the anomaly; `None` without usage.
    pub unit_cost_now: Option<f64>,
    /// Which part of the impact the change of usage explains, at the unit cost of before: 1 for all, negative when
    /// usage went the other way.
    pub explained: f64,
    /// The answer in a word.
    pub verdict: TrafficVerdict,
}

/// Whether the cost of an anomaly changed with usage: `usage` has the same places in time as the series of the cost.
/// Only values that are known on both sides count. `None` where fewer than 7 of the 56 values before the anomaly are,
/// or none of the anomaly itself, or there was no usage before.
///
/// ```
/// use finops_core::insight::anomaly::{AnomalyDetector, RobustBaseline, Settings, TrafficVerdict, traffic};
/// use finops_core::insight::forecast::Series;
///
/// let mut requests = vec![1_000.0; 60];
/// requests[50] = 3_000.0;
/// let cost: Vec<f64> = requests.iter().map(|count| 0.01 * count).collect();
/// let (cost, usage) = (Series::of(&cost, 7)?, Series::of(&requests, 7)?);
/// let found = RobustBaseline.detect(&cost, &Settings::default())?;
/// let answer = traffic(&cost, &usage, &found.anomalies[0])?.map(|traffic| traffic.verdict);
/// assert_eq!(answer, Some(TrafficVerdict::WithUsage));
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `invalid_argument` when the two are not of the same length, and for an anomaly outside the series.
pub fn traffic(cost: &Series, usage: &Series, anomaly: &Anomaly) -> Result<Option<Traffic>> {
    let (costs, usages) = (cost.values(), usage.values());
    if costs.len() != usages.len() {
        let message = format!("{} values for {} of the cost: give one for each", usages.len(), costs.len());
        return Err(Error::invalid("usage", message));
    }
    let (start, end) = (anomaly.start_index, anomaly.end_index);
    if start > end || end >= costs.len() {
        return Err(Error::invalid("anomaly", format!("{start} to {end} lies outside of {} values", costs.len())));
    }
    let known = |at: usize| Some((at, costs.get(at).copied().flatten()?, usages.get(at).copied().flatten()?));
    let before: Vec<(usize, f64, f64)> = (start.saturating_sub(COMPARED)..start).filter_map(known).collect();
    let during: Vec<(usize, f64, f64)> = (start..=end).filter_map(known).collect();
    let mut unit_costs: Vec<f64> =
        before.iter().filter(|(_, _, usage)| *usage > 0.0).map(|(_, cost, usage)| cost / usage).collect();
    if unit_costs.len() < NEEDED || during.is_empty() {
        return Ok(None);
    }
    let unit_cost_before = median(&mut unit_costs);
    let usage_expected: f64 = during.iter().map(|(at, _, _)| usual(&before, *at, cost.season_length())).sum();
    let usage_actual: f64 = during.iter().map(|(_, _, usage)| usage).sum();
    let cost_actual: f64 = during.iter().map(|(_, cost, _)| cost).sum();
    let unit_cost_now = Some(cost_actual / usage_actual).filter(|unit| usage_actual > 0.0 && unit.is_finite());
    let share = unit_cost_before * (usage_actual - usage_expected) / anomaly.impact;
    let explained = if share.is_finite() { share } else { 0.0 };
    let verdict = match explained {
        much if much >= EXPLAINS => TrafficVerdict::WithUsage,
        little if little <= 1.0 - EXPLAINS => TrafficVerdict::WithoutUsage,
        _ => TrafficVerdict::Partly,
    };
    Ok(Some(Traffic { usage_expected, usage_actual, unit_cost_before, unit_cost_now, explained, verdict }))
}

/// The usual usage at a place: the median of the same place in the season, or of all where that is not known.
fn usual(before: &[(usize, f64, f64)], at: usize, season_length: usize) -> f64 {
    let same = before.iter().filter(|(other, _, _)| (at - other).is_multiple_of(season_length.max(1)));
    let mut values: Vec<f64> = same.map(|(_, _, usage)| *usage).collect();
    if values.is_empty() {
        values = before.iter().map(|(_, _, usage)| *usage).collect();
    }
    median(&mut values)
}

#[cfg(test)]
mod tests {
    use super::super::{AnomalyDetector, RobustBaseline, Settings};
    use super::*;

    fn judged(cost_at: f64, usage_at: f64) -> Traffic {
        let profile = |day: usize| if day % 7 < 5 { 100.0 } else { 30.0 };
        let mut usage: Vec<f64> = (0..70).map(profile).collect();
        let mut cost: Vec<f64> = usage.iter().map(|usage| 2.0 * usage).collect();
        (cost[60], usage[60]) = (cost_at, usage_at);
        let (cost, usage) = (Series::of(&cost, 7).unwrap(), Series::of(&usage, 7).unwrap());
        let found = RobustBaseline.detect(&cost, &Settings::default()).unwrap();
        traffic(&cost, &usage, &found.anomalies[0]).unwrap().unwrap()
    }

    #[test]
    fn with_usage_and_without() {
        let with = judged(600.0, 300.0);
        assert_eq!(with.verdict, TrafficVerdict::WithUsage);
        assert!((with.explained - 1.0).abs() < 0.01 && (with.unit_cost_before - 2.0).abs() < 1e-9);
        let without = judged(600.0, 100.0);
        assert_eq!(without.verdict, TrafficVerdict::WithoutUsage);
        assert!((without.unit_cost_now.unwrap() - 6.0).abs() < 1e-9);
        assert_eq!(judged(600.0, 200.0).verdict, TrafficVerdict::Partly);
        assert_eq!(judged(600.0, 50.0).verdict, TrafficVerdict::WithoutUsage, "usage fell");
    }

    #[test]
    fn what_is_not_known_is_said() {
        let series = |values: Vec<Option<f64>>| Series::new(values, 7).unwrap();
        let anomaly = Anomaly {
            start_index: 20,
            end_index: 20,
            kind: super::super::Kind::Spike,
            direction: super::super::Direction::Up,
            expected: 1.0,
            actual: 9.0,
            impact: 8.0,
            score: 5.0,
            ongoing: false,
        };
        let cost = series(vec![Some(1.0); 30]);
        assert_eq!(traffic(&cost, &series(vec![None; 30]), &anomaly).unwrap(), None);
        assert_eq!(traffic(&cost, &series(vec![Some(0.0); 30]), &anomaly).unwrap(), None);
        let error = traffic(&cost, &series(vec![None; 29]), &anomaly).unwrap_err();
        assert_eq!(error.field(), Some("usage"));
        let outside = Anomaly { end_index: 30, ..anomaly };
        assert_eq!(traffic(&cost, &cost, &outside).unwrap_err().field(), Some("anomaly"));
    }
}
