//! The catalogue in the state file.

use super::audit::{self, Changed};
use super::{broken, damaged};
use crate::Result;
use crate::model::audit::{AuditKind, Change};
use crate::model::catalog::{Entry, Kind};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

pub(super) fn put(connection: &mut Connection, entry: &Entry, by: &Change) -> Result<()> {
    let json = serde_json::to_string(entry).map_err(damaged)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    log(&transaction, entry.kind, &entry.id, Some(&json), by)?;
    let sql = "INSERT INTO catalog (kind, id, entry) VALUES (?1, ?2, ?3)
               ON CONFLICT (kind, id) DO UPDATE SET entry = excluded.entry";
    transaction.execute(sql, params![entry.kind.as_str(), entry.id, json]).map_err(broken)?;
    transaction.commit().map_err(broken)
}

pub(super) fn get(connection: &Connection, kind: Kind, id: &str) -> Result<Option<Entry>> {
    read(connection, kind, id)?.map(|json| serde_json::from_str(&json).map_err(damaged)).transpose()
}

fn read(connection: &Connection, kind: Kind, id: &str) -> Result<Option<String>> {
    let sql = "SELECT entry FROM catalog WHERE kind = ?1 AND id = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    statement.query_row(params![kind.as_str(), id], |row| row.get(0)).optional().map_err(broken)
}

pub(super) fn list(connection: &Connection, kind: Option<Kind>, limit: u64, offset: u64) -> Result<(u64, Vec<Entry>)> {
    let kind = kind.map(Kind::as_str);
    let count = "SELECT count(*) FROM catalog WHERE ?1 IS NULL OR kind = ?1";
    let count: i64 = connection.query_row(count, params![kind], |row| row.get(0)).map_err(broken)?;
    let sql = "SELECT entry FROM catalog WHERE ?1 IS NULL OR kind = ?1 ORDER BY kind, id LIMIT ?2 OFFSET ?3";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let page = params![kind, i64::try_from(limit).unwrap_or(i64::MAX), i64::try_from(offset).unwrap_or(i64::MAX)];
    let rows = statement.query_map(page, |row| row.get::<_, String>(0)).map_err(broken)?;
    let entries = rows.map(|json| serde_json::from_str(&json.map_err(broken)?).map_err(damaged));
    Ok((u64::try_from(count).unwrap_or(0), entries.collect::<Result<_>>()?))
}

pub(super) fn delete(connection: &mut Connection, kind: Kind, id: &str, by: &Change) -> Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    log(&transaction, kind, id, None, by)?;
    let sql = "DELETE FROM catalog WHERE kind = ?1 AND id = ?2";
    let deleted = transaction.execute(sql, params![kind.as_str(), id]).map_err(broken)?;
    transaction.commit().map_err(broken)?;
    Ok(deleted > 0)
}

/// Writes into the log what an entry becomes that has not been written yet.
fn log(transaction: &Transaction<'_>, kind: Kind, id: &str, after: Option<&str>, by: &Change) -> Result<()> {
    let (before, key) = (read(transaction, kind, id)?, format!("{kind}/{id}"));
    let changed = Changed { kind: AuditKind::Catalog, key: &key, before: before.as_deref(), after };
    audit::append(transaction, by, &changed)
}
