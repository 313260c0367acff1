//! Intervals that cover what they say: made of errors that forecasts from the past made, not of what a model believes.
//!
//! Conformal in spirit (Stankeviciute, Alaa and van der Schaar 2021). Errors of each horizon are pooled over points of
//! the past, scaled by the level then and now, and count less the older they are. Their spread grows with the horizon
//! by a power that is fitted to them and drawn towards the square root. What the series does from one season to the
//! next is added, for the day on which a trend ends; it grows with the horizon as the changes of the series do over
//! its whole history, of which points of the past see but the end. The tails are those of Student's t with four
//! degrees of freedom, which cover what a short history has not shown yet; where past errors are mostly small and
//! seldom large, the levels below 95 % are narrower. What wanders, wanders by shares of its level, and so reaches
//! farther above the mean than below.

use super::answer::{Band, SeriesForecast};
use super::changes::{Changes, Levels};
use super::level::Level;
use super::numbers::{Point, Scatter};
use crate::insight::numerics::{acos, cos, exp, ln, pow};

/// After how many values an error counts half, and at least two seasons.
const HALF_LIFE: f64 = 20.0;
/// The power of the horizon with which errors grow where nothing is known, and how many errors that counts for.
const USUAL_GROWTH: (f64, f64) = (0.5, 100.0);
/// The mean of errors over the root of their mean square where they are normal.
const NORMAL: f64 = 0.76;
/// With which power the ratio of the errors at hand is followed for levels up to 80 %, not at all from 95 % on: what
/// lies between the ratios of the normal distribution and of Student's t, for 80 against 95 % and for these means.
const FOLLOWED: f64 = 1.4;
/// How many errors it takes to follow half of that.
const FEW: f64 = 50.0;
/// From the spread of errors of the past to those to come.
const TO_COME: f64 = 0.63;

/// Errors of a forecast from one point of the past, step by step.
#[derive(Debug, Clone)]
pub(super) struct Past {
    /// How many values were known.
    pub(super) at: usize,
    /// Actual less expected.
    pub(super) errors: Vec<f64>,
}

/// How errors spread.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    /// By horizon.
    steps: Vec<f64>,
    /// Of the bulk of errors against all of them: 1 or less.
    bulk: f64,
    /// How much farther bounds lie above than below, times their distance over the mean: 0 where errors are added, a
    /// half, the second term of the exponential, where they multiply.
    skew: f64,
}

impl Spread {
    /// From errors of the past.
    pub(super) fn new(past: &[Past], values: &[f64], season: usize, horizon: usize) -> Self {
        let season = if values.len() > season { season.max(1) } else { 1 };
        let levels = Levels::new(values, season);
        let changes = Changes::new(values, season, &levels);
        let skew = if levels.positive { changes.power / 2.0 } else { 0.0 };
        let grown: Vec<f64> = past.iter().map(|past| levels.grown_since(past.at)).collect();
        let mut sums = vec![(0.0, 0.0); horizon];
        for (Past { at, errors }, grown) in past.iter().zip(&grown) {
            let weight = pow(0.5, (values.len() - at) as f64 / HALF_LIFE.max(2.0 * season as f64));
            for ((weights, squares), error) in sums.iter_mut().zip(errors) {
                *weights += weight;
                *squares += weight * (grown * error).powi(2);
            }
        }
        let spreads = sums.iter().zip(1_u32..).filter(|((weight, squares), _)| *weight > 0.0 && *squares > 0.0);
        let points: Vec<Point> = spreads
            .map(|((weight, squares), step)| {
                let (x, y) = (ln(f64::from(step)), ln(squares / weight) / 2.0);
                Point { x, y, weight: *weight }
            })
            .collect();
        if points.is_empty() {
            return Self { steps: unseen(values, &levels, horizon), bulk: 1.0, skew };
        }
        let steps = powers(&points, horizon);
        let bulk = bulk(past, &grown, &steps);
        let origins = past.iter().filter(|past| !past.errors.is_empty()).count();
        // As of a mean of so many: it errs, too.
        let few = 1.0 + 1.0 / origins.max(1) as f64;
        let both = |(step, steps): (&f64, usize)| (step * step * few + changes.over(steps).powi(2)).sqrt();
        Self { steps: steps.iter().zip(1..).map(both).collect(), bulk, skew }
    }

    /// A band for each level around a mean.
    pub(super) fn bands(&self, mean: &[f64], levels: &[Level]) -> Vec<Band> {
        let of = |level: &Level| {
            let follow = ((0.95 - level.share()) / 0.15).clamp(0.0, 1.0);
            let factor = TO_COME * student(*level) * pow(self.bulk, follow);
            let side = |sign: f64| {
                let bound = |(mean, step): (&f64, &f64)| {
                    let width = factor * step;
                    let skew = if *mean > 0.0 { self.skew * (width / mean).min(1.0) } else { 0.0 };
                    mean + width * (sign + skew)
                };
                mean.iter().zip(&self.steps).map(bound).collect()
            };
            Band { level: *level, lower: side(-1.0), upper: side(1.0) }
        };
        levels.iter().map(of).collect()
    }
}

/// The line through logarithms of spreads over logarithms of horizons.
fn powers(points: &[Point], horizon: usize) -> Vec<f64> {
    let scatter = Scatter::of(points);
    let (usual, counts) = USUAL_GROWTH;
    let growth = scatter.slope(usual, counts).clamp(0.0, 1.0);
    (1..=horizon).map(|step| exp(scatter.y + growth * (ln(step as f64) - scatter.x))).collect()
}

/// The bulk of errors against all of them: by the mean against the root of the mean square, next to what that is where
/// errors are normal. At most 1.
fn bulk(past: &[Past], grown: &[f64], steps: &[f64]) -> f64 {
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for (past, grown) in past.iter().zip(grown) {
        for (error, step) in past.errors.iter().zip(steps) {
            let error = grown * error.abs() / step;
            sum += error;
            squares += error * error;
            count += 1.0;
        }
    }
    if squares > 0.0 {
        pow((sum / (squares * count).sqrt() / NORMAL).min(1.0), FOLLOWED * count / (count + FEW))
    } else {
        1.0
    }
}

/// Too short for points of the past: steps from value to value, which add up.
fn unseen(values: &[f64], levels: &Levels<'_>, horizon: usize) -> Vec<f64> {
    let changes = Changes::new(values, 1, levels);
    (1..=horizon).map(|steps| 1.5 * changes.over(steps) / TO_COME).collect()
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
    let root = ((1.0 - level.share()) * (1.0 + level.share())).sqrt();
    2.0 * (cos(acos(root) / 3.0) / root - 1.0).max(0.0).sqrt()
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
        let spread = Spread::new(&past, &[-1.0; 30], 1, 8);
        let few = 1.1_f64.sqrt();
        assert!((spread.steps[0] - 2.0 * few).abs() < 1e-9 && (spread.steps[3] - 4.0 * few).abs() < 1e-9, "{spread:?}");
    }

    #[test]
    fn levels_are_nested() {
        let past: Vec<Past> =
            (20..30).map(|at| Past { at, errors: vec![0.1, if at == 25 { 9.0 } else { 0.1 }] }).collect();
        let values: Vec<f64> = (0..30).map(|at| f64::from(at % 5)).collect();
        let levels = Level::list(&[0.1, 0.5, 0.8, 0.85, 0.9, 0.94, 0.95, 0.99, 0.999]).unwrap();
        let bands = Spread::new(&past, &values, 1, 2).bands(&[1.0, 1.0], &levels);
        assert!(bands.windows(2).all(|pair| pair[0].upper[1] < pair[1].upper[1]), "{bands:?}");
    }

    #[test]
    fn a_short_series_has_an_interval_too() {
        let spread = Spread::new(&[], &[1.0, 3.0], 12, 4);
        assert!((spread.steps[3] - 6.0 / TO_COME).abs() < 1e-9);
    }

    #[test]
    fn what_multiplies_reaches_farther_up() {
        let levels = Level::list(&[0.3, 0.8, 0.95, 0.999]).unwrap();
        let spread = Spread { steps: vec![2.0, 40.0], bulk: 1.0, skew: 0.5 };
        for mean in [10.0, -10.0, 0.0] {
            let bands = spread.bands(&[mean, mean], &levels);
            for (step, band) in bands.iter().flat_map(|band| [(0, band), (1, band)]) {
                let (below, above) = (mean - band.lower[step], band.upper[step] - mean);
                assert!(below > 0.0 && if mean > 0.0 { above > below } else { above <= below + 1e-9 }, "{band:?}");
            }
            let nested = |pair: &[Band]| pair[0].lower >= pair[1].lower && pair[0].upper <= pair[1].upper;
            assert!(bands.windows(2).all(nested), "{bands:?}");
        }
    }
}
