//! Cost trends: a series of hours, days, weeks or months, each compared with the one before.

use super::buckets::{Bucket, Granularity, buckets};
use super::change::change_pct;
use super::health::{About, DataHealth, Held, known_cost};
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::Question;
use super::request::{Bound, GroupBy, Rates, Span, Terms, page, request};
use super::settled::{Settled, settle};
use super::summary::{DimensionValue, named, serialize_dimensions};
use super::sums::Sums;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::{Error, Result};
use chrono::{Days, Months};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::cmp::Reverse;

/// How many groups are given unless the request says.
const DEFAULT_LIMIT: i64 = 20;
const HOUR: i64 = 3_600_000_000;

request! {
    /// What cost trends are asked for.
    pub struct TrendsRequest {
        /// The window, such as `30d`. Without it, a period and dates: the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the period, such as `2024`.
        pub period: Option<Period>,
        /// Or the first day, as a date or an instant.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// How long the points are; by default days.
        pub granularity: Option<Granularity>,
        /// What to break down by; nothing gives one series.
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
        /// How many groups to give, those that cost most, 1 to 1000; by default 20.
        pub limit: Option<i64>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// How costs went.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Trends {
    /// When the first point starts.
    pub window_start: Stamp,
    /// When the last one ends, exclusive.
    pub window_end: Stamp,
    /// How long the points are.
    pub granularity: Granularity,
    /// Where days begin.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// How many series there are, with those that the limit leaves out.
    pub count: u64,
    /// The series of each group, those that cost most first; without groups the one of everything.
    pub series: Vec<TrendSeries>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// How the costs of a group went.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TrendSeries {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// The sum of the points that are known; none when none is.
    pub total: Option<Money>,
    /// The points in order, all of them.
    pub points: Vec<TrendPoint>,
}

impl Serialize for TrendSeries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("points", &self.points)?;
        map.end()
    }
}

/// What an hour, a day, a week or a month cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TrendPoint {
    /// When it starts.
    pub date: Stamp,
    /// The sum; none when no imported bill reaches it, or none of its charges has a known cost.
    pub total: Option<Money>,
    /// The change against the point before in percent, at 2 decimals, half even. None when either is unknown or not
    /// complete, or the one before is zero.
    pub change_pct: Option<Quantity>,
    /// Whether the window holds all of it, and it is over.
    pub complete: bool,
}

/// Cost trends in the making.
#[derive(Debug)]
pub struct TrendsQuery<'q> {
    request: &'q TrendsRequest,
    granularity: Granularity,
    interval: Interval,
    days: Vec<Day>,
    buckets: Vec<Bucket>,
    limit: Option<usize>,
    now: Stamp,
}

impl CostRequest for TrendsRequest {
    const OPERATION: &str = "costs.trends";

    type Query<'q> = TrendsQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<TrendsQuery<'_>> {
        let (start, end) = (self.start_date, self.end_date);
        let span = Span { period: self.period.as_ref(), window: self.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, self.time_zone)?;
        self.group_by.check()?;
        self.exchange_rates.check()?;
        let (limit, _) = page(self.limit.or(Some(DEFAULT_LIMIT)), None)?;
        let granularity = self.granularity.unwrap_or(Granularity::Daily);
        let buckets = buckets(interval, granularity, self.time_zone)?;
        Ok(TrendsQuery { request: self, granularity, interval, days, buckets, limit, now })
    }
}

impl CostQuery for TrendsQuery<'_> {
    type Answer = Trends;

    fn questions(&self) -> Vec<Question> {
        let mut question = Question::new(self.interval, self.request.view);
        question.buckets = Some(self.buckets.iter().map(|bucket| bucket.interval).collect());
        question.dimensions.clone_from(&self.request.group_by.0);
        question.filter = self.request.filter.clone();
        vec![question]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<Trends> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let settled = settle(only(sums), &terms)?;
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let spans = self.spans(held)?;
        let combinations = match request.group_by.0.as_slice() {
            [] => vec![(0..settled.len()).collect()],
            _ => settled.by_values(),
        };
        let count = u64::try_from(combinations.len()).unwrap_or(u64::MAX);
        let mut series = Vec::with_capacity(combinations.len());
        for groups in combinations {
            let known = groups.iter().map(|group| settled.sum_of(*group, 0));
            series.push((Money::try_sum(known)?, groups));
        }
        series.sort_by_key(|(total, _)| Reverse(*total));
        series.truncate(self.limit.unwrap_or(usize::MAX));
        super::series::refuse_too_much(series.len(), spans.len())?;
        let series = series.iter().map(|(_, groups)| {
            let totals = totals(&settled, groups, &spans)?;
            let values = groups.first().map(|group| settled.values_of(*group)).unwrap_or_default();
            let dimensions = named(&request.group_by.0, &values, name)?;
            let total = totals.iter().any(Option::is_some).then(|| Money::try_sum(totals.iter().copied().flatten()));
            Ok(TrendSeries { dimensions, total: total.transpose()?, points: points(&spans, &totals)? })
        });
        Ok(Trends {
            window_start: self.interval.start(),
            window_end: self.interval.end(),
            granularity: self.granularity,
            time_zone: request.time_zone,
            currency: settled.currency.or(request.currency),
            view: request.view,
            count,
            series: series.collect::<Result<_>>()?,
            data_health,
            snapshot: held.snapshot,
        })
    }
}

/// What is known of a bucket before its charges.
struct Known {
    date: Stamp,
    covered: bool,
    complete: bool,
}

impl TrendsQuery<'_> {
    fn spans(&self, held: Held<'_>) -> Result<Vec<Known>> {
        let span = |bucket: &Bucket| {
            let whole = whole(bucket, self.granularity, self.request.time_zone)?;
            Ok(Known {
                date: bucket.interval.start(),
                covered: held.reach.is_known(&Day { date: bucket.date, interval: bucket.interval }),
                complete: whole == bucket.interval && bucket.interval.end() <= self.now,
            })
        };
        self.buckets.iter().map(span).collect()
    }
}

/// The whole hour, day, week or month that a bucket is, or is cut from.
fn whole(bucket: &Bucket, granularity: Granularity, zone: Zone) -> Result<Interval> {
    let date = bucket.date;
    let next = match granularity {
        Granularity::Weekly => date.checked_add_days(Days::new(7)),
        Granularity::Monthly => date.checked_add_months(Months::new(1)),
        Granularity::Hourly | Granularity::Daily => date.succ_opt(),
    };
    let outside = || Error::invalid("granularity", format!("the span that starts on {date} has no end"));
    let (start, end) = (zone.day_start(date)?, zone.day_start(next.ok_or_else(outside)?)?);
    if granularity != Granularity::Hourly {
        return Interval::new(start, end);
    }
    let into = (bucket.interval.start().micros() - start.micros()).rem_euclid(HOUR);
    let start = Stamp::from_micros(bucket.interval.start().micros() - into)?;
    Interval::new(start, Stamp::from_micros(start.micros() + HOUR)?.min(end))
}

/// The sum of each bucket over some groups. What no bill covers has none, unless there are charges all the same.
fn totals(settled: &Settled, groups: &[usize], spans: &[Known]) -> Result<Vec<Option<Money>>> {
    let mut sums = vec![(Money::ZERO, 0, 0); spans.len()];
    for group in groups {
        if let Some((total, charges, unknown)) = sums.get_mut(settled.bucket_of(*group)) {
            *total = total.checked_add(settled.sum_of(*group, 0))?;
            *charges += settled.charges_of(*group);
            *unknown += settled.unknown_of(*group, 0);
        }
    }
    let total = |((total, charges, unknown), span): ((Money, u64, u64), &Known)| {
        known_cost(total, charges, unknown).filter(|_| span.covered || charges > 0)
    };
    Ok(sums.into_iter().zip(spans).map(total).collect())
}

fn points(spans: &[Known], totals: &[Option<Money>]) -> Result<Vec<TrendPoint>> {
    let mut earlier = None;
    let point = |(span, total): (&Known, &Option<Money>)| {
        let comparable = total.filter(|_| span.complete);
        let change_pct = change_pct(comparable, earlier)?;
        earlier = comparable;
        Ok(TrendPoint { date: span.date, total: *total, change_pct, complete: span.complete })
    };
    spans.iter().zip(totals).map(point).collect()
}
