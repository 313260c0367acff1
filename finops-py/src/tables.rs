//! Tables of events, from whatever gives an Arrow stream, as JSON text: each row is an event.
//!
//! Columns with the names of an event's fields are those fields, `properties` is a map or JSON text, and every other
//! column is a property.

use crate::errors;
use crate::events::{write_float, write_number, write_text};
use arrow_array::cast::AsArray;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{
    ArrowTimestampType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray, RecordBatch};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use chrono::{NaiveDateTime, SecondsFormat};
use finops_core::model::usage::MAX_EVENTS;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::fmt::Display;

/// The columns that are fields of an event.
const FIELDS: [&str; 9] =
    ["id", "source", "time", "resource", "quantity", "tenant_id", "workspace_id", "rail", "user_id"];
const PROPERTIES: &str = "properties";

/// Writes the value of a row, which is not null.
type Write<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

/// The rows of a table as a JSON list.
pub(crate) fn json(table: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = table.py();
    let wrong = |error: ArrowError| errors::invalid(py, "events", format!("is no table of events: {error}"));
    let stream = stream(table)?;
    py.detach(|| write(stream)).map_err(wrong)
}

/// The stream of a table, taken out of its capsule.
fn stream(table: &Bound<'_, PyAny>) -> PyResult<FFI_ArrowArrayStream> {
    let capsule = table.call_method0("__arrow_c_stream__")?;
    let pointer = capsule.cast::<PyCapsule>()?.pointer_checked(Some(c"arrow_array_stream"))?;
    #[allow(
        unsafe_code,
        reason = "Arrow's protocol for Python hands a stream over by its address: the capsule of that name holds one, \
                  and what is taken is marked there as taken"
    )]
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast()) };
    Ok(stream)
}

fn write(stream: FFI_ArrowArrayStream) -> Result<Vec<u8>, ArrowError> {
    let (mut out, mut rows) = (vec![b'['], 0);
    for batch in RecordBatchStreamReader::try_new(stream)? {
        let batch = batch?;
        // One more than fit is enough for the core to refuse.
        let taken = batch.num_rows().min(MAX_EVENTS + 1 - rows);
        let columns = Columns::new(&batch)?;
        for row in 0..taken {
            if rows + row > 0 {
                out.push(b',');
            }
            columns.write(row, &mut out);
        }
        rows += taken;
        if rows > MAX_EVENTS {
            break;
        }
    }
    out.push(b']');
    Ok(out)
}

/// A column that is a member of a JSON object.
struct Member<'a> {
    /// Its name as JSON, with the colon.
    name: Vec<u8>,
    array: &'a dyn Array,
    write: Write<'a>,
}

impl<'a> Member<'a> {
    fn new(name: &str, array: &'a dyn Array) -> Result<Self, ArrowError> {
        let write = writer(array).ok_or_else(|| {
            ArrowError::SchemaError(format!("the column '{name}' is of type {}, which no event has", array.data_type()))
        })?;
        let mut text = Vec::new();
        write_text(name, &mut text);
        text.push(b':');
        Ok(Self { name: text, array, write })
    }

    /// Writes the member, unless it is null.
    fn write(&self, row: usize, first: &mut bool, out: &mut Vec<u8>) {
        if self.array.is_null(row) {
            return;
        }
        separate(first, out);
        out.extend_from_slice(&self.name);
        (self.write)(row, out);
    }
}

/// The columns of a batch by their places in an event.
struct Columns<'a> {
    fields: Vec<Member<'a>>,
    properties: Vec<Member<'a>>,
    given: Option<Properties<'a>>,
}

impl<'a> Columns<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let mut columns = Self { fields: Vec::new(), properties: Vec::new(), given: None };
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name();
            if name == PROPERTIES {
                columns.given = Some(Properties::new(array.as_ref())?);
                continue;
            }
            let member = Member::new(name, array.as_ref())?;
            if FIELDS.contains(&name.as_str()) { columns.fields.push(member) } else { columns.properties.push(member) }
        }
        Ok(columns)
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        self.fields.iter().for_each(|member| member.write(row, &mut first, out));
        if self.given.is_some() || !self.properties.is_empty() {
            separate(&mut first, out);
            out.extend_from_slice(b"\"properties\":");
            let own = self.given.as_ref().filter(|given| !given.array().is_null(row));
            if let Some(wrong) = own.and_then(|given| given.unreadable(row)) {
                // Only this event is rejected, and its field named.
                write_text(wrong, out);
            } else {
                out.push(b'{');
                let mut first = true;
                if let Some(given) = own {
                    given.write(row, &mut first, out);
                }
                self.properties.iter().for_each(|member| member.write(row, &mut first, out));
                out.push(b'}');
            }
        }
        out.push(b'}');
    }
}

/// The column of properties.
enum Properties<'a> {
    Map { array: &'a arrow_array::MapArray, names: Write<'a>, values: Write<'a> },
    Struct { array: &'a arrow_array::StructArray, members: Vec<Member<'a>> },
    Json { array: &'a dyn Array, text: Box<dyn Fn(usize) -> &'a str + 'a> },
}

impl<'a> Properties<'a> {
    fn new(array: &'a dyn Array) -> Result<Self, ArrowError> {
        let wrong = || {
            let message = format!("the column 'properties' is of type {}: give a map or JSON", array.data_type());
            ArrowError::SchemaError(message)
        };
        Ok(match array.data_type() {
            DataType::Map(..) => {
                let map = array.as_map();
                let names = text(map.keys().as_ref()).ok_or_else(wrong)?;
                let names: Write<'a> = Box::new(move |place, out| write_text(names(place), out));
                Self::Map { array: map, names, values: writer(map.values().as_ref()).ok_or_else(wrong)? }
            }
            DataType::Struct(fields) => {
                let array = array.as_struct();
                let members = fields.iter().zip(array.columns());
                let members = members.map(|(field, array)| Member::new(field.name(), array.as_ref()));
                Self::Struct { array, members: members.collect::<Result<_, _>>()? }
            }
            _ => Self::Json { array, text: text(array).ok_or_else(wrong)? },
        })
    }

    fn array(&self) -> &dyn Array {
        match self {
            Self::Map { array, .. } => *array,
            Self::Struct { array, .. } => *array,
            Self::Json { array, .. } => *array,
        }
    }

    /// The text of a row that is no JSON object.
    fn unreadable(&self, row: usize) -> Option<&'a str> {
        let Self::Json { text, .. } = self else { return None };
        let text = text(row);
        // What is more than one object would run into the rest of the event.
        let is_object = text.trim_start().starts_with('{');
        (!is_object || serde_json::from_str::<&serde_json::value::RawValue>(text).is_err()).then_some(text)
    }

    fn write(&self, row: usize, first: &mut bool, out: &mut Vec<u8>) {
        match self {
            Self::Map { array, names, values } => {
                let offsets = array.value_offsets();
                let place = |row: usize| offsets.get(row).map_or(0, |offset| usize::try_from(*offset).unwrap_or(0));
                for entry in place(row)..place(row + 1) {
                    if !array.values().is_null(entry) {
                        separate(first, out);
                        names(entry, out);
                        out.push(b':');
                        values(entry, out);
                    }
                }
            }
            Self::Struct { members, .. } => members.iter().for_each(|member| member.write(row, first, out)),
            Self::Json { text, .. } => {
                let object = text(row).trim();
                let inside =
                    object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default().trim();
                if !inside.is_empty() {
                    separate(first, out);
                    out.extend_from_slice(inside.as_bytes());
                }
            }
        }
    }
}

fn separate(first: &mut bool, out: &mut Vec<u8>) {
    if !*first {
        out.push(b',');
    }
    *first = false;
}

/// The texts of a column of text.
fn text<'a>(array: &'a dyn Array) -> Option<Box<dyn Fn(usize) -> &'a str + 'a>> {
    Some(match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            Box::new(move |row| array.value(row))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            Box::new(move |row| array.value(row))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            Box::new(move |row| array.value(row))
        }
        _ => return None,
    })
}

/// What writes the values of a column; nothing for a type that no event has.
fn writer(array: &dyn Array) -> Option<Write<'_>> {
    if let Some(text) = text(array) {
        return Some(Box::new(move |row, out| write_text(text(row), out)));
    }
    Some(match array.data_type() {
        DataType::Null => Box::new(|_, out| out.extend_from_slice(b"null")),
        DataType::Boolean => {
            let array = array.as_boolean();
            Box::new(move |row, out| out.extend_from_slice(if array.value(row) { b"true" } else { b"false" }))
        }
        DataType::Int8 => whole::<Int8Type>(array),
        DataType::Int16 => whole::<Int16Type>(array),
        DataType::Int32 => whole::<Int32Type>(array),
        DataType::Int64 => whole::<Int64Type>(array),
        DataType::UInt8 => whole::<UInt8Type>(array),
        DataType::UInt16 => whole::<UInt16Type>(array),
        DataType::UInt32 => whole::<UInt32Type>(array),
        DataType::UInt64 => whole::<UInt64Type>(array),
        DataType::Float32 => {
            let array = array.as_primitive::<Float32Type>();
            // By its own text: as a double it would have digits that nobody wrote.
            Box::new(move |row, out| write_text(&array.value(row).to_string(), out))
        }
        DataType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            Box::new(move |row, out| write_float(array.value(row), out))
        }
        DataType::Decimal32(..) => decimal::<Decimal32Type>(array),
        DataType::Decimal64(..) => decimal::<Decimal64Type>(array),
        DataType::Decimal128(..) => decimal::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimal::<Decimal256Type>(array),
        DataType::Timestamp(unit, zone) => {
            let has_zone = zone.is_some();
            match unit {
                TimeUnit::Second => time::<TimestampSecondType>(array, has_zone),
                TimeUnit::Millisecond => time::<TimestampMillisecondType>(array, has_zone),
                TimeUnit::Microsecond => time::<TimestampMicrosecondType>(array, has_zone),
                TimeUnit::Nanosecond => time::<TimestampNanosecondType>(array, has_zone),
            }
        }
        DataType::Date32 => {
            let array = array.as_primitive::<Date32Type>();
            Box::new(move |row, out| {
                write_text(&array.value_as_date(row).map(|date| date.to_string()).unwrap_or_default(), out);
            })
        }
        DataType::Dictionary(..) => {
            let array = array.as_any_dictionary_opt()?;
            let (keys, write) = (array.normalized_keys(), writer(array.values().as_ref())?);
            Box::new(move |row, out| write(keys.get(row).copied().unwrap_or(0), out))
        }
        _ => return None,
    })
}

fn whole<T: ArrowPrimitiveType<Native: Display>>(array: &dyn Array) -> Write<'_> {
    let array = array.as_primitive::<T>();
    Box::new(move |row, out| write_number(array.value(row), out))
}

fn decimal<T: DecimalType>(array: &dyn Array) -> Write<'_> {
    let array = array.as_primitive::<T>();
    Box::new(move |row, out| write_text(&array.value_as_string(row), out))
}

/// Instants in UTC. Those without a zone are written without one, by which the core knows them.
fn time<T: ArrowTimestampType>(array: &dyn Array, has_zone: bool) -> Write<'_> {
    let array: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, out| {
        let text = array.value_as_datetime(row).map(|time: NaiveDateTime| {
            let text = time.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
            if has_zone { text } else { text.trim_end_matches('Z').to_owned() }
        });
        write_text(&text.unwrap_or_default(), out);
    })
}
