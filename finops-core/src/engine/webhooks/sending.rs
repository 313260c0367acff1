//! Sending what is due.
//!
//! Events to one webhook go one after another, what waits longest first; several webhooks are sent to at a time. When
//! an attempt fails, the others to the same webhook wait for the next run: a receiver that is down or overloaded costs
//! one attempt a run, and holds up nobody else. An attempt is written before the next to the same webhook is made: who
//! is killed has at most one event sent again to each, under the same id.

use super::super::{Finops, Observer, Progress};
use super::deliveries::unless_over;
use crate::edge::notify::{Post, Transport};
use crate::edge::store::outbox::DueDelivery;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::model::webhook::{Delivery, DeliveryState, KeptWebhook, Sent, WebhookUrl, signatures};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError, mpsc};

/// How many deliveries a run attempts, unless something else is said.
const LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 10_000;
/// To how many webhooks a run sends at a time.
const CONCURRENCY: usize = 8;
/// For how many days events are kept.
const KEPT_DAYS: i64 = 30;
const HOUR_MICROS: i64 = 3_600_000_000;

/// How much to send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksDeliver {
    /// How many deliveries to attempt at most, 1 to 10,000; by default 100.
    pub limit: Option<i64>,
}

impl WebhooksDeliver {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["limit"];
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct WebhookRun {
    /// How many attempts were made.
    pub attempted: u64,
    /// How many of them succeeded.
    pub delivered: u64,
    /// How many wait for another attempt.
    pub waiting: u64,
    /// How many failed for the last time.
    pub failed: u64,
    /// How many were given up, because their webhook takes no more.
    pub disabled: u64,
    /// How many are due and were left for the next run.
    pub due: u64,
    /// How many times a sink was told of an event.
    pub told: u64,
    /// Why sinks did not take an event, each in a sentence. They are told of it again by the next run.
    pub sink_errors: Vec<String>,
    /// Whether another thread was telling already, so that this run did nothing.
    pub busy: bool,
}

/// What is to be sent to one webhook, in order.
struct Lane {
    webhook: KeptWebhook,
    due: VecDeque<DueDelivery>,
}

/// An attempt that was made.
struct Made {
    webhook: Id<id::Webhook>,
    url: WebhookUrl,
    event: Id<id::Event>,
    at: Stamp,
    sent: Sent,
}

/// What an attempt left in the store: nothing, where the delivery was forgotten or over meanwhile.
type Written = Result<Option<Delivery>>;

impl Finops {
    /// Tells sinks of the events that they were not told of yet, then sends what is due to webhooks, on threads that
    /// end with the call. Nothing is sent but by this and by [`Finops::tick`]. The observer sees an attempt as a row;
    /// when it stops the run, what is on its way is waited for and written, and the rest stays due.
    ///
    /// # Errors
    /// `invalid_argument` for a limit out of range; `conflict` on a handle for reading, and when something is due in an
    /// engine without a transport; `storage`: what was sent and not written is sent again.
    pub fn webhooks_deliver(&self, request: &WebhooksDeliver, observer: &dyn Observer) -> Result<WebhookRun> {
        self.permit("webhooks.deliver")?;
        let limit = request.limit.unwrap_or(LIMIT);
        let wrong = || Error::invalid("limit", format!("must be 1 to {MAX_LIMIT}, got {limit}"));
        let limit = Some(limit).filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(wrong)?;
        self.tell_events(usize::try_from(limit).map_err(|_| wrong())?, observer)
    }

    /// The same for whoever moves time.
    pub(in crate::engine) fn tell_events(&self, limit: usize, observer: &dyn Observer) -> Result<WebhookRun> {
        let mut run = WebhookRun::default();
        // A sink may call this, and nobody should wait for somebody else's receivers.
        let _running = match self.telling.running.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(WebhookRun { busy: true, ..run }),
        };
        self.tell_sinks(&mut run)?;
        let lanes = self.lanes(limit, &mut run)?;
        if !lanes.is_empty() {
            self.send(lanes, &mut run, observer)?;
        }
        let due = self.store.outbox()?.due(self.clock.now())?;
        run.due = due.iter().map(|due| due.deliveries).sum();
        self.forget_events()?;
        Ok(run)
    }

    /// What is to be sent, shared out evenly. What is due to a webhook that takes no more is given up.
    fn lanes(&self, limit: usize, run: &mut WebhookRun) -> Result<Vec<Lane>> {
        let (outbox, now) = (self.store.outbox()?, self.clock.now());
        let due = outbox.due(now)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        // A handle for reading could not write what it sent: it is refused before.
        outbox.record_events(&[], None)?;
        let known = self.kept_webhooks()?.into_iter().map(|kept| (kept.webhook.id, kept));
        let mut known: HashMap<_, _> = known.filter(|(_, kept)| kept.webhook.enabled).collect();
        let taken = due.iter().filter(|due| known.contains_key(&due.webhook)).count();
        let share = u64::try_from(limit.div_ceil(taken.max(1))).unwrap_or(u64::MAX);
        let (mut lanes, mut left) = (Vec::new(), limit);
        for due in due {
            let at_most = share.min(u64::try_from(left).unwrap_or(u64::MAX));
            match known.remove(&due.webhook) {
                Some(webhook) => {
                    let due: VecDeque<_> = outbox.due_deliveries(due.webhook, now, at_most)?.into();
                    left = left.saturating_sub(due.len());
                    lanes.extend(Some(Lane { webhook, due }).filter(|lane| !lane.due.is_empty()));
                }
                None => run.disabled += self.give_up(due.webhook, now)?,
            }
        }
        Ok(lanes)
    }

    fn give_up(&self, webhook: Id<id::Webhook>, now: Stamp) -> Result<u64> {
        let outbox = self.store.outbox()?;
        let all = outbox.due_deliveries(webhook, now, u64::try_from(MAX_LIMIT).unwrap_or(0))?;
        for due in &all {
            unless_over(outbox.change_delivery(webhook, due.delivery.event_id, &mut |before| before.disabled(now)))?;
        }
        Ok(u64::try_from(all.len()).unwrap_or(u64::MAX))
    }

    fn send(&self, lanes: Vec<Lane>, run: &mut WebhookRun, observer: &dyn Observer) -> Result<()> {
        let transport = self.telling.transport.as_deref().ok_or_else(|| {
            let message = "this engine sends nothing: build it with the feature `webhooks`, or give it a transport";
            Error::new(ErrorCode::Conflict, message)
        })?;
        let threads = lanes.len().min(CONCURRENCY);
        let (lanes, stop) = (Mutex::new(VecDeque::from(lanes)), AtomicBool::new(false));
        let next = || lanes.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        std::thread::scope(|scope| {
            let (sender, written) = mpsc::channel();
            for _ in 0..threads {
                let sender = sender.clone();
                let (next, stop) = (&next, &stop);
                scope.spawn(move || {
                    while let Some(lane) = next() {
                        self.go_along(lane, transport, stop, &sender);
                    }
                });
            }
            drop(sender);
            let mut failure = Ok(());
            for written in written {
                run.attempted += 1;
                let progress = Progress { rows: run.attempted, ..Progress::default() };
                if observer.progress(&progress).is_break() {
                    stop.store(true, Ordering::Relaxed);
                }
                failure = failure.and(written.map(|delivery| count(run, delivery.as_ref())));
            }
            failure
        })
    }

    /// Sends to one webhook until an attempt fails, and tells what was written of each.
    fn go_along(&self, lane: Lane, transport: &dyn Transport, stop: &AtomicBool, written: &mpsc::Sender<Written>) {
        let KeptWebhook { webhook, secrets, .. } = lane.webhook;
        for DueDelivery { delivery, body } in lane.due {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let (at, id) = (self.clock.now(), delivery.event_id.to_string());
            let second = at.micros().div_euclid(1_000_000);
            let signed = signatures(&secrets.signing(at), &id, second, body.as_bytes());
            let sent = transport.post(&Post::new(webhook.url.clone(), id, at, signed, body));
            let is_taken = sent.is_taken();
            let made = Made { webhook: webhook.id, url: webhook.url.clone(), event: delivery.event_id, at, sent };
            let kept = self.write(&made);
            if kept.is_err() {
                // The other webhooks stop too, each once the attempt that it is in is over and written if it can be.
                stop.store(true, Ordering::Relaxed);
            }
            if written.send(kept).is_err() || !is_taken {
                return;
            }
        }
    }

    /// Writes what came of an attempt, and switches off a webhook whose receiver wants no more.
    fn write(&self, made: &Made) -> Written {
        let mut random = [0; 2];
        self.entropy.fill(&mut random)?;
        let random = u16::from_le_bytes(random);
        if made.sent.is_gone() {
            self.switch_off(made.webhook, &made.url, made.at)?;
        }
        let mut change = |before: &Delivery| before.attempted(made.at, &made.sent, random);
        match self.store.outbox()?.change_delivery(made.webhook, made.event, &mut change) {
            // It was forgotten, or is over, as somebody else found meanwhile.
            Err(error) if matches!(error.code(), ErrorCode::Conflict | ErrorCode::NotFound) => Ok(None),
            written => written.map(Some),
        }
    }

    /// Switches off a webhook, unless it goes to another URL by now.
    fn switch_off(&self, webhook: Id<id::Webhook>, url: &WebhookUrl, now: Stamp) -> Result<()> {
        let _alone = self.telling.alone();
        let found = self.kept_webhooks()?.into_iter().find(|kept| kept.webhook.id == webhook);
        let is_meant = |kept: &KeptWebhook| kept.webhook.enabled && kept.webhook.url == *url;
        let Some(mut kept) = found.filter(is_meant) else { return Ok(()) };
        (kept.webhook.enabled, kept.webhook.updated_at) = (false, now);
        self.keep_webhook(&kept)
    }

    /// Forgets old events, now and then: those that nobody still waits for.
    fn forget_events(&self) -> Result<()> {
        let now = self.clock.now().micros();
        let before = self.telling.forgot_at.load(Ordering::Relaxed);
        if now.saturating_sub(before) < HOUR_MICROS {
            return Ok(());
        }
        self.telling.forgot_at.store(now, Ordering::Relaxed);
        let outbox = self.store.outbox()?;
        let up_to = self.telling.sinks.told_up_to().unwrap_or(outbox.last_event()?);
        let before = Stamp::from_micros(now.saturating_sub(KEPT_DAYS * 24 * HOUR_MICROS))?;
        match outbox.forget_events(before, up_to) {
            // A handle for reading may tell sinks; it forgets nothing.
            Err(error) if error.code() == ErrorCode::Conflict => Ok(()),
            forgotten => forgotten.map(drop),
        }
    }
}

fn count(run: &mut WebhookRun, delivery: Option<&Delivery>) {
    match delivery.map(|delivery| delivery.state) {
        Some(DeliveryState::Delivered) => run.delivered += 1,
        Some(DeliveryState::Failed) => run.failed += 1,
        Some(DeliveryState::Disabled) => run.disabled += 1,
        Some(DeliveryState::Pending | DeliveryState::Waiting) => run.waiting += 1,
        None => {}
    }
}
