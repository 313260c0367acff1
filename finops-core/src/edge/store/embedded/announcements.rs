//! Announced anomalies in the state file.

use super::{broken, damaged};
use crate::Result;
use crate::edge::store::KeptAnnouncement;
use crate::insight::anomaly::Direction;
use crate::model::time::Stamp;
use rusqlite::{Connection, Row, Transaction, params};

/// Those of a narrowing, of anomalies that begin at an instant or later, in the order of their ids.
pub(super) fn list(connection: &Connection, narrowing: &str, since: Stamp) -> Result<Vec<KeptAnnouncement>> {
    let sql = "SELECT anomaly, direction, monitor, announced_at FROM anomaly_announcements
               WHERE narrowing = ?1 AND starts_at >= ?2 ORDER BY anomaly";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let text = |row: &Row<'_>, place: usize| row.get::<_, String>(place);
    let read = |row: &Row<'_>| Ok((text(row, 0)?, text(row, 1)?, text(row, 2)?, row.get(3)?));
    let rows = statement.query_map(params![narrowing, since.micros()], read).map_err(broken)?;
    rows.map(|row| {
        let (anomaly, direction, monitor, at) = row.map_err(broken)?;
        Ok(KeptAnnouncement {
            anomaly: anomaly.parse().map_err(damaged)?,
            narrowing: narrowing.to_owned(),
            direction: direction_of(&direction)?,
            monitor: monitor.parse().map_err(damaged)?,
            at: Stamp::from_micros(at)?,
        })
    })
    .collect()
}

/// Writes that an anomaly is announced; says whether it was not before to the same narrowing.
pub(super) fn insert(transaction: &Transaction<'_>, announcement: &KeptAnnouncement) -> Result<bool> {
    let sql = "INSERT INTO anomaly_announcements (anomaly, narrowing, starts_at, direction, monitor, announced_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (anomaly, narrowing) DO NOTHING";
    let KeptAnnouncement { anomaly, narrowing, direction, monitor, at } = announcement;
    let starts_at = anomaly.time()?.micros();
    let (anomaly, monitor) = (anomaly.to_string(), monitor.to_string());
    let row = params![anomaly, narrowing, starts_at, direction.as_str(), monitor, at.micros()];
    let written = transaction.prepare_cached(sql).map_err(broken)?.execute(row).map_err(broken)?;
    Ok(written > 0)
}

fn direction_of(text: &str) -> Result<Direction> {
    let known = [Direction::Up, Direction::Down].into_iter().find(|direction| direction.as_str() == text);
    known.ok_or_else(|| damaged(format!("the direction '{text}' of an anomaly")))
}
