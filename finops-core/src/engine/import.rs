//! Importing a bill: files to rows, rows to charges, charges into the store, all or nothing.
//!
//! One thread reads and checks, the caller's writes; a batch or two wait between them. Both end before the call
//! does.

use super::{Finops, Observer, Progress};
use crate::edge::source::{RowSource, SourceFile, expand};
use crate::edge::store::{Delivery, Replace};
use crate::model::charge::{ChargeTable, FocusVersion, Scope};
use crate::model::id::Id;
use crate::model::receipt::{CurrencyTotals, ImportReceipt};
use crate::pipeline::charging::{GATE_ACCOUNT, USAGE_ACCOUNT};
use crate::pipeline::intake::{Intake, Mapping, Mode, Remarks, by_scope};
use crate::pipeline::tally::Tally;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// How many batches may wait to be written.
const WAITING_BATCHES: usize = 2;

/// The form of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImportFormat {
    /// Told by the content; FOCUS is what is understood so far.
    #[default]
    Auto,
    /// FOCUS 1.0 to 1.4.
    Focus,
}

/// What to import, and how.
///
/// ```no_run
/// use finops_core::{Finops, ImportCharges};
///
/// let finops = Finops::open("costs")?;
/// let receipt = finops.import_charges(&ImportCharges::new("bills/2024-09/*.parquet"))?;
/// println!("{} charges, {} set aside", receipt.charges, receipt.quarantined);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImportCharges {
    /// A file, a folder or a glob: CSV, CSV.gz or Parquet, told by the first bytes of each file.
    pub path: String,
    /// What the columns follow.
    #[serde(default)]
    pub format: ImportFormat,
    /// Who sells the services, for rows that do not say.
    #[serde(default)]
    pub provider: Option<String>,
    /// Fields to fill from other columns or tags: `{"tenant_id": "SubAccountId", "team_id": "tag:team"}`.
    #[serde(default)]
    pub mapping: Mapping,
    /// What happens to charges of the same billing account and period.
    #[serde(default)]
    pub replace: Replace,
    /// Whether to refuse the import at the first deviation from FOCUS.
    #[serde(default)]
    pub strict: bool,
}

impl ImportCharges {
    pub(super) const FIELDS: &'static [&'static str] = &["path", "format", "provider", "mapping", "replace", "strict"];

    /// An import of those files, tolerant, replacing what they deliver anew.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    fn mode(&self) -> Mode {
        if self.strict { Mode::Strict } else { Mode::Tolerant }
    }
}

/// What is known of a delivery once it is read.
struct Taken {
    version: FocusVersion,
    rows: u64,
    remarks: Remarks,
}

impl Taken {
    fn of(intake: Intake) -> Self {
        Self { version: intake.version(), rows: intake.rows(), remarks: intake.into_remarks() }
    }
}

/// What is known once it is written.
struct Sent {
    charges: u64,
    totals: Vec<CurrencyTotals>,
    scopes: BTreeSet<Scope>,
}

/// A batch on its way to the store, with how far the reading is.
struct Batch {
    table: ChargeTable,
    progress: Progress,
}

impl Finops {
    /// Imports a bill. It replaces the charges of the billing accounts and periods that it holds; the same files a
    /// second time change nothing.
    ///
    /// # Errors
    /// `invalid_argument` for files that are not there or cannot be understood; `conflict` on a handle for reading
    /// and while another import is under way; `overflow`; `storage`. After an error nothing has changed.
    pub fn import_charges(&self, request: &ImportCharges) -> Result<ImportReceipt> {
        self.import_charges_observed(request, &())
    }

    /// The same, with someone looking on who may stop it.
    ///
    /// # Errors
    /// As [`Finops::import_charges`], and `cancelled`.
    pub fn import_charges_observed(&self, request: &ImportCharges, observer: &dyn Observer) -> Result<ImportReceipt> {
        self.permit("import_charges")?;
        let mut files = fingerprints(expand(&request.path)?, request)?;
        let named = files.len();
        // The session comes first: what is looked up holds until the commit, since no other import can come between.
        let mut session = self.store.begin_import()?;
        if let Some(receipt) = self.leave_out_known(&mut files, request)? {
            return Ok(ImportReceipt { unchanged: true, ..receipt });
        }
        let (digests, files): (Vec<_>, Vec<_>) = files.into_iter().unzip();
        let (taken, sent) = transfer(&files, request, observer, &mut |scope, table| session.write(scope, table))?;
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        let imported_at = self.clock.now();
        let counts = (files.len(), named - files.len());
        let receipt = receipt(Id::new(imported_at, random), counts, taken, sent)?;
        let (fingerprint, replace) = (over_all(&digests), request.replace);
        let delivery = Delivery { receipt, fingerprint, files: digests, replace, imported_at, booking: None };
        let receipt = session.commit(delivery)?;
        self.budgets.have_changed();
        self.follow_after();
        Ok(receipt)
    }

    /// What there is already of a delivery. When it replaces, that is all of it or nothing; when it adds, each file
    /// counts for itself, and the known ones are left out. Gives the receipt when nothing is left to do.
    fn leave_out_known(&self, files: &mut Files, request: &ImportCharges) -> Result<Option<ImportReceipt>> {
        let conforms = |receipt: &ImportReceipt| !request.strict || !deviates(receipt);
        if request.replace == Replace::BillingPeriod {
            let digests: Vec<_> = files.iter().map(|(digest, _)| *digest).collect();
            return Ok(self.store.find_import(&over_all(&digests))?.filter(conforms));
        }
        let mut latest: Option<ImportReceipt> = None;
        let mut unknown = Files::new();
        for (digest, file) in files.drain(..) {
            match self.store.find_file(&digest)?.filter(conforms) {
                Some(receipt) => latest = latest.into_iter().chain([receipt]).max_by_key(|receipt| receipt.snapshot),
                None => unknown.push((digest, file)),
            }
        }
        *files = unknown;
        Ok(latest.filter(|_| files.is_empty()))
    }
}

/// Whether a strict import would have refused what a tolerant one took.
fn deviates(receipt: &ImportReceipt) -> bool {
    !receipt.warnings.is_empty() || receipt.quarantined > 0
}

/// The files of a delivery with their digests, in the order of their names, in which rows are counted.
type Files = Vec<([u8; 32], SourceFile)>;

/// A digest for each file, over its content and over what its columns are taken for. Not over its name, and not over
/// what it would replace: the same charges must not be added twice.
fn fingerprints(files: Vec<SourceFile>, request: &ImportCharges) -> Result<Files> {
    let reading = serde_json::to_vec(&(&request.provider, &request.mapping));
    let reading = reading.map_err(|error| Error::invalid("mapping", error.to_string()))?;
    let mut known = Files::with_capacity(files.len());
    for file in files {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&reading);
        file.hash_content(&mut hasher)?;
        known.push((hasher.finalize().into(), file));
    }
    let mut paths = BTreeMap::new();
    for (digest, file) in &known {
        if let Some(same) = paths.insert(digest, file.path.display()) {
            let message = format!("'{same}' and '{}' have the same content: import one of them", file.path.display());
            return Err(Error::invalid("path", message));
        }
    }
    Ok(known)
}

fn over_all(digests: &[[u8; 32]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for digest in digests.iter().collect::<BTreeSet<_>>() {
        hasher.update(digest);
    }
    hasher.finalize().into()
}

type Write<'w> = &'w mut dyn FnMut(&Scope, &ChargeTable) -> Result<()>;

fn transfer(
    files: &[SourceFile],
    request: &ImportCharges,
    observer: &dyn Observer,
    write: Write<'_>,
) -> Result<(Taken, Sent)> {
    let (sender, batches) = sync_channel::<Batch>(WAITING_BATCHES);
    thread::scope(|scope| {
        let reader = scope.spawn(move || take_all(files, request, &sender));
        let mut sent = Sent { charges: 0, totals: Vec::new(), scopes: BTreeSet::new() };
        let mut tally = Tally::default();
        let mut outcome = Ok(());
        for batch in &batches {
            outcome = send(batch, observer, &mut tally, &mut sent, write);
            if outcome.is_err() {
                break;
            }
        }
        // Without a receiver the reader stops at its next batch.
        drop(batches);
        let taken = reader.join().map_err(|_| Error::new(ErrorCode::Storage, "the reader of the files panicked"));
        outcome?;
        sent.totals = tally.totals()?;
        Ok((taken??, sent))
    })
}

fn take_all(files: &[SourceFile], request: &ImportCharges, batches: &SyncSender<Batch>) -> Result<Taken> {
    let mut intake = Intake::new(request.mapping.clone(), request.mode(), request.provider.clone());
    let bytes_total = files.iter().map(|file| file.bytes).sum();
    let mut bytes_before = 0;
    for file in files {
        let mut source: Box<dyn RowSource> = file.open()?;
        intake.start_file(source.header())?;
        while let Some(raw) = source.next_batch()? {
            let table = intake.take(&raw)?;
            let bytes_read = bytes_before + source.bytes_read();
            let progress = Progress { rows: intake.rows(), bytes_read, bytes_total, ..Progress::default() };
            if batches.send(Batch { table, progress }).is_err() {
                // The writer has given up and says why.
                return Ok(Taken::of(intake));
            }
        }
        file.refuse_when_changed()?;
        bytes_before += file.bytes;
    }
    Ok(Taken::of(intake))
}

/// Refuses what would take the place of charges that the engine makes itself.
fn refuse_own(scope: &Scope) -> Result<()> {
    let account = scope.billing_account_id.as_str();
    if ![USAGE_ACCOUNT, GATE_ACCOUNT].contains(&account) {
        return Ok(());
    }
    let message = format!("is '{account}' in some row, which is the account of charges made here: rename it");
    Err(Error::invalid("BillingAccountId", message))
}

fn send(batch: Batch, observer: &dyn Observer, tally: &mut Tally, sent: &mut Sent, write: Write<'_>) -> Result<()> {
    tally.add(&batch.table)?;
    sent.charges += u64::try_from(batch.table.rows()).unwrap_or(u64::MAX);
    for (scope, table) in by_scope(batch.table)? {
        refuse_own(&scope)?;
        write(&scope, &table)?;
        sent.scopes.insert(scope);
    }
    if observer.progress(&batch.progress).is_break() {
        return Err(Error::new(ErrorCode::Cancelled, "the import was stopped; nothing has changed"));
    }
    Ok(())
}

fn receipt(
    import_id: Id<crate::model::id::Import>,
    (files, files_known): (usize, usize),
    taken: Taken,
    sent: Sent,
) -> Result<ImportReceipt> {
    let quarantined = taken.remarks.quarantined();
    let (warnings, quarantine) = taken.remarks.into_parts();
    if sent.charges == 0 {
        return Err(nothing_usable(taken.rows, quarantine.first()));
    }
    let periods: BTreeSet<_> = sent.scopes.iter().map(|scope| (scope.start, scope.period_label())).collect();
    let mut billing_periods: Vec<String> = periods.into_iter().map(|(_, label)| label).collect();
    billing_periods.dedup();
    let only = match sent.totals.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    Ok(ImportReceipt {
        import_id,
        snapshot: 0,
        unchanged: false,
        files: u64::try_from(files).unwrap_or(u64::MAX),
        files_known: u64::try_from(files_known).unwrap_or(u64::MAX),
        focus_version: taken.version,
        rows: taken.rows,
        charges: sent.charges,
        quarantined,
        billing_periods,
        currency: only.map(|totals| totals.currency),
        total_billed: only.map(|totals| totals.billed),
        total_effective: only.and_then(|totals| totals.effective),
        total_list: only.and_then(|totals| totals.list),
        total_contracted: only.and_then(|totals| totals.contracted),
        totals: sent.totals,
        replaced: Vec::new(),
        warnings,
        quarantine,
    })
}

/// An import of nothing would replace a billing period with nothing.
fn nothing_usable(rows: u64, first: Option<&crate::model::receipt::Quarantined>) -> Error {
    let message = match first {
        Some(first) => {
            let column = first.column.as_deref().unwrap_or("the row");
            let value = first.value.as_deref().map(|value| format!(" ('{value}')")).unwrap_or_default();
            let (row, reason) = (first.row, first.reason.as_str());
            format!("none of the {rows} rows can be used; in row {row}, {column}{value} {reason}")
        }
        None => "the files have a header and no rows".to_owned(),
    };
    Error::invalid("path", message)
}
