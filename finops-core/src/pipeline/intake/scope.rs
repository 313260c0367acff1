//! The charges of a batch, sorted by what they replace.

use crate::model::charge::{ChargeColumn, ChargeTable, Scope};
use crate::model::time::Stamp;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// The charges of a batch by scope, in the order of the scopes.
///
/// # Errors
/// `invalid_argument` when a row has no billing account or period, which [`super::Intake`] does not let through.
pub fn by_scope(table: ChargeTable) -> Result<Vec<(Scope, ChargeTable)>> {
    let rows = rows_by_scope(&table)?;
    if let [(scope, _)] = rows.as_slice() {
        return Ok(vec![(scope.clone(), table)]);
    }
    Ok(rows.into_iter().map(|(scope, rows)| (scope, table.select(&rows))).collect())
}

fn rows_by_scope(table: &ChargeTable) -> Result<Vec<(Scope, Vec<usize>)>> {
    let missing = |column: ChargeColumn| move || Error::invalid(column.name(), "has no value in some row");
    let accounts = ChargeColumn::BillingAccountId;
    let (starts, ends) = (ChargeColumn::BillingPeriodStart, ChargeColumn::BillingPeriodEnd);
    if table.is_empty() {
        return Ok(Vec::new());
    }
    let account_cells = table.text(accounts).ok_or_else(missing(accounts))?;
    let start_cells = table.time(starts).ok_or_else(missing(starts))?;
    let end_cells = table.time(ends).ok_or_else(missing(ends))?;
    // By code first: a batch has a handful of scopes, and text is compared once for each.
    let mut groups: BTreeMap<(u32, i64), (i64, Vec<usize>)> = BTreeMap::new();
    for row in 0..table.rows() {
        let code = account_cells.codes.get(row).copied().ok_or_else(missing(accounts))?;
        let start = start_cells.get(row).ok_or_else(missing(starts))?;
        let end = end_cells.get(row).ok_or_else(missing(ends))?;
        let (latest, rows) = groups.entry((code, start)).or_default();
        *latest = end.max(*latest);
        rows.push(row);
    }
    let mut scopes = Vec::with_capacity(groups.len());
    for ((code, start), (end, rows)) in groups {
        let account = account_cells.dictionary.get(code).ok_or_else(missing(accounts))?.to_owned();
        let (start, end) = (Stamp::from_micros(start)?, Stamp::from_micros(end)?);
        scopes.push((Scope { billing_account_id: account, start, end }, rows));
    }
    scopes.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(scopes)
}
