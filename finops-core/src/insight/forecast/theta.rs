//! The theta method: a line that is half the trend, a curve that doubles what differs from it, and their mean.
//!
//! Assimakopoulos and Nikolopoulos (2000); as models in state space form with an optimal theta, and with lines that
//! are updated at each value, Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016). Seasons are taken off
//! before and put back after, where the test of the M4 competition finds one.
//!
//! What is expected of a value is `level + weight * line`, with `weight = 1 - 1/theta`. Given the smoothing `alpha`,
//! the errors are linear in the first level and in the weight: least squares finds both, and the search is one over
//! `alpha` alone.

use super::fit::{Fit, Fitted};
use super::numbers::Line;
use super::season::{Seasonal, shape};

/// Which of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theta {
    /// Theta is 2, the line is that through all values.
    Standard,
    /// Theta is what fits best.
    Optimized,
    /// The same, and the line is that through the values before.
    Dynamic,
}

/// A model of the family with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct FittedTheta {
    kind: Theta,
    season: usize,
    alpha: f64,
    weight: f64,
    first: f64,
    seasonal: Seasonal,
    state: State,
    fitted: Vec<f64>,
}

/// Where the recursion stands after some values.
#[derive(Debug, Clone, Copy)]
struct State {
    level: f64,
    /// How many values there were.
    count: f64,
    /// `(1 - alpha)` to the power of that.
    power: f64,
    /// The mean of the values, for the line that is updated.
    mean: f64,
    /// The line: its value at place 0, counted from 1, and its slope.
    intercept: f64,
    slope: f64,
}

impl State {
    fn new(kind: Theta, values: &[f64], first: f64) -> Self {
        let line = if kind == Theta::Dynamic { Line { level: 0.0, slope: 0.0 } } else { Line::through(values) };
        let intercept = line.level - line.slope;
        Self { level: first, count: 0.0, power: 1.0, mean: 0.0, intercept, slope: line.slope }
    }

    /// What the line adds to the next value, before the weight.
    fn line(&self, alpha: f64) -> f64 {
        self.power * self.intercept + (1.0 - self.power * (1.0 - alpha)) / alpha * self.slope
    }

    fn update(&mut self, kind: Theta, alpha: f64, value: f64) {
        self.level += alpha * (value - self.level);
        self.power *= 1.0 - alpha;
        self.count += 1.0;
        if kind == Theta::Dynamic {
            let t = self.count;
            let before = self.mean;
            self.mean += (value - before) / t;
            self.slope = if t < 2.0 { 0.0 } else { ((t - 2.0) * self.slope + 6.0 * (value - before) / t) / (t + 1.0) };
            self.intercept = self.mean - self.slope * (t + 1.0) / 2.0;
        }
    }
}

/// Sums of products for least squares of errors `u - first * p - weight * g`.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    uu: f64,
    up: f64,
    ug: f64,
    pp: f64,
    pg: f64,
    gg: f64,
}

impl Theta {
    fn name(self) -> &'static str {
        match self {
            Self::Standard => "Theta",
            Self::Optimized => "OptimizedTheta",
            Self::Dynamic => "DynamicOptimizedTheta",
        }
    }

    /// The sums of one pass with this `alpha`.
    fn sums(self, values: &[f64], alpha: f64) -> Sums {
        let mut state = State::new(self, values, 0.0);
        let mut sums = Sums::default();
        let skipped = if self == Self::Dynamic { 2.0 } else { 0.0 };
        for value in values {
            let (u, p, g) = (value - state.level, state.power, state.line(alpha));
            if state.count >= skipped {
                sums.uu += u * u;
                sums.up += u * p;
                sums.ug += u * g;
                sums.pp += p * p;
                sums.pg += p * g;
                sums.gg += g * g;
            }
            state.update(self, alpha, *value);
        }
        sums
    }

    /// The best first level and weight for this `alpha`, and the sum of squares that is left.
    fn solve(self, values: &[f64], alpha: f64) -> (f64, f64, f64) {
        let mut s = self.sums(values, alpha);
        // A first level that hardly matters stays near the first value.
        let hold = 1e-6;
        s.pp += hold;
        s.up += hold * values[0];
        s.uu += hold * values[0] * values[0];
        let level = |weight: f64| (s.up - weight * s.pg) / s.pp;
        let weight = if self == Self::Standard {
            0.5
        } else {
            let determinant = s.pp * s.gg - s.pg * s.pg;
            let best = (s.ug * s.pp - s.up * s.pg) / determinant;
            if determinant > 1e-12 * s.pp * s.gg && best.is_finite() { best.clamp(0.0, 1.0) } else { 0.5 }
        };
        let first = level(weight);
        let left = s.uu - 2.0 * first * s.up - 2.0 * weight * s.ug
            + first * first * s.pp
            + 2.0 * first * weight * s.pg
            + weight * weight * s.gg;
        (first, weight, left.max(0.0))
    }

    /// The `alpha` with the least errors: a grid, then the golden section around its best.
    fn search(self, values: &[f64]) -> f64 {
        const GRID: [f64; 10] = [0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 0.99];
        let loss = |alpha: f64| self.solve(values, alpha).2;
        let losses = GRID.map(loss);
        let best = (0..GRID.len()).fold(0, |best, at| if losses[at] < losses[best] { at } else { best });
        let (mut low, mut high) = (GRID[best.saturating_sub(1)], GRID[(best + 1).min(GRID.len() - 1)]);
        let golden = 0.618_033_988_749_895;
        let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
        let (mut at_left, mut at_right) = (loss(left), loss(right));
        for _ in 0..9 {
            if at_left < at_right {
                (high, right, at_right) = (right, left, at_left);
                left = high - golden * (high - low);
                at_left = loss(left);
            } else {
                (low, left, at_left) = (left, right, at_right);
                right = low + golden * (high - low);
                at_right = loss(right);
            }
        }
        let found = if at_left < at_right { (at_left, left) } else { (at_right, right) };
        if found.0 < losses[best] { found.1 } else { GRID[best] }
    }
}

impl Fit for Theta {
    type Fitted = FittedTheta;

    fn fit(&self, values: &[f64], season_length: usize) -> Option<FittedTheta> {
        if values.len() < 4 {
            return None;
        }
        let seasonal = Seasonal::classical(values, season_length, shape(values, season_length));
        let alpha = self.search(&seasonal.adjusted);
        let (first, weight, _) = self.solve(&seasonal.adjusted, alpha);
        FittedTheta::run(*self, season_length, (alpha, weight, first), seasonal)
    }
}

impl FittedTheta {
    fn run(kind: Theta, season: usize, parameters: (f64, f64, f64), seasonal: Seasonal) -> Option<Self> {
        let (alpha, weight, first) = parameters;
        let mut state = State::new(kind, &seasonal.adjusted, first);
        let mut fitted = Vec::with_capacity(seasonal.adjusted.len());
        for (at, value) in seasonal.adjusted.iter().enumerate() {
            fitted.push(seasonal.with(at, state.level + weight * state.line(alpha)));
            state.update(kind, alpha, *value);
        }
        let finite = state.level.is_finite() && fitted.iter().all(|value| value.is_finite());
        finite.then_some(Self { kind, season, alpha, weight, first, seasonal, state, fitted })
    }
}

impl Fitted for FittedTheta {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let mut state = self.state;
        let next = |step: usize| {
            let expected = state.level + self.weight * state.line(self.alpha);
            state.update(self.kind, self.alpha, expected);
            self.seasonal.with(self.fitted.len() + step, expected)
        };
        (0..horizon).map(next).collect()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        self.kind.name().to_owned()
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        let seasonal = Seasonal::classical(values, self.season, self.seasonal.shape);
        Self::run(self.kind, self.season, (self.alpha, self.weight, self.first), seasonal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Vec<f64> {
        (0..30).map(|at| 10.0 + 2.0 * f64::from(at)).collect()
    }

    #[test]
    fn half_the_trend_goes_on_and_all_of_it_when_optimised() {
        let standard = Theta::Standard.fit(&line(), 1).unwrap().mean(10);
        assert!((standard[9] - standard[8] - 1.0).abs() < 1e-6, "{standard:?}");
        for kind in [Theta::Optimized, Theta::Dynamic] {
            let fitted = kind.fit(&line(), 1).unwrap();
            assert!((fitted.mean(10)[9] - 88.0).abs() < 1.0, "{} {:?}", fitted.label(), fitted.mean(10));
        }
    }

    #[test]
    fn the_season_goes_on() {
        let values: Vec<f64> = (0..36).map(|at| [80.0, 100.0, 120.0, 100.0][at % 4]).collect();
        for kind in [Theta::Standard, Theta::Optimized, Theta::Dynamic] {
            let mean = kind.fit(&values, 4).unwrap().mean(4);
            assert!(mean.iter().zip(&values).all(|(one, other)| (one - other).abs() < 1.0), "{mean:?}");
        }
    }

    #[test]
    fn the_same_values_leave_it_where_it_is() {
        let values: Vec<f64> = (0..40).map(|at| 50.0 + f64::from(at * 37 % 11)).collect();
        let fitted = Theta::Dynamic.fit(&values, 1).unwrap();
        assert_eq!(fitted.refilter(&values).unwrap().mean(5), fitted.mean(5));
        assert!(Theta::Standard.fit(&[1.0, 2.0, 3.0], 1).is_none());
    }
}
