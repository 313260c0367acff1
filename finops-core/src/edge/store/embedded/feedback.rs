//! What was said of anomalies, in the state file.

use super::audit::{self, Changed};
use super::manifest::natural;
use super::{broken, damaged};
use crate::Result;
use crate::model::anomaly::AnomalyFeedback;
use crate::model::audit::{AuditKind, Change};
use crate::model::id::{self, Id};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::ops::RangeInclusive;

/// What a narrowing said of the anomalies from one to another.
pub(super) fn list(
    connection: &Connection,
    narrowing: &str,
    anomalies: &RangeInclusive<Id<id::Anomaly>>,
) -> Result<Vec<AnomalyFeedback>> {
    let sql = "SELECT body FROM anomaly_feedback WHERE narrowing = ?1 AND anomaly BETWEEN ?2 AND ?3 ORDER BY anomaly";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let (first, last) = (anomalies.start().to_string(), anomalies.end().to_string());
    let rows = statement.query_map(params![narrowing, first, last], |row| row.get::<_, String>(0)).map_err(broken)?;
    rows.map(|body| serde_json::from_str(&body.map_err(broken)?).map_err(damaged)).collect()
}

/// Of how many other anomalies a narrowing said something, and the earliest of them.
pub(super) fn beside(
    connection: &Connection,
    narrowing: &str,
    anomaly: Id<id::Anomaly>,
) -> Result<(u64, Option<Id<id::Anomaly>>)> {
    let sql = "SELECT count(*), min(anomaly) FROM anomaly_feedback WHERE narrowing = ?1 AND anomaly <> ?2";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?));
    let (count, earliest) = statement.query_row(params![narrowing, anomaly.to_string()], read).map_err(broken)?;
    Ok((natural(count)?, earliest.map(|id| id.parse().map_err(damaged)).transpose()?))
}

/// Writes what a narrowing says of an anomaly in place of what it said before.
pub(super) fn put(connection: &mut Connection, narrowing: &str, said: &AnomalyFeedback, by: &Change) -> Result<()> {
    let body = serde_json::to_string(said).map_err(damaged)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    log(&transaction, narrowing, said.anomaly_id, Some(&body), by)?;
    let sql = "INSERT INTO anomaly_feedback (narrowing, anomaly, body) VALUES (?1, ?2, ?3)
               ON CONFLICT (narrowing, anomaly) DO UPDATE SET body = excluded.body";
    transaction.execute(sql, params![narrowing, said.anomaly_id.to_string(), body]).map_err(broken)?;
    transaction.commit().map_err(broken)
}

/// Removes what a narrowing said of an anomaly; says whether there was anything.
pub(super) fn delete(
    connection: &mut Connection,
    narrowing: &str,
    anomaly: Id<id::Anomaly>,
    by: &Change,
) -> Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    log(&transaction, narrowing, anomaly, None, by)?;
    let sql = "DELETE FROM anomaly_feedback WHERE narrowing = ?1 AND anomaly = ?2";
    let rows = transaction.execute(sql, params![narrowing, anomaly.to_string()]).map_err(broken)?;
    transaction.commit().map_err(broken)?;
    Ok(rows > 0)
}

/// Writes into the log what becomes of it. Its key is the anomaly, and behind it the narrowing if there is one.
fn log(
    transaction: &Transaction<'_>,
    narrowing: &str,
    anomaly: Id<id::Anomaly>,
    after: Option<&str>,
    by: &Change,
) -> Result<()> {
    let id = anomaly.to_string();
    let sql = "SELECT body FROM anomaly_feedback WHERE narrowing = ?1 AND anomaly = ?2";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    let before: Option<String> =
        statement.query_row(params![narrowing, id], |row| row.get(0)).optional().map_err(broken)?;
    let key = if narrowing.is_empty() { id } else { format!("{id}/{narrowing}") };
    let changed = Changed { kind: AuditKind::AnomalyFeedback, key: &key, before: before.as_deref(), after };
    audit::append(transaction, by, &changed)
}
