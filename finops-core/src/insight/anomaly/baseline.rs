//! What a series usually is at each place of its season.

use super::statistics::median;

/// The smallest unit of deviation, as a share of the usual size: where next to nothing is expected, a little is no
/// news.
const SMALLEST_UNIT: f64 = 0.1;
/// How much of a deviation the level takes over.
const LEVEL_GAIN: f64 = 0.03;
/// How much of it the place in the season takes over, once that is known well.
const PLACE_GAIN: f64 = 0.07;
/// How fast the usual size follows.
const SIZE_GAIN: f64 = 1.0 / 28.0;
/// How often a place counts as seen after a new level, so that it is learnt again faster.
const SEEN_AFTER_REBASE: f64 = 6.0;
/// Larger deviations, in units, say nothing more.
const LARGEST_DEVIATION: f64 = 1e6;

/// A level for each place in the season, followed with bounded steps (robust exponential smoothing after Gelper, Fried
/// and Croux 2010).
#[derive(Debug, Clone)]
pub(super) struct Baseline {
    places: Vec<f64>,
    seen: Vec<f64>,
    /// The mean size of what is expected.
    mean_size: f64,
    /// The mean size of what came, which counts where the expected is zero most of the time.
    came: f64,
}

impl Baseline {
    /// The medians of each place, of values that lie where their index says.
    pub(super) fn of(known: &[(usize, f64)], season_length: usize) -> Self {
        let overall = median(&mut known.iter().map(|(_, value)| *value).collect::<Vec<_>>());
        let mut by_place: Vec<Vec<f64>> = vec![Vec::new(); season_length];
        for (index, value) in known {
            if let Some(place) = by_place.get_mut(index % season_length) {
                place.push(*value);
            }
        }
        let seen = by_place.iter().map(|values| values.len() as f64).collect();
        let typical = |values: &mut Vec<f64>| if values.is_empty() { overall } else { median(values) };
        let places: Vec<f64> = by_place.iter_mut().map(typical).collect();
        let came = known.iter().map(|(_, value)| value.abs()).sum::<f64>() / known.len().max(1) as f64;
        let mut baseline = Self { places, seen, mean_size: 0.0, came };
        baseline.measure();
        if baseline.mean_size > 0.0 {
            baseline.came = baseline.mean_size;
        }
        baseline
    }

    /// What is expected of the value at an index.
    pub(super) fn at(&self, index: usize) -> f64 {
        self.places.get(index % self.places.len().max(1)).copied().unwrap_or(0.0)
    }

    /// The mean size of the expected.
    pub(super) fn size(&self) -> f64 {
        self.mean_size
    }

    /// Whether nothing is expected anywhere.
    pub(super) fn is_nothing(&self) -> bool {
        self.mean_size <= f64::MIN_POSITIVE
    }

    /// The least and the most that is expected within a season.
    pub(super) fn range(&self) -> (f64, f64) {
        self.places
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| (low.min(*place), high.max(*place)))
    }

    /// In which unit deviations from something expected are measured: noise is a share of what it is the noise of.
    fn unit(&self, expected: f64) -> f64 {
        expected.abs().max(SMALLEST_UNIT * self.mean_size.max(self.came)).max(f64::MIN_POSITIVE)
    }

    /// How far a value lies from what was expected, in units.
    pub(super) fn deviation(&self, value: f64, expected: f64) -> f64 {
        ((value - expected) / self.unit(expected)).clamp(-LARGEST_DEVIATION, LARGEST_DEVIATION)
    }

    /// Follows a deviation at an index.
    pub(super) fn follow(&mut self, index: usize, deviation: f64, value: f64) {
        self.came += SIZE_GAIN * (value.abs().min(3.0 * self.came.max(self.mean_size)) - self.came);
        self.shift(LEVEL_GAIN * deviation);
        let at = index % self.places.len().max(1);
        if let (Some(seen), Some(expected)) = (self.seen.get_mut(at), self.places.get(at).copied()) {
            let gain = PLACE_GAIN.max(1.0 / (*seen + 1.0));
            *seen += 1.0;
            let step = gain * deviation * self.unit(expected);
            if let Some(place) = self.places.get_mut(at) {
                *place += step;
            }
        }
        self.measure();
    }

    /// Takes back what the level followed of deviations.
    pub(super) fn unfollow(&mut self, deviations: f64) {
        self.shift(-LEVEL_GAIN * deviations);
    }

    /// How much of deviations the level followed.
    pub(super) fn followed(deviations: f64) -> f64 {
        LEVEL_GAIN * deviations
    }

    /// Takes a new level, as many units away.
    pub(super) fn rebase(&mut self, deviation: f64) {
        self.shift(deviation);
        self.came = self.mean_size;
        for seen in &mut self.seen {
            *seen = seen.min(SEEN_AFTER_REBASE);
        }
    }

    fn shift(&mut self, deviation: f64) {
        let least = SMALLEST_UNIT * self.mean_size.max(self.came);
        for place in &mut self.places {
            *place += deviation * place.abs().max(least);
        }
        self.measure();
    }

    fn measure(&mut self) {
        let sum: f64 = self.places.iter().map(|place| place.abs()).sum();
        self.mean_size = sum / self.places.len().max(1) as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weeks(level: impl Fn(usize) -> f64) -> Vec<(usize, f64)> {
        (0..28).map(|day| (day, level(day % 7))).collect()
    }

    #[test]
    fn one_odd_day_leaves_the_profile() {
        let mut known = weeks(|place| if place < 5 { 100.0 } else { 40.0 });
        known[9].1 = 5_000.0;
        let baseline = Baseline::of(&known, 7);
        assert!((baseline.at(28) - 100.0).abs() < 1e-9 && (baseline.at(33) - 40.0).abs() < 1e-9);
        assert_eq!(baseline.range(), (40.0, 100.0));
    }

    #[test]
    fn a_new_level_keeps_the_profile() {
        let mut baseline = Baseline::of(&weeks(|place| if place < 5 { 100.0 } else { 40.0 }), 7);
        baseline.rebase(0.5);
        assert!((baseline.at(0) - 150.0).abs() < 1e-9 && (baseline.at(5) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn it_follows_slowly() {
        let mut baseline = Baseline::of(&weeks(|_| 100.0), 7);
        for index in 28..98 {
            let deviation = baseline.deviation(110.0, baseline.at(index));
            baseline.follow(index, deviation, 110.0);
        }
        assert!((baseline.at(98) - 110.0).abs() < 1.0, "{}", baseline.at(98));
    }
}
