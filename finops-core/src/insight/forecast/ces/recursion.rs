//! The recursion of complex exponential smoothing, once through the values, forwards or backwards.

use super::form::{Complex, Form};
use crate::insight::forecast::numbers::mean;

/// The parameters of a form. Parts that it has not have zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weights {
    /// Of the level, or of each place of a simple season.
    pub level: Complex,
    /// Of the season; a partial one has no imaginary part.
    pub season: Complex,
}

/// A value and its potential: the real and the imaginary part of a state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub value: f64,
    pub potential: f64,
}

/// What is known between two values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct States {
    pub level: Pair,
    /// By the place of a value within the season, counted from the first value.
    pub season: Vec<Pair>,
}

impl States {
    /// What can be told of the states after the last value before anything is fitted; `None` when there are less than
    /// two seasons of a form that has one.
    pub(crate) fn at_end(form: Form, values: &[f64], period: usize) -> Option<Self> {
        let seasonal = form != Form::None;
        if seasonal && (period <= 1 || values.len() < 2 * period) {
            return None;
        }
        let last = values.get(values.len().saturating_sub(period.max(10))..).unwrap_or(values);
        let without = if form == Form::Simple { 0.0 } else { mean(values) };
        let place = |phase: usize| {
            let values: Vec<f64> = values.iter().skip(phase).step_by(period).copied().collect();
            Pair::settled(mean(&values) - without)
        };
        let season = (0..if seasonal { period } else { 0 }).map(place).collect();
        Some(Self { level: Pair::settled(mean(last)), season })
    }
}

impl Pair {
    /// A value that has been for a while.
    fn settled(value: f64) -> Self {
        Self { value, potential: value / 1.1 }
    }

    /// Nothing yet.
    pub(crate) const ZERO: Self = Self { value: 0.0, potential: 0.0 };

    /// One step on towards a value. What does not depend on the state comes first, so that no step waits for more than
    /// it must.
    #[inline]
    fn step(&mut self, weight: &Complex, target: f64) {
        let Self { value, potential } = *self;
        let Complex { real, imaginary } = *weight;
        let (near, far) = (real - imaginary, real + imaginary);
        self.value = (near * target + (1.0 - near) * value) - (1.0 - imaginary) * potential;
        self.potential = (far * target + (1.0 - far) * value) + (1.0 - real) * potential;
    }
}

/// A form, to be compiled on its own.
pub(crate) trait Shape {
    const SEASON: bool;

    /// What is expected.
    fn expected(level: &Pair, index: &Pair) -> f64;

    /// What a value makes of the states.
    fn learn(weights: &Weights, level: &mut Pair, index: &mut Pair, value: f64);
}

#[derive(Debug)]
struct Plain;

#[derive(Debug)]
struct Simple;

#[derive(Debug)]
struct Partial;

#[derive(Debug)]
struct Full;

impl Shape for Plain {
    const SEASON: bool = false;

    #[inline]
    fn expected(level: &Pair, _: &Pair) -> f64 {
        level.value
    }

    #[inline]
    fn learn(weights: &Weights, level: &mut Pair, _: &mut Pair, value: f64) {
        level.step(&weights.level, value);
    }
}

impl Shape for Simple {
    const SEASON: bool = true;

    #[inline]
    fn expected(_: &Pair, index: &Pair) -> f64 {
        index.value
    }

    #[inline]
    fn learn(weights: &Weights, _: &mut Pair, index: &mut Pair, value: f64) {
        index.step(&weights.level, value);
    }
}

impl Shape for Partial {
    const SEASON: bool = true;

    #[inline]
    fn expected(level: &Pair, index: &Pair) -> f64 {
        level.value + index.value
    }

    #[inline]
    fn learn(weights: &Weights, level: &mut Pair, index: &mut Pair, value: f64) {
        let target = value - index.value;
        index.value += weights.season.real * (target - level.value);
        level.step(&weights.level, target);
    }
}

impl Shape for Full {
    const SEASON: bool = true;

    #[inline]
    fn expected(level: &Pair, index: &Pair) -> f64 {
        level.value + index.value
    }

    #[inline]
    fn learn(weights: &Weights, level: &mut Pair, index: &mut Pair, value: f64) {
        let (target, own) = (value - index.value, value - level.value);
        index.step(&weights.season, own);
        level.step(&weights.level, target);
    }
}

/// Which way time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Forwards,
    Backwards,
}

/// Goes through all values. `see` is told each error, with what was expected.
#[inline]
pub(crate) fn run(
    form: Form,
    way: Way,
    weights: &Weights,
    values: &[f64],
    states: &mut States,
    see: impl FnMut(f64, f64),
) {
    match form {
        Form::None => pass::<Plain>(way, weights, values, states, see),
        Form::Simple => pass::<Simple>(way, weights, values, states, see),
        Form::Partial => pass::<Partial>(way, weights, values, states, see),
        Form::Full => pass::<Full>(way, weights, values, states, see),
    }
}

#[inline]
fn pass<S: Shape>(way: Way, weights: &Weights, values: &[f64], states: &mut States, mut see: impl FnMut(f64, f64)) {
    let mut level = states.level;
    let mut one = |value: &f64, index: &mut Pair| {
        let expected = S::expected(&level, index);
        S::learn(weights, &mut level, index, *value);
        see(value - expected, expected);
    };
    let period = states.season.len().max(1);
    let season = &mut states.season;
    match (S::SEASON, way) {
        (false, Way::Forwards) => values.iter().for_each(|value| one(value, &mut Pair::ZERO.clone())),
        (false, Way::Backwards) => values.iter().rev().for_each(|value| one(value, &mut Pair::ZERO.clone())),
        (true, Way::Forwards) => {
            for cycle in values.chunks(period) {
                cycle.iter().zip(season.iter_mut()).for_each(|(value, index)| one(value, index));
            }
        }
        (true, Way::Backwards) => {
            for cycle in values.chunks(period).rev() {
                cycle.iter().zip(season.iter_mut()).rev().for_each(|(value, index)| one(value, index));
            }
        }
    }
    states.level = level;
}

/// One step without a value: what is expected is what comes.
pub(crate) fn ahead(form: Form, weights: &Weights, level: &mut Pair, index: &mut Pair) -> f64 {
    match form {
        Form::None => free::<Plain>(weights, level, index),
        Form::Simple => free::<Simple>(weights, level, index),
        Form::Partial => free::<Partial>(weights, level, index),
        Form::Full => free::<Full>(weights, level, index),
    }
}

fn free<S: Shape>(weights: &Weights, level: &mut Pair, index: &mut Pair) -> f64 {
    let expected = S::expected(level, index);
    S::learn(weights, level, index, expected);
    expected
}
