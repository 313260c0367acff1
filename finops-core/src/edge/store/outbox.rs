//! Events that others are told of, and their deliveries, as stores keep them.
//!
//! An event is written in the transaction of what caused it, together with a delivery for each webhook that wants it:
//! nothing is told that did not happen, and nothing that happened is lost. Sending is not the store's.

use crate::Result;
use crate::model::event::{EventKind, OutboxEvent, RecordedEvent};
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::model::webhook::{Delivery, DeliveryState};

/// Which events to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Only those that were written after that one.
    pub after: Option<u64>,
    /// Only those of that kind.
    pub kind: Option<EventKind>,
}

/// Which deliveries to read; by default all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    /// Only those to that webhook.
    pub webhook: Option<Id<id::Webhook>>,
    /// Only those of that event.
    pub event: Option<Id<id::Event>>,
    /// Only those in that state.
    pub state: Option<DeliveryState>,
    /// Only those of events that were written then or later.
    pub since: Option<Stamp>,
}

/// How much is due at a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueAt {
    /// Which.
    pub webhook: Id<id::Webhook>,
    /// How many deliveries.
    pub deliveries: u64,
}

/// A delivery that is due, and what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// The body, byte for byte the same with each attempt.
    pub body: String,
}

/// What becomes of a delivery. It is called while the store is held, and must not call back.
pub type ChangeDelivery<'c> = &'c mut dyn FnMut(&Delivery) -> Result<Delivery>;

/// A store that keeps events and deliveries.
pub trait OutboxStore: Send + Sync {
    /// Writes events that nothing else is written with, and a delivery for each enabled webhook that wants them; to
    /// `only`, where it is given, whatever it wants.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn record_events(&self, events: &[OutboxEvent], only: Option<Id<id::Webhook>>) -> Result<()>;

    /// Events in the order in which they were written.
    ///
    /// # Errors
    /// `storage`.
    fn events(&self, filter: &EventFilter, limit: u64) -> Result<Vec<RecordedEvent>>;

    /// The place of an event among all; none where it is not there, or not any more.
    ///
    /// # Errors
    /// `storage`.
    fn event_number(&self, id: Id<id::Event>) -> Result<Option<u64>>;

    /// The number of the event that was written last, also when it is not there any more; 0 before the first.
    ///
    /// # Errors
    /// `storage`.
    fn last_event(&self) -> Result<u64>;

    /// How many deliveries the filter takes, and a page of them: those of the latest events first.
    ///
    /// # Errors
    /// `storage`.
    fn deliveries(&self, filter: &DeliveryFilter, limit: u64, offset: u64) -> Result<(u64, Vec<Delivery>)>;

    /// Where something is due, what waits longest first.
    ///
    /// # Errors
    /// `storage`.
    fn due(&self, now: Stamp) -> Result<Vec<DueAt>>;

    /// Deliveries to a webhook that are due, what waits longest first.
    ///
    /// # Errors
    /// `storage`.
    fn due_deliveries(&self, webhook: Id<id::Webhook>, now: Stamp, limit: u64) -> Result<Vec<DueDelivery>>;

    /// Changes one delivery as it is now, and gives what it became.
    ///
    /// # Errors
    /// What `change` gives; `not_found` when there is none; `conflict` when the store was opened for reading;
    /// `storage`; then nothing has changed.
    fn change_delivery(
        &self,
        webhook: Id<id::Webhook>,
        event: Id<id::Event>,
        change: ChangeDelivery<'_>,
    ) -> Result<Delivery>;

    /// Forgets events of before that instant up to that number, and their deliveries; those stay of which a delivery is
    /// still to be sent. Gives how many events that were.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn forget_events(&self, before: Stamp, up_to: u64) -> Result<u64>;
}
