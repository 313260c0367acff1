//! What people say of an anomaly.

use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Of how many anomalies something may be said on the handles of one narrowing: of a tenant, say.
pub const MAX_FEEDBACK: u64 = 10_000;
/// How long a note may be, in bytes.
const MAX_NOTE_BYTES: usize = 4_096;

/// What somebody thinks of an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Feedback {
    /// It was to be expected, such as a yearly fee. When the like comes again, nobody is told.
    Expected,
    /// It was not worth being told.
    NotUseful,
    /// It was good to know.
    Useful,
}

/// What was said of an anomaly, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AnomalyFeedback {
    /// Of which.
    pub anomaly_id: Id<id::Anomaly>,
    /// What.
    pub feedback: Feedback,
    /// Why, at most 4096 bytes.
    pub note: Option<String>,
    /// Who said it: the id of a user, or what the host calls itself.
    pub given_by: String,
    /// When.
    pub given_at: Stamp,
}

impl AnomalyFeedback {
    /// What somebody says of an anomaly.
    ///
    /// # Errors
    /// `invalid_argument` for a note that is too long.
    pub fn new(
        anomaly_id: Id<id::Anomaly>,
        feedback: Feedback,
        note: Option<String>,
        (given_by, given_at): (String, Stamp),
    ) -> Result<Self> {
        if note.as_ref().is_some_and(|note| note.len() > MAX_NOTE_BYTES) {
            return Err(Error::invalid("note", format!("must have at most {MAX_NOTE_BYTES} bytes")));
        }
        let note = note.filter(|note| !note.trim().is_empty());
        Ok(Self { anomaly_id, feedback, note, given_by, given_at })
    }
}
