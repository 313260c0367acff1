//! Forecasts by month: the months that run as the sum of their days, those after them by a model of months.

use super::super::forecast::{Calendar, Frequency, Series, Together, Total};
use super::history::{History, ToDate, month_of, next_month};
use super::outlook::{Basis, Bounds, Outlook, Prediction, Predictions, Unable};
use crate::insight::numerics::hypot;
use crate::model::money::Money;
use crate::{Error, ErrorCode};
use chrono::NaiveDate;

/// How many whole months a forecast by month needs.
const NEEDED: usize = 2;
/// From how many whole months on months have a model of their own: with fewer, their days say more.
const OWN_MODEL: usize = 12;
/// How many months a season has.
const YEAR: usize = 12;

/// The months up to that of today, as what is known of them and the forecast of the rest of their days.
#[derive(Debug)]
pub(super) struct Running {
    /// At least one, in order.
    pub(super) predictions: Predictions,
    /// How many days of the last of them are unknown, before those that are forecast.
    pub(super) unknown_days: usize,
    /// How many days of the last of them are forecast.
    pub(super) remaining_days: usize,
}

impl Outlook<'_> {
    /// The `count` months that follow the whole ones, the first of them usually the one that runs. Months up to that of
    /// `today` are the sums of their days.
    ///
    /// # Errors
    /// `invalid_argument` with fewer than two whole months; what the forecaster gives.
    pub(super) fn months(&self, history: &History, count: usize, today: NaiveDate) -> Result<Predictions, Unable> {
        let whole = history.months().map_err(Unable::Failed)?;
        let known = whole.iter().filter(|(_, cost)| cost.is_some()).count();
        if known < NEEDED {
            return Err(Unable::TooLittle(too_little(NEEDED, "months", known)));
        }
        // By themselves, so that they do not depend on how many months follow.
        let mut predictions = self.running(history, today)?.predictions;
        let last = predictions.points.last().map_or(today, |point| point.date);
        let more = count.saturating_sub(predictions.points.len());
        predictions.points.truncate(count);
        let coming: Vec<NaiveDate> =
            std::iter::successors(Some(last), |month| Some(next_month(*month))).skip(1).take(more).collect();
        if coming.is_empty() {
            return Ok(predictions);
        }
        if known < OWN_MODEL {
            let (rest, _) = self.by_days(history, &coming)?;
            predictions.points.extend(rest.points);
            predictions.model = rest.model;
        } else {
            self.by_months(&whole, &mut predictions, &coming)?;
        }
        Ok(predictions)
    }

    /// The months up to that of today.
    pub(super) fn running(&self, history: &History, today: NaiveDate) -> Result<Running, Unable> {
        let first = month_of(history.next());
        let months: Vec<NaiveDate> = std::iter::successors(Some(first), |month| Some(next_month(*month)))
            .take_while(|month| *month <= today.max(first))
            .collect();
        let (predictions, unknown_days) = self.by_days(history, &months)?;
        let last = months.last().copied().unwrap_or(first);
        let remaining = next_month(last).signed_duration_since(history.next().max(last)).num_days();
        let unknown_days = if months.len() == 1 { unknown_days } else { 0 };
        Ok(Running { predictions, unknown_days, remaining_days: usize::try_from(remaining).unwrap_or(0) })
    }

    /// Months as what is known of them and the forecast of the rest of their days, and how many days of the first are
    /// unknown.
    fn by_days(&self, history: &History, months: &[NaiveDate]) -> Result<(Predictions, usize), Unable> {
        let place =
            |date: NaiveDate| usize::try_from(date.signed_duration_since(history.next()).num_days()).unwrap_or(0);
        let horizon = months.last().map_or(0, |month| place(next_month(*month)));
        let series = history.series().map_err(Unable::Failed)?;
        let answer = self.forecast(&series, horizon)?;
        let together = Together::of(&series);
        let (mut points, mut unknown_days) = (Vec::with_capacity(months.len()), 0);
        for month in months {
            let (start, end) = (place(*month), place(next_month(*month)));
            let to_date = if start == 0 { history.since(*month) } else { Ok(ToDate::default()) };
            let ToDate { days, cost, unknown } = to_date.map_err(Unable::Failed)?;
            unknown_days += unknown;
            let totals = self.levels.iter().map(|level| together.total(&series, &answer, start..end, *level));
            let totals: Vec<Total> = totals.collect();
            let mean = totals.first().map_or(0.0, |total| total.mean);
            let gaps = unknown as f64 * gap_cost(mean, end - start, cost, days);
            let bounds = |total: &Total| Bounds { lower: total.lower + gaps, upper: total.upper + gaps };
            points.push(Prediction {
                date: *month,
                known: cost,
                expected: mean + gaps,
                bounds: totals.iter().map(bounds).collect(),
                basis: Basis::Days,
            });
        }
        Ok((Predictions { model: answer.model, points }, unknown_days))
    }

    /// Months by a model of months, which the months that run belong to as they are expected.
    fn by_months(
        &self,
        whole: &[(NaiveDate, Option<Money>)],
        predictions: &mut Predictions,
        coming: &[NaiveDate],
    ) -> Result<(), Unable> {
        let Some((start, _)) = whole.first() else { return Ok(()) };
        let past = whole.iter().map(|(_, cost)| cost.map(Money::to_f64_nearest));
        let running = predictions.points.iter().map(|point| Some(point.known.to_f64_nearest() + point.expected));
        let calendar = Calendar::new(*start, Frequency::Monthly);
        let series = Series::new(past.chain(running).collect(), YEAR).map_err(Unable::Failed)?;
        let series = series.with_calendar(calendar).non_negative();
        let answer = self.forecast(&series, coming.len())?;
        // How unsure the month that runs is, these are too.
        let unsure: Vec<(f64, f64)> = predictions.points.last().map_or_else(Vec::new, |point| {
            point.bounds.iter().map(|bounds| (point.expected - bounds.lower, bounds.upper - point.expected)).collect()
        });
        for (place, month) in coming.iter().enumerate() {
            let expected = answer.mean[place];
            let widened = |(level, (below, above)): (usize, &(f64, f64))| {
                let Some(band) = answer.band(self.levels[level]) else {
                    return Bounds { lower: expected, upper: expected };
                };
                let lower = expected - hypot(expected - band.lower[place], *below);
                let floor = if series.stops_at_zero() { 0.0 } else { f64::NEG_INFINITY };
                Bounds { lower: lower.max(floor), upper: expected + hypot(band.upper[place] - expected, *above) }
            };
            let bounds = unsure.iter().enumerate().map(widened).collect();
            predictions.points.push(Prediction {
                date: *month,
                known: Money::ZERO,
                expected,
                bounds,
                basis: Basis::Months,
            });
        }
        predictions.model = answer.model;
        Ok(())
    }
}

/// What a day counts of which nothing is known: as much as those to come, or else as those that are known.
fn gap_cost(rest: f64, days: usize, to_date: Money, known: usize) -> f64 {
    match (days, known) {
        (0, 0) => 0.0,
        (0, known) => to_date.to_f64_nearest() / known as f64,
        (days, _) => rest / days as f64,
    }
}

/// The error of a history that is too short.
pub(super) fn too_little(needed: usize, what: &str, has: usize) -> Error {
    let message = format!(
        "needs {needed} {what} of whole days; has {has}: import earlier bills, or ask about a wider part of the cost"
    );
    Error::new(ErrorCode::InvalidArgument, message)
}
