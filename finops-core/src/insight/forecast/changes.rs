//! How large values are from time to time, and what they do from one season to the next.

use super::numbers::{Point, Scatter};
use super::season::{Seasonal, Shape};
use crate::insight::numerics::{ln, pow};

/// The least number of values that say how high a series stands.
const LEVEL_OF: usize = 4;
/// Over how many values changes are compared.
const APART: [usize; 12] = [1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21, 24];
/// Changes over this share of the values, and no more, are many enough to compare.
const COMPARED: usize = 3;
/// From how many lengths on their growth is seen.
const ENOUGH: usize = 3;
/// The power of time with which changes grow where there are too few to see it: that of a random walk.
const UNKNOWN_POWER: f64 = 0.5;

/// How high a series stood.
#[derive(Debug)]
pub(super) struct Levels<'v> {
    values: &'v [f64],
    width: usize,
    /// Whether all values are positive.
    pub(super) positive: bool,
}

impl<'v> Levels<'v> {
    pub(super) fn new(values: &'v [f64], season: usize) -> Self {
        Self { values, width: season.max(LEVEL_OF), positive: values.iter().all(|value| *value > 0.0) }
    }

    /// By how much an error or a change of then, when so many values were known, would be larger today: by the root of
    /// what the level has grown, where all values are positive.
    pub(super) fn grown_since(&self, known: usize) -> f64 {
        let grown = self.until(self.values.len()) / self.until(known);
        if self.positive && grown.is_finite() { grown.clamp(0.04, 25.0).sqrt() } else { 1.0 }
    }

    /// Added up anew each time: of what small values add to large ones nothing is left in running sums.
    fn until(&self, known: usize) -> f64 {
        let part = &self.values[known.saturating_sub(self.width)..known];
        part.iter().map(|value| value.abs()).sum::<f64>() / part.len().max(1) as f64
    }
}

/// What a series does in time, and how that grows with time.
#[derive(Debug)]
pub(super) struct Changes {
    season: f64,
    /// The mean magnitude from season to season, as it would be today.
    size: f64,
    /// With which power of time changes grow: 0 where a series stays about its line, a half where it wanders, 1 where
    /// its trend does.
    pub(super) power: f64,
}

impl Changes {
    pub(super) fn new(values: &[f64], season: usize, levels: &Levels<'_>) -> Self {
        let pairs = values.iter().zip(values.iter().skip(season));
        let grown = |(at, (earlier, later)): (usize, (&f64, &f64))| {
            (later - earlier).abs() * levels.grown_since(at + season + 1)
        };
        let count = values.len().saturating_sub(season).max(1) as f64;
        let size = pairs.enumerate().map(grown).sum::<f64>() / count;
        Self { season: season as f64, size, power: power(values, season, levels.positive) }
    }

    /// Their size over some steps.
    pub(super) fn over(&self, steps: usize) -> f64 {
        self.size * pow(steps as f64 / self.season, self.power)
    }
}

/// The slope of logarithms of changes over logarithms of their length, without the season and the mean change.
fn power(values: &[f64], season: usize, positive: bool) -> f64 {
    let shape = if positive { Shape::Multiplied } else { Shape::Added };
    let values = Seasonal::classical(values, season, shape).adjusted;
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return UNKNOWN_POWER };
    let drift = (last - first) / (values.len() - 1).max(1) as f64;
    let compared = APART.iter().filter(|apart| **apart <= values.len() / COMPARED);
    let points = compared.map(|apart| {
        let pairs = values.iter().zip(values.iter().skip(*apart));
        let sum: f64 = pairs.map(|(earlier, later)| (later - earlier - drift * *apart as f64).abs()).sum();
        Point { x: ln(*apart as f64), y: ln(sum / (values.len() - apart) as f64), weight: 1.0 }
    });
    let points: Vec<Point> = points.collect();
    let seen = points.len() >= ENOUGH && points.iter().all(|point| point.y.is_finite());
    if seen { Scatter::of(&points).slope(UNKNOWN_POWER, 0.0).clamp(0.0, 1.0) } else { UNKNOWN_POWER }
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;

    fn sums(values: &[f64]) -> Vec<f64> {
        values
            .iter()
            .scan(0.0, |sum, value| {
                *sum += value;
                Some(*sum)
            })
            .collect()
    }

    fn power_of(values: &[f64], season: usize) -> f64 {
        Changes::new(values, season, &Levels::new(values, season)).power
    }

    #[test]
    fn changes_grow_as_a_series_wanders() {
        let still: Vec<f64> = noise(200).iter().enumerate().map(|(at, noise)| 50.0 + at as f64 + noise).collect();
        let seasonal: Vec<f64> =
            still.iter().enumerate().map(|(at, value)| value + [9.0, -2.0, -7.0][at % 3]).collect();
        let level = sums(&noise(200));
        let trend = sums(&level);
        assert!(power_of(&still, 1) < 0.1 && power_of(&seasonal, 3) < 0.1);
        assert!((0.35..0.65).contains(&power_of(&level, 1)), "{}", power_of(&level, 1));
        assert!(power_of(&trend, 1) > 0.8, "{}", power_of(&trend, 1));
    }

    #[test]
    fn too_few_values_say_nothing() {
        for values in [&[][..], &[1.0], &[1.0, 4.0, 2.0], &[5.0; 30]] {
            let changes = Changes::new(values, 1, &Levels::new(values, 1));
            assert!((changes.power - UNKNOWN_POWER).abs() < 1e-12 && changes.over(9).is_finite(), "{changes:?}");
        }
    }

    #[test]
    fn changes_are_as_large_as_they_would_be_today() {
        let doubled: Vec<f64> = [vec![10.0, 12.0, 10.0, 12.0], vec![40.0, 48.0, 40.0, 48.0]].concat();
        let levels = Levels::new(&doubled, 1);
        assert!((levels.grown_since(4) - 2.0).abs() < 1e-12 && (levels.grown_since(8) - 1.0).abs() < 1e-12);
        assert!((Levels::new(&[-1.0, 2.0, 3.0, 9.0, 9.0], 1).grown_since(2) - 1.0).abs() < 1e-12, "not all positive");
    }
}
