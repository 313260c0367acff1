//! Answers as a tree of values, for languages that build their own objects.
//!
//! [`Document::of`] turns whatever serializes into a tree in which exact decimals and instants are still told from
//! text. Each binding walks it once: Python makes `Decimal` and `datetime` of them, Node numbers or text.

use crate::model::time::Stamp;
use serde::ser::{self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple};
use std::borrow::Cow;
use std::fmt::Display;

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Document {
    /// Nothing is known.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A count.
    Integer(i128),
    /// An estimate; never money.
    Float(f64),
    /// Text.
    Text(String),
    /// An exact decimal: money or a quantity, as its plain text.
    Decimal(String),
    /// An instant.
    Time(Stamp),
    /// Values in order.
    List(Vec<Document>),
    /// Fields in order.
    Map(Vec<(Cow<'static, str>, Document)>),
}

impl Document {
    /// The tree of a value.
    ///
    /// # Errors
    /// When the value has a form that no answer has, such as a map whose keys are not text.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> crate::Result<Self> {
        value.serialize(Builder).map_err(|error| {
            crate::Error::new(crate::ErrorCode::InvalidArgument, format!("the answer cannot be given on: {error}"))
        })
    }

    /// The value of a field.
    pub fn get(&self, field: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => fields.iter().find(|(name, _)| *name == field).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// JSON, with decimals and instants as text.
impl Serialize for Document {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i128(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) | Self::Decimal(value) => serializer.serialize_str(value),
            Self::Time(value) => value.serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}

/// What cannot be part of an answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unfit(String);

impl ser::Error for Unfit {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct Builder;

macro_rules! integers {
    ($( $method:ident $type:ty ),+) => {
        $( fn $method(self, value: $type) -> Result<Document, Unfit> {
            Ok(Document::Integer(value.into()))
        } )+
    };
}

impl ser::Serializer for Builder {
    type Ok = Document;
    type Error = Unfit;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = ser::Impossible<Document, Unfit>;
    type SerializeTupleVariant = ser::Impossible<Document, Unfit>;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = ser::Impossible<Document, Unfit>;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64
    );

    /// The tree is for programs.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<Document, Unfit> {
        Ok(Document::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Result<Document, Unfit> {
        Ok(Document::Float(value.into()))
    }

    fn serialize_f64(self, value: f64) -> Result<Document, Unfit> {
        Ok(Document::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<Document, Unfit> {
        Ok(Document::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Document, Unfit> {
        Ok(Document::Text(value.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Document, Unfit> {
        Err(Unfit("bytes".into()))
    }

    fn serialize_none(self) -> Result<Document, Unfit> {
        Ok(Document::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Document, Unfit> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Document, Unfit> {
        Ok(Document::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Document, Unfit> {
        Ok(Document::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Document, Unfit> {
        Ok(Document::Text(variant.to_owned()))
    }

    /// Money, quantities and instants serialize as named newtypes around their text.
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<Document, Unfit> {
        match (name, value.serialize(self)?) {
            ("Money" | "Quantity", Document::Text(text)) => Ok(Document::Decimal(text)),
            ("Stamp", Document::Integer(micros)) => {
                let stamp = i64::try_from(micros).map_err(ser::Error::custom)?;
                Stamp::from_micros(stamp).map(Document::Time).map_err(ser::Error::custom)
            }
            (_, inner) => Ok(inner),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Document, Unfit> {
        Ok(Document::Map(vec![(Cow::Borrowed(variant), value.serialize(self)?)]))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, Unfit> {
        Ok(List(Vec::with_capacity(length.unwrap_or(0))))
    }

    fn serialize_tuple(self, length: usize) -> Result<List, Unfit> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Unfit> {
        Err(Unfit(format!("the tuple {name}")))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unfit> {
        Err(Unfit(format!("the tuple {name}")))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Unfit> {
        Ok(Fields(Vec::new(), None))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Fields, Unfit> {
        Ok(Fields(Vec::with_capacity(length), None))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unfit> {
        Err(Unfit(format!("the variant of {name}")))
    }
}

struct List(Vec<Document>);

impl SerializeSeq for List {
    type Ok = Document;
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.0.push(value.serialize(Builder)?);
        Ok(())
    }

    fn end(self) -> Result<Document, Unfit> {
        Ok(Document::List(self.0))
    }
}

impl SerializeTuple for List {
    type Ok = Document;
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Document, Unfit> {
        SerializeSeq::end(self)
    }
}

struct Fields(Vec<(Cow<'static, str>, Document)>, Option<String>);

impl SerializeMap for Fields {
    type Ok = Document;
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        match key.serialize(Builder)? {
            Document::Text(key) => self.1 = Some(key),
            other => return Err(Unfit(format!("the key {other:?}"))),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        let key = self.1.take().ok_or_else(|| Unfit("a value without a key".into()))?;
        self.0.push((Cow::Owned(key), value.serialize(Builder)?));
        Ok(())
    }

    fn end(self) -> Result<Document, Unfit> {
        Ok(Document::Map(self.0))
    }
}

impl SerializeStruct for Fields {
    type Ok = Document;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unfit> {
        self.0.push((Cow::Borrowed(key), value.serialize(Builder)?));
        Ok(())
    }

    fn end(self) -> Result<Document, Unfit> {
        Ok(Document::Map(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Money;

    #[test]
    fn decimals_and_instants_are_told_from_text() {
        let start = Stamp::parse("2024-01-01T00:00:00Z").unwrap();
        let cost: Money = "12.50".parse().unwrap();
        let document = Document::of(&std::collections::BTreeMap::from([("cost", Some(cost)), ("none", None)])).unwrap();
        assert_eq!(document.get("cost"), Some(&Document::Decimal("12.5".into())));
        assert_eq!(document.get("none"), Some(&Document::Null));
        assert_eq!(Document::of(&start).unwrap(), Document::Time(start));
        assert_eq!(Document::of("2024-01-01T00:00:00Z").unwrap(), Document::Text("2024-01-01T00:00:00Z".into()));
        assert_eq!(serde_json::to_string(&document).unwrap(), r#"{"cost":"12.5","none":null}"#);
    }
}
