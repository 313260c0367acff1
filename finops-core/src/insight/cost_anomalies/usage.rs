//! Whether cost went with traffic: metered usage of the same scope, on the same days.

use super::answer::{AnomalyUsage, UsageChange};
use super::drivers::Decomposed;
use crate::Result;
use crate::insight::buckets::Granularity;
use crate::insight::request::{Bound, GroupBy};
use crate::insight::usage::{Usage, UsagePoint, UsageQuery, UsageRequest};
use crate::model::filter::Filter;
use crate::model::money::{Money, Quantity, Rounding};
use crate::model::time::Day;
use chrono::Datelike;
use std::collections::BTreeSet;

/// How many meters are told.
const METERS: usize = 5;
/// How many decimals the usage that was to be expected has.
const DECIMALS: u32 = 4;
/// What part of the change of the cost, in percent, usage must have changed by to explain it.
const ENOUGH: f64 = 0.5;

/// What is asked of the usage of the same scope; none where usage cannot be told apart so.
///
/// # Errors
/// None that an anomaly that was found can cause.
pub(crate) fn request(taken: &Decomposed<'_>, filter: &Filter) -> Result<Option<UsageRequest>> {
    let mut dimensions = Vec::new();
    filter.dimensions(&mut dimensions);
    if dimensions.into_iter().any(|dimension| UsageQuery::has(dimension).is_err()) {
        return Ok(None);
    }
    let interval = taken.interval()?;
    Ok(Some(UsageRequest {
        start_date: Some(Bound::Instant(interval.start())),
        end_date: Some(Bound::Instant(interval.end())),
        group_by: Some(GroupBy::default()),
        filter: filter.clone(),
        granularity: Some(Granularity::Daily),
        time_zone: taken.time_zone(),
        ..UsageRequest::default()
    }))
}

/// How usage went during an anomaly; none where there was none at all.
///
/// # Errors
/// `overflow`.
pub(crate) fn correlate(taken: &Decomposed<'_>, usage: &Usage) -> Result<Option<AnomalyUsage>> {
    let points: Vec<&UsagePoint> = usage.series.iter().flatten().flat_map(|series| &series.points).collect();
    let meters: BTreeSet<&str> =
        points.iter().flat_map(|point| &point.values).map(|(meter, _)| meter.as_str()).collect();
    let mut changes = Vec::new();
    for meter in meters {
        if let Some(change) = change(taken, &points, meter)? {
            changes.push(change);
        }
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let (expected, impact) = taken.expected_and_impact();
    let relative = |part: f64, whole: f64| if whole > 0.0 { Some(part / whole) } else { None };
    let of_usage = |change: &UsageChange| {
        let before = change.expected.to_f64_nearest();
        relative(change.actual.to_f64_nearest() - before, before)
    };
    // Of what cost nothing before, any traffic that is new explains it.
    let of_cost = relative(impact, expected);
    let explains = |change: f64| match of_cost {
        Some(cost) => change * cost > 0.0 && change.abs() >= ENOUGH * cost.abs(),
        None => change > 0.0,
    };
    let known: Vec<f64> = changes.iter().filter_map(of_usage).collect();
    let changed_with_usage = (!known.is_empty()).then(|| known.iter().any(|change| explains(*change)));
    let size = |change: &UsageChange| of_usage(change).map_or(f64::INFINITY, f64::abs);
    changes.sort_by(|one, other| size(other).total_cmp(&size(one)).then_with(|| one.meter.cmp(&other.meter)));
    changes.truncate(METERS);
    Ok(Some(AnomalyUsage { changed_with_usage, meters: changes }))
}

/// How the usage of a meter went; none where there was none.
fn change(taken: &Decomposed<'_>, points: &[&UsagePoint], meter: &str) -> Result<Option<UsageChange>> {
    let on = |day: &Day| {
        let point = points.iter().find(|point| point.day == day.date);
        let value = point.and_then(|point| point.values.iter().find(|(known, _)| known == meter));
        value.and_then(|(_, value)| *value).unwrap_or_default()
    };
    // Before the first use that is known nobody may have counted: that is no usage of nothing.
    let before = taken.before().iter().map(|day| (*day, on(day).to_f64_nearest()));
    let before: Vec<(Day, f64)> = before.skip_while(|(_, used)| *used <= 0.0).collect();
    let usual = |day: &Day| {
        let mean = |values: Vec<f64>| {
            let count: f64 = values.iter().map(|_| 1.0).sum();
            if count > 0.0 { Some(values.iter().sum::<f64>() / count) } else { None }
        };
        let same = before.iter().filter(|(other, _)| other.date.weekday() == day.date.weekday());
        let same = mean(same.map(|(_, value)| *value).collect());
        same.or_else(|| mean(before.iter().map(|(_, value)| *value).collect())).unwrap_or(0.0)
    };
    let expected = Quantity::parse_f64(taken.during().iter().map(usual).sum())?.value;
    let expected = expected.round(DECIMALS, Rounding::HalfEven)?;
    let actual = Quantity::try_sum(taken.during().iter().map(on))?;
    if expected.is_zero() && actual.is_zero() {
        return Ok(None);
    }
    let money = |quantity: Quantity| Some(Money::from_mantissa(quantity.mantissa()));
    let change_pct = crate::insight::change::change_pct(money(actual), money(expected)).unwrap_or_default();
    Ok(Some(UsageChange { meter: meter.to_owned(), expected, actual, change_pct }))
}
