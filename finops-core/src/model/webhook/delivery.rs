//! A delivery: one event on its way to one webhook.

use super::retry::retry_delay_micros;
use crate::model::event::EventKind;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// How many attempts a delivery remembers, the latest.
pub const MAX_ATTEMPTS_KEPT: usize = 20;
/// "Gone": the receiver wants no more.
const GONE: u16 = 410;

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryState {
    /// It has not been tried yet.
    Pending,
    /// It failed, and is tried again.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// It failed for the last time.
    Failed,
    /// The receiver wants no more of anything, or the webhook was disabled or deleted.
    Disabled,
}

impl DeliveryState {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Disabled => "disabled",
        }
    }

    /// Whether it is still to be sent.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Waiting)
    }
}

/// What came of sending: the answer's status, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why it failed, in words that tell neither a secret nor the URL.
    pub error: Option<String>,
    /// When the receiver wants it again, in seconds from now.
    pub retry_after_seconds: Option<i64>,
}

impl Sent {
    /// An answer.
    pub const fn answered(status: u16) -> Self {
        Self { status: Some(status), error: None, retry_after_seconds: None }
    }

    /// No answer, and why.
    pub fn failed(error: impl Into<String>) -> Self {
        Self { status: None, error: Some(error.into()), retry_after_seconds: None }
    }

    /// Whether the receiver took it: a status of 200 to 299.
    pub fn is_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the receiver wants no more of anything.
    pub fn is_gone(&self) -> bool {
        self.status == Some(GONE)
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was made.
    pub at: Stamp,
    /// The status of the answer; null where there was none.
    pub status: Option<u16>,
    /// Why it failed; null where the status says it.
    pub error: Option<String>,
}

/// An event on its way to a webhook.
///
/// ```text
///                      taken
///    pending ─────────────────────────────► delivered
///       │  failed, attempts are left            ▲
///       ├──────────────► waiting ───────────────┤ taken
///       │                 │  ▲ └─┐ failed       │
///       │ 410, disabled,  │  └───┘              │
///       │ deleted         ├──► failed    after the last attempt
///       └─────────────────┴──► disabled  410, or the webhook is not there any more
///
///    waiting, delivered, failed, disabled ── redeliver ──► pending, with all attempts anew
/// ```
///
/// Everything else is a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Delivery {
    /// To which webhook.
    pub webhook_id: Id<id::Webhook>,
    /// Which event; receivers get it as `webhook-id`, the same with each attempt.
    pub event_id: Id<id::Event>,
    /// What the event is about.
    pub r#type: EventKind,
    /// How far it is.
    pub state: DeliveryState,
    /// How many attempts were made since it was last pending.
    pub attempts: u32,
    /// When it is tried next; null when it is over.
    pub next_attempt_at: Option<Stamp>,
    /// When it was made: with the event.
    pub created_at: Stamp,
    /// When it last changed.
    pub updated_at: Stamp,
    /// The latest 20 attempts, the first of them first.
    pub log: Vec<Attempt>,
}

impl Delivery {
    /// A delivery that is due at once.
    pub const fn new(
        webhook_id: Id<id::Webhook>,
        event_id: Id<id::Event>,
        r#type: EventKind,
        created_at: Stamp,
    ) -> Self {
        Self {
            webhook_id,
            event_id,
            r#type,
            state: DeliveryState::Pending,
            attempts: 0,
            next_attempt_at: Some(created_at),
            created_at,
            updated_at: created_at,
            log: Vec::new(),
        }
    }

    /// What becomes of it by an attempt that was made then. `random` spreads the time of the next one.
    ///
    /// ```
    /// use finops_core::model::event::EventKind;
    /// use finops_core::model::id::Id;
    /// use finops_core::model::time::Stamp;
    /// use finops_core::model::webhook::{Delivery, DeliveryState, Sent};
    ///
    /// let at = Stamp::parse("2024-01-15T00:00:00Z")?;
    /// let (webhook, event) = (Id::new(at, [1; 10]), Id::new(at, [2; 10]));
    /// let delivery = Delivery::new(webhook, event, EventKind::WebhookTest, at);
    /// let waiting = delivery.attempted(at, &Sent::answered(503), 0)?;
    /// assert_eq!(waiting.state, DeliveryState::Waiting);
    /// assert_eq!(waiting.next_attempt_at, Some(Stamp::parse("2024-01-15T00:00:05Z")?));
    /// let delivered = waiting.attempted(at, &Sent::answered(204), 0)?;
    /// assert_eq!(delivered.state, DeliveryState::Delivered);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `conflict` when it is over.
    pub fn attempted(&self, at: Stamp, sent: &Sent, random: u16) -> Result<Self> {
        let mut next = self.changed(at)?;
        next.attempts = next.attempts.saturating_add(1);
        next.log.push(Attempt { at, status: sent.status, error: sent.error.clone() });
        let old = next.log.len().saturating_sub(MAX_ATTEMPTS_KEPT);
        next.log.drain(..old);
        let delay = retry_delay_micros(next.attempts, sent.retry_after_seconds, random);
        next.next_attempt_at = None;
        next.state = match delay {
            _ if sent.is_taken() => DeliveryState::Delivered,
            _ if sent.is_gone() => DeliveryState::Disabled,
            Some(delay) => {
                next.next_attempt_at = Some(Stamp::from_micros(at.micros().saturating_add(delay))?);
                DeliveryState::Waiting
            }
            None => DeliveryState::Failed,
        };
        Ok(next)
    }

    /// Gives it up, because its webhook takes no more.
    ///
    /// # Errors
    /// `conflict` when it is over.
    pub fn disabled(&self, at: Stamp) -> Result<Self> {
        Ok(Self { state: DeliveryState::Disabled, next_attempt_at: None, ..self.changed(at)? })
    }

    /// Begins anew, with all attempts.
    ///
    /// # Errors
    /// `conflict` when it has not been tried yet.
    pub fn redelivered(&self, at: Stamp) -> Result<Self> {
        if self.state == DeliveryState::Pending {
            let message = format!("the delivery of {} has not been tried yet: the next run does", self.event_id);
            return Err(Error::new(ErrorCode::Conflict, message).with_field("event_id"));
        }
        let state = DeliveryState::Pending;
        Ok(Self { state, attempts: 0, next_attempt_at: Some(at), updated_at: at, ..self.clone() })
    }

    fn changed(&self, at: Stamp) -> Result<Self> {
        if self.state.is_open() {
            return Ok(Self { updated_at: at, ..self.clone() });
        }
        let message = format!("the delivery of {} is over: it is {}", self.event_id, self.state.as_str());
        Err(Error::new(ErrorCode::Conflict, message))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ATTEMPTS;
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Stamp {
        Stamp::from_micros(second * 1_000_000).unwrap()
    }

    fn fresh() -> Delivery {
        Delivery::new(Id::new(at(0), [1; 10]), Id::new(at(0), [2; 10]), EventKind::WebhookTest, at(0))
    }

    #[test]
    fn ten_attempts_and_then_it_failed() {
        let mut delivery = fresh();
        for attempt in 1..=ATTEMPTS {
            let now = delivery.next_attempt_at.unwrap();
            delivery = delivery.attempted(now, &Sent::failed("the connection was refused"), 0).unwrap();
            assert_eq!(delivery.attempts, attempt);
            let waits = attempt < ATTEMPTS;
            assert_eq!(delivery.state == DeliveryState::Waiting, waits);
            assert_eq!(delivery.next_attempt_at.is_some(), waits);
        }
        assert_eq!(delivery.state, DeliveryState::Failed);
        assert_eq!(delivery.updated_at, at(((75 * 60) + 35) * 60 + 5));
        assert_eq!(delivery.log.len(), 10);
        let anew = delivery.redelivered(at(400_000)).unwrap();
        assert_eq!((anew.state, anew.attempts, anew.log.len()), (DeliveryState::Pending, 0, 10));
        assert_eq!(anew.next_attempt_at, Some(at(400_000)));
    }

    #[test]
    fn only_2xx_is_taken_and_410_ends_it() {
        for (status, state) in [
            (200, DeliveryState::Delivered),
            (299, DeliveryState::Delivered),
            (199, DeliveryState::Waiting),
            (301, DeliveryState::Waiting),
            (404, DeliveryState::Waiting),
            (429, DeliveryState::Waiting),
            (500, DeliveryState::Waiting),
            (410, DeliveryState::Disabled),
        ] {
            assert_eq!(fresh().attempted(at(1), &Sent::answered(status), 0).unwrap().state, state, "{status}");
        }
    }

    #[test]
    fn what_is_over_stays_so() {
        let over = [
            fresh().attempted(at(1), &Sent::answered(200), 0).unwrap(),
            fresh().attempted(at(1), &Sent::answered(410), 0).unwrap(),
            fresh().disabled(at(1)).unwrap(),
        ];
        for delivery in over {
            assert_eq!(delivery.next_attempt_at, None);
            let error = delivery.attempted(at(2), &Sent::answered(200), 0).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Conflict);
            assert_eq!(delivery.disabled(at(2)).unwrap_err().code(), ErrorCode::Conflict);
            assert_eq!(delivery.redelivered(at(2)).unwrap().state, DeliveryState::Pending);
        }
        assert_eq!(fresh().redelivered(at(2)).unwrap_err().code(), ErrorCode::Conflict);
        let waiting = fresh().attempted(at(1), &Sent::answered(500), 0).unwrap();
        assert_eq!(waiting.redelivered(at(2)).unwrap().next_attempt_at, Some(at(2)));
    }

    proptest! {
        /// Whatever comes, in any order: what is open has a time to come, what is over has none, and the log is short.
        #[test]
        fn a_delivery_is_always_whole(steps in prop::collection::vec((0..4_u8, 100..600_u16, any::<u16>()), 0..60)) {
            let mut delivery = fresh();
            for (second, (what, status, random)) in (1..).zip(steps) {
                let now = at(second * 1_000_000);
                let next = match what {
                    0 => delivery.disabled(now),
                    1 => delivery.redelivered(now),
                    _ => delivery.attempted(now, &Sent::answered(status), random),
                };
                delivery = next.unwrap_or(delivery);
                prop_assert_eq!(delivery.state.is_open(), delivery.next_attempt_at.is_some());
                prop_assert!(delivery.attempts <= ATTEMPTS && delivery.log.len() <= MAX_ATTEMPTS_KEPT);
            }
        }
    }
}
