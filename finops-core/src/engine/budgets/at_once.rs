//! The gate for callers that must not wait, such as a thread that others wait for: they learn that budgets have to be
//! looked at first, and then let that be done where it may take its time.

use super::ReservationId;
use super::answers::{Refused, SpendAnswer, SpendCheck, SpendSettled};
use super::request::SpendRequest;
use crate::Result;
use crate::engine::Finops;
use crate::model::money::Money;
use crate::pipeline::gate::{GateError, Settled};

impl Finops {
    /// As [`Finops::budgets_check`], but from memory alone: none when budgets have to be looked at first, which may
    /// wait for the store. Then [`Finops::budgets_check`] does so.
    ///
    /// # Errors
    /// As [`Finops::budgets_check`].
    pub fn check_at_once(&self, request: &SpendRequest) -> Result<Option<SpendCheck>> {
        self.permit("budgets.check")?;
        request.check_only()?;
        let Some(amount) = request.amount()? else {
            return Ok(Some(SpendCheck::refused(Some(Refused::UnknownPrice), None)));
        };
        request.with_spend(self, amount, |spend| self.check_spend_at_once(spend))
    }

    /// As [`Finops::budgets_reserve`], but from memory alone: none when budgets have to be looked at first, which may
    /// wait for the store. Then nothing is held, and [`Finops::budgets_reserve`] does so.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::SpendRequest;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let spend = SpendRequest::new("1".parse()?);
    /// assert!(finops.reserve_at_once(&spend)?.is_none(), "nobody has looked at budgets yet");
    /// assert!(finops.budgets_reserve(&spend)?.is_allowed());
    /// assert!(finops.reserve_at_once(&spend)?.unwrap().is_allowed());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::budgets_reserve`].
    pub fn reserve_at_once(&self, request: &SpendRequest) -> Result<Option<SpendAnswer>> {
        self.permit("budgets.reserve")?;
        let terms = request.terms()?;
        let Some(amount) = request.amount()? else {
            return Ok(Some(SpendAnswer::refused(Some(Refused::UnknownPrice), None, false)));
        };
        request.with_spend(self, amount, |spend| self.reserve_spend_at_once(spend, terms))
    }

    /// As [`Finops::budgets_settle`], but from memory alone. Gives besides whether [`Finops::look_at_budgets`] is to be
    /// called, so that somebody is told of what was settled.
    ///
    /// # Errors
    /// As [`Finops::budgets_settle`].
    pub fn settle_at_once(&self, id: ReservationId, amount: Money) -> Result<(SpendSettled, bool)> {
        self.permit("budgets.settle")?;
        let now = self.clock.now();
        let settled = self.budgets.gate.settle(id, amount, now).map_err(GateError::into_error)?;
        let is_due = self.note_settled(&settled, now);
        let Settled { posted, released, overrun, late, .. } = settled;
        Ok((SpendSettled { posted, released, overrun, late }, is_due))
    }

    /// Looks at budgets where that is due. What goes wrong is told by the next call about budgets, which looks again.
    pub fn look_at_budgets(&self) {
        self.follow_after();
    }
}
