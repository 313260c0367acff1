//! Budgets: how much may be spent on what in which period, and what happens on the way there.
//!
//! A [`Budget`] says which charges it covers by its [`BudgetScope`] and its filter, exactly as a cost query takes them,
//! so that what it has spent always is the answer of that query. Its [`Allowance`] says how much and in which period,
//! its [`Thresholds`] what happens at which share of it. [`Lifecycle`] and [`Health`] are kept apart: the first says
//! whether spending goes on, the second how the period stands. What has been spent is not known here.

mod allowance;
mod center;
mod change;
mod form;
mod health;
mod lifecycle;
mod scope;
mod short;
mod threshold;
mod value;

pub use allowance::{Allowance, AllowanceType, BudgetPeriod};
pub use form::BudgetCreate;
pub use health::Health;
pub use lifecycle::Lifecycle;
pub use scope::{BudgetScope, ScopeLevel};
pub use short::SetBudgetAlert;
pub use threshold::{Action, Basis, MAX_THRESHOLDS, Threshold, ThresholdPercent, Thresholds};
pub use value::{Budget, ZeroCost};

#[cfg(test)]
mod tests;
