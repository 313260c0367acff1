//! Events, through the engine: reading them, and telling those within the process.
//!
//! Sinks are called by `webhooks.deliver` and by `tick`, on the thread of whoever calls, and by nothing else: no
//! operation calls back in the middle of what it does. Each sink is told of every event that was written after it came,
//! in their order, one by one. With an error it keeps its place, and so is told again; the others go on.

use super::Finops;
use super::webhooks::WebhookRun;
use crate::edge::notify::EventSink;
use crate::edge::store::outbox::EventFilter;
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::event::{EventKind, RecordedEvent};
use crate::model::id::{self, Id};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many events are read at a time.
const PAGE: u64 = 100;
/// How many sinks there may be.
const MAX_SINKS: usize = 100;

/// Which events to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventList {
    /// Only those that were written after that one.
    pub after: Option<Id<id::Event>>,
    /// Only those of that kind.
    pub r#type: Option<EventKind>,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
}

impl EventList {
    pub(super) const FIELDS: &'static [&'static str] = &["after", "type", "limit"];
}

/// Events in the order in which they were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EventPage {
    /// The events.
    pub items: Vec<RecordedEvent>,
    /// What to give as `after` for those that come next; null before the first event.
    pub after: Option<Id<id::Event>>,
}

/// A sink that is told of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subscription(u64);

impl Subscription {
    /// The subscription of a number, as bindings keep it.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

#[derive(Clone)]
struct Told {
    sink: Arc<dyn EventSink>,
    /// The last event that it was told of, or that was there before it came.
    up_to: u64,
}

/// Who is told of events in this process.
#[derive(Default)]
pub(super) struct Sinks {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    sinks: BTreeMap<u64, Told>,
}

impl fmt::Debug for Sinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sinks").field("sinks", &self.state().sinks.len()).finish_non_exhaustive()
    }
}

impl Sinks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<(u64, Told)> {
        self.state().sinks.iter().map(|(number, told)| (*number, told.clone())).collect()
    }

    /// Notes what a sink was told of; whether it is still there.
    fn moved(&self, number: u64, up_to: u64) -> bool {
        let mut state = self.state();
        let Some(told) = state.sinks.get_mut(&number) else { return false };
        told.up_to = up_to;
        true
    }

    /// The last event that all sinks were told of; none without sinks.
    pub(super) fn told_up_to(&self) -> Option<u64> {
        self.state().sinks.values().map(|told| told.up_to).min()
    }
}

impl Finops {
    /// Events in the order in which they were written, of the last 30 days. `after` of the answer leads on, and loses
    /// nothing: whoever keeps it is told of each event once, also over restarts.
    ///
    /// ```
    /// use finops_core::engine::EventList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert!(finops.events_list(&EventList::default())?.items.is_empty());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000; `not_found` for an event that is not there, or not any more.
    pub fn events_list(&self, request: &EventList) -> Result<EventPage> {
        self.permit("events.list")?;
        let (limit, _) = page(request.limit, None)?;
        let limit = u64::try_from(limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(u64::MAX);
        let outbox = self.store.outbox()?;
        let after = request.after.map(|after| outbox.event_number(after)?.ok_or_else(|| unknown(after))).transpose()?;
        let items = outbox.events(&EventFilter { after, kind: request.r#type }, limit)?;
        let after = items.last().map(|event| event.id).or(request.after);
        Ok(EventPage { items, after })
    }

    /// Has a sink told of every event that is written from now on, by `webhooks.deliver` and by [`Finops::tick`], on
    /// the thread of whoever calls them. Clones of this engine share its sinks.
    ///
    /// # Errors
    /// `forbidden` on a narrowed handle; `conflict` beyond 100 sinks; `storage`.
    pub fn events_subscribe(&self, sink: Arc<dyn EventSink>) -> Result<Subscription> {
        self.permit("events.list")?;
        let up_to = self.store.outbox()?.last_event()?;
        let mut state = self.telling.sinks.state();
        if state.sinks.len() >= MAX_SINKS {
            return Err(Error::new(ErrorCode::Conflict, format!("there are {MAX_SINKS} sinks already: remove one")));
        }
        state.last += 1;
        let number = state.last;
        state.sinks.insert(number, Told { sink, up_to });
        Ok(Subscription(number))
    }

    /// Has a sink told of nothing more; whether it was told before.
    ///
    /// # Errors
    /// `forbidden` on a narrowed handle.
    pub fn events_unsubscribe(&self, subscription: Subscription) -> Result<bool> {
        self.permit("events.list")?;
        let removed = self.telling.sinks.state().sinks.remove(&subscription.0);
        Ok(removed.is_some())
    }

    /// Tells all sinks of what they were not told of yet. No lock is held while one is called.
    pub(super) fn tell_sinks(&self, run: &mut WebhookRun) -> Result<()> {
        let outbox = self.store.outbox()?;
        for (number, Told { sink, mut up_to }) in self.telling.sinks.all() {
            'sink: loop {
                let events = outbox.events(&EventFilter { after: Some(up_to), kind: None }, PAGE)?;
                if events.is_empty() {
                    break;
                }
                for event in events {
                    if let Err(error) = sink.on_event(&event) {
                        run.sink_errors.push(format!("a sink did not take {}: {error}", event.id));
                        break 'sink;
                    }
                    (up_to, run.told) = (event.number, run.told + 1);
                    if !self.telling.sinks.moved(number, up_to) {
                        break 'sink;
                    }
                }
            }
        }
        Ok(())
    }
}

fn unknown(event: Id<id::Event>) -> Error {
    let message = format!("there is no event '{event}': events are kept for 30 days, begin without `after`");
    Error::new(ErrorCode::NotFound, message).with_field("after")
}
