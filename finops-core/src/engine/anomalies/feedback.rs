//! What people say of anomalies: kept in the store, apart for each narrowing.

use crate::engine::Finops;
use crate::insight::cost_anomalies::Found;
use crate::model::anomaly::{AnomalyFeedback, Feedback, MAX_FEEDBACK};
use crate::model::id::{self, Id};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

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
    /// `invalid_argument` for a note that is too long, or one without feedback; `conflict` beyond 10,000 anomalies of
    /// which something was said on handles of the same narrowing, and on a handle for reading.
    pub fn costs_anomaly_feedback(&self, give: AnomalyFeedbackGive) -> Result<FeedbackKept> {
        self.permit("costs.anomaly_feedback")?;
        let (id, change, narrowing) = (give.id, self.change(), self.narrowing_text());
        let Some(feedback) = give.feedback else {
            if give.note.is_some() {
                return Err(Error::invalid("note", "goes with feedback: say what it was as well"));
            }
            self.store.delete_feedback(&narrowing, id, &change)?;
            return Ok(FeedbackKept { id, feedback: None });
        };
        let given = AnomalyFeedback::new(id, feedback, give.note, (change.actor.clone(), change.at))?;
        let _alone = self.anomalies.alone();
        self.refuse_more_feedback(&narrowing, id)?;
        self.store.put_feedback(&narrowing, &given, &change)?;
        Ok(FeedbackKept { id, feedback: Some(given) })
    }

    /// Refuses what is said of one anomaly more than a narrowing may say something of.
    fn refuse_more_feedback(&self, narrowing: &str, id: Id<id::Anomaly>) -> Result<()> {
        match self.store.feedback_beside(narrowing, id)? {
            (count, Some(earliest)) if count >= MAX_FEEDBACK => {
                let message = format!(
                    "something was said of {MAX_FEEDBACK} anomalies already: take back what is no longer needed, by \
                     calls without feedback. The earliest is {earliest}"
                );
                Err(Error::new(ErrorCode::Conflict, message))
            }
            _ => Ok(()),
        }
    }

    /// What was said on handles of a narrowing of what was found, and of the like of it.
    pub(super) fn said_of(&self, narrowing: &str, found: &[Found]) -> Result<Said> {
        let kin = found.iter().flat_map(|found| found.kin.iter().map(|(id, _, _)| *id));
        let ids: HashSet<Id<id::Anomaly>> = found.iter().map(|found| found.id).chain(kin).collect();
        let Some((first, last)) = ids.iter().min().zip(ids.iter().max()) else { return Ok(Said::new()) };
        let given = self.store.feedback(narrowing, &(*first..=*last))?;
        let asked = given.into_iter().filter(|given| ids.contains(&given.anomaly_id));
        Ok(asked.map(|given| (given.anomaly_id, given)).collect())
    }

    /// What this handle is narrowed to; nothing where it sees everything.
    pub(super) fn narrowing_text(&self) -> String {
        self.access().map(|access| access.narrowing().text()).unwrap_or_default()
    }
}
