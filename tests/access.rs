//! Narrowed handles: every operation with every kind of handle, and nothing of others in any answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    reason = "a test says what broke by failing"
)]

#[path = "access/groups.rs"]
mod groups;
#[path = "access/guards.rs"]
mod guards;
#[path = "access/others.rs"]
mod others;
#[path = "access/table.rs"]
mod table;
#[path = "access/typed.rs"]
mod typed;
#[path = "access/walk.rs"]
mod walk;
#[path = "access/world.rs"]
mod world;
