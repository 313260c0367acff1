//! Crashes: what is left of a store when its process is killed, and when the disk is full.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

#[path = "crash/mod.rs"]
mod crash;
