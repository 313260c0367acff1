//! Writing what the gate settled: it becomes charges, which every cost query sees.

use super::Budgets;
use super::evaluating::Looked;
use crate::engine::Finops;
use crate::engine::booking::OwnCharges;
use crate::engine::settling::month_after;
use crate::model::charge::Charge;
use crate::model::time::{Interval, Stamp};
use crate::pipeline::charging::{GATE_ACCOUNT, SettledSpend};
use crate::pipeline::gate::{GateError, Taken};
use crate::{ErrorCode, Result};
use chrono::Datelike;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

impl Finops {
    /// Writes what was settled through the gate, where anything was. Gives whether charges are behind nevertheless.
    pub(in crate::engine) fn write_spend(&self) -> Result<bool> {
        if self.budgets.unwritten.load(Ordering::Acquire) {
            self.budgets.write(&mut self.budgets.looked())
        } else {
            Ok(false)
        }
    }
}

impl Budgets {
    /// The same for who holds the lock. While an import is under way nothing is written: it stays on the accounts.
    pub(super) fn write(&self, _alone: &mut Looked) -> Result<bool> {
        // First, so that what is settled meanwhile is written the next time.
        if !self.unwritten.swap(false, Ordering::AcqRel) {
            return Ok(false);
        }
        self.written_at.store(self.means.clock.now().micros(), Ordering::Release);
        let taken = self.gate.take().map_err(GateError::into_error)?;
        match self.write_taken(&taken) {
            Ok(()) => {
                self.gate.rebase(&[], Some(taken));
                Ok(false)
            }
            Err(error) => {
                self.gate.give_back(taken);
                self.unwritten.store(true, Ordering::Release);
                if error.code() == ErrorCode::Conflict { Ok(true) } else { Err(error) }
            }
        }
    }

    fn write_taken(&self, taken: &Taken) -> Result<()> {
        let mut cells: Vec<_> = taken.cells().collect();
        // The same charges in the same order, whatever order the gate has them in.
        cells.sort_by(|one, other| (one.start, one.scope).cmp(&(other.start, other.scope)));
        let mut months: BTreeMap<Stamp, Vec<Charge>> = BTreeMap::new();
        for cell in cells {
            let (values, tags): (Vec<_>, Vec<_>) = (cell.scope.ids().collect(), cell.scope.tags().collect());
            let (start, currency) = (cell.start, cell.scope.currency());
            let spend = SettledSpend { values: &values, tags: &tags, start, amount: cell.amount, currency };
            let month = month_of(start)?;
            months.entry(month.start()).or_default().push(spend.charge(month)?);
        }
        let mut written = OwnCharges::new(self.means.store.as_ref(), GATE_ACCOUNT);
        for (start, charges) in months {
            written.write(&charges, Interval::new(start, month_after(start)?)?)?;
        }
        written.commit(None, self.means.clock.now(), self.means.entropy.as_ref()).map(drop)
    }
}

/// The last handle that is dropped writes what was settled.
impl Drop for Budgets {
    fn drop(&mut self) {
        let mut looked = std::mem::take(&mut *self.looked());
        // Nobody is left to be told.
        let _lost_as_by_a_crash = self.write(&mut looked);
    }
}

/// The month of UTC that an instant lies in.
fn month_of(at: Stamp) -> Result<Interval> {
    let date = at.to_utc().date_naive();
    let first = date.with_day(1).and_then(|first| first.and_hms_opt(0, 0, 0));
    let start = Stamp::from_micros(first.map_or(i64::MIN, |first| first.and_utc().timestamp_micros()))?;
    Interval::new(start, month_after(start)?)
}
