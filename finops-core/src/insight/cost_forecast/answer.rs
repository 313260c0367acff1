//! What a forecast of cost is answered with.

use super::super::health::DataHealth;
use super::super::series::serialize_day;
use super::super::summary::{DimensionValue, serialize_dimensions};
use super::analysis::Analysis;
use super::outlook::{Basis, Prediction, money};
use super::request::ForecastGranularity;
use crate::Result;
use crate::model::charge::CostView;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::{Stamp, Zone};
use chrono::NaiveDate;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// What costs will be.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CostForecast {
    /// How long the spans are.
    pub granularity: ForecastGranularity,
    /// Where days and months begin.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// The share of outcomes that the intervals are to cover.
    pub level: Quantity,
    /// The last day of the history: the last whole one.
    pub through: Option<NaiveDate>,
    /// Of everything together.
    #[serde(flatten)]
    pub told: Told,
    /// How many groups there are, with those that the limit leaves out.
    pub count: u64,
    /// The same for each group by itself, those that cost most first. They need not add up to the forecast of
    /// everything, which knows more than they do.
    pub groups: Vec<GroupForecast>,
    /// How complete the data is that it goes by.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What was, what will be, and what is to be thought of it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Told {
    /// The whole days or months that it goes by, in order.
    pub historical: Vec<PastPoint>,
    /// Those to come, in order, from the one that follows. The first month is usually the one that runs: what it came
    /// to so far and the rest.
    pub predictions: Vec<ForecastPoint>,
    /// What it is judged by.
    pub analysis: Analysis,
}

/// What a day or a month cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PastPoint {
    /// When it starts.
    pub date: Stamp,
    /// The day on which it starts, by the calendar of the zone.
    #[serde(serialize_with = "serialize_day")]
    pub day: NaiveDate,
    /// The sum; none when it is unknown, of a month also when that of one of its days is.
    pub total: Option<Money>,
}

/// What a day or a month will cost. Amounts are rounded once, half to even, at four decimals more than the currency
/// has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ForecastPoint {
    /// When it starts.
    pub date: Stamp,
    /// The day on which it starts, by the calendar of the zone.
    #[serde(serialize_with = "serialize_day")]
    pub day: NaiveDate,
    /// What is expected.
    pub predicted: Money,
    /// Where the interval begins that covers the share of outcomes which was asked for.
    pub lower_bound: Money,
    /// Where it ends.
    pub upper_bound: Money,
    /// What it is made of: `days` of a day, and of a month that is the sum of its days; `months` of one that follows
    /// from the months before. Days of such a month, forecast as days, need not add up to it.
    pub basis: Basis,
}

impl ForecastPoint {
    pub(super) fn of(prediction: &Prediction, zone: Zone, decimals: u32) -> Result<Self> {
        let money = |expected| money(prediction.known, expected, decimals);
        let bounds = prediction.bounds.first();
        Ok(Self {
            date: zone.day_start(prediction.date)?,
            day: prediction.date,
            predicted: money(prediction.expected)?,
            lower_bound: money(bounds.map_or(prediction.expected, |bounds| bounds.lower))?,
            upper_bound: money(bounds.map_or(prediction.expected, |bounds| bounds.upper))?,
            basis: prediction.basis,
        })
    }
}

/// The forecast of a group.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GroupForecast {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// What it cost in all of the time that was looked at.
    pub total: Money,
    /// What was and will be; none where that cannot be told.
    pub told: Option<Told>,
    /// Why it cannot be told.
    pub reason: Option<String>,
}

impl Serialize for GroupForecast {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("total", &self.total)?;
        let told = self.told.as_ref();
        map.serialize_entry("historical", told.map_or(&[][..], |told| &told.historical))?;
        map.serialize_entry("predictions", told.map_or(&[][..], |told| &told.predictions))?;
        map.serialize_entry("analysis", &told.map(|told| &told.analysis))?;
        map.serialize_entry("reason", &self.reason)?;
        map.end()
    }
}
