//! Budgets with all that they go by: bills, usage, the gate, time, restarts and crashes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what broke by failing")]

#[path = "budgets/alerts.rs"]
mod alerts;
#[path = "budgets/forecasts.rs"]
mod forecasts;
#[path = "budgets/gate_holes.rs"]
mod gate_holes;
#[path = "budgets/guards.rs"]
mod guards;
#[path = "budgets/histories.rs"]
mod histories;
#[path = "budgets/holes.rs"]
mod holes;
#[path = "budgets/kill.rs"]
mod kill;
#[path = "budgets/spent.rs"]
mod spent;
#[path = "budgets/world.rs"]
mod world;
