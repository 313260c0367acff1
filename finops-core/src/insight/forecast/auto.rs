//! From a model's name to an answer, and what `auto` takes together.

use super::adjustment::Adjustment;
use super::answer::SeriesForecast;
use super::arima::Arima;
use super::calendar::{Calendar, Frequency};
use super::ces::Ces;
use super::clean::cleaned;
use super::combination::{Combination, combine};
use super::ets::{Ets, Smoothing};
use super::intervals;
use super::level::Level;
use super::member::Member;
use super::model::Model;
use super::mstl::Mstl;
use super::naive::{Drift, Naive, SeasonalNaive};
use super::prepared::Prepared;
use super::regression::Regression;
use super::series::Series;
use super::theta::Theta;

/// How much of a long series is looked at.
const RECENT: usize = 1_000;
/// Where more than this share of values is zero, demand comes now and then, and only its level can be known.
const INTERMITTENT: f64 = 0.4;

/// The answer of a model. `None` where the values are too few for it.
pub(super) fn forecast(series: &Series, horizon: usize, levels: &[Level], model: Model) -> Option<SeriesForecast> {
    let mut prepared = Prepared::new(series, RECENT)?;
    let unit = unit(&prepared.values);
    prepared.values.iter_mut().for_each(|value| *value /= unit);
    let steps = horizon + prepared.trailing;
    let season = prepared.season;
    let auto = model == Model::Auto;
    let calendar = series.calendar().filter(|_| auto);
    let adjustment = Adjustment::new(calendar, prepared.start, &prepared.values, season, steps);
    let mut values = adjustment.off(&prepared.values);
    if auto {
        values = cleaned(&values, season);
    }
    let members = members(series, &prepared, &values, model);
    let combined = combine(&members, &values, season, steps).or_else(|| {
        let plain: Box<dyn Member> = Box::new(Naive);
        if auto { combine(&[plain], &values, season, steps) } else { None }
    })?;
    let mut answer = answer(series, &prepared, &adjustment, combined, levels, auto);
    let bounds = answer.bands.iter_mut().flat_map(|band| band.lower.iter_mut().chain(&mut band.upper));
    for value in answer.mean.iter_mut().chain(bounds).chain(answer.fitted.iter_mut().flatten()) {
        *value = (*value * unit).clamp(f64::MIN, f64::MAX);
    }
    Some(answer)
}

/// The power of two below the largest magnitude: to divide by it rounds nothing, and no square leaves the range.
fn unit(values: &[f64]) -> f64 {
    let largest = values.iter().fold(f64::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    f64::from_bits(largest.to_bits() >> 52 << 52)
}

/// Puts the calendar back, and values to the places that they belong to.
fn answer(
    series: &Series,
    prepared: &Prepared,
    adjustment: &Adjustment,
    combined: Combination,
    levels: &[Level],
    auto: bool,
) -> SeriesForecast {
    let names = combined.labels.join(", ");
    let mut fitted = vec![None; series.values().len()];
    let places = fitted.iter_mut().skip(prepared.start).zip(&combined.fitted).zip(&prepared.known);
    for (at, ((place, value), known)) in places.enumerate() {
        *place = Some(adjustment.on(at, *value)).filter(|value| *known && value.is_finite());
    }
    let mut answer = SeriesForecast {
        model: if auto { format!("auto[{names}]") } else { names },
        bands: combined.spread.bands(&combined.mean, levels),
        mean: combined.mean,
        fitted,
        season_length: prepared.season,
    };
    let bounds = answer.bands.iter_mut().flat_map(|band| [&mut band.lower, &mut band.upper]);
    for path in bounds.chain([&mut answer.mean]) {
        for (step, value) in path.iter_mut().enumerate() {
            *value = adjustment.on(prepared.values.len() + step, *value);
        }
        path.drain(..prepared.trailing);
    }
    if series.stops_at_zero() {
        intervals::stop_at_zero(&mut answer);
    }
    answer
}

fn members(series: &Series, prepared: &Prepared, values: &[f64], model: Model) -> Vec<Box<dyn Member>> {
    let more = longer_seasons(series);
    let regression = |calendar: &Calendar| Box::new(Regression { calendar: *calendar, first: prepared.start });
    match model {
        Model::Auto if values.windows(2).all(|pair| pair[0].total_cmp(&pair[1]).is_eq()) => vec![Box::new(Naive)],
        Model::Auto if intermittent(values) => vec![Box::new(Smoothing::Simple), Box::new(Ets::Average)],
        Model::Auto => vec![
            Box::new(Mstl { rest: Theta::Dynamic, more_seasons: more.clone() }),
            Box::new(Ets::Average),
            Box::new(Ces::Average),
            Box::new(Mstl { rest: Arima, more_seasons: more }),
        ],
        Model::Naive => vec![Box::new(Naive)],
        Model::SeasonalNaive => vec![Box::new(SeasonalNaive)],
        Model::Drift => vec![Box::new(Drift)],
        Model::Ses => vec![Box::new(Smoothing::Simple)],
        Model::Holt => vec![Box::new(Smoothing::Holt)],
        Model::DampedTrend => vec![Box::new(Smoothing::Damped)],
        Model::Theta => vec![Box::new(Theta::Standard)],
        Model::OptimizedTheta => vec![Box::new(Theta::Optimized)],
        Model::DynamicOptimizedTheta => vec![Box::new(Theta::Dynamic)],
        Model::Ets => vec![Box::new(Ets::Best)],
        Model::Ces => vec![Box::new(Ces::Best)],
        Model::Mstl => vec![Box::new(Mstl { rest: Theta::Dynamic, more_seasons: more })],
        Model::Calendar => {
            series.calendar().map(|calendar| regression(calendar) as Box<dyn Member>).into_iter().collect()
        }
    }
}

/// The seasons beside the first: those that the caller names, else the week of hours.
fn longer_seasons(series: &Series) -> Vec<usize> {
    let hourly = series.calendar().is_some_and(|calendar| calendar.frequency() == Frequency::Hourly);
    match series.more_seasons() {
        [] if hourly && series.season_length() == 24 => vec![168],
        named => named.to_vec(),
    }
}

fn intermittent(values: &[f64]) -> bool {
    let zeros = values.iter().filter(|value| value.abs() <= f64::MIN_POSITIVE).count();
    zeros as f64 > INTERMITTENT * values.len() as f64
}
