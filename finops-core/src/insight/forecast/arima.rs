//! A light ARIMA for values without season: at most one difference, few terms, no drift, chosen by `AICc`.
//!
//! Box and Jenkins (1970); the choice follows Hyndman and Khandakar (2008), the difference the test of Kwiatkowski,
//! Phillips, Schmidt and Shin (1992). Parameters are found by conditional least squares: what lies before the first
//! value is taken for its mean. Without a drift it disagrees usefully with the models that extrapolate a trend.

use super::fit::{Fit, Fitted};
use super::optimiser::{Effort, minimise};
use crate::insight::numerics::{ln, pow};

/// The model, unfitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arima;

/// How many of the last values and of the last errors are looked at: 0 to 2 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Order {
    values: usize,
    errors: usize,
}

/// What is tried, the simplest first.
const ORDERS: [Order; 6] = [
    Order { values: 0, errors: 0 },
    Order { values: 1, errors: 0 },
    Order { values: 0, errors: 1 },
    Order { values: 1, errors: 1 },
    Order { values: 2, errors: 0 },
    Order { values: 0, errors: 2 },
];

/// The weights of the last two values and of the last two errors, and the mean that values return to.
#[derive(Debug, Clone, Copy)]
struct Parameters {
    values: [f64; 2],
    errors: [f64; 2],
    mean: f64,
}

/// The last two values, less their mean, and the last two errors; the latest first.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    values: [f64; 2],
    errors: [f64; 2],
}

/// A model with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct FittedArima {
    order: Order,
    differenced: bool,
    parameters: Parameters,
    state: State,
    last: f64,
    fitted: Vec<f64>,
}

impl Parameters {
    fn expected(&self, state: &State) -> f64 {
        self.values[0] * state.values[0]
            + self.values[1] * state.values[1]
            + self.errors[0] * state.errors[0]
            + self.errors[1] * state.errors[1]
    }

    /// The sum of squared errors.
    fn loss(&self, values: &[f64]) -> f64 {
        let mut state = State::default();
        let mut sum = 0.0;
        for value in values {
            let error = self.step(&mut state, *value);
            sum += error * error;
        }
        sum
    }

    fn step(&self, state: &mut State, value: f64) -> f64 {
        let value = value - self.mean;
        let error = value - self.expected(state);
        *state = State { values: [value, state.values[0]], errors: [error, state.errors[0]] };
        error
    }
}

impl Order {
    /// From places in the unit cube, by partial autocorrelations within (-1, 1): stationary and invertible.
    fn parameters(self, at: [f64; 2], mean: f64) -> Parameters {
        let partial = at.map(|at| (at - 0.5) * 1.98);
        let two = [partial[0] * (1.0 - partial[1]), partial[1]];
        let (values, errors) = match (self.values, self.errors) {
            (0, 0) => ([0.0; 2], [0.0; 2]),
            (1, 0) => ([partial[0], 0.0], [0.0; 2]),
            (0, 1) => ([0.0; 2], [partial[0], 0.0]),
            (1, 1) => ([partial[0], 0.0], [partial[1], 0.0]),
            (2, _) => (two, [0.0; 2]),
            _ => ([0.0; 2], two),
        };
        Parameters { values, errors, mean }
    }

    /// The parameters with the least loss, and the corrected criterion of Akaike.
    fn fit(self, values: &[f64], mean: f64) -> (Parameters, f64) {
        let count = self.values + self.errors;
        let effort = Effort { steps: 25 * count, tolerance: 1e-9 };
        let loss = |at: [f64; 2]| self.parameters(at, mean).loss(values);
        let at = match count {
            0 => [0.5; 2],
            1 => [minimise([0.5], 0.15, effort, |at: &[f64; 1]| loss([at[0], 0.5])).at[0], 0.5],
            _ => minimise([0.5; 2], 0.15, effort, |at: &[f64; 2]| loss(*at)).at,
        };
        let (n, k) = (values.len() as f64, (count + 2) as f64);
        let penalty = 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0).max(0.5);
        (self.parameters(at, mean), n * ln((loss(at) / n).max(1e-300)) + penalty)
    }
}

/// Whether values have no level that they return to, at 5 %.
fn wanders(values: &[f64]) -> bool {
    let n = values.len() as f64;
    if values.len() < 8 {
        return true;
    }
    let mean = values.iter().sum::<f64>() / n;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let lags = (4.0 * pow(n / 100.0, 0.25)) as usize;
    let product = |lag: usize| centred.iter().zip(centred.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>() / n;
    let near = (1..=lags).map(|lag| (1.0 - lag as f64 / (lags + 1) as f64) * product(lag)).sum::<f64>();
    let long_run = product(0) + 2.0 * near;
    let mut sum = 0.0;
    let mut squares = 0.0;
    for value in &centred {
        sum += value;
        squares += sum * sum;
    }
    long_run > 0.0 && squares / (n * n * long_run) > 0.463
}

fn stationary(values: &[f64], differenced: bool) -> Vec<f64> {
    if differenced { values.windows(2).map(|pair| pair[1] - pair[0]).collect() } else { values.to_vec() }
}

impl Fit for Arima {
    type Fitted = FittedArima;

    fn fit(&self, values: &[f64], _: usize) -> Option<FittedArima> {
        if values.len() < 6 {
            return None;
        }
        let differenced = wanders(values);
        let stationary = stationary(values, differenced);
        let mean = if differenced { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 };
        let fits = ORDERS.map(|order| (order, order.fit(&stationary, mean)));
        let (order, (parameters, _)) =
            fits.into_iter().filter(|fit| fit.1.1.is_finite()).min_by(|one, other| one.1.1.total_cmp(&other.1.1))?;
        FittedArima::run(values, order, differenced, parameters)
    }
}

impl FittedArima {
    fn run(values: &[f64], order: Order, differenced: bool, parameters: Parameters) -> Option<Self> {
        let mut state = State::default();
        let mut fitted = if differenced { vec![f64::NAN] } else { Vec::new() };
        let places = values.iter().skip(usize::from(differenced));
        for (value, change) in places.zip(stationary(values, differenced)) {
            fitted.push(value - parameters.step(&mut state, change));
        }
        let last = *values.last()?;
        let finite = fitted.iter().skip(1).all(|value| value.is_finite());
        finite.then_some(Self { order, differenced, parameters, state, last, fitted })
    }
}

impl Fitted for FittedArima {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let (mut state, mut last) = (self.state, self.last);
        let next = |_| {
            let expected = self.parameters.expected(&state) + self.parameters.mean;
            self.parameters.step(&mut state, expected);
            last = if self.differenced { last + expected } else { expected };
            last
        };
        (0..horizon).map(next).collect()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        format!("ARIMA({},{},{})", self.order.values, u8::from(self.differenced), self.order.errors)
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        Self::run(values, self.order, self.differenced, self.parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that keep 0.8 of what they are away from 50.
    fn returning() -> Vec<f64> {
        let mut value = 50.0;
        let mut next = |at: i32| {
            value = 50.0 + 0.8 * (value - 50.0) + f64::from((at * 7919) % 13 - 6);
            value
        };
        (0..150).map(&mut next).collect()
    }

    #[test]
    fn values_return_to_their_level() {
        let fitted = Arima.fit(&returning(), 1).unwrap();
        let mean = fitted.mean(200);
        assert!(!fitted.differenced && fitted.label().starts_with("ARIMA("), "{}", fitted.label());
        assert!((mean[199] - 50.0).abs() < 5.0, "{}", mean[199]);
    }

    #[test]
    fn a_walk_goes_on_from_where_it_is() {
        let walk: Vec<f64> = returning()
            .iter()
            .scan(0.0, |sum, step| {
                *sum += step;
                Some(*sum)
            })
            .collect();
        let fitted = Arima.fit(&walk, 1).unwrap();
        assert!(fitted.differenced && (fitted.mean(1)[0] - walk[149]).abs() < 100.0);
        assert_eq!(fitted.refilter(&walk).unwrap().mean(5), fitted.mean(5));
    }

    #[test]
    fn a_constant_stays() {
        assert_eq!(Arima.fit(&[4.0; 20], 1).unwrap().mean(3), [4.0; 3]);
        assert!(Arima.fit(&[1.0; 5], 1).is_none());
    }
}
