//! Several values together: what none of them shows alone, such as a small step that stays, or a week of low days.

use super::statistics::HALF_WIDTH;
use std::collections::VecDeque;

/// How many values are added up.
pub(super) const SPANS: [usize; 4] = [2, 3, 5, 7];
/// How many values are a run at least, and how many of the last values are kept at least.
const RUN: usize = 7;
/// How far off each value of a run must lie, in standard deviations by the middle half of the noise.
const RUN_OFF: f64 = 1.5;
/// The threshold at which they must.
const RUN_THRESHOLD: f64 = 2.0;
/// Over how many values the spread of the sums is followed.
const MEMORY: f64 = 60.0;
/// The sums of how few values count as known from the start.
const FIRST_WEIGHT: f64 = 10.0;
/// Means of deviations below this share of the expected are no news.
const LEAST_MEAN: f64 = 0.08;
/// The last value must deviate by this part of the mean at least, so that what is over does not count.
const LAST_PART: f64 = 0.5;

/// A value that was judged, and found usual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged {
    pub(super) index: usize,
    pub(super) value: f64,
    pub(super) expected: f64,
    pub(super) deviation: f64,
}

/// The last usual values, and how far their sums usually lie from the expected: neighbours that deviate together make
/// the band of sums wider.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    recent: VecDeque<Judged>,
    spreads: [f64; SPANS.len()],
    known: f64,
    /// How many values are a run.
    run: usize,
}

impl Sums {
    /// None yet. What lasts for as many values is a new level.
    pub(super) fn of(settles: usize) -> Self {
        Self { recent: VecDeque::new(), spreads: [1.0; SPANS.len()], known: FIRST_WEIGHT, run: settles.max(RUN) }
    }

    /// How much the variance of the longest sums exceeds that of sums of independent values.
    pub(super) fn clustering(&self) -> f64 {
        self.spreads.last().copied().unwrap_or(1.0)
    }

    /// Whether each of the last values lies far below the expected, for as long as a new level takes: a low day is
    /// common where the noise is heavy, a week of them is not. `middle` is the standard deviation of the noise by its
    /// middle half.
    pub(super) fn low(&self, now: &Judged, middle: f64, threshold: f64) -> Option<Together> {
        let span = self.run;
        if self.recent.len() + 1 < span {
            return None;
        }
        let run = std::iter::once(now).chain(self.recent.iter().rev()).take(span);
        let least = run.map(|one| -one.deviation).fold(f64::INFINITY, f64::min);
        let score = RUN_THRESHOLD * least / (RUN_OFF * middle).max(LEAST_MEAN);
        (score > threshold).then_some(Together { span, up: false, score })
    }

    /// How many values, this one the last, lie too far off together, on which side and by how many half-widths.
    /// `sigma` is that of one deviation, `half_width` that of its 95 % band.
    pub(super) fn unusual(&self, now: &Judged, sigma: f64, threshold: f64) -> Option<Together> {
        for (span, spread) in SPANS.into_iter().zip(self.spreads) {
            if self.recent.len() + 1 < span {
                return None;
            }
            let last = || std::iter::once(now).chain(self.recent.iter().rev()).take(span).map(|one| one.deviation);
            let sum: f64 = last().sum();
            let mean = sum / span as f64;
            let rising: f64 = last().zip((1..=span).rev()).map(|(deviation, place)| deviation * place as f64).sum();
            let rising = rising / weight(span).sqrt();
            let steady = sum / (span as f64).sqrt();
            let together = if rising.abs() > steady.abs() { rising } else { steady };
            let score = together.abs() / (sigma * HALF_WIDTH * spread.max(1.0).sqrt());
            let lasts = now.deviation * sum.signum() > LAST_PART * mean.abs();
            if score > threshold && lasts && mean.abs() > LEAST_MEAN {
                return Some(Together { span, up: sum > 0.0, score });
            }
        }
        None
    }

    /// The usual values before, the last ones, oldest first.
    pub(super) fn last(&self, count: usize) -> impl Iterator<Item = &Judged> {
        self.recent.iter().skip(self.recent.len().saturating_sub(count))
    }

    /// Takes a usual value.
    pub(super) fn take(&mut self, judged: Judged, sigma: f64) {
        self.recent.push_back(judged);
        if self.recent.len() > self.run {
            self.recent.pop_front();
        }
        for (span, spread) in SPANS.into_iter().zip(&mut self.spreads) {
            if self.recent.len() >= span {
                let sum: f64 = self.recent.iter().rev().take(span).map(|one| one.deviation).sum();
                let square = sum * sum / (span as f64 * sigma * sigma);
                *spread += (square.min(9.0 * spread.max(1.0)) - *spread) / (self.known + 1.0).min(MEMORY);
            }
        }
        self.known += 1.0;
    }

    /// Forgets the last values: something else began.
    pub(super) fn break_off(&mut self) {
        self.recent.clear();
    }
}

/// The sum of the squares of 1 to a span.
fn weight(span: usize) -> f64 {
    (span * (span + 1) * (2 * span + 1) / 6) as f64
}

/// Values that lie too far off together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Together {
    pub(super) span: usize,
    pub(super) up: bool,
    pub(super) score: f64,
}

impl Together {
    /// The same, where so much more is asked of several values than of one.
    pub(super) fn beside(self, farther: f64) -> Self {
        Self { score: self.score / farther, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_run_has_a_least_size() {
        let at = |index, deviation| Judged { index, value: 1.0 + deviation, expected: 1.0, deviation };
        let low = |deviation: f64, middle: f64| {
            let mut sums = Sums::of(RUN);
            (1..RUN).for_each(|index| sums.take(at(index, deviation), 0.1));
            sums.low(&at(RUN, deviation), middle, RUN_THRESHOLD).map(|found| found.score)
        };
        assert_eq!(low(-0.2, 0.15), None, "the noise is as large");
        assert_eq!(low(-0.07, 0.0), None, "a trifle, however equal the days were");
        assert!(low(-0.16, 0.0).is_some_and(|score| (score - 4.0).abs() < 1e-9));
        assert!(low(-0.6, 0.2).is_some_and(|score| (score - 4.0).abs() < 1e-9));
    }
}
