//! Daily costs: a series, by any dimensions, with its total, average and trend.

use super::aggregate::{Aggregation, Question};
use super::exchange::{Settled, SettledGroup, settle};
use super::health::{DataHealth, Held, is_known, known_cost};
use super::query::{CostQuery, NameOf, Needs};
use super::request::{Bound, GroupBy, Rates, Span, Terms};
use super::summary::{DimensionValue, named, serialize_dimensions};
use crate::model::charge::{ChargeTable, CostView};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::money::{Currency, Money, Rounding};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::{Error, Result};
use chrono::NaiveDate;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How many days, over all groups, one answer has at most.
const MAX_POINTS: usize = 1_000_000;

/// What daily costs are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DailyRequest {
    /// The first day, as a date or an instant; by default thirty days before the end.
    pub start_date: Option<Bound>,
    /// The end, exclusive; by default tonight.
    pub end_date: Option<Bound>,
    /// Or the period, such as `2024-01`.
    pub period: Option<Period>,
    /// Or the window, such as `7d`. It counts days in UTC: in another zone its first and last day are cut.
    pub window: Option<Window>,
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
}

impl DailyRequest {
    /// The fields of its JSON form.
    pub const FIELDS: &'static [&'static str] = &[
        "start_date",
        "end_date",
        "period",
        "window",
        "resource_type",
        "group_by",
        "filter",
        "currency",
        "view",
        "exchange_rates",
        "time_zone",
    ];
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

/// Daily costs in the making: made for a state of the store, given its tables, then finished.
#[derive(Debug)]
pub struct DailyQuery<'q> {
    request: &'q DailyRequest,
    plan: &'q DailyPlan,
    aggregation: Aggregation<'q>,
}

/// Which days a request is about, and what is to hold for their charges.
#[derive(Debug)]
pub struct DailyPlan {
    interval: Interval,
    days: Vec<Day>,
    filter: Filter,
    now: Stamp,
}

impl DailyPlan {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &DailyRequest, now: Stamp) -> Result<Self> {
        let (start, end) = (request.start_date, request.end_date);
        let span = Span { period: request.period.as_ref(), window: request.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, request.time_zone)?;
        request.group_by.check()?;
        request.exchange_rates.check()?;
        let mut filters = vec![request.filter.clone()];
        if let Some(kind) = &request.resource_type {
            filters.push(Filter::equals(Dimension::BuiltIn(BuiltIn::ResourceType), kind));
        }
        Ok(Self { interval, days, filter: Filter::All(filters), now })
    }
}

impl<'q> DailyQuery<'q> {
    /// A query for a plan.
    pub fn new(request: &'q DailyRequest, plan: &'q DailyPlan) -> Self {
        let question = Question {
            interval: plan.interval,
            days: Some(&plan.days),
            dimensions: &request.group_by.0,
            filter: &plan.filter,
            view: request.view,
        };
        Self { request, plan, aggregation: Aggregation::new(question) }
    }
}

impl CostQuery for DailyQuery<'_> {
    type Answer = DailyCosts;

    fn needs(&self) -> Needs {
        self.aggregation.needs()
    }

    fn add(&mut self, table: &ChargeTable) {
        self.aggregation.add(table);
    }

    fn finish(self, held: Held<'_>, name: NameOf<'_>) -> Result<DailyCosts> {
        let Self { request, plan, aggregation, .. } = self;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let settled = settle(aggregation.finish()?, &terms)?;
        let known: Vec<bool> = plan.days.iter().map(|day| is_known(held.coverage, day)).collect();
        refuse_too_much(&settled, request, plan)?;
        let unknown = settled.groups.iter().map(|group| group.cell.unknown).sum();
        let data_health = DataHealth::new(held, plan.interval, &plan.days, plan.now, unknown);
        let totals = day_sums(&settled.groups.iter().collect::<Vec<_>>(), &known)?;
        Ok(DailyCosts {
            window_start: plan.interval.start(),
            window_end: plan.interval.end(),
            time_zone: request.time_zone,
            currency: settled.currency.or(request.currency),
            view: request.view,
            days: series(&plan.days, &totals),
            groups: group_series(&settled, request, plan, &known, name)?,
            summary: summarize(&totals)?,
            data_health,
            snapshot: held.snapshot,
        })
    }
}

/// A series for each group takes memory for each day.
fn refuse_too_much(settled: &Settled, request: &DailyRequest, plan: &DailyPlan) -> Result<()> {
    let values: BTreeSet<_> = settled.groups.iter().map(|group| &group.values).collect();
    if request.group_by.0.is_empty() || values.len().saturating_mul(plan.days.len()) <= MAX_POINTS {
        return Ok(());
    }
    let (groups, days) = (values.len(), plan.days.len());
    let message = format!("gives {groups} groups of {days} days: filter, or ask for fewer days or dimensions");
    Err(Error::invalid("group_by", message))
}

/// The sum of each day. A day that no bill covers has none, unless there are charges all the same; neither has one
/// whose charges all lack the cost.
fn day_sums(groups: &[&SettledGroup], known: &[bool]) -> Result<Vec<Option<Money>>> {
    let mut days = vec![(Money::ZERO, 0, 0); known.len()];
    for group in groups {
        if let Some((total, charges, unknown)) = group.day.and_then(|day| days.get_mut(day)) {
            *total = total.checked_add(group.cost)?;
            *charges += group.cell.charges;
            *unknown += group.cell.unknown;
        }
    }
    let sum = |((total, charges, unknown), known): ((Money, u64, u64), &bool)| {
        known_cost(total, charges, unknown).filter(|_| *known || charges > 0)
    };
    Ok(days.into_iter().zip(known).map(sum).collect())
}

fn series(days: &[Day], totals: &[Option<Money>]) -> Vec<DayCost> {
    let day =
        |(day, total): (&Day, &Option<Money>)| DayCost { date: day.interval.start(), day: day.date, total: *total };
    days.iter().zip(totals).map(day).collect()
}

fn group_series(
    settled: &Settled,
    request: &DailyRequest,
    plan: &DailyPlan,
    known: &[bool],
    name: NameOf<'_>,
) -> Result<Vec<GroupSeries>> {
    if request.group_by.0.is_empty() {
        return Ok(Vec::new());
    }
    let mut by_values: BTreeMap<&[Option<String>], Vec<&SettledGroup>> = BTreeMap::new();
    for group in &settled.groups {
        by_values.entry(&group.values).or_default().push(group);
    }
    let groups = by_values.into_iter().map(|(values, groups)| {
        let totals = day_sums(&groups, known)?;
        let total = sum(&totals)?;
        let days = series(&plan.days, &totals);
        Ok(GroupSeries { dimensions: named(&request.group_by.0, values, name)?, total, days })
    });
    let mut groups = groups.collect::<Result<Vec<_>>>()?;
    groups.sort_by_key(|group| Reverse(group.total));
    Ok(groups)
}

/// The sum of the days that are known; none when none is.
fn sum(totals: &[Option<Money>]) -> Result<Option<Money>> {
    let known: Vec<Money> = totals.iter().copied().flatten().collect();
    if known.is_empty() { Ok(None) } else { Money::try_sum(known).map(Some) }
}

fn summarize(totals: &[Option<Money>]) -> Result<DailySummary> {
    let known: Vec<Money> = totals.iter().copied().flatten().collect();
    let days = u64::try_from(known.len()).unwrap_or(u64::MAX);
    let Some(total) = sum(totals)? else {
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
