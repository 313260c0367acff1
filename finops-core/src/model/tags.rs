//! Tags: a JSON object of keys and values, kept as the text that the bill has.
//!
//! A key without a value, which FOCUS writes as `true`, has the value `true`. Numbers keep the text that they have
//! in the bill; `null` and nested values are no value.

use super::charge::{TextBuilder, TextColumn};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The value of a tag in a JSON object, if it has one.
///
/// ```
/// use finops_core::model::tags::value_of;
///
/// let tags = r#"{"team": "search", "spot": true, "tier": 1.50}"#;
/// assert_eq!(value_of(tags, "team").as_deref(), Some("search"));
/// assert_eq!(value_of(tags, "spot").as_deref(), Some("true"));
/// assert_eq!(value_of(tags, "tier").as_deref(), Some("1.50"));
/// assert_eq!(value_of(tags, "Team"), None);
/// ```
pub fn value_of(json: &str, key: &str) -> Option<String> {
    let raw = serde_json::Deserializer::from_str(json).deserialize_map(Find(key)).ok().flatten()?;
    scalar(raw.get())
}

fn scalar(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.to_owned()),
    }
}

/// Finds one key without building the rest. The last one counts when a key stands twice, as in most readers.
struct Find<'k>(&'k str);

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object of tags")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let value = map.next_value::<&RawValue>()?;
            if key == self.0 {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

/// The values of a tag over a column of JSON objects, each distinct object read once.
pub(crate) fn values_of(tags: &TextColumn, key: &str) -> TextColumn {
    let mut builder = TextBuilder::default();
    let value = |json: &str, builder: &mut TextBuilder| value_of(json, key).map(|value| builder.intern(&value));
    let codes: Vec<_> =
        tags.dictionary.iter().map(|json| value(json, &mut builder).unwrap_or(TextColumn::NULL)).collect();
    let recode = |code: &u32| usize::try_from(*code).ok().and_then(|code| codes.get(code)).copied();
    let codes = tags.codes.iter().map(|code| recode(code).unwrap_or(TextColumn::NULL)).collect();
    TextColumn { dictionary: builder.take().dictionary, codes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_and_odd_objects_give_no_value_and_no_panic() {
        for json in ["", "null", "[]", "{", r#"{"a"}"#, r#"{"a": {"b": 1}}"#, r#"{"a": null}"#, &"[".repeat(100_000)] {
            assert_eq!(value_of(json, "a"), None);
        }
        assert_eq!(value_of(r#"{"a": "\u00fc\n"}"#, "a").as_deref(), Some("ü\n"));
        assert_eq!(value_of(r#"{"a": 1, "a": 2}"#, "a").as_deref(), Some("2"));
    }

    #[test]
    fn objects_with_the_same_value_share_a_code() {
        let mut builder = TextBuilder::default();
        for json in [Some(r#"{"a":"x","b":"1"}"#), Some(r#"{"a":"x","b":"2"}"#), None, Some("{}")] {
            builder.push(json);
        }
        let values = values_of(&builder.take(), "a");
        assert_eq!((0..4).map(|row| values.get(row)).collect::<Vec<_>>(), [Some("x"), Some("x"), None, None]);
        assert_eq!(values.codes[0], values.codes[1]);
    }
}
