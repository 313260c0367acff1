//! What came since: the events after a mark, and those that something became of after it.

use super::tables::{self, Progress};
use super::{ledger, raw};
use crate::Result;
use crate::edge::store::embedded::broken;
use crate::edge::store::embedded::manifest::{integer, natural};
use crate::edge::store::usage::UsageMark;
use crate::model::usage::UsageEvent;
use rusqlite::{Connection, params};

/// How far usage is.
pub(super) fn mark(connection: &Connection) -> Result<UsageMark> {
    let Progress { events, change, .. } = tables::progress(connection)?;
    Ok(UsageMark { events, changes: change })
}

/// Gives every event that came after the mark, and of those that were changed after it what they were and what they
/// are; says how far that is. One state of the file.
pub(super) fn since(
    connection: &Connection,
    after: UsageMark,
    visit: &mut dyn FnMut(&UsageEvent) -> Result<()>,
) -> Result<UsageMark> {
    let state = connection.unchecked_transaction().map_err(broken)?;
    let end = mark(&state)?;
    let mut statement = state
        .prepare_cached("SELECT through FROM usage_batches WHERE first_event + events > ?1 ORDER BY seq LIMIT 1")
        .map_err(broken)?;
    let mut rows = statement.query(params![integer(after.events + 1)?]).map_err(broken)?;
    if let Some(row) = rows.next().map_err(broken)? {
        let first = natural(row.get(0).map_err(broken)?)?;
        for batch in tables::batches_after(&state, first.saturating_sub(1))? {
            let events = ledger::read(&state, &batch)?;
            let new = (batch.first_event..).zip(&events).filter(|(place, _)| *place > after.events);
            new.into_iter().try_for_each(|(_, event)| visit(event))?;
        }
    }
    let sql = "SELECT DISTINCT event FROM usage_changes WHERE id > ?1 ORDER BY event";
    let mut statement = state.prepare_cached(sql).map_err(broken)?;
    let changed = statement.query_map(params![integer(after.changes)?], |row| row.get::<_, i64>(0)).map_err(broken)?;
    for place in changed {
        let place = natural(place.map_err(broken)?)?;
        if let Some((before, now)) = raw::before_and_now(&state, place, after.changes)? {
            before.iter().chain(&now).try_for_each(&mut *visit)?;
        }
    }
    Ok(end)
}
