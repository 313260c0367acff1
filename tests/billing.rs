//! Usage that becomes charges: whatever happens in between, what is billed, what is summed and what is rated are one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::cast_possible_truncation,
    reason = "a test says what broke by failing"
)]

#[path = "billing/grants.rs"]
mod grants;
#[path = "billing/killed.rs"]
mod killed;
#[path = "billing/random.rs"]
mod random;
#[path = "billing/settling.rs"]
mod settling;
