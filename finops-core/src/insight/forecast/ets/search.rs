//! The search for the weights of a form, and for the form.

use super::form::{Error, Form, Season, Trend};
use super::likelihood::{backcast, loss};
use super::outline::Outline;
use super::recursion::{States, Weights};
use crate::insight::forecast::numbers::count;
use crate::insight::forecast::optimiser::{Effort, Vertex, minimise};

/// A form with the weights that tell a series best.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub form: Form,
    pub weights: Weights,
    /// Akaike's criterion, corrected for short series; less is better.
    pub criterion: f64,
}

/// A series, scaled, with what is known of it before anything is fitted.
#[derive(Debug)]
pub(crate) struct Sample<'a> {
    values: &'a [f64],
    period: usize,
    plain: Outline,
    added: Option<Outline>,
    multiplied: Option<Outline>,
    positive: bool,
}

impl<'a> Sample<'a> {
    pub(crate) fn new(values: &'a [f64], period: usize) -> Self {
        let positive = values.iter().all(|value| *value > 0.0);
        let seasonal = period > 1 && values.len() >= 2 * period;
        Self {
            values,
            period,
            plain: Outline::of(values, period, Season::None),
            added: seasonal.then(|| Outline::of(values, period, Season::Additive)),
            multiplied: (seasonal && positive).then(|| Outline::of(values, period, Season::Multiplicative)),
            positive,
        }
    }

    fn outline(&self, season: Season) -> Option<&Outline> {
        match season {
            Season::None => Some(&self.plain),
            Season::Additive => self.added.as_ref(),
            Season::Multiplicative => self.multiplied.as_ref(),
        }
    }

    /// The weights of a form. `None` where it is not defined, or the values are too few.
    pub(crate) fn fit(&self, form: Form) -> Option<Candidate> {
        let end = self.outline(form.season)?.end(form);
        let spare = self.values.len().checked_sub(form.parameters(self.period) + 1).filter(|spare| *spare > 0)?;
        if form.error == Error::Multiplicative && !self.positive {
            return None;
        }
        let mut states = end.clone();
        let mut of = |weights: &Weights| {
            states.level = end.level;
            states.slope = end.slope;
            states.season.copy_from_slice(&end.season);
            backcast(form, weights, self.values, &mut states);
            loss(form, weights, self.values, &mut states)
        };
        let slope = form.trend != Trend::None;
        let (weights, least) = match (slope, form.trend == Trend::Damped, form.season != Season::None) {
            (false, _, false) => best(&[[0.1], [0.5]], |[a]| weights(*a, None, None, None), &mut of),
            (false, _, true) => {
                best(&[[0.1, 0.1], [0.5, 0.1]], |[a, g]| weights(*a, None, Some(*g), None), &mut of)
            }
            (true, false, false) => {
                best(&[[0.1, 0.1], [0.5, 0.1]], |[a, b]| weights(*a, Some(*b), None, None), &mut of)
            }
            (true, false, true) => best(
                &[[0.1, 0.1, 0.1], [0.5, 0.1, 0.1]],
                |[a, b, g]| weights(*a, Some(*b), Some(*g), None),
                &mut of,
            ),
            (true, true, false) => best(
                &[[0.1, 0.1, 0.9], [0.5, 0.1, 0.9]],
                |[a, b, p]| weights(*a, Some(*b), None, Some(*p)),
                &mut of,
            ),
            (true, true, true) => best(
                &[[0.1, 0.1, 0.1, 0.9], [0.5, 0.1, 0.1, 0.9]],
                |[a, b, g, p]| weights(*a, Some(*b), Some(*g), Some(*p)),
                &mut of,
            ),
        };
        let parameters = count(form.parameters(self.period));
        let criterion = least + 2.0 * parameters + 2.0 * parameters * (parameters + 1.0) / count(spare);
        criterion.is_finite().then_some(Candidate { form, weights, criterion })
    }

    /// All forms that are defined, each with its weights.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let mut all = Vec::new();
        for season in [Season::None, Season::Additive, Season::Multiplicative] {
            for error in [Error::Additive, Error::Multiplicative] {
                if error == Error::Additive && season == Season::Multiplicative {
                    continue;
                }
                for trend in [Trend::None, Trend::Additive, Trend::Damped] {
                    all.extend(self.fit(Form { error, trend, season }));
                }
            }
        }
        all
    }

    /// The states after the last value for given weights, and what was expected of each value.
    pub(crate) fn run(&self, form: Form, weights: &Weights) -> Option<(States, Vec<f64>)> {
        let mut states = self.outline(form.season)?.end(form);
        backcast(form, weights, self.values, &mut states);
        let expected = super::likelihood::expected(form, weights, self.values, &mut states);
        Some((states, expected))
    }
}

/// From shares of the unit cube.
fn weights(alpha: f64, beta: Option<f64>, gamma: Option<f64>, phi: Option<f64>) -> Weights {
    let within = |least: f64, most: f64, share: f64| least + (most - least) * share;
    let alpha = within(1e-4, 0.9999, alpha);
    let slope = beta.is_some();
    Weights {
        alpha,
        beta: beta.map_or(0.0, |share| within(1e-4, 0.9999, share) * alpha),
        gamma: gamma.map_or(0.0, |share| within(1e-4, 0.9999, share) * (1.0 - alpha)),
        phi: phi.map_or(if slope { 1.0 } else { 0.0 }, |share| within(0.8, 0.98, share)),
    }
}

fn best<const N: usize>(
    starts: &[[f64; N]],
    weights: impl Fn(&[f64; N]) -> Weights,
    loss: &mut impl FnMut(&Weights) -> f64,
) -> (Weights, f64) {
    let effort = Effort { steps: 200, tolerance: 1e-3 };
    let mut found: Option<Vertex<N>> = None;
    for start in starts {
        let next = minimise(*start, 0.2, effort, |at| loss(&weights(at)));
        if found.is_none_or(|found| next.loss < found.loss) {
            found = Some(next);
        }
    }
    found.map_or((weights(&[0.5; N]), f64::INFINITY), |found| (weights(&found.at), found.loss))
}
