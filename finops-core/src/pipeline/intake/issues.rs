//! What is to be said of the cells of one column in one batch.

use crate::model::receipt::{QuarantineReason, Remark};

/// Remarks counted by kind, and the rows whose cell is unusable.
#[derive(Debug, Default)]
pub(super) struct Issues {
    pub(super) remarks: Vec<Tally>,
    pub(super) refused: Vec<(usize, QuarantineReason)>,
}

/// How often a remark applies, and the first row of the batch that it applies to.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) remark: Remark,
    pub(super) count: u64,
    pub(super) first_row: usize,
}

impl Issues {
    pub(super) fn note(&mut self, remark: Remark, row: usize) {
        match self.remarks.iter_mut().find(|tally| tally.remark == remark) {
            Some(tally) => tally.count += 1,
            None => self.remarks.push(Tally { remark, count: 1, first_row: row }),
        }
    }

    pub(super) fn refuse(&mut self, row: usize, reason: QuarantineReason) {
        self.refused.push((row, reason));
    }

    /// These and the others, which are about the same cells.
    pub(super) fn and(mut self, mut others: Self) -> Self {
        self.remarks.append(&mut others.remarks);
        self.refused.append(&mut others.refused);
        self
    }
}
