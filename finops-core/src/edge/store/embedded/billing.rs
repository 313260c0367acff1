//! Booked lines and closed periods in the state file.

use super::audit::{self, Changed};
use super::manifest::{integer, natural};
use super::{broken, damaged};
use crate::Result;
use crate::edge::store::{Booking, ClosedPeriods, Correction, LineKey, Settled, Statement};
use crate::insight::statement::label;
use crate::model::audit::{Action, AuditKind};
use crate::model::money::Currency;
use crate::model::time::Stamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

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

/// The lines of a meter, in the order of billing period and tenant.
pub(super) fn lines_of(connection: &Connection, meter: &str) -> Result<Vec<LineKey>> {
    let sql = "SELECT period_start, tenant_id FROM usage_lines WHERE meter = ?1 ORDER BY period_start, tenant_id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map(params![meter], |row| Ok((row.get(0)?, row.get(1)?))).map_err(broken)?;
    rows.map(|row| {
        let (start, tenant_id) = row.map_err(broken)?;
        Ok(LineKey { period_start: Stamp::from_micros(start)?, tenant_id, meter: meter.to_owned() })
    })
    .collect()
}

/// Whom something is billed in a billing period for periods that were closed before.
pub(super) fn corrected(connection: &Connection, billed_in: Stamp) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT tenant_id FROM usage_corrections WHERE billed_in = ?1 ORDER BY tenant_id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map(params![billed_in.micros()], |row| row.get(0)).map_err(broken)?;
    rows.map(|row| row.map_err(broken)).collect()
}

/// How far usage has become charges.
pub(super) fn settled(connection: &Connection) -> Result<Settled> {
    let sql = "SELECT events, changes, definitions, until FROM usage_settled";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let (events, changes, definitions, until) = statement.query_row([], read).map_err(broken)?;
    Ok(Settled { events: natural(events)?, changes: natural(changes)?, definitions: natural(definitions)?, until })
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

/// What is billed to a tenant in a billing period for periods that were closed before, in the order of its coming.
pub(super) fn corrections(connection: &Connection, billed_in: Stamp, tenant: &str) -> Result<Vec<Correction>> {
    let sql = "SELECT period_start, meter, quantity, amount, currency FROM usage_corrections
               WHERE billed_in = ?1 AND tenant_id = ?2 ORDER BY rowid";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let text = |row: &Row<'_>, column: usize| row.get::<_, String>(column);
    let read = |row: &Row<'_>| {
        Ok((row.get(0)?, text(row, 1)?, text(row, 2)?, row.get::<_, Option<String>>(3)?, text(row, 4)?))
    };
    let rows = statement.query_map(params![billed_in.micros(), tenant], read).map_err(broken)?;
    rows.map(|row| {
        let (start, meter, quantity, amount, currency) = row.map_err(broken)?;
        let line = LineKey { period_start: Stamp::from_micros(start)?, tenant_id: tenant.to_owned(), meter };
        Ok(Correction {
            billed_in,
            line,
            quantity: quantity.parse().map_err(damaged)?,
            amount: amount.map(|amount| amount.parse()).transpose().map_err(damaged)?,
            currency: Currency::parse(&currency).map_err(damaged)?,
        })
    })
    .collect()
}

/// Books within the transaction of whoever writes the charges.
pub(super) fn save(transaction: &Transaction<'_>, booking: &Booking) -> Result<()> {
    let sql = "INSERT INTO usage_lines (period_start, tenant_id, meter, booked) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (period_start, tenant_id, meter) DO UPDATE SET booked = excluded.booked";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    for (line, booked) in &booking.lines {
        let row = params![line.period_start.micros(), line.tenant_id, line.meter, booked];
        statement.execute(row).map_err(broken)?;
    }
    booking.closed.as_ref().map_or(Ok(()), |closed| close(transaction, closed))?;
    let sql = "INSERT INTO usage_corrections VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    for Correction { billed_in, line, quantity, amount, currency } in &booking.corrections {
        let (quantity, amount) = (quantity.to_string(), amount.map(|amount| amount.to_string()));
        let (billed_in, start) = (billed_in.micros(), line.period_start.micros());
        let row = params![billed_in, line.tenant_id, start, line.meter, quantity, amount, currency.to_string()];
        transaction.execute(sql, row).map_err(broken)?;
    }
    let Settled { events, changes, definitions, until } = booking.settled;
    let sql = "UPDATE usage_settled SET events = ?1, changes = ?2, definitions = ?3, until = ?4";
    let row = params![integer(events)?, integer(changes)?, integer(definitions)?, until];
    transaction.execute(sql, row).map_err(broken)?;
    Ok(())
}

/// Closes periods, and writes into the log who did.
fn close(transaction: &Transaction<'_>, closed: &ClosedPeriods) -> Result<()> {
    let by = closed.by.clone().doing(Action::Close);
    let sql = "INSERT INTO statements (tenant_id, period_start, closed_at, body) VALUES (?1, ?2, ?3, ?4)";
    for Statement { tenant_id, period_start, closed_at, body } in &closed.statements {
        let row = params![tenant_id, period_start.micros(), closed_at.micros(), body];
        transaction.execute(sql, row).map_err(broken)?;
        let key = format!("{}/{tenant_id}", label(*period_start));
        let changed = Changed { kind: AuditKind::Statement, key: &key, before: None, after: Some(body) };
        audit::append(transaction, &by, &changed)?;
    }
    Ok(())
}

/// Books what makes no charge.
pub(super) fn book(connection: &mut Connection, booking: &Booking) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    save(&transaction, booking)?;
    transaction.commit().map_err(broken)
}
