//! How a period stands: the health of a budget.

use super::threshold::{ThresholdPercent, Thresholds};
use crate::model::money::Money;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// How what has been spent in a period stands to the amount.
///
/// ```text
///              worsen: spending goes on, or the amount is lowered
///             ---------------------------------------------------->
///   ON_TRACK          WARNING          EXCEEDED          CRITICAL
///             <----------------------------------------------------
///              improve: a refund, a larger amount, a new period
/// ```
///
/// One step may pass over several. From each to a worse one leads `worsen`, to a better one `improve`; every other step
/// is a `conflict`. Whether spending goes on is no part of it: that is the [`Lifecycle`](super::Lifecycle).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Health {
    /// Below the lowest alert.
    #[default]
    OnTrack,
    /// At or above the lowest alert below 100 %; where there is none, at or above 80 %.
    Warning,
    /// At or above 100 %.
    Exceeded,
    /// At or above 120 %.
    Critical,
}

impl Health {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnTrack => "ON_TRACK",
            Self::Warning => "WARNING",
            Self::Exceeded => "EXCEEDED",
            Self::Critical => "CRITICAL",
        }
    }

    /// How an amount spent stands to the whole. Of a whole of 0, any amount above 0 is beyond every share.
    ///
    /// ```
    /// use finops_core::model::budget::{Health, Threshold, ThresholdPercent, Thresholds};
    ///
    /// let thresholds = Thresholds::new(vec![Threshold::alert(ThresholdPercent::new("75".parse()?)?)])?;
    /// assert_eq!(Health::of("75".parse()?, "100".parse()?, &thresholds), Health::Warning);
    /// assert_eq!(Health::of("100".parse()?, "100".parse()?, &thresholds), Health::Exceeded);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn of(spent: Money, whole: Money, thresholds: &Thresholds) -> Self {
        let steps = [
            (ThresholdPercent::CRITICAL, Self::Critical),
            (ThresholdPercent::WHOLE, Self::Exceeded),
            (thresholds.warning(), Self::Warning),
        ];
        let reached = steps.into_iter().find(|(percent, _)| percent.is_reached(spent, whole));
        reached.map_or(Self::OnTrack, |(_, health)| health)
    }

    /// Goes over to a worse one.
    ///
    /// # Errors
    /// `conflict` when that is not worse.
    pub fn worsen(self, to: Self) -> Result<Self> {
        if to > self { Ok(to) } else { self.refuse("worsen", to) }
    }

    /// Goes over to a better one.
    ///
    /// # Errors
    /// `conflict` when that is not better.
    pub fn improve(self, to: Self) -> Result<Self> {
        if to < self { Ok(to) } else { self.refuse("improve", to) }
    }

    fn refuse(self, step: &str, to: Self) -> Result<Self> {
        let message = format!("cannot {step} from {} to {}", self.as_str(), to.as_str());
        Err(Error::new(ErrorCode::Conflict, message).with_field("status"))
    }
}
