//! Booked lines and closed periods in the state file.

use super::broken;
use super::manifest::{integer, natural};
use crate::Result;
use crate::edge::store::{Booking, LineKey, Settled, Statement};
use crate::model::time::Stamp;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

/// What is booked of each line, in the same order.
pub(super) fn booked(connection: &Connection, lines: &[LineKey]) -> Result<Vec<Option<Vec<u8>>>> {
    // One transaction, so that all of it belongs together.
    let transaction = connection.unchecked_transaction().map_err(broken)?;
    let sql = "SELECT booked FROM usage_lines WHERE period_start = ?1 AND tenant_id = ?2 AND meter = ?3";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    let mut read = |line: &LineKey| {
        let key = params![line.period_start.micros(), line.tenant_id, line.meter];
        statement.query_row(key, |row| row.get(0)).optional().map_err(broken)
    };
    lines.iter().map(&mut read).collect()
}

/// The lines of a billing period, of a tenant or of all, in the order of tenant and meter.
pub(super) fn lines(connection: &Connection, period_start: Stamp, tenant: Option<&str>) -> Result<Vec<LineKey>> {
    let sql = "SELECT tenant_id, meter FROM usage_lines WHERE period_start = ?1 AND (?2 IS NULL OR tenant_id = ?2)
               ORDER BY tenant_id, meter";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok(LineKey { period_start, tenant_id: row.get(0)?, meter: row.get(1)? });
    let rows = statement.query_map(params![period_start.micros(), tenant], read).map_err(broken)?;
    rows.map(|row| row.map_err(broken)).collect()
}

/// How far usage has become charges.
pub(super) fn settled(connection: &Connection) -> Result<Settled> {
    let sql = "SELECT sequence, change, until FROM usage_settled";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (sequence, change, until) = statement.query_row([], read).map_err(broken)?;
    Ok(Settled { sequence: natural(sequence)?, change: natural(change)?, until })
}

/// The closed periods that start then, or all of them, of a tenant or of all; the latest first.
pub(super) fn statements(
    connection: &Connection,
    period_start: Option<Stamp>,
    tenant: Option<&str>,
) -> Result<Vec<Statement>> {
    let sql = "SELECT tenant_id, period_start, closed_at, body FROM statements
               WHERE (?1 IS NULL OR period_start = ?1) AND (?2 IS NULL OR tenant_id = ?2)
               ORDER BY period_start DESC, tenant_id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let key = params![period_start.map(Stamp::micros), tenant];
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let rows = statement.query_map(key, read).map_err(broken)?;
    rows.map(|row| {
        let (tenant_id, start, closed, body) = row.map_err(broken)?;
        let (period_start, closed_at) = (Stamp::from_micros(start)?, Stamp::from_micros(closed)?);
        Ok(Statement { tenant_id, period_start, closed_at, body })
    })
    .collect()
}

/// Books within the transaction of whoever writes the charges.
pub(super) fn save(transaction: &Connection, booking: &Booking) -> Result<()> {
    let sql = "INSERT INTO usage_lines (period_start, tenant_id, meter, booked) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (period_start, tenant_id, meter) DO UPDATE SET booked = excluded.booked";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    for (line, booked) in &booking.lines {
        let row = params![line.period_start.micros(), line.tenant_id, line.meter, booked];
        statement.execute(row).map_err(broken)?;
    }
    let sql = "INSERT INTO statements (tenant_id, period_start, closed_at, body) VALUES (?1, ?2, ?3, ?4)";
    for closed in &booking.statements {
        let row = params![closed.tenant_id, closed.period_start.micros(), closed.closed_at.micros(), closed.body];
        transaction.execute(sql, row).map_err(broken)?;
    }
    let Settled { sequence, change, until } = booking.settled;
    let sql = "UPDATE usage_settled SET sequence = ?1, change = ?2, until = ?3";
    transaction.execute(sql, params![integer(sequence)?, integer(change)?, until]).map_err(broken)?;
    Ok(())
}

/// Books what makes no charge.
pub(super) fn book(connection: &mut Connection, booking: &Booking) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    save(&transaction, booking)?;
    transaction.commit().map_err(broken)
}
