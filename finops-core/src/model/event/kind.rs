//! What an event is about.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What an event is about. Its word is the `type` that receivers get; it names the schema of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
#[non_exhaustive]
pub enum EventKind {
    /// A budget crossed a threshold below 100 %, or one on what is forecast.
    BudgetWarning,
    /// What a budget has spent crossed a threshold of 100 % or more.
    BudgetExceeded,
    /// A budget's spend fell back below a threshold that it had crossed.
    BudgetRecovered,
    /// Costs were other than expected.
    AnomalyDetected,
    /// A report was written.
    ReportGenerated,
    /// A way to save was found.
    RecommendationAvailable,
    /// Somebody tried out a webhook. It is sent to that one, whatever it wants to be told of.
    WebhookTest,
}

impl EventKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::BudgetWarning,
        Self::BudgetExceeded,
        Self::BudgetRecovered,
        Self::AnomalyDetected,
        Self::ReportGenerated,
        Self::RecommendationAvailable,
        Self::WebhookTest,
    ];

    /// Its word, such as `finops.budget.warning`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BudgetWarning => "finops.budget.warning",
            Self::BudgetExceeded => "finops.budget.exceeded",
            Self::BudgetRecovered => "finops.budget.recovered",
            Self::AnomalyDetected => "finops.anomaly.detected",
            Self::ReportGenerated => "finops.report.generated",
            Self::RecommendationAvailable => "finops.recommendation.available",
            Self::WebhookTest => "finops.webhook.test",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<EventKind> for &'static str {
    fn from(kind: EventKind) -> Self {
        kind.as_str()
    }
}

impl FromStr for EventKind {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            let word: String = word.chars().take(80).collect();
            Error::invalid("type", format!("must be one of {known}, got '{word}'"))
        })
    }
}

impl TryFrom<String> for EventKind {
    type Error = Error;

    fn try_from(word: String) -> Result<Self> {
        word.parse().map_err(|error: Error| Error::new(error.code(), error.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_and_follow_the_specification() {
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse::<EventKind>().unwrap(), kind);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
            let parts: Vec<&str> = kind.as_str().split('.').collect();
            assert!(parts.len() == 3 && parts[0] == "finops", "{kind}");
            assert!(kind.as_str().chars().all(|char| char.is_ascii_lowercase() || char == '.'), "{kind}");
        }
        let error = serde_json::from_str::<EventKind>("\"finops.budget\"").unwrap_err().to_string();
        assert!(error.contains("finops.budget.warning") && error.contains("got 'finops.budget'"), "{error}");
    }
}
