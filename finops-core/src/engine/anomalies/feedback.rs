//! What people say of anomalies: kept in the store, apart for each narrowing.

use crate::edge::store::Defined;
use crate::engine::Finops;
use crate::model::anomaly::{AnomalyFeedback, Feedback};
use crate::model::id::{self, Id};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What was said of each anomaly.
pub(super) type Said = HashMap<Id<id::Anomaly>, AnomalyFeedback>;

/// What somebody says of an anomaly.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AnomalyFeedbackGive {
    /// Of which.
    pub id: Id<id::Anomaly>,
    /// What; none takes back what was said.
    #[serde(default)]
    pub feedback: Option<Feedback>,
    /// Why, at most 4096 bytes.
    #[serde(default)]
    pub note: Option<String>,
}

impl AnomalyFeedbackGive {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["id", "feedback", "note"];

    /// That it was so, without a note.
    pub const fn new(id: Id<id::Anomaly>, feedback: Feedback) -> Self {
        Self { id, feedback: Some(feedback), note: None }
    }
}

/// What is said of an anomaly from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FeedbackKept {
    /// Of which.
    pub id: Id<id::Anomaly>,
    /// What; none when nothing is.
    pub feedback: Option<AnomalyFeedback>,
}

impl Finops {
    /// Remembers what somebody says of an anomaly; without feedback, forgets what was said. Each narrowing has its own:
    /// what a tenant says is shown to that tenant, and the platform says for itself.
    ///
    /// What was to be expected is announced to nobody any more, and neither is the like of it: an anomaly of the same
    /// group and direction that begins whole months later, at most a day off the same day of the month, and is no more
    /// than half as large again.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::AnomalyFeedbackGive;
    /// use finops_core::model::anomaly::Feedback;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let id = "ano_01hr5zqg000000000000000000".parse()?;
    /// let kept = finops.costs_anomaly_feedback(AnomalyFeedbackGive::new(id, Feedback::Expected))?;
    /// assert_eq!(kept.feedback.map(|given| given.feedback), Some(Feedback::Expected));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a note that is too long, or one without feedback; `conflict` on a handle for reading.
    pub fn costs_anomaly_feedback(&self, give: AnomalyFeedbackGive) -> Result<FeedbackKept> {
        self.permit("costs.anomaly_feedback")?;
        let (id, change) = (give.id, self.change());
        let key = self.feedback_key(id);
        let Some(feedback) = give.feedback else {
            if give.note.is_some() {
                return Err(Error::invalid("note", "goes with feedback: say what it was as well"));
            }
            self.store.delete_definition(Defined::AnomalyFeedback, &key, &change)?;
            return Ok(FeedbackKept { id, feedback: None });
        };
        let given = AnomalyFeedback::new(id, feedback, give.note, (change.actor.clone(), change.at))?;
        let body = serde_json::to_string(&given).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        self.store.put_definitions(Defined::AnomalyFeedback, &[(key, body)], &change)?;
        Ok(FeedbackKept { id, feedback: Some(given) })
    }

    /// What was said on handles that are narrowed like this one.
    pub(super) fn feedback_given(&self) -> Result<Said> {
        self.feedback_of(&self.narrowing_text())
    }

    /// What was said on handles that are narrowed like that.
    pub(super) fn feedback_of(&self, narrowing: &str) -> Result<Said> {
        let mut said = Said::new();
        for definition in self.store.definitions(Defined::AnomalyFeedback)? {
            if definition.key.split_once('/').map_or("", |(_, narrowing)| narrowing) != narrowing {
                continue;
            }
            let given: AnomalyFeedback = serde_json::from_str(&definition.body).map_err(|error| {
                Error::new(ErrorCode::Storage, format!("feedback in the store cannot be read: {error}"))
            })?;
            said.insert(given.anomaly_id, given);
        }
        Ok(said)
    }

    /// The id comes first, so that no narrowing looks like a part of another one.
    fn feedback_key(&self, id: Id<id::Anomaly>) -> String {
        match self.narrowing_text() {
            narrowing if narrowing.is_empty() => id.to_string(),
            narrowing => format!("{id}/{narrowing}"),
        }
    }

    /// What this handle is narrowed to; nothing where it sees everything.
    pub(super) fn narrowing_text(&self) -> String {
        self.access().map(|access| access.narrowing().text()).unwrap_or_default()
    }
}
