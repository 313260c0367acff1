//! Voiding and correcting: finding the event, writing what became of it, and having everything that counted it follow.

use super::changes::{self, Prepared};
use super::counted::Counted;
use super::ledger::Ledger;
use super::raw;
use super::tables::{self, BatchMark};
use crate::edge::store::embedded::audit::{self, Changed};
use crate::edge::store::embedded::manifest::integer;
use crate::edge::store::embedded::{broken, damaged};
use crate::model::audit::{Action, AuditKind, Change};
use crate::model::time::{Lapse, Stamp};
use crate::model::usage::{EventKey, MeterSet, Policy, Rejection, UsageEvent, fingerprint};
use crate::pipeline::metering::{DAY, check, day_of};
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::sync::{PoisonError, RwLock};

/// An event that was found.
#[derive(Debug)]
pub(super) struct Found {
    mark: BatchMark,
    /// Its place in the order of arrival.
    place: u64,
    /// What it is now; none when it was voided.
    pub(super) now: Option<UsageEvent>,
}

/// The error that there is no such event.
pub(super) fn unknown(why: &str) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no event of that tenant, source and id: {why}")).with_field("id")
}

/// The event of that key.
pub(super) fn find(ledger: &mut Ledger, connection: &Connection, key: EventKey<'_>) -> Result<Found> {
    let known = ledger.fingerprints.find(connection, fingerprint(key))?;
    let known = known.ok_or_else(|| unknown("none came within the time in which events are known again"))?;
    let dropped = || unknown("it was counted, and dropped since by retention");
    let mark = tables::batch_of(connection, known.batch)?.ok_or_else(dropped)?;
    let events = tables::read(connection, &mark)?.ok_or_else(dropped)?;
    let found = (mark.first_event..).zip(events).find(|(_, event)| event.key() == key);
    let (place, original) = found.ok_or_else(|| mark.torn("an event that was counted is not in it"))?;
    let now = changes::state(connection, place, u64::MAX)?.unwrap_or(Some(original));
    Ok(Found { mark, place, now })
}

/// Whether an event can be counted in the place of another, however old it is.
pub(super) fn check_correction(event: &UsageEvent, meters: &MeterSet, now: Stamp) -> Result<()> {
    let policy = Policy { late: Lapse::days(u16::MAX), ..Policy::default() };
    check(event, meters, now, &policy).map_err(|rejection| match rejection {
        Rejection::Invalid { field, message } => Error::invalid(field, message),
        other => Error::invalid("time", other.to_string()),
    })
}

/// Puts `new` in the place of the event of that key, or nothing; whether that changes anything.
pub(super) fn change(
    ledger: &mut Ledger,
    connection: &mut Connection,
    counted: &RwLock<Option<Counted>>,
    key: EventKey<'_>,
    new: Option<&UsageEvent>,
    by: &Change,
) -> Result<bool> {
    let found = find(ledger, connection, key)?;
    if found.now.as_ref() == new {
        return Ok(false);
    }
    let Some(before) = &found.now else {
        let message = "the event was voided: report what happened with another id";
        return Err(Error::new(ErrorCode::Conflict, message).with_field("id"));
    };
    for event in [Some(before), new].into_iter().flatten() {
        refuse_dropped(connection, event)?;
    }
    let prepared = {
        let mut counted = counted.write().unwrap_or_else(PoisonError::into_inner);
        let Some(counted) = counted.as_mut() else { return Err(Error::new(ErrorCode::Storage, "usage is not open")) };
        let prepared = Prepared::new(connection, counted, Some(before), found.place)?;
        let read = counted.read(connection, &counted.missing_of(&prepared.keys(counted, new)))?;
        counted.put(counted.generation(), read);
        prepared
    };
    let mut progress = ledger.progress;
    progress.change += 1;
    let correction = new.map(|new| ledger.encoder.encode(&[new])).transpose()?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    changes::insert(&transaction, progress.change, found.place, by.at, correction.as_deref())?;
    log(&transaction, before, new, by)?;
    if let Some(new) = new {
        // So that whoever reads by time finds the batch.
        let sql = "UPDATE usage_batches SET first_time = min(first_time, ?1), last_time = max(last_time, ?1)
                   WHERE seq = ?2";
        transaction.execute(sql, params![new.time.micros(), integer(found.mark.seq)?]).map_err(broken)?;
    }
    tables::put_progress(&transaction, &progress)?;
    transaction.commit().map_err(broken)?;
    ledger.progress = progress;
    let mut counted = counted.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(counted) = counted.as_mut() {
        prepared.apply(counted, Some(before), new, progress.events);
    }
    Ok(true)
}

/// Writes into the log what becomes of an event.
fn log(transaction: &Transaction<'_>, before: &UsageEvent, new: Option<&UsageEvent>, by: &Change) -> Result<()> {
    let json = |event: &UsageEvent| serde_json::to_string(event).map_err(damaged);
    let (was, becomes) = (json(before)?, new.map(json).transpose()?);
    let key = [before.tenant_id.as_str(), &before.source, &before.id].join("/");
    let changed = Changed { kind: AuditKind::Usage, key: &key, before: Some(&was), after: becomes.as_deref() };
    let action = if new.is_none() { Action::Void } else { Action::Correct };
    audit::append(transaction, &by.clone().doing(action), &changed)
}

/// Days of which events were dropped stay as they were counted.
fn refuse_dropped(connection: &Connection, event: &UsageEvent) -> Result<()> {
    let dropped = raw::dropped_before(connection)?;
    if dropped.is_some_and(|dropped| i64::from(day_of(event.time)) * DAY < dropped) {
        let message = "events of that day were dropped by retention: what was counted of it stays";
        return Err(Error::new(ErrorCode::NotFound, message).with_field("id"));
    }
    Ok(())
}
