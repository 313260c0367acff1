//! What drove an anomaly: which values of which dimensions cost other than before.
//!
//! What a value is expected to cost is the mean of what it cost on the same weekdays of the six weeks before the
//! anomaly, without days that were unusual themselves or are not known as a whole. Of all dimensions those are told
//! whose make-up changed most, by the divergence of the expected shares from the actual ones, and of each the few
//! values that make up most of the change; after Bhagwan et al., "Adtributor: Revenue Debugging in Advertising Systems"
//! (NSDI 2014).

use super::answer::AnomalyDriver;
use super::search::{AnomalySearch, Found, FoundAnomalies, estimate, interval_of, of_group};
use crate::Result;
use crate::insight::numerics::ln;
use crate::insight::question::Question;
use crate::insight::settled::{Settled, settle};
use crate::insight::sums::Sums;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::money::{Money, Rounding, ratio};
use crate::model::time::{Day, Interval, Zone};
use chrono::Datelike;
use std::ops::Range;

/// The dimensions that are looked at, but for those that tell the groups apart.
pub(crate) const DRIVER_DIMENSIONS: [BuiltIn; 10] = [
    BuiltIn::Service,
    BuiltIn::Tenant,
    BuiltIn::SubAccount,
    BuiltIn::Account,
    BuiltIn::Region,
    BuiltIn::Workspace,
    BuiltIn::User,
    BuiltIn::Resource,
    BuiltIn::Model,
    BuiltIn::ResourceId,
];

/// How many days before an anomaly say what is usual.
const BEFORE: usize = 42;
/// How many days of a long anomaly are looked at, its first.
const DURING: usize = 28;
/// How many drivers of one dimension are told.
const OF_ONE: usize = 3;
/// How many are told in all.
const MOST: usize = 8;
/// What share of the change the drivers of a dimension are to make up; further ones are not told.
const ENOUGH: f64 = 0.9;
/// What share of the change a driver makes up at least.
const LEAST: f64 = 0.05;
/// By how much the make-up of a dimension must have changed.
const SURPRISE: f64 = 1e-4;
/// How many decimals a share has.
const SHARE_DECIMALS: u32 = 4;

/// An anomaly that is taken apart.
#[derive(Debug)]
pub(crate) struct Decomposed<'s> {
    search: &'s AnomalySearch<'s>,
    found: &'s FoundAnomalies,
    anomaly: &'s Found,
    /// The days before and the days of the anomaly.
    days: Vec<Day>,
    before: Vec<Day>,
    during: Vec<Day>,
    tellers: Vec<Told>,
}

/// The drivers of a dimension.
#[derive(Debug)]
struct Told {
    surprise: f64,
    drivers: Vec<AnomalyDriver>,
}

/// What a value cost.
#[derive(Debug)]
struct Change {
    value: Option<String>,
    expected: Money,
    actual: Money,
    impact: Money,
}

impl<'s> Decomposed<'s> {
    /// # Errors
    /// None that an anomaly that was found can cause.
    pub(crate) fn new(search: &'s AnomalySearch<'s>, found: &'s FoundAnomalies, anomaly: &'s Found) -> Result<Self> {
        let (places, history) = (&anomaly.places, &search.history);
        let is_whole = |place: usize| found.whole.get(place).copied().unwrap_or(false);
        let is_usual = |place: usize| is_whole(place) && !anomaly.unusual.iter().any(|range| range.contains(&place));
        let first = places.start.saturating_sub(BEFORE);
        let of = |range: Range<usize>, wanted: &dyn Fn(usize) -> bool| -> Vec<Day> {
            let wanted = range.filter(|place| wanted(*place));
            wanted.filter_map(|place| history.span(&(place..place + 1)).ok()?.first().copied()).collect()
        };
        let before = of(first..places.start, &is_usual);
        let during = of(places.start..places.end.min(places.start + DURING), &is_whole);
        let days = history.span(&(first..places.end.min(places.start + DURING)))?;
        Ok(Self { search, found, anomaly, days, before, during, tellers: Vec::new() })
    }

    /// The days before the anomaly that say what is usual.
    pub(super) fn before(&self) -> &[Day] {
        &self.before
    }

    /// The days of the anomaly that are looked at.
    pub(super) fn during(&self) -> &[Day] {
        &self.during
    }

    /// From the first of the days before to the last of the anomaly.
    pub(super) fn interval(&self) -> Result<Interval> {
        interval_of(&self.days)
    }

    pub(super) const fn time_zone(&self) -> Zone {
        self.search.request.time_zone
    }

    /// What the anomaly was expected to cost, and how far from that it lies.
    pub(super) fn expected_and_impact(&self) -> (f64, f64) {
        (self.anomaly.expected.to_f64_nearest(), self.anomaly.impact.to_f64_nearest())
    }

    /// Which charges the anomaly is in, within those of a filter.
    pub(crate) fn scope(&self, filter: &Filter) -> Filter {
        of_group(filter, &self.search.request.group_by.0, &self.anomaly.values)
    }

    /// What is asked of the charges, day by day, for the values of a dimension.
    ///
    /// # Errors
    /// None that an anomaly that was found can cause.
    pub(crate) fn question(&self, dimension: &Dimension) -> Result<Question> {
        let request = self.search.request;
        let mut question = Question::new(interval_of(&self.days)?, request.view);
        question.buckets = Some(self.days.iter().map(|day| day.interval).collect());
        question.dimensions = vec![dimension.clone()];
        question.filter = self.scope(&request.filter);
        Ok(question)
    }

    /// Takes what a dimension tells.
    ///
    /// # Errors
    /// `mixed_currencies`; `overflow`.
    pub(crate) fn take(&mut self, dimension: &Dimension, sums: Sums) -> Result<()> {
        let settled = settle(sums, &self.search.terms())?;
        let values = settled.by_values();
        // What has one value only tells nothing apart.
        if values.len() < 2 {
            return Ok(());
        }
        let changes = values.iter().map(|groups| self.change(&settled, groups)).collect::<Result<Vec<_>>>()?;
        let total = Money::try_sum(changes.iter().map(|change| change.impact))?;
        if total.is_zero() || total.is_negative() != self.anomaly.impact.is_negative() {
            return Ok(());
        }
        let surprise = surprise(&changes);
        if surprise < SURPRISE {
            return Ok(());
        }
        let share = |change: &Change| change.impact.to_f64_nearest() / total.to_f64_nearest();
        let mut ordered: Vec<&Change> = changes.iter().filter(|change| share(change) >= LEAST).collect();
        ordered.sort_by(|one, other| {
            let by_change = other.impact.abs().unwrap_or_default().cmp(&one.impact.abs().unwrap_or_default());
            by_change.then_with(|| one.value.cmp(&other.value))
        });
        let mut drivers = Vec::new();
        let mut explained = 0.0;
        for change in ordered.into_iter().take(OF_ONE) {
            if explained >= ENOUGH {
                break;
            }
            explained += share(change);
            drivers.push(AnomalyDriver {
                dimension: dimension.clone(),
                value: change.value.clone(),
                name: None,
                expected: change.expected,
                actual: change.actual,
                impact: change.impact,
                share: ratio(change.impact, total, SHARE_DECIMALS),
            });
        }
        self.tellers.push(Told { surprise, drivers });
        Ok(())
    }

    /// The drivers, those of the dimension that tells most first.
    pub(crate) fn finish(mut self) -> Vec<AnomalyDriver> {
        self.tellers.sort_by(|one, other| other.surprise.total_cmp(&one.surprise));
        self.tellers.into_iter().flat_map(|told| told.drivers).take(MOST).collect()
    }

    /// What a value was expected to cost, and what it cost.
    fn change(&self, settled: &Settled, groups: &[usize]) -> Result<Change> {
        let values = groups.first().map(|group| settled.values_of(*group)).unwrap_or_default();
        let value = values.first().copied().flatten().map(str::to_owned);
        let known = vec![true; self.days.len()];
        let costs = crate::insight::series::sums(settled, groups, &known)?;
        let of = |wanted: &[Day]| -> Vec<(Day, Money)> {
            let days = self.days.iter().zip(&costs);
            let is_wanted = |(day, cost): (&Day, &Option<Money>)| {
                cost.filter(|_| wanted.iter().any(|wanted| wanted.date == day.date)).map(|cost| (*day, cost))
            };
            days.filter_map(is_wanted).collect()
        };
        let (before, during) = (of(&self.before), of(&self.during));
        let actual = Money::try_sum(during.iter().map(|(_, cost)| *cost))?;
        let expected: f64 = during.iter().map(|(day, _)| usual(&before, *day)).sum();
        let expected = estimate(expected, self.found.currency)?;
        Ok(Change { value, expected, actual, impact: actual.checked_sub(expected)? })
    }
}

/// The mean of the days of the same weekday, or of all where there is none; nothing where nothing is known.
fn usual(before: &[(Day, Money)], day: Day) -> f64 {
    let mean = |costs: Vec<Money>| {
        let count = u64::try_from(costs.len()).ok().filter(|count| *count > 0)?;
        let total = Money::try_sum(costs).ok()?;
        total.checked_div_int(count, Rounding::HalfEven).ok().map(Money::to_f64_nearest)
    };
    let same = before.iter().filter(|(other, _)| other.date.weekday() == day.date.weekday());
    let same = mean(same.map(|(_, cost)| *cost).collect());
    same.or_else(|| mean(before.iter().map(|(_, cost)| *cost).collect())).unwrap_or(0.0)
}

/// How much the make-up of the costs changed: the Jensen-Shannon divergence of the expected shares of the values from
/// their actual ones, in nats. Credits have no share.
fn surprise(changes: &[Change]) -> f64 {
    let positive = |amount: Money| amount.to_f64_nearest().max(0.0);
    let (mut expected, mut actual) = (0.0, 0.0);
    for change in changes {
        expected += positive(change.expected);
        actual += positive(change.actual);
    }
    let share = |amount: Money, total: f64| if total > 0.0 { positive(amount) / total } else { 0.0 };
    let half = |own: f64, mean: f64| if own > 0.0 { 0.5 * own * ln(own / mean) } else { 0.0 };
    let of_one = |change: &Change| {
        let (before, now) = (share(change.expected, expected), share(change.actual, actual));
        let mean = f64::midpoint(before, now);
        half(before, mean) + half(now, mean)
    };
    changes.iter().map(of_one).sum()
}
