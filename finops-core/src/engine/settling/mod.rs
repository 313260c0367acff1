//! Settling: what was used becomes charges, which every cost query sees.
//!
//! A line, which is a tenant, a meter and a month, is rated as a whole whenever something of it changed, and the
//! difference to what is booked of it becomes charges. What grants pay of a tenant's lines is a line of its own, which
//! is made after them. They appear together with what is booked, in one commit.

mod credits;
mod due;
mod granted;
mod grants;
mod lines;
mod statements;

pub(super) use due::{Due, MeterMonth, month_after};
pub(super) use grants::{Grants, MoneyCredits, TenantGrants, booked_in, first_month, units_before, usage_lines};
pub(super) use lines::{Closing, RatedMonth, rated};
pub(super) use statements::Billed;

use super::Finops;
use crate::model::time::Stamp;
use crate::{ErrorCode, Result};
use lines::Settling;
use serde::Serialize;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// What settling did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Settlement {
    /// How many lines were rated anew.
    pub lines: u64,
    /// How many charges that made.
    pub charges: u64,
    /// The state of the store that holds them.
    pub snapshot: u64,
    /// Lines that could not be rated. Their cost is unknown.
    pub failures: Vec<LineFailure>,
}

/// A line that could not be rated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineFailure {
    /// Who used it.
    pub tenant_id: String,
    /// The meter.
    pub meter: String,
    /// When the billing period starts.
    pub period_start: Stamp,
    /// The word for what is wrong.
    pub code: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Finops {
    /// Makes charges of what was used since. Cost queries of the present state do it by themselves.
    ///
    /// ```
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.billing_settle()?.charges, 0, "nothing was used");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `conflict` on a handle for reading, and while an import is under way; `storage`; then nothing has changed.
    pub fn billing_settle(&self) -> Result<Settlement> {
        self.permit("billing.settle")?;
        self.settle_all()
    }

    /// The same for whoever asks about charges, whatever they may.
    pub(super) fn settle_all(&self) -> Result<Settlement> {
        let _alone = self.settling.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        // First, so that what comes meanwhile is due again.
        let asked = self.settling.asked.load(Ordering::Acquire);
        let settled = Due::find(self, now).and_then(|due| self.settle(due, None))?;
        if settled.charges > 0 {
            self.budgets.have_changed();
        }
        self.settling.done.store(asked, Ordering::Release);
        self.settling.day.store(day(now), Ordering::Release);
        Ok(settled)
    }

    /// Writes and settles before a query of the present state, where something is due. Gives whether the charges are
    /// behind nevertheless: a handle for reading cannot settle, and an import must not be waited for.
    pub(super) fn settled(&self) -> Result<bool> {
        let unwritten = self.write_spend()?;
        let unsettled = self.settle_due()?;
        self.follow_after();
        Ok(unwritten || unsettled)
    }

    /// Whether something was used that is no charge yet.
    pub(super) fn is_unsettled(&self, now: Stamp) -> bool {
        // What is being settled by another is not there yet: then this waits for its turn and finds nothing due.
        let is_due = self.settling.done.load(Ordering::Acquire) < self.settling.asked.load(Ordering::Acquire);
        is_due || self.settling.day.load(Ordering::Acquire) < day(now)
    }

    /// Settles where something is due. Gives whether the charges are behind nevertheless.
    pub(super) fn settle_due(&self) -> Result<bool> {
        if !self.is_unsettled(self.clock.now()) || self.store.usage().is_err() {
            return Ok(false);
        }
        match self.settle_all() {
            Ok(_) => Ok(false),
            Err(error) if error.code() == ErrorCode::Conflict => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Says that something was used, or is priced otherwise.
    pub(super) fn is_due(&self) {
        self.settling.asked.fetch_add(1, Ordering::AcqRel);
    }

    /// Rates what is due and books it; `closing` closes periods with it.
    pub(super) fn settle(&self, due: Due, closing: Option<Closing>) -> Result<Settlement> {
        let book = self.price_book()?;
        let Due { lines, credits, grants, settled } = due;
        let mut settling = Settling::new(self, &book, &grants, closing);
        for (month, tenants) in &lines {
            settling.month(*month, tenants, settled.until)?;
        }
        settling.credits(&grants, credits, settled.until)?;
        settling.commit(settled)
    }
}

/// The day of UTC, counted from 1970-01-01.
fn day(now: Stamp) -> i64 {
    now.micros().div_euclid(crate::pipeline::metering::DAY)
}
