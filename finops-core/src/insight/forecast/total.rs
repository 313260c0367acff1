//! Several steps of a forecast as one sum, such as the rest of a month, with an interval for the sum.
//!
//! The bounds of a sum are not the sums of the bounds. The errors of single days partly even out: of `n` days that err
//! independently the sum errs `n^0.5` times as much as a day, of `n` that err alike `n` times. How much the errors go
//! together is measured on the history: `n^p` with the `p` of the errors that a plain level makes.

use super::answer::SeriesForecast;
use super::level::Level;
use super::numbers::median_of;
use super::series::Series;
use crate::insight::numerics::{ln, pow};
use std::ops::Range;

/// The power where the history is too short to measure it: between independent and alike.
const UNKNOWN_POWER: f64 = 0.75;
/// How many values of the history are looked at.
const RECENT: usize = 400;
/// Over how many steps sums are compared with steps, at most.
const LONGEST: usize = 28;
/// How many values make the plain level of a place in the season.
const LEVEL_OF: usize = 4;
/// How many sums it takes to measure.
const ENOUGH: usize = 20;
/// How many robust standard deviations a single error counts at most: a fee or a refund says nothing of the level.
const CLIPPED_AT: f64 = 4.0;

/// A sum to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// What is expected.
    pub mean: f64,
    /// Where the interval begins.
    pub lower: f64,
    /// Where it ends.
    pub upper: f64,
}

impl Total {
    /// The sum of no steps: nothing is unsure of it.
    pub const NOTHING: Self = Self { mean: 0.0, lower: 0.0, upper: 0.0 };
}

/// How errors of steps add up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Together(f64);

impl Together {
    /// As the history of a series shows it: the root mean square of errors of sums against that of errors of steps,
    /// which a level makes that is the median of the last four values of the same place in the season.
    pub fn of(series: &Series) -> Self {
        let values = series.values();
        let recent = &values[values.len().saturating_sub(RECENT)..];
        Self(power(recent, series.season_length()).unwrap_or(UNKNOWN_POWER))
    }

    /// The sum of some steps of a forecast of that series, counted from 0. Steps that the forecast does not have count
    /// nothing; without a band of the level the interval is a point.
    pub fn total(self, series: &Series, answer: &SeriesForecast, steps: Range<usize>, level: Level) -> Total {
        let steps = steps.start.min(answer.mean.len())..steps.end.min(answer.mean.len());
        let means = &answer.mean[steps.clone()];
        let (mean, count) = (means.iter().sum::<f64>(), means.len() as f64);
        let Some(band) = answer.band(level).filter(|_| !means.is_empty()) else {
            return Total { mean, lower: mean, upper: mean };
        };
        let half_width = |bounds: &[f64]| {
            let squares = bounds
                .get(steps.clone())
                .unwrap_or_default()
                .iter()
                .zip(means)
                .map(|(bound, mean)| (bound - mean).powi(2));
            (squares.sum::<f64>() / count).sqrt() * pow(count, self.0)
        };
        let lower = mean - half_width(&band.lower);
        let floor = if series.stops_at_zero() { 0.0 } else { f64::NEG_INFINITY };
        Total { mean, lower: lower.max(floor).min(mean), upper: mean + half_width(&band.upper) }
    }
}

/// The power with which errors of sums grow, from 0.5 to 1.
fn power(values: &[Option<f64>], season: usize) -> Option<f64> {
    let warm = LEVEL_OF * season;
    let longest = LONGEST.min(values.len().checked_sub(warm + ENOUGH)?);
    if longest < 2 {
        return None;
    }
    let errors: Vec<Vec<Option<f64>>> = (warm..=values.len() - longest)
        .map(|origin| {
            let levels: Vec<Option<f64>> = (0..season).map(|place| level(values, season, origin, place)).collect();
            (0..longest).map(|step| Some(values[origin + step]? - levels[step % season]?)).collect()
        })
        .collect();
    let sizes: Vec<f64> = errors.iter().flatten().flatten().map(|error| error.abs()).collect();
    let limit = CLIPPED_AT * median_of(sizes)? / 0.6745;
    if limit <= 0.0 {
        return None;
    }
    let (mut squares, mut steps, mut of_sums, mut sums) = (0.0, 0_usize, 0.0, 0_usize);
    for errors in &errors {
        let Some(clipped) =
            errors.iter().map(|error| Some(error.as_ref()?.clamp(-limit, limit))).collect::<Option<Vec<f64>>>()
        else {
            continue;
        };
        squares += clipped.iter().map(|error| error * error).sum::<f64>();
        steps += clipped.len();
        of_sums += clipped.iter().sum::<f64>().powi(2);
        sums += 1;
    }
    if sums < ENOUGH || squares <= 0.0 {
        return None;
    }
    let ratio = ((of_sums / sums as f64) / (squares / steps as f64)).sqrt();
    Some((ln(ratio) / ln(longest as f64)).clamp(0.5, 1.0))
}

/// The plain level of a place in the season, as seen from an origin.
fn level(values: &[Option<f64>], season: usize, origin: usize, place: usize) -> Option<f64> {
    let earlier = (1..=LEVEL_OF).filter_map(|back| values[(origin + place).checked_sub(back * season)?]);
    median_of(earlier.collect())
}

#[cfg(test)]
mod tests {
    use super::super::forecaster::{Forecaster, forecast};
    use super::super::model::Model;
    use super::super::tests::noise;
    use super::*;

    #[test]
    fn independent_errors_even_out_and_wandering_ones_do_not() {
        let steady: Vec<f64> = noise(300).iter().map(|noise| 100.0 + 10.0 * noise).collect();
        let wandering: Vec<f64> = noise(300)
            .iter()
            .scan(100.0, |level, noise| {
                *level += 5.0 * noise;
                Some(*level)
            })
            .collect();
        let (steady, wandering) = (Series::of(&steady, 7).unwrap(), Series::of(&wandering, 7).unwrap());
        let (even, together) = (Together::of(&steady).0, Together::of(&wandering).0);
        assert!(even < 0.75 && together > 0.9, "{even} {together}");
        assert_eq!(Together::of(&Series::of(&[1.0; 20], 7).unwrap()), Together(UNKNOWN_POWER));
        assert_eq!(Together::of(&Series::of(&[1.0; 200], 7).unwrap()), Together(UNKNOWN_POWER));
    }

    #[test]
    fn the_interval_of_a_sum_is_narrower_than_the_sums_of_the_bounds() {
        let values: Vec<f64> = noise(200).iter().map(|noise| 50.0 + 10.0 * noise).collect();
        let series = Series::of(&values, 7).unwrap().non_negative();
        let level = Level::new(0.8).unwrap();
        let answer = forecast(&series, 20, &[level], Model::SeasonalNaive).unwrap();
        let total = Together::of(&series).total(&series, &answer, 0..20, level);
        let band = answer.band(level).unwrap();
        assert!((total.mean - answer.mean.iter().sum::<f64>()).abs() < 1e-9);
        assert!(total.lower > band.lower.iter().sum() && total.upper < band.upper.iter().sum());
        assert!(Together::of(&series).total(&series, &answer, 5..5, level).upper.abs() < 1e-12);
        let one = Together::of(&series).total(&series, &answer, 3..4, level);
        assert!((one.upper - band.upper[3]).abs() < 1e-9, "one step is itself");
        assert_eq!(Model::Auto.name(), "auto");
    }
}
