//! Usage as callers in Rust report, change and keep it.

use super::Finops;
use super::recorder::{Recorder, RecorderOptions};
use crate::Result;
use crate::edge::store::usage::{UsageStatus, UsageTidied};
use crate::model::llm::TokenKind;
use crate::model::time::Stamp;
use crate::model::usage::{EventKey, Outcome, Rejection, UsageEvent};
use std::sync::Arc;

/// Events that the caller keeps until they are durable.
type Shared = Arc<Vec<UsageEvent>>;

impl Finops {
    /// Counts events durably and says what became of each, in order. An event that came before counts once, however
    /// often it comes. Calls of several threads share a commit.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::money::Quantity;
    /// use finops_core::model::time::Stamp;
    /// use finops_core::model::usage::{Outcome, UsageEvent};
    ///
    /// let now = Stamp::parse("2024-01-01T00:00:00Z")?;
    /// let finops = Finops::builder().now(now).open(":memory:")?;
    /// let event = || UsageEvent::new("request-1", now, "api_calls", Quantity::from_units(1), "acme");
    /// assert_eq!(finops.record_events(vec![event(), event()])?, [Outcome::Accepted, Outcome::Duplicate]);
    /// assert_eq!(finops.record_events(vec![event()])?, [Outcome::Duplicate]);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for more than 100,000 events; `conflict` when the store was opened for reading; `storage`.
    /// Then none was counted, and all can be reported again.
    pub fn record_events(&self, events: Vec<UsageEvent>) -> Result<Vec<Outcome>> {
        self.permit("record_usage")?;
        self.record_shared(Arc::new(events))
    }

    /// The same for events that the caller keeps until they are durable.
    pub(super) fn record_shared(&self, events: Arc<Vec<UsageEvent>>) -> Result<Vec<Outcome>> {
        let (events, rejections) = self.completed(events)?;
        let outcomes = self.store.usage()?.record(events, self.clock.now())?;
        if outcomes.contains(&Outcome::Accepted) {
            self.is_due();
            self.follow_after();
        }
        let mut outcomes = outcomes.into_iter();
        if rejections.is_empty() {
            return Ok(outcomes.collect());
        }
        let outcome = |rejection: Option<_>| rejection.map(Outcome::Rejected).or_else(|| outcomes.next());
        Ok(rejections.into_iter().filter_map(outcome).collect())
    }

    /// Events as they are counted: requests to language models get what their meters need, and those that cannot be
    /// priced are left out, as are those of other tenants. What is said of each is empty where that is about none.
    fn completed(&self, mut events: Shared) -> Result<(Shared, Vec<Option<Rejection>>)> {
        let asks_models = events.iter().any(|event| event.resource == TokenKind::RESOURCE);
        if !asks_models && !events.iter().any(|event| self.is_foreign(event)) {
            return Ok((events, Vec::new()));
        }
        let own = Arc::make_mut(&mut events);
        let mut rejections = if asks_models { self.complete_requests(own)? } else { vec![None; own.len()] };
        self.reject_foreign(own, &mut rejections);
        let mut place = 0;
        own.retain(|_| {
            place += 1;
            rejections.get(place - 1).is_none_or(Option::is_none)
        });
        Ok((events, rejections))
    }

    /// Something that takes events one by one on hot paths and reports them in batches.
    ///
    /// # Errors
    /// `invalid_argument` for options that are out of range; `not_found` when the store keeps no usage.
    pub fn recorder(&self, options: RecorderOptions) -> Result<Recorder> {
        self.permit("record_usage")?;
        self.store.usage()?;
        Recorder::new(self.clone(), options)
    }

    /// Takes an event out of everything that counted it; whether it was still in.
    ///
    /// # Errors
    /// `not_found` when there is no such event, or what it was counted in can no longer be changed; `conflict` when the
    /// store was opened for reading; `storage`.
    pub fn void_event(&self, key: EventKey<'_>) -> Result<bool> {
        self.permit("void_usage")?;
        self.refuse_foreign(key)?;
        let changed = self.store.usage()?.void_usage(key, &self.change())?;
        self.is_due();
        self.follow_after();
        Ok(changed)
    }

    /// Puts an event in the place of the one with the same tenant, source and id; whether it says anything else.
    ///
    /// # Errors
    /// `invalid_argument` for an event that meters cannot count; `conflict` when it was voided; else as
    /// [`Finops::void_event`].
    pub fn correct_event(&self, event: UsageEvent) -> Result<bool> {
        self.permit("correct_usage")?;
        self.refuse_foreign(event.key())?;
        let changed = self.store.usage()?.correct_usage(event, &self.change())?;
        self.is_due();
        self.follow_after();
        Ok(changed)
    }

    /// Writes what opening would otherwise count again.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`.
    pub fn checkpoint_usage(&self) -> Result<()> {
        self.permit("usage.compact")?;
        self.store.usage()?.checkpoint_usage(self.clock.now())
    }

    /// Drops events that happened before that instant, batch by batch; what was counted of them stays.
    ///
    /// # Errors
    /// As [`Finops::checkpoint_usage`]; then nothing has changed.
    pub fn drop_events(&self, before: Stamp) -> Result<UsageTidied> {
        self.permit("usage.drop")?;
        // What is dropped must have become charges before.
        self.settle_all()?;
        self.store.usage()?.drop_usage(before, self.clock.now())
    }

    /// Brings small batches of events together.
    ///
    /// # Errors
    /// As [`Finops::checkpoint_usage`].
    pub fn compact_events(&self) -> Result<UsageTidied> {
        self.permit("usage.compact")?;
        self.store.usage()?.compact_usage()
    }

    /// How usage is kept.
    ///
    /// # Errors
    /// `storage`.
    pub fn usage_status(&self) -> Result<UsageStatus> {
        self.permit("usage.status")?;
        self.store.usage()?.usage_status()
    }
}
