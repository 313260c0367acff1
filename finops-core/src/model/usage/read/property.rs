//! Properties: what else is known of an event, as text.

use super::super::outcome::Rejection;
use super::text::Name;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// The text of a value: a text itself, a number as it is written, `true` or `false`. Nothing for null.
pub(super) fn value(raw: &RawValue) -> Result<Option<String>, String> {
    match raw.get().as_bytes() {
        [b'n', ..] => Ok(None),
        [b'"', ..] => unquoted(raw.get()).map(Some),
        [b'{' | b'[', ..] => Err("must be text, a number, true, false or null: lists and objects do not count".into()),
        _ => Ok(Some(raw.get().to_owned())),
    }
}

/// What stands between the quotes of a JSON text.
pub(super) fn unquoted(json: &str) -> Result<String, String> {
    match json.get(1..json.len().saturating_sub(1)) {
        Some(plain) if !plain.contains('\\') => Ok(plain.to_owned()),
        _ => serde_json::from_str(json).map_err(|error| super::fields::plain(&error)),
    }
}

/// Puts a property to the others.
pub(super) fn put(
    properties: &mut BTreeMap<String, String>,
    name: &str,
    raw: &RawValue,
    inside: &str,
) -> Result<(), Rejection> {
    let field = || format!("{inside}.{}", name.chars().take(64).collect::<String>());
    let value = value(raw).map_err(|message| Rejection::invalid(field(), message))?;
    let Some(value) = value else { return Ok(()) };
    if properties.insert(name.to_owned(), value).is_some() {
        return Err(Rejection::invalid(field(), "stands twice"));
    }
    Ok(())
}

/// Reads an object of properties; the first one that is wrong is kept.
pub(super) struct Properties<'p> {
    pub(super) into: &'p mut BTreeMap<String, String>,
    pub(super) wrong: &'p mut Option<Rejection>,
}

impl<'de> DeserializeSeed<'de> for Properties<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Properties<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((Name(name), raw)) = map.next_entry::<Name<'de>, &RawValue>()? {
            if let Err(rejection) = put(self.into, &name, raw, "properties") {
                self.wrong.get_or_insert(rejection);
            }
        }
        Ok(())
    }
}
