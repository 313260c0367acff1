//! A spend that holds its amount as long as it is under way.

use super::ReservationId;
use super::answers::{Refused, RefusedBy, Released, SpendAnswer, SpendSettled};
use super::request::SpendRequest;
use crate::engine::Finops;
use crate::model::money::Money;
use crate::{Error, ErrorCode, Result};
use std::fmt;

/// The amount of a spend that is under way. Settling says what it came to; dropping it without lets go of the amount,
/// as when the work failed. It may be held across await points.
///
/// ```
/// use finops_core::{ErrorCode, Finops};
/// use finops_core::engine::{SpendRefused, SpendRequest};
/// use serde_json::json;
///
/// let finops = Finops::open(":memory:")?;
/// let alert = json!({"tenant": "ten_001", "amount": 10, "pause_at_pct": 100});
/// finops.set_budget_alert(serde_json::from_value(alert).unwrap())?;
/// let mut request = SpendRequest::new("8".parse()?);
/// request.tenant_id = Some("ten_001".into());
///
/// let spend = finops.spend(&request)?;
/// let refused = finops.spend(&request).unwrap_err();
/// assert_eq!(refused.code(), ErrorCode::BudgetExhausted);
/// let by = SpendRefused::of(&refused).and_then(|refused| refused.refused_by.as_ref()).unwrap();
/// assert_eq!(by.reserved, "8".parse()?);
///
/// drop(spend); // nothing was spent
/// let settled = finops.spend(&request)?.settle("2.5".parse()?)?;
/// assert_eq!(settled.released, "5.5".parse()?);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it lets go of the amount"]
pub struct SpendGuard {
    finops: Finops,
    id: ReservationId,
    amount: Money,
    is_open: bool,
}

/// Why a spend was refused, as the source of an error with code `budget_exhausted`.
#[derive(Debug)]
#[non_exhaustive]
pub struct SpendRefused {
    /// Why.
    pub reason: Option<Refused>,
    /// The budget that refused; none when its figures are not this handle's, or when no budget is the reason.
    pub refused_by: Option<Box<RefusedBy>>,
}

impl Finops {
    /// Holds the amount of a spend as [`Finops::budgets_reserve`] does, as long as the guard lives.
    ///
    /// # Errors
    /// `budget_exhausted` when it is refused, with a [`SpendRefused`]; else as [`Finops::budgets_reserve`].
    pub fn spend(&self, request: &SpendRequest) -> Result<SpendGuard> {
        self.permit("budgets.reserve")?;
        let answer = self.budgets_reserve(request)?;
        self.guarded(request, answer)
    }

    /// The same from memory alone; none when budgets have to be looked at first, and then nothing is held.
    ///
    /// # Errors
    /// As [`Finops::spend`].
    pub fn spend_at_once(&self, request: &SpendRequest) -> Result<Option<SpendGuard>> {
        self.permit("budgets.reserve")?;
        self.reserve_at_once(request)?.map(|answer| self.guarded(request, answer)).transpose()
    }

    fn guarded(&self, request: &SpendRequest, answer: SpendAnswer) -> Result<SpendGuard> {
        match (answer.reservation_id, request.amount()?) {
            (Some(id), Some(amount)) => Ok(SpendGuard { finops: self.clone(), id, amount, is_open: true }),
            _ => Err(SpendRefused { reason: answer.reason, refused_by: answer.refused_by }.into_error()),
        }
    }
}

impl SpendGuard {
    /// The id of the reservation.
    pub const fn id(&self) -> ReservationId {
        self.id
    }

    /// What is held.
    pub const fn amount(&self) -> Money {
        self.amount
    }

    /// Says what it came to, as [`Finops::budgets_settle`] does. Where that fails, the amount is held until its time is
    /// over: it probably was spent.
    ///
    /// # Errors
    /// As [`Finops::budgets_settle`].
    pub fn settle(mut self, amount: Money) -> Result<SpendSettled> {
        self.is_open = false;
        self.finops.budgets_settle(self.id, amount)
    }

    /// Lets go of the amount, as dropping does, and says how much it was.
    ///
    /// # Errors
    /// As [`Finops::budgets_release`].
    pub fn release(mut self) -> Result<Released> {
        self.is_open = false;
        self.finops.budgets_release(self.id)
    }

    /// Gives the id up to the caller, who settles or releases it.
    pub fn into_id(mut self) -> ReservationId {
        self.is_open = false;
        self.id
    }
}

impl Drop for SpendGuard {
    fn drop(&mut self) {
        if self.is_open {
            // What has expired is let go of already.
            let _over_already = self.finops.budgets_release(self.id);
        }
    }
}

impl SpendRefused {
    /// Why a spend was refused, of an error that says that it was.
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    fn into_error(self) -> Error {
        Error::new(ErrorCode::BudgetExhausted, self.to_string()).with_source(self)
    }
}

impl fmt::Display for SpendRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason == Some(Refused::UnknownPrice) {
            return f.write_str("what it costs is not known, which is not zero: give an amount, or say on_unknown");
        }
        let Some(by) = &self.refused_by else { return f.write_str("a budget that covers it does not let it through") };
        let RefusedBy { name, reserved, requested, until, .. } = &**by;
        match (self.reason, by.spent, by.limit) {
            (Some(Refused::Limit), Some(spent), Some(limit)) => write!(
                f,
                "{requested} is more than the budget '{name}' has left: of {limit}, {spent} are spent and {reserved} \
                 reserved until {until}"
            ),
            (Some(Refused::Forecast), ..) => {
                write!(f, "the budget '{name}' is closed, because its forecast for {until} is above what is allowed")
            }
            _ => write!(f, "the budget '{name}' has a limit, and what was spent is not known: see its status"),
        }
    }
}

impl std::error::Error for SpendRefused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_may_cross_threads_and_await_points() {
        const fn is_send<T: Send + Sync + 'static>() {}
        is_send::<SpendGuard>();
    }
}
