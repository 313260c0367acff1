//! Exponential smoothing in all its usual forms: ETS of Hyndman, Koehler, Ord and Snyder (2008).

pub(crate) mod form;
pub(crate) mod likelihood;
pub(crate) mod outline;
pub(crate) mod recursion;
pub(crate) mod search;

use super::fit::{Fit, Fitted};
use super::numbers::magnitude;
use form::{Error, Form, Season, Trend};
use recursion::{States, Weights};
use search::Sample;

/// The form with the least corrected criterion of Akaike.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ets;

/// A form fitted to a series.
#[derive(Debug, Clone)]
pub(crate) struct FittedEts {
    pub(crate) form: Form,
    pub(crate) weights: Weights,
    states: States,
    fitted: Vec<f64>,
    scale: f64,
    next: usize,
}

impl FittedEts {
    pub(crate) fn new(values: &[f64], period: usize, form: Form, weights: Weights) -> Option<Self> {
        let scale = magnitude(values)?;
        let scaled: Vec<f64> = values.iter().map(|v| v / scale).collect();
        let (states, fitted) = Sample::new(&scaled, period).run(form, &weights)?;
        let next = values.len() % period.max(1);
        Some(Self { form, weights, states, fitted: fitted.iter().map(|v| v * scale).collect(), scale, next })
    }
}

impl Fit for Ets {
    type Fitted = FittedEts;
    fn fit(&self, values: &[f64], season_length: usize) -> Option<FittedEts> {
        let scale = magnitude(values)?;
        let scaled: Vec<f64> = values.iter().map(|v| v / scale).collect();
        let all = Sample::new(&scaled, season_length).candidates();
        let best = all.iter().min_by(|a, b| a.criterion.total_cmp(&b.criterion))?;
        FittedEts::new(values, season_length, best.form, best.weights)
    }
}

impl Fitted for FittedEts {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let States { mut level, mut slope, season } = self.states.clone();
        let mut indices = season.iter().cycle().skip(self.next);
        (0..horizon)
            .map(|_| {
                let index = indices.next().copied().unwrap_or(0.0);
                let at = level;
                slope *= self.weights.phi;
                level += slope;
                self.scale
                    * match self.form.season {
                        Season::None => at,
                        Season::Additive => at + index,
                        Season::Multiplicative => at * index,
                    }
            })
            .collect()
    }
    fn fitted(&self) -> &[f64] {
        &self.fitted
    }
    fn label(&self) -> String {
        self.form.to_string()
    }
}
