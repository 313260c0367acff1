//! Seasons taken off by loess, one or several, and a model on what is left.
//!
//! STL: Cleveland, Cleveland, `McRae` and Terpenning (1990). Several seasons: Bandara, Hyndman and Bergmeir (2021).
//! The last season goes on. Values that are all positive are decomposed in logarithms, so that the season grows with
//! the level.

use super::fit::{Fit, Fitted};
use super::season::is_seasonal;
use crate::insight::numerics::{exp, ln};

/// Loess for the seasons, `rest` for what is left.
#[derive(Debug, Clone)]
pub(crate) struct Mstl<M> {
    /// The model of what is left.
    pub(crate) rest: M,
    /// Longer seasons beside the first.
    pub(crate) more_seasons: Vec<usize>,
}

/// A decomposed series and a fitted model on its rest.
#[derive(Debug, Clone)]
pub(crate) struct FittedMstl<F> {
    seasons: Vec<usize>,
    logarithms: bool,
    /// The last season of each length.
    last: Vec<Vec<f64>>,
    rest: F,
    fitted: Vec<f64>,
}

impl<M: Fit> Fit for Mstl<M> {
    type Fitted = FittedMstl<M::Fitted>;

    fn fit(&self, values: &[f64], season_length: usize) -> Option<Self::Fitted> {
        let seasons: Vec<usize> = std::iter::once(season_length)
            .chain(self.more_seasons.iter().copied())
            .filter(|season| *season > 1 && values.len() >= 2 * season && is_seasonal(values, *season))
            .collect();
        let logarithms = !seasons.is_empty() && values.iter().all(|value| *value > 0.0);
        let (adjusted, seasonal) = decompose(values, &seasons, logarithms)?;
        Some(FittedMstl::new(values, seasons, logarithms, &seasonal, self.rest.fit(&adjusted, 1)?))
    }
}

/// The rest, and the seasons, both in logarithms if asked for. The rest always is in plain values.
fn decompose(values: &[f64], seasons: &[usize], logarithms: bool) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    if seasons.is_empty() {
        return Some((values.to_vec(), Vec::new()));
    }
    let scaled: Vec<f64> = values.iter().map(|value| if logarithms { ln(*value) } else { *value }).collect();
    let seasonal: Vec<Vec<f64>> = match seasons {
        [season] => vec![stlrs::Stl::params().seasonal_length(11).fit(&scaled, *season).ok()?.seasonal().to_vec()],
        _ => stlrs::Mstl::params().fit(&scaled, seasons).ok()?.seasonal().to_vec(),
    };
    let total = |at: usize| seasonal.iter().map(|part| part[at]).sum::<f64>();
    let rest = |(at, value): (usize, &f64)| if logarithms { value / exp(total(at)) } else { value - total(at) };
    Some((values.iter().enumerate().map(rest).collect(), seasonal))
}

impl<F: Fitted> FittedMstl<F> {
    fn new(values: &[f64], seasons: Vec<usize>, logarithms: bool, parts: &[Vec<f64>], rest: F) -> Self {
        let last = seasons.iter().zip(parts).map(|(season, part)| part[part.len() - season..].to_vec()).collect();
        let mut fitted = Self { seasons, logarithms, last, rest, fitted: Vec::new() };
        let total = |at: usize| parts.iter().map(|part| part[at]).sum::<f64>();
        let rest = fitted.rest.fitted();
        let offset = values.len() - rest.len();
        fitted.fitted = rest.iter().enumerate().map(|(at, value)| fitted.with(total(at + offset), *value)).collect();
        fitted
    }

    fn with(&self, season: f64, value: f64) -> f64 {
        if self.logarithms { value * exp(season) } else { value + season }
    }
}

impl<F: Fitted> Fitted for FittedMstl<F> {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let season = |step: usize| self.last.iter().map(|last| last[step % last.len()]).sum::<f64>();
        let rest = self.rest.mean(horizon);
        rest.iter().enumerate().map(|(step, value)| self.with(season(step), *value)).collect()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        format!("MSTL[{}]", self.rest.label())
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        if self.seasons.iter().any(|season| values.len() < 2 * season) {
            return None;
        }
        let (adjusted, parts) = decompose(values, &self.seasons, self.logarithms)?;
        Some(Self::new(values, self.seasons.clone(), self.logarithms, &parts, self.rest.refilter(&adjusted)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::naive::Naive;
    use super::*;

    #[test]
    fn two_seasons_go_on() {
        let value = |at: usize| {
            let hour = [0.0, 4.0, 9.0, 3.0][at % 4];
            100.0 + hour + if at / 4 % 7 >= 5 { -20.0 } else { 0.0 }
        };
        let values: Vec<f64> = (0..28 * 8).map(value).collect();
        let mean = Mstl { rest: Naive, more_seasons: vec![28] }.fit(&values, 4).unwrap().mean(28);
        let far = mean.iter().enumerate().map(|(step, mean)| (mean - value(28 * 8 + step)).abs());
        assert!(far.sum::<f64>() / 28.0 < 2.0, "{mean:?}");
    }

    #[test]
    fn without_a_season_the_rest_is_all() {
        let fitted = Mstl { rest: Naive, more_seasons: Vec::new() }.fit(&[1.0, 5.0, 2.0, 7.0], 2).unwrap();
        assert_eq!(fitted.mean(2), [7.0, 7.0]);
        assert_eq!(fitted.label(), "MSTL[Naive]");
    }
}
