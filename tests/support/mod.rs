//! Bills made of a few cells, questions as JSON, and a test that runs itself again as another process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    reason = "a test says what broke by failing"
)]

mod bill;
mod child;
#[cfg(target_os = "linux")]
mod sync;

pub use bill::{Bill, Row, row};
pub use child::{Child, job};
#[cfg(target_os = "linux")]
pub use sync::{FailingSync, fail_syncs_of, let_syncs_succeed};

use finops_core::{Error, Finops};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;

/// Calls an operation and gives its answer as JSON.
///
/// # Errors
/// What the operation gives.
pub fn call(finops: &Finops, operation: &str, params: Value) -> Result<Value, Error> {
    finops.call(operation, params, &()).map(|answer| serde_json::to_value(answer).unwrap())
}

/// The answer of an operation that must go well.
#[track_caller]
pub fn answer(finops: &Finops, operation: &str, params: Value) -> Value {
    call(finops, operation, params).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// A file of the folder that `FINOPS_DATA` names. Without it the test says that it left something out.
pub fn data(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("FINOPS_DATA") else {
        // Past the capture of the test harness, which would hide what a passing test prints.
        let _ = writeln!(std::io::stderr(), "left out: FINOPS_DATA names no folder with {name}");
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    assert!(path.is_file(), "FINOPS_DATA is set and has no {name}: {}", path.display());
    Some(path)
}
