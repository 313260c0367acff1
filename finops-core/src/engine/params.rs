//! Reading the parameters of operations that are called by name.

use crate::{Error, ErrorCode, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Parameters of what takes none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Reads parameters, naming the field that cannot be read.
pub(super) fn parse<T: DeserializeOwned>(params: Value) -> Result<T> {
    serde_path_to_error::deserialize(params).map_err(|error| {
        let path = error.path().to_string();
        let message = plain(&error.inner().to_string());
        let error = Error::new(ErrorCode::InvalidArgument, message.clone());
        match path.as_str() {
            "." | "" | "?" => match named(&message) {
                Some(field) => error.with_field(field),
                None => error,
            },
            // Some values name their field themselves; it stands in the error only once.
            path => match message.strip_prefix(&format!("{path}: ")) {
                Some(message) => Error::invalid(path, message),
                None => error.with_field(path),
            },
        }
    })
}

/// A message in the words of JSON instead of those of Rust.
fn plain(message: &str) -> String {
    let words = [("expected i64", "expected a whole number"), ("expected u64", "expected a whole number of 0 or more")];
    words.into_iter().fold(message.to_owned(), |message, (rust, json)| message.replace(rust, json))
}

/// The field that a message about a missing or unknown one names.
pub(super) fn named(message: &str) -> Option<String> {
    let rest = message.strip_prefix("missing field `").or_else(|| message.strip_prefix("unknown field `"))?;
    rest.split('`').next().map(str::to_owned)
}
