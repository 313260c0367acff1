//! Virtual dimensions in the state file.

use super::audit::{self, Changed};
use super::{broken, damaged};
use crate::Result;
use crate::edge::store::AllowVirtuals;
use crate::model::audit::{AuditKind, Change};
use crate::model::virtual_dimension::VirtualDimension;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

pub(super) fn list(connection: &Connection) -> Result<Vec<VirtualDimension>> {
    let sql = "SELECT definition FROM virtual_dimensions ORDER BY name";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(broken)?;
    rows.map(|json| serde_json::from_str(&json.map_err(broken)?).map_err(damaged)).collect()
}

pub(super) fn put(
    connection: &mut Connection,
    dimension: &VirtualDimension,
    allowed: AllowVirtuals<'_>,
    by: &Change,
) -> Result<()> {
    let json = serde_json::to_string(dimension).map_err(damaged)?;
    change(connection, &dimension.name, Some(&json), allowed, by).map(drop)
}

pub(super) fn delete(connection: &mut Connection, name: &str, allowed: AllowVirtuals<'_>, by: &Change) -> Result<bool> {
    change(connection, name, None, allowed, by)
}

/// Writes a definition, or removes it where there is none; says whether there was anything to do. Dropped without a
/// commit, a transaction leaves nothing.
fn change(
    connection: &mut Connection,
    name: &str,
    after: Option<&str>,
    allowed: AllowVirtuals<'_>,
    by: &Change,
) -> Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let sql = "SELECT definition FROM virtual_dimensions WHERE name = ?1";
    let before: Option<String> =
        transaction.query_row(sql, params![name], |row| row.get(0)).optional().map_err(broken)?;
    let kind = AuditKind::VirtualDimension;
    audit::append(&transaction, by, &Changed { kind, key: name, before: before.as_deref(), after })?;
    let rows = match after {
        Some(definition) => {
            let sql = "INSERT INTO virtual_dimensions (name, definition) VALUES (?1, ?2)
                       ON CONFLICT (name) DO UPDATE SET definition = excluded.definition";
            transaction.execute(sql, params![name, definition])
        }
        None => transaction.execute("DELETE FROM virtual_dimensions WHERE name = ?1", params![name]),
    };
    let is_changed = rows.map_err(broken)? > 0;
    if is_changed {
        allowed(&list(&transaction)?)?;
    }
    transaction.commit().map_err(broken)?;
    Ok(is_changed)
}
