//! Definitions in the state file.

use super::audit::{self, Changed};
use super::manifest::{integer, natural};
use super::{broken, damaged};
use crate::Result;
use crate::edge::store::{Defined, Definition};
use crate::model::audit::{Action, Change};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

/// The definitions of a kind that a change after that one wrote.
pub(super) fn list(connection: &Connection, kind: Defined, after: u64) -> Result<Vec<Definition>> {
    // In the order of keys by sorting the few that changed, not by going through all of them.
    let sql = "SELECT key, body, change FROM definitions WHERE kind = ?1 AND change > ?2 ORDER BY +key";
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
pub(super) fn put(
    connection: &mut Connection,
    kind: Defined,
    definitions: &[(String, String)],
    by: &Change,
) -> Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let sql = "UPDATE definition_changes SET last = last + 1 RETURNING last";
    let change: i64 = transaction.query_row(sql, [], |row| row.get(0)).map_err(broken)?;
    let sql = "INSERT INTO definitions (kind, key, body, change) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, change = excluded.change";
    for (key, body) in definitions {
        // A version that says that something is deleted leaves nothing of it.
        let after = if by.action == Some(Action::Delete) { None } else { Some(body.as_str()) };
        log(&transaction, kind, key, after, by)?;
        transaction.execute(sql, params![kind.as_str(), key, body, change]).map_err(broken)?;
    }
    transaction.commit().map_err(broken)?;
    u64::try_from(change).map_err(damaged)
}

/// Removes a definition; says whether there was one.
pub(super) fn delete(connection: &mut Connection, kind: Defined, key: &str, by: &Change) -> Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    log(&transaction, kind, key, None, by)?;
    let sql = "DELETE FROM definitions WHERE kind = ?1 AND key = ?2";
    let rows = transaction.execute(sql, params![kind.as_str(), key]).map_err(broken)?;
    transaction.commit().map_err(broken)?;
    Ok(rows > 0)
}

/// Writes into the log what a definition becomes that has not been written yet.
fn log(transaction: &Transaction<'_>, kind: Defined, key: &str, after: Option<&str>, by: &Change) -> Result<()> {
    let Some(audited) = kind.audited() else { return Ok(()) };
    let versioned = kind.versioned(key);
    let before: Option<String> = match versioned {
        None => {
            let sql = "SELECT body FROM definitions WHERE kind = ?1 AND key = ?2";
            let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
            statement.query_row(params![kind.as_str(), key], |row| row.get(0)).optional().map_err(broken)?
        }
        Some(versioned) => {
            let sql = "SELECT body FROM definitions WHERE kind = ?1 AND key > ?2 || '.' AND key <= ?3
                       ORDER BY key DESC LIMIT 1";
            let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
            statement.query_row(params![kind.as_str(), versioned, key], |row| row.get(0)).optional().map_err(broken)?
        }
    };
    let changed = Changed { kind: audited, key: versioned.unwrap_or(key), before: before.as_deref(), after };
    audit::append(transaction, by, &changed)
}
