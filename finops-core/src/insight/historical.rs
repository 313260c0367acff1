//! Historical costs: a series by hours, days, weeks or months, by any dimensions.

use super::buckets::{Bucket, Granularity, buckets};
use super::health::{About, DataHealth, Held};
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::Question;
use super::request::{Bound, GroupBy, Rates, Span, Terms, narrowed, request};
use super::series;
use super::settled::{Settled, settle};
use super::summary::{DimensionValue, named, serialize_flat};
use super::sums::Sums;
use crate::Result;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money};
use crate::model::time::{Day, Interval, Stamp, Zone};
use serde::Serialize;
use std::cmp::Reverse;

request! {
    /// What historical costs are asked for.
    pub struct HistoricalRequest {
        /// The first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// The end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// What to break down by: adds a series for each group.
        pub group_by: GroupBy,
        /// Only charges of that organization.
        pub org_id: Option<String>,
        /// Only charges of that user.
        pub user_id: Option<String>,
        /// How long the spans are, by default days.
        pub granularity: Option<Granularity>,
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

/// What each span cost.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct HistoricalCosts {
    /// When the first span starts.
    pub window_start: Stamp,
    /// When the last span ends, exclusive.
    pub window_end: Stamp,
    /// How long the spans are.
    pub granularity: Granularity,
    /// Where days begin.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// The sum of the spans that are known; none when none is.
    pub total_cost: Option<Money>,
    /// The spans in order, all of them; the first and the last are cut to the window.
    pub series: Vec<CostPoint>,
    /// The same for each group, largest first; in each span the groups add up to the total.
    pub groups: Vec<HistoricalGroup>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What a span cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CostPoint {
    /// When the span starts.
    pub date: Stamp,
    /// What it cost; none when no imported bill reaches it, or none of its charges has a known cost.
    pub total: Option<Money>,
}

/// The series of a group.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct HistoricalGroup {
    /// Its values, in the order of `group_by`.
    #[serde(flatten, serialize_with = "serialize_flat")]
    pub dimensions: Vec<DimensionValue>,
    /// The sum of its spans that are known.
    pub total: Option<Money>,
    /// What each span cost.
    pub series: Vec<CostPoint>,
}

/// Historical costs in the making.
#[derive(Debug)]
pub struct HistoricalQuery<'q> {
    request: &'q HistoricalRequest,
    granularity: Granularity,
    interval: Interval,
    days: Vec<Day>,
    buckets: Vec<Bucket>,
    now: Stamp,
}

impl CostRequest for HistoricalRequest {
    const OPERATION: &str = "costs.historical";

    type Query<'q> = HistoricalQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<HistoricalQuery<'_>> {
        let span = Span { start: self.start_date, end: self.end_date, ..Span::default() };
        let (interval, days) = span.resolve(now, self.time_zone)?;
        self.group_by.check()?;
        self.exchange_rates.check()?;
        let granularity = self.granularity.unwrap_or(Granularity::Daily);
        let buckets = buckets(interval, granularity, self.time_zone)?;
        Ok(HistoricalQuery { request: self, granularity, interval, days, buckets, now })
    }
}

impl CostQuery for HistoricalQuery<'_> {
    type Answer = HistoricalCosts;

    fn questions(&self) -> Vec<Question> {
        let request = self.request;
        let mut question = Question::new(self.interval, request.view);
        question.buckets = Some(self.buckets.iter().map(|bucket| bucket.interval).collect());
        question.dimensions.clone_from(&request.group_by.0);
        let given = [request.org_id.as_deref(), request.user_id.as_deref(), None];
        question.filter = narrowed(&request.filter, given);
        vec![question]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<HistoricalCosts> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let settled = settle(only(sums), &terms)?;
        let known = series::known(held.reach, &self.buckets);
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let all: Vec<usize> = (0..settled.len()).collect();
        let totals = series::sums(&settled, &all, &known)?;
        Ok(HistoricalCosts {
            window_start: self.interval.start(),
            window_end: self.interval.end(),
            granularity: self.granularity,
            time_zone: request.time_zone,
            currency: settled.currency.or(request.currency),
            view: request.view,
            total_cost: series::total(&totals)?,
            series: self.points(&totals),
            groups: self.groups(&settled, &known, name)?,
            data_health,
            snapshot: held.snapshot,
        })
    }
}

impl HistoricalQuery<'_> {
    fn points(&self, totals: &[Option<Money>]) -> Vec<CostPoint> {
        let point =
            |(bucket, total): (&Bucket, &Option<Money>)| CostPoint { date: bucket.interval.start(), total: *total };
        self.buckets.iter().zip(totals).map(point).collect()
    }

    fn groups(&self, settled: &Settled, known: &[bool], name: NameOf<'_>) -> Result<Vec<HistoricalGroup>> {
        let dimensions = &self.request.group_by.0;
        if dimensions.is_empty() {
            return Ok(Vec::new());
        }
        let combinations = settled.by_values();
        series::refuse_too_much(combinations.len(), self.buckets.len())?;
        let group = |groups: Vec<usize>| {
            let totals = series::sums(settled, &groups, known)?;
            let values = groups.first().map(|group| settled.values_of(*group)).unwrap_or_default();
            let (total, series) = (series::total(&totals)?, self.points(&totals));
            Ok(HistoricalGroup { dimensions: named(dimensions, &values, name)?, total, series })
        };
        let mut groups = combinations.into_iter().map(group).collect::<Result<Vec<_>>>()?;
        groups.sort_by_key(|group| Reverse(group.total));
        Ok(groups)
    }
}
