//! Parquet: one row group after the other, text read with its dictionary.

use super::nested::Nested;
use super::{BATCH_ROWS, RowSource};
use crate::edge::arrow::{batch_rows, text_column, validity, with_dictionaries};
use crate::model::charge::{TextBuilder, TimeColumn};
use crate::pipeline::intake::{RawCells, RawTable, ScaledDecimals};
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// How much text the nested values of a batch may come to in one column.
const MAX_JSON_BYTES: usize = 256 << 20;

/// A Parquet file being read.
pub(super) struct ParquetSource {
    reader: ParquetRecordBatchReader,
    path: PathBuf,
    header: Vec<String>,
    /// For each column of the header, whether it is read: not where the file says that no row has a value.
    filled: Vec<bool>,
    rows_total: u64,
    rows_read: u64,
    bytes: u64,
}

impl ParquetSource {
    pub(super) fn open(file: File, path: &Path) -> Result<Self> {
        let damaged = |error| damaged(path, error);
        let bytes = file.metadata().map_or(0, |metadata| metadata.len());
        let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&file, plain.clone()).map_err(damaged)?;
        let hinted = plain.with_schema(Arc::new(with_dictionaries(metadata.schema())));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), hinted).map_err(damaged)?;
        let header = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
        let rows_total = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        let batch_rows = batch_rows(metadata.metadata(), BATCH_ROWS);
        let filled = filled(metadata.metadata());
        let read = filled.iter().enumerate().filter(|(_, filled)| **filled).map(|(root, _)| root);
        let mask = ProjectionMask::roots(metadata.parquet_schema(), read);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        let reader = builder.with_projection(mask).with_batch_size(batch_rows).build().map_err(damaged)?;
        Ok(Self { reader, path: path.to_owned(), header, filled, rows_total, rows_read: 0, bytes })
    }
}

impl RowSource for ParquetSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn next_batch(&mut self) -> Result<Option<RawTable>> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let batch = batch.map_err(|error| damaged(&self.path, error))?;
        let rows = batch.num_rows();
        self.rows_read += u64::try_from(rows).unwrap_or(0);
        let mut arrays = batch.columns().iter();
        let columns = self.header.iter().zip(&self.filled).map(|(name, filled)| {
            let array = if *filled { arrays.next() } else { None };
            array.map_or(Ok(RawCells::Nothing), |array| cells(name, array))
        });
        let columns = columns.collect::<Result<_>>()?;
        Ok(Some(RawTable { rows, columns, malformed: Vec::new() }))
    }

    fn bytes_read(&self) -> u64 {
        // The reader does not tell; the share of the rows is close.
        let share = u128::from(self.bytes) * u128::from(self.rows_read) / u128::from(self.rows_total.max(1));
        u64::try_from(share).unwrap_or(self.bytes)
    }
}

/// For each top-level column, whether some row may have a value. Reading the nulls of a bill's empty columns would
/// take as long as reading the rest.
fn filled(metadata: &ParquetMetaData) -> Vec<bool> {
    let schema = metadata.file_metadata().schema_descr();
    let mut filled = vec![false; schema.root_schema().get_fields().len()];
    for group in metadata.row_groups() {
        for (leaf, column) in group.columns().iter().enumerate() {
            let nulls = column.statistics().and_then(Statistics::null_count_opt);
            let is_empty = nulls.and_then(|nulls| i64::try_from(nulls).ok()) == Some(column.num_values());
            if let Some(filled) = filled.get_mut(schema.get_column_root_idx(leaf)) {
                *filled |= !is_empty;
            }
        }
    }
    filled
}

fn damaged(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = format!("'{}' is damaged or cut off: {error}. Fetch it again", path.display());
    Error::invalid("path", message).with_source(error)
}

fn cells(name: &str, array: &ArrayRef) -> Result<RawCells> {
    if array.null_count() == array.len() {
        return Ok(RawCells::Nothing);
    }
    let cells = match array.data_type() {
        DataType::Null => RawCells::Nothing,
        DataType::Dictionary(_, _) => RawCells::Text(text_column(name, array)?),
        DataType::Decimal128(_, scale) if *scale >= 0 => {
            decimals(array.as_primitive::<Decimal128Type>(), u32::from(scale.unsigned_abs()), |value| value)
        }
        DataType::Decimal256(_, scale) if *scale >= 0 => wide_decimals(array, u32::from(scale.unsigned_abs())),
        DataType::Int8 => decimals(array.as_primitive::<Int8Type>(), 0, i128::from),
        DataType::Int16 => decimals(array.as_primitive::<Int16Type>(), 0, i128::from),
        DataType::Int32 => decimals(array.as_primitive::<Int32Type>(), 0, i128::from),
        DataType::Int64 => decimals(array.as_primitive::<Int64Type>(), 0, i128::from),
        DataType::UInt8 => decimals(array.as_primitive::<UInt8Type>(), 0, i128::from),
        DataType::UInt16 => decimals(array.as_primitive::<UInt16Type>(), 0, i128::from),
        DataType::UInt32 => decimals(array.as_primitive::<UInt32Type>(), 0, i128::from),
        DataType::UInt64 => decimals(array.as_primitive::<UInt64Type>(), 0, i128::from),
        DataType::Float64 => RawCells::Floats(array.as_primitive::<Float64Type>().iter().collect()),
        // Through its own text: 0.1 as a single is one tenth, not 0.10000000149.
        DataType::Float32 => {
            let singles = array.as_primitive::<Float32Type>().iter();
            RawCells::Floats(singles.map(|cell| cell.and_then(|single| format!("{single:?}").parse().ok())).collect())
        }
        DataType::Timestamp(unit, zone) => timestamps(array, *unit, zone.is_none()),
        DataType::Date32 => dates(array.as_primitive::<Date32Type>()),
        DataType::Binary => texts(array, |row, out| Nested::hex(array.as_binary::<i32>().value(row), out)),
        DataType::FixedSizeBinary(_) => {
            texts(array, |row, out| Nested::hex(array.as_fixed_size_binary().value(row), out))
        }
        other => match Nested::new(array) {
            Some(nested) => as_json(name, array, &nested)?,
            None => RawCells::Unreadable(other.to_string()),
        },
    };
    Ok(cells)
}

fn decimals<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    scale: u32,
    widen: impl Fn(T::Native) -> i128,
) -> RawCells {
    let mantissas = array.values().iter().map(|&value| widen(value)).collect();
    RawCells::Decimals(ScaledDecimals { mantissas, scale, valid: validity(array.nulls()) })
}

/// Decimals of 256 bits; as text where one of them does not fit 128, so that it is rounded or set aside as any other.
fn wide_decimals(array: &ArrayRef, scale: u32) -> RawCells {
    let array = array.as_primitive::<Decimal256Type>();
    let narrow = |value: Option<arrow_buffer::i256>| value.map_or(Some(0), arrow_buffer::i256::to_i128);
    if let Some(mantissas) = array.iter().map(narrow).collect::<Option<Vec<_>>>() {
        return RawCells::Decimals(ScaledDecimals { mantissas, scale, valid: validity(array.nulls()) });
    }
    let mut builder = TextBuilder::default();
    for row in 0..array.len() {
        builder.push(array.is_valid(row).then(|| array.value_as_string(row)).as_deref());
    }
    RawCells::Text(builder.take())
}

fn timestamps(array: &ArrayRef, unit: TimeUnit, naive: bool) -> RawCells {
    let micros: Vec<i64> = match unit {
        TimeUnit::Second => scaled(array.as_primitive::<TimestampSecondType>(), 1_000_000),
        TimeUnit::Millisecond => scaled(array.as_primitive::<TimestampMillisecondType>(), 1000),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values().to_vec(),
        TimeUnit::Nanosecond => {
            let nanos = array.as_primitive::<TimestampNanosecondType>().values();
            nanos.iter().map(|nanos| nanos.div_euclid(1000)).collect()
        }
    };
    RawCells::Times { times: TimeColumn { micros, valid: validity(array.nulls()) }, naive }
}

/// Saturated values lie outside any plausible time, so the intake sets their rows aside.
fn scaled<T: ArrowPrimitiveType<Native = i64>>(array: &PrimitiveArray<T>, factor: i64) -> Vec<i64> {
    array.values().iter().map(|value| value.saturating_mul(factor)).collect()
}

fn dates(array: &PrimitiveArray<Date32Type>) -> RawCells {
    let micros = array.values().iter().map(|days| i64::from(*days).saturating_mul(MICROS_PER_DAY)).collect();
    RawCells::Times { times: TimeColumn { micros, valid: validity(array.nulls()) }, naive: true }
}

/// Maps, lists, structs and booleans as JSON text, a bare word for a bare value.
fn as_json(name: &str, array: &ArrayRef, nested: &Nested<'_>) -> Result<RawCells> {
    let mut builder = TextBuilder::default();
    let mut text = String::new();
    let mut bytes = 0;
    for row in 0..array.len() {
        text.clear();
        builder.push(nested.write_top(row, &mut text).then_some(text.as_str()));
        bytes += text.len();
        // A few bytes of a file can stand for a list of any length.
        if bytes > MAX_JSON_BYTES {
            let message = format!("unfolds to more than {} MiB in a few rows: leave it out", MAX_JSON_BYTES >> 20);
            return Err(Error::invalid(name, message));
        }
    }
    Ok(RawCells::Text(builder.take()))
}

fn texts(array: &ArrayRef, write: impl Fn(usize, &mut String)) -> RawCells {
    let mut builder = TextBuilder::default();
    let mut text = String::new();
    for row in 0..array.len() {
        text.clear();
        builder.push(array.is_valid(row).then(|| write(row, &mut text)).map(|()| text.as_str()));
    }
    RawCells::Text(builder.take())
}
