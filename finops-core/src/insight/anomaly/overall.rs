//! A band around all recent values, whatever their place in the season.
//!
//! On series whose noise is heavy this is the better witness: a Monday at the level of a Friday is nothing new there,
//! a value beyond all of them is.

use super::statistics::HALF_WIDTH;
use std::collections::VecDeque;

/// How many values it holds.
const MEMORY: usize = 60;
/// Beyond how many standard deviations a value counts as that many.
const CLIP: f64 = 3.0;
/// From how many values on it clips.
const CLIPS_FROM: usize = 20;
/// How much wider it is with no values than with all.
const YOUNG: f64 = 4.0;
/// The least spread that is believed in, as a share of the mean.
const LEAST: f64 = 0.01;
/// Farther off than this says nothing more.
const LARGEST_SCORE: f64 = 1e6;

/// The mean and spread of the last values, without regard to the season.
#[derive(Debug, Clone, Default)]
pub(super) struct Overall {
    values: VecDeque<f64>,
    mean: f64,
    sigma: f64,
}

impl Overall {
    /// Takes a value; what lies far out counts less.
    pub(super) fn take(&mut self, value: f64) {
        let value = if self.values.len() < CLIPS_FROM {
            value
        } else {
            value.clamp(self.mean - CLIP * self.sigma, self.mean + CLIP * self.sigma)
        };
        self.values.push_back(value);
        if self.values.len() > MEMORY {
            self.values.pop_front();
        }
        let count = self.values.len() as f64;
        self.mean = self.values.iter().sum::<f64>() / count;
        let squares: f64 = self.values.iter().map(|value| (value - self.mean) * (value - self.mean)).sum();
        self.sigma = (squares / count).sqrt();
    }

    /// How far a value lies from the middle, in half-widths of the 95 % band.
    pub(super) fn score(&self, value: f64) -> f64 {
        let young = 1.0 + YOUNG * (1.0 - self.values.len() as f64 / MEMORY as f64);
        let sigma = self.sigma.max(LEAST * self.mean.abs());
        ((value - self.mean).abs() / (HALF_WIDTH * sigma * young).max(f64::MIN_POSITIVE)).min(LARGEST_SCORE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(value: f64) -> Overall {
        let mut overall = Overall::default();
        (0..MEMORY).for_each(|_| overall.take(value));
        overall
    }

    #[test]
    fn equal_values_have_a_spread() {
        assert!((after(100.0).score(150.0) - 50.0 / HALF_WIDTH).abs() < 1e-9);
        assert!((after(0.0).score(150.0) - LARGEST_SCORE).abs() < 1e-9);
        assert!(after(0.0).score(0.0).abs() < 1e-9);
    }
}
