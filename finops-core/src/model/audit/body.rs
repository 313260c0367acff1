//! What something was or became, in the one form in which it is hashed and kept.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// How many bytes of JSON an entry keeps of a body; of a longer one it keeps the digest and the length.
pub const MAX_BODY_BYTES: usize = 64 << 10;

/// Whether what was written down may be read by whoever reads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// It may.
    Open,
    /// It may not: nothing of it enters the log, not even a digest, by which a short secret could be guessed.
    Secret,
}

/// What something was or became: JSON whose objects are in the order of their names, without blanks.
///
/// What is longer than [`MAX_BODY_BYTES`] becomes `{"omitted":{"blake3":DIGEST,"bytes":LENGTH}}` of the text as it is
/// stored, and what is secret `{"redacted":true}`.
///
/// ```
/// use finops_core::model::audit::{AuditBody, Secrecy};
///
/// let body = AuditBody::new(r#"{"name": "b", "id": 1}"#, Secrecy::Open);
/// assert_eq!(body.as_str(), r#"{"id":1,"name":"b"}"#);
/// assert_eq!(AuditBody::new(r#"{"key": "s3cret"}"#, Secrecy::Secret).as_str(), r#"{"redacted":true}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditBody(String);

impl AuditBody {
    /// The body of a text that is stored. What is no JSON becomes a JSON text.
    pub fn new(stored: &str, secrecy: Secrecy) -> Self {
        match secrecy {
            Secrecy::Secret => Self::of(&json!({ "redacted": true })),
            Secrecy::Open if stored.len() > MAX_BODY_BYTES => {
                let digest = blake3::hash(stored.as_bytes()).to_hex();
                Self::of(&json!({ "omitted": { "blake3": digest.as_str(), "bytes": stored.len() } }))
            }
            Secrecy::Open => {
                let value = serde_json::from_str(stored).unwrap_or_else(|_| Value::String(stored.to_owned()));
                Self::of(&value)
            }
        }
    }

    /// A body as a log keeps it, whatever it is.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(value: &Value) -> Self {
        let mut text = String::new();
        write(value, &mut text);
        Self(text)
    }

    /// Its JSON; as a JSON text where somebody made something else of it.
    fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_else(|_| Value::String(self.0.clone()))
    }
}

/// Writes JSON with the names of objects in the order of their bytes, however `serde_json` was built.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| name.as_bytes());
            text.push('{');
            for (place, (name, value)) in fields.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

impl Serialize for AuditBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AuditBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::of(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_one_whatever_was_given() {
        let texts =
            [r#"{"b": [1, {"z": null, "a": "ё\n"}], "a": "0.10"}"#, r#"{"a":"0.10","b":[1,{"a":"ё\n","z":null}]}"#];
        let [one, other] = texts.map(|text| AuditBody::new(text, Secrecy::Open));
        assert_eq!(one, other);
        assert_eq!(one.as_str(), r#"{"a":"0.10","b":[1,{"a":"ё\n","z":null}]}"#);
        // Read again from an export it is the same, also where somebody wrote a number as a double.
        for text in [one.as_str(), "[0.1,1e300,5e-324,2.2250738585072014e-308,123456789012345680000.0]"] {
            let body = AuditBody::new(text, Secrecy::Open);
            let again: AuditBody = serde_json::from_str(&serde_json::to_string(&body).unwrap()).unwrap();
            assert_eq!(again, body);
        }
    }

    #[test]
    fn what_is_long_is_told_by_its_digest() {
        let just = format!("\"{}\"", "x".repeat(MAX_BODY_BYTES - 2));
        assert_eq!(AuditBody::new(&just, Secrecy::Open).as_str(), just);
        let long = format!("\"{}\"", "x".repeat(MAX_BODY_BYTES - 1));
        let body = AuditBody::new(&long, Secrecy::Open);
        let digest = blake3::hash(long.as_bytes()).to_hex();
        assert_eq!(body.as_str(), format!(r#"{{"omitted":{{"blake3":"{digest}","bytes":{}}}}}"#, MAX_BODY_BYTES + 1));
    }

    #[test]
    fn nothing_of_a_secret_enters() {
        let one = AuditBody::new(r#"{"key":"s3cret"}"#, Secrecy::Secret);
        assert_eq!(one, AuditBody::new(&"x".repeat(MAX_BODY_BYTES * 2), Secrecy::Secret));
        assert_eq!(one.as_str(), r#"{"redacted":true}"#);
    }

    #[test]
    fn what_is_no_json_is_kept_as_text() {
        let body = AuditBody::new("not {json", Secrecy::Open);
        assert_eq!(body.as_str(), r#""not {json""#);
        assert_eq!(serde_json::to_string(&AuditBody::kept("{torn".to_owned())).unwrap(), r#""{torn""#);
    }
}
