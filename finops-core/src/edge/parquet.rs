//! Charges as a Parquet file that any engine reads: FOCUS columns, `DECIMAL(38, 18)`, times in UTC.

use super::arrow::{segment_schema, to_batch};
use crate::model::charge::{ChargeColumn, ChargeTable};
use crate::{Error, ErrorCode, Result};
use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, KeyValue};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

/// Under which the file names the columns in which some row has a value.
const FILLED: &str = "finops.filled";

/// The columns of a file that may have a value in some row; none when the file does not say.
pub(super) fn filled(metadata: &FileMetaData) -> Option<Vec<ChargeColumn>> {
    let entry = metadata.key_value_metadata()?.iter().find(|entry| entry.key == FILLED)?;
    Some(entry.value.as_deref()?.split(',').filter_map(ChargeColumn::from_name).collect())
}

/// A file of charges being written.
pub(super) struct ChargeWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: Arc<Schema>,
    custom: Vec<String>,
    /// The columns in which some row has a value.
    filled: BTreeSet<ChargeColumn>,
}

impl<W: Write + Send> ChargeWriter<W> {
    /// A writer for tables that have no other custom columns than those.
    pub(super) fn new(file: W, custom: &[String]) -> Result<Self> {
        let schema = Arc::new(segment_schema(custom));
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties())).map_err(unwritable)?;
        Ok(Self { writer, schema, custom: custom.to_vec(), filled: BTreeSet::new() })
    }

    pub(super) fn write(&mut self, table: &ChargeTable) -> Result<()> {
        self.filled.extend(ChargeColumn::ALL.iter().filter(|column| table.column(**column).is_some()));
        self.writer.write(&to_batch(table, &self.custom, &self.schema)?).map_err(unwritable)
    }

    /// How much memory the rows take that are not in the file yet.
    pub(super) fn buffered_bytes(&self) -> usize {
        self.writer.memory_size()
    }

    /// Moves them into the file.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(unwritable)
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<W> {
        let names: Vec<_> = self.filled.iter().map(|column| column.name()).collect();
        self.writer.append_key_value_metadata(KeyValue::new(FILLED.to_owned(), names.join(",")));
        self.writer.into_inner().map_err(unwritable)
    }
}

/// Decimals and times rarely repeat within a page, so a dictionary of them costs more than it saves; the statistics
/// are those that let a reader leave out row groups.
fn properties() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("finops-core version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_enabled(EnabledStatistics::None);
    for column in ChargeColumn::ALL {
        let path = ColumnPath::from(column.name());
        if column.kind().is_decimal() {
            properties = properties.set_column_dictionary_enabled(path, false);
        } else if *column == ChargeColumn::ChargePeriodStart {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
        }
    }
    properties.build()
}

fn unwritable(error: ParquetError) -> Error {
    let message = format!("the file cannot be written: {error}. Is the disk full?");
    Error::new(ErrorCode::Storage, message).with_source(error)
}
