//! What the month that runs will have cost when it ends.

use super::super::forecast::{Forecaster, Level};
use super::super::health::{DataHealth, Held};
use super::super::query::{CostQuery, NameOf};
use super::super::question::Question;
use super::super::request::{Rates, Terms, request};
use super::super::sums::Sums;
use super::history::{month_of, next_month};
use super::months::too_little;
use super::outlook::{Outlook, Unable, check_days, money};
use super::request::{Asked, level, told_level};
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::{Stamp, Zone};
use crate::{Error, ErrorCode, Result};
use chrono::NaiveDate;
use serde::Serialize;
use std::sync::Arc;

/// How many months of history it goes by, before the one that runs.
const HISTORY: usize = 36;
/// How many days bills may lie back behind the month that runs.
const FARTHEST: i64 = 62;

request! {
    /// Of what the month's end is asked for.
    pub struct MonthEndRequest {
        /// Which charges count.
        pub filter: Filter,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// The share of outcomes that the interval is to cover, strictly between 0 and 1; by default 0.8.
        pub level: Option<Quantity>,
        /// Where days and months begin, by default UTC.
        pub time_zone: Zone,
        /// The model by its name, or that of the host; by default `auto`.
        pub model: Option<String>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What the month that runs will have cost: what is known of it and the forecast of the rest. Amounts that are expected
/// are rounded once, half to even, at four decimals more than the currency has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MonthEnd {
    /// The month by the calendar of the zone, such as `2024-09`.
    pub month: String,
    /// When it starts.
    pub month_start: Stamp,
    /// When it ends, exclusive.
    pub month_end: Stamp,
    /// Where it begins and ends.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// The share of outcomes that the interval is to cover.
    pub level: Quantity,
    /// What its whole days came to that are known: exact. Zero where none of them is.
    pub month_to_date: Money,
    /// The last whole day that is known; it may lie before the month.
    pub through: NaiveDate,
    /// How many days of the month up to then are unknown: they count as much as one of the rest is expected to.
    pub unknown_days: u64,
    /// How many days are forecast.
    pub remaining_days: u64,
    /// What is expected of the whole month.
    pub projected: Money,
    /// Where the interval of that sum begins.
    pub lower_bound: Money,
    /// Where it ends.
    pub upper_bound: Money,
    /// The model, with what it chose.
    pub model: String,
    /// How complete the data is that it goes by.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// A month's end in the making.
#[derive(Debug)]
pub struct MonthEndQuery<'q> {
    request: &'q MonthEndRequest,
    forecaster: Arc<dyn Forecaster>,
    asked: Asked<'q>,
    level: Level,
}

impl<'q> MonthEndQuery<'q> {
    /// The month's end, seen from `now`, by a forecaster.
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q MonthEndRequest, forecaster: Arc<dyn Forecaster>, now: Stamp) -> Result<Self> {
        request.exchange_rates.check()?;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let asked = Asked::new(now, request.time_zone, HISTORY, terms, request.view)?;
        Ok(Self { request, forecaster, asked, level: level(request.level)? })
    }
}

impl CostQuery for MonthEndQuery<'_> {
    type Answer = MonthEnd;

    fn questions(&self) -> Vec<Question> {
        vec![self.asked.question(&self.request.filter)]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, _: NameOf<'_>) -> Result<MonthEnd> {
        let found = self.asked.found(sums, held)?;
        let history = found.all(&self.asked)?;
        check_days(&history)?;
        let month = month_of(self.asked.today());
        let through = history.last().unwrap_or(month);
        if month.signed_duration_since(through).num_days() > FARTHEST {
            let message = format!("the bills end on {through}, which is too long ago: import later ones");
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        let levels = [self.level];
        let outlook = Outlook { forecaster: self.forecaster.as_ref(), levels: &levels };
        let running = outlook.running(&history, month).map_err(Unable::into_error)?;
        let Some(point) = running.predictions.points.last() else { return Err(too_little(2, "weeks", 0)) };
        let count = |days: usize| u64::try_from(days).unwrap_or(u64::MAX);
        let told = |expected| money(point.known, expected, found.decimals);
        let bounds = point.bounds.first();
        Ok(MonthEnd {
            month: month.format("%Y-%m").to_string(),
            month_start: self.asked.zone.day_start(month)?,
            month_end: self.asked.zone.day_start(next_month(month))?,
            time_zone: self.request.time_zone,
            currency: found.currency,
            view: self.request.view,
            level: told_level(self.request.level),
            month_to_date: point.known,
            through,
            unknown_days: count(running.unknown_days),
            remaining_days: count(running.remaining_days),
            projected: told(point.expected)?,
            lower_bound: told(bounds.map_or(point.expected, |bounds| bounds.lower))?,
            upper_bound: told(bounds.map_or(point.expected, |bounds| bounds.upper))?,
            model: running.predictions.model,
            data_health: found.data_health,
            snapshot: held.snapshot,
        })
    }
}
