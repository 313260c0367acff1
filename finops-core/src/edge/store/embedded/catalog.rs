//! The catalogue in the state file.

use super::{broken, damaged};
use crate::Result;
use crate::model::catalog::{Entry, Kind};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn put(connection: &Connection, entry: &Entry) -> Result<()> {
    let json = serde_json::to_string(entry).map_err(damaged)?;
    let sql = "INSERT INTO catalog (kind, id, entry) VALUES (?1, ?2, ?3)
               ON CONFLICT (kind, id) DO UPDATE SET entry = excluded.entry";
    connection.execute(sql, params![entry.kind.as_str(), entry.id, json]).map_err(broken)?;
    Ok(())
}

pub(super) fn get(connection: &Connection, kind: Kind, id: &str) -> Result<Option<Entry>> {
    let sql = "SELECT entry FROM catalog WHERE kind = ?1 AND id = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let json: Option<String> =
        statement.query_row(params![kind.as_str(), id], |row| row.get(0)).optional().map_err(broken)?;
    json.map(|json| serde_json::from_str(&json).map_err(damaged)).transpose()
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

pub(super) fn delete(connection: &Connection, kind: Kind, id: &str) -> Result<bool> {
    let sql = "DELETE FROM catalog WHERE kind = ?1 AND id = ?2";
    let deleted = connection.execute(sql, params![kind.as_str(), id]).map_err(broken)?;
    Ok(deleted > 0)
}
