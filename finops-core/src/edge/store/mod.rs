//! Where charges and what people say about them are kept.
//!
//! [`Store`] is what the engine asks of a store; [`EmbeddedStore`] keeps everything in a folder (SQLite and Parquet)
//! or in memory. The suite in [`conformance`] says what any implementation must do.

mod alert;
mod allocation;
mod announcement;
mod anomalies;
mod audit;
mod booking;
#[cfg(feature = "conformance")]
pub mod conformance;
mod definition;
mod embedded;
mod files;
pub mod outbox;
mod snapshot;
mod through;
pub mod usage;

pub use alert::KeptAlert;
pub use allocation::{AllocationClosing, ClosedAllocation};
pub use announcement::KeptAnnouncement;
pub use anomalies::AnomalyStore;
pub use audit::AuditFilter;
pub use booking::{Booking, ClosedPeriods, Correction, LineKey, Settled, Statement};
pub use definition::{Defined, Definition};
pub use embedded::{EmbeddedStore, Tuning};
pub use files::SegmentFile;
pub use snapshot::Snapshot;
use through::go_through;

use crate::insight::question::Question;
use crate::insight::sums::Sums;
use crate::model::audit::{AuditEntry, AuditHead, Change};
use crate::model::catalog::{Entry, Kind};
use crate::model::charge::{ChargeColumn, ChargeTable, Origin, Scope};
use crate::model::event::OutboxEvent;
use crate::model::history::{AsOf, Compacted, StateMark, Vacuumed};
use crate::model::id::{self, Id};
use crate::model::progress::Observer;
use crate::model::receipt::ImportReceipt;
use crate::model::time::{Interval, Stamp};
use crate::model::virtual_dimension::VirtualDimension;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What an import does to charges of the same billing account and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replace {
    /// They give way: the files hold the whole billing period, as providers deliver it.
    #[default]
    BillingPeriod,
    /// They stay: the files hold further rows.
    Nothing,
}

/// Which charges to read, and what of them.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The columns; others stay absent in the tables.
    pub columns: Vec<ChargeColumn>,
    /// Whether to read the columns that FOCUS does not know as well.
    pub custom: bool,
    /// Charges whose `ChargePeriodStart` lies there. The store may give others too.
    pub charged: Interval,
    /// Only charges of billing periods that had not ended when they were imported.
    pub estimated_only: bool,
}

/// A delivery that is complete and may become part of the store.
#[derive(Debug)]
pub struct Delivery {
    /// What is known of it; the store fills in the snapshot and what was replaced.
    pub receipt: ImportReceipt,
    /// A digest over the files and the way in which they were read.
    pub fingerprint: [u8; 32],
    /// The same for each file.
    pub files: Vec<[u8; 32]>,
    /// What it does to what is there.
    pub replace: Replace,
    /// When it came.
    pub imported_at: Stamp,
    /// What is booked with it, where the charges come from usage.
    pub booking: Option<Booking>,
}

/// An import under way. Nothing of it can be seen before the commit; dropped without one it leaves nothing.
pub trait ImportSession {
    /// Adds charges of one scope.
    ///
    /// # Errors
    /// `storage` when they cannot be written.
    fn write(&mut self, scope: &Scope, table: &ChargeTable) -> Result<()>;

    /// Makes all of it visible at once, and durable.
    ///
    /// # Errors
    /// `conflict` when charges of another provider would be replaced, `storage`; then nothing has changed.
    fn commit(self: Box<Self>, delivery: Delivery) -> Result<ImportReceipt>;
}

/// How far a compaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewriting {
    /// Charges rewritten so far.
    pub rows: u64,
    /// Bytes of the segments that are behind us.
    pub bytes_read: u64,
    /// Bytes of all segments that are to be brought together.
    pub bytes_total: u64,
}

/// Says whether there may be these virtual dimensions together.
pub type AllowVirtuals<'a> = &'a dyn Fn(&[VirtualDimension]) -> Result<()>;

/// What is given of each entry of the log of changes.
pub type VisitAudit<'v> = &'v mut dyn FnMut(Result<AuditEntry>) -> Result<()>;

/// What the engine asks of a store. One writes, many read.
///
/// Who changes definitions or the catalogue says so by a [`Change`]. The store writes an entry of the log in the same
/// transaction, with what was there before; a write that leaves something as it was makes none.
pub trait Store: AnomalyStore + Debug + Send + Sync {
    /// How many threads a call may use, those of the engine included.
    fn threads(&self) -> usize {
        1
    }

    /// The present state.
    ///
    /// # Errors
    /// `storage`.
    fn snapshot(&self) -> Result<Snapshot>;

    /// An earlier state, with the coverage and the imports that it had. The empty state of number 0 was there at
    /// any time before the first import.
    ///
    /// # Errors
    /// `invalid_argument` for a number that no state has yet; `not_found` for a state that a vacuum removed, naming
    /// the oldest that is left; `storage`.
    fn snapshot_as_of(&self, as_of: AsOf) -> Result<Snapshot>;

    /// How many states can still be read, without the empty one of number 0, and a page of them, newest first.
    ///
    /// # Errors
    /// `storage`.
    fn snapshots(&self, limit: u64, offset: u64) -> Result<(u64, Vec<StateMark>)>;

    /// Forgets the states that others had taken the place of before that instant: the last state at or before it
    /// stays, and all that came later. What no remaining state needs is removed.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading, or states are being read and stay so for some seconds;
    /// `storage`; then nothing has changed.
    fn vacuum(&self, before: Stamp) -> Result<Vacuumed>;

    /// Brings the charges of each billing account's period into one segment, in the order in which a scan gives
    /// them, as a new state of that time. No answer changes, and no earlier state. `watch` is called after each table
    /// that was rewritten.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading, or an import or another compaction is under way;
    /// `storage`, and whatever `watch` gives; then nothing has changed.
    fn compact(&self, at: Stamp, watch: &mut dyn FnMut(Rewriting) -> Result<()>) -> Result<Compacted>;

    /// Brings the newest segments of a billing account together where many small ones have come, as a new state. No
    /// answer changes. A store without segments has nothing to do.
    ///
    /// # Errors
    /// As [`Store::compact`].
    fn tidy(&self, _account: &str, _at: Stamp) -> Result<()> {
        Ok(())
    }

    /// The imports that the charges of each billing account's period came with, in the order of their coming.
    ///
    /// # Errors
    /// `not_found` when a vacuum has removed the state; `storage`.
    fn origins(&self, snapshot: &Snapshot) -> Result<BTreeMap<Scope, Vec<Origin>>>;

    /// Starts an import.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading, or an import is under way already.
    fn begin_import(&self) -> Result<Box<dyn ImportSession + '_>>;

    /// Starts to write the charges of usage, which nobody asked for: an import that is started meanwhile waits until
    /// they are there, where the store can have it wait.
    ///
    /// # Errors
    /// As [`Store::begin_import`].
    fn begin_booking(&self) -> Result<Box<dyn ImportSession + '_>> {
        self.begin_import()
    }

    /// The receipt of the import with that id, if it is there.
    ///
    /// # Errors
    /// `storage`.
    fn receipt_of(&self, import: Id<id::Import>) -> Result<Option<ImportReceipt>>;

    /// The receipt of an import with that fingerprint whose charges are all still current, and are all that there
    /// is of their billing accounts and periods.
    ///
    /// # Errors
    /// `storage`.
    fn find_import(&self, fingerprint: &[u8; 32]) -> Result<Option<ImportReceipt>>;

    /// The receipt of an import that read a file with that digest, if all that the import brought is still current.
    ///
    /// # Errors
    /// `storage`.
    fn find_file(&self, digest: &[u8; 32]) -> Result<Option<ImportReceipt>>;

    /// Gives the charges of a state, table by table, in a fixed order.
    ///
    /// # Errors
    /// `not_found` when a vacuum has removed the state, `storage`, and whatever `visit` gives.
    fn scan(&self, snapshot: &Snapshot, scan: &Scan, visit: &mut dyn FnMut(&ChargeTable) -> Result<()>) -> Result<()>;

    /// The sums that a question asks for, of a state. A store that knows nothing better goes through the charges.
    ///
    /// # Errors
    /// `invalid_argument` when the question makes too many groups; `overflow`; `cancelled` when the observer asks for
    /// it; `storage`.
    fn aggregate(&self, snapshot: &Snapshot, question: &Question, observer: &dyn Observer) -> Result<Sums> {
        go_through(self, snapshot, question, observer)
    }

    /// The files that a state consists of, in the order in which they are scanned.
    ///
    /// # Errors
    /// `not_found` when the store keeps no files that other tools read, and when a vacuum has removed the state;
    /// `storage`.
    fn segment_files(&self, _: &Snapshot) -> Result<Vec<SegmentFile>> {
        Err(files::no_files())
    }

    /// The names of the custom columns that charges of a state have, in order.
    ///
    /// # Errors
    /// `storage`.
    fn custom_columns(&self, snapshot: &Snapshot, charged: Interval) -> Result<Vec<String>>;

    /// Writes an entry of the catalogue, in place of one with the same kind and id.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`.
    fn put_entry(&self, entry: &Entry, by: &Change) -> Result<()>;

    /// An entry of the catalogue.
    ///
    /// # Errors
    /// `storage`.
    fn entry(&self, kind: Kind, id: &str) -> Result<Option<Entry>>;

    /// How many entries there are, and a page of them in the order of kind and id.
    ///
    /// # Errors
    /// `storage`.
    fn entries(&self, kind: Option<Kind>, limit: u64, offset: u64) -> Result<(u64, Vec<Entry>)>;

    /// Removes an entry; says whether there was one.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`.
    fn delete_entry(&self, kind: Kind, id: &str, by: &Change) -> Result<bool>;

    /// Every virtual dimension, in the order of their names.
    ///
    /// # Errors
    /// `storage`.
    fn virtual_dimensions(&self) -> Result<Vec<VirtualDimension>>;

    /// Writes a virtual dimension, in place of one with the same name, if `allowed` takes all that there then are.
    /// Nothing else is written meanwhile.
    ///
    /// # Errors
    /// What `allowed` gives, and then nothing has changed; `conflict` when the store was opened for reading; `storage`.
    fn put_virtual_dimension(
        &self,
        dimension: &VirtualDimension,
        allowed: AllowVirtuals<'_>,
        by: &Change,
    ) -> Result<()>;

    /// The usage that it keeps.
    ///
    /// # Errors
    /// `not_found` when it keeps none.
    fn usage(&self) -> Result<&dyn usage::UsageStore> {
        Err(Error::new(ErrorCode::NotFound, "this store keeps no usage: open one that does"))
    }

    /// The events that it keeps for others, and their deliveries.
    ///
    /// # Errors
    /// `not_found` when it keeps none.
    fn outbox(&self) -> Result<&dyn outbox::OutboxStore> {
        Err(Error::new(ErrorCode::NotFound, "this store keeps no events: open one that does"))
    }

    /// Removes a virtual dimension, if `allowed` takes those that are left; says whether there was one.
    ///
    /// # Errors
    /// As [`Store::put_virtual_dimension`].
    fn delete_virtual_dimension(&self, name: &str, allowed: AllowVirtuals<'_>, by: &Change) -> Result<bool>;

    /// Every definition of a kind, in the order of their keys.
    ///
    /// # Errors
    /// `storage`.
    fn definitions(&self, kind: Defined) -> Result<Vec<Definition>> {
        self.definitions_since(kind, 0)
    }

    /// Those that a change after that one wrote, in the order of their keys.
    ///
    /// # Errors
    /// `storage`.
    fn definitions_since(&self, kind: Defined, change: u64) -> Result<Vec<Definition>>;

    /// Writes definitions, each a key and JSON, in place of those with the same keys: all of them or none. Gives the
    /// number of the change.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn put_definitions(&self, kind: Defined, definitions: &[(String, String)], by: &Change) -> Result<u64>;

    /// Removes a definition; says whether there was one.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`.
    fn delete_definition(&self, kind: Defined, key: &str, by: &Change) -> Result<bool>;

    /// What is booked of each line, in the same order; none where nothing is.
    ///
    /// # Errors
    /// `storage`.
    fn booked(&self, lines: &[LineKey]) -> Result<Vec<Option<Vec<u8>>>>;

    /// The lines of a billing period, of a tenant or of all, in the order of tenant and meter.
    ///
    /// # Errors
    /// `storage`.
    fn lines(&self, period_start: Stamp, tenant: Option<&str>) -> Result<Vec<LineKey>>;

    /// The lines of a meter, in the order of billing period and tenant.
    ///
    /// # Errors
    /// `storage`.
    fn lines_of(&self, meter: &str) -> Result<Vec<LineKey>>;

    /// Whom something is billed in the billing period that starts then, for periods that were closed before.
    ///
    /// # Errors
    /// `storage`.
    fn corrected(&self, billed_in: Stamp) -> Result<Vec<String>>;

    /// How far usage has become charges.
    ///
    /// # Errors
    /// `storage`.
    fn settled(&self) -> Result<Settled>;

    /// Closed periods, the latest first: those that start then, or all; of a tenant, or of all.
    ///
    /// # Errors
    /// `storage`.
    fn statements(&self, period_start: Option<Stamp>, tenant: Option<&str>) -> Result<Vec<Statement>>;

    /// What is billed to a tenant in the billing period that starts then, for periods that were closed before; in the
    /// order of its coming.
    ///
    /// # Errors
    /// `storage`.
    fn corrections(&self, billed_in: Stamp, tenant: &str) -> Result<Vec<Correction>>;

    /// Books what makes no charge. What makes some is booked with their delivery.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn book(&self, booking: &Booking) -> Result<()>;

    /// How many entries of the log of changes the filter takes, and a page of them, the latest first.
    ///
    /// # Errors
    /// `storage`, also when one of the page is damaged.
    fn audit(&self, filter: &AuditFilter, limit: u64, offset: u64) -> Result<(u64, Vec<AuditEntry>)>;

    /// Gives every entry of the log of changes in their order, one that cannot be read as an error, and the end of the
    /// log as it is kept beside them. Entries that come meanwhile are given as well.
    ///
    /// # Errors
    /// `storage`, and whatever `visit` gives.
    fn scan_audit(&self, visit: VisitAudit<'_>) -> Result<AuditHead>;

    /// Closes the allocation of a month, writes so into the log of changes, and gives the number of the closing.
    ///
    /// # Errors
    /// `conflict` when it is closed already, or the store was opened for reading; `storage`; then nothing has changed.
    fn close_allocation(&self, closing: &AllocationClosing, by: &Change) -> Result<u64>;

    /// The closed allocations whose number is above that, in order.
    ///
    /// # Errors
    /// `storage`.
    fn closed_allocations(&self, after: u64) -> Result<Vec<ClosedAllocation>>;

    /// A part of the lines of a closed allocation, from 0; none after the last.
    ///
    /// # Errors
    /// `storage`.
    fn allocation_lines(&self, number: u64, part: u64) -> Result<Option<String>>;

    /// The alerts of budgets' periods that hold at an instant or later, and of those that ended less than their own
    /// length before, in the order of budgets, periods and thresholds. What a period was told of counts in one that
    /// begins within it, where the days were changed on which a budget starts anew.
    ///
    /// # Errors
    /// `storage`.
    fn alerts(&self, after: Stamp) -> Result<Vec<KeptAlert>>;

    /// Writes alerts in place of those of the same budgets, periods and thresholds, and the events that tell of them,
    /// with a delivery for each webhook that wants them: all of it or nothing.
    ///
    /// # Errors
    /// `conflict` when the store was opened for reading; `storage`; then nothing has changed.
    fn put_alerts(&self, alerts: &[KeptAlert], events: &[OutboxEvent]) -> Result<()>;
}
