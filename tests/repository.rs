//! The habits of this repository, checked: the order of layers, the size of files, words that must not stay, links,
//! dependencies and their licences.
//!
//! Each check is a function from texts to findings, a test that runs it over the tree, and a test that plants a
//! violation and wants it found. A finding says file and line, and what to do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

#[path = "repository/mod.rs"]
mod checks;
