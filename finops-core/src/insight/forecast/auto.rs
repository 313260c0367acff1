//! From a model's name to an answer, and what `auto` takes together.

use super::answer::SeriesForecast;
use super::arima::Arima;
use super::ces::Ces;
use super::combination::combine;
use super::ets::{Ets, Smoothing};
use super::intervals;
use super::level::Level;
use super::member::Member;
use super::model::Model;
use super::mstl::Mstl;
use super::naive::{Drift, Naive, SeasonalNaive};
use super::prepared::Prepared;
use super::series::Series;
use super::theta::Theta;

/// How much of a long series is looked at.
const RECENT: usize = 1_000;

/// The answer of a model. `None` where the values are too few for it.
pub(super) fn forecast(series: &Series, horizon: usize, levels: &[Level], model: Model) -> Option<SeriesForecast> {
    let prepared = Prepared::new(series, RECENT)?;
    let steps = horizon + prepared.trailing;
    let members = members(series, &prepared, model);
    let combined = combine(&members, &prepared.values, prepared.season, steps)
        .or_else(|| combine(&[Box::new(Naive)], &prepared.values, prepared.season, steps))?;
    let label = match model {
        Model::Auto => format!("auto[{}]", combined.labels.join(", ")),
        _ => combined.labels.join(", "),
    };
    let fitted = placed(series, &prepared, &combined.fitted);
    let mut answer = combined.answer(label, prepared.trailing, levels);
    answer.fitted = fitted;
    answer.season_length = prepared.season;
    if series.stops_at_zero() {
        intervals::stop_at_zero(&mut answer);
    }
    Some(answer)
}

fn members(series: &Series, prepared: &Prepared, model: Model) -> Vec<Box<dyn Member>> {
    let more = || series.more_seasons().to_vec();
    let theta = |kind: Theta| -> Vec<Box<dyn Member>> { vec![Box::new(kind)] };
    match model {
        Model::Auto => vec![
            Box::new(Mstl { rest: Theta::Dynamic, more_seasons: more() }),
            Box::new(Ets::Average),
            Box::new(Ces::Average),
            Box::new(Mstl { rest: Arima, more_seasons: more() }),
        ],
        Model::Naive => vec![Box::new(Naive)],
        Model::SeasonalNaive => vec![Box::new(SeasonalNaive)],
        Model::Drift => vec![Box::new(Drift)],
        Model::Ses => vec![Box::new(Smoothing::Simple)],
        Model::Holt => vec![Box::new(Smoothing::Holt)],
        Model::DampedTrend => vec![Box::new(Smoothing::Damped)],
        Model::Theta => theta(Theta::Standard),
        Model::OptimizedTheta => theta(Theta::Optimized),
        Model::DynamicOptimizedTheta => theta(Theta::Dynamic),
        Model::Ets => vec![Box::new(Ets::Best)],
        Model::Ces => vec![Box::new(Ces::Best)],
        Model::Mstl => vec![Box::new(Mstl { rest: Theta::Dynamic, more_seasons: more() })],
        Model::Calendar => vec![Box::new(SeasonalNaive)],
    }
}

/// Fitted values at the places of the series that they belong to.
fn placed(series: &Series, prepared: &Prepared, fitted: &[f64]) -> Vec<Option<f64>> {
    let mut placed = vec![None; series.values().len()];
    for ((place, value), known) in placed.iter_mut().skip(prepared.start).zip(fitted).zip(&prepared.known) {
        *place = Some(*value).filter(|value| *known && value.is_finite());
    }
    placed
}
