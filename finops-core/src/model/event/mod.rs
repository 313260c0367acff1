//! Events: what happened that somebody outside wants to be told of, and the text in which they are told.
//!
//! An event is written together with what caused it. Who is told, and how often it is tried, is no concern of this
//! module.

mod kind;
mod payload;
mod value;

pub use kind::EventKind;
pub use payload::{BudgetNotice, BudgetThreshold};
pub use value::{MAX_BODY_BYTES, OutboxEvent, RecordedEvent};
