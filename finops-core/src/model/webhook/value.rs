//! One webhook, and what no webhook can be.

use super::{Secrets, WebhookSecret, WebhookUrl};
use crate::model::event::EventKind;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many webhooks there may be.
pub const MAX_WEBHOOKS: usize = 1_000;
/// How long a description may be, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 512;

/// A webhook: where events are sent to, and which. Its secrets are no part of it, so that nothing that shows a webhook
/// shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Webhook {
    /// Which.
    pub id: Id<id::Webhook>,
    /// Where events are sent to.
    pub url: WebhookUrl,
    /// What it wants to be told of; everything when empty.
    pub events: BTreeSet<EventKind>,
    /// What people say of it.
    pub description: Option<String>,
    /// Whether anything is sent there. A receiver that answers 410 switches it off.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Stamp,
    /// When it last changed.
    pub updated_at: Stamp,
}

impl Webhook {
    /// Whether it is told of events of that kind.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.enabled && kind != EventKind::WebhookTest && (self.events.is_empty() || self.events.contains(&kind))
    }
}

/// A webhook as stores keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWebhook {
    /// Those that were made later have higher ones, also when the clock stands.
    pub number: u64,
    /// The webhook.
    pub webhook: Webhook,
    /// What it is signed with.
    pub secrets: Secrets,
}

/// A webhook that is to be made: [`Webhook`] without what the engine gives.
///
/// ```
/// use finops_core::model::webhook::WebhookCreate;
///
/// let webhook: WebhookCreate = serde_json::from_str(
///     r#"{"url": "https://hooks.example.com", "events": ["finops.budget.exceeded"]}"#
/// ).unwrap();
/// assert!(webhook.enabled);
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WebhookCreate {
    /// Where events are sent to: `https`, and `http` where the engine allows it.
    pub url: WebhookUrl,
    /// What it wants to be told of; by default everything.
    #[serde(default)]
    pub events: BTreeSet<EventKind>,
    /// What people say of it, at most 512 bytes.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether anything is sent there; by default it is.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The secret, where the receiver has one already; by default one is made.
    #[serde(default)]
    pub secret: Option<WebhookSecret>,
}

const fn yes() -> bool {
    true
}

impl WebhookCreate {
    /// The fields, as `webhooks.create` takes them.
    pub const FIELDS: &'static [&'static str] = &["url", "events", "description", "enabled", "secret"];

    /// A webhook that is told of everything.
    pub const fn new(url: WebhookUrl) -> Self {
        Self { url, events: BTreeSet::new(), description: None, enabled: true, secret: None }
    }

    /// The webhook, with what the engine gives.
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no webhook can be.
    pub fn into_webhook(self, id: Id<id::Webhook>, created_at: Stamp) -> Result<Webhook> {
        let Self { url, events, description, enabled, secret: _ } = self;
        if events.contains(&EventKind::WebhookTest) {
            let message = format!("must not name {}, which is sent when asked for", EventKind::WebhookTest);
            return Err(Error::invalid("events", message));
        }
        let is_too_long = |text: &String| text.len() > MAX_DESCRIPTION_BYTES;
        if description.as_ref().is_some_and(is_too_long) {
            return Err(Error::invalid("description", format!("must have at most {MAX_DESCRIPTION_BYTES} bytes")));
        }
        Ok(Webhook { id, url, events, description, enabled, created_at, updated_at: created_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(json: &str) -> Result<Webhook> {
        let at = Stamp::parse("2024-01-15T00:00:00Z").unwrap();
        serde_json::from_str::<WebhookCreate>(json).unwrap().into_webhook(Id::new(at, [1; 10]), at)
    }

    #[test]
    fn no_kinds_are_all_kinds() {
        let all = made(r#"{"url": "https://a.example"}"#).unwrap();
        let some = made(r#"{"url": "https://a.example", "events": ["finops.budget.warning"]}"#).unwrap();
        let off = made(r#"{"url": "https://a.example", "enabled": false}"#).unwrap();
        for kind in EventKind::ALL {
            assert_eq!(all.wants(kind), kind != EventKind::WebhookTest);
            assert_eq!(some.wants(kind), kind == EventKind::BudgetWarning);
            assert!(!off.wants(kind));
        }
    }

    #[test]
    fn what_no_webhook_can_be_is_refused() {
        let error = made(r#"{"url": "https://a.example", "events": ["finops.webhook.test"]}"#).unwrap_err();
        assert_eq!(error.field(), Some("events"));
        let long = format!(r#"{{"url": "https://a.example", "description": "{}"}}"#, "x".repeat(513));
        assert_eq!(made(&long).unwrap_err().field(), Some("description"));
        let given = r#"{"url": "https://a.example", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#;
        let create: WebhookCreate = serde_json::from_str(given).unwrap();
        assert!(!format!("{create:?}").contains("MfKQ9"));
        for wrong in ["\"whsec_s3cret\"", "[\"whsec_s3cret\"]"] {
            let given = format!(r#"{{"url": "https://a.example", "secret": {wrong}}}"#);
            let error = serde_json::from_str::<WebhookCreate>(&given).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
