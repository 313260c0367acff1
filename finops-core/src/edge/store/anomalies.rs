//! What a store keeps of anomalies of costs: what was said of them, and who was told. They themselves follow from
//! charges.

use super::KeptAnnouncement;
use crate::Result;
use crate::model::anomaly::AnomalyFeedback;
use crate::model::audit::Change;
use crate::model::event::OutboxEvent;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use std::ops::RangeInclusive;

/// The part of a [`Store`](super::Store) that is about anomalies.
pub trait AnomalyStore {
    /// What was said of anomalies on handles of a narrowing, from one id to another inclusive, in the order of ids.
    ///
    /// # Errors
    /// `storage`.
    fn feedback(&self, narrowing: &str, anomalies: &RangeInclusive<Id<id::Anomaly>>) -> Result<Vec<AnomalyFeedback>>;

    /// Of how many anomalies but that one something was said on handles of a narrowing, and the lowest id of them.
    ///
    /// # Errors
    /// `storage`.
    fn feedback_beside(&self, narrowing: &str, anomaly: Id<id::Anomaly>) -> Result<(u64, Option<Id<id::Anomaly>>)>;

    /// Writes what is said of an anomaly on a handle of a narrowing, in place of what was said before on such handles,
    /// and writes so into the log of changes.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn put_feedback(&self, narrowing: &str, said: &AnomalyFeedback, by: &Change) -> Result<()>;

    /// Removes what was said of an anomaly on handles of a narrowing, and writes so into the log of changes; says
    /// whether there was anything.
    ///
    /// # Errors
    /// As [`AnomalyStore::put_feedback`].
    fn delete_feedback(&self, narrowing: &str, anomaly: Id<id::Anomaly>, by: &Change) -> Result<bool>;

    /// The announcements by monitors of a narrowing, of anomalies that begin at an instant or later, in the order of
    /// their ids.
    ///
    /// # Errors
    /// `storage`.
    fn announced(&self, narrowing: &str, since: Stamp) -> Result<Vec<KeptAnnouncement>>;

    /// Writes announcements, each with its event and a delivery for each webhook that wants it, but for those of
    /// anomalies that were announced before to the same narrowing: all of it or nothing. Gives how many were new.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn announce(&self, announcements: &[(KeptAnnouncement, OutboxEvent)]) -> Result<u64>;
}
