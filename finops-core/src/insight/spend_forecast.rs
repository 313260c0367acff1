//! What budgets will have spent at the end of their own periods, by a model of what was spent day by day.
//!
//! What has been spent stands. What is added is what the model expects of the days that are left, of the present one
//! the part that is left, or what it lacks to what was expected of it, whichever is more: bills come late.
#![allow(
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "lengths of days, and places worked out from lengths a line or two before"
)]

use super::forecast::{Calendar, Forecaster, Frequency, Level, Model, Series, Together};
use super::numerics::erfc;
use crate::Result;
use crate::model::money::{Money, Quantity, Rounding};
use crate::model::time::{Interval, Stamp, Zone};
use crate::pipeline::budget::{DailySpend, Forecast, RunRate, SpendForecaster, SpendOutlook, SpendSoFar};
use chrono::{Days, NaiveDate};
use std::sync::Arc;

/// How many known days it takes: four weeks, from which on weekdays can be told apart.
const NEEDED: usize = 28;
/// How many days ahead it is told at most: three years.
const FARTHEST: i64 = 1096;
/// How many decimals more than the currency amounts have.
const MORE_DECIMALS: u32 = 4;
/// How many decimals a probability has.
const DECIMALS: u32 = 4;
/// The share of outcomes that the interval covers, and how many standard deviations that is to either side.
const SHARE: f64 = 0.8;
const DEVIATIONS: f64 = 1.281_551_565_544_600_4;

/// Goes by a model of the days of the past, and by the [`RunRate`] where there are less than four weeks of them.
#[derive(Debug, Clone)]
pub struct SpendModel {
    forecaster: Arc<dyn Forecaster>,
}

impl Default for SpendModel {
    fn default() -> Self {
        Self { forecaster: Arc::new(Model::Auto) }
    }
}

impl SpendModel {
    /// By that model.
    pub fn new(forecaster: Arc<dyn Forecaster>) -> Self {
        Self { forecaster }
    }
}

impl SpendForecaster for SpendModel {
    fn forecast(&self, so_far: &SpendSoFar) -> Result<Option<Forecast>> {
        RunRate.forecast(so_far)
    }

    fn look_back(&self, past: &DailySpend, period: Interval) -> Result<Option<Arc<dyn SpendOutlook>>> {
        let length = u64::try_from(past.days.len()).unwrap_or(u64::MAX);
        let next = past.first.checked_add_days(Days::new(length)).unwrap_or(NaiveDate::MAX);
        let is_open = period.end() == Interval::always().end();
        if is_open || past.days.iter().flatten().count() < NEEDED {
            return Ok(None);
        }
        let days = days(past.zone, next, period)?;
        let Some(days) = days.filter(|days| !days.is_empty()) else { return Ok(None) };
        let values = past.days.iter().map(|cost| cost.map(Money::to_f64_nearest)).collect();
        let series = Series::new(values, 7)?.with_calendar(Calendar::new(past.first, Frequency::Daily)).non_negative();
        let level = Level::new(SHARE)?;
        // What cannot be told by the model is told by the rate.
        let Ok(answer) = self.forecaster.forecast(&series, days.len(), &[level]) else { return Ok(None) };
        // A forecaster of the host may say anything.
        let is_whole = |values: &[f64]| values.len() == days.len() && values.iter().all(|value| value.is_finite());
        let band = answer.band(level).is_some_and(|band| is_whole(&band.lower) && is_whole(&band.upper));
        if !(band && is_whole(&answer.mean)) {
            return Ok(None);
        }
        // Days before the period count nothing.
        let start = days.partition_point(|day| day.end() <= period.start());
        let total = Together::of(&series).total(&series, &answer, start..days.len(), level);
        Ok(Some(Arc::new(Outlook {
            counted: past.counted,
            decimals: past.currency.minor_units() + MORE_DECIMALS,
            means: answer.mean[start..].to_vec(),
            days: days[start..].to_vec(),
            below: total.mean - total.lower,
            above: total.upper - total.mean,
            never_falls: series.stops_at_zero(),
        })))
    }
}

/// The days from a date to the end of a period; none where they are too many.
fn days(zone: Zone, next: NaiveDate, period: Interval) -> Result<Option<Vec<Interval>>> {
    let start = zone.day_start(next)?;
    let days = zone.date_of(period.end()).signed_duration_since(next).num_days();
    if start >= period.end() || days > FARTHEST {
        return Ok(None);
    }
    let days = zone.days(Interval::new(start, period.end())?)?;
    Ok(Some(days.into_iter().map(|day| day.interval).collect()))
}

/// What is expected of the days of a period that were not whole when it was made.
#[derive(Debug)]
struct Outlook {
    /// What the whole days of the period came to.
    counted: Money,
    decimals: u32,
    days: Vec<Interval>,
    means: Vec<f64>,
    /// How far the interval of their sum reaches.
    below: f64,
    above: f64,
    /// Whether what has been spent never becomes less.
    never_falls: bool,
}

impl SpendOutlook for Outlook {
    /// More than fits cannot be told, which is no reason to know nothing else of the budget.
    fn forecast(&self, so_far: &SpendSoFar) -> Result<Option<Forecast>> {
        Ok(self.told(so_far).ok())
    }
}

impl Outlook {
    fn told(&self, so_far: &SpendSoFar) -> Result<Forecast> {
        let (now, spent, amount) = (so_far.now, so_far.spent, so_far.amount);
        let today = self.days.partition_point(|day| day.end() <= now);
        let rest_of_today = self.rest_of_today(today, now, spent)?;
        let later: f64 = self.means.iter().skip(today + 1).sum();
        let rest = rest_of_today + later;
        let expected = self.money(spent, rest)?;
        let floor = if self.never_falls { spent } else { Money::MIN };
        let to_spend = amount.checked_sub(spent)?.to_f64_nearest();
        Ok(Forecast {
            expected,
            lower: Some(self.money(spent, rest - self.below)?.max(floor)),
            upper: Some(self.money(spent, rest + self.above)?),
            probability_of_exceeding: Some(self.probability(to_spend, rest)?),
            exhausts_at: self.exhausts_at(today, rest_of_today, now, to_spend)?,
        })
    }

    /// What is still expected of the present day and those before it of which not everything is there.
    fn rest_of_today(&self, today: usize, now: Stamp, spent: Money) -> Result<f64> {
        let Some((day, mean)) = self.days.get(today).zip(self.means.get(today)) else { return Ok(0.0) };
        let recent = spent.checked_sub(self.counted)?.to_f64_nearest();
        let expected: f64 = self.means.iter().take(today + 1).sum();
        Ok((mean * left(*day, now)).max(expected - recent))
    }

    fn money(&self, spent: Money, rest: f64) -> Result<Money> {
        spent.checked_add(Money::parse_f64(rest)?.value)?.round(self.decimals, Rounding::HalfEven)
    }

    /// How likely the rest is more than what is left, by two halves of normal distributions.
    fn probability(&self, to_spend: f64, rest: f64) -> Result<Quantity> {
        let over = rest - to_spend;
        let deviation = if over < 0.0 { self.above } else { self.below } / DEVIATIONS;
        let probability = match deviation {
            _ if self.never_falls && to_spend < 0.0 => 1.0,
            deviation if deviation > 0.0 => normal(over / deviation),
            _ => f64::from(u8::from(over > 0.0)),
        };
        Quantity::parse_f64(probability)?.value.round(DECIMALS, Rounding::HalfEven)
    }

    /// When what is left will be used up, as expected: each day spends evenly.
    fn exhausts_at(&self, today: usize, rest_of_today: f64, now: Stamp, to_spend: f64) -> Result<Option<Stamp>> {
        if to_spend <= 0.0 {
            return Ok(None);
        }
        let mut left = to_spend;
        for (place, day) in self.days.iter().enumerate().skip(today) {
            let (from, mean) =
                if place == today { (now.max(day.start()), rest_of_today) } else { (day.start(), self.means[place]) };
            if mean >= left {
                let length = day.end().micros().saturating_sub(from.micros());
                let part = Money::parse_f64(left / mean * length as f64)?.value.round(0, Rounding::Ceiling)?;
                let micros = i64::try_from(part.mantissa() / 1_000_000_000_000_000_000).unwrap_or(length);
                let at = Stamp::from_micros(from.micros().saturating_add(micros.min(length)))?;
                return Ok(Some(at).filter(|at| self.days.last().is_some_and(|last| *at < last.end())));
            }
            left -= mean;
        }
        Ok(None)
    }
}

/// How much of a day is left, 0 to 1.
fn left(day: Interval, now: Stamp) -> f64 {
    let (length, left) = (day.end().micros() - day.start().micros(), day.end().micros() - now.micros());
    (left as f64 / length as f64).clamp(0.0, 1.0)
}

/// The standard normal distribution: how likely it is to be at most so many standard deviations.
fn normal(deviations: f64) -> f64 {
    erfc(-deviations / std::f64::consts::SQRT_2) / 2.0
}

#[cfg(test)]
mod tests;
