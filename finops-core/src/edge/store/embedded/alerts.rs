//! Alerts of budgets in the state file.

use super::{broken, damaged};
use crate::Result;
use crate::edge::store::KeptAlert;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use rusqlite::{Connection, Row, Transaction, params};

/// The alerts of each budget's latest period that has any, in the order of budgets and thresholds.
pub(super) fn latest(connection: &Connection) -> Result<Vec<KeptAlert>> {
    let sql = "SELECT budget, period_start, threshold, body FROM budget_alerts AS alert
               WHERE period_start = (SELECT max(period_start) FROM budget_alerts WHERE budget = alert.budget)
               ORDER BY budget, threshold";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let rows = statement.query_map([], read).map_err(broken)?;
    rows.map(|row| {
        let (budget, start, threshold, body) = row.map_err(broken)?;
        let budget: Id<id::Budget> = budget.parse().map_err(damaged)?;
        Ok(KeptAlert { budget, period_start: Stamp::from_micros(start)?, threshold, body })
    })
    .collect()
}

/// Writes alerts in place of those of the same budgets, periods and thresholds.
pub(super) fn put(transaction: &Transaction<'_>, alerts: &[KeptAlert]) -> Result<()> {
    let sql = "INSERT INTO budget_alerts (budget, period_start, threshold, body) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (budget, period_start, threshold) DO UPDATE SET body = excluded.body";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    for KeptAlert { budget, period_start, threshold, body } in alerts {
        let row = params![budget.to_string(), period_start.micros(), threshold, body];
        statement.execute(row).map_err(broken)?;
    }
    Ok(())
}
