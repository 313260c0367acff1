//! What the cases are made of: charges, deliveries, and a form of charges that can be compared.

use crate::edge::store::{Delivery, Replace, Scan, Snapshot, Store};
use crate::model::audit::Change;
use crate::model::charge::{Charge, ChargeColumn, ChargeTable, Column, FocusVersion, Scope};
use crate::model::id::Id;
use crate::model::receipt::ImportReceipt;
use crate::model::time::{Interval, Stamp};
use crate::{Error, Result};

/// A row by the names of its columns; cells without a value are left out.
pub(super) type Row = Vec<(String, String)>;

/// Somebody who changes something.
pub(super) fn by() -> Result<Change> {
    Ok(Change::new("u_1", Stamp::parse("2024-02-03T04:05:06.000007Z")?))
}

/// A month of 2024 of a billing account.
pub(super) fn scope(account: &str, month: u32) -> Result<Scope> {
    let first = |month: u32| Stamp::parse(&format!("2024-{month:02}-01T00:00:00Z"));
    Ok(Scope { billing_account_id: account.to_owned(), start: first(month)?, end: first(month + 1)? })
}

/// A charge on a day of the scope's month.
pub(super) fn charge(scope: &Scope, day: u32, cost: &str) -> Result<Charge> {
    let month = scope.start.to_string();
    let month = month.get(..7).unwrap_or_default();
    let hour = |hour: u32| Stamp::parse(&format!("{month}-{day:02}T{hour:02}:00:00Z"));
    Ok(Charge {
        billing_account_id: Some(scope.billing_account_id.clone()),
        billing_period_start: Some(scope.start),
        billing_period_end: Some(scope.end),
        charge_period_start: Some(hour(0)?),
        charge_period_end: Some(hour(1)?),
        billing_currency: Some("USD".into()),
        billed_cost: Some(cost.parse()?),
        ..Charge::default()
    })
}

/// Charges of a scope, one on each of the first days.
pub(super) fn charges(scope: &Scope, costs: &[&str]) -> Result<Vec<Charge>> {
    (1..).zip(costs).map(|(day, cost)| charge(scope, day, cost)).collect()
}

/// A delivery of which nothing is known but what tells it from others.
pub(super) fn delivery(number: u8, replace: Replace) -> Result<Delivery> {
    let imported_at = Stamp::parse(&format!("2024-06-{:02}T00:00:00Z", number % 28 + 1))?;
    let receipt = ImportReceipt {
        import_id: Id::new(imported_at, [number; 10]),
        snapshot: 0,
        unchanged: false,
        files: 1,
        files_known: 0,
        focus_version: FocusVersion::V1_4,
        rows: 0,
        charges: 0,
        quarantined: u64::from(number),
        billing_periods: Vec::new(),
        currency: None,
        total_billed: None,
        total_effective: None,
        total_list: None,
        total_contracted: None,
        totals: Vec::new(),
        replaced: Vec::new(),
        warnings: Vec::new(),
        quarantine: Vec::new(),
    };
    Ok(Delivery { receipt, fingerprint: [number; 32], files: vec![[number; 32]], replace, imported_at, booking: None })
}

/// Imports charges, one table for each scope.
pub(super) fn deliver(
    store: &dyn Store,
    number: u8,
    replace: Replace,
    parts: &[(&Scope, &[Charge])],
) -> Result<ImportReceipt> {
    let mut session = store.begin_import()?;
    for (scope, charges) in parts {
        session.write(scope, &ChargeTable::from_charges(charges))?;
    }
    session.commit(delivery(number, replace)?)
}

/// Everything of a state, sorted.
pub(super) fn all(store: &dyn Store, snapshot: &Snapshot) -> Result<Vec<Row>> {
    let mut rows = in_order(store, snapshot, &everything(Interval::always()))?;
    rows.sort();
    Ok(rows)
}

/// What a scan gives, in its order.
pub(super) fn in_order(store: &dyn Store, snapshot: &Snapshot, scan: &Scan) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    store.scan(snapshot, scan, &mut |table| {
        found.extend(rows(table));
        Ok(())
    })?;
    Ok(found)
}

/// A scan of all columns.
pub(super) fn everything(charged: Interval) -> Scan {
    Scan { columns: ChargeColumn::ALL.to_vec(), custom: true, charged, estimated_only: false }
}

/// The rows that charges make, sorted as [`all`] gives them.
pub(super) fn expected(charges: &[&[Charge]]) -> Vec<Row> {
    let mut found: Vec<Row> = charges.iter().flat_map(|charges| rows(&ChargeTable::from_charges(charges))).collect();
    found.sort();
    found
}

/// The rows of a table.
pub(super) fn rows(table: &ChargeTable) -> Vec<Row> {
    (0..table.rows()).map(|row| cells(table, row)).collect()
}

fn cells(table: &ChargeTable, row: usize) -> Row {
    let known = ChargeColumn::ALL.iter().filter_map(|column| {
        let text = match table.column(*column)? {
            Column::Text(text) => text.get(row).map(str::to_owned),
            Column::Decimal(decimals) => decimals.get(row).map(|mantissa| mantissa.to_string()),
            Column::Time(times) => times.get(row).map(|micros| micros.to_string()),
        };
        Some((column.name().to_owned(), text?))
    });
    let mut extra: Row =
        table.extra().iter().filter_map(|(name, cells)| Some((name.clone(), cells.get(row)?.to_owned()))).collect();
    extra.sort();
    known.chain(extra).collect()
}

/// The snapshot's charges by billing account and period.
pub(super) fn counts(snapshot: &Snapshot) -> Vec<(String, String, u64)> {
    let count = |held: &crate::model::charge::Coverage| {
        (held.scope.billing_account_id.clone(), held.scope.period_label(), held.charges)
    };
    snapshot.coverage.iter().map(count).collect()
}

/// What [`counts`] should give.
pub(super) fn counted(parts: &[(&Scope, u64)]) -> Vec<(String, String, u64)> {
    parts.iter().map(|(scope, count)| (scope.billing_account_id.clone(), scope.period_label(), *count)).collect()
}

/// The interval between two dates.
pub(super) fn between(start: &str, end: &str) -> Result<Interval> {
    let midnight = |date: &str| Stamp::parse(&format!("{date}T00:00:00Z"));
    Interval::new(midnight(start)?, midnight(end)?)
}

/// An error that no store makes.
pub(super) fn stopped() -> Error {
    Error::new(crate::ErrorCode::Cancelled, "the visitor has seen enough")
}
