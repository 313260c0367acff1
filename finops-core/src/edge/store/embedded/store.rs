//! What the engine asks of a store, answered by the parts of this one.

use super::segments::Segments;
use super::{EmbeddedStore, broken};
use super::{
    alerts, allocation, announcements, answer, audit, billing, catalog, compact, definitions, feedback, files, history,
    manifest, outbox, segment, virtuals,
};
use crate::Result;
use crate::edge::store::files::no_files;
use crate::edge::store::outbox::OutboxStore;
use crate::edge::store::usage::UsageStore;
use crate::edge::store::{AllocationClosing, AnomalyStore, ClosedAllocation};
use crate::edge::store::{
    AllowVirtuals, AuditFilter, Booking, Correction, Defined, Definition, ImportSession, KeptAlert, KeptAnnouncement,
    LineKey, Rewriting, Scan, SegmentFile,
};
use crate::edge::store::{Settled, Snapshot, Statement, Store, VisitAudit};
use crate::insight::question::Question;
use crate::insight::sums::Sums;
use crate::model::anomaly::AnomalyFeedback;
use crate::model::audit::{AuditEntry, AuditHead, Change};
use crate::model::catalog::{Entry, Kind};
use crate::model::charge::{ChargeTable, Origin, Scope};
use crate::model::event::OutboxEvent;
use crate::model::history::{AsOf, Compacted, StateMark, Vacuumed};
use crate::model::id::{self, Id};
use crate::model::progress::Observer;
use crate::model::receipt::ImportReceipt;
use crate::model::time::{Interval, Stamp};
use crate::model::virtual_dimension::VirtualDimension;
use rusqlite::TransactionBehavior;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

impl Store for EmbeddedStore {
    fn threads(&self) -> usize {
        self.threads
    }

    fn usage(&self) -> Result<&dyn UsageStore> {
        Ok(&self.usage)
    }

    fn outbox(&self) -> Result<&dyn OutboxStore> {
        Ok(self)
    }

    fn snapshot(&self) -> Result<Snapshot> {
        // First, so that nothing of the state that is found can be removed.
        let pin = self.readers.pin()?;
        let anew = |names: &BTreeSet<&str>| self.hot.retain(names);
        Ok(self.present.snapshot(&self.state(), anew)?.pinned(pin))
    }

    fn snapshot_as_of(&self, as_of: AsOf) -> Result<Snapshot> {
        let pin = self.readers.pin()?;
        let state = self.state();
        let transaction = state.unchecked_transaction().map_err(broken)?;
        Ok(manifest::snapshot(&transaction, Some(as_of))?.pinned(pin))
    }

    fn snapshots(&self, limit: u64, offset: u64) -> Result<(u64, Vec<StateMark>)> {
        history::list(&self.state(), limit, offset)
    }

    fn vacuum(&self, before: Stamp) -> Result<Vacuumed> {
        self.refuse_when_read_only()?;
        if let Some(nothing) = history::nothing_to_forget(&self.state(), before)? {
            return Ok(nothing);
        }
        let _alone = self.readers.alone()?;
        let (vacuumed, files) = history::vacuum(&mut self.state(), before)?;
        for file in &files {
            self.segments.discard(file);
            self.hot.forget(file);
        }
        Ok(vacuumed)
    }

    fn compact(&self, at: Stamp, watch: &mut dyn FnMut(Rewriting) -> Result<()>) -> Result<Compacted> {
        compact::compact(self, self.session_of_caller()?, at, watch)
    }

    fn tidy(&self, account: &str, at: Stamp) -> Result<()> {
        self.refuse_when_read_only()?;
        compact::compact_newest(self, account, at)
    }

    fn origins(&self, snapshot: &Snapshot) -> Result<BTreeMap<Scope, Vec<Origin>>> {
        manifest::origins(&self.state(), snapshot.id)
    }

    fn begin_import(&self) -> Result<Box<dyn ImportSession + '_>> {
        Ok(Box::new(self.session_of_caller()?))
    }

    fn begin_booking(&self) -> Result<Box<dyn ImportSession + '_>> {
        Ok(Box::new(self.session_aside()?))
    }

    fn receipt_of(&self, import: Id<id::Import>) -> Result<Option<ImportReceipt>> {
        manifest::receipt_of(&self.state(), &import.to_string())
    }

    fn find_import(&self, fingerprint: &[u8; 32]) -> Result<Option<ImportReceipt>> {
        manifest::find_import(&self.state(), fingerprint)
    }

    fn find_file(&self, digest: &[u8; 32]) -> Result<Option<ImportReceipt>> {
        manifest::find_file(&self.state(), digest)
    }

    fn scan(&self, snapshot: &Snapshot, scan: &Scan, visit: &mut dyn FnMut(&ChargeTable) -> Result<()>) -> Result<()> {
        let segments = self.segments_of(snapshot.id, scan.charged, scan.estimated_only)?;
        let mut read = |entry| segment::read(self.segments.open(entry)?, entry, scan, visit);
        let read = segments.iter().try_for_each(|listed| read(&listed.entry));
        self.unless_removed(snapshot.id, read)
    }

    fn aggregate(&self, snapshot: &Snapshot, question: &Question, observer: &dyn Observer) -> Result<Sums> {
        answer::aggregate(self, snapshot, question, observer)
    }

    fn custom_columns(&self, snapshot: &Snapshot, charged: Interval) -> Result<Vec<String>> {
        let mut names = BTreeSet::new();
        for listed in self.segments_of(snapshot.id, charged, false)? {
            let entry = &listed.entry;
            let read = self.segments.open(entry).and_then(|file| segment::custom_columns(&file, entry));
            names.extend(self.unless_removed(snapshot.id, read)?);
        }
        Ok(names.into_iter().collect())
    }

    fn segment_files(&self, snapshot: &Snapshot) -> Result<Vec<SegmentFile>> {
        match &self.segments {
            Segments::Folder { folder, .. } => files::list(&self.state(), snapshot.id, folder),
            Segments::Memory(_) => Err(no_files()),
        }
    }

    fn put_entry(&self, entry: &Entry, by: &Change) -> Result<()> {
        self.refuse_when_read_only()?;
        catalog::put(&mut self.state(), entry, by)
    }

    fn entry(&self, kind: Kind, id: &str) -> Result<Option<Entry>> {
        catalog::get(&self.state(), kind, id)
    }

    fn entries(&self, kind: Option<Kind>, limit: u64, offset: u64) -> Result<(u64, Vec<Entry>)> {
        catalog::list(&self.state(), kind, limit, offset)
    }

    fn delete_entry(&self, kind: Kind, id: &str, by: &Change) -> Result<bool> {
        self.refuse_when_read_only()?;
        catalog::delete(&mut self.state(), kind, id, by)
    }

    fn virtual_dimensions(&self) -> Result<Vec<VirtualDimension>> {
        virtuals::list(&self.state())
    }

    fn put_virtual_dimension(
        &self,
        dimension: &VirtualDimension,
        allowed: AllowVirtuals<'_>,
        by: &Change,
    ) -> Result<()> {
        self.refuse_when_read_only()?;
        virtuals::put(&mut self.state(), dimension, allowed, by)
    }

    fn delete_virtual_dimension(&self, name: &str, allowed: AllowVirtuals<'_>, by: &Change) -> Result<bool> {
        self.refuse_when_read_only()?;
        virtuals::delete(&mut self.state(), name, allowed, by)
    }

    fn definitions_since(&self, kind: Defined, change: u64) -> Result<Vec<Definition>> {
        definitions::list(&self.state(), kind, change)
    }

    fn put_definitions(&self, kind: Defined, definitions: &[(String, String)], by: &Change) -> Result<u64> {
        self.refuse_when_read_only()?;
        definitions::put(&mut self.state(), kind, definitions, by)
    }

    fn delete_definition(&self, kind: Defined, key: &str, by: &Change) -> Result<bool> {
        self.refuse_when_read_only()?;
        definitions::delete(&mut self.state(), kind, key, by)
    }

    fn booked(&self, lines: &[LineKey]) -> Result<Vec<Option<Vec<u8>>>> {
        billing::booked(&self.state(), lines)
    }

    fn lines(&self, period_start: Stamp, tenant: Option<&str>) -> Result<Vec<LineKey>> {
        billing::lines(&self.state(), period_start, tenant)
    }

    fn lines_of(&self, meter: &str) -> Result<Vec<LineKey>> {
        billing::lines_of(&self.state(), meter)
    }

    fn corrected(&self, billed_in: Stamp) -> Result<Vec<String>> {
        billing::corrected(&self.state(), billed_in)
    }

    fn settled(&self) -> Result<Settled> {
        billing::settled(&self.state())
    }

    fn statements(&self, period_start: Option<Stamp>, tenant: Option<&str>) -> Result<Vec<Statement>> {
        billing::statements(&self.state(), period_start, tenant)
    }

    fn corrections(&self, billed_in: Stamp, tenant: &str) -> Result<Vec<Correction>> {
        billing::corrections(&self.state(), billed_in, tenant)
    }

    fn book(&self, booking: &Booking) -> Result<()> {
        self.refuse_when_read_only()?;
        billing::book(&mut self.state(), booking)
    }

    fn audit(&self, filter: &AuditFilter, limit: u64, offset: u64) -> Result<(u64, Vec<AuditEntry>)> {
        audit::list(&self.state(), filter, limit, offset)
    }

    fn scan_audit(&self, visit: VisitAudit<'_>) -> Result<AuditHead> {
        let mut after = None;
        loop {
            // Let go of before anybody looks at the entries.
            let page = audit::page(&self.state(), after)?;
            page.entries.into_iter().try_for_each(&mut *visit)?;
            if let Some(head) = page.head {
                return Ok(head);
            }
            after = page.last;
        }
    }

    fn close_allocation(&self, closing: &AllocationClosing, by: &Change) -> Result<u64> {
        self.refuse_when_read_only()?;
        allocation::close(&mut self.state(), closing, by)
    }

    fn closed_allocations(&self, after: u64) -> Result<Vec<ClosedAllocation>> {
        allocation::list(&self.state(), after)
    }

    fn allocation_lines(&self, number: u64, part: u64) -> Result<Option<String>> {
        allocation::lines(&self.state(), number, part)
    }

    fn alerts(&self, after: Stamp) -> Result<Vec<KeptAlert>> {
        alerts::list(&self.state(), after)
    }

    fn put_alerts(&self, alerts: &[KeptAlert], events: &[OutboxEvent]) -> Result<()> {
        self.refuse_when_read_only()?;
        let mut state = self.state();
        let transaction = state.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        alerts::put(&transaction, alerts)?;
        outbox::insert(&transaction, events)?;
        transaction.commit().map_err(broken)
    }
}

impl AnomalyStore for EmbeddedStore {
    fn feedback(&self, narrowing: &str, anomalies: &RangeInclusive<Id<id::Anomaly>>) -> Result<Vec<AnomalyFeedback>> {
        feedback::list(&self.state(), narrowing, anomalies)
    }

    fn feedback_beside(&self, narrowing: &str, anomaly: Id<id::Anomaly>) -> Result<(u64, Option<Id<id::Anomaly>>)> {
        feedback::beside(&self.state(), narrowing, anomaly)
    }

    fn put_feedback(&self, narrowing: &str, said: &AnomalyFeedback, by: &Change) -> Result<()> {
        self.refuse_when_read_only()?;
        feedback::put(&mut self.state(), narrowing, said, by)
    }

    fn delete_feedback(&self, narrowing: &str, anomaly: Id<id::Anomaly>, by: &Change) -> Result<bool> {
        self.refuse_when_read_only()?;
        feedback::delete(&mut self.state(), narrowing, anomaly, by)
    }

    fn announced(&self, narrowing: &str, since: Stamp) -> Result<Vec<KeptAnnouncement>> {
        announcements::list(&self.state(), narrowing, since)
    }

    fn announce(&self, announcements: &[(KeptAnnouncement, OutboxEvent)]) -> Result<u64> {
        self.refuse_when_read_only()?;
        let mut state = self.state();
        let transaction = state.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        let mut new = 0;
        for (announcement, event) in announcements {
            if announcements::insert(&transaction, announcement)? {
                outbox::insert(&transaction, std::slice::from_ref(event))?;
                new += 1;
            }
        }
        transaction.commit().map_err(broken)?;
        Ok(new)
    }
}
