//! Exponential smoothing in state space form: ETS of Hyndman, Koehler, Ord and Snyder (2008).
//!
//! A series has a level, perhaps a slope (which may fade) and a season (which is added or multiplies), and errors that
//! are amounts or shares. Each form that is defined is fitted by maximum likelihood; the one with the least corrected
//! criterion of Akaike is taken, or all of them by what that criterion says of each (Kolassa 2011).
//!
//! It differs from the book in three things. The states at the start are not searched for, but found by going through
//! the values backwards (Svetunkov 2023); with at most four weights left, a search takes a millisecond. The slope's weight
//! is at most 0.05. And weights are found on the last [`RECENT`] values, so that long series cost no more.

mod form;
mod likelihood;
mod outline;
mod recursion;
mod search;

use super::fit::{Fit, Fitted};
use super::numbers::magnitude;
use form::{Error, Form, Season, Trend};
use recursion::{States, Weights};
use search::Sample;

/// How many of the last values weights are found on.
const RECENT: usize = 1_200;

/// Forms of which the likelihood is a smaller share of the best one's say nothing.
const SHARE_MIN: f64 = 0.01;

/// Exponential smoothing of which the form is found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ets {
    /// The form with the least criterion.
    Best,
    /// The mean of all forms, weighed by their likelihood and the number of their parameters.
    Average,
}

/// Exponential smoothing without season, of a given form.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Smoothing {
    /// A level: SES (Brown 1956).
    Simple,
    /// A level and a slope (Holt 1957).
    Holt,
    /// A level and a slope that fades (Gardner and McKenzie 1985).
    Damped,
}

/// Exponential smoothing fitted to a series.
#[derive(Debug, Clone)]
pub(crate) struct FittedEts {
    members: Vec<Member>,
    fitted: Vec<f64>,
    period: usize,
    label: String,
}

/// A form with its weights and the states after the last value.
#[derive(Debug, Clone)]
struct Member {
    /// Of all members together, which have 1.
    share: f64,
    form: Form,
    weights: Weights,
    states: States,
}

impl Fit for Ets {
    type Fitted = FittedEts;

    fn fit(&self, values: &[f64], season_length: usize) -> Option<FittedEts> {
        let scaled = scaled(values)?;
        let recent = scaled.get(scaled.len().saturating_sub(RECENT)..)?;
        let mut found = Sample::new(recent, season_length).candidates();
        if scaled.iter().any(|value| *value <= 0.0) {
            found.retain(|candidate| candidate.form.error == Error::Additive);
        }
        found.sort_by(|one, other| one.criterion.total_cmp(&other.criterion));
        let best = *found.first()?;
        let label = match self {
            Self::Best => best.form.to_string(),
            Self::Average => "ETS".to_owned(),
        };
        let of = |criterion: f64| ((best.criterion - criterion) / 2.0).exp();
        let shares = found.iter().map(|candidate| (of(candidate.criterion), candidate.form, candidate.weights));
        let members: Vec<_> = match self {
            Self::Best => shares.take(1).collect(),
            Self::Average => shares.filter(|(share, ..)| *share >= SHARE_MIN).collect(),
        };
        FittedEts::new(values, season_length, &members, label)
    }
}

impl Fit for Smoothing {
    type Fitted = FittedEts;

    fn fit(&self, values: &[f64], _: usize) -> Option<FittedEts> {
        let (trend, label) = match self {
            Self::Simple => (Trend::None, "SES"),
            Self::Holt => (Trend::Additive, "Holt"),
            Self::Damped => (Trend::Damped, "DampedTrend"),
        };
        let scaled = scaled(values)?;
        let recent = scaled.get(scaled.len().saturating_sub(RECENT)..)?;
        let form = Form { error: Error::Additive, trend, season: Season::None };
        let weights = Sample::new(recent, 1).weights(form)?;
        FittedEts::new(values, 1, &[(1.0, form, weights)], label.to_owned())
    }
}

impl FittedEts {
    /// Members with their shares, run over values. `None` when one of them is not defined there.
    fn new(values: &[f64], period: usize, members: &[(f64, Form, Weights)], label: String) -> Option<Self> {
        let scale = magnitude(values)?;
        let scaled = scaled(values)?;
        let sample = Sample::new(&scaled, period);
        let total: f64 = members.iter().map(|(share, ..)| share).sum();
        let mut fitted = vec![0.0; values.len()];
        let mut all = Vec::with_capacity(members.len());
        for (share, form, weights) in members {
            let share = share / total;
            let (mut states, expected) = sample.run(*form, weights)?;
            fitted.iter_mut().zip(expected).for_each(|(sum, expected)| *sum += share * expected * scale);
            states.rescale(scale, form.season == Season::Additive);
            all.push(Member { share, form: *form, weights: *weights, states });
        }
        fitted.iter().all(|value| value.is_finite()).then_some(Self { members: all, fitted, period, label })
    }
}

impl Fitted for FittedEts {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let mut mean = vec![0.0; horizon];
        for member in &self.members {
            let phase = self.fitted.len() % self.period.max(1);
            for (sum, value) in mean.iter_mut().zip(member.ahead(phase)) {
                *sum += member.share * value;
            }
        }
        mean
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        let members: Vec<_> = self.members.iter().map(|member| (member.share, member.form, member.weights)).collect();
        Self::new(values, self.period, &members, self.label.clone())
    }
}

impl Member {
    /// The values that are expected from the place `phase` of the season on.
    fn ahead(&self, phase: usize) -> impl Iterator<Item = f64> {
        let States { mut level, mut slope, ref season } = self.states;
        let mut indices = season.iter().cycle().skip(phase);
        std::iter::repeat_with(move || {
            let index = indices.next().copied();
            let now = level;
            slope *= self.weights.phi;
            level += slope;
            match (self.form.season, index) {
                (Season::Additive, Some(index)) => now + index,
                (Season::Multiplicative, Some(index)) => now * index,
                _ => now,
            }
        })
    }
}

fn scaled(values: &[f64]) -> Option<Vec<f64>> {
    let scale = magnitude(values)?;
    Some(values.iter().map(|value| value / scale).collect())
}
