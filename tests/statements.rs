//! Statements through a whole engine: histories of closings, what is kept of them, and their lines as files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    reason = "a test says what broke by failing"
)]

#[path = "statements/closings.rs"]
mod closings;
#[path = "statements/export.rs"]
mod export;
#[path = "statements/world.rs"]
mod world;
