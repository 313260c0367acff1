//! Forecasts from sums over longer spans, and their mean: noise goes, the trend shows.
//!
//! Kourentzes, Petropoulos and Trapero (2014); Athanasopoulos, Hyndman, Kourentzes and Petropoulos (2017).

use super::fit::{Fit, Fitted};

/// A model fitted to means over spans of each of these lengths, besides the values themselves.
#[derive(Debug, Clone)]
pub(crate) struct Aggregated<M> {
    /// The model of each.
    pub(crate) each: M,
    /// Lengths of spans; 1 is the values themselves.
    pub(crate) spans: Vec<usize>,
}

/// The fitted models, each with its span.
#[derive(Debug, Clone)]
pub(crate) struct FittedAggregated<F> {
    each: Vec<(usize, F)>,
    fitted: Vec<f64>,
}

fn means(values: &[f64], span: usize) -> Vec<f64> {
    values[values.len() % span..].chunks(span).map(|chunk| chunk.iter().sum::<f64>() / span as f64).collect()
}

impl<M: Fit> Fit for Aggregated<M> {
    type Fitted = FittedAggregated<M::Fitted>;

    fn fit(&self, values: &[f64], _: usize) -> Option<Self::Fitted> {
        let usable = self.spans.iter().filter(|span| **span == 1 || values.len() / **span >= 6);
        let each: Vec<(usize, M::Fitted)> =
            usable.filter_map(|span| Some((*span, self.each.fit(&means(values, *span), 1)?))).collect();
        let fitted = each.first()?.1.fitted().to_vec();
        Some(FittedAggregated { each, fitted })
    }
}

/// Means over spans as values of steps: straight lines between the middles of spans.
fn spread(means: &[f64], span: usize, horizon: usize) -> Vec<f64> {
    let middle = (span as f64 - 1.0) / 2.0;
    let value = |step: usize| {
        let place = (step as f64 - middle) / span as f64;
        let left = (place.floor().max(0.0) as usize).min(means.len().saturating_sub(2));
        let right = (left + 1).min(means.len() - 1);
        means[left] + (means[right] - means[left]) * (place - left as f64)
    };
    (0..horizon).map(value).collect()
}

impl<F: Fitted> Fitted for FittedAggregated<F> {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let mut sum = vec![0.0; horizon];
        for (span, fitted) in &self.each {
            let path = spread(&fitted.mean(horizon.div_ceil(*span) + 1), *span, horizon);
            sum.iter_mut().zip(path).for_each(|(sum, value)| *sum += value / self.each.len() as f64);
        }
        sum
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        self.each.first().map_or_else(String::new, |(_, fitted)| format!("MAPA[{}]", fitted.label()))
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        let each: Vec<(usize, F)> = self
            .each
            .iter()
            .filter_map(|(span, fitted)| Some((*span, fitted.refilter(&means(values, *span))?)))
            .collect();
        let fitted = each.first()?.1.fitted().to_vec();
        Some(Self { each, fitted })
    }
}
