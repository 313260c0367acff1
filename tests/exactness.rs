//! Exactness: random bills, asked in random ways, compared with a plain sum in integers to the last digit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

#[path = "exactness/mod.rs"]
mod exactness;
