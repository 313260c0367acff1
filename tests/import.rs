//! Importing bills: formats, versions, repairs, refusals, replacement.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

#[path = "import/mod.rs"]
mod import;
