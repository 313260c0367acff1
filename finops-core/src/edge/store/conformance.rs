//! What every [`Store`] must do, as cases that can be run against any.
//!
//! A case gets an empty store, uses it as the engine does, and says what it found otherwise. It looks at nothing but
//! the trait, so that whoever writes a store can call [`run`] from a test of their own. What a particular store
//! promises beyond the trait (durability, locks, files) is tested beside that store.

mod aggregates;
mod alerts;
mod announcements;
mod audit;
mod bookings;
mod catalog;
mod feedback;
mod history;
mod imports;
mod outbox;
mod random;
mod replacing;
mod samples;
mod scans;
mod virtuals;

use super::Store;
use crate::{Error, ErrorCode, Result};
use std::fmt::Debug;

/// Something that must hold for every store.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What must hold, in a few words.
    pub name: &'static str,
    check: fn(&dyn Store) -> Result<()>,
}

impl Case {
    /// Checks it on a store that is empty.
    ///
    /// # Errors
    /// What the store did otherwise, or the error that it gave.
    pub fn check(&self, store: &dyn Store) -> Result<()> {
        (self.check)(store)
    }
}

/// Every case.
pub fn cases() -> impl Iterator<Item = Case> {
    let reading = [scans::CASES, aggregates::CASES, history::CASES];
    let writing = [imports::CASES, replacing::CASES, catalog::CASES, virtuals::CASES, bookings::CASES, audit::CASES];
    let writing = writing.into_iter().chain([outbox::CASES, alerts::CASES, announcements::CASES, feedback::CASES]);
    writing.chain(reading).flatten().copied()
}

/// Runs every case, each on a new store, and gives all that fail in one error.
///
/// ```
/// use finops_core::edge::store::{EmbeddedStore, Store, conformance};
///
/// conformance::run(&mut || Ok(Box::new(EmbeddedStore::in_memory()?) as Box<dyn Store>))?;
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `storage`, with a line for each case that fails; whatever `open` gives.
pub fn run(open: &mut dyn FnMut() -> Result<Box<dyn Store>>) -> Result<()> {
    let mut failures = Vec::new();
    for case in cases() {
        let store = open()?;
        if let Err(error) = case.check(store.as_ref()) {
            failures.push(format!("{}: {error}", case.name));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failed(failures.join("\n"))) }
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::Storage, message)
}

/// Fails unless both are the same.
fn same<T: PartialEq + Debug + ?Sized>(what: &str, got: &T, want: &T) -> Result<()> {
    if got == want { Ok(()) } else { Err(failed(format!("{what}: got {got:?}, wanted {want:?}"))) }
}

/// Fails unless it holds.
fn holds(what: &str, condition: bool) -> Result<()> {
    if condition { Ok(()) } else { Err(failed(format!("{what}: does not hold"))) }
}

/// Fails unless there was an error of that code.
fn refused<T>(what: &str, outcome: Result<T>, code: ErrorCode) -> Result<()> {
    match outcome {
        Err(error) if error.code() == code => Ok(()),
        Err(error) => Err(failed(format!("{what}: wanted {code}, got {}: {error}", error.code()))),
        Ok(_) => Err(failed(format!("{what}: wanted {code}, and it went through"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::store::{AllocationClosing, AnomalyStore, ClosedAllocation, KeptAlert, KeptAnnouncement};
    use crate::edge::store::{
        AllowVirtuals, EmbeddedStore, ImportSession, Rewriting, Scan, Snapshot, Tuning, VisitAudit,
    };
    use crate::edge::store::{AuditFilter, Booking, Correction, Defined, Definition, LineKey, Settled, Statement};
    use crate::insight::plan::{Grouping, Path};
    use crate::model::anomaly::AnomalyFeedback;
    use crate::model::audit::{AuditEntry, AuditHead, Change};
    use crate::model::catalog::{Entry, Kind};
    use crate::model::charge::{ChargeTable, Origin, Scope};
    use crate::model::event::OutboxEvent;
    use crate::model::history::{AsOf, Compacted, StateMark, Vacuumed};
    use crate::model::id::{self, Id};
    use crate::model::receipt::ImportReceipt;
    use crate::model::time::{Interval, Stamp};
    use crate::model::virtual_dimension::VirtualDimension;
    use std::collections::BTreeMap;
    use std::ops::RangeInclusive;

    /// A store that forgets half of what a scan should give, and says that nothing was ever imported.
    #[derive(Debug)]
    struct Faulty(EmbeddedStore);

    impl Store for Faulty {
        fn snapshot(&self) -> Result<Snapshot> {
            self.0.snapshot()
        }
        fn snapshot_as_of(&self, as_of: AsOf) -> Result<Snapshot> {
            self.0.snapshot_as_of(as_of)
        }
        fn snapshots(&self, limit: u64, offset: u64) -> Result<(u64, Vec<StateMark>)> {
            self.0.snapshots(limit, offset)
        }
        fn vacuum(&self, before: Stamp) -> Result<Vacuumed> {
            self.0.vacuum(before)
        }
        fn compact(&self, at: Stamp, watch: &mut dyn FnMut(Rewriting) -> Result<()>) -> Result<Compacted> {
            self.0.compact(at, watch)
        }
        fn origins(&self, snapshot: &Snapshot) -> Result<BTreeMap<Scope, Vec<Origin>>> {
            self.0.origins(snapshot)
        }
        fn begin_import(&self) -> Result<Box<dyn ImportSession + '_>> {
            self.0.begin_import()
        }
        fn find_import(&self, _: &[u8; 32]) -> Result<Option<ImportReceipt>> {
            Ok(None)
        }
        fn find_file(&self, digest: &[u8; 32]) -> Result<Option<ImportReceipt>> {
            self.0.find_file(digest)
        }
        fn scan(
            &self,
            snapshot: &Snapshot,
            scan: &Scan,
            visit: &mut dyn FnMut(&ChargeTable) -> Result<()>,
        ) -> Result<()> {
            let mut even = false;
            self.0.scan(snapshot, scan, &mut |table| {
                even = !even;
                if even { visit(table) } else { Ok(()) }
            })
        }
        fn custom_columns(&self, snapshot: &Snapshot, charged: Interval) -> Result<Vec<String>> {
            self.0.custom_columns(snapshot, charged)
        }
        fn put_entry(&self, entry: &Entry, by: &Change) -> Result<()> {
            self.0.put_entry(entry, by)
        }
        fn entry(&self, kind: Kind, id: &str) -> Result<Option<Entry>> {
            self.0.entry(kind, id)
        }
        fn entries(&self, kind: Option<Kind>, limit: u64, offset: u64) -> Result<(u64, Vec<Entry>)> {
            self.0.entries(kind, limit, offset)
        }
        fn delete_entry(&self, kind: Kind, id: &str, by: &Change) -> Result<bool> {
            self.0.delete_entry(kind, id, by)
        }
        fn virtual_dimensions(&self) -> Result<Vec<VirtualDimension>> {
            self.0.virtual_dimensions()
        }
        fn put_virtual_dimension(
            &self,
            dimension: &VirtualDimension,
            allowed: AllowVirtuals<'_>,
            by: &Change,
        ) -> Result<()> {
            self.0.put_virtual_dimension(dimension, allowed, by)
        }
        fn delete_virtual_dimension(&self, name: &str, allowed: AllowVirtuals<'_>, by: &Change) -> Result<bool> {
            self.0.delete_virtual_dimension(name, allowed, by)
        }
        fn definitions_since(&self, kind: Defined, change: u64) -> Result<Vec<Definition>> {
            self.0.definitions_since(kind, change)
        }
        fn put_definitions(&self, kind: Defined, definitions: &[(String, String)], by: &Change) -> Result<u64> {
            self.0.put_definitions(kind, definitions, by)
        }
        fn delete_definition(&self, kind: Defined, key: &str, by: &Change) -> Result<bool> {
            self.0.delete_definition(kind, key, by)
        }
        fn booked(&self, lines: &[LineKey]) -> Result<Vec<Option<Vec<u8>>>> {
            self.0.booked(lines)
        }
        fn lines(&self, period_start: Stamp, tenant: Option<&str>) -> Result<Vec<LineKey>> {
            self.0.lines(period_start, tenant)
        }
        fn lines_of(&self, meter: &str) -> Result<Vec<LineKey>> {
            self.0.lines_of(meter)
        }
        fn corrected(&self, billed_in: Stamp) -> Result<Vec<String>> {
            self.0.corrected(billed_in)
        }
        fn settled(&self) -> Result<Settled> {
            self.0.settled()
        }
        fn statements(&self, period_start: Option<Stamp>, tenant: Option<&str>) -> Result<Vec<Statement>> {
            self.0.statements(period_start, tenant)
        }
        fn corrections(&self, billed_in: Stamp, tenant: &str) -> Result<Vec<Correction>> {
            self.0.corrections(billed_in, tenant)
        }
        fn book(&self, booking: &Booking) -> Result<()> {
            self.0.book(booking)
        }
        fn audit(&self, filter: &AuditFilter, limit: u64, offset: u64) -> Result<(u64, Vec<AuditEntry>)> {
            self.0.audit(filter, limit, offset)
        }
        fn scan_audit(&self, visit: VisitAudit<'_>) -> Result<AuditHead> {
            self.0.scan_audit(visit)
        }
        fn close_allocation(&self, closing: &AllocationClosing, by: &Change) -> Result<u64> {
            self.0.close_allocation(closing, by)
        }
        fn closed_allocations(&self, after: u64) -> Result<Vec<ClosedAllocation>> {
            self.0.closed_allocations(after)
        }
        fn allocation_lines(&self, number: u64, part: u64) -> Result<Option<String>> {
            self.0.allocation_lines(number, part)
        }

        fn receipt_of(&self, import: Id<id::Import>) -> Result<Option<ImportReceipt>> {
            self.0.receipt_of(import)
        }

        fn alerts(&self, after: Stamp) -> Result<Vec<KeptAlert>> {
            self.0.alerts(after)
        }

        fn put_alerts(&self, alerts: &[KeptAlert], events: &[OutboxEvent]) -> Result<()> {
            self.0.put_alerts(alerts, events)
        }
    }

    impl AnomalyStore for Faulty {
        fn feedback(
            &self,
            narrowing: &str,
            anomalies: &RangeInclusive<Id<id::Anomaly>>,
        ) -> Result<Vec<AnomalyFeedback>> {
            self.0.feedback(narrowing, anomalies)
        }

        fn feedback_beside(&self, narrowing: &str, anomaly: Id<id::Anomaly>) -> Result<(u64, Option<Id<id::Anomaly>>)> {
            self.0.feedback_beside(narrowing, anomaly)
        }

        fn put_feedback(&self, narrowing: &str, said: &AnomalyFeedback, by: &Change) -> Result<()> {
            self.0.put_feedback(narrowing, said, by)
        }

        fn delete_feedback(&self, narrowing: &str, anomaly: Id<id::Anomaly>, by: &Change) -> Result<bool> {
            self.0.delete_feedback(narrowing, anomaly, by)
        }

        fn announced(&self, narrowing: &str, since: Stamp) -> Result<Vec<KeptAnnouncement>> {
            self.0.announced(narrowing, since)
        }

        fn announce(&self, announcements: &[(KeptAnnouncement, OutboxEvent)]) -> Result<u64> {
            self.0.announce(announcements)
        }
    }

    #[test]
    fn faults_are_found() {
        let open = &mut || Ok(Box::new(Faulty(EmbeddedStore::in_memory()?)) as Box<dyn Store>);
        let found = run(open).unwrap_err().to_string();
        for case in [
            "a delivery of several billing periods appears as one",
            "a fingerprint is known while all of its import is current",
            "columns that FOCUS does not know are kept, whichever tables have them",
        ] {
            assert!(found.contains(case), "{case} is not among:\n{found}");
        }
        assert!(!found.contains("catalogue"), "{found}");
    }

    #[test]
    fn answers_take_every_way_and_are_the_same() {
        type Check = fn(&dyn Store, &mut dyn FnMut(&Path)) -> Result<()>;
        type Taken = fn(&Path) -> bool;
        let checks: [Check; 4] = [aggregates::repeated, aggregates::mixed, aggregates::scattered, aggregates::extreme];
        let mut paths = Vec::new();
        for check in checks {
            for threads in [1, 4] {
                let store = EmbeddedStore::in_memory().unwrap().tuned(Tuning { threads, ..Tuning::default() });
                check(&store, &mut |path| paths.push(path.clone())).unwrap();
            }
        }
        let ways: [(&str, Taken); 11] = [
            ("totals of days", |path| path.days_from_totals > 0),
            ("the cube", |path| path.rows_from_cube > 0),
            ("charges summed by day", |path| path.rows_from_days > 0),
            ("hot columns", |path| path.rows_from_columns > 0),
            ("Parquet", |path| path.rows_from_parquet > 0 && path.scanned_segments > 0),
            ("nothing told apart", |path| path.grouping == Grouping::None),
            ("an array", |path| path.grouping == Grouping::Dense && path.threads == 1),
            ("an array of each thread", |path| path.grouping == Grouping::Dense && path.threads > 1),
            ("a table", |path| path.grouping == Grouping::Hash && path.threads == 1),
            ("a table of each thread", |path| path.grouping == Grouping::Hash && path.threads > 1),
            ("the plain way", |path| path.grouping == Grouping::Plain),
        ];
        for (way, taken) in ways {
            assert!(paths.iter().any(taken), "no answer came by way of {way}");
        }
        assert!(paths.iter().all(|path| path.rebuilt_segments == 0));
    }

    #[test]
    fn names_are_distinct() {
        let names: std::collections::BTreeSet<_> = cases().map(|case| case.name).collect();
        assert_eq!(names.len(), cases().count());
    }
}
