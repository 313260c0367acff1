//! Usage: what happened, as callers report it, and the meters that count it.

mod bounds;
mod digest;
mod event;
mod meter;
mod meters;
mod outcome;
mod policy;
mod read;

pub use digest::{content_hash, fingerprint, value_hash};
pub use event::{EventKey, UsageEvent};
pub use meter::{Aggregation, CREDITS, Meter, SERIES_FIELDS};
pub use meters::MeterSet;
pub use outcome::{Outcome, Rejected, Rejection};
pub use policy::Policy;
pub use read::{MAX_EVENTS, read_event, read_events, split_events};
