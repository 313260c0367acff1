//! Announced anomalies in the state file.

use super::{broken, damaged};
use crate::Result;
use crate::edge::store::KeptAnnouncement;
use crate::model::time::Stamp;
use rusqlite::{Connection, Row, Transaction, params};

/// Those of anomalies that begin at an instant or later, in the order of their ids.
pub(super) fn list(connection: &Connection, since: Stamp) -> Result<Vec<KeptAnnouncement>> {
    let sql = "SELECT anomaly, monitor, announced_at FROM anomaly_announcements WHERE starts_at >= ?1 ORDER BY anomaly";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?));
    let rows = statement.query_map([since.micros()], read).map_err(broken)?;
    rows.map(|row| {
        let (anomaly, monitor, at) = row.map_err(broken)?;
        let (anomaly, monitor) = (anomaly.parse().map_err(damaged)?, monitor.parse().map_err(damaged)?);
        Ok(KeptAnnouncement { anomaly, monitor, at: Stamp::from_micros(at)? })
    })
    .collect()
}

/// Writes that an anomaly is announced; says whether it was not before.
pub(super) fn insert(transaction: &Transaction<'_>, announcement: &KeptAnnouncement) -> Result<bool> {
    let sql = "INSERT INTO anomaly_announcements (anomaly, starts_at, monitor, announced_at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (anomaly) DO NOTHING";
    let KeptAnnouncement { anomaly, monitor, at } = announcement;
    let row = params![anomaly.to_string(), anomaly.time()?.micros(), monitor.to_string(), at.micros()];
    let written = transaction.prepare_cached(sql).map_err(broken)?.execute(row).map_err(broken)?;
    Ok(written > 0)
}
