//! What is told of anomalies of costs.

use super::search::{AnomalySearch, Found, FoundAnomalies};
use crate::Result;
use crate::insight::anomaly::{Direction, Kind};
use crate::insight::change::change_pct;
use crate::insight::health::DataHealth;
use crate::insight::query::NameOf;
use crate::insight::series::serialize_day;
use crate::insight::summary::{DimensionValue, named, serialize_flat};
use crate::model::anomaly::AnomalyFeedback;
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::Zone;
use chrono::NaiveDate;
use serde::Serialize;

/// Anomalies of costs.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CostAnomalies {
    /// The anomalies, those of the largest impact first.
    pub anomalies: Vec<CostAnomaly>,
    /// How many there are, with those that the limit leaves out.
    pub count: u64,
    /// What was looked at.
    pub period: AnomalyPeriod,
    /// How many groups were judged; 1 without groups.
    pub groups_judged: u64,
    /// How many groups were not, because fewer than four weeks of days are known of them. That nothing was found there
    /// tells nothing.
    pub groups_too_short: u64,
    /// Who judged: `robust_baseline`, or the name of the detector that the host brought.
    pub detector: String,
    /// Where days begin.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was looked at.
    pub view: CostView,
    /// How complete the data of the period is. Days that bills do not cover as a whole are no evidence.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AnomalyPeriod {
    /// How many days.
    pub days: u64,
    /// The first of them.
    #[serde(serialize_with = "serialize_day")]
    pub start: NaiveDate,
    /// The last of them: yesterday.
    #[serde(serialize_with = "serialize_day")]
    pub end: NaiveDate,
    /// How far from the expected a day had to lie, in half-widths of the 95 % band.
    pub threshold: Quantity,
    /// What an anomaly had to cost or save.
    pub minimum_impact: Money,
}

/// An anomaly: one or more days on which a group cost other than expected.
///
/// What is expected is an estimate, at four decimals more than the currency has, half to even. What was paid is exact.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CostAnomaly {
    /// Which: it stays the same while the anomaly grows, whatever it was asked for with.
    pub id: Id<id::Anomaly>,
    /// Its first day.
    #[serde(serialize_with = "serialize_day")]
    pub start: NaiveDate,
    /// Its last day so far.
    #[serde(serialize_with = "serialize_day")]
    pub end: NaiveDate,
    /// How many days that are.
    pub duration_days: u64,
    /// The values of its group, in the order of `group_by`; nothing without groups.
    #[serde(serialize_with = "serialize_flat")]
    pub group: Vec<DimensionValue>,
    /// What its days were expected to cost.
    pub expected: Money,
    /// What they cost, as far as they are known.
    pub actual: Money,
    /// `actual - expected`.
    pub impact: Money,
    /// The impact in percent of what was expected, at 2 decimals; none when nothing was.
    pub impact_pct: Option<Quantity>,
    /// How far the farthest day lies from the expected, in half-widths of the 95 % band, at 4 decimals.
    pub score: Quantity,
    /// On which side of the expected it lies.
    pub direction: Direction,
    /// What it looks like.
    pub kind: Kind,
    /// Whether the next day may still belong to it.
    pub ongoing: bool,
    /// What drove it, the dimension first whose make-up changed most. Nothing where no dimension tells it.
    pub drivers: Vec<AnomalyDriver>,
    /// How metered usage of the same scope went meanwhile; none where there is none.
    pub usage: Option<AnomalyUsage>,
    /// What was said of it; none where nothing was.
    pub feedback: Option<AnomalyFeedback>,
    /// The anomaly of the same group, said to be expected, that this one repeats: a month or more later, at most a day
    /// off the same day of the month, in the same direction, and no more than half as much again. Nobody is told of it.
    pub recurs: Option<Id<id::Anomaly>>,
}

/// A value of a dimension that cost other than before.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct AnomalyDriver {
    /// The dimension.
    pub dimension: Dimension,
    /// The value; none for charges without one.
    pub value: Option<String>,
    /// What the catalogue calls it.
    pub name: Option<String>,
    /// What it was expected to cost: the mean of the same weekdays of the six weeks before, over at most the first 28
    /// days of the anomaly.
    pub expected: Money,
    /// What it cost on these days.
    pub actual: Money,
    /// `actual - expected`.
    pub impact: Money,
    /// Its part of the change of all values of the dimension, at 4 decimals; above 1 where others changed the other
    /// way.
    pub share: Option<Quantity>,
}

/// How metered usage of the same scope went during an anomaly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AnomalyUsage {
    /// Whether usage of some meter changed in the same direction, and by at least half as many percent as the cost:
    /// traffic explains it. None where no meter had any usage before.
    pub changed_with_usage: Option<bool>,
    /// Those meters that changed most, at most five.
    pub meters: Vec<UsageChange>,
}

/// How the usage of a meter went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UsageChange {
    /// The meter, by its key in answers about usage.
    pub meter: String,
    /// What was to be expected: the mean of the same weekdays of the six weeks before, at 4 decimals.
    pub expected: Quantity,
    /// What there was.
    pub actual: Quantity,
    /// The change in percent, at 2 decimals.
    pub change_pct: Option<Quantity>,
}

impl CostAnomaly {
    /// An anomaly as it is told, before anybody looked at what drove it and what was said of it.
    ///
    /// # Errors
    /// Whatever `name` gives.
    pub(crate) fn new(found: &Found, dimensions: &[Dimension], name: NameOf<'_>) -> Result<Self> {
        let values: Vec<Option<&str>> = found.values.iter().map(Option::as_deref).collect();
        let days = found.end.signed_duration_since(found.start).num_days() + 1;
        Ok(Self {
            id: found.id,
            start: found.start,
            end: found.end,
            duration_days: u64::try_from(days).unwrap_or(1),
            group: named(dimensions, &values, name)?,
            expected: found.expected,
            actual: found.actual,
            impact: found.impact,
            impact_pct: change_pct(Some(found.actual), Some(found.expected)).unwrap_or_default(),
            score: found.score,
            direction: found.direction,
            kind: found.kind,
            ongoing: found.ongoing,
            drivers: Vec::new(),
            usage: None,
            feedback: None,
            recurs: None,
        })
    }
}

impl CostAnomalies {
    /// The answer, of that many anomalies of which these are told.
    pub(crate) fn new(
        search: &AnomalySearch<'_>,
        found: FoundAnomalies,
        (anomalies, count): (Vec<CostAnomaly>, usize),
        detector: &str,
    ) -> Self {
        let request = search.request;
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let asked = found.asked;
        let (groups_judged, groups_too_short) = found.groups;
        Self {
            anomalies,
            count: size(count),
            period: AnomalyPeriod {
                days: size(asked.len()),
                start: search.history.date(asked.start),
                end: search.history.date(asked.end.saturating_sub(1)),
                threshold: request.threshold.unwrap_or(Quantity::from_units(2)),
                minimum_impact: request.minimum_impact.unwrap_or_default(),
            },
            groups_judged,
            groups_too_short,
            detector: detector.to_owned(),
            time_zone: request.time_zone,
            currency: found.currency,
            view: request.view,
            data_health: found.data_health,
            snapshot: found.snapshot,
        }
    }
}
