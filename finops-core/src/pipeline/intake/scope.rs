//! What a delivery replaces: a billing account's billing period.

use crate::model::charge::{ChargeColumn, ChargeTable};
use crate::model::time::Stamp;
use crate::{Error, Result};
use std::cmp::Ordering;
use std::collections::BTreeMap;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A billing account in a billing period: the unit that a bill is delivered and replaced in.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The billing account.
    pub billing_account_id: String,
    /// When the billing period starts.
    pub start: Stamp,
    /// When it ends, exclusive: the latest end that a row names. Account and start alone tell scopes apart.
    pub end: Stamp,
}

impl Scope {
    const fn key(&self) -> (&String, Stamp) {
        (&self.billing_account_id, self.start)
    }

    /// The billing period as people write it: `2024-09` for a calendar month, else `START/END` by date.
    pub fn period_label(&self) -> String {
        let (start, end) = (self.start.to_string(), self.end.to_string());
        let month = |text: &str| text.get(..7).map(str::to_owned);
        let is_month_start = |text: &str| text.get(7..) == Some("-01T00:00:00Z");
        let days = (self.end.micros() - self.start.micros()) / MICROS_PER_DAY;
        match (is_month_start(&start) && is_month_start(&end), days) {
            (true, 28..=31) => month(&start).unwrap_or(start),
            _ => format!("{}/{}", start.get(..10).unwrap_or(&start), end.get(..10).unwrap_or(&end)),
        }
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Scope {}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

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
