//! Reading the events themselves: batch after batch, with what was voided and corrected laid over them.

use super::changes::{self, Overlay};
use super::tables::{self, BatchMark};
use crate::Result;
use crate::edge::store::embedded::broken;
use crate::edge::store::embedded::manifest::integer;
use crate::model::time::Interval;
use crate::model::usage::UsageEvent;
use rusqlite::{Connection, OptionalExtension, params};
use std::ops::Deref;

/// Gives the events of the interval with their places in the order of arrival, in that order. `connection` is asked for
/// anew for each batch and let go before its events are given.
pub(super) fn scan<C: Deref<Target = Connection>>(
    connection: &dyn Fn() -> Result<C>,
    interval: Interval,
    visit: &mut dyn FnMut(u64, &UsageEvent) -> Result<()>,
) -> Result<()> {
    let end = tables::progress(&*connection()?)?.events;
    // The last batch and the last event that were passed: a batch may come again, brought together with later ones.
    let (mut done, mut passed) = (0, 0);
    'again: loop {
        let marks = tables::batches_after(&*connection()?, done)?;
        for mark in marks.iter().filter(|mark| mark.first_event <= end) {
            if mark.reaches(interval) {
                // One that is gone was brought together with others, or dropped, meanwhile.
                let Some((events, overlay)) = read(&*connection()?, mark)? else { continue 'again };
                give(mark, &events, &overlay, interval, &mut |sequence, event| {
                    if sequence > passed && sequence <= end { visit(sequence, event) } else { Ok(()) }
                })?;
            }
            (done, passed) = (mark.through, passed.max(mark.first_event + mark.events - 1));
        }
        return Ok(());
    }
}

fn read(connection: &Connection, mark: &BatchMark) -> Result<Option<(Vec<UsageEvent>, Overlay)>> {
    let Some(events) = tables::read(connection, mark)? else { return Ok(None) };
    Ok(Some((events, changes::overlay(connection, mark)?)))
}

fn give(
    mark: &BatchMark,
    events: &[UsageEvent],
    overlay: &Overlay,
    interval: Interval,
    visit: &mut dyn FnMut(u64, &UsageEvent) -> Result<()>,
) -> Result<()> {
    for (sequence, event) in (mark.first_event..).zip(events) {
        let event = match overlay.get(&sequence) {
            None => event,
            Some(Some(corrected)) => corrected,
            Some(None) => continue,
        };
        if interval.contains(event.time) {
            visit(sequence, event)?;
        }
    }
    Ok(())
}

/// What an event was when that change was the last, and what it is now; none when its batch was dropped.
#[allow(clippy::type_complexity, reason = "two states of one event, each of which may be none")]
pub(super) fn before_and_now(
    connection: &Connection,
    event: u64,
    change: u64,
) -> Result<Option<(Option<UsageEvent>, Option<UsageEvent>)>> {
    let sql = "SELECT seq FROM usage_batches WHERE first_event <= ?1 ORDER BY seq DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let batch: Option<i64> =
        statement.query_row(params![integer(event)?], |row| row.get(0)).optional().map_err(broken)?;
    let batch = batch.and_then(|batch| u64::try_from(batch).ok());
    let Some(mark) = batch.map(|batch| tables::batch_of(connection, batch)).transpose()?.flatten() else {
        return Ok(None);
    };
    let place = usize::try_from(event - mark.first_event).unwrap_or(usize::MAX);
    let Some(original) = tables::read(connection, &mark)?.and_then(|events| events.into_iter().nth(place)) else {
        return Ok(None);
    };
    let now = changes::state(connection, event, u64::MAX)?;
    let before = changes::state(connection, event, change)?;
    Ok(Some((before.unwrap_or_else(|| Some(original.clone())), now.unwrap_or(Some(original)))))
}

/// The instant before which events may have been dropped, in microseconds.
pub(super) fn dropped_before(connection: &Connection) -> Result<Option<i64>> {
    connection.query_row("SELECT raw_from FROM usage_state", [], |row| row.get(0)).map_err(broken)
}
