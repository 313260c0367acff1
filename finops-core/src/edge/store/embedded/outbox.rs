//! Events and deliveries in the state file.

use super::manifest::{integer, natural};
use super::{EmbeddedStore, broken, damaged};
use crate::edge::store::Defined;
use crate::edge::store::outbox::{ChangeDelivery, DeliveryFilter, DueAt, DueDelivery, EventFilter, OutboxStore};
use crate::model::event::{OutboxEvent, RecordedEvent};
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::model::webhook::{Delivery, KeptWebhook, Webhook};
use crate::{Error, ErrorCode, Result};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params, params_from_iter};

/// What is read of a delivery, of tables `d` and `o`.
const DELIVERY: &str = "d.webhook, o.id, o.kind, d.state, d.attempts, d.next_at, d.created_at, d.updated_at, d.log";

/// Writes events, and a delivery for each enabled webhook that wants them, within the transaction of what caused them.
pub(super) fn insert(transaction: &Transaction<'_>, events: &[OutboxEvent]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let webhooks = webhooks(transaction)?;
    for event in events {
        let number = write(transaction, event)?;
        for webhook in webhooks.iter().filter(|webhook| webhook.wants(event.kind)) {
            deliver(transaction, number, event, webhook.id)?;
        }
    }
    Ok(())
}

fn webhooks(connection: &Connection) -> Result<Vec<Webhook>> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM definitions WHERE kind = ?1 ORDER BY key").map_err(broken)?;
    let rows = statement.query_map([Defined::Webhook.as_str()], |row| row.get::<_, String>(0)).map_err(broken)?;
    let read = |body: String| {
        // What is wrong with it is not said: it would repeat a part of the text, which holds secrets.
        let kept = serde_json::from_str::<KeptWebhook>(&body).map_err(|_| damaged("a webhook"))?;
        Ok(kept.webhook)
    };
    rows.map(|row| row.map_err(broken).and_then(read)).collect()
}

fn write(transaction: &Transaction<'_>, event: &OutboxEvent) -> Result<i64> {
    let sql = "INSERT INTO outbox (id, kind, at, body) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    let row = params![event.id.to_string(), event.kind.as_str(), event.at.micros(), event.body()];
    statement.insert(row).map_err(broken)
}

fn deliver(transaction: &Transaction<'_>, number: i64, event: &OutboxEvent, to: Id<id::Webhook>) -> Result<()> {
    let sql = "INSERT INTO webhook_deliveries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let Delivery { state, attempts, next_attempt_at, created_at, updated_at, log, .. } =
        Delivery::new(to, event.id, event.kind, event.at);
    let (next_at, log) = (next_attempt_at.map(Stamp::micros), serde_json::to_string(&log).map_err(damaged)?);
    let (created_at, updated_at) = (created_at.micros(), updated_at.micros());
    let row = params![number, to.to_string(), state.as_str(), attempts, next_at, created_at, updated_at, log];
    transaction.prepare_cached(sql).map_err(broken)?.execute(row).map(drop).map_err(broken)
}

fn delivery(row: &Row<'_>) -> Result<Delivery> {
    let text = |column: usize| row.get::<_, String>(column).map_err(damaged);
    let stamp = |column: usize| row.get(column).map_err(damaged).and_then(Stamp::from_micros);
    let next_at: Option<i64> = row.get(5).map_err(damaged)?;
    let mut delivery = Delivery::new(Id::parse(&text(0)?)?, Id::parse(&text(1)?)?, text(2)?.parse()?, stamp(6)?);
    delivery.state = serde_json::from_value(text(3)?.into()).map_err(damaged)?;
    delivery.attempts = row.get(4).map_err(damaged)?;
    delivery.next_attempt_at = next_at.map(Stamp::from_micros).transpose()?;
    delivery.updated_at = stamp(7)?;
    delivery.log = serde_json::from_str(&text(8)?).map_err(damaged)?;
    Ok(delivery)
}

/// Conditions and their values, for those that are wanted.
fn conditions<const N: usize>(wanted: [(&str, Option<Value>); N]) -> (String, Vec<Value>) {
    let wanted = wanted.into_iter().filter_map(|(condition, value)| Some((condition, value?)));
    let (conditions, values): (Vec<&str>, Vec<Value>) = wanted.unzip();
    let taken = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    (taken, values)
}

fn page(number: u64) -> Value {
    Value::from(i64::try_from(number).unwrap_or(i64::MAX))
}

fn not_found(event: Id<id::Event>) -> Error {
    let message = format!("there is no delivery of the event '{event}' to that webhook");
    Error::new(ErrorCode::NotFound, message).with_field("event_id")
}

impl OutboxStore for EmbeddedStore {
    fn record_events(&self, events: &[OutboxEvent], only: Option<Id<id::Webhook>>) -> Result<()> {
        self.refuse_when_read_only()?;
        let mut state = self.state();
        let transaction = state.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        match only {
            None => insert(&transaction, events)?,
            Some(webhook) => events.iter().try_for_each(|event| {
                let number = write(&transaction, event)?;
                deliver(&transaction, number, event, webhook)
            })?,
        }
        transaction.commit().map_err(broken)
    }

    fn events(&self, filter: &EventFilter, limit: u64) -> Result<Vec<RecordedEvent>> {
        let (taken, mut values) = conditions([
            ("number > ?", filter.after.map(page)),
            ("kind = ?", filter.kind.map(|kind| Value::from(kind.as_str().to_owned()))),
        ]);
        values.push(page(limit));
        let state = self.state();
        let sql = format!("SELECT number, id, body FROM outbox {taken} ORDER BY number LIMIT ?");
        let mut statement = state.prepare_cached(&sql).map_err(broken)?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?));
        let rows = statement.query_map(params_from_iter(values), read).map_err(broken)?;
        rows.map(|row| {
            let (number, id, body) = row.map_err(broken)?;
            RecordedEvent::read(natural(number)?, Id::parse(&id)?, &body)
        })
        .collect()
    }

    fn event_number(&self, id: Id<id::Event>) -> Result<Option<u64>> {
        let state = self.state();
        let mut statement = state.prepare_cached("SELECT number FROM outbox WHERE id = ?1").map_err(broken)?;
        let number: Option<i64> = statement.query_row([id.to_string()], |row| row.get(0)).optional().map_err(broken)?;
        number.map(natural).transpose()
    }

    fn last_event(&self) -> Result<u64> {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'";
        let number: Option<i64> = self.state().query_row(sql, [], |row| row.get(0)).optional().map_err(broken)?;
        natural(number.unwrap_or(0))
    }

    fn deliveries(&self, filter: &DeliveryFilter, limit: u64, offset: u64) -> Result<(u64, Vec<Delivery>)> {
        let (taken, mut values) = conditions([
            ("d.webhook = ?", filter.webhook.map(|id| Value::from(id.to_string()))),
            ("o.id = ?", filter.event.map(|id| Value::from(id.to_string()))),
            ("d.state = ?", filter.state.map(|state| Value::from(state.as_str().to_owned()))),
            ("d.created_at >= ?", filter.since.map(|since| Value::from(since.micros()))),
        ]);
        let state = self.state();
        // One transaction, so that the number is that of these deliveries.
        let transaction = state.unchecked_transaction().map_err(broken)?;
        let from = format!("FROM webhook_deliveries d JOIN outbox o ON o.number = d.event {taken}");
        let count = format!("SELECT count(*) {from}");
        let count = transaction.query_row(&count, params_from_iter(&values), |row| row.get(0)).map_err(broken)?;
        values.extend([limit, offset].map(page));
        let sql = format!("SELECT {DELIVERY} {from} ORDER BY d.event DESC, d.webhook LIMIT ? OFFSET ?");
        let mut statement = transaction.prepare_cached(&sql).map_err(broken)?;
        let rows = statement.query_map(params_from_iter(values), |row| Ok(delivery(row))).map_err(broken)?;
        Ok((natural(count)?, rows.map(|row| row.map_err(broken)?).collect::<Result<_>>()?))
    }

    fn due(&self, now: Stamp) -> Result<Vec<DueAt>> {
        let state = self.state();
        let sql = "SELECT webhook, count(*) FROM webhook_deliveries WHERE next_at <= ?1
                   GROUP BY webhook ORDER BY min(next_at), webhook";
        let mut statement = state.prepare_cached(sql).map_err(broken)?;
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
        let rows = statement.query_map([now.micros()], read).map_err(broken)?;
        rows.map(|row| {
            let (webhook, deliveries) = row.map_err(broken)?;
            Ok(DueAt { webhook: Id::parse(&webhook)?, deliveries: natural(deliveries)? })
        })
        .collect()
    }

    fn due_deliveries(&self, webhook: Id<id::Webhook>, now: Stamp, limit: u64) -> Result<Vec<DueDelivery>> {
        let state = self.state();
        let sql = format!(
            "SELECT {DELIVERY}, o.body FROM webhook_deliveries d JOIN outbox o ON o.number = d.event
             WHERE d.webhook = ?1 AND d.next_at <= ?2 ORDER BY d.next_at, d.event LIMIT ?3"
        );
        let mut statement = state.prepare_cached(&sql).map_err(broken)?;
        let read = |row: &Row<'_>| Ok((delivery(row), row.get::<_, String>(9)?));
        let wanted = params![webhook.to_string(), now.micros(), page(limit)];
        let rows = statement.query_map(wanted, read).map_err(broken)?;
        rows.map(|row| {
            let (delivery, body) = row.map_err(broken)?;
            Ok(DueDelivery { delivery: delivery?, body })
        })
        .collect()
    }

    fn change_delivery(
        &self,
        webhook: Id<id::Webhook>,
        event: Id<id::Event>,
        change: ChangeDelivery<'_>,
    ) -> Result<Delivery> {
        self.refuse_when_read_only()?;
        let mut state = self.state();
        let transaction = state.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        let sql = format!(
            "SELECT {DELIVERY}, d.event FROM webhook_deliveries d JOIN outbox o ON o.number = d.event
             WHERE o.id = ?1 AND d.webhook = ?2"
        );
        let key = params![event.to_string(), webhook.to_string()];
        let read = |row: &Row<'_>| Ok((delivery(row), row.get::<_, i64>(9)?));
        let found = transaction.query_row(&sql, key, read).optional().map_err(broken)?;
        let (before, number) = found.ok_or_else(|| not_found(event))?;
        let after = change(&before?)?;
        let sql = "UPDATE webhook_deliveries SET state = ?3, attempts = ?4, next_at = ?5, updated_at = ?6, log = ?7
                   WHERE event = ?1 AND webhook = ?2";
        let (next_at, updated_at) = (after.next_attempt_at.map(Stamp::micros), after.updated_at.micros());
        let (key, log) = (webhook.to_string(), serde_json::to_string(&after.log).map_err(damaged)?);
        let row = params![number, key, after.state.as_str(), after.attempts, next_at, updated_at, log];
        transaction.execute(sql, row).map_err(broken)?;
        transaction.commit().map_err(broken)?;
        Ok(after)
    }

    fn forget_events(&self, before: Stamp, up_to: u64) -> Result<u64> {
        self.refuse_when_read_only()?;
        let mut state = self.state();
        let transaction = state.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        let old = "SELECT number FROM outbox o WHERE at < ?1 AND number <= ?2 AND NOT EXISTS
                   (SELECT 1 FROM webhook_deliveries d WHERE d.event = o.number AND d.next_at IS NOT NULL)";
        let bounds = params![before.micros(), integer(up_to)?];
        let sql = format!("DELETE FROM webhook_deliveries WHERE event IN ({old})");
        transaction.execute(&sql, bounds).map_err(broken)?;
        // Those of which deliveries are left were not among them.
        let sql = format!("DELETE FROM outbox WHERE number IN ({old})");
        let forgotten = transaction.execute(&sql, bounds).map_err(broken)?;
        transaction.commit().map_err(broken)?;
        u64::try_from(forgotten).map_err(damaged)
    }
}
