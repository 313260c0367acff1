//! What became of deliveries, and sending them again.

use super::super::{Finops, Page};
use crate::edge::store::outbox::DeliveryFilter;
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::model::webhook::{Delivery, DeliveryState};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// How many deliveries are looked through at a time.
const PAGE: u64 = 1_000;

/// Which deliveries to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryList {
    /// Only those to that webhook, also when it was deleted.
    pub id: Option<Id<id::Webhook>>,
    /// Only those of that event.
    pub event_id: Option<Id<id::Event>>,
    /// Only those in that state.
    pub state: Option<DeliveryState>,
    /// Only those of events that happened then or later.
    pub since: Option<Stamp>,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl DeliveryList {
    pub(in crate::engine) const FIELDS: &'static [&'static str] =
        &["id", "event_id", "state", "since", "limit", "offset"];
}

/// What to send again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WebhookRedeliver {
    /// To which webhook.
    pub id: Id<id::Webhook>,
    /// This event, whatever became of it.
    #[serde(default)]
    pub event_id: Option<Id<id::Event>>,
    /// All events from then on that were given up.
    #[serde(default)]
    pub since: Option<Stamp>,
}

impl WebhookRedeliver {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["id", "event_id", "since"];

    /// One event.
    pub const fn event(id: Id<id::Webhook>, event_id: Id<id::Event>) -> Self {
        Self { id, event_id: Some(event_id), since: None }
    }

    /// All events from then on that were given up: after a long outage.
    pub const fn since(id: Id<id::Webhook>, since: Stamp) -> Self {
        Self { id, event_id: None, since: Some(since) }
    }
}

/// How many deliveries begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Redelivering {
    /// How many.
    pub deliveries: u64,
}

impl Finops {
    /// A page of deliveries with the log of their attempts, those of the latest events first.
    ///
    /// ```
    /// use finops_core::engine::DeliveryList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.webhooks_deliveries(&DeliveryList::default())?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn webhooks_deliveries(&self, request: &DeliveryList) -> Result<Page<Delivery>> {
        self.permit("webhooks.deliveries")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (limit, offset) = (size(limit.unwrap_or(DEFAULT_LIMIT)), size(offset));
        let DeliveryList { id: webhook, event_id: event, state, since, .. } = *request;
        let filter = DeliveryFilter { webhook, event, state, since };
        let (count, items) = self.store.outbox()?.deliveries(&filter, limit, offset)?;
        Ok(Page { count, limit, offset, items })
    }

    /// Has deliveries begin anew, with all attempts and under the same ids: one event, or all from an instant on that
    /// were given up. The next run sends them.
    ///
    /// # Errors
    /// `invalid_argument` unless either an event or an instant is given; `not_found` for a webhook that does not exist,
    /// and an event that it was not to be told of; `conflict` when the webhook is not enabled, the one delivery was not
    /// tried yet, and on a handle for reading.
    pub fn webhooks_redeliver(&self, request: &WebhookRedeliver) -> Result<Redelivering> {
        self.permit("webhooks.redeliver")?;
        let _alone = self.telling.alone();
        self.enabled_webhook(request.id)?;
        let (outbox, now) = (self.store.outbox()?, self.clock.now());
        let again = |event| outbox.change_delivery(request.id, event, &mut |before| before.redelivered(now));
        match (request.event_id, request.since) {
            (Some(event), None) => again(event).map(|_| Redelivering { deliveries: 1 }),
            (None, Some(since)) => {
                let given_up = self.given_up(request.id, since)?;
                for event in &given_up {
                    unless_over(again(*event))?;
                }
                Ok(Redelivering { deliveries: u64::try_from(given_up.len()).unwrap_or(u64::MAX) })
            }
            _ => Err(Error::invalid("event_id", "give either `event_id` or `since`")),
        }
    }

    /// The events that were given up, in the order in which they happened.
    fn given_up(&self, webhook: Id<id::Webhook>, since: Stamp) -> Result<Vec<Id<id::Event>>> {
        let outbox = self.store.outbox()?;
        let mut events = Vec::new();
        for state in [DeliveryState::Failed, DeliveryState::Disabled] {
            let filter = DeliveryFilter { webhook: Some(webhook), state: Some(state), since: Some(since), event: None };
            let mut seen = 0;
            loop {
                let (count, found) = outbox.deliveries(&filter, PAGE, seen)?;
                events.extend(found.into_iter().map(|delivery| delivery.event_id));
                seen += PAGE;
                if seen >= count {
                    break;
                }
            }
        }
        events.sort_unstable();
        Ok(events)
    }
}

/// What somebody else changed meanwhile is as it should be.
pub(super) fn unless_over(changed: Result<Delivery>) -> Result<()> {
    match changed {
        Err(error) if matches!(error.code(), ErrorCode::Conflict | ErrorCode::NotFound) => Ok(()),
        changed => changed.map(drop),
    }
}
