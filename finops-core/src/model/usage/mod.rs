//! Usage: what happened, as callers report it, and the meters that count it.

mod event;
mod meter;
mod outcome;

pub use event::{EventKey, UsageEvent};
pub use meter::{Aggregation, Meter};
pub use outcome::{Outcome, Rejection};
