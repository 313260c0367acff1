//! Webhooks, through the engine: who is told, and with what secrets. What is sent is told in `sending`, what became of
//! it in `deliveries`.

mod deliveries;
mod sending;

pub use deliveries::{DeliveryList, Redelivering, WebhookRedeliver};
pub use sending::{WebhookRun, WebhooksDeliver};

use super::events::Sinks;
use super::params::parse;
use super::{Deleted, Finops, Page};
use crate::edge::notify::{Reach, Transport};
use crate::edge::store::{Defined, Definition};
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::event::{EventKind, OutboxEvent};
use crate::model::id::{self, Id};
use crate::model::webhook::{Delivery, KeptWebhook, MAX_WEBHOOKS, Secrets, Webhook, WebhookCreate, WebhookSecret};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// For how long the secret before signs after a rotation, unless something else is said.
const OVERLAP_SECONDS: i64 = 24 * 60 * 60;
/// For how long it may at most.
const MAX_OVERLAP_SECONDS: i64 = 30 * OVERLAP_SECONDS;

/// The webhook that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookKey {
    pub(super) id: Id<id::Webhook>,
}

impl WebhookKey {
    pub(super) const FIELDS: &'static [&'static str] = &["id"];
}

/// The fields of a change, as `webhooks.update` takes them.
pub(super) const WEBHOOK_CHANGES: &[&str] = &["id", "url", "events", "description", "enabled"];

/// Which webhooks to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookList {
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl WebhookList {
    pub(super) const FIELDS: &'static [&'static str] = &["limit", "offset"];
}

/// Another secret for a webhook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WebhookRotate {
    /// Which webhook.
    pub id: Id<id::Webhook>,
    /// The secret, where the receiver has one already; by default one is made.
    #[serde(default)]
    pub secret: Option<WebhookSecret>,
    /// For how many seconds the secret before signs as well, 0 to 2,592,000; by default 86,400.
    #[serde(default)]
    pub overlap_seconds: Option<i64>,
}

impl WebhookRotate {
    pub(super) const FIELDS: &'static [&'static str] = &["id", "secret", "overlap_seconds"];

    /// A secret that is made, while the one before signs for another day.
    pub const fn new(id: Id<id::Webhook>) -> Self {
        Self { id, secret: None, overlap_seconds: None }
    }

    fn overlap_seconds(&self) -> Result<i64> {
        let seconds = self.overlap_seconds.unwrap_or(OVERLAP_SECONDS);
        if (0..=MAX_OVERLAP_SECONDS).contains(&seconds) {
            return Ok(seconds);
        }
        Err(Error::invalid("overlap_seconds", format!("must be 0 to {MAX_OVERLAP_SECONDS}, got {seconds}")))
    }
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WebhookWithSecret {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// What its deliveries are signed with: `whsec_` and base64.
    pub secret: WebhookSecret,
}

/// What the engine keeps in memory to tell others of events.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) reach: Reach,
    pub(super) transport: Option<Arc<dyn Transport>>,
    pub(super) sinks: Sinks,
    /// Held while a webhook is read and written.
    changing: Mutex<()>,
    /// Held by the one who tells. Others go on without waiting.
    running: Mutex<()>,
    /// When old events were last forgotten, in microseconds.
    forgot_at: AtomicI64,
}

impl Telling {
    pub(super) fn new(reach: Reach, transport: Option<Arc<dyn Transport>>) -> Self {
        let (changing, running) = (Mutex::default(), Mutex::default());
        Self { reach, transport, sinks: Sinks::default(), changing, running, forgot_at: AtomicI64::new(i64::MIN) }
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Finops {
    /// Makes a webhook and gives it back with its secret, which nobody is shown again.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::webhook::{WebhookCreate, WebhookUrl};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let url = WebhookUrl::parse("https://hooks.example.com/finops")?;
    /// let made = finops.webhooks_create(WebhookCreate::new(url))?;
    /// assert!(made.secret.reveal().starts_with("whsec_"));
    /// assert_eq!(finops.webhooks_get(made.webhook.id)?, made.webhook);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no webhook can be, and for a URL that is out of reach; `conflict`
    /// beyond 1,000 webhooks, and on a handle for reading.
    pub fn webhooks_create(&self, create: WebhookCreate) -> Result<WebhookWithSecret> {
        self.permit("webhooks.create")?;
        self.telling.reach.check(&create.url)?;
        let _alone = self.telling.alone();
        let kept = self.kept_webhooks()?;
        if kept.len() >= MAX_WEBHOOKS {
            let message = format!("there are {MAX_WEBHOOKS} webhooks already: delete one first");
            return Err(Error::new(ErrorCode::Conflict, message));
        }
        let secret = create.secret.clone().map_or_else(|| self.new_secret(), Ok)?;
        let webhook = create.into_webhook(self.new_id()?, self.clock.now())?;
        let number = kept.last().map_or(1, |last| last.number.saturating_add(1));
        self.keep_webhook(&KeptWebhook { number, webhook: webhook.clone(), secrets: Secrets::new(secret.clone()) })?;
        Ok(WebhookWithSecret { webhook, secret })
    }

    /// A webhook, without its secret.
    ///
    /// # Errors
    /// `not_found`.
    pub fn webhooks_get(&self, id: Id<id::Webhook>) -> Result<Webhook> {
        self.permit("webhooks.get")?;
        self.kept_webhook(id).map(|kept| kept.webhook)
    }

    /// A page of webhooks in the order of their making, without their secrets.
    ///
    /// ```
    /// use finops_core::engine::WebhookList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.webhooks_list(&WebhookList::default())?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn webhooks_list(&self, request: &WebhookList) -> Result<Page<Webhook>> {
        self.permit("webhooks.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let all = self.kept_webhooks()?;
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, limit_size, offset_size) = (size(all.len()), size(limit), size(offset));
        let items = all.into_iter().skip(offset).take(limit).map(|kept| kept.webhook).collect();
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// Changes a webhook: the given fields (`url`, `events`, `description`, `enabled`) take the place of what it says,
    /// null takes back what it says. What is due while it is not enabled is given up.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::webhook::{WebhookCreate, WebhookUrl};
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let made = finops.webhooks_create(WebhookCreate::new(WebhookUrl::parse("https://hooks.example.com")?))?;
    /// let changed = finops.webhooks_update(made.webhook.id, json!({"events": ["finops.budget.exceeded"]}))?;
    /// assert_eq!((changed.events.len(), changed.url), (1, made.webhook.url));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no webhook can be, and for a secret, which is rotated; `not_found`;
    /// `conflict` on a handle for reading.
    pub fn webhooks_update(&self, id: Id<id::Webhook>, changes: Value) -> Result<Webhook> {
        self.permit("webhooks.update")?;
        let Value::Object(changes) = changes else {
            let message = "a change is an object such as {\"enabled\": false}";
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        };
        if changes.contains_key("secret") {
            return Err(Error::invalid(
                "secret",
                "is changed by `webhooks.rotate`, so that the one before still signs",
            ));
        }
        let _alone = self.telling.alone();
        let mut kept = self.kept_webhook(id)?;
        let before = &kept.webhook;
        let mut form = Map::new();
        form.insert("url".to_owned(), json!(before.url));
        form.insert("events".to_owned(), json!(before.events));
        form.insert("description".to_owned(), json!(before.description));
        form.insert("enabled".to_owned(), json!(before.enabled));
        form.extend(changes);
        form.retain(|_, value| !value.is_null());
        let create: WebhookCreate = parse(Value::Object(form))?;
        self.telling.reach.check(&create.url)?;
        let created_at = before.created_at;
        kept.webhook = Webhook { updated_at: self.clock.now(), ..create.into_webhook(id, created_at)? };
        self.keep_webhook(&kept)?;
        Ok(kept.webhook)
    }

    /// Removes a webhook with its secrets. What is on its way to it is given up; the log of its deliveries stays as
    /// long as their events.
    ///
    /// # Errors
    /// `not_found`; `conflict` on a handle for reading.
    pub fn webhooks_delete(&self, id: Id<id::Webhook>) -> Result<Deleted> {
        self.permit("webhooks.delete")?;
        let _alone = self.telling.alone();
        let deleted = self.store.delete_definition(Defined::Webhook, &id.to_string(), &self.change())?;
        if deleted { Ok(Deleted { deleted }) } else { Err(unknown(id)) }
    }

    /// Gives a webhook another secret, and shows it this once. For a day, or as long as is said, deliveries are signed
    /// with the one before as well, so that receivers can change over without losing anything.
    ///
    /// # Errors
    /// `invalid_argument` for an overlap that is out of range; `not_found`; `conflict` for a secret that signs already,
    /// when five secrets would sign at a time, and on a handle for reading.
    pub fn webhooks_rotate(&self, request: &WebhookRotate) -> Result<WebhookWithSecret> {
        self.permit("webhooks.rotate")?;
        let overlap = request.overlap_seconds()?;
        let _alone = self.telling.alone();
        let mut kept = self.kept_webhook(request.id)?;
        let now = self.clock.now();
        let until = crate::model::time::Stamp::from_micros(now.micros().saturating_add(overlap * 1_000_000))?;
        let secret = request.secret.clone().map_or_else(|| self.new_secret(), Ok)?;
        kept.secrets = kept.secrets.rotate(secret.clone(), now, until)?;
        kept.webhook.updated_at = now;
        self.keep_webhook(&kept)?;
        Ok(WebhookWithSecret { webhook: kept.webhook, secret })
    }

    /// Writes an event of kind `finops.webhook.test` for one webhook. The next run sends it, like any other.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::webhook::{DeliveryState, WebhookCreate, WebhookUrl};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let made = finops.webhooks_create(WebhookCreate::new(WebhookUrl::parse("https://hooks.example.com")?))?;
    /// assert_eq!(finops.webhooks_test(made.webhook.id)?.state, DeliveryState::Pending);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `conflict` when it is not enabled, and on a handle for reading.
    pub fn webhooks_test(&self, id: Id<id::Webhook>) -> Result<Delivery> {
        self.permit("webhooks.test")?;
        let _alone = self.telling.alone();
        self.enabled_webhook(id)?;
        let (kind, now) = (EventKind::WebhookTest, self.clock.now());
        let event = OutboxEvent::new(self.new_id()?, kind, now, &json!({ "webhook_id": id }))?;
        self.store.outbox()?.record_events(std::slice::from_ref(&event), Some(id))?;
        Ok(Delivery::new(id, event.id, kind, now))
    }

    /// Every webhook with its secrets, in the order of their making.
    fn kept_webhooks(&self) -> Result<Vec<KeptWebhook>> {
        let mut kept = self.store.definitions(Defined::Webhook)?.iter().map(read).collect::<Result<Vec<_>>>()?;
        kept.sort_unstable_by_key(|kept| kept.number);
        Ok(kept)
    }

    fn kept_webhook(&self, id: Id<id::Webhook>) -> Result<KeptWebhook> {
        self.kept_webhooks()?.into_iter().find(|kept| kept.webhook.id == id).ok_or_else(|| unknown(id))
    }

    fn enabled_webhook(&self, id: Id<id::Webhook>) -> Result<KeptWebhook> {
        let kept = self.kept_webhook(id)?;
        if kept.webhook.enabled {
            return Ok(kept);
        }
        let message = "the webhook is not enabled: enable it by `webhooks.update` first";
        Err(Error::new(ErrorCode::Conflict, message).with_field("id"))
    }

    fn keep_webhook(&self, kept: &KeptWebhook) -> Result<()> {
        // Its text is never part of an error: it holds secrets.
        let body = serde_json::to_string(kept).map_err(|_| Error::new(ErrorCode::Storage, "cannot be written down"))?;
        let definition = (kept.webhook.id.to_string(), body);
        self.store.put_definitions(Defined::Webhook, &[definition], &self.change()).map(drop)
    }

    fn new_secret(&self) -> Result<WebhookSecret> {
        let mut random = [0; WebhookSecret::RANDOM_BYTES];
        self.entropy.fill(&mut random)?;
        Ok(WebhookSecret::from_random(random))
    }

    fn new_id<K: id::IdKind>(&self) -> Result<Id<K>> {
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        Ok(Id::new(self.clock.now(), random))
    }
}

fn read(definition: &Definition) -> Result<KeptWebhook> {
    // What is wrong with it is not said: it would repeat a part of the text, which holds secrets.
    serde_json::from_str(&definition.body).map_err(|_| {
        let message = format!("the webhook {} in the store cannot be read: restore a backup", definition.key);
        Error::new(ErrorCode::Storage, message)
    })
}

fn unknown(id: Id<id::Webhook>) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no webhook '{id}'")).with_field("id")
}
