//! Alerts: thresholds that were crossed, each told of once.

use crate::model::budget::{Basis, Threshold, ThresholdPercent};
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};
use serde::{Deserialize, Serialize};

/// A threshold that was crossed in a period. For each threshold of a budget there is one in a period, which is kept so
/// that nobody is told of it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Which threshold.
    pub threshold: Threshold,
    /// The period in which it was crossed.
    pub period: Interval,
    /// The amount that the threshold came to.
    pub absolute: Money,
    /// What was compared with it: what had been spent, or what was forecast.
    pub measured: Money,
    /// When it was told of.
    pub fired_at: Stamp,
    /// When it was seen not to be crossed any more.
    pub recovered_at: Option<Stamp>,
    /// Whether it is told of anew when it is crossed again. So it is when not a refund but another amount of the budget
    /// led below it: the threshold is another one since.
    pub rearmed: bool,
}

impl Alert {
    /// Whether it was told of in that period. Where the days on which a budget starts anew are changed within a period,
    /// what was told of in that is not told of again in the one that takes over.
    pub(super) fn is_of(&self, period: Interval) -> bool {
        // What comes late, such as the last charges of a month, still belongs to its own period.
        let last = Stamp::from_micros(self.period.end().micros() - 1).unwrap_or(self.period.start());
        period.contains(self.fired_at.clamp(self.period.start(), last.max(self.period.start())))
    }
}

/// What became of a threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetEvent {
    /// It was crossed.
    Crossed(Alert),
    /// It is not crossed any more.
    Recovered(Alert),
}

impl BudgetEvent {
    /// The alert, as it is kept from now on.
    pub const fn alert(&self) -> &Alert {
        match self {
            Self::Crossed(alert) | Self::Recovered(alert) => alert,
        }
    }

    /// Whether it says that the amount itself has been spent; a forecast only warns.
    pub fn is_exceeded(&self) -> bool {
        let threshold = self.alert().threshold;
        matches!(self, Self::Crossed(_))
            && threshold.basis == Basis::Actual
            && threshold.percent >= ThresholdPercent::WHOLE
    }
}
