//! What anomalies of costs are asked for.

use crate::insight::anomaly::Settings;
use crate::insight::request::{GroupBy, Rates, request};
use crate::model::anomaly::Feedback;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::Zone;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How many days are asked about that does not say.
const DEFAULT_DAYS: i64 = 30;
/// How many days one may ask about at most.
const MAX_DAYS: i64 = 365;

/// Whether an anomaly is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AnomalyStatus {
    /// The next day may still belong to it.
    Ongoing,
    /// Costs are as expected again, or what is expected has followed them.
    Ended,
}

/// Which feedback to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FeedbackFilter {
    /// Those that were to be expected.
    Expected,
    /// Those that were not worth being told.
    NotUseful,
    /// Those that were good to know.
    Useful,
    /// Those of which nobody has said anything.
    None,
}

impl FeedbackFilter {
    /// Whether that is what is looked for.
    pub(crate) fn takes(self, given: Option<Feedback>) -> bool {
        match self {
            Self::Expected => given == Some(Feedback::Expected),
            Self::NotUseful => given == Some(Feedback::NotUseful),
            Self::Useful => given == Some(Feedback::Useful),
            Self::None => given.is_none(),
        }
    }
}

request! {
    /// What anomalies of costs are asked for.
    pub struct AnomaliesRequest {
        /// Anomalies that touch the last so many days, 1 to 365, today not counted; by default 30.
        pub days: Option<i64>,
        /// How far from the expected a day must lie, in half-widths of the 95 % band around it: above 0 and up to 100;
        /// by default 2, which is about 4 sigma.
        pub threshold: Option<Quantity>,
        /// What an anomaly must cost or save to be told, in the currency of the answer; by default 0.
        pub minimum_impact: Option<Money>,
        /// What to look at one by one: each group has anomalies of its own.
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
        /// Only those that go on, or are over.
        pub status: Option<AnomalyStatus>,
        /// Only those of which that was said.
        pub feedback: Option<FeedbackFilter>,
        /// How many anomalies to give, those of the largest impact, 1 to 100; by default 20.
        pub limit: Option<i64>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

impl AnomaliesRequest {
    /// How many anomalies an answer has that does not say.
    const DEFAULT_LIMIT: i64 = 20;
    /// How many it has at most: each takes a look at what drove it.
    const MAX_LIMIT: i64 = 100;

    /// How many days are asked about.
    pub(super) fn days(&self) -> Result<u16> {
        let days = self.days.unwrap_or(DEFAULT_DAYS);
        let wrong = || Error::invalid("days", format!("must be 1 to {MAX_DAYS}, got {days}"));
        u16::try_from(days).ok().filter(|_| (1..=MAX_DAYS).contains(&days)).ok_or_else(wrong)
    }

    /// How many anomalies to give.
    pub(crate) fn limit(&self) -> Result<usize> {
        let limit = self.limit.unwrap_or(Self::DEFAULT_LIMIT);
        let wrong = || Error::invalid("limit", format!("must be 1 to {}, got {limit}", Self::MAX_LIMIT));
        usize::try_from(limit).ok().filter(|_| (1..=Self::MAX_LIMIT).contains(&limit)).ok_or_else(wrong)
    }

    /// What counts as an anomaly. Today is never looked at, so that the last day is complete as far as time goes.
    pub(super) fn settings(&self) -> Result<Settings> {
        let usual = Settings::default();
        let settings = Settings {
            threshold: self.threshold.map_or(usual.threshold, Quantity::to_f64_nearest),
            minimum_impact: self.minimum_impact.map_or(usual.minimum_impact, Money::to_f64_nearest),
            incomplete_last: false,
        };
        settings.check()?;
        Ok(settings)
    }
}
