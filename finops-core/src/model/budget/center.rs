//! The budget that a cost centre brings along.

use super::{
    Allowance, Budget, BudgetCreate, BudgetPeriod, BudgetScope, ScopeLevel, Threshold, ThresholdPercent, Thresholds,
};
use crate::Result;
use crate::model::center::CostCenter;

impl Budget {
    /// The budget of a cost centre, which follows whatever the centre says; none when it has no monthly budget.
    ///
    /// It has the digits of the centre's id, so that each leads to the other. Its owner is warned at the centre's
    /// threshold, if it has one, and at 100 %; nothing is held up.
    ///
    /// ```
    /// use finops_core::model::budget::Budget;
    /// use finops_core::model::center::{CenterScope, CostCenter};
    ///
    /// let scope = CenterScope::Rail { rail: "trade-finance".into() };
    /// let id = "cc_01hk153x000000000000000000".parse()?;
    /// let mut center = CostCenter::new(id, "Trade Finance", scope, "2024-01-01T00:00:00Z".parse()?);
    /// assert!(Budget::of_center(&center)?.is_none());
    /// (center.budget_monthly, center.currency) = (Some("5000".parse()?), Some("USD".parse()?));
    /// let budget = Budget::of_center(&center)?.unwrap();
    /// assert_eq!(budget.id.to_string(), "bud_01hk153x000000000000000000");
    /// assert_eq!(budget.scope.center(), Some(center.id));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for what no budget can be.
    pub fn of_center(center: &CostCenter) -> Result<Option<Self>> {
        let (Some(amount), Some(currency)) = (center.budget_monthly, center.currency) else { return Ok(None) };
        let scope = BudgetScope::new(ScopeLevel::CostCenter, center.id.to_string());
        let warned = center.alert_threshold_pct.map(ThresholdPercent::from);
        let thresholds = told_at(warned.into_iter().chain([ThresholdPercent::WHOLE]))?;
        let monthly = Allowance::recurring(amount, currency, BudgetPeriod::Monthly);
        let form = BudgetCreate::new(&center.name, scope, monthly, thresholds);
        let budget = form.into_budget(center.id.twin(), center.created_at)?;
        Ok(Some(Self { updated_at: center.updated_at, ..budget }))
    }
}

/// An alert at each of those shares, once.
pub(super) fn told_at(percents: impl Iterator<Item = ThresholdPercent>) -> Result<Thresholds> {
    let mut alerts: Vec<Threshold> = percents.map(Threshold::alert).collect();
    alerts.sort_unstable();
    alerts.dedup();
    Thresholds::new(alerts)
}
