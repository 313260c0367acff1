//! The search for the parameters of a form, and for the form.

use super::Smoother;
use super::form::{Complex, Form};
use super::recursion::{States, Way, Weights, run};
use crate::insight::forecast::blend::Candidate;
use crate::insight::forecast::numbers::count;
use crate::insight::forecast::optimiser::{Effort, minimise};
use crate::insight::numerics::ln;

/// The growth with each step that a forecast may show at most.
const GROWTH: f64 = 1.02;

/// Fewer seasons do not tell two states for each place.
const SEASONS_MIN: usize = 4;

/// Fewer values are not worth a search.
const VALUES_MIN: usize = 4;

/// Below this share of the largest value, squared, errors are those of arithmetic.
const EXACT: f64 = 1e-28;

/// Where nothing is known, as shares: a slow level, a season that hardly changes or one like the level.
const START: [f64; 4] = [0.65, 0.5, 0.65, 0.5];
const START_PARTIAL: f64 = 0.1;

const EFFORT: Effort = Effort { steps: 120, tolerance: 0.01 };

/// All forms that are defined, each with its parameters.
pub(super) fn candidates(values: &[f64], period: usize) -> Vec<Candidate<Smoother>> {
    let forms: &[Form] = match values.len() / period.max(1) {
        _ if period <= 1 => &[Form::None],
        0 | 1 => &[Form::None],
        2..SEASONS_MIN => &[Form::None, Form::Partial],
        _ => &[Form::None, Form::Simple, Form::Partial, Form::Full],
    };
    forms.iter().filter_map(|form| candidate(*form, values, period)).collect()
}

/// A form with its parameters; `None` when the values are too few.
fn candidate(form: Form, values: &[f64], period: usize) -> Option<Candidate<Smoother>> {
    let searched = form.parameters() + 1;
    let plain = form == Form::None && values.len() >= VALUES_MIN;
    let spare = values.len().saturating_sub(searched + 1).max(usize::from(plain));
    if spare == 0 {
        return None;
    }
    let end = States::at_end(form, values, period)?;
    let mut states = end.clone();
    let loss = |weights: &Weights| {
        states.level = end.level;
        states.season.copy_from_slice(&end.season);
        loss(form, weights, values, &mut states)
    };
    let (weights, least) = match form {
        Form::None | Form::Simple => search::<2>(form, loss)?,
        Form::Partial => search::<3>(form, loss)?,
        Form::Full => search::<4>(form, loss)?,
    };
    let searched = count(searched);
    let correction = searched * (searched + 1.0) / count(spare);
    let criterion = least + 2.0 * (searched + count(form.states(period)) + correction);
    criterion.is_finite().then_some(Candidate { recipe: Smoother { form, weights }, criterion })
}

/// The parameters with the least loss, and that loss.
fn search<const N: usize>(form: Form, mut loss: impl FnMut(&Weights) -> f64) -> Option<(Weights, f64)> {
    let mut start = START;
    if form == Form::Partial {
        start[2] = START_PARTIAL;
    }
    let mut start = start.into_iter();
    let first: [f64; N] = std::array::from_fn(|_| start.next().unwrap_or(0.5));
    let found = minimise(first, 0.1, EFFORT, |at| weights(form, at).map_or(f64::INFINITY, |weights| loss(&weights)));
    Some((weights(form, &found.at)?, found.loss))
}

/// The parameters at a point of the unit cube; `None` where they are not stable.
fn weights(form: Form, at: &[f64]) -> Option<Weights> {
    let mut at = at.iter().copied();
    let mut next = || at.next().unwrap_or(0.0);
    let level = Complex { real: 2.0 * next(), imaginary: 2.0 * next() };
    let season = match form {
        Form::None | Form::Simple => Complex::ZERO,
        Form::Partial => Complex { real: next(), imaginary: 0.0 },
        Form::Full => Complex { real: 2.0 * next(), imaginary: 2.0 * next() },
    };
    let is_sound = |weight: Complex| weight.is_stable() && weight.growth() <= GROWTH;
    (is_sound(level) && (form != Form::Full || is_sound(season))).then_some(Weights { level, season })
}

/// Minus twice the logarithm of the likelihood. The states after the last value become those before the first, then
/// those after the last again.
fn loss(form: Form, weights: &Weights, values: &[f64], states: &mut States) -> f64 {
    run(form, Way::Backwards, weights, values, states, |_, _| ());
    let mut squares = 0.0;
    run(form, Way::Forwards, weights, values, states, |error, _| squares += error * error);
    let number = count(values.len());
    number * ln((squares / number).max(EXACT))
}
