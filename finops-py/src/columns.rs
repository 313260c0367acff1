//! The rows of an answer by column, for libraries that read Arrow: no object is made for a cell.

use crate::building::{Cell, Column, broken, is_too_long, kind_type, overflow};
use crate::{errors, output::Objects};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, ArrayRef, Decimal128Array, Int64Array, RecordBatch, RecordBatchIterator, RecordBatchOptions};
use arrow_array::{StringArray, TimestampMicrosecondArray, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Schema};
use finops_core::insight::{ItemCells, ItemColumns};
use finops_core::model::money::Quantity;
use finops_core::model::time::Stamp;
use finops_core::{Answer, Error, Listener};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::sync::Arc;

/// Where rows stand in an answer: in the list of that name, or in a list of the second name in each of its values.
pub(crate) type Place = (String, Option<String>);

/// How many lists and maps are open in a row, and in one that lies in a list of a value.
const ROW: usize = 2;
const POINT: usize = 4;
/// What a value with a list of rows says of all of them together: no row has it.
const TOTAL: &str = "total";

/// Rows by column.
#[pyclass(module = "iof._iof", frozen)]
pub(crate) struct Table {
    rows: usize,
    /// By name; none where nothing is known in any row.
    columns: Vec<(String, Option<ArrayRef>)>,
}

#[pymethods]
impl Table {
    /// How many rows there are.
    fn __len__(&self) -> usize {
        self.rows
    }

    /// The rows as an Arrow stream. `kinds` says what columns are in which nothing is known, as `("cost", "decimal")`;
    /// without rows they are the columns.
    #[allow(clippy::needless_pass_by_value, reason = "Python's list becomes a vector")]
    fn stream<'py>(&self, py: Python<'py>, kinds: Vec<(String, String)>) -> PyResult<Bound<'py, PyCapsule>> {
        let kind = |name: &str| kinds.iter().find(|(known, _)| known == name).map(|(_, kind)| kind_type(kind));
        let null = |name: &str| new_null_array(&kind(name).unwrap_or(DataType::Utf8), self.rows);
        let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
        for (name, array) in &self.columns {
            columns.push((name, array.clone().unwrap_or_else(|| null(name))));
        }
        if self.rows == 0 {
            columns = kinds.iter().map(|(name, _)| (name.as_str(), null(name))).collect();
        }
        let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options);
        let batch = batch.map_err(|error| errors::exception(py, &broken(&error.to_string())))?;
        let stream = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }
}

impl Table {
    /// What the core gives by column.
    pub(crate) fn of(items: ItemColumns) -> Result<Self, Error> {
        let column = |(name, cells): (String, ItemCells)| array(&name, cells).map(|array| (name, array));
        Ok(Self { rows: items.rows, columns: items.columns.into_iter().map(column).collect::<Result<_, Error>>()? })
    }
}

/// The cells of a column as an array; none where nothing is known.
fn array(name: &str, cells: ItemCells) -> Result<Option<ArrayRef>, Error> {
    Ok(match cells {
        ItemCells::Texts(texts) => {
            let array = || texts.iter().collect::<StringArray>();
            (!texts.are_unknown()).then(|| Arc::new(array()) as ArrayRef)
        }
        ItemCells::Times(times) => {
            let times = TimestampMicrosecondArray::from_iter_values(times.iter().map(|time| time.micros()));
            Some(Arc::new(times.with_data_type(kind_type("time"))))
        }
        ItemCells::Decimals(values) => {
            let (mantissas, known) = values.into_parts();
            if mantissas.iter().copied().any(is_too_long) {
                return Err(overflow(name));
            }
            let known = known.map(NullBuffer::from);
            let is_known = known.as_ref().is_none_or(|known| known.null_count() < known.len());
            let array = || Decimal128Array::new(mantissas.into(), known).with_data_type(kind_type("decimal"));
            is_known.then(|| Arc::new(array()) as ArrayRef)
        }
        ItemCells::Counts(counts) => {
            let counts = counts.iter().map(|count| i64::try_from(*count).map_err(|_| overflow(name)));
            Some(Arc::new(Int64Array::from(counts.collect::<Result<Vec<_>, Error>>()?)))
        }
        _ => return Err(broken(&format!("'{name}' has cells of a kind that is not known here"))),
    })
}

/// The answer without its rows, and those by column. Of several places the first is taken in which anything stands.
pub(crate) fn columns<'py>(
    py: Python<'py>,
    answer: &Answer,
    places: Vec<Place>,
) -> PyResult<(Bound<'py, PyAny>, Table)> {
    let tables = places.into_iter().map(|place| Building { place, ..Building::default() }).collect();
    let mut hearing = Hearing { about: Objects::new(py)?, tables, within: None, open: 0, left_out: None };
    let told = answer.tell(&mut hearing);
    let about = hearing.about.made(told)?;
    let found = hearing.tables.into_iter().find(|table| table.values > 0).unwrap_or_default();
    let columns = found.columns.into_iter().map(Column::finish).collect();
    Ok((about, Table { rows: found.rows, columns }))
}

/// Hears an answer: what stands outside of rows becomes objects, what stands in them goes into columns.
struct Hearing<'py> {
    about: Objects<'py>,
    tables: Vec<Building>,
    /// The place of the table whose rows are heard, and how many lists and maps are open in it.
    within: Option<usize>,
    open: usize,
    /// How many were open when a list or a map of a value began that is not that of its rows: it is left out.
    left_out: Option<usize>,
}

impl<'py> Hearing<'py> {
    fn table(&mut self) -> Option<&mut Building> {
        self.within.and_then(|place| self.tables.get_mut(place))
    }

    fn cell(
        &mut self,
        cell: Cell<'_>,
        outside: impl FnOnce(&mut Objects<'py>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.left_out.is_some() {
            return Ok(());
        }
        let open = self.open;
        match self.table() {
            None => outside(&mut self.about),
            Some(table) if open == table.row_at() => table.cell(cell),
            Some(table) => {
                table.share(cell);
                Ok(())
            }
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.open += 1;
        if self.left_out.is_some() {
            return Ok(());
        }
        let open = self.open;
        let Some(table) = self.table() else { return Ok(()) };
        match open {
            ROW => table.begin_value(),
            POINT => table.take_shared()?,
            _ => {}
        }
        if open <= ROW || open <= table.row_at() && table.is_at_rows() {
            return Ok(());
        }
        if open > table.row_at() || table.place.1.is_none() {
            return Err(broken("a cell is a list or a map"));
        }
        self.left_out = Some(open);
        Ok(())
    }
}

impl Listener for Hearing<'_> {
    fn null(&mut self) -> Result<(), Error> {
        self.cell(Cell::Null, Listener::null)
    }

    fn bool(&mut self, value: bool) -> Result<(), Error> {
        self.cell(Cell::Bool(value), |about| about.bool(value))
    }

    fn integer(&mut self, value: i128) -> Result<(), Error> {
        self.cell(Cell::Integer(value), |about| about.integer(value))
    }

    fn float(&mut self, value: f64) -> Result<(), Error> {
        self.cell(Cell::Float(value), |about| about.float(value))
    }

    fn text(&mut self, value: &str) -> Result<(), Error> {
        self.cell(Cell::Text(value), |about| about.text(value))
    }

    fn decimal(&mut self, value: Quantity) -> Result<(), Error> {
        self.cell(Cell::Decimal(value.mantissa()), |about| about.decimal(value))
    }

    fn time(&mut self, value: Stamp) -> Result<(), Error> {
        self.cell(Cell::Time(value.micros()), |about| about.time(value))
    }

    fn list(&mut self, length: Option<usize>) -> Result<(), Error> {
        if self.within.is_none() { self.about.list(length) } else { self.begin() }
    }

    fn map(&mut self) -> Result<(), Error> {
        if self.within.is_none() { self.about.map() } else { self.begin() }
    }

    fn name(&mut self, name: &str) -> Result<(), Error> {
        if self.left_out.is_some() {
            return Ok(());
        }
        let open = self.open;
        if let Some(table) = self.table() {
            table.name(name, open);
            return Ok(());
        }
        let outermost = self.about.depth() == 1;
        self.within = self.tables.iter().position(|table| outermost && table.place.0 == name);
        if self.within.is_some() { Ok(()) } else { self.about.name(name) }
    }

    fn end(&mut self) -> Result<(), Error> {
        let (open, left_out) = (self.open, self.left_out);
        let Some(table) = self.table() else { return self.about.end() };
        match left_out {
            Some(began) if began == open => self.left_out = None,
            None if open == table.row_at() => table.end_row(),
            // The rows of a value have ended: what it says after them is about itself.
            None if open == POINT - 1 => table.has_rows = true,
            Some(_) | None => {}
        }
        self.open -= 1;
        if self.open == 0 {
            self.within = None;
        }
        Ok(())
    }
}

/// A table in the making.
#[derive(Default)]
struct Building {
    place: Place,
    /// How many values of the list were heard: rows, or what has rows.
    values: usize,
    rows: usize,
    columns: Vec<Column>,
    /// The column of the cell that comes next, or comes after it.
    next: usize,
    /// The name that was heard last in a value with rows of its own, and what such a value says of all its rows.
    name: String,
    shared: Vec<(usize, Shared)>,
    /// Whether the rows of the value were heard.
    has_rows: bool,
}

/// A cell that several rows have.
enum Shared {
    Text(String),
    Other(Cell<'static>),
}

impl Building {
    /// How many lists and maps are open in a row.
    const fn row_at(&self) -> usize {
        if self.place.1.is_some() { POINT } else { ROW }
    }

    fn begin_value(&mut self) {
        self.values += 1;
        self.has_rows = false;
        self.shared.clear();
    }

    /// Whether the list that is open in a value is that of its rows.
    fn is_at_rows(&self) -> bool {
        self.place.1.as_deref() == Some(&self.name)
    }

    fn name(&mut self, name: &str, open: usize) {
        if open == self.row_at() {
            self.next = self.column(name);
        } else {
            name.clone_into(&mut self.name);
        }
    }

    /// The place of a column, most often of the next one: rows have their cells in the same order.
    fn column(&mut self, name: &str) -> usize {
        if self.columns.get(self.next).is_some_and(|column| column.name == name) {
            return self.next;
        }
        let known = self.columns.iter().position(|column| column.name == name);
        known.unwrap_or_else(|| {
            self.columns.push(Column::new(name, self.rows));
            self.columns.len() - 1
        })
    }

    fn cell(&mut self, cell: Cell<'_>) -> Result<(), Error> {
        let column = self.columns.get_mut(self.next).ok_or_else(|| broken("a cell has no name"))?;
        self.next += 1;
        column.push(cell)
    }

    fn share(&mut self, cell: Cell<'_>) {
        if self.name == TOTAL || self.has_rows {
            return;
        }
        let name = std::mem::take(&mut self.name);
        let column = self.column(&name);
        let shared = match cell {
            Cell::Text(text) => Shared::Text(text.to_owned()),
            Cell::Null => Shared::Other(Cell::Null),
            Cell::Bool(value) => Shared::Other(Cell::Bool(value)),
            Cell::Integer(value) => Shared::Other(Cell::Integer(value)),
            Cell::Float(value) => Shared::Other(Cell::Float(value)),
            Cell::Decimal(value) => Shared::Other(Cell::Decimal(value)),
            Cell::Time(value) => Shared::Other(Cell::Time(value)),
        };
        self.shared.push((column, shared));
    }

    fn take_shared(&mut self) -> Result<(), Error> {
        for (place, shared) in &self.shared {
            let cell = match shared {
                Shared::Text(text) => Cell::Text(text),
                Shared::Other(cell) => *cell,
            };
            self.columns.get_mut(*place).ok_or_else(|| broken("a cell has no column"))?.push(cell)?;
        }
        Ok(())
    }

    fn end_row(&mut self) {
        self.rows += 1;
        self.next = 0;
        self.columns.iter_mut().for_each(|column| column.fill(self.rows));
    }
}
