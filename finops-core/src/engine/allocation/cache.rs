//! What allocations were made of lately, so that the next one does not read charges again.

use crate::insight::allocation::Charges;
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::virtual_dimension::Virtuals;
use crate::pipeline::allocation::{Allocator, Cells};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many windows are kept at most.
const MAX_WINDOWS: usize = 8;
/// How many cells are kept at most over all windows: about 150 MB of them, and as much again for the last run.
const MAX_CELLS: usize = 1_000_000;

/// The cells of the stretches of a window.
pub(super) type Stretches = Arc<[Arc<Cells>]>;

/// What cells are of: a state of the store, charges of it, and the virtual dimensions that those name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CellsOf {
    pub(super) snapshot: u64,
    pub(super) virtuals: Virtuals,
    pub(super) charges: Charges,
}

impl CellsOf {
    fn serve(&self, asked: &Self) -> bool {
        (self.snapshot, &self.virtuals) == (asked.snapshot, &asked.virtuals) && self.charges.serve(&asked.charges)
    }
}

/// The cells of the last windows, and what the last run found out about its own.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The one that was used last comes first.
    windows: VecDeque<(CellsOf, Stretches)>,
    last: Option<LastRun>,
}

/// A run that can be done again with other rules.
#[derive(Debug)]
pub(super) struct LastRun {
    pub(super) cells: Stretches,
    pub(super) view: CostView,
    pub(super) carry: Vec<Dimension>,
    pub(super) allocators: Vec<Allocator>,
}

impl Cache {
    /// The cells that will do for what is asked.
    pub(super) fn cells(&self, asked: &CellsOf) -> Option<Stretches> {
        let mut kept = self.kept();
        let place = kept.windows.iter().position(|(of, _)| of.serve(asked))?;
        let found = kept.windows.remove(place)?;
        let cells = Arc::clone(&found.1);
        kept.windows.push_front(found);
        Some(cells)
    }

    /// Keeps cells as long as there is room.
    pub(super) fn keep(&self, of: CellsOf, cells: &Stretches) {
        let mut kept = self.kept();
        // An earlier state is seldom asked for again.
        kept.windows.retain(|(before, _)| before.snapshot == of.snapshot && !of.serve(before));
        kept.windows.push_front((of, Arc::clone(cells)));
        let mut left = MAX_CELLS;
        let fits = |(_, cells): &(CellsOf, Stretches)| {
            let count = cells.iter().map(|cells| cells.len()).sum();
            let fits = left.checked_sub(count);
            left = fits.unwrap_or(left);
            fits.is_some()
        };
        let mut room: Vec<bool> = kept.windows.iter().map(fits).collect();
        room.truncate(MAX_WINDOWS);
        let mut room = room.into_iter();
        kept.windows.retain(|_| room.next().unwrap_or(false));
    }

    /// Takes what the last run found out, if it was of the same cells, cost and carried dimensions.
    pub(super) fn take(&self, cells: &Stretches, view: CostView, carry: &[Dimension]) -> Option<Vec<Allocator>> {
        let mut kept = self.kept();
        let last = kept.last.take()?;
        if Arc::ptr_eq(&last.cells, cells) && last.view == view && last.carry == carry {
            return Some(last.allocators);
        }
        kept.last = Some(last);
        None
    }

    /// Keeps what a run found out, unless its cells are too many to be kept.
    pub(super) fn put_back(&self, run: LastRun) {
        let mut kept = self.kept();
        if kept.windows.iter().any(|(_, cells)| Arc::ptr_eq(cells, &run.cells)) {
            kept.last = Some(run);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
