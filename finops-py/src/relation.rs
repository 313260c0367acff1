//! All charges of a state as a stream of Arrow batches, which are read while they are asked for.
//!
//! A scan pushes its tables, a stream is pulled. Between them stands a thread of the stream's own, which starts with
//! the first pull, waits when two batches are ready, and has ended when the stream is let go of.

use crate::{engine::Engine, errors};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, Decimal128Array, RecordBatch, RecordBatchOptions, RecordBatchReader};
use arrow_array::{StringArray, TimestampMicrosecondArray, ffi::FFI_ArrowSchema, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use finops_core::engine::{Relation as Charges, RelationColumn};
use finops_core::model::charge::{ChargeTable, Column, ColumnKind, TextColumn};
use finops_core::{Error, ErrorCode, Finops};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// How many rows a batch has at most: text is written out in it, and Arrow's offsets hold 2 GiB of a column.
const BATCH_ROWS: usize = 16_384;
/// How many batches may wait to be pulled.
const READY: usize = 2;

/// All charges of one state of the store, for libraries that read Arrow streams.
///
/// It stays what it was while bills come in, and can be read as often as one likes: batch by batch, so that memory
/// does not grow with the charges. Columns have the names of FOCUS, and ours ``x_``; amounts are
/// ``decimal128(38, 18)``, instants timestamps in UTC. No vacuum removes what it needs while it is there.
#[pyclass(module = "iof", frozen)]
pub(crate) struct Relation {
    engine: Py<Engine>,
    charges: Arc<Charges>,
}

impl Relation {
    pub(crate) fn new(engine: Py<Engine>, charges: Charges) -> Self {
        Self { engine, charges: Arc::new(charges) }
    }
}

#[pymethods]
impl Relation {
    /// The names of the columns.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.charges.columns().iter().map(RelationColumn::name).collect()
    }

    /// The number of the state.
    #[getter]
    fn snapshot(&self) -> u64 {
        self.charges.snapshot()
    }

    /// The columns and their types, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(schema(&self.charges));
        let schema = schema.map_err(|error| errors::exception(py, &broken(&error)))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// The charges as an Arrow stream. A requested schema is a wish that the protocol lets us leave open.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let core = self.engine.get().core(py)?;
        let stream = Stream {
            schema: Arc::new(schema(&self.charges)),
            source: Some((core, Arc::clone(&self.charges))),
            reading: None,
        };
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(stream)), c"arrow_array_stream")
    }

    fn __repr__(&self) -> String {
        format!("<Relation of {} columns, snapshot {}>", self.charges.columns().len(), self.charges.snapshot())
    }
}

fn schema(charges: &Charges) -> Schema {
    let field = |column: &RelationColumn| Field::new(column.name(), data_type(column), true);
    Schema::new(charges.columns().iter().map(field).collect::<Vec<_>>())
}

fn data_type(column: &RelationColumn) -> DataType {
    match column {
        RelationColumn::Known(known) if known.kind().is_decimal() => DataType::Decimal128(38, 18),
        RelationColumn::Known(known) if known.kind() == ColumnKind::Time => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        _ => DataType::Utf8,
    }
}

type Batch = Result<RecordBatch, ArrowError>;

/// The batches of a relation. It needs no interpreter, so whoever pulls may hold its lock or not.
struct Stream {
    schema: SchemaRef,
    /// What to read; none once it is being read.
    source: Option<(Arc<Finops>, Arc<Charges>)>,
    reading: Option<(Receiver<Batch>, JoinHandle<()>)>,
}

impl Stream {
    fn start(&mut self) -> Result<(), ArrowError> {
        let Some((core, charges)) = self.source.take() else { return Ok(()) };
        let (sender, receiver) = sync_channel(READY);
        let schema = Arc::clone(&self.schema);
        let read = move || read(&core, &charges, &schema, &sender);
        let thread = Builder::new().name("iof-relation".into()).spawn(read);
        self.reading = Some((receiver, thread.map_err(|error| ArrowError::ExternalError(Box::new(error)))?));
        Ok(())
    }
}

impl Iterator for Stream {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if let Err(error) = self.start() {
            return Some(Err(error));
        }
        self.reading.as_ref().and_then(|(receiver, _)| receiver.recv().ok())
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some((receiver, thread)) = self.reading.take() {
            // Nobody listens any more, so the next batch ends the scan.
            drop(receiver);
            drop(thread.join());
        }
    }
}

/// Reads the charges until they end, or nobody listens.
fn read(core: &Finops, charges: &Charges, schema: &SchemaRef, sender: &SyncSender<Batch>) {
    let unheard = || Error::new(ErrorCode::Cancelled, "nobody reads the charges any more");
    let outcome = core.read(charges, &mut |table| {
        for start in (0..table.rows()).step_by(BATCH_ROWS) {
            let rows = start..table.rows().min(start + BATCH_ROWS);
            let batch = batch(table, charges.columns(), rows, schema).map_err(|error| broken(&error))?;
            sender.send(Ok(batch)).map_err(|_| unheard())?;
        }
        Ok(())
    });
    if let Err(error) = outcome {
        // When nobody listens, the error is that, and nobody hears it.
        drop(sender.send(Err(ArrowError::ExternalError(Box::new(error)))));
    }
}

fn broken(error: &ArrowError) -> Error {
    Error::new(ErrorCode::Storage, format!("the charges cannot be given as Arrow: {error}"))
}

fn batch(table: &ChargeTable, columns: &[RelationColumn], rows: Range<usize>, schema: &SchemaRef) -> Batch {
    let arrays = columns.iter().map(|column| array(table, column, rows.clone())).collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
}

fn array(table: &ChargeTable, column: &RelationColumn, rows: Range<usize>) -> Result<ArrayRef, ArrowError> {
    let cells = match column {
        RelationColumn::Known(known) => table.column(*known),
        RelationColumn::Custom(name) => {
            let custom = table.extra().iter().find(|(other, _)| other == name);
            return custom.map_or_else(|| Ok(empty(column, rows.len())), |(_, cells)| text(cells, rows.clone()));
        }
    };
    Ok(match cells {
        None => empty(column, rows.len()),
        Some(Column::Text(cells)) => text(cells, rows)?,
        Some(Column::Decimal(cells)) => {
            let decimals = rows.map(|row| cells.get(row)).collect::<Decimal128Array>();
            Arc::new(decimals.with_precision_and_scale(38, 18)?)
        }
        Some(Column::Time(cells)) => {
            Arc::new(rows.map(|row| cells.get(row)).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
    })
}

fn empty(column: &RelationColumn, rows: usize) -> ArrayRef {
    new_null_array(&data_type(column), rows)
}

fn text(cells: &TextColumn, rows: Range<usize>) -> Result<ArrayRef, ArrowError> {
    let bytes: usize = rows.clone().filter_map(|row| cells.get(row)).map(str::len).sum();
    if i32::try_from(bytes).is_err() {
        return Err(ArrowError::InvalidArgumentError("a batch has more than 2 GiB of text in one column".into()));
    }
    let array: StringArray = rows.map(|row| cells.get(row)).collect();
    Ok(Arc::new(array))
}
