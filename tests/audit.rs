//! The log of changes: it is what was changed, whatever happens to the process, and whoever edits it is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    reason = "a test says what broke by failing"
)]

#[path = "audit/mod.rs"]
mod audit;
