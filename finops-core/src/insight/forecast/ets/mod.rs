//! Exponential smoothing in state space form: ETS of Hyndman, Koehler, Ord and Snyder (2008).
//!
//! A series has a level, perhaps a slope (which may fade) and a season (which is added or multiplies), and errors that
//! are amounts or shares. Each form that is defined is fitted by maximum likelihood; the one with the least corrected
//! criterion of Akaike is taken, or all of them by what that criterion says of each.
//!
//! It differs from the book in four things. The states at the start are not searched for, but found by going through
//! the values backwards (Svetunkov 2023); with at most four weights left, a search takes a fraction of a millisecond.
//! The correction for short series counts those weights only. The slope's weight is at most 0.05. And weights are found
//! on the last 1,200 values, so that long series cost no more.

mod form;
mod likelihood;
mod outline;
mod recursion;
mod search;
#[cfg(test)]
mod tests;

use super::blend::{Blend, Candidate, Recipe, scaled};
use super::fit::Fit;
use form::{Error, Form, Season, Trend};
use likelihood::{backcast, expected};
use outline::Outline;
use recursion::{States, Weights};
use search::Sample;

/// How many of the last values weights are found on.
const RECENT: usize = 1_200;

/// Exponential smoothing of which the form is found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ets {
    /// The form with the least criterion.
    Best,
    /// The mean of all forms, weighed by that criterion.
    Average,
}

/// Exponential smoothing without season, of a given form.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Smoothing {
    /// A level: SES (Brown 1956).
    Simple,
    /// A level and a slope (Holt 1957).
    Holt,
    /// A level and a slope that fades (Gardner 1985).
    Damped,
}

/// A form with its weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Smoother {
    form: Form,
    weights: Weights,
}

impl Fit for Ets {
    type Fitted = Blend<Smoother>;

    fn fit(&self, values: &[f64], season_length: usize) -> Option<Blend<Smoother>> {
        let (_, scaled) = scaled(values)?;
        let positive = scaled.iter().all(|value| *value > 0.0);
        let found = Sample::new(recent(&scaled), season_length, positive).candidates();
        let recipe = |found: &search::Found| Candidate { recipe: found.smoother, criterion: found.criterion };
        let candidates: Vec<_> = found.iter().map(recipe).collect();
        match self {
            Self::Best => Blend::best(values, season_length, &candidates),
            Self::Average => Blend::average(values, season_length, &candidates, "ETS"),
        }
    }
}

impl Fit for Smoothing {
    type Fitted = Blend<Smoother>;

    fn fit(&self, values: &[f64], _: usize) -> Option<Blend<Smoother>> {
        let (trend, label, least) = match self {
            Self::Simple => (Trend::None, "SES", 3),
            Self::Holt => (Trend::Additive, "Holt", 4),
            Self::Damped => (Trend::Damped, "DampedTrend", 4),
        };
        let (_, scaled) = scaled(values).filter(|_| values.len() >= least)?;
        let form = Form { error: Error::Additive, trend, season: Season::None };
        let weights = Sample::new(recent(&scaled), 1, false).weights(form)?;
        Blend::new(values, 1, &[(1.0, Smoother { form, weights })], label.to_owned())
    }
}

impl Recipe for Smoother {
    /// With the place in the season of the next value.
    type States = (States, usize);

    fn run(&self, values: &[f64], period: usize) -> Option<(Self::States, Vec<f64>)> {
        let positive = values.iter().all(|value| *value > 0.0);
        let mut states = Outline::of(values, period, self.form.season, positive)?.end(self.form);
        backcast(self.form, &self.weights, values, &mut states);
        let expected = expected(self.form, &self.weights, values, &mut states);
        Some(((states, values.len() % period.max(1)), expected))
    }

    fn ahead(&self, (states, phase): &Self::States, horizon: usize) -> Vec<f64> {
        let States { mut level, mut slope, ref season } = *states;
        let mut indices = season.iter().cycle().skip(*phase);
        let next = || {
            let now = level;
            slope *= self.weights.phi;
            level += slope;
            match (self.form.season, indices.next()) {
                (Season::Additive, Some(index)) => now + index,
                (Season::Multiplicative, Some(index)) => now * index,
                _ => now,
            }
        };
        std::iter::repeat_with(next).take(horizon).collect()
    }

    fn label(&self) -> String {
        self.form.to_string()
    }
}

fn recent(values: &[f64]) -> &[f64] {
    values.get(values.len().saturating_sub(RECENT)..).unwrap_or(values)
}
