//! The gate: hard cases with their figures, many threads at once, and random histories against a plain model.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    clippy::disallowed_methods,
    reason = "a test says what broke by failing; threads are what is tested"
)]

#[path = "gate/cases.rs"]
mod cases;
#[path = "gate/histories.rs"]
mod histories;
#[path = "gate/owners.rs"]
mod owners;
#[path = "gate/periods.rs"]
mod periods;
#[path = "gate/plain.rs"]
mod plain;
#[path = "gate/repeated.rs"]
mod repeated;
#[path = "gate/threads.rs"]
mod threads;
#[path = "gate/world.rs"]
mod world;
