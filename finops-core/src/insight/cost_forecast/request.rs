//! What a forecast of cost is asked for, and the question that it becomes.

use super::super::forecast::{Forecaster, Level};
use super::super::health::{About, DataHealth, Held};
use super::super::query::{CostQuery, NameOf, only};
use super::super::question::Question;
use super::super::request::{GroupBy, Rates, Terms, page, request};
use super::super::settled::{Settled, settle};
use super::super::summary::named;
use super::super::sums::Sums;
use super::analysis::Analysis;
use super::answer::{CostForecast, ForecastPoint, GroupForecast, PastPoint, Told};
use super::history::{History, month_of, next_month};
use super::outlook::{Outlook, Predictions, Unable, check_days};
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::progress::Remembering;
use crate::model::time::{Day, Interval, Stamp, Zone};
use crate::{Error, ErrorCode, Result};
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::sync::Arc;

/// How many months are forecast, and at most.
const MONTHS: i64 = 3;
const MAX_MONTHS: i64 = 36;
/// How many days are forecast at most: three years.
const MAX_DAYS: i64 = 1096;
/// How many months of history are looked at, and at most.
const HISTORY_MONTHS: i64 = 36;
const MAX_HISTORY_MONTHS: i64 = 120;
/// How many groups are forecast unless the request says.
const GROUPS: i64 = 20;
/// How many decimals more than the currency amounts that are expected have.
const MORE_DECIMALS: u32 = 4;

/// How long the spans of a forecast are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ForecastGranularity {
    /// Days of the zone.
    Daily,
    /// Months of the calendar.
    #[default]
    Monthly,
}

request! {
    /// What a forecast of cost is asked for.
    pub struct ForecastRequest {
        /// How many months to forecast, 1 to 36; by default 3. They follow the last whole month, so that the first of
        /// them is usually the one that runs.
        pub months: Option<i64>,
        /// With days, how many of them, 1 to 1096; by default up to the end of the last of `months`.
        pub days: Option<i64>,
        /// Months by default, or days.
        pub granularity: ForecastGranularity,
        /// What to break down by: a forecast for each group, of those that cost most.
        pub group_by: GroupBy,
        /// Which charges count.
        pub filter: Filter,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// The model by its name, such as `dynamic_optimized_theta`, or that of the host; by default `auto`.
        pub model: Option<String>,
        /// The share of outcomes that the intervals are to cover, strictly between 0 and 1; by default 0.8.
        pub level: Option<Quantity>,
        /// Where days and months begin, by default UTC.
        pub time_zone: Zone,
        /// How many months of history are looked at before the one that runs, 2 to 120; by default 36.
        pub history_months: Option<i64>,
        /// How many groups to give, those that cost most, 1 to 1000; by default 20.
        pub limit: Option<i64>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

impl ForecastRequest {
    /// The level that was asked for, or 0.8.
    pub(super) fn level(&self) -> Result<Level> {
        level(self.level)
    }

    pub(super) fn months(&self) -> Result<usize> {
        within("months", self.months.unwrap_or(MONTHS), 1, MAX_MONTHS)
    }

    pub(super) fn days(&self) -> Result<Option<usize>> {
        if self.days.is_some() && self.granularity == ForecastGranularity::Monthly {
            return Err(Error::invalid("days", "goes with a granularity of \"daily\": months are counted by `months`"));
        }
        self.days.map(|days| within("days", days, 1, MAX_DAYS)).transpose()
    }

    /// What of the store it is about.
    pub(super) fn asked(&self, now: Stamp) -> Result<Asked<'_>> {
        self.group_by.check()?;
        Asked::of(self.history_months, &self.exchange_rates, self.currency, self.view, self.time_zone, now)
    }

    pub(super) fn question(&self, asked: &Asked<'_>) -> Question {
        let mut question = asked.question(&self.filter);
        question.dimensions.clone_from(&self.group_by.0);
        question
    }
}

/// How sure intervals are where nothing else is asked for: 0.8.
const LEVEL: Quantity = Quantity::from_mantissa(800_000_000_000_000_000);

/// The level of an answer.
pub(super) fn told_level(given: Option<Quantity>) -> Quantity {
    given.unwrap_or(LEVEL)
}

/// A level as a request gives it.
pub(super) fn level(given: Option<Quantity>) -> Result<Level> {
    let given = told_level(given);
    Level::new(given.to_f64_nearest()).map_err(|_| {
        Error::invalid("level", format!("lies strictly between 0 and 1, such as 0.8 or 0.95; got {given}"))
    })
}

pub(super) fn within(field: &str, given: i64, least: i64, most: i64) -> Result<usize> {
    let fits = (least..=most).contains(&given);
    let wrong = || Error::invalid(field, format!("must be {least} to {most}, got {given}"));
    usize::try_from(given).ok().filter(|_| fits).ok_or_else(wrong)
}

/// The span of days that is asked for, and how amounts are told.
#[derive(Debug)]
pub(super) struct Asked<'q> {
    pub(super) now: Stamp,
    pub(super) zone: Zone,
    pub(super) interval: Interval,
    pub(super) days: Vec<Day>,
    pub(super) view: CostView,
    terms: Terms<'q>,
}

impl<'q> Asked<'q> {
    /// As requests say it.
    pub(super) fn of(
        history_months: Option<i64>,
        rates: &'q Rates,
        currency: Option<Currency>,
        view: CostView,
        zone: Zone,
        now: Stamp,
    ) -> Result<Self> {
        rates.check()?;
        let months = within("history_months", history_months.unwrap_or(HISTORY_MONTHS), 2, MAX_HISTORY_MONTHS)?;
        Self::new(now, zone, months, Terms { currency, rates }, view)
    }

    /// So many months before the one that runs, and that up to tonight.
    pub(super) fn new(now: Stamp, zone: Zone, months: usize, terms: Terms<'q>, view: CostView) -> Result<Self> {
        let today = zone.date_of(now);
        let back = Months::new(u32::try_from(months).unwrap_or(u32::MAX));
        let first = month_of(today).checked_sub_months(back).unwrap_or(NaiveDate::MIN);
        let tonight = today.succ_opt().unwrap_or(today);
        let outside = |error: Error| error.with_field("history_months");
        let interval =
            Interval::new(zone.day_start(first).map_err(outside)?, zone.day_start(tonight).map_err(outside)?)?;
        Ok(Self { now, zone, interval, days: zone.days(interval)?, view, terms })
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.zone.date_of(self.now)
    }

    pub(super) fn question(&self, filter: &Filter) -> Question {
        let mut question = Question::new(self.interval, self.view);
        question.buckets = Some(self.days.iter().map(|day| day.interval).collect());
        question.filter = filter.clone();
        question
    }

    /// What came of it.
    pub(super) fn found(&self, sums: Vec<Sums>, held: Held<'_>) -> Result<Found> {
        let settled = settle(only(sums), &self.terms)?;
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &self.terms)?;
        let currency = settled.currency.or(self.terms.currency);
        let decimals = currency.map_or(2, |currency| currency.minor_units()) + MORE_DECIMALS;
        let whole = held.reach.whole(&self.days, self.now);
        Ok(Found { settled, whole, currency, decimals, data_health })
    }
}

/// What the charges say.
pub(super) struct Found {
    pub(super) settled: Settled,
    /// Which of the days are whole.
    whole: Vec<bool>,
    pub(super) currency: Option<Currency>,
    /// How many decimals amounts have that are expected.
    pub(super) decimals: u32,
    pub(super) data_health: DataHealth,
}

impl Found {
    pub(super) fn history(&self, asked: &Asked<'_>, groups: &[usize]) -> Result<History> {
        History::of(&self.settled, groups, &asked.days, &self.whole)
    }

    /// Of everything.
    pub(super) fn all(&self, asked: &Asked<'_>) -> Result<History> {
        self.history(asked, &(0..self.settled.len()).collect::<Vec<_>>())
    }
}

/// A forecast of cost in the making.
#[derive(Debug)]
pub struct ForecastQuery<'q> {
    request: &'q ForecastRequest,
    forecaster: Arc<dyn Forecaster>,
    asked: Asked<'q>,
    level: Level,
    months: usize,
    days: Option<usize>,
    limit: Option<usize>,
}

impl<'q> ForecastQuery<'q> {
    /// The forecast, seen from `now`, by a forecaster.
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q ForecastRequest, forecaster: Arc<dyn Forecaster>, now: Stamp) -> Result<Self> {
        let (level, months, days) = (request.level()?, request.months()?, request.days()?);
        let (limit, _) = page(request.limit.or(Some(GROUPS)), None)?;
        Ok(Self { request, forecaster, asked: request.asked(now)?, level, months, days, limit })
    }

    fn predictions(&self, history: &History) -> Result<Predictions> {
        let levels = [self.level];
        let outlook = Outlook { forecaster: self.forecaster.as_ref(), levels: &levels };
        if self.request.granularity == ForecastGranularity::Monthly {
            return outlook.months(history, self.months, self.asked.today()).map_err(Unable::into_error);
        }
        check_days(history)?;
        let last = (0..self.months).fold(month_of(history.next()), |month, _| next_month(month));
        let until = last.signed_duration_since(history.next()).num_days();
        let days = self.days.unwrap_or_else(|| usize::try_from(until).unwrap_or(0));
        outlook.days(history, days).map_err(Unable::into_error)
    }

    fn told(&self, found: &Found, history: &History, predictions: &Predictions) -> Result<Told> {
        let past = match self.request.granularity {
            ForecastGranularity::Monthly => history.months()?,
            ForecastGranularity::Daily => history.iter().collect(),
        };
        let past =
            past.into_iter().map(|(day, total)| Ok(PastPoint { date: self.asked.zone.day_start(day)?, day, total }));
        let point = |prediction| ForecastPoint::of(prediction, self.asked.zone, found.decimals);
        Ok(Told {
            historical: past.collect::<Result<_>>()?,
            predictions: predictions.points.iter().map(point).collect::<Result<_>>()?,
            analysis: Analysis::of(history, predictions)?,
        })
    }

    /// How many groups there are, and those that are forecast, with what each cost, those that cost most first.
    fn chosen(&self, found: &Found) -> Result<(u64, Vec<Chosen>)> {
        if self.request.group_by.0.is_empty() {
            return Ok((0, Vec::new()));
        }
        let settled = &found.settled;
        let combinations = settled.by_values();
        let count = u64::try_from(combinations.len()).unwrap_or(u64::MAX);
        let mut groups = Vec::with_capacity(combinations.len());
        for groups_of_one in combinations {
            groups.push((Money::try_sum(groups_of_one.iter().map(|group| settled.sum_of(*group, 0)))?, groups_of_one));
        }
        groups.sort_by_key(|(total, _)| Reverse(*total));
        groups.truncate(self.limit.unwrap_or(usize::MAX));
        super::super::series::refuse_too_much(groups.len(), self.asked.days.len())?;
        Ok((count, groups))
    }

    fn group(&self, found: &Found, (total, groups): &Chosen, name: NameOf<'_>) -> Result<GroupForecast> {
        let values = groups.first().map(|group| found.settled.values_of(*group)).unwrap_or_default();
        let history = found.history(&self.asked, groups)?;
        let predictions = self.predictions(&history);
        let (told, reason) = match predictions.and_then(|predictions| self.told(found, &history, &predictions)) {
            Ok(told) => (Some(told), None),
            // What cannot be told of one group is said there, and the others go on.
            Err(error) if matches!(error.code(), ErrorCode::InvalidArgument | ErrorCode::Overflow) => {
                (None, Some(error.to_string()))
            }
            Err(error) => return Err(error),
        };
        let dimensions = named(&self.request.group_by.0, &values, name)?;
        Ok(GroupForecast { dimensions, total: *total, told, reason })
    }

    /// As [`CostQuery::finish`], with somebody looking on before each group.
    pub(crate) fn finish_observed(
        self,
        sums: Vec<Sums>,
        held: Held<'_>,
        name: NameOf<'_>,
        observer: &Remembering<'_>,
    ) -> Result<CostForecast> {
        let found = self.asked.found(sums, held)?;
        let history = found.all(&self.asked)?;
        let (count, chosen) = self.chosen(&found)?;
        let mut watch = observer.series(1 + chosen.len());
        watch.next()?;
        let predictions = self.predictions(&history)?;
        let mut groups = Vec::with_capacity(chosen.len());
        for chosen in &chosen {
            watch.next()?;
            groups.push(self.group(&found, chosen, name)?);
        }
        Ok(CostForecast {
            granularity: self.request.granularity,
            time_zone: self.request.time_zone,
            currency: found.currency,
            view: self.request.view,
            level: told_level(self.request.level),
            through: history.last(),
            told: self.told(&found, &history, &predictions)?,
            count,
            groups,
            data_health: found.data_health,
            snapshot: held.snapshot,
        })
    }
}

/// A group: what it cost, and where its sums are, by currency.
type Chosen = (Money, Vec<usize>);

impl CostQuery for ForecastQuery<'_> {
    type Answer = CostForecast;

    fn questions(&self) -> Vec<Question> {
        vec![self.request.question(&self.asked)]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<CostForecast> {
        self.finish_observed(sums, held, name, &Remembering::new(&()))
    }
}
