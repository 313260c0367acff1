//! The rows of usage in the state file: how far it is, and its batches.

use super::batch::{self, MAX_EVENTS, MAX_TEXT, checksum, text_bytes};
use crate::edge::store::embedded::manifest::{integer, natural};
use crate::edge::store::embedded::{broken, damaged};
use crate::model::time::{Interval, Stamp};
use crate::model::usage::UsageEvent;
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

/// How far usage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// The number of the last batch.
    pub(super) batch: u64,
    /// How many events were ever accepted.
    pub(super) events: u64,
    /// The number of the last change.
    pub(super) change: u64,
    /// The last batch whose events are in blocks and pages.
    pub(super) checkpoint: u64,
    /// The last change that pages know.
    pub(super) checkpoint_change: u64,
    /// How often the meters were changed.
    pub(super) meter_change: u64,
    /// How often fingerprints were merged.
    pub(super) merge: u64,
}

/// How far usage is, as the file says.
pub(super) fn progress(connection: &Connection) -> Result<Progress> {
    let sql = "SELECT batch, events, change, checkpoint, checkpoint_change, meter_change, merge
               FROM usage_state";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let progress = |row: &Row<'_>| {
        let number = |column: usize| natural(row.get(column).map_err(broken)?);
        let (batch, events, change) = (number(0)?, number(1)?, number(2)?);
        let (checkpoint, checkpoint_change, meter_change) = (number(3)?, number(4)?, number(5)?);
        Ok(Progress { batch, events, change, checkpoint, checkpoint_change, meter_change, merge: number(6)? })
    };
    statement.query_row([], |row| Ok(progress(row))).map_err(broken)?
}

/// Writes how far usage is.
pub(super) fn put_progress(transaction: &Transaction<'_>, progress: &Progress) -> Result<()> {
    let Progress { batch, events, change, checkpoint, checkpoint_change, meter_change, merge } = *progress;
    let sql = "UPDATE usage_state SET batch = ?1, events = ?2, change = ?3, checkpoint = ?4, checkpoint_change = ?5,
               meter_change = ?6, merge = ?7";
    let (batch, events, change) = (integer(batch)?, integer(events)?, integer(change)?);
    let (checkpoint, checkpoint_change) = (integer(checkpoint)?, integer(checkpoint_change)?);
    let (meter_change, merge) = (integer(meter_change)?, integer(merge)?);
    let values = [batch, events, change, checkpoint, checkpoint_change, meter_change, merge];
    transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map_err(broken)?;
    Ok(())
}

/// What is known of a batch without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchMark {
    /// Its number, or the first of those that were brought together in it.
    pub(super) seq: u64,
    /// Its number, or the last of those.
    pub(super) through: u64,
    /// The place of its first event in the order of arrival.
    pub(super) first_event: u64,
    /// How many events it has.
    pub(super) events: u64,
    /// The earliest time of an event, in microseconds.
    pub(super) first_time: i64,
    /// The latest one.
    pub(super) last_time: i64,
    /// When the last of its events came.
    pub(super) recorded_at: i64,
}

impl BatchMark {
    /// Whether an event of it may lie in the interval.
    pub(super) fn reaches(&self, interval: Interval) -> bool {
        self.first_time < interval.end().micros() && self.last_time >= interval.start().micros()
    }

    /// The error that names it.
    pub(super) fn torn(&self, what: impl std::fmt::Display) -> Error {
        let time = |micros| Stamp::from_micros(micros).map_or_else(|_| "?".to_owned(), |time| time.to_string());
        let message = format!(
            "batch {} of usage is damaged: {what}; it has {} events from {} to {}: restore the store from a copy",
            self.seq,
            self.events,
            time(self.first_time),
            time(self.last_time),
        );
        Error::new(ErrorCode::Storage, message)
    }
}

/// A batch that is to be written.
#[derive(Debug)]
pub(super) struct NewBatch {
    pub(super) mark: BatchMark,
    pub(super) columns: Vec<u8>,
}

impl NewBatch {
    /// Writes it.
    pub(super) fn insert(&self, transaction: &Transaction<'_>) -> Result<()> {
        let BatchMark { seq, through, first_event, events, first_time, last_time, recorded_at } = self.mark;
        let (seq, through, first_event) = (integer(seq)?, integer(through)?, integer(first_event)?);
        let sum = checksum(&self.columns);
        let values =
            params![seq, through, first_event, integer(events)?, first_time, last_time, recorded_at, sum, self.columns];
        let sql = "INSERT INTO usage_batches VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map_err(broken)?;
        Ok(())
    }
}

/// The earliest and the latest time of events.
pub(super) fn times(events: &[&UsageEvent]) -> (i64, i64) {
    let times = || events.iter().map(|event| event.time.micros());
    (times().min().unwrap_or(0), times().max().unwrap_or(0))
}

/// Events in runs that each make a batch.
pub(super) fn runs<'r, 'e>(mut events: &'r [&'e UsageEvent]) -> Vec<&'r [&'e UsageEvent]> {
    let mut runs = Vec::new();
    while !events.is_empty() {
        let mut text = 0;
        let fits = |event: &&&UsageEvent| {
            text += text_bytes(event);
            text <= MAX_TEXT
        };
        let count = events.iter().take(MAX_EVENTS).take_while(fits).count().max(1);
        let (run, rest) = events.split_at_checked(count).unwrap_or((events, &[]));
        runs.push(run);
        events = rest;
    }
    runs
}

const MARK: &str = "seq, through, first_event, events, first_time, last_time, recorded_at";

fn mark(row: &Row<'_>) -> Result<BatchMark> {
    let number = |column: usize| natural(row.get(column).map_err(broken)?);
    let time = |column: usize| row.get::<_, i64>(column).map_err(broken);
    Ok(BatchMark {
        seq: number(0)?,
        through: number(1)?,
        first_event: number(2)?,
        events: number(3)?,
        first_time: time(4)?,
        last_time: time(5)?,
        recorded_at: time(6)?,
    })
}

/// The batches with a number above that one, in order.
pub(super) fn batches_after(connection: &Connection, after: u64) -> Result<Vec<BatchMark>> {
    let sql = format!("SELECT {MARK} FROM usage_batches WHERE through > ?1 ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql).map_err(broken)?;
    let rows = statement.query_map(params![integer(after)?], |row| Ok(mark(row))).map_err(broken)?;
    rows.map(|row| row.map_err(broken)?).collect()
}

/// The batch that has that number; none when retention dropped it.
pub(super) fn batch_of(connection: &Connection, number: u64) -> Result<Option<BatchMark>> {
    let sql = format!("SELECT {MARK} FROM usage_batches WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1");
    let mut statement = connection.prepare_cached(&sql).map_err(broken)?;
    let found = statement.query_row(params![integer(number)?], |row| Ok(mark(row))).optional().map_err(broken)?;
    Ok(found.transpose()?.filter(|mark| mark.through >= number))
}

/// The events of a batch; none when it is not there any more.
pub(super) fn read(connection: &Connection, mark: &BatchMark) -> Result<Option<Vec<UsageEvent>>> {
    let sql = "SELECT columns, checksum FROM usage_batches WHERE seq = ?1 AND through = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let mut rows = statement.query(params![integer(mark.seq)?, integer(mark.through)?]).map_err(broken)?;
    let Some(row) = rows.next().map_err(broken)? else { return Ok(None) };
    let columns = row.get_ref(0).map_err(broken)?.as_blob().map_err(damaged)?;
    if checksum(columns) != row.get::<_, i64>(1).map_err(broken)? {
        return Err(mark.torn("its bytes are not those that were written"));
    }
    let events = batch::decode(columns).map_err(|damage| mark.torn(damage))?;
    if events.len() as u64 != mark.events {
        return Err(mark.torn(format!("it has {} events", events.len())));
    }
    Ok(Some(events))
}

/// Removes a batch.
pub(super) fn delete(transaction: &Transaction<'_>, mark: &BatchMark) -> Result<()> {
    transaction.execute("DELETE FROM usage_batches WHERE seq = ?1", params![integer(mark.seq)?]).map_err(broken)?;
    Ok(())
}
