//! Events from JSON: one or a list, in our form or as `CloudEvents` 1.0.
//!
//! An event is read on its own from its piece of the text, so that one that is wrong does not stop the others, and
//! numbers keep every digit that was written. Whether it counts is decided elsewhere.

mod cloud;
mod fields;
mod own;
mod property;
mod text;

#[cfg(test)]
mod tests;

use super::event::UsageEvent;
use super::outcome::{Rejected, Rejection};
use crate::model::money::Quantity;
use crate::model::time::Stamp;
use crate::{Error, Result};
use fields::Fields;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// How many events one call takes.
pub const MAX_EVENTS: usize = 100_000;

/// Reads one event or a list of them, each in our form or as a `CloudEvents` 1.0 event; one without a time happened
/// `now`.
///
/// ```
/// use finops_core::model::time::Stamp;
/// use finops_core::model::usage::read_events;
///
/// let now = Stamp::parse("2024-01-01T00:00:00Z")?;
/// let good = r#"{"id": "1", "resource": "api_calls", "quantity": 2, "tenant_id": "ten_1"}"#;
/// let text = format!(r#"[{good}, {{"id": "2", "colour": 1}}]"#);
/// let events = read_events(&text, now)?;
/// assert_eq!(events[0].as_ref().map(|event| event.quantity), Ok(Some("2".parse()?)));
/// assert_eq!(events[1].as_ref().map_err(|rejected| rejected.rejection.code()), Err("invalid"));
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `invalid_argument` on `events` when the text is no JSON, or has more than 100,000 events. An event that is wrong is
/// rejected by itself.
pub fn read_events(json: &str, now: Stamp) -> Result<Vec<Result<UsageEvent, Rejected>>> {
    let events = split_events(json)?;
    Ok(events.into_iter().enumerate().map(|(index, event)| read_event(index, event, now)).collect())
}

/// The text of each event, to be read apart from the others.
///
/// # Errors
/// As [`read_events`].
pub fn split_events(json: &str) -> Result<Vec<&str>> {
    let wrong = |error: serde_json::Error| Error::invalid("events", error.to_string());
    if !json.trim_start().starts_with('[') {
        let one: &RawValue = serde_json::from_str(json).map_err(wrong)?;
        return Ok(vec![one.get()]);
    }
    let List(events) = serde_json::from_str(json).map_err(wrong)?;
    Ok(events.into_iter().map(RawValue::get).collect())
}

/// Reads the text of one event, which stands at that place.
///
/// # Errors
/// The reason why it is none.
pub fn read_event(index: usize, json: &str, now: Stamp) -> Result<UsageEvent, Rejected> {
    let mut fields = Fields::default();
    let read = fields
        .read(json)
        .and_then(|()| if fields.is_cloud() { cloud::event(&mut fields, now) } else { own::event(&mut fields, now) });
    read.map_err(|rejection| Rejected { index, id: id_of(json), rejection })
}

/// The id of an event that cannot be read otherwise.
fn id_of(json: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(json).ok()?;
    let id = event.get("id")?.as_str()?;
    Some(id.chars().take(256).collect())
}

/// A list of events, each still as text.
struct List<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for List<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = List<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of events")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<'de>, A::Error> {
                let mut events = Vec::new();
                while let Some(event) = list.next_element()? {
                    if events.len() == MAX_EVENTS {
                        return Err(A::Error::custom(format!(
                            "one call takes at most {MAX_EVENTS} events: send parts"
                        )));
                    }
                    events.push(event);
                }
                Ok(List(events))
            }
        }

        deserializer.deserialize_seq(Reader)
    }
}

/// A number: its own text, or the text that a string holds. Nothing for null.
fn quantity(field: &str, raw: &RawValue) -> Result<Option<Quantity>, Rejection> {
    let parse = |text: &str| {
        let wrong = |error: Error| Rejection::invalid(field, error.message());
        text.parse().map(Some).map_err(wrong)
    };
    match raw.get().as_bytes() {
        [b'n', ..] => Ok(None),
        [b'-' | b'0'..=b'9', ..] => parse(raw.get()),
        [b'"', ..] => parse(&property::unquoted(raw.get()).map_err(|message| Rejection::invalid(field, message))?),
        _ => Err(Rejection::invalid(field, "must be a number, or text that is one")),
    }
}

/// The time that a text gives, or now.
fn time(text: Option<&str>, now: Stamp) -> Result<Stamp, Rejection> {
    text.map_or(Ok(now), |text| Stamp::parse(text).map_err(|error| Rejection::invalid("time", error.message())))
}
