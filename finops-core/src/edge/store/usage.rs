//! What the engine asks of a store that keeps usage.

use crate::Result;
use crate::model::audit::Change;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{EventKey, MeterSet, Outcome, Policy, UsageEvent};
use crate::pipeline::metering::{PageKey, Rollups};
use serde::Serialize;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

/// How a store's usage is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct UsageStatus {
    /// How many events were ever accepted.
    pub events: u64,
    /// How many batches there are.
    pub batches: u64,
    /// How many of the events came after the last checkpoint: opening counts them again after a crash.
    pub events_behind: u64,
    /// How many bytes of memory fingerprints and pages take.
    pub memory_bytes: u64,
    /// Why the last checkpoint failed; it is tried again with later events.
    pub checkpoint_failed: Option<String>,
}

/// What was dropped or brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct UsageTidied {
    /// How many batches are gone.
    pub batches: u64,
    /// How many events were in them.
    pub events: u64,
}

/// How far usage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageMark {
    /// How many events were ever accepted.
    pub events: u64,
    /// How many were voided or corrected, as often as that was done.
    pub changes: u64,
}

/// What is given of each event: its place in the order of arrival, and the event.
pub type VisitEvent<'v> = &'v mut dyn FnMut(u64, &UsageEvent) -> Result<()>;

/// What is done with the meters.
pub type ChangeMeters<'c> = &'c mut dyn FnMut(&mut MeterSet) -> Result<()>;

/// What the engine asks of a store that keeps usage.
///
/// A batch that is damaged is an error that names it, for whatever needs it; what does not need it still works.
pub trait UsageStore: Debug + Send + Sync {
    /// Counts the events that are new, durably, and says what became of each, in order. Calls of several threads share
    /// a commit. Whatever is wrong with an event is said of that event; a call that fails counts none of them.
    ///
    /// # Errors
    /// `invalid_argument` for more than 100,000 events; `conflict` when the store was opened for reading; `storage`.
    fn record(&self, events: Arc<Vec<UsageEvent>>, now: Stamp) -> Result<Vec<Outcome>>;

    /// Gives what meters counted, with the pages of these ranges of the present state.
    ///
    /// # Errors
    /// `storage`, and whatever `read` gives.
    fn counted(&self, pages: &[Range<PageKey>], read: &mut dyn FnMut(&Rollups) -> Result<()>) -> Result<()>;

    /// The meters.
    ///
    /// # Errors
    /// `storage`.
    fn meters(&self) -> Result<Arc<MeterSet>>;

    /// Changes the meters that are not built in, writes so into the log of changes, and counts what is left of the
    /// events of those that were created or changed.
    ///
    /// # Errors
    /// Whatever `change` gives; `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn change_meters(&self, by: &Change, change: ChangeMeters<'_>) -> Result<()>;

    /// Gives the events whose time lies in the interval, in the order of their arrival, as they are now: what was
    /// voided is left out, what was corrected stands in the place of what it corrects.
    ///
    /// # Errors
    /// `storage`, and whatever `visit` gives.
    fn scan_usage(&self, interval: Interval, visit: VisitEvent<'_>) -> Result<()>;

    /// How far usage is, as far as it is durable.
    ///
    /// # Errors
    /// `storage`.
    fn usage_mark(&self) -> Result<UsageMark>;

    /// Gives every event that came after the mark, and of those that were voided or corrected after it what they were
    /// and what they are; says how far that is. Events that were dropped are left out.
    ///
    /// # Errors
    /// `storage`, and whatever `visit` gives.
    fn usage_since(&self, after: UsageMark, visit: &mut dyn FnMut(&UsageEvent) -> Result<()>) -> Result<UsageMark>;

    /// The event of that key as it is now.
    ///
    /// # Errors
    /// `not_found` when there is none, it was voided or its batch was dropped; `storage`.
    fn usage_event(&self, key: EventKey<'_>) -> Result<UsageEvent>;

    /// Takes an event out of everything that counted it, and writes so into the log of changes; whether it was still
    /// in. It stays known: sending it again counts nothing.
    ///
    /// # Errors
    /// `not_found` when there is no event of that key, or it is older than what can still be changed; `conflict` when
    /// the store was opened for reading; `storage`.
    fn void_usage(&self, key: EventKey<'_>, by: &Change) -> Result<bool>;

    /// Puts an event in the place of the one with the same key, and writes so into the log of changes; whether it says
    /// anything else.
    ///
    /// # Errors
    /// `invalid_argument` for an event that meters cannot count; else as [`UsageStore::void_usage`], and `conflict`
    /// when it was voided.
    fn correct_usage(&self, event: UsageEvent, by: &Change) -> Result<bool>;

    /// Writes what opening would otherwise count again. Dropping the store does it as well.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then it can be tried again.
    fn checkpoint_usage(&self, now: Stamp) -> Result<()>;

    /// Drops the events of batches that ended before that instant; what was counted of them stays.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn drop_usage(&self, before: Stamp, now: Stamp) -> Result<UsageTidied>;

    /// Brings small batches that follow each other into larger ones.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then what was done so far stays.
    fn compact_usage(&self) -> Result<UsageTidied>;

    /// How late and how early events may come, and for how long a repeated one is known.
    fn usage_policy(&self) -> Policy;

    /// How it is.
    ///
    /// # Errors
    /// `storage`.
    fn usage_status(&self) -> Result<UsageStatus>;
}
