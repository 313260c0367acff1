//! Events and their deliveries: together, in order, and forgotten only when nobody waits for them.

use super::samples::by;
use super::{Case, holds, refused, same};
use crate::edge::store::outbox::{DeliveryFilter, EventFilter, OutboxStore};
use crate::edge::store::{Defined, Store};
use crate::model::event::{EventKind, OutboxEvent};
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::model::webhook::{DeliveryState, KeptWebhook, Secrets, Sent, WebhookCreate, WebhookSecret, WebhookUrl};
use crate::{Error, ErrorCode, Result};

pub(super) const CASES: &[Case] = &[
    Case { name: "an event comes with a delivery for each webhook that wants it", check: wanted },
    Case { name: "events are given in the order of their coming", check: in_order },
    Case { name: "a delivery changes as it is", check: changing },
    Case { name: "events are forgotten when nothing of them is to be sent", check: forgetting },
];

/// The events of a store; none where it keeps none, and then nothing of this is asked of it.
fn outbox(store: &dyn Store) -> Result<Option<&dyn OutboxStore>> {
    match store.outbox() {
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        outbox => outbox.map(Some),
    }
}

fn at(second: u8) -> Result<Stamp> {
    Stamp::from_micros(1_700_000_000_000_000 + i64::from(second) * 1_000_000)
}

fn event(number: u8, kind: EventKind) -> Result<OutboxEvent> {
    let at = at(number)?;
    OutboxEvent::new(Id::new(at, [number; 10]), kind, at, &serde_json::json!({ "number": number }))
}

/// Keeps a webhook that wants these kinds.
fn webhook(store: &dyn Store, number: u8, events: &[EventKind], enabled: bool) -> Result<Id<id::Webhook>> {
    let mut create = WebhookCreate::new(WebhookUrl::parse("https://hooks.example.com")?);
    create.events = events.iter().copied().collect();
    create.enabled = enabled;
    let webhook = create.into_webhook(Id::new(at(0)?, [number; 10]), at(0)?)?;
    let (id, secrets) = (webhook.id, Secrets::new(WebhookSecret::from_random([number; 32])));
    let kept = KeptWebhook { number: u64::from(number), webhook, secrets };
    let body = serde_json::to_string(&kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
    store.put_definitions(Defined::Webhook, &[(id.to_string(), body)], &by()?)?;
    Ok(id)
}

fn wanted(store: &dyn Store) -> Result<()> {
    let Some(outbox) = outbox(store)? else { return Ok(()) };
    let all = webhook(store, 1, &[], true)?;
    let some = webhook(store, 2, &[EventKind::BudgetExceeded], true)?;
    let off = webhook(store, 3, &[], false)?;
    let (warning, exceeded) = (event(1, EventKind::BudgetWarning)?, event(2, EventKind::BudgetExceeded)?);
    outbox.record_events(&[warning.clone(), exceeded.clone()], None)?;
    let test = event(3, EventKind::WebhookTest)?;
    outbox.record_events(std::slice::from_ref(&test), Some(some))?;
    let (count, found) = outbox.deliveries(&DeliveryFilter::default(), 10, 0)?;
    same("how many", &count, &4)?;
    let found: Vec<_> = found.iter().map(|delivery| (delivery.event_id, delivery.webhook_id, delivery.state)).collect();
    let pending = |event: &OutboxEvent, webhook| (event.id, webhook, DeliveryState::Pending);
    let wanted = vec![pending(&test, some), pending(&exceeded, all), pending(&exceeded, some), pending(&warning, all)];
    same("deliveries, the latest first", &found, &wanted)?;
    let of = |filter: DeliveryFilter| outbox.deliveries(&filter, 10, 0).map(|(count, found)| (count, found.len()));
    let any = DeliveryFilter::default();
    same("to one webhook", &of(DeliveryFilter { webhook: Some(all), ..any })?, &(2, 2))?;
    same("to one that is off", &of(DeliveryFilter { webhook: Some(off), ..any })?, &(0, 0))?;
    same("of one event", &of(DeliveryFilter { event: Some(exceeded.id), ..any })?, &(2, 2))?;
    same("of one state", &of(DeliveryFilter { state: Some(DeliveryState::Failed), ..any })?, &(0, 0))?;
    same("since the second", &of(DeliveryFilter { since: Some(at(2)?), ..any })?, &(3, 3))?;
    same("a page", &outbox.deliveries(&any, 1, 1)?.1.len(), &1)?;
    refused(
        "the same event again",
        outbox.record_events(&[event(4, EventKind::BudgetWarning)?, warning], None),
        ErrorCode::Storage,
    )?;
    same("nothing of a failure stays", &outbox.event_number(event(4, EventKind::BudgetWarning)?.id)?, &None)
}

fn in_order(store: &dyn Store) -> Result<()> {
    let Some(outbox) = outbox(store)? else { return Ok(()) };
    same("before the first", &outbox.last_event()?, &0)?;
    // The order is that of their coming, not that of their times.
    let given = [(5, EventKind::BudgetWarning), (3, EventKind::ReportGenerated), (4, EventKind::BudgetWarning)];
    for (number, kind) in given {
        outbox.record_events(&[event(number, kind)?], None)?;
    }
    let read = |after, kind| -> Result<Vec<String>> {
        let found = outbox.events(&EventFilter { after, kind }, 10)?;
        Ok(found.iter().map(|event| format!("{} {}", event.r#type, event.timestamp)).collect())
    };
    let told = |(number, kind): (u8, EventKind)| Ok(format!("{kind} {}", at(number)?));
    let all = given.into_iter().map(told).collect::<Result<Vec<_>>>()?;
    same("all", &read(None, None)?, &all)?;
    let first = outbox.event_number(event(5, EventKind::BudgetWarning)?.id)?;
    holds("numbers begin above 0", first > Some(0))?;
    same("after the first", &read(first, None)?.as_slice(), &all.get(1..).unwrap_or_default())?;
    same("of a kind", &read(None, Some(EventKind::ReportGenerated))?.as_slice(), &all.get(1..2).unwrap_or_default())?;
    same("a few", &outbox.events(&EventFilter::default(), 2)?.len(), &2)?;
    same("the last", &outbox.events(&EventFilter { after: Some(outbox.last_event()?), kind: None }, 10)?.len(), &0)
}

fn changing(store: &dyn Store) -> Result<()> {
    let Some(outbox) = outbox(store)? else { return Ok(()) };
    let (one, other) = (webhook(store, 1, &[], true)?, webhook(store, 2, &[], true)?);
    let events = [event(1, EventKind::BudgetWarning)?, event(2, EventKind::BudgetWarning)?];
    outbox.record_events(&events, None)?;
    let due = |second| -> Result<Vec<(Id<id::Webhook>, u64)>> {
        Ok(outbox.due(at(second)?)?.iter().map(|due| (due.webhook, due.deliveries)).collect())
    };
    same("nothing is due before it happened", &due(0)?, &vec![])?;
    same("what happened first is due first", &due(1)?, &vec![(one, 1), (other, 1)])?;
    let id = events.first().map(|event| event.id).ok_or_else(|| super::failed("there is an event"))?;
    let changed = outbox.change_delivery(one, id, &mut |before| before.attempted(at(2)?, &Sent::answered(500), 0))?;
    let bodies = |webhook, second| -> Result<Vec<String>> {
        Ok(outbox.due_deliveries(webhook, at(second)?, 10)?.into_iter().map(|due| due.body).collect())
    };
    let [first, second] = events.each_ref().map(OutboxEvent::body);
    same("it waits", &bodies(one, 6)?, &vec![second.clone()])?;
    same("it is due again, after what waits longer", &bodies(one, 7)?, &vec![second, first.clone()])?;
    same("the other webhook's is as it was", &bodies(other, 1)?, &vec![first])?;
    let read =
        outbox.deliveries(&DeliveryFilter { webhook: Some(one), event: Some(id), ..Default::default() }, 1, 0)?;
    same("it is read as it was written", &read, &(1, vec![changed]))?;
    let refuse = |_: &_| Err(Error::new(ErrorCode::Overflow, "no"));
    refused("what is refused", outbox.change_delivery(one, id, &mut { refuse }), ErrorCode::Overflow)?;
    let nobody = Id::new(at(0)?, [9; 10]);
    let keep = |before: &crate::model::webhook::Delivery| Ok(before.clone());
    refused("of nobody", outbox.change_delivery(nobody, id, &mut { keep }), ErrorCode::NotFound)?;
    outbox.change_delivery(one, id, &mut |before| before.disabled(at(8)?))?;
    same("what is over is not due", &due(100)?, &vec![(other, 2), (one, 1)])
}

fn forgetting(store: &dyn Store) -> Result<()> {
    let Some(outbox) = outbox(store)? else { return Ok(()) };
    let to = webhook(store, 1, &[EventKind::BudgetExceeded], true)?;
    let kinds = [EventKind::BudgetWarning, EventKind::BudgetExceeded, EventKind::BudgetWarning];
    for (number, kind) in (1..).zip(kinds) {
        outbox.record_events(&[event(number, kind)?], None)?;
    }
    let last = outbox.last_event()?;
    same("of before the first", &outbox.forget_events(at(1)?, last)?, &0)?;
    same("up to none", &outbox.forget_events(at(9)?, 0)?, &0)?;
    same("those of which nothing is to be sent", &outbox.forget_events(at(9)?, last)?, &2)?;
    let open = event(2, EventKind::BudgetExceeded)?.id;
    holds("what is to be sent stays", outbox.event_number(open)?.is_some())?;
    outbox.change_delivery(to, open, &mut |before| before.attempted(at(3)?, &Sent::answered(200), 0))?;
    same("when it was sent it may go", &outbox.forget_events(at(9)?, last)?, &1)?;
    same("its delivery goes with it", &outbox.deliveries(&DeliveryFilter::default(), 10, 0)?.0, &0)?;
    same("numbers are not used again", &outbox.last_event()?, &last)?;
    outbox.record_events(&[event(7, EventKind::BudgetWarning)?], None)?;
    holds("later events have higher ones", outbox.last_event()? > last)
}
