//! Rows as an Arrow stream, which pandas, polars, pyarrow and DuckDB read without a row object between.

use crate::{errors, input, output};
use arrow_array::builder::{BooleanBuilder, StringBuilder};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch, RecordBatchIterator, RecordBatchOptions};
use arrow_schema::{ArrowError, Field, Schema};
use chrono::{DateTime, Utc};
use finops_core::model::money::Quantity;
use finops_core::{Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyCapsule, PyDateTime, PyDict, PyFloat, PyInt, PyList, PyString};
use std::sync::Arc;

/// What a `DECIMAL(38, 18)` no longer holds, in steps of 10^-18.
const DECIMAL_LIMIT: u128 = 10_u128.pow(38);

/// A capsule with an Arrow stream of rows.
///
/// The type of a column is that of its values. `kinds` gives the types of columns that may be empty, as
/// `{"cost": "decimal"}`; without rows they are the columns.
#[pyfunction]
#[pyo3(signature = (rows, kinds=None))]
pub(crate) fn arrow_stream<'py>(
    py: Python<'py>,
    rows: &Bound<'py, PyList>,
    kinds: Option<Vec<(String, String)>>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let rows: Vec<Bound<'py, PyDict>> = rows.extract()?;
    let kinds = kinds.unwrap_or_default();
    let columns = names(&rows, &kinds)?.into_iter().map(|name| {
        let known = kinds.iter().find(|(known, _)| *known == name).map(|(_, kind)| kind.as_str());
        Column { cells: cells(&rows, &name)?, name }.array(py, known)
    });
    let columns = columns.collect::<PyResult<Vec<_>>>()?;
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options);
    let batch = batch.map_err(|error| broken(py, &error))?;
    let stream = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)));
    PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
}

/// The names of all columns, in the order in which they appear.
fn names(rows: &[Bound<'_, PyDict>], kinds: &[(String, String)]) -> PyResult<Vec<String>> {
    if rows.is_empty() {
        return Ok(kinds.iter().map(|(name, _)| name.clone()).collect());
    }
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        for name in row.keys() {
            let name: String = name.extract()?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// The values of a column; none where a row has no such column or nothing in it.
fn cells<'py>(rows: &[Bound<'py, PyDict>], name: &str) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
    rows.iter().map(|row| Ok(row.get_item(name)?.filter(|cell| !cell.is_none()))).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Integer,
    Float,
    Decimal,
    Time,
    Text,
    /// Lists, dicts and mixtures, as JSON text.
    Json,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "decimal" => Self::Decimal,
            "time" => Self::Time,
            "text" => Self::Text,
            "json" => Self::Json,
            _ => return None,
        })
    }

    fn of(cell: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(if cell.is_instance_of::<PyString>() {
            Self::Text
        } else if cell.is_instance_of::<PyBool>() {
            Self::Bool
        } else if cell.is_instance_of::<PyInt>() {
            Self::Integer
        } else if cell.is_instance_of::<PyFloat>() {
            Self::Float
        } else if cell.is_instance(output::decimal_type(cell.py())?)? {
            Self::Decimal
        } else if cell.is_instance_of::<PyDateTime>() {
            Self::Time
        } else {
            Self::Json
        })
    }

    /// The kind that holds both: integers widen, anything else that differs becomes JSON.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (left, right) if left == right => left,
            (Self::Integer, Self::Decimal) | (Self::Decimal, Self::Integer) => Self::Decimal,
            (Self::Integer, Self::Float) | (Self::Float, Self::Integer) => Self::Float,
            _ => Self::Json,
        }
    }
}

struct Column<'py> {
    name: String,
    cells: Vec<Option<Bound<'py, PyAny>>>,
}

impl<'py> Column<'py> {
    fn array(self, py: Python<'py>, known: Option<&str>) -> PyResult<(String, ArrayRef)> {
        let mut kind = known.and_then(Kind::named);
        for cell in self.cells.iter().flatten() {
            let found = Kind::of(cell)?;
            kind = Some(kind.map_or(found, |kind| kind.join(found)));
        }
        let array: ArrayRef =
            match kind.unwrap_or(Kind::Text) {
                Kind::Bool => {
                    let mut builder = BooleanBuilder::with_capacity(self.cells.len());
                    for cell in &self.cells {
                        builder.append_option(cell.as_ref().map(PyAnyMethods::extract::<bool>).transpose()?);
                    }
                    Arc::new(builder.finish())
                }
                Kind::Integer => Arc::new(self.primitive::<Int64Type>(|cell| {
                    cell.extract().map_err(|_| self.overflow(cell, "a 64-bit integer"))
                })?),
                Kind::Float => Arc::new(self.primitive::<Float64Type>(|cell| cell.extract())?),
                Kind::Decimal => {
                    let array = self.primitive::<Decimal128Type>(|cell| self.decimal(cell))?;
                    let array = array.with_precision_and_scale(38, 18);
                    Arc::new(array.map_err(|error| broken(py, &error))?)
                }
                Kind::Time => {
                    let time = |cell: &Bound<'py, PyAny>| Ok(cell.extract::<DateTime<Utc>>()?.timestamp_micros());
                    Arc::new(self.primitive::<TimestampMicrosecondType>(time)?.with_timezone("UTC"))
                }
                Kind::Text => self.text(|cell| cell.extract())?,
                Kind::Json => self.text(|cell| input::json(cell, &self.name))?,
            };
        Ok((self.name, array))
    }

    fn primitive<T: ArrowPrimitiveType>(
        &self,
        read: impl Fn(&Bound<'py, PyAny>) -> PyResult<T::Native>,
    ) -> PyResult<PrimitiveArray<T>> {
        let values = self.cells.iter().map(|cell| cell.as_ref().map(&read).transpose());
        Ok(PrimitiveArray::from_iter(values.collect::<PyResult<Vec<_>>>()?))
    }

    fn text(&self, read: impl Fn(&Bound<'py, PyAny>) -> PyResult<String>) -> PyResult<ArrayRef> {
        let mut builder = StringBuilder::new();
        for cell in &self.cells {
            builder.append_option(cell.as_ref().map(&read).transpose()?);
        }
        Ok(Arc::new(builder.finish()))
    }

    fn decimal(&self, cell: &Bound<'py, PyAny>) -> PyResult<i128> {
        let text: String = cell.str()?.extract()?;
        let exact = text.parse::<Quantity>().ok().map(Quantity::mantissa);
        let fits = exact.filter(|mantissa| mantissa.unsigned_abs() < DECIMAL_LIMIT);
        fits.ok_or_else(|| self.overflow(cell, "DECIMAL(38, 18)"))
    }

    fn overflow(&self, cell: &Bound<'py, PyAny>, what: &str) -> PyErr {
        let error = Error::overflow(format!("{cell} does not fit into {what}"));
        errors::exception(cell.py(), &error.with_field(self.name.as_str()))
    }
}

fn broken(py: Python<'_>, error: &ArrowError) -> PyErr {
    errors::exception(py, &Error::new(ErrorCode::Storage, format!("no Arrow table could be made: {error}")))
}
