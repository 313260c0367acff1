//! The meters that the state file keeps, and counting again what they read.

use super::counted::Counted;
use super::ledger::Ledger;
use super::{Usage, pages, raw, tables};
use crate::edge::store::embedded::audit::{self, Changed};
use crate::edge::store::embedded::{broken, damaged};
use crate::edge::store::usage::ChangeMeters;
use crate::model::audit::{AuditKind, Change};
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{Meter, MeterSet};
use crate::pipeline::metering::Rollups;
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// Every meter.
pub(super) fn read(connection: &Connection) -> Result<MeterSet> {
    let mut meters = MeterSet::default();
    let mut statement =
        connection.prepare_cached("SELECT number, definition FROM usage_meters ORDER BY number").map_err(broken)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).map_err(broken)?;
    for row in rows {
        let (number, definition): (u32, String) = row.map_err(broken)?;
        meters.restore(number, serde_json::from_str::<Meter>(&definition).map_err(damaged)?);
    }
    let next = "SELECT next_meter FROM usage_state";
    meters.reserve(connection.query_row(next, [], |row| row.get(0)).map_err(broken)?);
    Ok(meters)
}

/// Changes the meters, and counts again for those that are new or count differently.
pub(super) fn change(
    usage: &Usage,
    ledger: &mut Ledger,
    connection: &mut Connection,
    by: &Change,
    change: ChangeMeters<'_>,
) -> Result<()> {
    let before = read(connection)?;
    let mut after = before.clone();
    change(&mut after)?;
    let differs = |number: u32| before.by_number(number) != after.by_number(number);
    let numbers = before.iter().chain(after.iter()).map(|(number, _)| number);
    let changed: BTreeSet<u32> = numbers.filter(|number| differs(*number)).collect();
    if changed.is_empty() && before.next() == after.next() {
        return Ok(());
    }
    if changed.iter().any(|number| [&before, &after].iter().any(|meters| is_built_in(meters, *number))) {
        return Err(Error::invalid("slug", "is built in and stays as it is: create a meter of another name"));
    }
    // What is counted again is as far as the checkpoint, so that both are in one place.
    let at = usage.latest()?;
    ledger.checkpoint(connection, &usage.counted, at, &usage.policy, usage.memory())?;
    let anew = count_again(usage, connection, &after, &changed)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    for number in &changed {
        transaction.execute("DELETE FROM usage_meters WHERE number = ?1", params![number]).map_err(broken)?;
        pages::delete(&transaction, *number)?;
        let [was, becomes] = [before.by_number(*number), after.by_number(*number)];
        log(&transaction, was, becomes, by)?;
        if let Some(meter) = becomes {
            let definition = json(meter)?;
            let sql = "INSERT INTO usage_meters (number, definition) VALUES (?1, ?2)";
            transaction.execute(sql, params![number, definition]).map_err(broken)?;
        }
    }
    for key in anew.keys() {
        if let Some(page) = anew.page(key) {
            pages::write(&transaction, key, page, true)?;
        }
    }
    let mark = usage.counted().as_ref().map(|counted| counted.rollups().series().mark()).unwrap_or_default();
    let added = anew.series().since(mark);
    if !added.is_empty() {
        pages::write_series(&transaction, &added)?;
    }
    // So that whoever only reads learns of it.
    let mut progress = ledger.progress;
    progress.meter_change += 1;
    tables::put_progress(&transaction, &progress)?;
    transaction.execute("UPDATE usage_state SET next_meter = ?1", params![after.next()]).map_err(broken)?;
    transaction.commit().map_err(broken)?;
    let opened = Counted::open(connection, after.clone(), progress.events)?;
    ledger.progress = progress;
    *usage.counted.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
    *usage.meters.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(after));
    Ok(())
}

/// Writes into the log what a meter becomes.
fn log(transaction: &Transaction<'_>, was: Option<&Meter>, becomes: Option<&Meter>, by: &Change) -> Result<()> {
    let Some(slug) = was.or(becomes).map(|meter| meter.slug.as_str()) else { return Ok(()) };
    let (before, after) = (was.map(json).transpose()?, becomes.map(json).transpose()?);
    let changed = Changed { kind: AuditKind::Meter, key: slug, before: before.as_deref(), after: after.as_deref() };
    audit::append(transaction, by, &changed)
}

fn json(meter: &Meter) -> Result<String> {
    serde_json::to_string(meter).map_err(damaged)
}

fn is_built_in(meters: &MeterSet, number: u32) -> bool {
    meters.by_number(number).is_some_and(Meter::is_built_in)
}

/// What the changed meters count of all events that there are, with the series that are known and those that come new.
fn count_again(usage: &Usage, connection: &Connection, after: &MeterSet, changed: &BTreeSet<u32>) -> Result<Rollups> {
    let mut only = MeterSet::default();
    for number in changed {
        if let Some(meter) = after.by_number(*number) {
            only.restore(*number, meter.clone());
        }
    }
    let mut anew = Rollups::new(only);
    if let Some(counted) = usage.counted().as_ref() {
        *anew.series_mut() = counted.rollups().series().clone();
    }
    let read: BTreeSet<&str> = changed.iter().filter_map(|number| Some(after.by_number(*number)?.event())).collect();
    if read.is_empty() {
        return Ok(anew);
    }
    raw::scan(&|| Ok(connection), Interval::always(), &mut |sequence, event| {
        if read.contains(event.resource.as_str()) {
            anew.apply(event, sequence);
        }
        Ok(())
    })?;
    // Those that are built in read the same events; they were counted before.
    let built_in: Vec<u32> = anew.meters().iter().filter(|(_, meter)| meter.is_built_in()).map(|(n, _)| n).collect();
    for number in built_in {
        anew.forget(number);
    }
    Ok(anew)
}

impl Usage {
    /// The latest time that a caller said it was.
    pub(super) fn latest(&self) -> Result<Stamp> {
        let latest = self.latest.load(Ordering::Relaxed);
        Stamp::from_micros(latest).map_err(|_| Error::new(ErrorCode::Storage, "the time of the last call is not known"))
    }
}
