//! How well a forecaster would have done: it forecasts from points of the past, and what came then is compared.

use super::answer::SeriesForecast;
use super::forecaster::{Forecaster, check_horizon};
use super::level::Level;
use super::series::Series;
use crate::{Error, Result};
use serde::Serialize;

/// How well forecasts from several points of the past met what came then, as means over all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// From how many points.
    pub origins: usize,
    /// The symmetric error in percent, 0 to 200: the mean of `200 |y - f| / (|y| + |f|)`.
    pub smape: f64,
    /// The error in units of the error that repeating the last season makes in the history before the forecast
    /// (Hyndman and Koehler 2006). `None` where that is zero: the history is constant.
    pub mase: Option<f64>,
    /// The same of squares, under the root.
    pub rmsse: Option<f64>,
    /// What the intervals were worth, by level.
    pub levels: Vec<LevelScore>,
}

/// What the intervals of a level were worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelScore {
    /// The level.
    pub level: Level,
    /// The share of values that lay inside.
    pub coverage: f64,
    /// The mean scaled interval score (Gneiting and Raftery 2007): width plus the penalty for values outside, in the
    /// units of `mase`.
    pub msis: Option<f64>,
}

/// Forecasts from up to `origins` points of the past, each `horizon` steps before its end, and scores what came. The
/// points lie as far apart as the horizon where there is room for that, else closer; the last ends with the series.
///
/// # Errors
/// `invalid_argument` for a horizon or a number of origins of 0, and where no point has enough values before it.
pub fn backtest(
    series: &Series,
    horizon: usize,
    levels: &[Level],
    forecaster: &dyn Forecaster,
    origins: usize,
) -> Result<Backtest> {
    check_horizon(horizon)?;
    if !(1..=1_000).contains(&origins) {
        return Err(Error::invalid("origins", format!("must be 1 to 1000, got {origins}")));
    }
    let length = series.values().len();
    let last = length.checked_sub(horizon).filter(|last| *last > 0).ok_or_else(|| {
        let message = format!("a backtest over {horizon} steps needs {} values, has {length}", horizon + 2);
        Error::invalid("values", message)
    })?;
    let first = series.values().iter().position(Option::is_some).unwrap_or(0) + 2;
    let room = last.saturating_sub(first);
    let step = if origins > 1 { (room / (origins - 1)).clamp(1, horizon) } else { horizon };
    let mut sums = Sums::new(levels);
    let mut refused = None;
    for origin in 0..origins {
        let Some(at) = last.checked_sub(origin * step).filter(|at| *at >= first.min(last)) else { break };
        let before = series.until(at);
        match forecaster.forecast(&before, horizon, levels) {
            Ok(answer) => sums.add(&before, &series.values()[at..], &answer),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    match refused {
        Some(error) if sums.origins == 0 => Err(error),
        _ => Ok(sums.means()),
    }
}

/// A mean in the making.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn get(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

struct Sums {
    origins: usize,
    smape: Mean,
    mase: Mean,
    rmsse: Mean,
    levels: Vec<(Level, Mean, Mean)>,
}

impl Sums {
    fn new(levels: &[Level]) -> Self {
        let levels = levels.iter().map(|level| (*level, Mean::default(), Mean::default())).collect();
        Self { origins: 0, smape: Mean::default(), mase: Mean::default(), rmsse: Mean::default(), levels }
    }

    fn add(&mut self, before: &Series, after: &[Option<f64>], answer: &SeriesForecast) {
        self.origins += 1;
        let (absolute, squared) = scales(before);
        let mut squares = Mean::default();
        for (at, (actual, mean)) in after.iter().zip(&answer.mean).enumerate() {
            let Some(actual) = actual else { continue };
            let error = (actual - mean).abs();
            let size = actual.abs() + mean.abs();
            self.smape.add(if size > 0.0 { 200.0 * error / size } else { 0.0 });
            if let Some(scale) = absolute {
                self.mase.add(error / scale);
            }
            squares.add(error * error);
            for ((level, inside, score), band) in self.levels.iter_mut().zip(&answer.bands) {
                let (Some(lower), Some(upper)) = (band.lower.get(at), band.upper.get(at)) else { continue };
                inside.add(f64::from(u8::from((lower..=upper).contains(&actual))));
                let outside = (lower - actual).max(0.0) + (actual - upper).max(0.0);
                if let Some(scale) = absolute {
                    score.add((upper - lower + 2.0 / (1.0 - level.share()) * outside) / scale);
                }
            }
        }
        if let (Some(scale), Some(mean)) = (squared, squares.get()) {
            self.rmsse.add((mean / scale).sqrt());
        }
    }

    fn means(&self) -> Backtest {
        let score = |(level, inside, score): &(Level, Mean, Mean)| LevelScore {
            level: *level,
            coverage: inside.get().unwrap_or(0.0),
            msis: score.get(),
        };
        Backtest {
            origins: self.origins,
            smape: self.smape.get().unwrap_or(0.0),
            mase: self.mase.get(),
            rmsse: self.rmsse.get(),
            levels: self.levels.iter().map(score).collect(),
        }
    }
}

/// The mean error of repeating the last season, absolute and squared. `None` where it is zero.
fn scales(series: &Series) -> (Option<f64>, Option<f64>) {
    let season = if series.values().len() > series.season_length() { series.season_length() } else { 1 };
    let (mut absolute, mut squared) = (Mean::default(), Mean::default());
    for (earlier, later) in series.values().iter().zip(series.values().iter().skip(season)) {
        if let (Some(earlier), Some(later)) = (earlier, later) {
            absolute.add((later - earlier).abs());
            squared.add((later - earlier).powi(2));
        }
    }
    let positive = |mean: Mean| mean.get().filter(|mean| *mean > 0.0);
    (positive(absolute), positive(squared))
}

#[cfg(test)]
mod tests {
    use super::super::model::Model;
    use super::*;

    #[test]
    fn a_perfect_season_has_no_error() {
        let values: Vec<f64> = (0..40).map(|at| f64::from(at % 4)).collect();
        let series = Series::of(&values, 4).unwrap();
        let levels = Level::list(&[0.8]).unwrap();
        let answer = backtest(&series, 4, &levels, &Model::SeasonalNaive, 5).unwrap();
        assert_eq!((answer.origins, answer.smape), (5, 0.0));
        assert_eq!(answer.mase, None, "the scale is zero: nothing differs from the season before");
        assert!((answer.levels[0].coverage - 1.0).abs() < 1e-12);
    }

    #[test]
    fn errors_are_measured_in_steps_of_the_history() {
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        let answer = backtest(&Series::of(&values, 1).unwrap(), 2, &[], &Model::Naive, 1).unwrap();
        assert!((answer.mase.unwrap() - 1.5).abs() < 1e-12, "one and two steps behind");
        assert!((answer.rmsse.unwrap() - 2.5_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn too_little_history_is_said() {
        let series = Series::of(&[1.0, 2.0, 3.0], 1).unwrap();
        assert_eq!(backtest(&series, 3, &[], &Model::Naive, 2).unwrap_err().field(), Some("values"));
        assert_eq!(backtest(&series, 2, &[], &Model::Auto, 2).unwrap_err().field(), Some("values"));
        assert_eq!(backtest(&series, 1, &[], &Model::Naive, 0).unwrap_err().field(), Some("origins"));
        assert_eq!(backtest(&series, 1, &[], &Model::Naive, 9).unwrap().origins, 1);
    }
}
