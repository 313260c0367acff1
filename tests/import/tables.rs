//! Parquet files for tests: the columns of a bill with types as providers choose them.

use arrow_array::builder::{MapBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Decimal256Array, Float32Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray,
};
use arrow_buffer::i256;
use arrow_schema::{Field, Schema};
use finops_core::model::money::Money;
use finops_core::model::time::Stamp;
use finops_tests::support::Bill;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What type a column is written in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Decimal { precision: u8, scale: i8 },
    Wide { precision: u8, scale: i8 },
    Double,
    Single,
    Seconds { utc: bool },
    Millis { utc: bool },
    Micros { utc: bool },
    Nanos { utc: bool },
    Date,
    Int,
    Short,
    Tags,
}

/// A column of a bill as an array of that type; empty cells are null.
pub(super) fn array(bill: &Bill, column: &str, kind: Kind) -> ArrayRef {
    let cells = || bill.rows.iter().map(|row| row.get(column).map(String::as_str).filter(|cell| !cell.is_empty()));
    let scaled = |scale: i8| move |cell: &str| mantissa(cell, scale);
    let micros = || cells().map(|cell| cell.map(|cell| Stamp::parse(cell).unwrap().micros()));
    let zone = |utc: bool| utc.then(|| Arc::<str>::from("UTC"));
    match kind {
        Kind::Text => Arc::new(cells().collect::<StringArray>()),
        Kind::Decimal { precision, scale } => {
            let array: Decimal128Array = cells().map(|cell| cell.map(scaled(scale))).collect();
            Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
        }
        Kind::Wide { precision, scale } => {
            let array: Decimal256Array = cells().map(|cell| cell.map(scaled(scale)).map(i256::from_i128)).collect();
            Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
        }
        Kind::Double => Arc::new(cells().map(|cell| cell.map(|cell| cell.parse().unwrap())).collect::<Float64Array>()),
        Kind::Single => Arc::new(cells().map(|cell| cell.map(|cell| cell.parse().unwrap())).collect::<Float32Array>()),
        Kind::Int => Arc::new(cells().map(|cell| cell.map(|cell| cell.parse().unwrap())).collect::<Int64Array>()),
        Kind::Short => Arc::new(cells().map(|cell| cell.map(|cell| cell.parse().unwrap())).collect::<Int32Array>()),
        Kind::Seconds { utc } => {
            let array: TimestampSecondArray = micros().map(|cell| cell.map(|cell| cell / 1_000_000)).collect();
            Arc::new(array.with_timezone_opt(zone(utc)))
        }
        Kind::Millis { utc } => {
            let array: TimestampMillisecondArray = micros().map(|cell| cell.map(|cell| cell / 1000)).collect();
            Arc::new(array.with_timezone_opt(zone(utc)))
        }
        Kind::Micros { utc } => {
            let array: TimestampMicrosecondArray = micros().collect();
            Arc::new(array.with_timezone_opt(zone(utc)))
        }
        Kind::Nanos { utc } => {
            let array: TimestampNanosecondArray = micros().map(|cell| cell.map(|cell| cell * 1000)).collect();
            Arc::new(array.with_timezone_opt(zone(utc)))
        }
        Kind::Date => {
            let days = micros().map(|cell| cell.map(|cell| i32::try_from(cell / 86_400_000_000).unwrap()));
            Arc::new(days.collect::<Date32Array>())
        }
        Kind::Tags => tags(cells()),
    }
}

fn mantissa(cell: &str, scale: i8) -> i128 {
    let mantissa = cell.parse::<Money>().unwrap().mantissa();
    if let Ok(up) = u32::try_from(scale - 18) {
        return mantissa * 10_i128.pow(up);
    }
    let divisor = 10_i128.pow(u32::from((18 - scale).unsigned_abs()));
    assert_eq!(mantissa % divisor, 0, "{cell} has more than {scale} decimals");
    mantissa / divisor
}

fn tags<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for cell in cells {
        let tags: serde_json::Map<String, serde_json::Value> =
            cell.map(|cell| serde_json::from_str(cell).unwrap()).unwrap_or_default();
        for (key, value) in &tags {
            builder.keys().append_value(key);
            builder.values().append_option(value.as_str());
        }
        builder.append(cell.is_some()).unwrap();
    }
    Arc::new(builder.finish())
}

/// Writes a bill as Parquet: the named columns in these types, the others as text.
pub(super) fn write(folder: &Path, name: &str, bill: &Bill, kinds: &[(&str, Kind)]) -> PathBuf {
    let kind = |column: &str| kinds.iter().find(|(other, _)| *other == column).map_or(Kind::Text, |(_, kind)| *kind);
    let columns = bill.columns.iter().map(|column| (column.clone(), array(bill, column, kind(column)))).collect();
    write_columns(folder, name, columns)
}

/// Writes columns as Parquet, in small row groups.
pub(super) fn write_columns(folder: &Path, name: &str, columns: Vec<(String, ArrayRef)>) -> PathBuf {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    let path = folder.join(name);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}
