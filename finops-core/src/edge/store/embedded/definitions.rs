//! Definitions in the state file.

use super::manifest::{integer, natural};
use super::{broken, damaged};
use crate::Result;
use crate::edge::store::{Defined, Definition};
use rusqlite::{Connection, Row, TransactionBehavior, params};

/// The definitions of a kind that a change after that one wrote.
pub(super) fn list(connection: &Connection, kind: Defined, after: u64) -> Result<Vec<Definition>> {
    let sql = "SELECT key, body, change FROM definitions WHERE kind = ?1 AND change > ?2 ORDER BY key";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows = statement.query_map(params![kind.as_str(), integer(after)?], read).map_err(broken)?;
    rows.map(|row| {
        let (key, body, change) = row.map_err(broken)?;
        Ok(Definition { key, body, change: natural(change)? })
    })
    .collect()
}

/// Writes definitions in place of those with the same keys, all or none, and gives the number of the change.
pub(super) fn put(connection: &mut Connection, kind: Defined, definitions: &[(String, String)]) -> Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let sql = "UPDATE definition_changes SET last = last + 1 RETURNING last";
    let change: i64 = transaction.query_row(sql, [], |row| row.get(0)).map_err(broken)?;
    let sql = "INSERT INTO definitions (kind, key, body, change) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, change = excluded.change";
    for (key, body) in definitions {
        transaction.execute(sql, params![kind.as_str(), key, body, change]).map_err(broken)?;
    }
    transaction.commit().map_err(broken)?;
    u64::try_from(change).map_err(damaged)
}

/// Removes a definition; says whether there was one.
pub(super) fn delete(connection: &Connection, kind: Defined, key: &str) -> Result<bool> {
    let sql = "DELETE FROM definitions WHERE kind = ?1 AND key = ?2";
    connection.execute(sql, params![kind.as_str(), key]).map(|rows| rows > 0).map_err(broken)
}
