//! Forecasts: what will have been spent at the end of a budget's own period.

use crate::Result;
use crate::model::money::{Currency, Money, Quantity, quotient};
use crate::model::time::{Interval, Stamp, Zone};
use chrono::NaiveDate;
use ethnum::I256;
use serde::Serialize;
use std::fmt::Debug;
use std::sync::Arc;

/// What has been spent of a budget in a period until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpendSoFar {
    /// The period.
    pub period: Interval,
    /// The present.
    pub now: Stamp,
    /// What has been spent.
    pub spent: Money,
    /// What may be spent.
    pub amount: Money,
}

/// What was spent of a budget's scope day by day, before and in its period.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DailySpend {
    /// Where days begin.
    pub zone: Zone,
    /// The currency of every amount.
    pub currency: Currency,
    /// The first day with a charge.
    pub first: NaiveDate,
    /// What it and each day after it cost, up to the last whole day; none where that is unknown.
    pub days: Vec<Option<Money>>,
    /// What the whole days of the period came to.
    pub counted: Money,
}

/// What will have been spent at the end of the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// The most likely amount.
    pub expected: Money,
    /// Where the interval begins that covers eight of ten outcomes, where that can be told.
    pub lower: Option<Money>,
    /// Where it ends.
    pub upper: Option<Money>,
    /// How likely it is that more than the amount is spent, 0 to 1, where that can be told.
    pub probability_of_exceeding: Option<Quantity>,
    /// When the amount will be used up; none when that is not before the period ends, and when it is already.
    pub exhausts_at: Option<Stamp>,
}

/// Somebody who can tell what will have been spent. Gives the same for the same.
pub trait SpendForecaster: Debug + Send + Sync {
    /// What will have been spent at the end of the period, by this alone: where the past says too little. None when
    /// nothing can be said yet.
    ///
    /// # Errors
    /// `overflow`.
    fn forecast(&self, so_far: &SpendSoFar) -> Result<Option<Forecast>>;

    /// What the past says of a period, to be kept for as long as the past stays as it is; none where it says too
    /// little. By default it is not looked at.
    ///
    /// # Errors
    /// `overflow`.
    #[allow(unused_variables, reason = "the names say what an implementation is given")]
    fn look_back(&self, past: &DailySpend, period: Interval) -> Result<Option<Arc<dyn SpendOutlook>>> {
        Ok(None)
    }
}

/// What the past says of a period.
pub trait SpendOutlook: Debug + Send + Sync {
    /// What will have been spent at its end, given what has been spent by now.
    ///
    /// # Errors
    /// `overflow`.
    fn forecast(&self, so_far: &SpendSoFar) -> Result<Option<Forecast>>;
}

/// As much in the rest of the period as until now: what has been spent, times how many times longer the whole is.
///
/// It is silent about the first twenty-fourth of a period, an hour of a day and a day and a quarter of a month: one
/// call in the first second of a month would forecast millions. It is silent too about a span without start or end.
///
/// ```
/// use finops_core::model::time::Interval;
/// use finops_core::pipeline::budget::{RunRate, SpendForecaster, SpendSoFar};
///
/// let today = Interval::new("2025-05-14T00:00:00Z".parse()?, "2025-05-15T00:00:00Z".parse()?)?;
/// let now = "2025-05-14T06:00:00Z".parse()?;
/// let so_far = SpendSoFar { period: today, now, spent: "4".parse()?, amount: "10".parse()? };
/// let forecast = RunRate.forecast(&so_far)?.unwrap();
/// assert_eq!(forecast.expected, "16".parse()?, "until tonight");
/// assert_eq!(forecast.exhausts_at, Some("2025-05-14T15:00:00Z".parse()?));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct RunRate;

/// How many times longer than what has passed the period may be.
const MAX_FACTOR: i64 = 24;

impl SpendForecaster for RunRate {
    fn forecast(&self, so_far: &SpendSoFar) -> Result<Option<Forecast>> {
        let SpendSoFar { period, now, spent, .. } = *so_far;
        let (length, always) = (micros(period.start(), period.end()), Interval::always());
        let elapsed = micros(period.start(), now).min(length);
        let is_open = period.start() == always.start() || period.end() == always.end();
        if is_open || elapsed <= 0 || length.div_euclid(MAX_FACTOR) > elapsed {
            return Ok(None);
        }
        let whole = I256::from(spent.mantissa()) * I256::from(length);
        // Half to even, at the last of 18 decimals.
        let expected = u64::try_from(elapsed).ok().and_then(|elapsed| quotient(whole, elapsed));
        // More than fits cannot be told, which is no reason to know nothing else of the budget.
        let Some(expected) = expected else { return Ok(None) };
        let expected = Money::from_mantissa(expected.mantissa());
        let exhausts_at = exhausts_at(so_far, elapsed);
        Ok(Some(Forecast { expected, lower: None, upper: None, probability_of_exceeding: None, exhausts_at }))
    }
}

/// The first microsecond of the period at which the amount will have been spent at that rate.
fn exhausts_at(so_far: &SpendSoFar, elapsed: i64) -> Option<Stamp> {
    let SpendSoFar { period, spent, amount, .. } = *so_far;
    if spent.mantissa() <= 0 || spent >= amount {
        return None;
    }
    let (whole, rate) = (I256::from(amount.mantissa()) * I256::from(elapsed), I256::from(spent.mantissa()));
    let after = whole / rate + I256::from(i128::from(whole % rate != I256::ZERO));
    let at = i64::try_from(after).ok()?.checked_add(period.start().micros())?;
    Stamp::from_micros(at).ok().filter(|at| *at < period.end())
}

fn micros(from: Stamp, to: Stamp) -> i64 {
    to.micros() - from.micros()
}
