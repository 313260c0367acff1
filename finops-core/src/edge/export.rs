//! Charges out of the store, into a file for other tools.

use super::csv::CsvWriter;
use super::parquet::ChargeWriter;
use super::store::{Scan, Snapshot, Store};
use crate::model::charge::{ChargeColumn, ChargeTable};
use crate::model::time::Interval;
use crate::{Error, ErrorCode, Result};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How much may wait in memory to be written.
const MAX_BUFFERED_BYTES: usize = 128 << 20;

/// Tells the unfinished files of one process apart.
static EXPORTS: AtomicU64 = AtomicU64::new(0);

/// What charges are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeFormat {
    /// Apache Parquet.
    Parquet,
    /// CSV: comma, UTF-8, a header.
    Csv,
}

/// Gives table by table what is to be written.
pub type Tables<'t> = &'t mut dyn FnMut(&mut dyn FnMut(&ChargeTable) -> Result<()>) -> Result<()>;

/// Writes tables that have no other custom columns than those to one file, in place of what is at the path. Gives how
/// many rows it has and how many bytes.
///
/// # Errors
/// `storage` when it cannot be written, and whatever `tables` gives; then what was at the path is still there.
pub fn write_tables(format: ChargeFormat, path: &Path, custom: &[String], tables: Tables<'_>) -> Result<(u64, u64)> {
    let partial = Partial::create(path)?;
    let file = BufWriter::new(partial.try_clone().map_err(|error| unwritable(path, error))?);
    let mut rows = 0;
    let count = |table: &ChargeTable| u64::try_from(table.rows()).unwrap_or(u64::MAX);
    let file = match format {
        ChargeFormat::Parquet => {
            let mut writer = ChargeWriter::new(file, custom)?;
            tables(&mut |table| {
                rows += count(table);
                writer.write(table)?;
                if writer.buffered_bytes() > MAX_BUFFERED_BYTES { writer.flush() } else { Ok(()) }
            })?;
            writer.finish()?
        }
        ChargeFormat::Csv => {
            let mut writer = CsvWriter::new(file, custom)?;
            tables(&mut |table| {
                rows += count(table);
                writer.write(table)
            })?;
            writer.finish()
        }
    };
    file.into_inner().map_err(|error| unwritable(path, error.into_error()))?;
    Ok((rows, partial.finish()?))
}

/// Writes the charges of a state whose charge period starts in the interval to one file, as [`write_tables`] does.
///
/// # Errors
/// `storage` when it cannot be written; then what was at the path is still there.
pub fn write_charges(
    format: ChargeFormat,
    path: &Path,
    (store, snapshot): (&dyn Store, &Snapshot),
    charged: Interval,
) -> Result<(u64, u64)> {
    let custom = store.custom_columns(snapshot, charged)?;
    let scan = Scan { columns: ChargeColumn::ALL.to_vec(), custom: true, charged, estimated_only: false };
    write_tables(format, path, &custom, &mut |visit| {
        store.scan(snapshot, &scan, &mut |table| visit(&within(table, charged)))
    })
}

/// The charges of a table whose charge period starts in the interval.
pub(crate) fn within(table: &ChargeTable, charged: Interval) -> ChargeTable {
    let starts = table.time(ChargeColumn::ChargePeriodStart);
    let inside = |row: &usize| {
        let start = starts.and_then(|starts| starts.get(*row));
        start.is_some_and(|start| charged.start().micros() <= start && start < charged.end().micros())
    };
    table.select(&(0..table.rows()).filter(inside).collect::<Vec<_>>())
}

/// A file that takes its name only when it is complete.
pub(super) struct Partial {
    file: File,
    written_at: PathBuf,
    path: PathBuf,
    finished: bool,
}

impl Partial {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let name = path.file_name().ok_or_else(|| Error::invalid("path", "names no file"))?;
        let number = EXPORTS.fetch_add(1, Ordering::Relaxed);
        let written_at =
            path.with_file_name(format!(".{}.{}-{number}.part", name.to_string_lossy(), std::process::id()));
        let file = File::create(&written_at).map_err(|error| unwritable(path, error))?;
        Ok(Self { file, written_at, path: path.to_owned(), finished: false })
    }

    /// Another handle of the file, to write through.
    pub(super) fn try_clone(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }

    pub(super) fn finish(mut self) -> Result<u64> {
        let wrong = |error| unwritable(&self.path, error);
        self.file.sync_all().map_err(wrong)?;
        let bytes = self.file.metadata().map_err(wrong)?.len();
        std::fs::rename(&self.written_at, &self.path).map_err(wrong)?;
        self.finished = true;
        Ok(bytes)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            drop(std::fs::remove_file(&self.written_at));
        }
    }
}

pub(super) fn unwritable(path: &Path, error: std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorCode::InvalidArgument,
        _ => ErrorCode::Storage,
    };
    let message = format!("'{}' cannot be written: {error}", path.display());
    Error::new(code, message).with_field("path").with_source(error)
}
