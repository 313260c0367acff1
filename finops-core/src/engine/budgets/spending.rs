//! Spending through the gate: may it, hold it, what it came to.

use super::answers::{Decision, Refused, RefusedBy, Released, SpendAnswer, SpendCheck, SpendSettled};
use super::known::BudgetId;
use super::request::SpendRequest;
use super::{ReservationId, evaluating::Which};
use crate::engine::Finops;
use crate::model::dimension::BuiltIn;
use crate::model::money::Money;
use crate::model::time::Stamp;
use crate::pipeline::gate::{Closed, GateError, Refusal, Reserved, Settled, Spend, Terms, Verdict};
use crate::{Error, ErrorCode, Result};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long an amount is held, unless somebody says otherwise.
pub(super) const DEFAULT_TTL: Duration = Duration::from_mins(5);
/// How often a call looks at budgets whose period has ended before it gives up.
const ATTEMPTS: usize = 8;

/// How a reservation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpendTerms {
    /// How long the amount is held: 1 microsecond and more, by default five minutes.
    pub ttl: Duration,
    /// The id, where the caller makes it: the same id again gets the same answer. By default a new one.
    pub id: Option<ReservationId>,
}

impl Default for SpendTerms {
    fn default() -> Self {
        Self { ttl: DEFAULT_TTL, id: None }
    }
}

impl Finops {
    /// Whether a spend may happen now. Nothing is held: between this and the spend others may come first, which is what
    /// [`Finops::budgets_reserve`] is for.
    ///
    /// # Errors
    /// `invalid_argument` with the field, also for an amount of 10^20 and more; `mixed_currencies` when a budget that
    /// has a limit or is closed counts in another currency, whatever the amount; `forbidden` on a narrowed handle for
    /// a spend of others; `conflict` on a handle for reading; `storage`.
    pub fn budgets_check(&self, request: &SpendRequest) -> Result<SpendCheck> {
        self.permit("budgets.check")?;
        request.check_only()?;
        let Some(amount) = request.amount()? else { return Ok(SpendCheck::refused(Some(Refused::UnknownPrice), None)) };
        request.with_spend(self, amount, |spend| self.check_spend(spend))
    }

    /// Holds the amount of a spend in every budget that covers it, or in none, and names the budget that refused. What
    /// is neither settled nor released within `ttl_seconds` is let go of by itself.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let alert = json!({"tenant": "ten_001", "amount": 10, "currency": "USD", "pause_at_pct": 100});
    /// let budget = finops.set_budget_alert(serde_json::from_value(alert).unwrap())?.budget_id;
    ///
    /// let spend = serde_json::from_value(json!({"amount": "8", "tenant_id": "ten_001"})).unwrap();
    /// let held = finops.budgets_reserve(&spend)?;
    /// let refused = finops.budgets_reserve(&spend)?;
    /// assert_eq!(refused.refused_by.unwrap().budget_id, budget, "8 are held, and 16 would be above 10");
    ///
    /// let settled = finops.budgets_settle(held.reservation_id.unwrap(), "2.5".parse()?)?;
    /// assert_eq!(settled.released, "5.5".parse()?);
    /// assert_eq!(finops.get_budget_status(budget)?.spent, Some("2.5".parse()?));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::budgets_check`]; `conflict` for an `id` that was used for another spend, or that is over.
    pub fn budgets_reserve(&self, request: &SpendRequest) -> Result<SpendAnswer> {
        self.permit("budgets.reserve")?;
        let terms = request.terms()?;
        let Some(amount) = request.amount()? else {
            return Ok(SpendAnswer::refused(Some(Refused::UnknownPrice), None, false));
        };
        request.with_spend(self, amount, |spend| self.reserve_spend(spend, terms))
    }

    /// Says what a reservation came to. The whole amount counts as spent, also when it is more than was reserved, and
    /// when it comes after the reservation expired; it becomes a charge of billing account `gate` with the next query.
    ///
    /// Who meters the same call with [`Finops::record_usage`] releases the reservation instead: else it counts twice.
    ///
    /// # Errors
    /// `not_found` for a reservation that never was, is not this handle's, was made before the engine was opened, or is
    /// long over; `conflict` when it was settled or released before; `invalid_argument` for an amount below 0, or of
    /// 10^20 and more; `overflow` where the same spender would come to 10^20 within a quarter of an hour.
    pub fn budgets_settle(&self, id: ReservationId, amount: Money) -> Result<SpendSettled> {
        self.permit("budgets.settle")?;
        let (settled, is_due) = self.settle_at_once(id, amount)?;
        if is_due {
            self.look_at_budgets();
        }
        Ok(settled)
    }

    /// Lets go of what a reservation held: nothing was spent, or it is metered. It never waits for the store.
    ///
    /// # Errors
    /// `not_found` as [`Finops::budgets_settle`]; `conflict` when it is over already, also by expiry.
    pub fn budgets_release(&self, id: ReservationId) -> Result<Released> {
        self.permit("budgets.release")?;
        let released = self.budgets.gate.release_own(id, &self.own_ids(), self.clock.now());
        let released = released.map_err(|error| self.told(error))?;
        Ok(Released { released })
    }

    /// As [`Finops::budgets_check`], for those who have the spend at hand: it allocates nothing unless it is refused.
    ///
    /// # Errors
    /// As [`Finops::budgets_check`].
    pub fn check_spend(&self, spend: &Spend<'_>) -> Result<SpendCheck> {
        self.permit("budgets.check")?;
        let now = self.clock.now();
        self.ask_gate(spend, now, |now| self.budgets.gate.check(spend, now)).map(|verdict| self.checked(verdict))
    }

    /// As [`Finops::budgets_reserve`], for those who have the spend at hand.
    ///
    /// # Errors
    /// As [`Finops::budgets_reserve`].
    pub fn reserve_spend(&self, spend: &Spend<'_>, terms: SpendTerms) -> Result<SpendAnswer> {
        self.permit("budgets.reserve")?;
        let now = self.clock.now();
        let id = self.reservation_id(terms, now)?;
        self.ask_gate(spend, now, |now| self.reserve(id, spend, terms, now)).map(|reserved| self.answered(id, reserved))
    }

    /// The same from memory alone; none when budgets have to be looked at first.
    pub(super) fn check_spend_at_once(&self, spend: &Spend<'_>) -> Result<Option<SpendCheck>> {
        let now = self.clock.now();
        let verdict = self.ask_gate_at_once(spend, now, |now| self.budgets.gate.check(spend, now))?;
        Ok(verdict.map(|verdict| self.checked(verdict)))
    }

    /// The same from memory alone; none when budgets have to be looked at first, and then nothing is held.
    pub(super) fn reserve_spend_at_once(&self, spend: &Spend<'_>, terms: SpendTerms) -> Result<Option<SpendAnswer>> {
        let now = self.clock.now();
        let id = self.reservation_id(terms, now)?;
        let reserved = self.ask_gate_at_once(spend, now, |now| self.reserve(id, spend, terms, now))?;
        Ok(reserved.map(|reserved| self.answered(id, reserved)))
    }

    fn reservation_id(&self, terms: SpendTerms, now: Stamp) -> Result<ReservationId> {
        if let Some(id) = terms.id {
            return Ok(id);
        }
        let random = self.budgets.pool.draw(self.entropy.as_ref())?;
        Ok(ReservationId::new(now, random))
    }

    fn reserve(
        &self,
        id: ReservationId,
        spend: &Spend<'_>,
        terms: SpendTerms,
        now: Stamp,
    ) -> Result<Reserved, GateError> {
        let asked = Terms { ttl: Some(terms.ttl), idempotent: terms.id.is_some() };
        self.budgets.gate.reserve(id, spend, asked, now).map_err(|error| match error {
            // It may have been a reservation of others.
            GateError::Resolved { id, .. } if self.is_narrowed() => GateError::Differs { id, field: "scope" },
            error => error,
        })
    }

    /// Asks the gate, with budgets looked at before where that is due.
    fn ask_gate<T>(&self, spend: &Spend<'_>, now: Stamp, ask: impl Fn(Stamp) -> Result<T, GateError>) -> Result<T> {
        self.check_is_own(spend)?;
        self.follow(now)?;
        self.admit(now, ask)
    }

    /// Asks the gate unless budgets have to be looked at before.
    fn ask_gate_at_once<T>(
        &self,
        spend: &Spend<'_>,
        now: Stamp,
        ask: impl FnOnce(Stamp) -> Result<T, GateError>,
    ) -> Result<Option<T>> {
        self.check_is_own(spend)?;
        if self.has_to_follow(now) {
            return Ok(None);
        }
        match ask(now) {
            Err(GateError::Rolled(_)) => Ok(None),
            answer => answer.map(Some).map_err(|error| self.told(error)),
        }
    }

    /// What holds for every spend.
    fn check_is_own(&self, spend: &Spend<'_>) -> Result<()> {
        if self.budgets.reads_only {
            return Err(Error::new(ErrorCode::Conflict, "the engine was opened for reading, and has no gate"));
        }
        let given = |(dimension, _): &&(BuiltIn, &str)| matches!(dimension, BuiltIn::Account | BuiltIn::Currency);
        if let Some((dimension, _)) = spend.ids.iter().find(given) {
            return Err(Error::invalid(dimension.as_str(), "is given by the gate: leave it out"));
        }
        self.check_own(spend)
    }

    /// Asks the gate, with budgets whose period does not hold looked at before it is asked again.
    fn admit<T>(&self, mut now: Stamp, ask: impl Fn(Stamp) -> Result<T, GateError>) -> Result<T> {
        for _ in 0..ATTEMPTS {
            match ask(now) {
                Err(GateError::Rolled(budget)) => self.roll(budget, now)?,
                answer => return answer.map_err(|error| self.told(error)),
            }
            now = self.clock.now();
        }
        Err(Error::new(ErrorCode::Conflict, "a budget's period keeps changing: check the clock, then call again"))
    }

    /// Looks at all budgets, unless somebody else did so meanwhile.
    fn roll(&self, budget: BudgetId, now: Stamp) -> Result<()> {
        let period = {
            let _whoever_looks_at_them_is_done = self.budgets.looked();
            self.budgets.gate.state(budget, now).map(|state| state.limits.period)
        };
        if period.is_some_and(|period| period.contains(now)) { Ok(()) } else { self.evaluate(Which::All) }
    }

    /// Takes note of what was settled: it is to be written, and somebody may have to be told. Gives whether budgets
    /// have to be looked at for that.
    pub(super) fn note_settled(&self, settled: &Settled, now: Stamp) -> bool {
        // Read first: what every thread writes, every thread waits for.
        if !self.budgets.unwritten.load(Ordering::Acquire) {
            self.budgets.unwritten.store(true, Ordering::Release);
        }
        if settled.alert_due {
            self.budgets.alerted.store(true, Ordering::Release);
        }
        settled.alert_due && self.has_to_follow(now)
    }

    fn checked(&self, verdict: Verdict) -> SpendCheck {
        match verdict {
            Verdict::Allow { covered } => SpendCheck::allowed(self.counted(covered)),
            Verdict::Deny(refusal) => {
                let (reason, refused_by) = self.refused(&refusal);
                SpendCheck::refused(reason, refused_by)
            }
        }
    }

    fn answered(&self, id: ReservationId, reserved: Reserved) -> SpendAnswer {
        let Reserved { verdict, repeated, expires } = reserved;
        match verdict {
            Verdict::Allow { covered } => SpendAnswer {
                reservation_id: Some(id),
                decision: Decision::Allow,
                budgets: self.counted(covered),
                reason: None,
                refused_by: None,
                expires_at: expires,
                repeated,
            },
            Verdict::Deny(refusal) => {
                let (reason, refused_by) = self.refused(&refusal);
                SpendAnswer::refused(reason, refused_by, repeated)
            }
        }
    }

    /// How many budgets cover a spend. A narrowed handle does not see all of them, and is not told.
    fn counted(&self, covered: usize) -> Option<u64> {
        if self.is_narrowed() { None } else { u64::try_from(covered).ok() }
    }

    /// An error of the gate as it is told on this handle: a narrowed one learns neither of budgets that it does not see
    /// nor of the reservations of others.
    pub(super) fn told(&self, error: GateError) -> Error {
        if !self.is_narrowed() {
            return error.into_error();
        }
        match &error {
            GateError::Currency { budget, currency, .. } if !self.sees(*budget) => {
                let message = format!("a budget that covers it is in another currency than {currency}");
                Error::new(ErrorCode::MixedCurrencies, message)
            }
            GateError::Overflow(budget) if !self.sees(*budget) => {
                Error::overflow("the amounts of a budget that covers it do not fit: use a smaller amount")
            }
            // Whether it is a reservation of others is not told.
            GateError::Differs { id, field: "scope" } => {
                Error::new(ErrorCode::Conflict, format!("reservation {id} cannot be made: use a new id"))
            }
            _ => error.into_error(),
        }
    }

    /// Whether this handle sees the budget of that id.
    fn sees(&self, id: BudgetId) -> bool {
        self.budgets.known().get(id).is_some_and(|held| self.sees_budget(&held.budget))
    }

    /// Why, and by which budget. A narrowed handle learns nothing of the figures of budgets that are not its own.
    fn refused(&self, refusal: &Refusal) -> (Option<Refused>, Option<Box<RefusedBy>>) {
        let reason = match refusal.closed {
            None => Refused::Limit,
            Some(Closed::Forecast) => Refused::Forecast,
            Some(_) => Refused::SpentUnknown,
        };
        let known = self.budgets.known();
        let held = known.get(refusal.budget);
        if self.is_narrowed() && !held.is_some_and(|held| self.sees_budget(&held.budget)) {
            return (Some(reason), None);
        }
        let refused_by = RefusedBy {
            budget_id: refusal.budget,
            name: held.map(|held| held.budget.name.clone()).unwrap_or_default(),
            limit: refusal.limit,
            threshold_percent: refusal.threshold_percent,
            spent: refusal.spent,
            reserved: refusal.reserved,
            requested: refusal.requested,
            until: refusal.until,
        };
        (Some(reason), Some(Box::new(refused_by)))
    }
}
