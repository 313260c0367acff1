//! Allocation: charges, rules and centres in; lines that say who bears what out, to the last digit.
//!
//! Charges come as [`Cells`], added up by everything that rules, centres and the answer tell apart; [`Classes`] says
//! which values need not be told apart for that. Each cell is *claimed*: by the first rule whose source matches, else
//! by the centre that its `cost_center` names, else by the centre whose own filter matches. What a rule claims is its
//! *pool*, or the direct cost of a centre. Idle pools go first, over all cost in proportion to it; what a pool got of
//! idle goes where the pool goes. Then pools are shared out. Weights are taken from all cost before any filter, and a
//! [`Line`] keeps the values of the direct cost in whose favour it is, so that filtering lines is all there is to a
//! filter.
//!
//! An [`Allocator`] keeps what it found out about its cells: run again with changed rules, it does again what they
//! reach.

mod allocator;
mod bases;
mod cells;
mod claims;
mod classes;
mod conditions;
mod division;
mod finding;
mod idle;
mod keys;
mod line;
mod month;
mod pools;
mod reach;
mod room;
mod rules;
mod scribe;
mod share;
mod table;
mod weights;

#[cfg(test)]
mod tests;

pub use allocator::{Allocator, allocate};
pub use cells::Cells;
pub use classes::{Classed, Classes};
pub use finding::{Finding, FindingCode};
pub use line::{Allocation, Line, LineKind, Total, Values};
pub use room::Room;
pub use weights::Weights;

use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::time::Interval;

/// How many lines an allocation has at most, of all its stretches together.
pub const MAX_LINES: usize = 4_000_000;

/// Of what an allocation is made, beside cells and rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The time of the charges: one of [`RuleSet::stretches`](crate::model::allocation::RuleSet::stretches), so that
    /// it lies in one calendar month of UTC and the same rules are in force all along.
    pub stretch: Interval,
    /// The cost that bases and sizes of pools are taken from. All four costs are shared out by the same weights.
    pub view: CostView,
    /// The dimensions whose values lines keep.
    pub carry: Vec<Dimension>,
}
