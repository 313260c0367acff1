//! Anomalies of costs through the engine: finding them, what drove them, what is said of them, who is told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what broke by failing")]

#[path = "cost_anomalies/announcing.rs"]
mod announcing;
#[path = "cost_anomalies/bounds.rs"]
mod bounds;
#[path = "cost_anomalies/feedback.rs"]
mod feedback;
#[path = "cost_anomalies/finding.rs"]
mod finding;
#[path = "cost_anomalies/kill.rs"]
mod kill;
#[path = "cost_anomalies/once.rs"]
mod once;
#[path = "cost_anomalies/turns.rs"]
mod turns;
#[path = "cost_anomalies/world.rs"]
mod world;
