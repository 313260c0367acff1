//! Anomalies of costs through the engine: finding them, what drove them, what is said of them, who is told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what broke by failing")]

#[path = "anomalies/announcing.rs"]
mod announcing;
#[path = "anomalies/feedback.rs"]
mod feedback;
#[path = "anomalies/finding.rs"]
mod finding;
#[path = "anomalies/world.rs"]
mod world;
