//! Allocation, through the engine: rules and centres, the charges of a window, and what meters counted come together
//! here; who bears what is found out by the pipeline, and told by the insight.

mod answers;
mod at_once;
mod cache;
mod closing;
mod report;
mod rules;
mod weights;

#[cfg(test)]
mod tests;

pub use closing::{AllocationClose, AllocationClosed};
pub use rules::AllocationRuleList;
pub(super) use rules::{RULE_CHANGES, RULE_FIELDS, RuleKey};

use super::{Finops, Observer};
use crate::Result;
use crate::edge::store::Snapshot;
use crate::insight::allocation::Charges;
use crate::model::allocation::RuleSet;
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::time::Interval;
use crate::model::virtual_dimension::Virtuals;
use crate::pipeline::allocation::{Allocation, Allocator, Cells, Classes, Frame, MAX_LINES};
use at_once::run_all;
use cache::{Cache, CellsOf, LastRun, Stretches};
use closing::KnownClosings;
use rules::KnownRules;
use std::sync::Arc;

/// The rules that were read, and what allocations were made of lately.
#[derive(Debug, Default)]
pub(super) struct Allocating {
    rules: KnownRules,
    cache: Cache,
    closed: KnownClosings,
}

/// What is to be allocated, and what lines are to tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) window: Interval,
    /// The cost that bases and sizes of pools are taken from.
    pub(super) view: CostView,
    /// The dimensions whose values lines keep.
    pub(super) carry: &'a [Dimension],
}

/// The allocations of a window, stretch by stretch in order: each lies in one calendar month of UTC, and has the same
/// rules in force all along.
pub(super) type Allocated = Vec<(Interval, Allocation)>;

impl Finops {
    /// Who bears the charges of a window, by each of several sets of rules, which see the same charges of one state.
    /// Lines keep the values of `carry`. All charges are allocated, whatever this handle may see: what is shown is to
    /// be narrowed.
    ///
    /// Charges are read once for all four costs, by one question, whose groups are as many as the classes of values
    /// that rules, centres and `carry` tell apart; `max_groups` bounds them. The groups of up to eight windows and a
    /// million groups in all are kept (about 150 MB), with what the last run found out about its own (as much again):
    /// as long as no charge comes and no rule looks at other values, another run reads no charge, and does again only
    /// what changed rules reach.
    ///
    /// # Errors
    /// `invalid_argument` for too many groups, for more lines of a set of rules than [`MAX_LINES`], and where usage
    /// cannot tell the base of a rule; `conflict` when two rules of the same order hold the same charge, and where a
    /// rule says so; `overflow`; `storage`.
    pub(super) fn allocate_by(
        &self,
        sets: &[&RuleSet],
        snapshot: &Snapshot,
        asked: &Asked<'_>,
        observer: &dyn Observer,
    ) -> Result<Vec<Allocated>> {
        let classes = Classes::new(sets.iter().copied(), asked.carry);
        let run = |rules: &&RuleSet| {
            let charges = Charges::new(asked.window, rules.stretches(asked.window)?, classes.clone());
            let cells = self.cells(snapshot, charges.clone(), observer)?;
            self.run(rules, charges.stretches(), cells, asked, MAX_LINES)
        };
        sets.iter().map(run).collect()
    }

    /// The cells of charges: those that are kept, else from the store.
    fn cells(&self, snapshot: &Snapshot, charges: Charges, observer: &dyn Observer) -> Result<Stretches> {
        let virtuals = if charges.virtuals().next().is_some() {
            Virtuals::new(self.store.virtual_dimensions()?)?
        } else {
            Virtuals::default()
        };
        let of = CellsOf { snapshot: snapshot.id, virtuals, charges };
        if let Some(cells) = self.allocating.cache.cells(&of) {
            return Ok(cells);
        }
        let mut question = of.charges.question(&of.virtuals)?;
        question.max_groups = self.max_groups;
        let sums = self.store.aggregate(snapshot, &question, observer)?;
        let cells: Stretches = of.charges.cells(&sums)?.into_iter().map(Arc::new).collect();
        self.allocating.cache.keep(of, &cells);
        Ok(cells)
    }

    /// Runs the rules over the cells of each stretch, of several at once where the store has threads for it.
    fn run(
        &self,
        rules: &RuleSet,
        stretches: &[Interval],
        cells: Stretches,
        asked: &Asked<'_>,
        max_lines: usize,
    ) -> Result<Allocated> {
        let Asked { view, carry, .. } = *asked;
        let new = |(stretch, cells): (&Interval, &Arc<Cells>)| {
            Allocator::new(Arc::clone(cells), Frame { stretch: *stretch, view, carry: carry.to_vec() })
        };
        let mut allocators = match self.allocating.cache.take(&cells, view, carry) {
            Some(allocators) => allocators,
            None => stretches.iter().zip(cells.iter()).map(new).collect::<Result<_>>()?,
        };
        let mut runs: Vec<(&Interval, &mut Allocator)> = stretches.iter().zip(&mut allocators).collect();
        let allocated = run_all(self.store.threads(), &mut runs, max_lines, |(stretch, allocator), room| {
            let rules = rules.in_force(stretch.start());
            let weights = self.weights(&rules, **stretch)?;
            Ok((**stretch, allocator.run_within(&rules, &weights, room)?))
        });
        let carry = carry.to_vec();
        self.allocating.cache.put_back(LastRun { cells, view, carry, allocators });
        allocated
    }
}
