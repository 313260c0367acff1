//! The engine as a native module of Node.
//!
//! JSON text crosses the line in both directions; the JavaScript beside this crate makes objects, errors and promises
//! of it. Nothing is decided here.

mod engine;
mod json;
mod recorder;
mod tasks;
mod telling;
mod watch;

use finops_core::Operation;
use napi_derive::napi;
use serde_json::{Value, json};

/// The operations of the engine as JSON text: `[{"name": "costs.daily", "fields": ["period", ...]}, ...]`.
#[napi]
pub fn operations() -> String {
    let known = finops_core::operations();
    let one = |operation: &Operation| json!({"name": operation.name, "fields": operation.fields});
    known.map(one).collect::<Value>().to_string()
}
