//! Events: what happened that somebody outside wants to be told of, and the text in which they are told.
//!
//! An event is written together with what caused it. Who is told, and how often it is tried, is no concern of this
//! module.

/// The JSON Schema of what receivers get: the body of each kind of event.
pub const EVENT_SCHEMA: &str = include_str!("../../../schemas/events.schema.json");

mod kind;
mod payload;
mod value;

pub use kind::EventKind;
pub use payload::{AnomalyCause, AnomalyNotice, AnomalyValue, BudgetNotice, BudgetThreshold};
pub use value::{MAX_BODY_BYTES, OutboxEvent, RecordedEvent};
