//! The recursion that all forms share, once through the values, forwards or backwards.
//!
//! The error acts on the states in the same way whether it is additive or multiplicative, so that a form's path is
//! given by trend and season alone. Each combination is compiled on its own; nothing is allocated.

/// The weights of a form. Parts that it has not have zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weights {
    /// Of the level, 0..1.
    pub alpha: f64,
    /// Of the slope, 0..alpha.
    pub beta: f64,
    /// Of the season, 0..1 - alpha.
    pub gamma: f64,
    /// How much of the slope is left after one step.
    pub phi: f64,
}

/// What is known between two values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct States {
    /// The level expected of the next value.
    pub level: f64,
    /// What of it was gained since the last value.
    pub slope: f64,
    /// By the place of a value within the season, counted from the first value.
    pub season: Vec<f64>,
}

/// How a season acts upon the level.
pub(crate) trait Seasonal {
    const ANY: bool;

    /// What is expected at a level.
    fn upon(level: f64, index: f64) -> f64;

    /// A value without its season.
    fn without(value: f64, index: f64) -> f64;

    /// The season that a value shows at a level.
    fn shown(value: f64, level: f64) -> f64;
}

#[derive(Debug)]
pub(crate) struct Unseasonal;

#[derive(Debug)]
pub(crate) struct Added;

#[derive(Debug)]
pub(crate) struct Multiplied;

impl Seasonal for Unseasonal {
    const ANY: bool = false;

    fn upon(level: f64, _: f64) -> f64 {
        level
    }

    fn without(value: f64, _: f64) -> f64 {
        value
    }

    fn shown(_: f64, _: f64) -> f64 {
        0.0
    }
}

impl Seasonal for Added {
    const ANY: bool = true;

    fn upon(level: f64, index: f64) -> f64 {
        level + index
    }

    fn without(value: f64, index: f64) -> f64 {
        value - index
    }

    fn shown(value: f64, level: f64) -> f64 {
        value - level
    }
}

impl Seasonal for Multiplied {
    const ANY: bool = true;

    fn upon(level: f64, index: f64) -> f64 {
        level * index
    }

    fn without(value: f64, index: f64) -> f64 {
        value / index
    }

    fn shown(value: f64, level: f64) -> f64 {
        value / level
    }
}

/// One value on: gives what was expected of it.
#[inline]
fn step<S: Seasonal, const SLOPE: bool>(
    weights: &Weights,
    level: &mut f64,
    slope: &mut f64,
    index: &mut f64,
    value: f64,
) -> f64 {
    let target = S::without(value, *index);
    let expected = S::upon(*level, *index);
    if S::ANY {
        *index += weights.gamma * (S::shown(value, *level) - *index);
    }
    if SLOPE {
        // The slope is damped and corrected on its own, so that no step waits for more than it must.
        let damped = weights.phi * *slope;
        let (turn, gain) = (weights.phi * weights.beta, weights.alpha + weights.phi * weights.beta);
        *slope = damped + turn * (target - *level);
        *level = (*level * (1.0 - gain) + target * gain) + damped;
    } else {
        *level = *level * (1.0 - weights.alpha) + target * weights.alpha;
    }
    expected
}

/// From the first value to the last. `see` is told each value and what was expected of it.
#[inline]
pub(crate) fn forwards<S: Seasonal, const SLOPE: bool>(
    values: &[f64],
    weights: &Weights,
    states: &mut States,
    mut see: impl FnMut(f64, f64),
) {
    let States { mut level, mut slope, .. } = *states;
    if S::ANY {
        for cycle in values.chunks(states.season.len().max(1)) {
            for (value, index) in cycle.iter().zip(&mut states.season) {
                see(*value, step::<S, SLOPE>(weights, &mut level, &mut slope, index, *value));
            }
        }
    } else {
        for value in values {
            see(*value, step::<S, SLOPE>(weights, &mut level, &mut slope, &mut 0.0, *value));
        }
    }
    (states.level, states.slope) = (level, slope);
}

/// From the last value to the first, as if time ran the other way: states after the last value become states before
/// the first.
#[inline]
pub(crate) fn backwards<S: Seasonal, const SLOPE: bool>(values: &[f64], weights: &Weights, states: &mut States) {
    let (mut level, mut slope) = (states.level - states.slope, -states.slope);
    if S::ANY {
        for cycle in values.chunks(states.season.len().max(1)).rev() {
            for (value, index) in cycle.iter().zip(&mut states.season).rev() {
                step::<S, SLOPE>(weights, &mut level, &mut slope, index, *value);
            }
        }
    } else {
        for value in values.iter().rev() {
            step::<S, SLOPE>(weights, &mut level, &mut slope, &mut 0.0, *value);
        }
    }
    (states.level, states.slope) = (level - slope, -slope);
}
