//! Making, changing and removing budgets.

use super::answers::BudgetMade;
use super::evaluating::Which;
use super::known::{BudgetId, Covered, KeptBudget};
use crate::edge::store::Defined;
use crate::engine::params::parse;
use crate::engine::{Deleted, Finops};
use crate::model::budget::{Budget, BudgetCreate, ScopeLevel, SetBudgetAlert};
use crate::model::id::Id;
use crate::{Error, ErrorCode, Result};
use serde_json::Value;

/// How many budgets there may be, besides those of cost centres.
const MAX_BUDGETS: usize = 100_000;

/// The fields of a budget, after the ones that say which.
macro_rules! budget_fields {
    ($( $which:literal ),*) => {
        &[
            $( $which, )*
            "name",
            "description",
            "organization_id",
            "scope",
            "filter",
            "budget",
            "thresholds",
            "view",
            "zero_cost",
            "rearm",
            "exchange_rates",
            "enabled",
        ]
    };
}

/// The fields of a budget, as `budgets.create` takes them.
pub(in crate::engine) const BUDGET_FIELDS: &[&str] = budget_fields!();

/// The fields of a change, as `budgets.update` takes them.
pub(in crate::engine) const BUDGET_CHANGES: &[&str] = budget_fields!("id");

impl Finops {
    /// Makes a budget and gives its id. What it covers counts from the start of its present period, whenever it came.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use serde_json::json;
    ///
    /// let finops = Finops::builder().now("2026-01-15T00:00:00Z".parse()?).open(":memory:")?;
    /// let made = finops.budgets_create(serde_json::from_value(json!({
    ///     "name": "Q1 AI spend",
    ///     "scope": {"level": "organization", "id": "org_xyz"},
    ///     "budget": {"amount": 10000, "currency": "USD", "type": "recurring", "period": "monthly", "reset_day": 1},
    ///     "thresholds": [{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}],
    /// })).unwrap())?;
    /// let status = finops.get_budget_status(made.budget_id)?;
    /// assert_eq!(status.spent, Some("0".parse()?));
    /// assert_eq!(status.period_end, Some("2026-02-01T00:00:00Z".parse()?));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no budget can be; `not_found` for a cost centre that does not exist;
    /// `forbidden` on a narrowed handle for what is not its own; `conflict` beyond 100,000 budgets, and on a handle for
    /// reading.
    pub fn budgets_create(&self, budget: BudgetCreate) -> Result<BudgetMade> {
        self.permit("budgets.create")?;
        self.make_budget(budget)
    }

    /// Makes a budget in few words: an amount a month for one thing, and at which share to be told of it.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let alert = json!({"rail": "trade-finance", "amount": 5000, "currency": "USD", "alert_threshold_pct": 0.8});
    /// let made = finops.set_budget_alert(serde_json::from_value(alert).unwrap())?;
    /// assert_eq!(finops.budgets_get(made.budget_id)?.name, "rail trade-finance monthly");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::budgets_create`].
    pub fn set_budget_alert(&self, alert: SetBudgetAlert) -> Result<BudgetMade> {
        self.permit("set_budget_alert")?;
        self.make_budget(alert.into_budget(self.currency)?)
    }

    fn make_budget(&self, form: BudgetCreate) -> Result<BudgetMade> {
        let alone = self.centers.alone();
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        let now = self.clock.now();
        let budget = form.into_budget(Id::new(now, random), now)?;
        let number = {
            let known = self.known_budgets()?;
            if known.made() >= MAX_BUDGETS {
                let message = format!("there are {MAX_BUDGETS} budgets already: delete those that are over");
                return Err(Error::new(ErrorCode::Conflict, message));
            }
            known.number + 1
        };
        let budget_id = budget.id;
        self.write_budget(number, budget)?;
        drop(alone);
        self.evaluate_after(budget_id);
        Ok(BudgetMade { budget_id })
    }

    /// Changes a budget and gives it back: the given fields take the place of what it says, null takes them back. Of
    /// the object `budget` only the fields that are given change. What it has spent is compared with it at once.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let alert = json!({"tenant": "ten_001", "amount": 100});
    /// let made = finops.set_budget_alert(serde_json::from_value(alert).unwrap())?;
    /// let changed = finops.budgets_update(made.budget_id, json!({"budget": {"amount": 200}, "name": "More"}))?;
    /// assert_eq!((changed.name.as_str(), changed.budget.amount), ("More", "200".parse()?));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `conflict` for the budget of a cost centre, which is changed with the centre; else as
    /// [`Finops::budgets_create`].
    pub fn budgets_update(&self, id: BudgetId, changes: Value) -> Result<Budget> {
        self.permit("budgets.update")?;
        let Value::Object(changes) = changes else {
            return Err(Error::new(ErrorCode::InvalidArgument, "a change is an object such as {\"name\": \"Q2\"}"));
        };
        let now = self.clock.now();
        self.change_budget(id, |before| before.changed(parse(Value::Object(before.merged(changes)?))?, now))
    }

    /// Puts a budget out of force: nothing is counted against it, nobody is held up by it and nothing told of it.
    ///
    /// # Errors
    /// `conflict` when it is paused already; else as [`Finops::budgets_update`].
    pub fn budgets_pause(&self, id: BudgetId) -> Result<Budget> {
        self.permit("budgets.pause")?;
        let now = self.clock.now();
        self.change_budget(id, |before| before.pause(now))
    }

    /// Puts a paused budget into force again. What its period has spent meanwhile counts.
    ///
    /// # Errors
    /// `conflict` when it is not paused; else as [`Finops::budgets_update`].
    pub fn budgets_resume(&self, id: BudgetId) -> Result<Budget> {
        self.permit("budgets.resume")?;
        let now = self.clock.now();
        self.change_budget(id, |before| before.resume(now))
    }

    fn change_budget(&self, id: BudgetId, change: impl FnOnce(&Budget) -> Result<Budget>) -> Result<Budget> {
        let alone = self.centers.alone();
        let held = self.budget(id)?;
        let number = number_of(&held)?;
        self.write_budget(number, change(&held.budget)?)?;
        drop(alone);
        self.evaluate_after(id);
        self.budget_as_it_stands(id)
    }

    /// Removes a budget. What was charged stays; what is reserved is held by the others that cover it.
    ///
    /// # Errors
    /// `not_found`; `conflict` for the budget of a cost centre, and on a handle for reading.
    pub fn budgets_delete(&self, id: BudgetId) -> Result<Deleted> {
        self.permit("budgets.delete")?;
        let alone = self.centers.alone();
        let held = self.budget(id)?;
        let kept = KeptBudget { number: number_of(&held)?, budget: held.budget.clone(), deleted: true };
        self.write_kept(&kept)?;
        drop(alone);
        self.evaluate_after(id);
        Ok(Deleted { deleted: true })
    }

    /// Writes a budget that is this handle's to write.
    fn write_budget(&self, number: u64, budget: Budget) -> Result<()> {
        if !self.sees_budget(&budget) {
            let message = "is not this handle's: a narrowed handle makes budgets for what it is narrowed to";
            return Err(Error::new(ErrorCode::Forbidden, message).with_field("scope"));
        }
        budget.check_with(&*self.cost_centers()?)?;
        self.write_kept(&KeptBudget { number, budget, deleted: false })
    }

    fn write_kept(&self, kept: &KeptBudget) -> Result<()> {
        let body = serde_json::to_string(kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        let definition = (kept.budget.id.to_string(), body);
        self.store.put_definitions(Defined::Budget, &[definition], &self.keeping(kept.deleted))?;
        self.budgets.any.store(true, std::sync::atomic::Ordering::Release);
        Ok(())
    }

    /// Looks at a budget that was written. The gate goes by it from then on; what goes wrong is told by the next call,
    /// which looks again.
    fn evaluate_after(&self, id: BudgetId) {
        if self.evaluate(Which::Only(id)).is_err() {
            self.budgets.have_changed();
        }
    }

    /// Whether a budget is this handle's: what it is narrowed to stands in its scope, or is its organization.
    pub(super) fn sees_budget(&self, budget: &Budget) -> bool {
        let Some(access) = self.access().filter(|access| access.is_narrowed()) else { return true };
        let scope = &budget.scope;
        let is =
            |level: ScopeLevel, own: Option<&str>| scope.level == level && own.is_some() && scope.id.as_deref() == own;
        let organization = access.organization_id();
        match (access.tenant_id(), access.narrowed_user()) {
            (tenant, Some(user)) => is(ScopeLevel::User, Some(user)) && tenant.is_none() && organization.is_none(),
            (Some(tenant), None) => is(ScopeLevel::Tenant, Some(tenant)) && organization.is_none(),
            (None, None) => {
                is(ScopeLevel::Organization, organization)
                    || (organization.is_some() && budget.organization_id.as_deref() == organization)
            }
        }
    }
}

fn number_of(held: &Covered) -> Result<u64> {
    held.number.ok_or_else(|| {
        let message = "belongs to its cost centre: change the centre's budget_monthly and alert_threshold_pct";
        Error::new(ErrorCode::Conflict, message).with_field("id")
    })
}
