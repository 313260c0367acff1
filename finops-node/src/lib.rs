//! The engine as a native module of Node.
//!
//! JSON text crosses the line in both directions; the JavaScript beside this crate makes objects, errors and promises
//! of it. Nothing is decided here.

mod detector;
mod engine;
mod gate;
mod json;
mod recorder;
mod series;
mod tasks;
mod telling;
mod watch;

use finops_core::Operation;
use napi::bindgen_prelude::{AsyncTask, Float64Array, Uint8Array};
use napi_derive::napi;
use serde_json::{Value, json};
use series::{AskedOfSeries, OnSeries};

/// The operations of the engine as JSON text: `[{"name": "costs.daily", "fields": ["period", ...]}, ...]`.
#[napi]
pub fn operations() -> String {
    let known = finops_core::operations();
    let one = |operation: &Operation| json!({"name": operation.name, "fields": operation.fields});
    known.map(one).collect::<Value>().to_string()
}

/// Lets through what was signed with one of the secrets. Headers are names and values by turns.
#[napi]
#[allow(clippy::needless_pass_by_value, reason = "the macro calls with what it has made of JavaScript values")]
pub fn verify_webhook(
    secrets: Vec<String>,
    headers: Vec<String>,
    body: Uint8Array,
    now: Option<String>,
) -> napi::Result<()> {
    telling::verify(&secrets, &headers, &body, now.as_deref()).map_err(|error| json::failure(&error))
}

/// Works on a plain series, in which NaN stands for what is unknown: options in and the answer out as JSON text.
#[napi]
#[allow(clippy::needless_pass_by_value, reason = "the macro calls with what it has made of JavaScript values")]
pub fn on_series(values: Float64Array, options: String, asked: AskedOfSeries) -> AsyncTask<OnSeries> {
    AsyncTask::new(OnSeries { values: series::known(&values), options, asked })
}

/// The JSON Schema of the bodies that receivers of webhooks get, as text.
#[napi]
pub fn event_schema() -> &'static str {
    finops_core::EVENT_SCHEMA
}
