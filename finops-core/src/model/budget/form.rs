//! A budget as callers give it, field by field.

use super::{Allowance, Budget, BudgetScope, Lifecycle, Thresholds, ZeroCost};
use crate::Result;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::Rates;
use crate::model::time::Stamp;
use serde::{Deserialize, Serialize};

/// A budget that is to be made: [`Budget`] without what the engine gives.
///
/// ```
/// use finops_core::model::budget::BudgetCreate;
///
/// let budget: BudgetCreate = serde_json::from_str(r#"{
///     "name": "Q1 AI Spend", "organizationId": "org_xyz", "scope": {"level": "organization", "id": "org_xyz"},
///     "budget": {"amount": 10000, "currency": "USD", "type": "recurring", "period": "monthly", "resetDay": 1},
///     "thresholds": [{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}]
/// }"#).unwrap();
/// assert_eq!(budget.thresholds.iter().count(), 2);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BudgetCreate {
    /// What people call it. 1 to 512 bytes.
    pub name: String,
    /// What it is good for. At most 4096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whose budget it is. It covers only what is that organization's.
    #[serde(default, alias = "organizationId", skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// What it is for.
    pub scope: BudgetScope,
    /// What its charges must also be. No virtual dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// How much, and in which period.
    pub budget: Allowance,
    /// At which share what happens: 1 to 20.
    pub thresholds: Thresholds,
    /// Which cost of a charge counts; by default the effective one.
    #[serde(default)]
    pub view: CostView,
    /// What the gate does with a spend of nothing when it is closed; by default it lets it through.
    #[serde(default)]
    pub zero_cost: ZeroCost,
    /// Whether a threshold that was left again by a refund is told of once more when it is crossed again in the period;
    /// by default it is not.
    #[serde(default)]
    pub rearm: bool,
    /// What other currencies are worth in that of the budget.
    #[serde(default)]
    pub exchange_rates: Rates,
    /// Whether it is in force; by default it is.
    #[serde(default = "in_force")]
    pub enabled: bool,
}

const fn in_force() -> bool {
    true
}

impl BudgetCreate {
    /// A budget in force, and nothing else.
    pub fn new(name: impl Into<String>, scope: BudgetScope, budget: Allowance, thresholds: Thresholds) -> Self {
        Self {
            name: name.into(),
            description: None,
            organization_id: None,
            scope,
            filter: None,
            budget,
            thresholds,
            view: CostView::default(),
            zero_cost: ZeroCost::default(),
            rearm: false,
            exchange_rates: Rates::default(),
            enabled: true,
        }
    }

    /// The budget, with what the engine gives.
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no budget can be.
    pub fn into_budget(self, id: Id<id::Budget>, created_at: Stamp) -> Result<Budget> {
        let budget = Budget {
            id,
            name: self.name,
            description: self.description,
            organization_id: self.organization_id,
            scope: self.scope,
            filter: self.filter.filter(|filter| *filter != Filter::default()),
            budget: self.budget,
            thresholds: self.thresholds,
            view: self.view,
            zero_cost: self.zero_cost,
            rearm: self.rearm,
            exchange_rates: self.exchange_rates,
            status: if self.enabled { Lifecycle::Active } else { Lifecycle::Paused },
            created_at,
            updated_at: created_at,
        };
        budget.validate()?;
        Ok(budget)
    }
}
