//! The states that the manifest knows: finding one, listing them, forgetting the old ones.

use super::manifest::{integer, natural, snapshot_id};
use super::{broken, damaged};
use crate::model::history::{AsOf, Cause, StateMark, Vacuumed};
use crate::model::id::Id;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

/// The number of the state that is meant; the present one unless something else is said.
pub(super) fn resolve(connection: &Connection, as_of: Option<AsOf>) -> Result<u64> {
    let present = snapshot_id(connection)?;
    let wanted = match as_of {
        None => return Ok(present),
        Some(AsOf::Snapshot(number)) if number > present => {
            let message = format!("must be 0 to {present}, the number of the present state; got {number}");
            return Err(Error::invalid("as_of", message));
        }
        Some(AsOf::Snapshot(number)) => number,
        Some(AsOf::Time(at)) => last_before(connection, at)?.unwrap_or(0),
    };
    refuse_removed(connection, wanted).map(|()| wanted)
}

/// The last state at or before an instant, of those that are left; the empty one of number 0 has no time.
fn last_before(connection: &Connection, at: Stamp) -> Result<Option<u64>> {
    let sql = "SELECT max(id) FROM snapshots WHERE at <= ?1";
    let id: Option<i64> = connection.query_row(sql, params![at.micros()], |row| row.get(0)).map_err(broken)?;
    id.map(natural).transpose()
}

fn oldest(connection: &Connection) -> Result<u64> {
    let id: i64 = connection.query_row("SELECT oldest FROM state", [], |row| row.get(0)).map_err(broken)?;
    natural(id)
}

/// Refuses a state that is not whole any more.
pub(super) fn refuse_removed(connection: &Connection, snapshot: u64) -> Result<()> {
    let oldest = oldest(connection)?;
    if snapshot >= oldest {
        return Ok(());
    }
    let sql = "SELECT at FROM snapshots WHERE id = ?1";
    let at = connection.query_row(sql, params![integer(oldest)?], |row| row.get::<_, i64>(0)).optional();
    let since = match at.map_err(broken)? {
        Some(at) => format!(" of {}", Stamp::from_micros(at)?),
        None => String::new(),
    };
    let message = format!("that state was removed by a vacuum: the oldest that can be read is {oldest}{since}");
    Err(Error::new(ErrorCode::NotFound, message).with_field("as_of"))
}

/// Writes down that a state was made. The segments must be those of the new state already.
pub(super) fn record(transaction: &Transaction<'_>, snapshot: i64, at: Stamp, cause: Cause) -> Result<()> {
    let sql = "INSERT INTO snapshots (id, at, cause, charges)
               SELECT ?1, ?2, ?3, coalesce(sum(charges), 0) FROM segments WHERE died IS NULL";
    transaction.execute(sql, params![snapshot, at.micros(), cause.as_str()]).map_err(broken)?;
    transaction.execute("UPDATE state SET snapshot = ?1", params![snapshot]).map_err(broken)?;
    Ok(())
}

/// How many states there are, and a page of them, newest first.
pub(super) fn list(connection: &Connection, limit: u64, offset: u64) -> Result<(u64, Vec<StateMark>)> {
    let transaction = connection.unchecked_transaction().map_err(broken)?;
    let count: i64 = transaction.query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0)).map_err(broken)?;
    let sql = "SELECT snapshots.id, at, cause, imports.id, charges
               FROM snapshots LEFT JOIN imports ON imports.snapshot = snapshots.id
               ORDER BY snapshots.id DESC LIMIT ?1 OFFSET ?2";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    let page = params![i64::try_from(limit).unwrap_or(i64::MAX), i64::try_from(offset).unwrap_or(i64::MAX)];
    let rows = statement.query_map(page, |row| Ok(mark(row))).map_err(broken)?;
    let marks = rows.map(|row| row.map_err(broken)?).collect::<Result<_>>()?;
    Ok((natural(count)?, marks))
}

fn mark(row: &Row<'_>) -> Result<StateMark> {
    let number = |column: usize| row.get::<_, i64>(column).map_err(broken);
    let word: String = row.get(2).map_err(broken)?;
    let cause = Cause::ALL.into_iter().find(|cause| cause.as_str() == word);
    let cause = cause.ok_or_else(|| damaged(format!("the cause '{word}' of a state")))?;
    let import: Option<String> = row.get(3).map_err(broken)?;
    let import = import.map(|id| Id::parse(&id)).transpose().map_err(damaged)?;
    Ok(StateMark::new(natural(number(0)?)?, Stamp::from_micros(number(1)?)?, cause, import, natural(number(4)?)?))
}

/// What a vacuum would leave as it is, if it is all.
pub(super) fn nothing_to_forget(connection: &Connection, before: Stamp) -> Result<Option<Vacuumed>> {
    let oldest = oldest(connection)?;
    let idle = last_before(connection, before)?.is_none_or(|kept| kept <= oldest);
    Ok(idle.then(|| Vacuumed { oldest_snapshot: oldest, ..Vacuumed::default() }))
}

/// Forgets the states that others had taken the place of before that instant. Gives the files that no state names any
/// more.
pub(super) fn vacuum(connection: &mut Connection, before: Stamp) -> Result<(Vacuumed, Vec<String>)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    if let Some(nothing) = nothing_to_forget(&transaction, before)? {
        return Ok((nothing, Vec::new()));
    }
    let oldest = last_before(&transaction, before)?.unwrap_or(0);
    let kept = integer(oldest)?;
    let (files, bytes) = ended(&transaction, kept)?;
    let forget = |sql: &str| transaction.execute(sql, params![kept]).map_err(broken);
    forget("DELETE FROM segment_imports WHERE segment_id IN (SELECT id FROM segments WHERE died <= ?1)")?;
    forget("DELETE FROM segments WHERE died <= ?1")?;
    let idle = "snapshot < ?1 AND NOT EXISTS (SELECT 1 FROM segment_imports WHERE import_id = imports.id)";
    forget(&format!("DELETE FROM import_files WHERE import_id IN (SELECT id FROM imports WHERE {idle})"))?;
    forget(&format!("DELETE FROM imports WHERE {idle}"))?;
    let snapshots = forget("DELETE FROM snapshots WHERE id < ?1")?;
    forget("UPDATE state SET oldest = ?1")?;
    transaction.commit().map_err(broken)?;
    let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let vacuumed = Vacuumed {
        snapshots_removed: size(snapshots),
        segments_removed: size(files.len()),
        bytes_freed: bytes,
        oldest_snapshot: oldest,
    };
    Ok((vacuumed, files))
}

/// The files of segments that no state from `kept` on has, and how many bytes they have.
fn ended(transaction: &Transaction<'_>, kept: i64) -> Result<(Vec<String>, u64)> {
    let mut statement = transaction.prepare("SELECT file, bytes FROM segments WHERE died <= ?1").map_err(broken)?;
    let rows = statement.query_map(params![kept], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).map_err(broken)?;
    let (mut files, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let (file, size) = row.map_err(broken)?;
        files.push(file);
        bytes += natural(size)?;
    }
    Ok((files, bytes))
}
