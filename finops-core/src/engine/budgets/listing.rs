//! Looking at budgets: which there are, and how each stands.

use super::evaluating::Which;
use super::known::{BudgetId, Covered, unknown};
use super::observing::Charged;
use super::outlooks::{Outlook, has_forecast};
use crate::engine::{Finops, Page};
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::budget::{Budget, Lifecycle, ScopeLevel};
use crate::model::money::Money;
use crate::pipeline::budget::{BudgetStatus, assess};
use crate::{Error, ErrorCode, Result};
use serde::Deserialize;
use std::sync::Arc;

/// The budget that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine) struct BudgetKey {
    pub(in crate::engine) id: BudgetId,
}

impl BudgetKey {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["id"];
}

/// Which budgets to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetList {
    /// Only those of that level.
    #[serde(alias = "scopeLevel")]
    pub scope_level: Option<ScopeLevel>,
    /// Only those for that one.
    #[serde(alias = "scopeId")]
    pub scope_id: Option<String>,
    /// Only those of that organization.
    #[serde(alias = "organizationId")]
    pub organization_id: Option<String>,
    /// Only those that are so.
    pub status: Option<Lifecycle>,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl BudgetList {
    pub(in crate::engine) const FIELDS: &'static [&'static str] =
        &["scope_level", "scope_id", "organization_id", "status", "limit", "offset"];

    /// Whether it is about a budget, however that stands.
    fn is_for(&self, budget: &Budget) -> bool {
        self.scope_level.is_none_or(|level| level == budget.scope.level)
            && self.scope_id.as_ref().is_none_or(|id| budget.scope.id.as_ref() == Some(id))
            && self.organization_id.as_ref().is_none_or(|id| budget.organization_id.as_ref() == Some(id))
    }
}

impl Finops {
    /// A page of budgets in the order of their making, those of cost centres last.
    ///
    /// ```
    /// use finops_core::engine::BudgetList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.budgets_list(&BudgetList::default())?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn budgets_list(&self, request: &BudgetList) -> Result<Page<Budget>> {
        self.permit("budgets.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let held: Vec<Arc<Covered>> = self.known_budgets()?.iter().cloned().collect();
        self.look_at_all()?;
        let is_wanted = |held: &Arc<Covered>| self.sees_budget(&held.budget) && request.is_for(&held.budget);
        let seen: Vec<Arc<Covered>> = held.into_iter().filter(is_wanted).collect();
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, items) = if request.status.is_some() {
            let standing = self.standing(&seen)?.into_iter();
            let found: Vec<Budget> = standing.filter(|budget| request.status == Some(budget.status)).collect();
            (size(found.len()), found.into_iter().skip(offset).take(limit).collect())
        } else {
            // How the others stand is not asked.
            let page: Vec<Arc<Covered>> = seen.iter().skip(offset).take(limit).cloned().collect();
            (size(seen.len()), self.standing(&page)?)
        };
        let (limit_size, offset_size) = (size(limit), size(offset));
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// A budget, with the status that it has now.
    ///
    /// # Errors
    /// `not_found`.
    pub fn budgets_get(&self, id: BudgetId) -> Result<Budget> {
        self.permit("budgets.get")?;
        self.budget(id)?;
        self.look_at(id)?;
        self.budget_as_it_stands(id)
    }

    /// How a budget stands in the period that holds now: what it has spent, which is the answer of the cost query for
    /// the same filter, view and period, what is reserved, what is left, and what will have been spent at the end.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::budget::Health;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let alert = json!({"tenant": "ten_001", "amount": 100, "currency": "USD"});
    /// let made = finops.set_budget_alert(serde_json::from_value(alert).unwrap())?;
    /// let status = finops.get_budget_status(made.budget_id)?;
    /// assert_eq!((status.status, status.remaining), (Some(Health::OnTrack), Some("100".parse()?)));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `mixed_currencies` when charges are in a currency for which the budget has no rate.
    pub fn get_budget_status(&self, id: BudgetId) -> Result<BudgetStatus> {
        self.permit("get_budget_status")?;
        let held = self.budget(id)?;
        if self.budgets.reads_only {
            return self.status_by_charges(&held);
        }
        self.evaluate(Which::Status(id))?;
        let reserved = self.budgets.gate.state(id, self.clock.now()).map_or(Money::ZERO, |state| state.reserved);
        let looked = self.budgets.looked();
        let look = looked.get(id).ok_or_else(|| unknown(id))?;
        let spent = look.charged.spent.as_ref().map_err(|error| again(error))?;
        let seen = look.seen.as_ref().map(|(observed, assessed)| (observed, assessed));
        BudgetStatus::new(&look.held.budget, seen, reserved, spent.unknown_costs)
    }

    /// The same on a handle for reading, which has no gate.
    fn status_by_charges(&self, held: &Arc<Covered>) -> Result<BudgetStatus> {
        let now = self.clock.now();
        let charged = self.charged_and_outlooks(std::slice::from_ref(held), |_| true, now)?;
        let Some((charged, outlook)) = charged.into_iter().next() else { return Err(unknown(held.budget.id)) };
        let spent = charged.spent.map_err(|error| again(&error))?;
        let seen = charged.period.map(|period| {
            let observed = self.observed(held, outlook.as_ref(), period, Some(spent.amount), now)?;
            let assessed = assess(&held.budget, &[], &observed)?;
            Ok::<_, Error>((observed, assessed))
        });
        let seen = seen.transpose()?;
        let seen = seen.as_ref().map(|(observed, assessed)| (observed, assessed));
        BudgetStatus::new(&held.budget, seen, Money::ZERO, spent.unknown_costs)
    }

    fn look_at(&self, id: BudgetId) -> Result<()> {
        if self.budgets.reads_only { Ok(()) } else { self.evaluate(Which::Only(id)) }
    }

    fn look_at_all(&self) -> Result<()> {
        if self.budgets.reads_only { Ok(()) } else { self.evaluate(Which::All) }
    }

    pub(super) fn budget_as_it_stands(&self, id: BudgetId) -> Result<Budget> {
        let held = self.known_budgets()?.get(id).cloned().ok_or_else(|| unknown(id))?;
        let standing = self.standing(std::slice::from_ref(&held))?;
        Ok(standing.into_iter().next().unwrap_or_else(|| held.budget.clone()))
    }

    /// Budgets with the status that was found last; on a handle for reading with the one that charges give.
    fn standing(&self, held: &[Arc<Covered>]) -> Result<Vec<Budget>> {
        let with = |held: &Arc<Covered>, status: Option<Lifecycle>| Budget {
            status: status.unwrap_or(held.budget.status),
            ..held.budget.clone()
        };
        if self.budgets.reads_only {
            let now = self.clock.now();
            let charged = self.charged_and_outlooks(held, has_forecast, now)?;
            let status = |held: &Arc<Covered>, (charged, outlook): &(Charged, Option<Outlook>)| {
                let spent = charged.spent.as_ref().ok()?.amount;
                let observed = self.observed(held, outlook.as_ref(), charged.period?, Some(spent), now).ok()?;
                Some(assess(&held.budget, &[], &observed).ok()?.lifecycle)
            };
            return Ok(held.iter().zip(&charged).map(|(held, charged)| with(held, status(held, charged))).collect());
        }
        let looked = self.budgets.looked();
        let status = |held: &Arc<Covered>| {
            let look = looked.get(held.budget.id).filter(|look| Arc::ptr_eq(&look.held, held))?;
            Some(look.seen.as_ref()?.1.lifecycle)
        };
        Ok(held.iter().map(|held| with(held, status(held))).collect())
    }
}

/// The same error once more.
fn again(error: &Error) -> Error {
    let told = Error::new(error.code(), error.message());
    match error.field() {
        Some(field) => told.with_field(field),
        None if error.code() == ErrorCode::MixedCurrencies => told.with_field("exchange_rates"),
        None => told,
    }
}
