//! Looking for anomalies: one question over a long history, a series for each group, a detector for each series.

use super::request::AnomaliesRequest;
use super::series::Calendared;
use crate::insight::anomaly::{Anomaly, AnomalyDetector, Direction, Kind, Settings};
use crate::insight::health::{About, DataHealth, Held};
use crate::insight::question::Question;
use crate::insight::reach::Reach;
use crate::insight::request::Terms;
use crate::insight::settled::settle;
use crate::insight::sums::Sums;
use crate::model::anomaly::AnomalyScope;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity, Rounding};
use crate::model::progress::Remembering;
use crate::model::time::{Interval, Stamp};
use crate::{Error, ErrorCode, Result};
use chrono::{Months, NaiveDate};
use std::cmp::Reverse;
use std::ops::Range;

/// How many days a detector learns from before those that are asked about, and no fewer than [`HISTORY`] in all.
const LEARNT: u16 = 60;
/// How many days are looked at, unless more are asked about.
const HISTORY: u16 = 400;
/// How many series are looked at for one answer.
const MAX_SERIES: usize = 10_000;
/// How many decimals an estimate has beyond those of the currency.
pub(super) const MORE_DECIMALS: u32 = 4;
/// How many decimals a score has.
const SCORE_DECIMALS: u32 = 4;

/// How much larger than what was expected something may be that repeats it.
const MORE: f64 = 1.5;

/// A search for anomalies, prepared.
#[derive(Debug)]
pub(crate) struct AnomalySearch<'q> {
    pub(super) request: &'q AnomaliesRequest,
    settings: Settings,
    /// How many days are asked about.
    asked: u16,
    pub(super) history: Calendared,
    pub(super) now: Stamp,
    /// Whether the days that are asked about end with the last one that bills cover, instead of last night.
    up_to_bills: bool,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct FoundAnomalies {
    pub(crate) currency: Option<Currency>,
    /// Those that touch the days that are asked about, of the largest impact first.
    pub(crate) anomalies: Vec<Found>,
    /// The days that are asked about: their places in the history.
    pub(super) asked: Range<usize>,
    /// Which days of the history are known as a whole.
    pub(super) whole: Vec<bool>,
    /// How many groups were judged, and how many have too few days for that.
    pub(super) groups: (u64, u64),
    pub(super) data_health: DataHealth,
    pub(super) snapshot: u64,
}

/// An anomaly of a group.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) id: Id<id::Anomaly>,
    /// The values of its group, in the order of `group_by`.
    pub(crate) values: Vec<Option<String>>,
    pub(crate) start: NaiveDate,
    pub(crate) end: NaiveDate,
    pub(crate) kind: Kind,
    pub(crate) direction: Direction,
    pub(crate) expected: Money,
    pub(crate) actual: Money,
    pub(crate) impact: Money,
    pub(crate) score: Quantity,
    pub(crate) ongoing: bool,
    /// Its places in the history.
    pub(super) places: Range<usize>,
    /// The places of all anomalies of the group, which tell nothing of what is usual.
    pub(super) unusual: Vec<Range<usize>>,
    /// Those of the same group and direction in the history, with their first days and impacts.
    pub(crate) kin: Vec<(Id<id::Anomaly>, NaiveDate, Money)>,
}

impl<'q> AnomalySearch<'q> {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub(crate) fn new(request: &'q AnomaliesRequest, now: Stamp) -> Result<Self> {
        let (asked, settings) = (request.days()?, request.settings()?);
        request.group_by.check()?;
        request.exchange_rates.check()?;
        request.limit()?;
        let history = Calendared::before(now, HISTORY.max(asked + LEARNT), request.time_zone)?;
        Ok(Self { request, settings, asked, history, now, up_to_bills: false })
    }

    /// The same about the last days that bills cover, however long ago that is.
    #[must_use]
    pub(crate) const fn up_to_bills(mut self) -> Self {
        self.up_to_bills = true;
        self
    }

    /// The day that now lies in.
    pub(crate) fn today(&self) -> NaiveDate {
        self.history.date(self.history.len())
    }

    /// How many days of the history bills cover as a whole.
    pub(crate) fn covered(&self, reach: &Reach) -> usize {
        self.history.whole(reach, self.now).into_iter().filter(|whole| *whole).count()
    }

    /// What it asks of the charges.
    pub(crate) fn question(&self) -> Question {
        let mut question = Question::new(self.history.interval, self.request.view);
        question.buckets = Some(self.history.days.iter().map(|day| day.interval).collect());
        question.dimensions.clone_from(&self.request.group_by.0);
        question.filter = self.request.filter.clone();
        question
    }

    /// What tells the groups apart.
    pub(crate) fn dimensions(&self) -> &'q [Dimension] {
        &self.request.group_by.0
    }

    pub(super) fn terms(&self) -> Terms<'q> {
        Terms { currency: self.request.currency, rates: &self.request.exchange_rates }
    }

    /// What a detector finds, with somebody looking on before each series. `filter` is that of the question when it was
    /// asked, with what the handle is narrowed to.
    ///
    /// # Errors
    /// `mixed_currencies`; `overflow`; `cancelled`; `invalid_argument` for too many groups; what the detector gives.
    pub(crate) fn find(
        &self,
        sums: Sums,
        held: Held<'_>,
        filter: &Filter,
        detector: &dyn AnomalyDetector,
        observer: &Remembering<'_>,
    ) -> Result<FoundAnomalies> {
        let settled = settle(sums, &self.terms())?;
        let whole = self.history.whole(held.reach, self.now);
        let asked = self.asked(&whole);
        let data_health = {
            let days = self.history.span(&asked)?;
            let about = About { interval: interval_of(&days)?, days: &days, now: self.now };
            DataHealth::of(held, about, &settled, &self.terms())?
        };
        let dimensions = self.request.group_by.0.as_slice();
        let groups = match dimensions {
            [] => vec![(0..settled.len()).collect()],
            _ => settled.by_values(),
        };
        if groups.len() > MAX_SERIES {
            let message = format!(
                "gives {} groups, and at most {MAX_SERIES} are looked at: filter, or group otherwise",
                groups.len()
            );
            return Err(Error::invalid("group_by", message));
        }
        let currency = settled.currency.or(self.request.currency);
        let (mut anomalies, mut judged, mut short) = (Vec::new(), 0, 0);
        let mut watch = observer.series(groups.len());
        for groups in &groups {
            watch.next()?;
            let costs = self.history.costs(&settled, groups, &whole)?;
            let Some(detected) = self.history.detect(&costs, detector, &self.settings)? else {
                short += 1;
                continue;
            };
            judged += 1;
            if !detected.iter().any(|anomaly| anomaly.end_index >= asked.start) {
                continue;
            }
            let values = groups.first().map(|group| settled.values_of(*group)).unwrap_or_default();
            let values: Vec<Option<String>> = values.into_iter().map(|value| value.map(str::to_owned)).collect();
            let scope = AnomalyScope::new(&of_group(filter, dimensions, &values), self.request.view);
            let of_group = self.of_group(&values, scope, &detected, &costs, currency)?;
            let touches = |found: &Found| found.places.end > asked.start && found.places.start < asked.end;
            anomalies.extend(of_group.into_iter().filter(touches));
        }
        if let Some(minimum) = self.request.minimum_impact {
            anomalies.retain(|found| found.impact.abs().is_ok_and(|impact| impact >= minimum));
        }
        // A cost is below 10^20, so that every impact has a magnitude.
        anomalies.sort_by_key(|found| (Reverse(found.impact.abs().unwrap_or_default()), found.id));
        let (groups, snapshot) = ((judged, short), held.snapshot);
        Ok(FoundAnomalies { currency, anomalies, asked, whole, groups, data_health, snapshot })
    }

    /// The places of the days that are asked about.
    fn asked(&self, whole: &[bool]) -> Range<usize> {
        let length = self.history.len();
        let last = whole.iter().rposition(|whole| *whole).map(|last| last + 1).filter(|_| self.up_to_bills);
        let end = last.unwrap_or(length);
        end.saturating_sub(self.asked.into())..end
    }

    /// The anomalies of a group, with exact amounts where there are any.
    fn of_group(
        &self,
        values: &[Option<String>],
        scope: AnomalyScope,
        detected: &[Anomaly],
        costs: &[Option<Money>],
        currency: Option<Currency>,
    ) -> Result<Vec<Found>> {
        let places = |anomaly: &Anomaly| anomaly.start_index..anomaly.end_index + 1;
        let unusual: Vec<Range<usize>> = detected.iter().map(places).collect();
        let found = |anomaly: &Anomaly| {
            let (places, start) = (places(anomaly), self.history.date(anomaly.start_index));
            let known = costs.get(places.clone()).unwrap_or_default().iter().copied().flatten();
            let (expected, actual) = (estimate(anomaly.expected, currency)?, Money::try_sum(known)?);
            Ok(Found {
                id: scope.anomaly(start)?,
                values: values.to_vec(),
                start,
                end: self.history.date(anomaly.end_index),
                kind: anomaly.kind,
                direction: anomaly.direction,
                expected,
                actual,
                impact: actual.checked_sub(expected)?,
                score: Quantity::parse_f64(anomaly.score)
                    .and_then(|score| score.value.round(SCORE_DECIMALS, Rounding::HalfEven))
                    .map_err(|error| wrong(&error))?,
                ongoing: anomaly.ongoing,
                places,
                unusual: unusual.clone(),
                kin: Vec::new(),
            })
        };
        let mut all = detected.iter().map(found).collect::<Result<Vec<Found>>>()?;
        let told: Vec<_> = all.iter().map(|found| (found.id, found.start, found.impact, found.direction)).collect();
        for found in &mut all {
            let is_kin =
                |(id, _, _, direction): &&(_, _, _, Direction)| *id != found.id && *direction == found.direction;
            found.kin = told.iter().filter(is_kin).map(|(id, start, impact, _)| (*id, *start, *impact)).collect();
        }
        Ok(all)
    }
}

impl Found {
    /// The anomaly of the same group and direction that this one repeats, of those that were said to be expected: a
    /// month or more before, at most a day off the same day of the month, and no less than two thirds of it.
    pub(crate) fn recurs(&self, is_expected: &dyn Fn(Id<id::Anomaly>) -> bool) -> Option<Id<id::Anomaly>> {
        let is_enough = |impact: Money| {
            let (own, other) = (self.impact.to_f64_nearest().abs(), impact.to_f64_nearest().abs());
            own <= other * MORE
        };
        let mut repeated = self.kin.iter().filter(|(id, start, impact)| {
            is_months_later(*start, self.start) && is_enough(*impact) && is_expected(*id)
        });
        repeated.next_back().map(|(id, _, _)| *id)
    }
}

/// Whether a day is whole months after another, or a day off that.
fn is_months_later(earlier: NaiveDate, later: NaiveDate) -> bool {
    let days = later.signed_duration_since(earlier).num_days();
    // A month has at least 28 days, so that no other number of months comes closer.
    (1..=days / 28).any(|months| {
        let months = u32::try_from(months).unwrap_or(u32::MAX);
        let same = earlier.checked_add_months(Months::new(months));
        same.is_some_and(|same| later.signed_duration_since(same).num_days().abs() <= 1)
    })
}

/// An estimate as an amount: rounded once, half to even, at four decimals more than the currency has.
pub(super) fn estimate(value: f64, currency: Option<Currency>) -> Result<Money> {
    let decimals = currency.map_or(2, |currency| currency.minor_units()) + MORE_DECIMALS;
    let estimate = Money::parse_f64(value).and_then(|read| read.value.round(decimals, Rounding::HalfEven));
    estimate.map_err(|error| wrong(&error))
}

fn wrong(error: &Error) -> Error {
    if error.code() == ErrorCode::Overflow {
        return Error::overflow(error.message());
    }
    Error::invalid("anomaly_detector", format!("gave a number that is no amount: {}", error.message()))
}

/// The charges of a group, among those of a filter.
pub(super) fn of_group(filter: &Filter, dimensions: &[Dimension], values: &[Option<String>]) -> Filter {
    let own =
        dimensions.iter().zip(values).map(|(dimension, value)| Filter::In(dimension.clone(), vec![value.clone()]));
    Filter::All([filter.clone()].into_iter().chain(own).collect())
}

/// From the start of the first of some days to the end of the last.
pub(super) fn interval_of(days: &[crate::model::time::Day]) -> Result<Interval> {
    match (days.first(), days.last()) {
        (Some(first), Some(last)) => Interval::new(first.interval.start(), last.interval.end()),
        _ => Err(Error::overflow("no day lies there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_like_comes_again_on_the_same_day_of_a_month() {
        let later = |earlier: &str, later: &str| is_months_later(earlier.parse().unwrap(), later.parse().unwrap());
        for (one, other) in [
            ("2024-01-05", "2024-02-05"),
            ("2024-01-05", "2024-02-04"),
            ("2024-01-05", "2024-03-06"),
            ("2024-01-31", "2024-02-29"),
            ("2024-01-31", "2024-03-01"),
            ("2023-03-05", "2024-03-05"),
        ] {
            assert!(later(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("2024-01-05", "2024-01-05"),
            ("2024-01-05", "2024-01-06"),
            ("2024-01-05", "2024-02-07"),
            ("2024-02-05", "2024-01-05"),
            ("2024-01-05", "2024-01-26"),
        ] {
            assert!(!later(one, other), "{one} {other}");
        }
    }
}
