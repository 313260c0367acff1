//! Usage that is kept: what was acknowledged is there once, whatever happens to the process, the disk and the file.
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

#[path = "usage/mod.rs"]
mod usage;
