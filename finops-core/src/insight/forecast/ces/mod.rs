//! Complex exponential smoothing: CES of Svetunkov, Kourentzes and Ord (2022).
//!
//! A value is taken together with its information potential, as the two parts of a complex number, and smoothed with
//! a complex weight. It tells levels from trends without a form for each. The season is none, simple, partial or full,
//! as the least corrected criterion of Akaike says, or all of them by what it says of each.
//!
//! The states at the start are found by going through the values backwards. They count as parameters once for each
//! place of the season. A form with two states for each place needs four seasons. What grows does so by at most 2 %
//! with each step, and never beyond ten times the largest value. Weights are found on the last 1,200 values, so that
//! long series cost no more.

mod form;
mod recursion;
mod search;
#[cfg(test)]
mod tests;

use super::blend::{Blend, Recipe, scaled};
use super::fit::Fit;
use form::Form;
use recursion::{Pair, States, Way, Weights, ahead, run};

/// How many of the last values weights are found on.
const RECENT: usize = 1_200;

/// Complex exponential smoothing of which the season is found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ces {
    /// The form with the least criterion.
    Best,
    /// The mean of all forms, weighed by that criterion.
    Average,
}

/// A form with its weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Smoother {
    form: Form,
    weights: Weights,
}

impl Fit for Ces {
    type Fitted = Blend<Smoother>;

    fn fit(&self, values: &[f64], season_length: usize) -> Option<Blend<Smoother>> {
        let (_, scaled) = scaled(values)?;
        let recent = scaled.get(scaled.len().saturating_sub(RECENT)..)?;
        let candidates = search::candidates(recent, season_length);
        match self {
            Self::Best => Blend::best(values, season_length, &candidates),
            Self::Average => Blend::average(values, season_length, &candidates, "CES"),
        }
    }
}

impl Recipe for Smoother {
    /// With the place in the season of the next value.
    type States = (States, usize);

    fn run(&self, values: &[f64], period: usize) -> Option<(Self::States, Vec<f64>)> {
        let Self { form, weights } = *self;
        let mut states = States::at_end(form, values, period)?;
        let mut all = Vec::with_capacity(values.len());
        run(form, Way::Backwards, &weights, values, &mut states, |_, _| ());
        run(form, Way::Forwards, &weights, values, &mut states, |_, expected| all.push(expected));
        Some(((states, values.len() % period.max(1)), all))
    }

    fn ahead(&self, (states, phase): &Self::States, horizon: usize) -> Vec<f64> {
        let States { mut level, ref season } = *states;
        let mut season = season.clone();
        if !season.is_empty() {
            season.rotate_left(*phase);
        }
        let mut all = Vec::with_capacity(horizon);
        while all.len() < horizon {
            let cycle = horizon - all.len();
            if season.is_empty() {
                all.push(ahead(self.form, &self.weights, &mut level, &mut Pair::ZERO.clone()));
            }
            all.extend(season.iter_mut().take(cycle).map(|index| ahead(self.form, &self.weights, &mut level, index)));
        }
        all
    }

    fn label(&self) -> String {
        self.form.to_string()
    }
}
