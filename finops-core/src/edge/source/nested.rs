//! Nested Parquet values (tags as a map, price details as a struct) as JSON text.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, MapArray, PrimitiveArray, StringArray, StructArray};
use arrow_schema::DataType;
use std::fmt::Write;

/// An array whose type has a JSON form, looked through once.
pub(super) enum Nested<'a> {
    Text(&'a StringArray),
    Bool(&'a BooleanArray),
    Int(&'a PrimitiveArray<Int64Type>),
    Short(&'a PrimitiveArray<Int32Type>),
    Float(&'a PrimitiveArray<Float64Type>),
    Decimal(&'a PrimitiveArray<Decimal128Type>),
    Map(&'a MapArray, Box<Nested<'a>>, Box<Nested<'a>>),
    List(&'a ListArray, Box<Nested<'a>>),
    Struct(&'a StructArray, Vec<(&'a str, Nested<'a>)>),
}

impl<'a> Nested<'a> {
    pub(super) fn new(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int64 => Self::Int(array.as_primitive()),
            DataType::Int32 => Self::Short(array.as_primitive()),
            DataType::Float64 => Self::Float(array.as_primitive()),
            DataType::Decimal128(_, _) => Self::Decimal(array.as_primitive()),
            DataType::Map(_, _) => {
                let map = array.as_map();
                let inner = |array| Self::new(array).map(Box::new);
                Self::Map(map, inner(map.keys())?, inner(map.values())?)
            }
            DataType::List(_) => {
                let list = array.as_list();
                Self::List(list, Box::new(Self::new(list.values())?))
            }
            DataType::Struct(fields) => {
                let columns = array.as_struct().columns();
                let named =
                    fields.iter().zip(columns).map(|(field, column)| Some((field.name().as_str(), Self::new(column)?)));
                Self::Struct(array.as_struct(), named.collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(array) => array.is_null(row),
            Self::Bool(array) => array.is_null(row),
            Self::Int(array) => array.is_null(row),
            Self::Short(array) => array.is_null(row),
            Self::Float(array) => array.is_null(row),
            Self::Decimal(array) => array.is_null(row),
            Self::Map(array, ..) => array.is_null(row),
            Self::List(array, _) => array.is_null(row),
            Self::Struct(array, _) => array.is_null(row),
        }
    }

    /// Writes the value of a row; false when there is none. Text stands bare, everything else as JSON.
    pub(super) fn write_top(&self, row: usize, out: &mut String) -> bool {
        if self.is_null(row) {
            return false;
        }
        match self {
            Self::Text(array) => out.push_str(array.value(row)),
            other => other.write(row, out),
        }
        true
    }

    /// Bytes as text, two digits each.
    pub(super) fn hex(bytes: &[u8], out: &mut String) {
        for byte in bytes {
            let _ = write!(out, "{byte:02x}");
        }
    }

    /// A key of a JSON object, which is text whatever it was.
    fn write_key(&self, row: usize, out: &mut String) {
        match self {
            Self::Text(array) if !array.is_null(row) => quote(array.value(row), out),
            other => {
                let mut key = String::new();
                other.write(row, &mut key);
                quote(&key, out);
            }
        }
    }

    fn write(&self, row: usize, out: &mut String) {
        if self.is_null(row) {
            return out.push_str("null");
        }
        match self {
            Self::Text(array) => quote(array.value(row), out),
            Self::Bool(array) => out.push_str(if array.value(row) { "true" } else { "false" }),
            Self::Int(array) => print(out, array.value(row)),
            Self::Short(array) => print(out, array.value(row)),
            Self::Float(array) if array.value(row).is_finite() => print(out, array.value(row)),
            Self::Float(_) => out.push_str("null"),
            Self::Decimal(array) => out.push_str(&array.value_as_string(row)),
            Self::Map(map, keys, values) => {
                let entries = range(map.value_offsets(), row);
                join(out, ('{', '}'), entries, |entry, out| {
                    keys.write_key(entry, out);
                    out.push(':');
                    values.write(entry, out);
                });
            }
            Self::List(list, values) => {
                join(out, ('[', ']'), range(list.value_offsets(), row), |entry, out| values.write(entry, out));
            }
            Self::Struct(_, fields) => join(out, ('{', '}'), fields.iter(), |(name, value), out| {
                quote(name, out);
                out.push(':');
                value.write(row, out);
            }),
        }
    }
}

/// Writing into a `String` cannot fail.
fn print(out: &mut String, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}

fn range(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    let offset = |row: usize| offsets.get(row).and_then(|&offset| usize::try_from(offset).ok()).unwrap_or(0);
    offset(row)..offset(row + 1)
}

fn join<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

fn quote(text: &str, out: &mut String) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}
