//! Columns in the making: each becomes what its first known cell is.

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BooleanBuilder, Decimal128Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::{DataType, TimeUnit};
use finops_core::{Error, ErrorCode};
use std::sync::Arc;

/// What a `DECIMAL(38, 18)` no longer holds, in steps of 10^-18.
const DECIMAL_LIMIT: u128 = 10_u128.pow(38);

/// A cell.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'c> {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    /// A mantissa at 18 decimals.
    Decimal(i128),
    /// Microseconds since 1970 in UTC.
    Time(i64),
    Text(&'c str),
}

/// The cells of a column so far.
#[derive(Debug)]
enum Cells {
    /// Nothing is known yet.
    Unknown,
    Bool(BooleanBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Decimal(Decimal128Builder),
    Time(TimestampMicrosecondBuilder),
    Text(StringBuilder),
}

/// A column so far.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    cells: Cells,
    len: usize,
}

/// The type of a column of a kind.
pub(crate) fn kind_type(kind: &str) -> DataType {
    match kind {
        "decimal" => DataType::Decimal128(38, 18),
        "time" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "integer" => DataType::Int64,
        "bool" => DataType::Boolean,
        "float" => DataType::Float64,
        _ => DataType::Utf8,
    }
}

pub(crate) fn broken(what: &str) -> Error {
    Error::new(ErrorCode::Storage, format!("no Arrow table could be made of the answer: {what}"))
}

/// Whether a mantissa has too many digits for a `DECIMAL(38, 18)`.
pub(crate) const fn is_too_long(mantissa: i128) -> bool {
    mantissa.unsigned_abs() >= DECIMAL_LIMIT
}

pub(crate) fn overflow(name: &str) -> Error {
    Error::overflow(format!("a value of '{name}' does not fit into its column"))
}

impl Column {
    /// A column of which so many cells are not known.
    pub(crate) fn new(name: &str, len: usize) -> Self {
        Self { name: name.to_owned(), cells: Cells::Unknown, len }
    }

    pub(crate) fn push(&mut self, cell: Cell<'_>) -> Result<(), Error> {
        if matches!(self.cells, Cells::Unknown) {
            self.begin(cell);
        }
        let overflow = || overflow(&self.name);
        match (&mut self.cells, cell) {
            (Cells::Unknown, Cell::Null) => {}
            (Cells::Bool(cells), Cell::Bool(value)) => cells.append_value(value),
            (Cells::Integer(cells), Cell::Integer(value)) => {
                cells.append_value(i64::try_from(value).map_err(|_| overflow())?);
            }
            (Cells::Float(cells), Cell::Float(value)) => cells.append_value(value),
            (Cells::Decimal(_), Cell::Decimal(value)) if is_too_long(value) => return Err(overflow()),
            (Cells::Decimal(cells), Cell::Decimal(value)) => cells.append_value(value),
            (Cells::Time(cells), Cell::Time(value)) => cells.append_value(value),
            (Cells::Text(cells), Cell::Text(value)) => cells.append_value(value),
            (_, Cell::Null) => self.nulls(1),
            _ => return Err(broken(&format!("'{}' has values of several types", self.name))),
        }
        self.len += 1;
        Ok(())
    }

    /// Fills up with what is not known.
    pub(crate) fn fill(&mut self, len: usize) {
        if self.len >= len {
            return;
        }
        self.nulls(len.saturating_sub(self.len));
        self.len = len;
    }

    fn nulls(&mut self, count: usize) {
        match &mut self.cells {
            Cells::Unknown => {}
            Cells::Bool(cells) => cells.append_nulls(count),
            Cells::Integer(cells) => cells.append_nulls(count),
            Cells::Float(cells) => cells.append_nulls(count),
            Cells::Decimal(cells) => cells.append_nulls(count),
            Cells::Time(cells) => cells.append_nulls(count),
            Cells::Text(cells) => (0..count).for_each(|_| cells.append_null()),
        }
    }

    fn begin(&mut self, first: Cell<'_>) {
        self.cells = match first {
            Cell::Null => return,
            Cell::Bool(_) => Cells::Bool(BooleanBuilder::new()),
            Cell::Integer(_) => Cells::Integer(Int64Builder::new()),
            Cell::Float(_) => Cells::Float(Float64Builder::new()),
            Cell::Decimal(_) => Cells::Decimal(Decimal128Builder::new().with_data_type(kind_type("decimal"))),
            Cell::Time(_) => Cells::Time(TimestampMicrosecondBuilder::new().with_data_type(kind_type("time"))),
            Cell::Text(_) => Cells::Text(StringBuilder::new()),
        };
        self.nulls(self.len);
    }

    /// The column; none where nothing is known.
    pub(crate) fn finish(self) -> (String, Option<ArrayRef>) {
        let array: Option<ArrayRef> = match self.cells {
            Cells::Unknown => None,
            Cells::Bool(mut cells) => Some(Arc::new(cells.finish())),
            Cells::Integer(mut cells) => Some(Arc::new(cells.finish())),
            Cells::Float(mut cells) => Some(Arc::new(cells.finish())),
            Cells::Decimal(mut cells) => Some(Arc::new(cells.finish())),
            Cells::Time(mut cells) => Some(Arc::new(cells.finish())),
            Cells::Text(mut cells) => Some(Arc::new(cells.finish())),
        };
        (self.name, array)
    }
}
