//! One event, and the body that it is sent as.

use super::EventKind;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde::Serialize;
use serde_json::{Map, Value};

/// A body is shorter than this, as the Standard Webhooks specification recommends.
pub const MAX_BODY_BYTES: usize = 20_000;

/// Something that happened, to be written in the transaction of what caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxEvent {
    /// Which: receivers know it again by this, however often it is sent.
    pub id: Id<id::Event>,
    /// What it is about.
    pub kind: EventKind,
    /// When it happened.
    pub at: Stamp,
    /// What happened. Money and quantities are decimal text.
    pub data: Map<String, Value>,
}

impl OutboxEvent {
    /// An event whose data is what the value serializes as.
    ///
    /// ```
    /// use finops_core::model::event::{EventKind, OutboxEvent};
    /// use finops_core::model::id::Id;
    /// use finops_core::model::time::Stamp;
    ///
    /// let at = Stamp::parse("2024-01-15T00:00:00Z")?;
    /// let data = serde_json::json!({"report_id": "rep_1"});
    /// let event = OutboxEvent::new(Id::new(at, [7; 10]), EventKind::ReportGenerated, at, &data)?;
    /// assert_eq!(
    ///     event.body(),
    ///     r#"{"type":"finops.report.generated","timestamp":"2024-01-15T00:00:00Z","data":{"report_id":"rep_1"}}"#
    /// );
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for what is no JSON object.
    pub fn new(id: Id<id::Event>, kind: EventKind, at: Stamp, data: &impl Serialize) -> Result<Self> {
        match serde_json::to_value(data) {
            Ok(Value::Object(data)) => Ok(Self { id, kind, at, data }),
            Ok(_) => Err(Error::invalid("data", "must be a JSON object")),
            Err(error) => Err(Error::invalid("data", format!("cannot be written as JSON: {error}"))),
        }
    }

    /// The body in which receivers are told of it: JSON of fewer than [`MAX_BODY_BYTES`] bytes. Where the data is too
    /// long, its longest members are left out, and `omitted` names them; what is written is never lost for its length.
    pub fn body(&self) -> String {
        let mut kept = self.data.clone();
        let mut omitted = Vec::new();
        loop {
            let mut data = kept.clone();
            if !omitted.is_empty() {
                data.insert("omitted".to_owned(), Value::from(omitted.clone()));
            }
            let text = self.body_with(&data);
            let longest = kept.iter().max_by_key(|(_, value)| value.to_string().len()).map(|(name, _)| name.clone());
            match longest {
                Some(longest) if text.len() >= MAX_BODY_BYTES => {
                    kept.remove(&longest);
                    omitted.push(longest);
                }
                _ => return text,
            }
        }
    }

    fn body_with(&self, data: &Map<String, Value>) -> String {
        // A map of text to JSON cannot fail to be written.
        serde_json::to_string(&Body { r#type: self.kind, timestamp: self.at, data }).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Body<'b> {
    r#type: EventKind,
    timestamp: Stamp,
    data: &'b Map<String, Value>,
}

/// An event as it was written, with its place among all events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordedEvent {
    /// Which.
    pub id: Id<id::Event>,
    /// What it is about.
    pub r#type: EventKind,
    /// When it happened.
    pub timestamp: Stamp,
    /// What happened. Money and quantities are decimal text, as receivers get them.
    pub data: Map<String, Value>,
    /// Its place: the first event has 1, those written later higher ones.
    #[serde(skip)]
    pub number: u64,
}

impl RecordedEvent {
    /// Reads what was written: the body that is sent.
    ///
    /// # Errors
    /// `storage` for a body that no event has.
    pub fn read(number: u64, id: Id<id::Event>, body: &str) -> Result<Self> {
        #[derive(serde::Deserialize)]
        struct Read {
            r#type: EventKind,
            timestamp: Stamp,
            data: Map<String, Value>,
        }
        let Read { r#type, timestamp, data } = serde_json::from_str(body).map_err(|error| {
            Error::new(ErrorCode::Storage, format!("the event {id} in the store cannot be read: {error}"))
        })?;
        Ok(Self { id, r#type, timestamp, data, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(data: &Value) -> Result<OutboxEvent> {
        let at = Stamp::parse("2024-01-15T12:30:00.5Z").unwrap();
        OutboxEvent::new(Id::new(at, [7; 10]), EventKind::BudgetWarning, at, data)
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let event = event(&json!({"b": "1.50", "a": [1, null, "ё"]})).unwrap();
        let read = RecordedEvent::read(3, event.id, &event.body()).unwrap();
        assert_eq!((read.number, read.r#type, read.timestamp, read.data), (3, event.kind, event.at, event.data));
    }

    #[test]
    fn data_is_an_object() {
        for data in [json!(1), json!([1]), json!("text"), Value::Null] {
            assert_eq!(event(&data).unwrap_err().field(), Some("data"), "{data}");
        }
    }

    #[test]
    fn a_long_body_loses_its_longest_members_and_says_so() {
        let just = event(&json!({"id": "x", "text": "a".repeat(19_900)})).unwrap().body();
        assert!(just.len() < MAX_BODY_BYTES && !just.contains("omitted"));
        let data = json!({"budget_id": "bud_1", "name": "n".repeat(9_000), "text": "\u{1}".repeat(9_000)});
        let body = event(&data).unwrap().body();
        assert!(body.len() < MAX_BODY_BYTES, "{}", body.len());
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["data"], json!({"budget_id": "bud_1", "name": "n".repeat(9_000), "omitted": ["text"]}));
        let one = event(&json!({"text": "a".repeat(30_000)})).unwrap().body();
        assert_eq!(serde_json::from_str::<Value>(&one).unwrap()["data"], json!({"omitted": ["text"]}));
    }
}
