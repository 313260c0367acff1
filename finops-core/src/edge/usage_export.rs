//! Events out of the store, into a Parquet file for other tools: batch after batch, so that memory does not grow.

use super::export::{Partial, unwritable};
use super::store::usage::UsageStore;
use crate::model::money::Quantity;
use crate::model::time::Interval;
use crate::model::usage::UsageEvent;
use crate::{Error, ErrorCode, Result};
use arrow_array::{ArrayRef, Decimal128Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// How many events are brought into columns at a time.
const ROWS: usize = 1 << 15;
/// How much may wait in memory to be written.
const MAX_BUFFERED_BYTES: usize = 64 << 20;
/// What `DECIMAL(38, 18)` holds: below 10^20.
const LARGEST: u128 = 10_u128.pow(38);

/// Writes the events whose time lies in the interval, as they are now, to one Parquet file in place of what is at the
/// path. Gives how many rows it has and how many bytes.
///
/// # Errors
/// `storage` when it cannot be written; then what was at the path is still there.
pub fn write_usage_parquet(store: &dyn UsageStore, interval: Interval, path: &Path) -> Result<(u64, u64)> {
    let partial = Partial::create(path)?;
    let file = partial.try_clone().map_err(|error| unwritable(path, error))?;
    let mut writer = UsageWriter::new(BufWriter::new(file))?;
    store.scan_usage(interval, &mut |_, event| writer.push(event))?;
    let (rows, inner) = writer.finish()?;
    inner.into_inner().map_err(|error| unwritable(path, error.into_error()))?;
    Ok((rows, partial.finish()?))
}

fn schema() -> Schema {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Schema::new(vec![
        text("id", false),
        text("source", false),
        Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
        text("resource", false),
        Field::new("quantity", DataType::Decimal128(38, 18), true),
        text("tenant_id", false),
        text("workspace_id", true),
        text("rail", true),
        text("user_id", true),
        // A JSON object of texts.
        text("properties", false),
    ])
}

struct UsageWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: Arc<Schema>,
    waiting: Vec<UsageEvent>,
    rows: u64,
}

impl<W: Write + Send> UsageWriter<W> {
    fn new(out: W) -> Result<Self> {
        let schema = Arc::new(schema());
        let compression = Compression::ZSTD(ZstdLevel::try_new(1).map_err(broken)?);
        let properties = WriterProperties::builder().set_compression(compression).build();
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)).map_err(broken)?;
        Ok(Self { writer, schema, waiting: Vec::new(), rows: 0 })
    }

    fn push(&mut self, event: &UsageEvent) -> Result<()> {
        let quantity = event.quantity.map(|quantity| quantity.mantissa().unsigned_abs());
        if quantity.is_some_and(|quantity| quantity >= LARGEST) {
            let message = format!("the quantity of event '{}' does not fit DECIMAL(38, 18): correct it", event.id);
            return Err(Error::overflow(message).with_field("quantity"));
        }
        self.waiting.push(event.clone());
        if self.waiting.len() >= ROWS { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        let events = std::mem::take(&mut self.waiting);
        let batch = batch(&self.schema, &events)?;
        self.writer.write(&batch).map_err(broken)?;
        self.rows += events.len() as u64;
        if self.writer.in_progress_size() > MAX_BUFFERED_BYTES {
            self.writer.flush().map_err(broken)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(u64, W)> {
        self.write()?;
        Ok((self.rows, self.writer.into_inner().map_err(broken)?))
    }
}

fn batch(schema: &Arc<Schema>, events: &[UsageEvent]) -> Result<RecordBatch> {
    let texts = |text: fn(&UsageEvent) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(events.iter().map(text)))
    };
    let optional = |text: fn(&UsageEvent) -> Option<&str>| -> ArrayRef {
        Arc::new(events.iter().map(text).collect::<StringArray>())
    };
    let times = TimestampMicrosecondArray::from_iter_values(events.iter().map(|event| event.time.micros()));
    let quantities: Decimal128Array = events.iter().map(|event| event.quantity.map(Quantity::mantissa)).collect();
    let quantities = quantities.with_precision_and_scale(38, 18).map_err(internal)?;
    let properties = events.iter().map(|event| serde_json::to_string(&event.properties)).collect::<Result<Vec<_>, _>>();
    let properties =
        properties.map_err(|error| Error::new(ErrorCode::Storage, error.to_string()).with_source(error))?;
    let arrays: Vec<ArrayRef> = vec![
        texts(|event| &event.id),
        texts(|event| &event.source),
        Arc::new(times.with_timezone("UTC")),
        texts(|event| &event.resource),
        Arc::new(quantities),
        texts(|event| &event.tenant_id),
        optional(|event| event.workspace_id.as_deref()),
        optional(|event| event.rail.as_deref()),
        optional(|event| event.user_id.as_deref()),
        Arc::new(StringArray::from(properties)),
    ];
    RecordBatch::try_new(Arc::clone(schema), arrays).map_err(internal)
}

fn internal(error: ArrowError) -> Error {
    Error::new(ErrorCode::Storage, format!("the events cannot be brought into Parquet: {error}")).with_source(error)
}

fn broken(error: ParquetError) -> Error {
    Error::new(ErrorCode::Storage, format!("the events cannot be written: {error}")).with_source(error)
}
