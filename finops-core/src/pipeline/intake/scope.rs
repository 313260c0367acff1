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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::charge::Charge;

    fn charge(account: &str, period: &str, end: &str) -> Charge {
        let stamp = |text: &str| Some(Stamp::parse(text).unwrap());
        Charge {
            billing_account_id: Some(account.into()),
            billing_period_start: stamp(period),
            billing_period_end: stamp(end),
            ..Charge::default()
        }
    }

    #[test]
    fn charges_go_by_account_and_period_and_the_latest_end_counts() {
        let (september, october) = ("2024-09-01T00:00:00Z", "2024-10-01T00:00:00Z");
        let table = ChargeTable::from_charges(&[
            charge("b", september, october),
            charge("a", october, "2024-11-01T00:00:00Z"),
            charge("b", september, "2024-09-30T00:00:00Z"),
        ]);
        let scopes = by_scope(table).unwrap();
        let labels: Vec<_> = scopes
            .iter()
            .map(|(scope, table)| (scope.billing_account_id.as_str(), scope.period_label(), table.rows()))
            .collect();
        assert_eq!(labels, [("a", "2024-10".to_owned(), 1), ("b", "2024-09".to_owned(), 2)]);
    }

    #[test]
    fn a_period_that_is_no_calendar_month_is_labelled_by_its_dates() {
        let table = ChargeTable::from_charges(&[charge("a", "2024-09-15T00:00:00Z", "2024-10-15T00:00:00Z")]);
        assert_eq!(by_scope(table).unwrap()[0].0.period_label(), "2024-09-15/2024-10-15");
    }

    #[test]
    fn a_row_without_an_account_is_an_error() {
        let table = ChargeTable::from_charges(&[Charge { resource_id: Some("r".into()), ..Charge::default() }]);
        assert_eq!(by_scope(table).unwrap_err().field(), Some("BillingAccountId"));
    }
}
