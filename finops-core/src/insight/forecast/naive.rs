//! The simplest models: what was goes on. They are hard to beat on short series, and the yardstick for the rest.

use super::fit::{Fit, Fitted};

/// The last value goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naive;

/// The last season goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeasonalNaive;

/// The line through the first and the last value goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drift;

/// A fitted [`Naive`] or [`SeasonalNaive`].
#[derive(Debug, Clone)]
pub(crate) struct FittedNaive {
    season: Vec<f64>,
    fitted: Vec<f64>,
    label: &'static str,
}

/// A fitted [`Drift`].
#[derive(Debug, Clone)]
pub(crate) struct FittedDrift {
    last: f64,
    slope: f64,
    fitted: Vec<f64>,
}

impl FittedNaive {
    fn new(values: &[f64], season_length: usize, label: &'static str) -> Option<Self> {
        let start = values.len().checked_sub(season_length)?;
        let season = values[start..].to_vec();
        let fitted = (0..values.len()).map(|at| at.checked_sub(season_length).map_or(f64::NAN, |at| values[at]));
        Some(Self { season, fitted: fitted.collect(), label })
    }
}

impl Fit for Naive {
    type Fitted = FittedNaive;

    fn fit(&self, values: &[f64], _: usize) -> Option<FittedNaive> {
        FittedNaive::new(values, 1, "Naive")
    }
}

impl Fit for SeasonalNaive {
    type Fitted = FittedNaive;

    fn fit(&self, values: &[f64], season_length: usize) -> Option<FittedNaive> {
        FittedNaive::new(values, season_length, "SeasonalNaive")
    }
}

impl Fitted for FittedNaive {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        self.season.iter().copied().cycle().take(horizon).collect()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        self.label.to_owned()
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        Self::new(values, self.season.len(), self.label)
    }
}

impl Fit for Drift {
    type Fitted = FittedDrift;

    fn fit(&self, values: &[f64], _: usize) -> Option<FittedDrift> {
        let (first, last) = (*values.first()?, *values.last()?);
        let slope = |at: usize| if at == 0 { 0.0 } else { (values[at] - first) / at as f64 };
        let fitted = (0..values.len()).map(|at| match at {
            0 => f64::NAN,
            _ => values[at - 1] + slope(at - 1),
        });
        Some(FittedDrift { last, slope: slope(values.len() - 1), fitted: fitted.collect() })
    }
}

impl Fitted for FittedDrift {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        (1..=horizon).map(|step| self.last + self.slope * step as f64).collect()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        "Drift".to_owned()
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        Drift.fit(values, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_the_last_season_and_the_line_go_on() {
        let values = [1.0, 5.0, 2.0, 7.0];
        assert_eq!(Naive.fit(&values, 2).unwrap().mean(3), [7.0, 7.0, 7.0]);
        assert_eq!(SeasonalNaive.fit(&values, 2).unwrap().mean(3), [2.0, 7.0, 2.0]);
        assert_eq!(Drift.fit(&values, 2).unwrap().mean(2), [9.0, 11.0]);
    }

    #[test]
    fn nothing_is_fitted_to_too_few() {
        assert!(Naive.fit(&[], 1).is_none() && Drift.fit(&[], 1).is_none());
        assert!(SeasonalNaive.fit(&[1.0, 2.0], 3).is_none());
        let drift = Drift.fit(&[4.0], 1).unwrap();
        assert_eq!(drift.mean(2), [4.0, 4.0]);
        assert!(drift.fitted()[0].is_nan(), "there is nothing before the first value");
    }
}
