//! A first look at a series: its season and its line, from which the states at its end are taken.

use super::form::{Form, Season, Trend};
use super::recursion::States;
use crate::insight::forecast::numbers::{Line, count, mean};

/// A classical decomposition.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    season: Vec<f64>,
    line: Line,
    average: f64,
    length: f64,
}

impl Outline {
    /// By moving averages over a season. For a season that multiplies all values must be above zero.
    pub(crate) fn of(values: &[f64], period: usize, season: Season) -> Self {
        let indices = match season {
            Season::None => Vec::new(),
            Season::Additive => indices(values, period, |value, around| value - around, |index, level| index - level),
            Season::Multiplicative => {
                indices(values, period, |value, around| value / around, |index, level| index / level)
            }
        };
        let plain: Vec<f64> = match season {
            Season::None => values.to_vec(),
            Season::Additive => values.iter().zip(indices.iter().cycle()).map(|(value, index)| value - index).collect(),
            Season::Multiplicative => {
                values.iter().zip(indices.iter().cycle()).map(|(value, index)| value / index).collect()
            }
        };
        Self { season: indices, line: Line::through(&plain), average: mean(&plain), length: count(values.len()) }
    }

    /// The states after the last value, as far as they can be told before anything is fitted.
    pub(crate) fn end(&self, form: Form) -> States {
        let (level, slope) = match form.trend {
            Trend::None => (self.average, 0.0),
            Trend::Additive | Trend::Damped => (self.line.at(self.length), self.line.slope),
        };
        States { level, slope, season: self.season.clone() }
    }
}

/// The mean of each place of the season against the moving average around it.
fn indices(
    values: &[f64],
    period: usize,
    against: impl Fn(f64, f64) -> f64,
    centred: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); period];
    let around = moving_average(values, period);
    let phases = (0..period).cycle().skip(period / 2);
    for ((value, around), phase) in values.iter().skip(period / 2).zip(around).zip(phases) {
        if let Some((sum, number)) = sums.get_mut(phase) {
            *sum += against(*value, around);
            *number += 1.0;
        }
    }
    let means: Vec<f64> = sums.into_iter().map(|(sum, number)| sum / f64::max(number, 1.0)).collect();
    let level = mean(&means);
    means.into_iter().map(|index| centred(index, level)).collect()
}

/// Over one season, centred: the first is that of value `period / 2`.
fn moving_average(values: &[f64], period: usize) -> Vec<f64> {
    let plain: Vec<f64> = values.windows(period).map(mean).collect();
    if period.is_multiple_of(2) {
        plain.iter().zip(plain.iter().skip(1)).map(|(one, next)| f64::midpoint(*one, *next)).collect()
    } else {
        plain
    }
}
