//! What was voided or corrected: rows of their own, which readers of batches lay over them.

use super::batch::{self, checksum};
use super::counted::Counted;
use super::raw;
use super::tables::{BatchMark, Progress};
use crate::edge::store::embedded::manifest::{integer, natural};
use crate::edge::store::embedded::{broken, damaged};
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{Aggregation, UsageEvent};
use crate::pipeline::metering::{DAY, PageKey, PageSpan, Stale};
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, Row, Transaction, params};
use std::collections::BTreeMap;

/// What became of events, by their place in the order of arrival: another event, or none.
pub(super) type Overlay = BTreeMap<u64, Option<UsageEvent>>;

/// What became of the events of a batch.
pub(super) fn overlay(connection: &Connection, mark: &BatchMark) -> Result<Overlay> {
    let sql = "SELECT id, event, checksum, correction FROM usage_changes WHERE event >= ?1 AND event < ?2 ORDER BY id";
    let range = params![integer(mark.first_event)?, integer(mark.first_event + mark.events)?];
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map(range, |row| Ok(change(row))).map_err(broken)?;
    rows.map(|row| row.map_err(broken)?.map(|change| (change.event, change.now))).collect()
}

struct Change {
    event: u64,
    now: Option<UsageEvent>,
}

fn change(row: &Row<'_>) -> Result<Change> {
    let (id, event) = (row.get::<_, i64>(0).map_err(broken)?, natural(row.get(1).map_err(broken)?)?);
    let torn = |what: &str| {
        let message = format!("change {id} of usage is damaged: {what}; restore the store from a copy");
        Error::new(ErrorCode::Storage, message)
    };
    let bytes = row.get_ref(3).map_err(broken)?.as_blob_or_null().map_err(damaged)?;
    if checksum(bytes.unwrap_or_default()) != row.get::<_, i64>(2).map_err(broken)? {
        return Err(torn("it is not what was written"));
    }
    let now = bytes.map(|bytes| {
        let events = batch::decode(bytes).map_err(|damage| torn(&damage.to_string()))?;
        events.into_iter().next().ok_or_else(|| torn("it has no event"))
    });
    Ok(Change { event, now: now.transpose()? })
}

/// What an event was when that change was the last; none when none concerned it.
#[allow(clippy::option_option, reason = "whether it was changed, and whether it was voided then")]
pub(super) fn state(connection: &Connection, event: u64, until: u64) -> Result<Option<Option<UsageEvent>>> {
    let sql = "SELECT id, event, checksum, correction FROM usage_changes WHERE event = ?1 AND id <= ?2
               ORDER BY id DESC LIMIT 1";
    let until = i64::try_from(until).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let mut rows = statement.query(params![integer(event)?, until]).map_err(broken)?;
    rows.next().map_err(broken)?.map(|row| Ok(change(row)?.now)).transpose()
}

/// Writes what became of an event.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    id: u64,
    event: u64,
    at: Stamp,
    correction: Option<&[u8]>,
) -> Result<()> {
    let sql = "INSERT INTO usage_changes (id, event, at, checksum, correction) VALUES (?1, ?2, ?3, ?4, ?5)";
    let sum = checksum(correction.unwrap_or_default());
    let values = params![integer(id)?, integer(event)?, at.micros(), sum, correction];
    transaction.execute(sql, values).map_err(broken)?;
    Ok(())
}

/// Applies the changes after the last checkpoint to what was counted.
pub(super) fn count_again(connection: &Connection, counted: &mut Counted, progress: &Progress) -> Result<()> {
    if progress.change == progress.checkpoint_change {
        return Ok(());
    }
    let sql = "SELECT DISTINCT event FROM usage_changes WHERE id > ?1 ORDER BY event";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let after = params![integer(progress.checkpoint_change)?];
    let events = statement.query_map(after, |row| row.get::<_, i64>(0)).map_err(broken)?;
    for event in events {
        let event = natural(event.map_err(broken)?)?;
        let Some((before, now)) = raw::before_and_now(connection, event, progress.checkpoint_change)? else {
            continue;
        };
        let prepared = Prepared::new(connection, counted, before.as_ref(), event)?;
        let keys = prepared.keys(counted, now.as_ref());
        let generation = counted.generation();
        let read = counted.read(connection, &counted.missing_of(&keys))?;
        counted.put(generation, read);
        prepared.apply(counted, before.as_ref(), now.as_ref(), progress.events);
    }
    Ok(())
}

/// What applying a change needs, read beforehand: once the change is durable, nothing may fail.
#[derive(Debug)]
pub(super) struct Prepared {
    event: u64,
    /// What a page is made again from, where an event cannot be taken out of it: the other events of its series.
    others: BTreeMap<PageKey, Option<Vec<(UsageEvent, u64)>>>,
}

impl Prepared {
    /// For taking out `before`, the event of that place.
    pub(super) fn new(
        connection: &Connection,
        counted: &Counted,
        before: Option<&UsageEvent>,
        event: u64,
    ) -> Result<Self> {
        let mut others = BTreeMap::new();
        let Some(before) = before else { return Ok(Self { event, others }) };
        for key in counted.rollups().pages_of(before) {
            others.insert(key, None);
            let Some(meter) = counted.rollups().meters().by_number(key.meter) else { continue };
            if !matches!(meter.aggregation, Aggregation::Max | Aggregation::Min | Aggregation::Latest) {
                continue;
            }
            let mut events = Vec::new();
            raw::scan(&|| Ok(connection), span(key)?, &mut |sequence, other| {
                if sequence != event && other.tenant_id == before.tenant_id && meter.reads(other) {
                    events.push((other.clone(), sequence));
                }
                Ok(())
            })?;
            others.insert(key, Some(events));
        }
        Ok(Self { event, others })
    }

    /// The pages that must be in memory.
    pub(super) fn keys(&self, counted: &Counted, now: Option<&UsageEvent>) -> Vec<PageKey> {
        let new = now.map(|now| counted.rollups().pages_of(now)).unwrap_or_default();
        self.others.keys().copied().chain(new).collect()
    }

    /// Takes out what the event was, and counts what it is now. `at` is how many events had come.
    pub(super) fn apply(&self, counted: &mut Counted, before: Option<&UsageEvent>, now: Option<&UsageEvent>, at: u64) {
        if let Some(before) = before {
            counted.touch(counted.rollups().pages_of(before));
            for Stale { page, series } in counted.rollups_mut().retract(before, self.event, at) {
                // A sum that the event was never in stays as it is.
                let Some(Some(others)) = self.others.get(&page) else { continue };
                let others = others.iter().map(|(event, sequence)| (event, *sequence));
                counted.rollups_mut().remake(Stale { page, series }, others, at);
            }
        }
        if let Some(now) = now {
            counted.apply(now, self.event);
            counted.touch(counted.rollups().pages_of(now));
        }
    }
}

/// The time that a page is of.
fn span(key: PageKey) -> Result<Interval> {
    let days = match key.span {
        PageSpan::Day => 1,
        PageSpan::Month => 31,
    };
    let start = i64::from(key.day) * DAY;
    Interval::new(Stamp::from_micros(start)?, Stamp::from_micros(start + days * DAY)?)
}
