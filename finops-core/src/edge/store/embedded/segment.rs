//! A segment: the charges of one billing account's billing period, or a part of them, as a Parquet file.

use super::manifest::SegmentEntry;
use super::segments::{SegmentFile, SegmentReader};
use crate::edge::arrow::{SegmentColumn, batch_rows, from_batch, with_dictionaries};
use crate::edge::parquet::{ChargeWriter, filled};
use crate::edge::store::Scan;
use crate::model::charge::{ChargeColumn, ChargeTable, Scope};
use crate::{Error, ErrorCode, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

const READ_ROWS: usize = 65_536;
/// A day has at most 25 hours.
const LONGEST_DAY_MICROS: i64 = 25 * 3_600_000_000;
/// Who a bill comes from.
const PARTIES: [ChargeColumn; 2] = [ChargeColumn::ServiceProviderName, ChargeColumn::InvoiceIssuerName];
/// How many names of them a segment remembers.
const MAX_PARTIES: usize = 256;

/// A segment that is complete and durable.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) scope: Scope,
    pub(super) file: String,
    pub(super) bytes: u64,
    pub(super) digest: [u8; 32],
    pub(super) charges: u64,
    pub(super) first_charge: i64,
    pub(super) last_charge: i64,
    pub(super) charged_until: i64,
    pub(super) parties: BTreeSet<String>,
}

/// A segment being written.
pub(super) struct SegmentWriter {
    scope: Scope,
    name: String,
    custom: Vec<String>,
    writer: ChargeWriter<Hashed>,
    charges: u64,
    reach: Reach,
    parties: BTreeSet<String>,
}

/// When the charges of a segment lie.
struct Reach {
    first: i64,
    last: i64,
    /// The latest end of a charge for a day or less.
    short_until: i64,
    /// The latest end of any.
    until: i64,
}

impl Reach {
    const NONE: Self = Self { first: i64::MAX, last: i64::MIN, short_until: i64::MIN, until: i64::MIN };

    /// A charge of that time; one from before the billing period corrects it and says nothing of how far it reaches.
    fn add(&mut self, start: i64, end: i64, period_start: i64) {
        self.first = self.first.min(start);
        self.last = self.last.max(start);
        if start >= period_start {
            self.until = self.until.max(end);
            if end - start <= LONGEST_DAY_MICROS {
                self.short_until = self.short_until.max(end);
            }
        }
    }

    fn charged_until(&self) -> i64 {
        let until = if self.short_until > i64::MIN { self.short_until } else { self.until };
        until.max(self.first)
    }
}

impl SegmentWriter {
    /// A writer for tables that have the custom columns of `table`.
    pub(super) fn new(scope: Scope, name: String, file: SegmentFile, table: &ChargeTable) -> Result<Self> {
        let file = Hashed { file, hasher: blake3::Hasher::new(), bytes: 0 };
        let custom: Vec<String> = custom(table).map(str::to_owned).collect();
        let writer = ChargeWriter::new(file, &custom)?;
        Ok(Self { scope, name, custom, writer, charges: 0, reach: Reach::NONE, parties: BTreeSet::new() })
    }

    /// Whether the table has the custom columns that the segment has.
    pub(super) fn takes(&self, table: &ChargeTable) -> bool {
        self.custom.iter().map(String::as_str).eq(custom(table))
    }

    pub(super) fn write(&mut self, scope: &Scope, table: &ChargeTable) -> Result<()> {
        let missing = || Error::invalid("ChargePeriodStart", "and ChargePeriodEnd must have a value in every row");
        let starts = table.time(ChargeColumn::ChargePeriodStart).ok_or_else(missing)?;
        let ends = table.time(ChargeColumn::ChargePeriodEnd).ok_or_else(missing)?;
        for row in 0..table.rows() {
            let (start, end) = starts.get(row).zip(ends.get(row)).ok_or_else(missing)?;
            self.reach.add(start, end, scope.start.micros());
        }
        for party in PARTIES.into_iter().filter_map(|column| table.text(column)) {
            for name in party.used() {
                if self.parties.len() < MAX_PARTIES && !self.parties.contains(name) {
                    self.parties.insert(name.to_owned());
                }
            }
        }
        self.scope.end = self.scope.end.max(scope.end);
        self.charges += u64::try_from(table.rows()).unwrap_or(u64::MAX);
        self.writer.write(table)
    }

    /// How much memory the rows take that are not in the file yet.
    pub(super) fn buffered_bytes(&self) -> usize {
        self.writer.buffered_bytes()
    }

    /// Moves them into the file.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.writer.flush()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Ends the file; it is not durable yet.
    pub(super) fn finish(self) -> Result<(Written, SegmentFile)> {
        let hashed = self.writer.finish()?;
        let written = Written {
            scope: self.scope,
            file: self.name,
            bytes: hashed.bytes,
            digest: hashed.hasher.finalize().into(),
            charges: self.charges,
            first_charge: self.reach.first,
            last_charge: self.reach.last,
            charged_until: self.reach.charged_until(),
            parties: self.parties,
        };
        Ok((written, hashed.file))
    }
}

fn custom(table: &ChargeTable) -> impl Iterator<Item = &str> {
    table.extra().iter().map(|(name, _)| name.as_str())
}

/// Counts and hashes what goes into the file.
struct Hashed {
    file: SegmentFile,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.bytes += u64::try_from(written).unwrap_or(0);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Gives the charges of a segment, leaving out row groups that lie outside the interval.
pub(super) fn read(
    reader: SegmentReader,
    entry: &SegmentEntry,
    scan: &Scan,
    visit: &mut dyn FnMut(&ChargeTable) -> Result<()>,
) -> Result<()> {
    let damaged = |error| damaged(entry, error);
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&reader, plain.clone()).map_err(damaged)?;
    let hinted = plain.with_schema(Arc::new(with_dictionaries(metadata.schema())));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), hinted).map_err(damaged)?;
    let columns = columns_in(metadata.metadata(), scan);
    let mask = ProjectionMask::leaves(metadata.parquet_schema(), columns.iter().map(|(leaf, _)| *leaf));
    let groups = row_groups(metadata.metadata(), scan);
    let rows = batch_rows(metadata.metadata(), READ_ROWS);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(reader, metadata);
    let builder = builder.with_projection(mask).with_row_groups(groups).with_batch_size(rows);
    let columns: Vec<_> = columns.into_iter().map(|(_, column)| column).collect();
    for batch in builder.build().map_err(damaged)? {
        visit(&from_batch(&batch.map_err(|error| self::damaged(entry, error.into()))?, &columns)?)?;
    }
    Ok(())
}

/// The wanted columns with their places in the file, in the order of the file.
fn columns_in(metadata: &ParquetMetaData, scan: &Scan) -> Vec<(usize, SegmentColumn)> {
    let leaves = metadata.file_metadata().schema_descr().columns().iter().enumerate();
    let filled = filled(metadata.file_metadata());
    let is_filled = |column: &ChargeColumn| filled.as_ref().is_none_or(|filled| filled.contains(column));
    let wanted = leaves.filter_map(|(leaf, column)| match ChargeColumn::from_name(column.name()) {
        Some(known) => {
            (scan.columns.contains(&known) && is_filled(&known)).then_some((leaf, SegmentColumn::Known(known)))
        }
        None => scan.custom.then(|| (leaf, SegmentColumn::Custom(column.name().to_owned()))),
    });
    wanted.collect()
}

/// The names of the custom columns of a segment.
pub(super) fn custom_columns(reader: &SegmentReader, entry: &SegmentEntry) -> Result<Vec<String>> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(reader, options).map_err(|error| damaged(entry, error))?;
    let names = metadata.schema().fields().iter().map(|field| field.name());
    Ok(names.filter(|name| ChargeColumn::from_name(name).is_none()).cloned().collect())
}

fn row_groups(metadata: &ParquetMetaData, scan: &Scan) -> Vec<usize> {
    let groups = metadata.row_groups().iter().enumerate();
    groups.filter(|(_, group)| may_hold(group, scan)).map(|(index, _)| index).collect()
}

fn may_hold(group: &RowGroupMetaData, scan: &Scan) -> bool {
    let starts = ChargeColumn::ChargePeriodStart.name();
    let column = group.columns().iter().find(|column| column.column_path().string() == starts);
    match column.and_then(|column| column.statistics()) {
        Some(Statistics::Int64(bounds)) => match (bounds.min_opt(), bounds.max_opt()) {
            (Some(min), Some(max)) => *min < scan.charged.end().micros() && *max >= scan.charged.start().micros(),
            _ => true,
        },
        _ => true,
    }
}

fn damaged(entry: &SegmentEntry, error: ParquetError) -> Error {
    let message = format!(
        "the segment '{}' is damaged: {error}. Restore it from a backup, or import its billing period again",
        entry.file
    );
    Error::new(ErrorCode::Storage, message).with_source(error)
}
