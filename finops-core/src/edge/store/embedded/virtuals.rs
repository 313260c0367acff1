//! Virtual dimensions in the state file.

use super::{broken, damaged};
use crate::Result;
use crate::edge::store::AllowVirtuals;
use crate::model::virtual_dimension::VirtualDimension;
use rusqlite::{Connection, TransactionBehavior, params};

pub(super) fn list(connection: &Connection) -> Result<Vec<VirtualDimension>> {
    let sql = "SELECT definition FROM virtual_dimensions ORDER BY name";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(broken)?;
    rows.map(|json| serde_json::from_str(&json.map_err(broken)?).map_err(damaged)).collect()
}

pub(super) fn put(connection: &mut Connection, dimension: &VirtualDimension, allowed: AllowVirtuals<'_>) -> Result<()> {
    let json = serde_json::to_string(dimension).map_err(damaged)?;
    let sql = "INSERT INTO virtual_dimensions (name, definition) VALUES (?1, ?2)
               ON CONFLICT (name) DO UPDATE SET definition = excluded.definition";
    change(connection, allowed, |state| state.execute(sql, params![dimension.name, json]).map_err(broken)).map(drop)
}

pub(super) fn delete(connection: &mut Connection, name: &str, allowed: AllowVirtuals<'_>) -> Result<bool> {
    let sql = "DELETE FROM virtual_dimensions WHERE name = ?1";
    change(connection, allowed, |state| state.execute(sql, params![name]).map_err(broken)).map(|rows| rows > 0)
}

/// Dropped without a commit, a transaction leaves nothing.
fn change(
    connection: &mut Connection,
    allowed: AllowVirtuals<'_>,
    write: impl FnOnce(&Connection) -> Result<usize>,
) -> Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let rows = write(&transaction)?;
    if rows > 0 {
        allowed(&list(&transaction)?)?;
    }
    transaction.commit().map_err(broken)?;
    Ok(rows)
}
