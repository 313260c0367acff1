//! How well forecasts of cost would have done: they are made again as of days and months of the past, and compared with
//! what came then.

use super::super::forecast::{Forecaster, Level};
use super::super::health::{DataHealth, Held};
use super::super::query::{CostQuery, NameOf};
use super::super::question::Question;
use super::super::request::{GroupBy, Rates, request};
use super::super::series::serialize_day;
use super::super::sums::Sums;
use super::history::{History, WEEK, month_of};
use super::months::too_little;
use super::outlook::{Bounds, NEEDED_DAYS, Outlook, Predictions, Unable, check_days, money};
use super::request::{Asked, ForecastGranularity, ForecastRequest, level, within};
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity, Rounding};
use crate::model::progress::Remembering;
use crate::model::time::{Stamp, Zone};
use crate::{Error, ErrorCode, Result};
use chrono::NaiveDate;
use serde::Serialize;
use std::sync::Arc;

/// From how many points of the past, and at most.
const ORIGINS: i64 = 6;
const MAX_ORIGINS: i64 = 60;
/// How many decimals figures have.
const DECIMALS: u32 = 6;
/// How many months make a season, and how many days.
const SEASONS: (usize, usize) = (12, 7);

request! {
    /// Of what forecasts it is asked how well they would have done. The fields are those of [`ForecastRequest`].
    pub struct ForecastBacktest {
        /// How many months each forecast looks ahead, 1 to 36; by default 3.
        pub months: Option<i64>,
        /// With days, how many of them, 1 to 1096; by default 30 for each month.
        pub days: Option<i64>,
        /// Months by default, or days.
        pub granularity: ForecastGranularity,
        /// Must be empty: filter for one group at a time.
        pub group_by: GroupBy,
        /// Which charges count.
        pub filter: Filter,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// The model by its name, or that of the host; by default `auto`.
        pub model: Option<String>,
        /// The level of the intervals to look at; by default both 0.8 and 0.95.
        pub level: Option<Quantity>,
        /// Where days and months begin, by default UTC.
        pub time_zone: Zone,
        /// How many months of history are looked at before the one that runs, 2 to 120; by default 36.
        pub history_months: Option<i64>,
        /// From how many points of the past forecasts are made, 1 to 60; by default 6. They lie as far apart as a
        /// forecast looks ahead, or closer where there is less history.
        pub origins: Option<i64>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// How well forecasts would have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Backtested {
    /// How long the spans are.
    pub granularity: ForecastGranularity,
    /// How many of them each forecast looked ahead.
    pub horizon: u64,
    /// Where days and months begin.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// Over all forecasts together.
    #[serde(flatten)]
    pub score: Score,
    /// Each forecast by itself, the earliest first.
    pub origins: Vec<BacktestOrigin>,
    /// From how many further points of the past none was made: too little was known until then, or nothing after it to
    /// compare with.
    pub origins_skipped: u64,
    /// How complete the data is that it goes by.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// How far forecasts were off. All figures are rounded half to even at 6 decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Score {
    /// The symmetric error in percent, 0 to 200: the mean of `200 |actual - predicted| / (|actual| + |predicted|)`.
    pub smape: Quantity,
    /// The error in units of the error that repeating the season before makes in the history (Hyndman and Koehler
    /// 2006): below 1 a forecast is better than that. None where that error is zero.
    pub mase: Option<Quantity>,
    /// For each level the share of days or months that lay within the interval.
    pub coverage: Vec<LevelCoverage>,
}

/// What the intervals of a level were worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LevelCoverage {
    /// The level.
    pub level: Quantity,
    /// The share that lay within.
    pub coverage: Quantity,
}

/// A forecast as it would have been made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BacktestOrigin {
    /// The last day that it knew.
    #[serde(serialize_with = "serialize_day")]
    pub through: NaiveDate,
    /// What it expected of the days or months that are known now.
    pub predicted: Money,
    /// What they came to.
    pub actual: Money,
    /// How far it was off, day by day or month by month.
    #[serde(flatten)]
    pub score: Score,
    /// The model, with what it chose.
    pub model: String,
}

/// A backtest in the making.
#[derive(Debug)]
pub struct BacktestQuery<'q> {
    request: &'q ForecastBacktest,
    forecaster: Arc<dyn Forecaster>,
    asked: Asked<'q>,
    levels: Vec<Level>,
    horizon: usize,
    origins: usize,
}

impl<'q> BacktestQuery<'q> {
    /// The backtest of a forecaster, seen from `now`.
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q ForecastBacktest, forecaster: Arc<dyn Forecaster>, now: Stamp) -> Result<Self> {
        if !request.group_by.0.is_empty() {
            return Err(Error::invalid("group_by", "is not for a backtest: filter for one group at a time"));
        }
        let levels = match request.level {
            Some(given) => vec![level(Some(given))?],
            None => Level::list(&[0.8, 0.95])?,
        };
        let origins = within("origins", request.origins.unwrap_or(ORIGINS), 1, MAX_ORIGINS)?;
        let forecast = request.forecast();
        let (months, days) = (forecast.months()?, forecast.days()?);
        let horizon = match request.granularity {
            ForecastGranularity::Monthly => months,
            ForecastGranularity::Daily => days.unwrap_or(30 * months),
        };
        let asked = Asked::of(
            request.history_months,
            &request.exchange_rates,
            request.currency,
            request.view,
            request.time_zone,
            now,
        )?;
        Ok(Self { request, forecaster, asked, levels, horizon, origins })
    }

    /// The days after each of which a forecast is made, as lengths of the history, the earliest first.
    fn cuts(&self, history: &History) -> Result<Vec<usize>> {
        if self.request.granularity == ForecastGranularity::Daily {
            return self.day_cuts(history);
        }
        let months = history.months()?;
        let last = months.len().checked_sub(self.horizon).filter(|last| *last >= 2);
        let last = last.ok_or_else(|| too_little(self.horizon + 2, "months", months.len()))?;
        let ends = months.iter().take(last + 1).skip(2).map(|(month, _)| *month);
        Ok(self.spaced(ends.filter_map(|month| history.length_until(month)).collect()))
    }

    fn day_cuts(&self, history: &History) -> Result<Vec<usize>> {
        check_days(history)?;
        let (least, length) = (NEEDED_DAYS, history.len());
        let latest = length.checked_sub(self.horizon).filter(|latest| *latest >= least);
        let needed = (self.horizon + least).div_ceil(WEEK);
        let latest = latest.ok_or_else(|| too_little(needed, "weeks", length / WEEK))?;
        Ok(self.spaced((least..=latest).collect()))
    }

    /// As many of the places as are wanted, as far apart as a forecast looks ahead where there is room, the last of
    /// them within.
    fn spaced(&self, places: Vec<usize>) -> Vec<usize> {
        let step = (places.len() / self.origins).clamp(1, self.horizon);
        let mut chosen: Vec<usize> = places.into_iter().rev().step_by(step).take(self.origins).collect();
        chosen.reverse();
        chosen
    }

    fn predictions(&self, history: &History) -> Result<Predictions, Unable> {
        let outlook = Outlook { forecaster: self.forecaster.as_ref(), levels: &self.levels };
        match self.request.granularity {
            ForecastGranularity::Monthly => outlook.months(history, self.horizon, month_of(history.next())),
            ForecastGranularity::Daily => outlook.days(history, self.horizon),
        }
    }

    /// None where nothing is known to compare with.
    fn origin(
        &self,
        history: &History,
        before: &History,
        predictions: Predictions,
        decimals: u32,
    ) -> Result<Option<(Tally, BacktestOrigin)>> {
        let (past, actual): (Vec<_>, Vec<_>) = match self.request.granularity {
            ForecastGranularity::Monthly => (before.months()?, history.months()?),
            ForecastGranularity::Daily => (before.iter().collect(), history.iter().collect()),
        };
        let season = if self.request.granularity == ForecastGranularity::Monthly { SEASONS.0 } else { SEASONS.1 };
        let scale = scale(&past, season);
        let mut tally = Tally::new(self.levels.len());
        let (mut expected, mut came) = (Money::ZERO, Money::ZERO);
        for point in &predictions.points {
            let known = actual.binary_search_by_key(&point.date, |(date, _)| *date).ok();
            let Some(cost) = known.and_then(|place| actual[place].1) else { continue };
            expected = expected.checked_add(money(point.known, point.expected, decimals)?)?;
            came = came.checked_add(cost)?;
            let predicted = point.known.to_f64_nearest() + point.expected;
            // As amounts are told: what a double is off in its last digits is no miss.
            let told = cost.round(decimals, Rounding::HalfEven)?;
            let is_within = |bounds: &Bounds| {
                let (lower, upper) =
                    (money(point.known, bounds.lower, decimals)?, money(point.known, bounds.upper, decimals)?);
                Ok((lower..=upper).contains(&told))
            };
            let inside: Vec<bool> = point.bounds.iter().map(is_within).collect::<Result<_>>()?;
            tally.add(cost.to_f64_nearest(), predicted, &inside, scale);
        }
        if tally.points == 0 {
            return Ok(None);
        }
        let score = tally.score(&self.levels)?;
        let through = before.last().unwrap_or(before.next());
        Ok(Some((
            tally,
            BacktestOrigin { through, predicted: expected, actual: came, score, model: predictions.model },
        )))
    }

    /// As [`CostQuery::finish`], with somebody looking on before each forecast.
    pub(crate) fn finish_observed(
        self,
        sums: Vec<Sums>,
        held: Held<'_>,
        observer: &Remembering<'_>,
    ) -> Result<Backtested> {
        let found = self.asked.found(sums, held)?;
        let history = found.all(&self.asked)?;
        let mut together = Tally::new(self.levels.len());
        let (mut origins, mut skipped, mut too_short) = (Vec::new(), 0, None);
        let cuts = self.cuts(&history)?;
        let mut watch = observer.series(cuts.len());
        for cut in cuts {
            watch.next()?;
            let before = history.until(cut);
            let origin = match self.predictions(&before) {
                Ok(predictions) => self.origin(&history, &before, predictions, found.decimals)?,
                Err(Unable::TooLittle(error)) => {
                    too_short = Some(error);
                    None
                }
                Err(Unable::Failed(error)) => return Err(failed_at(error, &before)),
            };
            let Some((tally, origin)) = origin else {
                skipped += 1;
                continue;
            };
            together.merge(&tally);
            origins.push(origin);
        }
        if origins.is_empty() {
            return Err(too_short.unwrap_or_else(|| too_little(self.horizon + 2, "months or days", 0)));
        }
        Ok(Backtested {
            granularity: self.request.granularity,
            horizon: u64::try_from(self.horizon).unwrap_or(u64::MAX),
            time_zone: self.request.time_zone,
            currency: found.currency,
            view: self.request.view,
            score: together.score(&self.levels)?,
            origins,
            origins_skipped: skipped,
            data_health: found.data_health,
            snapshot: held.snapshot,
        })
    }
}

impl ForecastBacktest {
    /// What it has in common with a forecast.
    fn forecast(&self) -> ForecastRequest {
        ForecastRequest {
            months: self.months,
            days: self.days,
            granularity: self.granularity,
            ..ForecastRequest::default()
        }
    }
}

impl CostQuery for BacktestQuery<'_> {
    type Answer = Backtested;

    fn questions(&self) -> Vec<Question> {
        vec![self.asked.question(&self.request.filter)]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, _: NameOf<'_>) -> Result<Backtested> {
        self.finish_observed(sums, held, &Remembering::new(&()))
    }
}

/// The error of a model that failed in one of the forecasts, with which one that was.
fn failed_at(error: Error, before: &History) -> Error {
    if error.field() != Some("model") || error.code() != ErrorCode::InvalidArgument {
        return error;
    }
    let through = before.last().unwrap_or(before.next());
    let message = format!(
        "{}, in the forecast made after {through} of {} known days: ask for fewer `origins`, or have the model say \
         that so few values are too little for it",
        error.message(),
        before.known()
    );
    Error::invalid("model", message)
}

/// The mean error of repeating the season before, or the value before where there is less history.
fn scale(past: &[(NaiveDate, Option<Money>)], season: usize) -> Option<f64> {
    let lag = if past.len() > season { season } else { 1 };
    let pairs = past.iter().zip(past.iter().skip(lag));
    let errors = pairs.filter_map(|((_, earlier), (_, later))| {
        Some(((*later)?.to_f64_nearest() - (*earlier)?.to_f64_nearest()).abs())
    });
    let errors: Vec<f64> = errors.collect();
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    (mean > 0.0).then_some(mean)
}

/// Errors that are added up.
#[derive(Debug, Clone, PartialEq)]
struct Tally {
    points: usize,
    smape: f64,
    scaled: f64,
    /// How many have a scale.
    with_scale: usize,
    inside: Vec<usize>,
}

impl Tally {
    fn new(levels: usize) -> Self {
        Self { points: 0, smape: 0.0, scaled: 0.0, with_scale: 0, inside: vec![0; levels] }
    }

    fn add(&mut self, actual: f64, predicted: f64, within: &[bool], scale: Option<f64>) {
        let (error, size) = ((actual - predicted).abs(), actual.abs() + predicted.abs());
        self.points += 1;
        self.smape += if size > 0.0 { 200.0 * error / size } else { 0.0 };
        if let Some(scale) = scale {
            self.scaled += error / scale;
            self.with_scale += 1;
        }
        for (inside, within) in self.inside.iter_mut().zip(within) {
            *inside += usize::from(*within);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.points += other.points;
        self.smape += other.smape;
        self.scaled += other.scaled;
        self.with_scale += other.with_scale;
        for (inside, more) in self.inside.iter_mut().zip(&other.inside) {
            *inside += more;
        }
    }

    fn score(&self, levels: &[Level]) -> Result<Score> {
        let points = self.points.max(1) as f64;
        let mase = (self.with_scale > 0).then(|| rounded(self.scaled / self.with_scale as f64));
        let coverage = self.inside.iter().zip(levels).map(|(inside, level)| {
            Ok(LevelCoverage { level: rounded(level.share())?, coverage: rounded(*inside as f64 / points)? })
        });
        Ok(Score {
            smape: rounded(self.smape / points)?,
            mase: mase.transpose()?,
            coverage: coverage.collect::<Result<_>>()?,
        })
    }
}

fn rounded(value: f64) -> Result<Quantity> {
    Quantity::parse_f64(value)?.value.round(DECIMALS, Rounding::HalfEven)
}
