//! Answers told piece by piece, to languages that build their own objects of them.
//!
//! Exact decimals and instants are told from text here and nowhere else: a [`Listener`] hears what each piece is, so
//! that Python makes `Decimal` and `datetime` of it, Node numbers or text, Arrow columns. No tree stands between.

use crate::model::money::Quantity;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde::ser::{self, Impossible, Serialize};
use std::fmt::Display;

/// Who is told an answer: one call for each piece, in order.
pub trait Listener {
    /// Nothing is known.
    fn null(&mut self) -> Result<()>;
    /// Yes or no.
    fn bool(&mut self, value: bool) -> Result<()>;
    /// A count.
    fn integer(&mut self, value: i128) -> Result<()>;
    /// An estimate; never money.
    fn float(&mut self, value: f64) -> Result<()>;
    /// Text.
    fn text(&mut self, value: &str) -> Result<()>;
    /// An exact decimal: money as well as a quantity.
    fn decimal(&mut self, value: Quantity) -> Result<()>;
    /// An instant.
    fn time(&mut self, value: Stamp) -> Result<()>;
    /// Values follow, of a list of that length where it is known, up to [`Listener::end`].
    fn list(&mut self, length: Option<usize>) -> Result<()>;
    /// Names follow, each before its value, up to [`Listener::end`].
    fn map(&mut self) -> Result<()>;
    /// The name of the value that comes next.
    fn name(&mut self, name: &str) -> Result<()>;
    /// The last list or map that was opened ends.
    fn end(&mut self) -> Result<()>;
}

/// Tells a value.
///
/// # Errors
/// What the listener gives; `invalid_argument` when the value has a form that no answer has.
pub(super) fn tell<T: Serialize>(value: &T, listener: &mut dyn Listener) -> Result<()> {
    value.serialize(Teller { listener, role: Role::Value }).map_err(|Stopped(error)| error)
}

/// Why telling ended.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Stopped(Error);

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl ser::Error for Stopped {
    fn custom<T: Display>(message: T) -> Self {
        Self(Error::new(ErrorCode::InvalidArgument, format!("the answer cannot be given on: {message}")))
    }
}

fn unfit(what: &str) -> Stopped {
    ser::Error::custom(what)
}

type Told = std::result::Result<(), Stopped>;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Value,
    /// The name of a value.
    Name,
    /// The mantissa of a decimal.
    Decimal,
    /// The microseconds of an instant.
    Time,
}

struct Teller<'l> {
    listener: &'l mut dyn Listener,
    role: Role,
}

impl<'l> Teller<'l> {
    fn value(self) -> std::result::Result<&'l mut dyn Listener, Stopped> {
        if self.role == Role::Value { Ok(self.listener) } else { Err(unfit("a name or a number of another kind")) }
    }

    fn whole(self, value: i128) -> Told {
        Ok(match self.role {
            Role::Value => self.listener.integer(value),
            Role::Name => return Err(unfit("a name that is no text")),
            Role::Decimal => self.listener.decimal(Quantity::from_mantissa(value)),
            Role::Time => {
                let micros = i64::try_from(value).map_err(|_| unfit("an instant beyond all calendars"))?;
                self.listener.time(Stamp::from_micros(micros)?)
            }
        }?)
    }
}

macro_rules! integers {
    ($( $method:ident $type:ty ),+) => {
        $( fn $method(self, value: $type) -> Told {
            self.whole(value.into())
        } )+
    };
}

impl<'l> ser::Serializer for Teller<'l> {
    type Ok = ();
    type Error = Stopped;
    type SerializeSeq = Parts<'l>;
    type SerializeTuple = Parts<'l>;
    type SerializeTupleStruct = Impossible<(), Stopped>;
    type SerializeTupleVariant = Impossible<(), Stopped>;
    type SerializeMap = Parts<'l>;
    type SerializeStruct = Parts<'l>;
    type SerializeStructVariant = Impossible<(), Stopped>;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64
    );

    /// Decimals and instants come as whole numbers under their names, so that nobody writes and reads them again.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Told {
        Ok(self.value()?.bool(value)?)
    }

    fn serialize_f32(self, value: f32) -> Told {
        Ok(self.value()?.float(value.into())?)
    }

    fn serialize_f64(self, value: f64) -> Told {
        Ok(self.value()?.float(value)?)
    }

    fn serialize_char(self, value: char) -> Told {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Told {
        Ok(if self.role == Role::Name { self.listener.name(value) } else { self.value()?.text(value) }?)
    }

    fn serialize_bytes(self, _: &[u8]) -> Told {
        Err(unfit("bytes"))
    }

    fn serialize_none(self) -> Told {
        Ok(self.value()?.null()?)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Told {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Told {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Told {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Told {
        self.serialize_str(variant)
    }

    /// Money, quantities and instants serialize as newtypes of these names around a whole number.
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Told {
        let role = match name {
            "Money" | "Quantity" => Role::Decimal,
            "Stamp" => Role::Time,
            _ => return value.serialize(self),
        };
        value.serialize(Teller { listener: self.value()?, role })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Told {
        let listener = self.value()?;
        listener.map()?;
        listener.name(variant)?;
        value.serialize(Teller { listener, role: Role::Value })?;
        Ok(listener.end()?)
    }

    fn serialize_seq(self, length: Option<usize>) -> std::result::Result<Parts<'l>, Stopped> {
        let listener = self.value()?;
        listener.list(length)?;
        Ok(Parts(listener))
    }

    fn serialize_tuple(self, length: usize) -> std::result::Result<Parts<'l>, Stopped> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> std::result::Result<Self::SerializeTupleStruct, Stopped> {
        Err(unfit(name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> std::result::Result<Self::SerializeTupleVariant, Stopped> {
        Err(unfit(name))
    }

    fn serialize_map(self, _: Option<usize>) -> std::result::Result<Parts<'l>, Stopped> {
        let listener = self.value()?;
        listener.map()?;
        Ok(Parts(listener))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> std::result::Result<Parts<'l>, Stopped> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> std::result::Result<Self::SerializeStructVariant, Stopped> {
        Err(unfit(name))
    }
}

/// The parts of a list or a map.
struct Parts<'l>(&'l mut dyn Listener);

impl Parts<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Told {
        value.serialize(Teller { listener: &mut *self.0, role: Role::Value })
    }
}

impl ser::SerializeSeq for Parts<'_> {
    type Ok = ();
    type Error = Stopped;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Told {
        self.part(value)
    }

    fn end(self) -> Told {
        Ok(self.0.end()?)
    }
}

impl ser::SerializeTuple for Parts<'_> {
    type Ok = ();
    type Error = Stopped;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Told {
        self.part(value)
    }

    fn end(self) -> Told {
        Ok(self.0.end()?)
    }
}

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Stopped;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Told {
        key.serialize(Teller { listener: &mut *self.0, role: Role::Name })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Told {
        self.part(value)
    }

    fn end(self) -> Told {
        Ok(self.0.end()?)
    }
}

impl ser::SerializeStruct for Parts<'_> {
    type Ok = ();
    type Error = Stopped;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Told {
        self.0.name(key)?;
        self.part(value)
    }

    fn end(self) -> Told {
        Ok(self.0.end()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Money;
    use serde_json::json;
    use std::collections::BTreeMap;

    /// Writes down what it is told.
    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Heard {
        #[allow(clippy::unnecessary_wraps, reason = "it is what a listener gives")]
        fn note(&mut self, piece: impl Display) -> Result<()> {
            self.0.push(piece.to_string());
            Ok(())
        }
    }

    impl Listener for Heard {
        fn null(&mut self) -> Result<()> {
            self.note("null")
        }
        fn bool(&mut self, value: bool) -> Result<()> {
            self.note(value)
        }
        fn integer(&mut self, value: i128) -> Result<()> {
            self.note(value)
        }
        fn float(&mut self, value: f64) -> Result<()> {
            self.note(format!("float {value}"))
        }
        fn text(&mut self, value: &str) -> Result<()> {
            self.note(format!("'{value}'"))
        }
        fn decimal(&mut self, value: Quantity) -> Result<()> {
            self.note(format!("decimal {value}"))
        }
        fn time(&mut self, value: Stamp) -> Result<()> {
            self.note(format!("time {value}"))
        }
        fn list(&mut self, length: Option<usize>) -> Result<()> {
            self.note(format!("list {length:?}"))
        }
        fn map(&mut self) -> Result<()> {
            self.note("map")
        }
        fn name(&mut self, name: &str) -> Result<()> {
            self.note(format!("{name}:"))
        }
        fn end(&mut self) -> Result<()> {
            self.note("end")
        }
    }

    fn heard(value: &impl Serialize) -> String {
        let mut heard = Heard::default();
        tell(value, &mut heard).unwrap();
        heard.0.join(" ")
    }

    #[test]
    fn decimals_and_instants_are_told_from_text() {
        let start = Stamp::parse("2024-01-01T00:00:00Z").unwrap();
        let cost: Money = "-12.50".parse().unwrap();
        let costs = BTreeMap::from([("cost", Some(cost)), ("none", None)]);
        assert_eq!(
            heard(&(costs, start, "12.5")),
            format!("list Some(3) map cost: decimal -12.5 none: null end time {start} '12.5' end")
        );
        assert_eq!(heard(&"2024-01-01T00:00:00Z"), "'2024-01-01T00:00:00Z'");
        assert_eq!(heard(&json!({"a": [1, 2.5, true, null]})), "map a: list Some(4) 1 float 2.5 true null end end");
    }

    #[test]
    fn a_name_is_text() {
        let refused = |value: &dyn Fn(&mut dyn Listener) -> Result<()>| value(&mut Heard::default()).unwrap_err();
        let numbered = BTreeMap::from([(1, "one")]);
        assert_eq!(refused(&|heard| tell(&numbered, heard)).code(), ErrorCode::InvalidArgument);
        let by_cost = BTreeMap::from([("1".parse::<Money>().unwrap(), "one")]);
        assert_eq!(refused(&|heard| tell(&by_cost, heard)).code(), ErrorCode::InvalidArgument);
    }
}
