//! Allocation: the rules by which cost finds the centres that bear it.
//!
//! A [`Rule`] holds charges, those that its source matches and no earlier rule holds, and says by its [`Method`] how
//! they are shared out. A [`RuleSet`] is rules that were checked against each other and against the centres: no two
//! can hold the same charge by chance, and no centre both gives cost away and gets some. What a rule makes of charges
//! is the business of the pipeline.

mod centers;
mod check;
mod form;
mod method;
mod overlap;
mod rule;
mod set;

#[cfg(test)]
mod tests;

use super::id::{self, Id};

pub use centers::{Center, Centers};
pub use method::{Base, ByValue, Capacity, Direct, Fallback, FixedAmount, Idle, Method, Share, Tier};
pub use rule::{Rule, Terms};
pub use set::{RuleSet, month_of};

/// The id of a cost centre.
pub type CenterId = Id<id::CostCenter>;
/// The id of a rule.
pub type RuleId = Id<id::AllocationRule>;
