//! Stores: the suite that every store must pass, and what the embedded one promises beyond it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

#[path = "store/mod.rs"]
mod store;
