//! Between Arrow, which Parquet is read and written through, and our own tables.
//!
//! Arrow stays at the edge: no type of it is part of the crate's public API.

use crate::model::charge::{
    ChargeColumn, ChargeTable, Column, ColumnKind, DecimalColumn, Dictionary, TextColumn, TimeColumn,
};
use crate::model::money::Money;
use crate::{Error, ErrorCode, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int32Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array, new_null_array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use std::sync::Arc;

/// `DECIMAL(38, 18)`, which every engine that reads Parquet knows.
const DECIMAL_PRECISION: u8 = 38;
const DECIMAL_SCALE: i8 = 18;
const _: () = assert!(Money::SCALE == 18);

/// How much a batch may take when it is read, by what the file says of itself.
const BATCH_BYTES: i64 = 128 << 20;

/// How many rows to read at once, at most `most`: fewer where rows are large.
pub(super) fn batch_rows(metadata: &ParquetMetaData, most: usize) -> usize {
    let bytes = |column: &ColumnChunkMetaData| column.uncompressed_size().max(column.num_values().saturating_mul(8));
    let row_bytes = |group: &RowGroupMetaData| {
        let total = group.columns().iter().map(bytes).fold(0, i64::saturating_add);
        total / group.num_rows().max(1)
    };
    let largest = metadata.row_groups().iter().map(row_bytes).max().unwrap_or(0);
    usize::try_from(BATCH_BYTES / largest.max(1)).unwrap_or(1).clamp(1, most)
}

/// The schema with each column of text as a dictionary, which is how most files keep it anyway.
pub(super) fn with_dictionaries(schema: &Schema) -> Schema {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(text_type(DataType::Int32))),
        _ => Arc::clone(field),
    };
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}

fn text_type(codes: DataType) -> DataType {
    DataType::Dictionary(Box::new(codes), Box::new(DataType::Utf8))
}

/// Which rows have a value; none when all have.
pub(super) fn validity(nulls: Option<&NullBuffer>) -> Option<Vec<bool>> {
    nulls.filter(|nulls| nulls.null_count() > 0).map(|nulls| nulls.iter().collect())
}

/// A column of text from a dictionary array.
pub(super) fn text_column(name: &str, array: &ArrayRef) -> Result<TextColumn> {
    let wrong = || Error::invalid(name, "is text in a form that is not understood");
    let keys = array.as_dictionary_opt::<Int32Type>().ok_or_else(wrong)?;
    let values = keys.values().as_string_opt::<i32>().ok_or_else(wrong)?;
    let mut dictionary = Dictionary::default();
    for index in 0..values.len() {
        dictionary.push(if values.is_null(index) { "" } else { values.value(index) });
    }
    let nulls = keys.keys().nulls();
    let code = |(row, key): (usize, &i32)| match nulls {
        Some(nulls) if nulls.is_null(row) => TextColumn::NULL,
        _ => u32::try_from(*key).unwrap_or(TextColumn::NULL),
    };
    let codes = keys.keys().values().iter().enumerate().map(code).collect();
    Ok(TextColumn { dictionary: Arc::new(dictionary), codes })
}

/// The schema of a segment: every column of a charge, then the custom ones.
pub(super) fn segment_schema(custom: &[String]) -> Schema {
    let charges = ChargeColumn::ALL.iter().map(|column| Field::new(column.name(), data_type(column.kind()), true));
    let custom = custom.iter().map(|name| Field::new(name, text_type(DataType::UInt32), true));
    Schema::new(charges.chain(custom).collect::<Vec<_>>())
}

fn data_type(kind: ColumnKind) -> DataType {
    match kind {
        ColumnKind::Money | ColumnKind::Quantity => DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
        ColumnKind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnKind::Text | ColumnKind::Word(_) | ColumnKind::Currency | ColumnKind::Json => text_type(DataType::UInt32),
    }
}

/// The table in the form that the Parquet writer takes; custom columns that it does not have are empty.
pub(super) fn to_batch(table: &ChargeTable, custom: &[String], schema: &Arc<Schema>) -> Result<RecordBatch> {
    let charges = ChargeColumn::ALL.iter().map(|column| match table.column(*column) {
        Some(column) => to_array(column),
        None => Ok(new_null_array(&data_type(column.kind()), table.rows())),
    });
    let custom = custom.iter().map(|name| match table.extra().iter().find(|(other, _)| other == name) {
        Some((_, cells)) => to_text(cells),
        None => Ok(new_null_array(&text_type(DataType::UInt32), table.rows())),
    });
    let arrays = charges.chain(custom).collect::<Result<Vec<_>, ArrowError>>().map_err(internal)?;
    RecordBatch::try_new(Arc::clone(schema), arrays).map_err(internal)
}

fn internal(error: ArrowError) -> Error {
    Error::new(ErrorCode::Storage, format!("the charges cannot be brought into Parquet: {error}")).with_source(error)
}

fn nulls(valid: Option<&Vec<bool>>) -> Option<NullBuffer> {
    valid.map(|valid| NullBuffer::new(BooleanBuffer::from(valid.as_slice())))
}

fn to_array(column: &Column) -> Result<ArrayRef, ArrowError> {
    match column {
        Column::Text(cells) => to_text(cells),
        Column::Decimal(cells) => {
            let array =
                Decimal128Array::try_new(ScalarBuffer::from(cells.mantissas.clone()), nulls(cells.valid.as_ref()))?;
            Ok(Arc::new(array.with_precision_and_scale(DECIMAL_PRECISION, DECIMAL_SCALE)?))
        }
        Column::Time(cells) => {
            let micros = ScalarBuffer::from(cells.micros.clone());
            Ok(Arc::new(TimestampMicrosecondArray::try_new(micros, nulls(cells.valid.as_ref()))?.with_timezone("UTC")))
        }
    }
}

fn to_text(cells: &TextColumn) -> Result<ArrayRef, ArrowError> {
    let (text, lengths) = cells.dictionary.packed();
    if i32::try_from(text.len()).is_err() {
        return Err(ArrowError::InvalidArgumentError("a batch has more than 2 GiB of text in one column".into()));
    }
    let values = StringArray::try_new(OffsetBuffer::from_lengths(lengths), text.as_bytes().to_vec().into(), None)?;
    let valid = cells.codes.iter().map(|&code| code != TextColumn::NULL).collect::<BooleanBuffer>();
    let valid = Some(NullBuffer::new(valid)).filter(|valid| valid.null_count() > 0);
    let keys = UInt32Array::try_new(ScalarBuffer::from(cells.codes.clone()), valid)?;
    Ok(Arc::new(DictionaryArray::<UInt32Type>::try_new(keys, Arc::new(values))?))
}

/// A column of a segment that is read.
#[derive(Debug)]
pub(super) enum SegmentColumn {
    Known(ChargeColumn),
    Custom(String),
}

/// The table that a segment's batch holds; `columns` are the ones that were read, in the order of the file.
pub(super) fn from_batch(batch: &RecordBatch, columns: &[SegmentColumn]) -> Result<ChargeTable> {
    let mut table = ChargeTable::new(batch.num_rows());
    for (column, array) in columns.iter().zip(batch.columns()) {
        match column {
            SegmentColumn::Known(_) if array.null_count() == array.len() => {}
            SegmentColumn::Known(column) => table.set(*column, from_array(*column, array)?)?,
            SegmentColumn::Custom(name) => table.push_extra(name, text_column(name, array)?)?,
        }
    }
    Ok(table)
}

fn from_array(column: ChargeColumn, array: &ArrayRef) -> Result<Column> {
    let damaged = || Error::new(ErrorCode::Storage, format!("a segment's column {} has another type", column.name()));
    Ok(match column.kind() {
        ColumnKind::Money | ColumnKind::Quantity => {
            let decimals = array.as_primitive_opt::<Decimal128Type>().ok_or_else(damaged)?;
            let (mantissas, valid) = (decimals.values().to_vec(), validity(decimals.nulls()));
            Column::Decimal(DecimalColumn { mantissas, valid })
        }
        ColumnKind::Time => {
            let times = array.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(damaged)?;
            Column::Time(TimeColumn { micros: times.values().to_vec(), valid: validity(times.nulls()) })
        }
        _ => Column::Text(text_column(column.name(), array)?),
    })
}
