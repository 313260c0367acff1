//! The JSON form of an exact decimal: a newtype whose inside is the plain decimal text; where nobody reads it, the
//! mantissa.
//!
//! The name of the newtype lets a binding hand out its own decimal type instead of text. Reading takes text and
//! numbers; a number that JSON hands over as a double is read by its shortest text.

macro_rules! decimal_serde {
    ($name:ident, $label:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // Whoever makes a decimal or a column of it has no use for text that it would have to read again.
                if serializer.is_human_readable() {
                    serializer.serialize_newtype_struct($label, self.text().as_str())
                } else {
                    serializer.serialize_newtype_struct($label, &self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;

                impl<'de> Visitor<'de> for Reader {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a decimal number, best as text such as \"12.5\"")
                    }

                    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<$name, D::Error> {
                        inner.deserialize_any(self)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }

                    fn visit_i64<E: de::Error>(self, units: i64) -> Result<$name, E> {
                        Ok($name::from_units(units))
                    }

                    fn visit_u64<E: de::Error>(self, units: u64) -> Result<$name, E> {
                        Ok($name(i128::from(units) * fixed::ONE))
                    }

                    fn visit_f64<E: de::Error>(self, value: f64) -> Result<$name, E> {
                        $name::from_f64_shortest(value).map_err(E::custom)
                    }
                }

                deserializer.deserialize_newtype_struct($label, Reader)
            }
        }
    };
}

pub(super) use decimal_serde;
