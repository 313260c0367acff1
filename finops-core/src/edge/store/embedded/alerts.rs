//! Alerts of budgets in the state file.

use super::{broken, damaged};
use crate::Result;
use crate::edge::store::KeptAlert;
use crate::model::time::{Interval, Stamp};
use rusqlite::{Connection, Row, Transaction, params};

/// The alerts of periods that hold at an instant or later, and of those that ended less than their own length before,
/// in the order of budgets, periods and thresholds.
pub(super) fn list(connection: &Connection, after: Stamp) -> Result<Vec<KeptAlert>> {
    let sql = "SELECT budget, period_start, period_end, threshold, body FROM budget_alerts
               WHERE period_end + (period_end - period_start) > ?1 ORDER BY budget, period_start, threshold";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
    let rows = statement.query_map([after.micros()], read).map_err(broken)?;
    rows.map(|row| {
        let (budget, start, end, threshold, body) = row.map_err(broken)?;
        let period = Interval::new(Stamp::from_micros(start)?, Stamp::from_micros(end)?)?;
        Ok(KeptAlert { budget: budget.parse().map_err(damaged)?, period, threshold, body })
    })
    .collect()
}

/// Writes alerts in place of those of the same budgets, periods and thresholds.
pub(super) fn put(transaction: &Transaction<'_>, alerts: &[KeptAlert]) -> Result<()> {
    let sql = "INSERT INTO budget_alerts (budget, period_start, period_end, threshold, body)
               VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (budget, period_start, threshold)
               DO UPDATE SET period_end = excluded.period_end, body = excluded.body";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    for KeptAlert { budget, period, threshold, body } in alerts {
        let row = params![budget.to_string(), period.start().micros(), period.end().micros(), threshold, body];
        statement.execute(row).map_err(broken)?;
    }
    Ok(())
}
