//! Daily costs: a series, by any dimensions, with its total, average and trend.

use super::health::{About, DataHealth, Held};
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::Question;
use super::request::{Bound, GroupBy, Rates, Span, Terms, narrowed, request};
use super::series;
use super::settled::{Settled, settle};
use super::summary::{DimensionValue, named, serialize_dimensions};
use super::sums::Sums;
use crate::Result;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Rounding};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use chrono::NaiveDate;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::cmp::Reverse;

request! {
    /// What daily costs are asked for.
    pub struct DailyRequest {
        /// The first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// The end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// Or the period, such as `2024-01`.
        pub period: Option<Period>,
        /// Or the window, such as `7d`. It counts days in UTC: in another zone its first and last day are cut.
        pub window: Option<Window>,
        /// Only charges of that organization.
        pub org_id: Option<String>,
        /// Only charges of that user.
        pub user_id: Option<String>,
        /// Only charges for resources of that type.
        pub resource_type: Option<String>,
        /// What to break down by.
        pub group_by: GroupBy,
        /// Which charges count.
        pub filter: Filter,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// Where days begin, by default UTC.
        pub time_zone: Zone,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What each day cost.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct DailyCosts {
    /// When the first day starts.
    pub window_start: Stamp,
    /// When the last day ends, exclusive.
    pub window_end: Stamp,
    /// Where the days begin.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// The days in order, all of them.
    pub days: Vec<DayCost>,
    /// The same for each group, largest first; on each day the groups add up to the total.
    pub groups: Vec<GroupSeries>,
    /// The total, the average and where it is going.
    pub summary: DailySummary,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What a day cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DayCost {
    /// When the day starts.
    pub date: Stamp,
    /// The day by the calendar of the zone, such as `2024-09-30`.
    #[serde(serialize_with = "series::serialize_day")]
    pub day: NaiveDate,
    /// The sum; none when no imported bill reaches the day, or none of its charges has a known cost.
    pub total: Option<Money>,
}

/// The daily costs of a group.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GroupSeries {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// The sum over the days that are known; none when none is.
    pub total: Option<Money>,
    /// The days in order, all of them.
    pub days: Vec<DayCost>,
}

impl Serialize for GroupSeries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("days", &self.days)?;
        map.end()
    }
}

/// Figures over the whole series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DailySummary {
    /// The sum of the days that are known; none when none is.
    pub total_period: Option<Money>,
    /// That sum by the number of those days, rounded half to even at 18 decimals.
    pub daily_average: Option<Money>,
    /// Where the costs are going; none with fewer than two known days.
    pub trend: Option<Trend>,
}

/// How the second half of the known days compares with the first; a day in the middle is in neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trend {
    /// More than 5 % above.
    Increasing,
    /// Within 5 %.
    Stable,
    /// More than 5 % below.
    Decreasing,
}

/// Daily costs in the making.
#[derive(Debug)]
pub struct DailyQuery<'q> {
    request: &'q DailyRequest,
    interval: Interval,
    days: Vec<Day>,
    filter: Filter,
    now: Stamp,
}

impl<'q> DailyQuery<'q> {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q DailyRequest, now: Stamp) -> Result<Self> {
        let (start, end) = (request.start_date, request.end_date);
        let span = Span { period: request.period.as_ref(), window: request.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, request.time_zone)?;
        request.group_by.check()?;
        request.exchange_rates.check()?;
        let given = [request.org_id.as_deref(), request.user_id.as_deref(), request.resource_type.as_deref()];
        Ok(Self { request, interval, days, filter: narrowed(&request.filter, given), now })
    }
}

impl CostRequest for DailyRequest {
    const OPERATION: &str = "costs.daily";

    type Query<'q> = DailyQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<DailyQuery<'_>> {
        DailyQuery::new(self, now)
    }
}

impl CostQuery for DailyQuery<'_> {
    type Answer = DailyCosts;

    fn questions(&self) -> Vec<Question> {
        let mut question = Question::new(self.interval, self.request.view);
        question.buckets = Some(self.days.iter().map(|day| day.interval).collect());
        question.dimensions.clone_from(&self.request.group_by.0);
        question.filter = self.filter.clone();
        vec![question]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<DailyCosts> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let settled = settle(only(sums), &terms)?;
        let known: Vec<bool> = self.days.iter().map(|day| held.reach.is_known(day)).collect();
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let all: Vec<usize> = (0..settled.len()).collect();
        let totals = series::sums(&settled, &all, &known)?;
        Ok(DailyCosts {
            window_start: self.interval.start(),
            window_end: self.interval.end(),
            time_zone: request.time_zone,
            currency: settled.currency.or(request.currency),
            view: request.view,
            days: days(&self.days, &totals),
            groups: group_series(&settled, &self, &known, name)?,
            summary: summarize(&totals)?,
            data_health,
            snapshot: held.snapshot,
        })
    }
}

fn days(days: &[Day], totals: &[Option<Money>]) -> Vec<DayCost> {
    let day =
        |(day, total): (&Day, &Option<Money>)| DayCost { date: day.interval.start(), day: day.date, total: *total };
    days.iter().zip(totals).map(day).collect()
}

fn group_series(
    settled: &Settled,
    query: &DailyQuery<'_>,
    known: &[bool],
    name: NameOf<'_>,
) -> Result<Vec<GroupSeries>> {
    let dimensions = &query.request.group_by.0;
    if dimensions.is_empty() {
        return Ok(Vec::new());
    }
    let combinations = settled.by_values();
    series::refuse_too_much(combinations.len(), query.days.len())?;
    let groups = combinations.into_iter().map(|groups| {
        let totals = series::sums(settled, &groups, known)?;
        let values = groups.first().map(|group| settled.values_of(*group)).unwrap_or_default();
        let (total, days) = (series::total(&totals)?, days(&query.days, &totals));
        Ok(GroupSeries { dimensions: named(dimensions, &values, name)?, total, days })
    });
    let mut groups = groups.collect::<Result<Vec<_>>>()?;
    groups.sort_by_key(|group| Reverse(group.total));
    Ok(groups)
}

fn summarize(totals: &[Option<Money>]) -> Result<DailySummary> {
    let known: Vec<Money> = totals.iter().copied().flatten().collect();
    let days = u64::try_from(known.len()).unwrap_or(u64::MAX);
    let Some(total) = series::total(totals)? else {
        return Ok(DailySummary { total_period: None, daily_average: None, trend: None });
    };
    let daily_average = Some(total.checked_div_int(days, Rounding::HalfEven)?);
    Ok(DailySummary { total_period: Some(total), daily_average, trend: trend(&known)? })
}

fn trend(known: &[Money]) -> Result<Option<Trend>> {
    let half = known.len() / 2;
    if half == 0 {
        return Ok(None);
    }
    let first = Money::try_sum(known.iter().take(half).copied())?;
    let second = Money::try_sum(known.iter().rev().take(half).copied())?;
    let (change, margin) = (second.checked_sub(first)?, first.abs()?.checked_div_int(20, Rounding::Down)?);
    Ok(Some(match change {
        change if change > margin => Trend::Increasing,
        change if change < margin.checked_neg()? => Trend::Decreasing,
        _ => Trend::Stable,
    }))
}
