//! How well a form with given weights tells a series: minus twice the logarithm of its likelihood.

use super::form::{Error, Form, Season, Trend};
use super::recursion::{Added, Multiplied, Seasonal, States, Unseasonal, Weights, backwards, forwards};
use crate::insight::forecast::numbers::count;
use crate::insight::numerics::ln;

/// Below this share of the largest value, squared, errors are those of arithmetic.
const EXACT: f64 = 1e-28;

/// What errors add up to.
#[derive(Debug, Clone, Copy)]
struct Sums {
    squares: f64,
    /// The product of what was expected, its logarithm taken out now and then.
    product: f64,
    logarithm: f64,
    least: f64,
}

/// The states before the first value, given those after the last one: the values are gone through backwards.
pub(crate) fn backcast(form: Form, weights: &Weights, values: &[f64], states: &mut States) {
    match (form.season, form.trend) {
        (Season::None, Trend::None) => backwards::<Unseasonal, false>(values, weights, states),
        (Season::None, _) => backwards::<Unseasonal, true>(values, weights, states),
        (Season::Additive, Trend::None) => backwards::<Added, false>(values, weights, states),
        (Season::Additive, _) => backwards::<Added, true>(values, weights, states),
        (Season::Multiplicative, Trend::None) => backwards::<Multiplied, false>(values, weights, states),
        (Season::Multiplicative, _) => backwards::<Multiplied, true>(values, weights, states),
    }
}

/// The loss of a form whose states before the first value are given; they become those after the last one. Infinite
/// where the form is not defined.
pub(crate) fn loss(form: Form, weights: &Weights, values: &[f64], states: &mut States) -> f64 {
    match (form.season, form.trend) {
        (Season::None, Trend::None) => told::<Unseasonal, false>(form.error, weights, values, states),
        (Season::None, _) => told::<Unseasonal, true>(form.error, weights, values, states),
        (Season::Additive, Trend::None) => told::<Added, false>(form.error, weights, values, states),
        (Season::Additive, _) => told::<Added, true>(form.error, weights, values, states),
        (Season::Multiplicative, Trend::None) => told::<Multiplied, false>(form.error, weights, values, states),
        (Season::Multiplicative, _) => told::<Multiplied, true>(form.error, weights, values, states),
    }
}

/// What was expected of each value, from the states before the first; they become those after the last one.
pub(crate) fn expected(form: Form, weights: &Weights, values: &[f64], states: &mut States) -> Vec<f64> {
    let mut all = Vec::with_capacity(values.len());
    let see = |_: f64, expected: f64| all.push(expected);
    match form.season {
        Season::None => forwards::<Unseasonal, true>(values, weights, states, see),
        Season::Additive => forwards::<Added, true>(values, weights, states, see),
        Season::Multiplicative => forwards::<Multiplied, true>(values, weights, states, see),
    }
    all
}

fn told<S: Seasonal, const SLOPE: bool>(error: Error, weights: &Weights, values: &[f64], states: &mut States) -> f64 {
    let number = count(values.len());
    match error {
        Error::Additive => {
            let mut squares = 0.0;
            forwards::<S, SLOPE>(values, weights, states, |value, expected| {
                squares += (value - expected) * (value - expected);
            });
            number * ln((squares / number).max(EXACT))
        }
        Error::Multiplicative => {
            let mut sums = Sums { squares: 0.0, product: 1.0, logarithm: 0.0, least: f64::INFINITY };
            forwards::<S, SLOPE>(values, weights, states, |value, expected| sums.add(value, expected));
            if sums.least > 0.0 {
                number * ln((sums.squares / number).max(EXACT)) + 2.0 * (sums.logarithm + ln(sums.product))
            } else {
                f64::INFINITY
            }
        }
    }
}

impl Sums {
    #[inline]
    fn add(&mut self, value: f64, expected: f64) {
        let share = (value - expected) / expected;
        self.squares += share * share;
        self.least = self.least.min(expected);
        self.product *= expected;
        if !(1e-100..1e100).contains(&self.product) {
            self.logarithm += ln(self.product);
            self.product = 1.0;
        }
    }
}
