//! The manifest: which segments make up which state of the store.

use super::hot::Draft;
use super::present::Listed;
use super::segment::Written;
use super::{billing, broken, damaged, history};
use crate::edge::store::{Delivery, Replace, Snapshot};
use crate::model::charge::{Coverage, ImportMark, Origin, Scope};
use crate::model::history::{AsOf, Cause};
use crate::model::id::Id;
use crate::model::receipt::{ImportReceipt, Replaced};
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};

/// A segment as the manifest names it.
#[derive(Debug)]
pub(super) struct SegmentEntry {
    pub(super) file: String,
    /// The BLAKE3 digest of the file.
    pub(super) digest: Vec<u8>,
}

/// The present state, or an earlier one; within a transaction, so that all of it belongs together.
pub(super) fn snapshot(connection: &Connection, as_of: Option<AsOf>) -> Result<Snapshot> {
    let id = history::resolve(connection, as_of)?;
    Ok(Snapshot::new(id, coverage(connection, id)?, imports(connection, id)?))
}

fn coverage(connection: &Connection, snapshot: u64) -> Result<Vec<Coverage>> {
    let sql = "SELECT billing_account_id, period_start, max(period_end), sum(charges), min(first_charge),
                      max(last_charge), max(charged_until)
               FROM segments WHERE born <= ?1 AND (died IS NULL OR died > ?1)
               GROUP BY period_start, billing_account_id ORDER BY period_start, billing_account_id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map(params![integer(snapshot)?], |row| Ok(held(row))).map_err(broken)?;
    rows.map(|row| row.map_err(broken)?).collect()
}

fn imports(connection: &Connection, snapshot: u64) -> Result<Vec<ImportMark>> {
    let sql = "SELECT imported_at, quarantined, min(held.first_charge), max(held.last_charge)
               FROM segments JOIN segment_imports held ON held.segment_id = segments.id
               JOIN imports ON imports.id = held.import_id
               WHERE born <= ?1 AND (died IS NULL OR died > ?1) GROUP BY imports.id ORDER BY imports.snapshot";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map(params![integer(snapshot)?], |row| Ok(mark(row))).map_err(broken)?;
    rows.map(|row| row.map_err(broken)?).collect()
}

fn mark(row: &Row<'_>) -> Result<ImportMark> {
    let number = |column: usize| row.get::<_, i64>(column).map_err(broken);
    let stamp = |column: usize| Stamp::from_micros(number(column)?);
    Ok(ImportMark {
        imported_at: stamp(0)?,
        quarantined: natural(number(1)?)?,
        first_charge: stamp(2)?,
        last_charge: stamp(3)?,
    })
}

/// The imports that each billing account's period of a state came with, in the order of their coming.
pub(super) fn origins(connection: &Connection, snapshot: u64) -> Result<BTreeMap<Scope, Vec<Origin>>> {
    let sql = "SELECT billing_account_id, period_start, max(period_end), imports.id, imported_at
               FROM segments JOIN segment_imports held ON held.segment_id = segments.id
               JOIN imports ON imports.id = held.import_id
               WHERE born <= ?1 AND (died IS NULL OR died > ?1)
               GROUP BY period_start, billing_account_id, imports.id ORDER BY imports.snapshot";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map(params![integer(snapshot)?], |row| Ok(origin(row))).map_err(broken)?;
    let mut origins: BTreeMap<Scope, Vec<Origin>> = BTreeMap::new();
    for row in rows {
        let (scope, origin) = row.map_err(broken)??;
        origins.entry(scope).or_default().push(origin);
    }
    history::refuse_removed(connection, snapshot)?;
    Ok(origins)
}

fn origin(row: &Row<'_>) -> Result<(Scope, Origin)> {
    let stamp = |column: usize| Stamp::from_micros(row.get(column).map_err(broken)?);
    let scope = Scope { billing_account_id: row.get(0).map_err(broken)?, start: stamp(1)?, end: stamp(2)? };
    let id: String = row.get(3).map_err(broken)?;
    Ok((scope, Origin { import_id: Id::parse(&id).map_err(damaged)?, imported_at: stamp(4)? }))
}

pub(super) fn snapshot_id(connection: &Connection) -> Result<u64> {
    let mut statement = connection.prepare_cached("SELECT snapshot FROM state").map_err(broken)?;
    natural(statement.query_row([], |row| row.get(0)).map_err(broken)?)
}

fn held(row: &Row<'_>) -> Result<Coverage> {
    let number = |column: usize| row.get::<_, i64>(column).map_err(broken);
    let stamp = |column: usize| Stamp::from_micros(number(column)?);
    let billing_account_id = row.get(0).map_err(broken)?;
    Ok(Coverage {
        scope: Scope { billing_account_id, start: stamp(1)?, end: stamp(2)? },
        charges: natural(number(3)?)?,
        first_charge: stamp(4)?,
        last_charge: stamp(5)?,
        charged_until: stamp(6)?,
    })
}

pub(super) fn natural(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| damaged("a negative count"))
}

pub(super) fn integer(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| Error::overflow("a count does not fit the state file"))
}

/// The segments of a state, in a fixed order.
pub(super) fn segments(connection: &Connection, snapshot: u64) -> Result<Vec<Listed>> {
    let sql = "SELECT file, digest, first_charge, last_charge,
                      period_end > (SELECT max(imported_at) FROM segment_imports JOIN imports ON imports.id = import_id
                                    WHERE segment_id = segments.id)
               FROM segments WHERE born <= ?1 AND (died IS NULL OR died > ?1)
               ORDER BY period_start, billing_account_id, id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let listed = |row: &Row<'_>| {
        let entry = SegmentEntry { file: row.get(0)?, digest: row.get(1)? };
        Ok(Listed { entry, first_charge: row.get(2)?, last_charge: row.get(3)?, estimated: row.get(4)? })
    };
    let rows = statement.query_map(params![integer(snapshot)?], listed).map_err(broken)?;
    let found = rows.map(|row| row.map_err(broken)).collect::<Result<_>>()?;
    // After them: what was removed before is missing among them, and what is removed now is named by an error.
    history::refuse_removed(connection, snapshot)?;
    Ok(found)
}

/// Every file that some state names.
pub(super) fn files(connection: &Connection) -> Result<BTreeSet<String>> {
    let mut statement = connection.prepare("SELECT file FROM segments").map_err(broken)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(broken)?;
    rows.map(|row| row.map_err(broken)).collect()
}

/// The latest import with that fingerprint, if all of what it brought is current, and nothing else is in the billing
/// accounts and periods that it brought.
pub(super) fn find_import(connection: &Connection, fingerprint: &[u8; 32]) -> Result<Option<ImportReceipt>> {
    let alone = "fingerprint = ?1 AND NOT EXISTS (
        SELECT 1 FROM segment_imports held
        JOIN segments mine ON mine.id = held.segment_id AND mine.died IS NULL
        JOIN segments other ON other.died IS NULL AND other.billing_account_id = mine.billing_account_id
             AND other.period_start = mine.period_start
        JOIN segment_imports theirs ON theirs.segment_id = other.id AND theirs.import_id <> held.import_id
        WHERE held.import_id = imports.id)";
    current_receipt(connection, alone, fingerprint)
}

/// The receipt of the import with that id.
pub(super) fn receipt_of(connection: &Connection, import: &str) -> Result<Option<ImportReceipt>> {
    let sql = "SELECT receipt FROM imports WHERE id = ?1";
    let receipt = connection.query_row(sql, [import], |row| row.get::<_, String>(0)).optional().map_err(broken)?;
    receipt.map(|receipt| serde_json::from_str(&receipt).map_err(damaged)).transpose()
}

/// The latest import of a file, if all of what the import brought is current.
pub(super) fn find_file(connection: &Connection, digest: &[u8; 32]) -> Result<Option<ImportReceipt>> {
    current_receipt(connection, "id IN (SELECT import_id FROM import_files WHERE digest = ?1)", digest)
}

fn current_receipt(connection: &Connection, condition: &str, value: &[u8; 32]) -> Result<Option<ImportReceipt>> {
    let sql = format!(
        "SELECT receipt FROM imports WHERE {condition}
         AND whole AND EXISTS (SELECT 1 FROM segment_imports WHERE import_id = imports.id)
         ORDER BY snapshot DESC LIMIT 1"
    );
    let receipt = connection.query_row(&sql, params![value], |row| row.get::<_, String>(0)).optional();
    let receipt = receipt.map_err(broken)?;
    receipt.map(|receipt| serde_json::from_str(&receipt).map_err(damaged)).transpose()
}

/// Swaps the billing periods and gives the receipt, complete. `undecided` is set from the moment on at which an error
/// no longer says that nothing was committed.
pub(super) fn commit(
    connection: &mut Connection,
    written: &[Written],
    draft: &Draft,
    delivery: Delivery,
    undecided: &mut bool,
) -> Result<ImportReceipt> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let snapshot = snapshot_id(&transaction)? + 1;
    let mut receipt = delivery.receipt;
    receipt.snapshot = snapshot;
    if delivery.replace == Replace::BillingPeriod {
        receipt.replaced = retire(&transaction, written, snapshot)?;
    }
    let json = serde_json::to_string(&receipt).map_err(damaged)?;
    let sql = "INSERT INTO imports (id, fingerprint, snapshot, imported_at, quarantined, receipt)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (id, number) = (receipt.import_id.to_string(), integer(snapshot)?);
    let row =
        params![id, delivery.fingerprint, number, delivery.imported_at.micros(), integer(receipt.quarantined)?, json];
    transaction.execute(sql, row).map_err(broken)?;
    for segment in written {
        let place = insert(&transaction, segment, number)?;
        let sql = "INSERT INTO segment_imports (segment_id, import_id, first_charge, last_charge)
                   VALUES (?1, ?2, ?3, ?4)";
        transaction.execute(sql, params![place, id, segment.first_charge, segment.last_charge]).map_err(broken)?;
    }
    for digest in &delivery.files {
        let sql = "INSERT INTO import_files (digest, import_id) VALUES (?1, ?2)";
        transaction.execute(sql, params![digest, id]).map_err(broken)?;
    }
    draft.save(&transaction)?;
    if let Some(booking) = &delivery.booking {
        billing::save(&transaction, booking)?;
    }
    let cause = if delivery.booking.is_some() { Cause::Usage } else { Cause::Import };
    history::record(&transaction, number, delivery.imported_at, cause)?;
    *undecided = true;
    transaction.commit().map_err(broken)?;
    Ok(receipt)
}

/// Ends the life of what the new segments replace, and says what that was.
fn retire(transaction: &Transaction<'_>, written: &[Written], snapshot: u64) -> Result<Vec<Replaced>> {
    let mut after: BTreeMap<&Scope, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for segment in written {
        let (charges, parties) = after.entry(&segment.scope).or_default();
        *charges += segment.charges;
        parties.extend(segment.parties.iter().map(String::as_str));
    }
    let mut replaced = Vec::new();
    for (scope, (charges_after, parties)) in after {
        refuse_strangers(transaction, scope, &parties)?;
        let key = params![scope.billing_account_id, scope.start.micros()];
        let sql = "SELECT sum(charges) FROM segments
                   WHERE died IS NULL AND billing_account_id = ?1 AND period_start = ?2";
        let before: Option<i64> = transaction.query_row(sql, key, |row| row.get(0)).map_err(broken)?;
        let Some(before) = before else { continue };
        let sql = "UPDATE segments SET died = ?3
                   WHERE died IS NULL AND billing_account_id = ?1 AND period_start = ?2";
        let key = params![scope.billing_account_id, scope.start.micros(), integer(snapshot)?];
        transaction.execute(sql, key).map_err(broken)?;
        replaced.push(Replaced {
            billing_account_id: scope.billing_account_id.clone(),
            billing_period: scope.period_label(),
            charges_before: natural(before)?,
            charges_after,
        });
    }
    let sql = "UPDATE imports SET whole = 0 WHERE id IN (
                   SELECT import_id FROM segment_imports JOIN segments ON segments.id = segment_id WHERE died = ?1)";
    transaction.execute(sql, params![integer(snapshot)?]).map_err(broken)?;
    Ok(replaced)
}

/// Refuses to replace what came from another seller and issuer: two providers may use the same account number.
fn refuse_strangers(transaction: &Transaction<'_>, scope: &Scope, parties: &BTreeSet<&str>) -> Result<()> {
    let sql = "SELECT parties FROM segments WHERE died IS NULL AND billing_account_id = ?1 AND period_start = ?2";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    let key = params![scope.billing_account_id, scope.start.micros()];
    let rows = statement.query_map(key, |row| row.get::<_, String>(0)).map_err(broken)?;
    let mut held = BTreeSet::new();
    for row in rows {
        held.extend(serde_json::from_str::<Vec<String>>(&row.map_err(broken)?).map_err(damaged)?);
    }
    if held.is_empty() || parties.is_empty() || held.iter().any(|party| parties.contains(party.as_str())) {
        return Ok(());
    }
    let (account, period) = (&scope.billing_account_id, scope.period_label());
    let [held, new] = [held.iter().map(String::as_str).collect::<Vec<_>>(), parties.iter().copied().collect()]
        .map(|names| names.join(", "));
    let message = format!(
        "billing account '{account}' in {period} is held from {held}, and the files have it from {new}: map \
         billing_account_id to a column that tells them apart"
    );
    Err(Error::new(ErrorCode::Conflict, message).with_field("path"))
}

/// Names a segment from that state on, and gives its number.
pub(super) fn insert(transaction: &Transaction<'_>, segment: &Written, snapshot: i64) -> Result<i64> {
    if segment.charges == 0 {
        return Err(Error::new(ErrorCode::Storage, "a segment without charges must not be named"));
    }
    let sql = "INSERT INTO segments (billing_account_id, period_start, period_end, file, bytes, digest, charges,
                                     first_charge, last_charge, charged_until, parties, born)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let parties = serde_json::to_string(&segment.parties).map_err(damaged)?;
    let row = params![
        segment.scope.billing_account_id,
        segment.scope.start.micros(),
        segment.scope.end.micros(),
        segment.file,
        integer(segment.bytes)?,
        segment.digest,
        integer(segment.charges)?,
        segment.first_charge,
        segment.last_charge,
        segment.charged_until,
        parties,
        snapshot,
    ];
    transaction.execute(sql, row).map_err(broken)?;
    Ok(transaction.last_insert_rowid())
}
