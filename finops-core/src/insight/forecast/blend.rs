//! Models of one family in several forms, together: their mean, weighed by how likely each form is.
//!
//! The weights are those of Akaike (Burnham and Anderson 2002; for forecasts Kolassa 2011).

use super::fit::Fitted;
use super::numbers::magnitude;
use crate::insight::numerics::exp;
use std::fmt::Debug;

/// A form of which the likelihood is a smaller share of the best one's says nothing.
const SHARE_MIN: f64 = 0.01;

/// How many times the largest value a forecast reaches at most, however long a trend goes on.
const REACH: f64 = 10.0;

/// A form with its parameters, which runs over any values.
pub(crate) trait Recipe: Copy + Debug {
    /// What is known after the last value.
    type States: Clone + Debug;

    /// The states after the last value, and what was expected of each. `None` where the form is not defined, or the
    /// values are too few for it. Values are in -1..=1.
    fn run(&self, values: &[f64], period: usize) -> Option<(Self::States, Vec<f64>)>;

    /// The values that follow.
    fn ahead(&self, states: &Self::States, horizon: usize) -> Vec<f64>;

    /// Its name.
    fn label(&self) -> String;
}

/// A form, and Akaike's criterion of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<R> {
    pub recipe: R,
    /// Corrected for short series; less is better.
    pub criterion: f64,
}

/// One form or several, fitted.
#[derive(Debug, Clone)]
pub(crate) struct Blend<R: Recipe> {
    members: Vec<Member<R>>,
    fitted: Vec<f64>,
    period: usize,
    scale: f64,
    label: String,
}

#[derive(Debug, Clone)]
struct Member<R: Recipe> {
    /// Of all members together, which have 1.
    share: f64,
    recipe: R,
    states: R::States,
}

impl<R: Recipe> Blend<R> {
    /// The candidate with the least criterion alone.
    pub(crate) fn best(values: &[f64], period: usize, candidates: &[Candidate<R>]) -> Option<Self> {
        let best = candidates.iter().min_by(|one, other| one.criterion.total_cmp(&other.criterion))?;
        Self::new(values, period, &[(1.0, best.recipe)], best.recipe.label())
    }

    /// All candidates by their likelihood.
    pub(crate) fn average(values: &[f64], period: usize, candidates: &[Candidate<R>], label: &str) -> Option<Self> {
        let least = candidates.iter().map(|candidate| candidate.criterion).fold(f64::INFINITY, f64::min);
        let of = |candidate: &Candidate<R>| (exp((least - candidate.criterion) / 2.0), candidate.recipe);
        let shares: Vec<_> = candidates.iter().map(of).filter(|(share, _)| *share >= SHARE_MIN).collect();
        Self::new(values, period, &shares, label.to_owned())
    }

    /// Forms with their shares. Those that do not run over the values are left out; `None` when none is left.
    pub(crate) fn new(values: &[f64], period: usize, shares: &[(f64, R)], label: String) -> Option<Self> {
        let (scale, scaled) = scaled(values)?;
        let mut fitted = vec![0.0; values.len()];
        let mut members = Vec::with_capacity(shares.len());
        let ran = shares.iter().filter_map(|(share, recipe)| Some((*share, *recipe, recipe.run(&scaled, period)?)));
        let ran: Vec<_> = ran.filter(|(.., (_, expected))| expected.iter().all(|value| value.is_finite())).collect();
        let total: f64 = ran.iter().map(|(share, ..)| share).sum();
        for (share, recipe, (states, expected)) in ran {
            let share = share / total;
            fitted.iter_mut().zip(expected).for_each(|(sum, expected)| *sum += share * expected * scale);
            members.push(Member { share, recipe, states });
        }
        (!members.is_empty()).then_some(Self { members, fitted, period, scale, label })
    }
}

impl<R: Recipe> Fitted for Blend<R> {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let mut mean = vec![0.0; horizon];
        for member in &self.members {
            let ahead = member.recipe.ahead(&member.states, horizon);
            mean.iter_mut().zip(ahead).for_each(|(sum, value)| *sum += member.share * value.clamp(-REACH, REACH));
        }
        mean.iter().map(|value| value * self.scale).collect()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        let shares: Vec<_> = self.members.iter().map(|member| (member.share, member.recipe)).collect();
        Self::new(values, self.period, &shares, self.label.clone())
    }
}

/// The largest magnitude of values, and the values divided by it. `None` when there are none, or one is not finite.
pub(crate) fn scaled(values: &[f64]) -> Option<(f64, Vec<f64>)> {
    let scale = magnitude(values).filter(|_| !values.is_empty())?;
    Some((scale, values.iter().map(|value| value / scale).collect()))
}
