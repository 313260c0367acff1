//! Intervals that cover what they say: made of errors that forecasts from the past made, not of what a model believes.
//!
//! Conformal in spirit (Stankeviciute, Alaa and van der Schaar 2021): errors of each horizon are pooled over points of
//! the past, scaled by the level then and now, and count less the older they are. The spread grows with the horizon by
//! a power that is fitted to them and drawn towards the square root. The tails are those of Student's t with four
//! degrees of freedom, which also covers what a short history has not shown yet.

use super::answer::{Band, SeriesForecast};
use super::level::Level;

/// After how many values an error counts half.
const HALF_LIFE: f64 = 24.0;
/// The power of the horizon with which errors grow where nothing is known about it.
const USUAL_GROWTH: f64 = 0.5;
/// How many errors the usual growth counts for.
const USUAL_WEIGHT: f64 = 8.0;
/// From the spread of errors of the past to those to come.
const TO_COME: f64 = 0.86;

/// Errors of a forecast from one point of the past, step by step.
#[derive(Debug, Clone)]
pub(super) struct Past {
    /// How many values were known.
    pub(super) at: usize,
    /// Actual less expected.
    pub(super) errors: Vec<f64>,
}

/// The spread of errors by horizon.
pub(super) fn spread(past: &[Past], values: &[f64], season: usize, horizon: usize) -> Vec<f64> {
    let positive = values.iter().all(|value| *value > 0.0);
    let now = level(values, values.len(), season);
    let mut sums = vec![(0.0, 0.0); horizon];
    for Past { at, errors } in past {
        let before = level(values, *at, season);
        let grown = if positive && before > 0.0 { (now / before).clamp(0.2, 5.0) } else { 1.0 };
        let weight = 0.5_f64.powf((values.len() - at) as f64 / HALF_LIFE.max(2.0 * season as f64));
        for ((weights, squares), error) in sums.iter_mut().zip(errors) {
            *weights += weight;
            *squares += weight * grown * error * error;
        }
    }
    let points: Vec<(f64, f64, f64)> = sums
        .iter()
        .enumerate()
        .filter(|(_, (weights, squares))| *weights > 0.0 && *squares > 0.0)
        .map(|(step, (weights, squares))| (((step + 1) as f64).ln(), (squares / weights).ln() / 2.0, *weights))
        .collect();
    if points.is_empty() {
        return unseen(values, horizon);
    }
    grown(&points, horizon)
}

/// The line through logarithms of spreads over logarithms of horizons.
fn grown(points: &[(f64, f64, f64)], horizon: usize) -> Vec<f64> {
    let total: f64 = points.iter().map(|point| point.2).sum();
    let x = points.iter().map(|point| point.0 * point.2).sum::<f64>() / total;
    let y = points.iter().map(|point| point.1 * point.2).sum::<f64>() / total;
    let both: f64 = points.iter().map(|point| point.2 * (point.0 - x) * (point.1 - y)).sum();
    let squares: f64 = points.iter().map(|point| point.2 * (point.0 - x).powi(2)).sum();
    let growth = ((both + USUAL_WEIGHT * USUAL_GROWTH) / (squares + USUAL_WEIGHT)).clamp(0.0, 1.0);
    (1..=horizon).map(|step| (y + growth * ((step as f64).ln() - x)).exp()).collect()
}

/// Too short for points of the past: steps from value to value, which add up.
fn unseen(values: &[f64], horizon: usize) -> Vec<f64> {
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let squares = steps.iter().map(|step| step * step).sum::<f64>() / steps.len().max(1) as f64;
    (1..=horizon).map(|step| (squares * step as f64).sqrt()).collect()
}

fn level(values: &[f64], until: usize, season: usize) -> f64 {
    let part = &values[until.saturating_sub(season.max(4))..until];
    part.iter().map(|value| value.abs()).sum::<f64>() / part.len().max(1) as f64
}

/// A band for each level around a mean.
pub(super) fn bands(mean: &[f64], spread: &[f64], levels: &[Level]) -> Vec<Band> {
    let of = |level: &Level| {
        let factor = TO_COME * student(*level);
        let side = |sign: f64| mean.iter().zip(spread).map(|(mean, spread)| mean + sign * factor * spread).collect();
        Band { level: *level, lower: side(-1.0), upper: side(1.0) }
    };
    levels.iter().map(of).collect()
}

/// Cuts what lies below zero.
pub(super) fn stop_at_zero(answer: &mut SeriesForecast) {
    let bounds = answer.bands.iter_mut().flat_map(|band| band.lower.iter_mut().chain(&mut band.upper));
    for value in answer.mean.iter_mut().chain(bounds) {
        *value = value.max(0.0);
    }
}

/// How far to each side Student's t with four degrees of freedom covers a share: the closed form of Shaw (2006).
fn student(level: Level) -> f64 {
    let tails = (1.0 - level.share()) * (1.0 + level.share());
    let root = tails.sqrt();
    2.0 * ((root.acos() / 3.0).cos() / root - 1.0).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tails_are_those_of_students_t() {
        for (share, want) in [(0.5, 0.7407), (0.8, 1.5332), (0.95, 2.7764), (0.99, 4.6041)] {
            let got = student(Level::new(share).unwrap());
            assert!((got - want).abs() < 1e-3, "{share}: {got}");
        }
    }

    #[test]
    fn errors_that_grow_like_a_root_are_seen_to() {
        let errors = |scale: f64| (1..=8).map(|step| scale * f64::from(step).sqrt()).collect::<Vec<f64>>();
        let past: Vec<Past> = (20..30).map(|at| Past { at, errors: errors(2.0) }).collect();
        let spread = spread(&past, &[-1.0; 30], 1, 8);
        assert!((spread[0] - 2.0).abs() < 1e-9 && (spread[3] - 4.0).abs() < 1e-9, "{spread:?}");
    }

    #[test]
    fn a_short_series_has_an_interval_too() {
        assert_eq!(spread(&[], &[1.0, 3.0], 12, 4), [2.0, 8.0_f64.sqrt(), 12.0_f64.sqrt(), 4.0]);
    }
}
