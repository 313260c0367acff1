//! A first look at a series: its season and its line, from which the states at its end are taken.

use super::form::{Form, Season, Trend};
use super::recursion::States;
use crate::insight::forecast::numbers::{Line, count, mean};
use crate::insight::forecast::season::{Seasonal, Shape};

/// A classical decomposition.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    season: Season,
    indices: Vec<f64>,
    line: Line,
    average: f64,
    length: f64,
}

impl Outline {
    /// `None` where there are less than two seasons, or one that multiplies is asked of values that are not `positive`.
    pub(crate) fn of(values: &[f64], period: usize, season: Season, positive: bool) -> Option<Self> {
        if season != Season::None && (period <= 1 || values.len() / 2 < period) {
            return None;
        }
        let shape = match season {
            Season::None => Shape::None,
            Season::Additive => Shape::Added,
            Season::Multiplicative if positive => Shape::Multiplied,
            Season::Multiplicative => return None,
        };
        let Seasonal { indices, adjusted, .. } = Seasonal::classical(values, period, shape);
        let indices = if season == Season::None { Vec::new() } else { indices };
        let (line, average) = (Line::through(&adjusted), mean(&adjusted));
        Some(Self { season, indices, line, average, length: count(values.len()) })
    }

    /// How the season acts.
    pub(crate) fn season(&self) -> Season {
        self.season
    }

    /// The states after the last value, as far as they can be told before anything is fitted.
    pub(crate) fn end(&self, form: Form) -> States {
        let (level, slope) = match form.trend {
            Trend::None => (self.average, 0.0),
            Trend::Additive | Trend::Damped => (self.line.at(self.length), self.line.slope),
        };
        States { level, slope, season: self.indices.clone() }
    }
}
