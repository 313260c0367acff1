//! Webhooks: what is sent, when, to whom, and what becomes of it; sinks within the process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

#[path = "webhooks/mod.rs"]
mod webhooks;
