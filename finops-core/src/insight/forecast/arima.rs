//! A light ARIMA: differences, few autoregressive and moving average terms, chosen by `AICc`.
//!
//! Box and Jenkins (1970); the choice follows Hyndman and Khandakar (2008). Parameters are found by conditional least
//! squares: what lies before the first value is taken for zero.

use super::fit::{Fit, Fitted};
use super::optimiser::{Effort, minimise};
use super::season::is_seasonal;

/// The model, unfitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arima;

/// How many terms of each kind: of the last values and errors, and of those a season before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Order {
    p: usize,
    q: usize,
    seasonal_p: usize,
    seasonal_q: usize,
    constant: bool,
}

/// How the values were made stationary.
#[derive(Debug, Clone, Copy)]
struct Differences {
    plain: usize,
    seasonal: usize,
    season: usize,
    logarithms: bool,
}

/// Parameters, each within (-1, 1) as partial autocorrelations, and what they mean.
#[derive(Debug, Clone)]
struct Parameters {
    /// Lags and weights of values.
    ar: Vec<(usize, f64)>,
    /// Lags and weights of errors.
    ma: Vec<(usize, f64)>,
    constant: f64,
}

/// A model with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct FittedArima {
    order: Order,
    differences: Differences,
    parameters: Parameters,
    /// The values, in logarithms if need be.
    scaled: Vec<f64>,
    stationary: Vec<f64>,
    errors: Vec<f64>,
    fitted: Vec<f64>,
}

impl Differences {
    fn choose(values: &[f64], season: usize) -> Self {
        let seasonal = is_seasonal(values, season);
        let logarithms = seasonal && values.iter().all(|value| *value > 0.0);
        let mut found = Self { plain: 0, seasonal: usize::from(seasonal), season, logarithms };
        let scaled = found.scaled(values);
        while found.plain + found.seasonal < 1 && wanders(&found.apply(&scaled)) {
            found.plain += 1;
        }
        found
    }

    fn scaled(&self, values: &[f64]) -> Vec<f64> {
        if self.logarithms { values.iter().map(|value| value.ln()).collect() } else { values.to_vec() }
    }

    fn plain(&self, value: f64) -> f64 {
        if self.logarithms { value.exp() } else { value }
    }

    fn lost(&self) -> usize {
        self.plain + self.seasonal * self.season
    }

    fn apply(&self, scaled: &[f64]) -> Vec<f64> {
        let difference = |values: Vec<f64>, lag: usize| -> Vec<f64> {
            values.iter().skip(lag).zip(&values).map(|(later, earlier)| later - earlier).collect()
        };
        let mut values = scaled.to_vec();
        for _ in 0..self.seasonal {
            values = difference(values, self.season);
        }
        for _ in 0..self.plain {
            values = difference(values, 1);
        }
        values
    }

    /// What a value is made of beside its difference: the lags of earlier values and their signs.
    fn lags(&self) -> Vec<(usize, f64)> {
        let mut polynomial = vec![0.0_f64; self.lost() + 1];
        polynomial[0] = 1.0;
        let mut times = |lag: usize| {
            for at in (lag..polynomial.len()).rev() {
                polynomial[at] -= polynomial[at - lag];
            }
        };
        (0..self.seasonal).for_each(|_| times(self.season));
        (0..self.plain).for_each(|_| times(1));
        let weights = polynomial.into_iter().enumerate().skip(1);
        weights.filter(|(_, weight)| weight.abs() > 0.5).map(|(lag, weight)| (lag, -weight)).collect()
    }
}

/// Whether values have no level that they return to: the test of Kwiatkowski, Phillips, Schmidt and Shin (1992), 5 %.
fn wanders(values: &[f64]) -> bool {
    let n = values.len() as f64;
    if values.len() < 8 {
        return true;
    }
    let mean = values.iter().sum::<f64>() / n;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let lags = (4.0 * (n / 100.0).powf(0.25)) as usize;
    let product = |lag: usize| centred.iter().zip(centred.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>() / n;
    let long_run =
        product(0) + 2.0 * (1..=lags).map(|lag| (1.0 - lag as f64 / (lags + 1) as f64) * product(lag)).sum::<f64>();
    let mut sum = 0.0;
    let mut squares = 0.0;
    for value in &centred {
        sum += value;
        squares += sum * sum;
    }
    long_run > 0.0 && squares / (n * n * long_run) > 0.463
}

impl Order {
    fn count(self) -> usize {
        self.p + self.q + self.seasonal_p + self.seasonal_q
    }

    /// From partial autocorrelations in (-1, 1), so that the model is stationary and invertible.
    fn parameters(self, at: &[f64], season: usize, constant: f64) -> Parameters {
        let (p, rest) = at.split_at(self.p);
        let (q, rest) = rest.split_at(self.q);
        let (seasonal_p, seasonal_q) = rest.split_at(self.seasonal_p);
        let ar = product(&polynomial(p), &polynomial(seasonal_p), season);
        let ma = product(&polynomial(q), &polynomial(seasonal_q), season);
        // 1 - sum ar B^k on one side, 1 - sum ma B^k on the other.
        Parameters { ar: ar.into_iter().map(|(lag, weight)| (lag, -weight)).collect(), ma, constant }
    }
}

/// The polynomial `1 - c1 B - c2 B^2` of partial autocorrelations (Durbin and Levinson), without its first 1.
fn polynomial(partial: &[f64]) -> Vec<f64> {
    match partial {
        [one] => vec![-one],
        [one, two] => vec![-one * (1.0 - two), -two],
        _ => Vec::new(),
    }
}

/// The product of a polynomial and a seasonal one, without the first 1, by lag.
fn product(plain: &[f64], seasonal: &[f64], season: usize) -> Vec<(usize, f64)> {
    let mut terms: Vec<(usize, f64)> = Vec::new();
    let one = |values: &[f64], each: usize| -> Vec<(usize, f64)> {
        std::iter::once((0, 1.0)).chain(values.iter().enumerate().map(|(at, v)| ((at + 1) * each, *v))).collect()
    };
    for (lag, weight) in one(plain, 1) {
        for (seasonal_lag, seasonal_weight) in one(seasonal, season) {
            terms.push((lag + seasonal_lag, weight * seasonal_weight));
        }
    }
    terms.retain(|(lag, _)| *lag > 0);
    terms
}

impl Parameters {
    fn expected(&self, values: &[f64], errors: &[f64], at: usize) -> f64 {
        let mut expected = self.constant;
        for (lag, weight) in &self.ar {
            if *lag <= at {
                expected += weight * (values[at - lag] - self.constant);
            }
        }
        for (lag, weight) in &self.ma {
            if *lag <= at {
                expected += weight * errors[at - lag];
            }
        }
        expected
    }

    fn errors(&self, values: &[f64], errors: &mut Vec<f64>) {
        errors.clear();
        for at in 0..values.len() {
            let error = values[at] - self.expected(values, errors, at);
            errors.push(error);
        }
    }
}

fn fit_order(stationary: &[f64], order: Order, season: usize, constant: f64) -> (Parameters, f64) {
    let constant = if order.constant { constant } else { 0.0 };
    let mut errors = Vec::with_capacity(stationary.len());
    let mut loss = |at: &[f64]| {
        let inner: Vec<f64> = at.iter().map(|one| (one - 0.5) * 1.98).collect();
        let parameters = order.parameters(&inner, season, constant);
        parameters.errors(stationary, &mut errors);
        errors.iter().map(|error| error * error).sum::<f64>()
    };
    let effort = Effort { steps: 25 * order.count(), tolerance: 1e-9 };
    let at: Vec<f64> = match order.count() {
        0 => Vec::new(),
        1 => minimise([0.5], 0.15, effort, |at: &[f64; 1]| loss(at)).at.to_vec(),
        2 => minimise([0.5; 2], 0.15, effort, |at: &[f64; 2]| loss(at)).at.to_vec(),
        3 => minimise([0.5; 3], 0.15, effort, |at: &[f64; 3]| loss(at)).at.to_vec(),
        _ => minimise([0.5; 4], 0.15, effort, |at: &[f64; 4]| loss(at)).at.to_vec(),
    };
    let squares = loss(&at);
    let inner: Vec<f64> = at.iter().map(|one| (one - 0.5) * 1.98).collect();
    let n = stationary.len() as f64;
    let k = (order.count() + usize::from(order.constant) + 1) as f64;
    let penalty = 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0).max(0.5);
    let criterion = n * (squares / n).max(1e-300).ln() + penalty;
    (order.parameters(&inner, season, constant), criterion)
}

impl Fit for Arima {
    type Fitted = FittedArima;

    fn fit(&self, values: &[f64], season_length: usize) -> Option<FittedArima> {
        if values.len() < 6 {
            return None;
        }
        let differences = Differences::choose(values, season_length);
        let scaled = differences.scaled(values);
        let stationary = differences.apply(&scaled);
        if stationary.len() < 5 {
            return None;
        }
        let mean = stationary.iter().sum::<f64>() / stationary.len() as f64;
        let total = differences.plain + differences.seasonal;
        let seasonal = differences.seasonal > 0;
        let mut best: Option<(Order, Parameters, f64)> = None;
        for order in orders(seasonal, total) {
            let (parameters, criterion) = fit_order(&stationary, order, season_length, mean);
            if criterion.is_finite() && best.as_ref().is_none_or(|(_, _, least)| criterion < *least) {
                best = Some((order, parameters, criterion));
            }
        }
        let (order, parameters, _) = best?;
        FittedArima::run(values, order, differences, parameters)
    }
}

/// What is tried.
fn orders(seasonal: bool, differences: usize) -> Vec<Order> {
    let plain: &[(usize, usize)] = &[(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2)];
    let with: &[(usize, usize)] = if seasonal { &[(0, 1), (1, 0), (0, 0)] } else { &[(0, 0)] };
    let constants: &[bool] = match differences {
        0 => &[true],
        _ => &[false],
    };
    let mut orders = Vec::new();
    for (p, q) in plain {
        for (seasonal_p, seasonal_q) in with {
            for constant in constants {
                orders.push(Order {
                    p: *p,
                    q: *q,
                    seasonal_p: *seasonal_p,
                    seasonal_q: *seasonal_q,
                    constant: *constant,
                });
            }
        }
    }
    orders
}

impl FittedArima {
    fn run(values: &[f64], order: Order, differences: Differences, parameters: Parameters) -> Option<Self> {
        let scaled = differences.scaled(values);
        let stationary = differences.apply(&scaled);
        let mut errors = Vec::with_capacity(stationary.len());
        parameters.errors(&stationary, &mut errors);
        let lost = differences.lost();
        let fitted = (0..values.len()).map(|at| match at.checked_sub(lost) {
            Some(place) => differences.plain(scaled[at] - errors[place]),
            None => f64::NAN,
        });
        let fitted: Vec<f64> = fitted.collect();
        let finite = errors.iter().all(|error| error.is_finite());
        finite.then_some(Self { order, differences, parameters, scaled, stationary, errors, fitted })
    }
}

impl Fitted for FittedArima {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let lags = self.differences.lags();
        let (mut scaled, mut stationary, mut errors) =
            (self.scaled.clone(), self.stationary.clone(), self.errors.clone());
        let mut means = Vec::with_capacity(horizon);
        for _ in 0..horizon {
            let next = self.parameters.expected(&stationary, &errors, stationary.len());
            stationary.push(next);
            errors.push(0.0);
            let before: f64 = lags.iter().map(|(lag, weight)| weight * scaled[scaled.len() - lag]).sum();
            scaled.push(next + before);
            means.push(self.differences.plain(next + before));
        }
        means
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        let Order { p, q, seasonal_p, seasonal_q, .. } = self.order;
        let Differences { plain, seasonal, season, .. } = self.differences;
        format!("ARIMA({p},{plain},{q})({seasonal_p},{seasonal},{seasonal_q})[{season}]")
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        if values.len() < self.differences.lost() + 2 {
            return None;
        }
        Self::run(values, self.order, self.differences, self.parameters.clone())
    }
}
