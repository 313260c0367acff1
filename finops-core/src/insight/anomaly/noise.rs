//! How wide the noise of a series is: the band is as wide as the series itself asks.

use super::statistics::{HALF_WIDTH, NORMAL, quantile};
use std::collections::VecDeque;

/// Over how many values the variance is followed.
const MEMORY: f64 = 60.0;
/// Beyond how many standard deviations a deviation widens the band no further.
const CLIP: f64 = 4.0;
/// The least noise that is believed in, as a share of the expected.
const LEAST: f64 = 0.01;
/// How many deviations the tails are judged by.
const TAIL_MEMORY: usize = 91;
/// How often the tails are judged anew.
const TAIL_STEP: usize = 7;
/// Deviations within the sample that a baseline was made of are smaller than those to come.
const IN_SAMPLE: f64 = 1.25;
/// By how many values less the first variance is known than it was made of.
const FIRST_WEIGHT: f64 = 0.7;
/// How much wider the band is while few values are known.
const YOUNG: f64 = 6.0;
/// Tails may seem this much wider than those of normal noise by chance: then they do not widen the band.
const TAIL_BY_CHANCE: f64 = 1.2;
/// Wider tails than this say nothing more.
const LARGEST_TAIL: f64 = 3.0;
/// Noise is heavy from this wildness on: a share of the expected.
const HEAVY: f64 = 0.15;
/// Over how many judgements of the tails the wildness is averaged.
const WILDNESS_MEMORY: f64 = 26.0;
/// How far off several values must lie together, beside what is asked of a single one: where the noise is calm, where
/// it is nearly heavy, and where it is heavy.
const TOGETHER_CALM: f64 = 0.85;
const TOGETHER_WILD: f64 = 1.0;
const TOGETHER_HEAVY: f64 = 2.1;
/// From which to which wildness the first becomes the second.
const WILD: [f64; 2] = [0.1, 0.14];

/// The noise of deviations from the baseline, in units of the expected.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    variance: f64,
    known: f64,
    sizes: VecDeque<f64>,
    unjudged: usize,
    judged: f64,
    /// How much wider the tails are than those of normal noise of the same middle.
    tail: f64,
    /// The standard deviation by the middle half of the deviations.
    middle: f64,
    /// The standard deviation times the tail, averaged for long.
    wildness: f64,
    /// How much the variance of sums over a week exceeds that of sums of independent values.
    clustering: f64,
}

impl Noise {
    /// The noise of the deviations of the values that a baseline was made of.
    pub(super) fn of(deviations: &[f64]) -> Self {
        let mut sizes: Vec<f64> = deviations.iter().map(|deviation| deviation.abs()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let robust = IN_SAMPLE * quantile(&sizes, 0.5) / NORMAL[0];
        let clip = (3.0 * robust).max(f64::MIN_POSITIVE).powi(2);
        let count = sizes.len().max(1) as f64;
        let clipped = sizes.iter().map(|size| (size * size).min(clip)).sum::<f64>() / count;
        let variance = (IN_SAMPLE * IN_SAMPLE * clipped).max((robust * robust).min(2.0 * clipped));
        let sizes = deviations.iter().map(|deviation| IN_SAMPLE * deviation.abs()).collect();
        let mut noise = Self {
            variance,
            known: FIRST_WEIGHT * count,
            sizes,
            unjudged: 0,
            judged: 0.0,
            tail: 1.0,
            middle: robust,
            wildness: 0.0,
            clustering: 1.0,
        };
        noise.judge_tail();
        noise
    }

    /// The standard deviation.
    pub(super) fn sigma(&self) -> f64 {
        self.variance.sqrt().max(LEAST) * (1.0 + YOUNG / self.known.max(1.0))
    }

    /// The standard deviation by the middle half of the deviations, which what lies far out does not widen.
    pub(super) fn middle(&self) -> f64 {
        self.middle
    }

    /// Half the width of the 95 % band; wider where the tails are.
    pub(super) fn half_width(&self) -> f64 {
        let tail = if self.is_heavy() { 1.0 } else { (self.tail / TAIL_BY_CHANCE).clamp(1.0, 2.5).powi(2) };
        HALF_WIDTH * self.sigma() * tail
    }

    /// Whether the place in the season alone says too little: the noise is a good part of the level, the more so the
    /// farther its tails reach, and the more its values deviate in company.
    pub(super) fn is_heavy(&self) -> bool {
        self.in_company() > HEAVY
    }

    /// How far off several values must lie together, beside what is asked of a single one.
    pub(super) fn together(&self) -> f64 {
        if self.is_heavy() {
            return TOGETHER_HEAVY;
        }
        let wild = (self.in_company() - WILD[0]) / (WILD[1] - WILD[0]);
        TOGETHER_CALM + (TOGETHER_WILD - TOGETHER_CALM) * wild.clamp(0.0, 1.0)
    }

    /// Takes note of how much the variance of sums over a week exceeds that of sums of independent values.
    pub(super) fn cluster(&mut self, clustering: f64) {
        self.clustering = clustering;
    }

    fn in_company(&self) -> f64 {
        self.wildness * self.clustering.sqrt()
    }

    /// Counts a deviation in.
    pub(super) fn take(&mut self, deviation: f64) {
        let clip = CLIP * self.sigma();
        self.known += 1.0;
        self.variance += ((deviation * deviation).min(clip * clip) - self.variance) / self.known.min(MEMORY);
        self.sizes.push_back(deviation.abs());
        if self.sizes.len() > TAIL_MEMORY {
            self.sizes.pop_front();
        }
        self.unjudged += 1;
        if self.unjudged >= TAIL_STEP {
            self.judge_tail();
        }
    }

    fn judge_tail(&mut self) {
        self.unjudged = 0;
        if self.sizes.len() < 8 {
            return;
        }
        let mut sorted: Vec<f64> = self.sizes.iter().copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let sigmas = [0.5, 0.9, 0.95].map(|share| quantile(&sorted, share));
        let [half, most, nearly_all] = [sigmas[0] / NORMAL[0], sigmas[1] / NORMAL[1], sigmas[2] / NORMAL[2]];
        self.middle = half;
        self.tail = f64::midpoint(most, nearly_all) / half.max(LEAST / 2.0);
        self.judged += 1.0;
        let wildness = self.variance.sqrt() * self.tail.min(LARGEST_TAIL);
        self.wildness += (wildness - self.wildness) / self.judged.min(WILDNESS_MEMORY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deviations at the quantiles of normal noise, in an order without runs.
    fn normal(sigma: f64) -> Vec<f64> {
        let half = [0.06, 0.19, 0.32, 0.45, 0.6, 0.76, 0.93, 1.15, 1.44, 1.96];
        half.iter().flat_map(|size| [size * sigma, -size * sigma]).collect()
    }

    #[test]
    fn normal_noise_has_its_width() {
        let mut noise = Noise::of(&normal(0.05));
        for _ in 0..8 {
            for deviation in normal(0.05) {
                noise.take(deviation);
            }
        }
        assert!((0.04..0.07).contains(&noise.sigma()), "{}", noise.sigma());
        assert!(!noise.is_heavy());
    }

    #[test]
    fn one_wild_day_widens_little() {
        let mut noise = Noise::of(&normal(0.05));
        for _ in 0..4 {
            for deviation in normal(0.05) {
                noise.take(deviation);
            }
        }
        let before = noise.sigma();
        noise.take(20.0);
        assert!(noise.sigma() < 1.25 * before && !noise.is_heavy(), "{} after {before}", noise.sigma());
    }

    #[test]
    fn heavy_tails_are_seen() {
        let tails: Vec<f64> =
            normal(0.05).into_iter().enumerate().map(|(at, one)| if at % 6 == 0 { 0.3 } else { one }).collect();
        assert!(Noise::of(&tails).is_heavy());
        assert!(Noise::of(&normal(0.4)).is_heavy(), "wide noise");
    }

    #[test]
    fn noise_in_company_is_heavier() {
        let mut noise = Noise::of(&normal(0.09));
        let alone = noise.together();
        assert!(!noise.is_heavy() && alone < TOGETHER_HEAVY);
        noise.cluster(4.0);
        assert!(noise.is_heavy() && noise.together() > alone);
    }
}
