//! Monthly costs: the last months, or those of a year, with their average, the highest and the lowest.

use super::buckets::{Bucket, Granularity, buckets};
use super::health::{About, DataHealth, Held};
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::Question;
use super::request::{Rates, Terms, request};
use super::series;
use super::settled::settle;
use super::sums::Sums;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Rounding};
use crate::model::time::{Day, Interval, Stamp, Zone};
use crate::{Error, Result};
use chrono::{Datelike, Months, NaiveDate};
use serde::Serialize;

/// How many months there are unless one says otherwise.
const DEFAULT_MONTHS: i64 = 12;
/// How many there may be: a hundred years.
const MAX_MONTHS: i64 = 1200;

request! {
    /// What monthly costs are asked for.
    pub struct MonthlyRequest {
        /// How many months, 1 to 1200, the last of them the present one; by default 12.
        pub months: Option<i64>,
        /// Instead the months of that year; with fewer than 12 `months` the last of them.
        pub year: Option<i64>,
        /// Which charges count.
        pub filter: Filter,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// Where months begin, by default UTC.
        pub time_zone: Zone,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What each month cost.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct MonthlyCosts {
    /// When the first month starts.
    pub window_start: Stamp,
    /// When the last month ends, exclusive.
    pub window_end: Stamp,
    /// Where months begin.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// The months in order, all of them.
    pub months: Vec<MonthCost>,
    /// Figures over the months that are over, or, as long as none of those is known, over those that are not.
    pub summary: MonthlySummary,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What a month cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MonthCost {
    /// When the month starts.
    pub date: Stamp,
    /// The month by the calendar of the zone, such as `2024-09`.
    pub month: String,
    /// What it cost; none when no imported bill reaches it, or none of its charges has a known cost.
    pub total: Option<Money>,
    /// Whether the month is over; one that still runs will cost more.
    pub complete: bool,
}

/// Figures over several months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MonthlySummary {
    /// The sum of the months by their number, rounded half to even at 18 decimals; months without a total do not count.
    pub average_monthly: Option<Money>,
    /// The month that cost most, the earliest of several.
    pub highest_month: Option<MonthCost>,
    /// The month that cost least, the earliest of several.
    pub lowest_month: Option<MonthCost>,
}

/// Monthly costs in the making.
#[derive(Debug)]
pub struct MonthlyQuery<'q> {
    request: &'q MonthlyRequest,
    interval: Interval,
    days: Vec<Day>,
    buckets: Vec<Bucket>,
    now: Stamp,
}

impl CostRequest for MonthlyRequest {
    const OPERATION: &str = "costs.monthly";

    type Query<'q> = MonthlyQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<MonthlyQuery<'_>> {
        let months = self.months.unwrap_or(DEFAULT_MONTHS);
        if !(1..=MAX_MONTHS).contains(&months) {
            return Err(Error::invalid("months", format!("must be 1 to {MAX_MONTHS}, got {months}")));
        }
        self.exchange_rates.check()?;
        let zone = self.time_zone;
        let span = match self.year {
            Some(year) => of_year(year, months),
            None => until(zone.date_of(now), months),
        };
        let (field, given) = self.year.map_or(("months", months), |year| ("year", year));
        let wrong = || Error::invalid(field, format!("{given} leads out of the years 1 to 9998"));
        let (first, end) = span.ok_or_else(wrong)?;
        let instant = |date| zone.day_start(date).map_err(|error| error.with_field(field));
        let interval = Interval::new(instant(first)?, instant(end)?)?;
        let days = zone.days(interval).map_err(|error| error.with_field(field))?;
        let buckets = buckets(interval, Granularity::Monthly, zone)?;
        Ok(MonthlyQuery { request: self, interval, days, buckets, now })
    }
}

/// The last months of a year: the first day of the first, and that after the last.
fn of_year(year: i64, months: i64) -> Option<(NaiveDate, NaiveDate)> {
    let year = i32::try_from(year).ok().filter(|year| (1..=9998).contains(year))?;
    until(NaiveDate::from_ymd_opt(year, 12, 1)?, months.min(12))
}

/// The same for the months that end with that of a day.
fn until(day: NaiveDate, months: i64) -> Option<(NaiveDate, NaiveDate)> {
    let end = day.with_day(1)?.checked_add_months(Months::new(1))?;
    Some((end.checked_sub_months(Months::new(u32::try_from(months).ok()?))?, end))
}

impl CostQuery for MonthlyQuery<'_> {
    type Answer = MonthlyCosts;

    fn questions(&self) -> Vec<Question> {
        let mut question = Question::new(self.interval, self.request.view);
        question.buckets = Some(self.buckets.iter().map(|bucket| bucket.interval).collect());
        question.filter = self.request.filter.clone();
        vec![question]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, _: NameOf<'_>) -> Result<MonthlyCosts> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let settled = settle(only(sums), &terms)?;
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let all: Vec<usize> = (0..settled.len()).collect();
        let totals = series::sums(&settled, &all, &series::known(held.reach, &self.buckets))?;
        let month = |(bucket, total): (&Bucket, Option<Money>)| MonthCost {
            date: bucket.interval.start(),
            month: bucket.date.format("%Y-%m").to_string(),
            total,
            complete: bucket.interval.end() <= self.now,
        };
        let months: Vec<MonthCost> = self.buckets.iter().zip(totals).map(month).collect();
        Ok(MonthlyCosts {
            window_start: self.interval.start(),
            window_end: self.interval.end(),
            time_zone: request.time_zone,
            currency: settled.currency.or(request.currency),
            view: request.view,
            summary: summarize(&months)?,
            months,
            data_health,
            snapshot: held.snapshot,
        })
    }
}

/// A month that still runs would pass for the cheapest: it counts only where there is nothing else.
fn summarize(months: &[MonthCost]) -> Result<MonthlySummary> {
    let known = |complete: bool| -> Vec<(Money, &MonthCost)> {
        let total = |month: &'_ &MonthCost| month.complete == complete && month.total.is_some();
        months.iter().filter(total).filter_map(|month| Some((month.total?, month))).collect()
    };
    let mut counted = known(true);
    if counted.is_empty() {
        counted = known(false);
    }
    let count = u64::try_from(counted.len()).unwrap_or(u64::MAX);
    let total = Money::try_sum(counted.iter().map(|(total, _)| *total))?;
    let average = if count == 0 { None } else { Some(total.checked_div_int(count, Rounding::HalfEven)?) };
    // Of several that cost the same, `min_by_key` gives the first and `max_by_key` the last.
    let highest = counted.iter().rev().max_by_key(|(total, _)| *total);
    let lowest = counted.iter().min_by_key(|(total, _)| *total);
    Ok(MonthlySummary {
        average_monthly: average,
        highest_month: highest.map(|(_, month)| (*month).clone()),
        lowest_month: lowest.map(|(_, month)| (*month).clone()),
    })
}
