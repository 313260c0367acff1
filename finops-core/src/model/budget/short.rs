//! The short form of a budget: an amount a month for one thing, and when to be told.

use super::{Allowance, BudgetCreate, BudgetPeriod, BudgetScope, ScopeLevel, Threshold, ThresholdPercent, Thresholds};
use crate::model::center::Percent;
use crate::model::money::{Currency, Money};
use crate::{Error, Result};
use serde::Deserialize;

/// How many characters of an id stand in a name that nobody gave.
const MAX_ID_SHOWN: usize = 100;

/// A budget in few words. What it is for stands in `scope`, or in one of the fields that name the usual things.
///
/// It tells of itself at `alert_threshold_pct` and at 100 %, and holds spending up at `pause_at_pct`, if that is given.
///
/// ```
/// use finops_core::model::budget::SetBudgetAlert;
///
/// let alert: SetBudgetAlert = serde_json::from_str(
///     r#"{"rail": "trade-finance", "amount": 5000, "currency": "USD", "alert_threshold_pct": 0.8}"#,
/// ).unwrap();
/// let budget = alert.into_budget("USD".parse()?)?;
/// assert_eq!(budget.name, "rail trade-finance monthly");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SetBudgetAlert {
    /// What people call it; by default what it is for and how often.
    pub name: Option<String>,
    /// What it is for, at any level.
    pub scope: Option<BudgetScope>,
    /// The id of an organization.
    pub organization: Option<String>,
    /// The id of a tenant.
    pub tenant: Option<String>,
    /// The id of a workspace.
    pub workspace: Option<String>,
    /// The name of a product line.
    pub rail: Option<String>,
    /// The id of a cost centre.
    pub cost_center: Option<String>,
    /// The id of a team.
    pub team: Option<String>,
    /// The id of a user.
    pub user: Option<String>,
    /// Who sells the service.
    pub provider: Option<String>,
    /// How much: 0 or more. Must be given.
    pub amount: Option<Money>,
    /// In which currency; by default that of the engine.
    pub currency: Option<Currency>,
    /// How often it starts anew; by default every month.
    pub period: Option<BudgetPeriod>,
    /// At which share somebody is told: 80 and 0.8 mean the same. By default 80 %.
    pub alert_threshold_pct: Option<Percent>,
    /// At which share nothing more is let through: 100 and 1 mean the same. By default at none.
    pub pause_at_pct: Option<Percent>,
}

impl SetBudgetAlert {
    /// Its fields.
    pub const FIELDS: &'static [&'static str] = &[
        "name",
        "scope",
        "organization",
        "tenant",
        "workspace",
        "rail",
        "cost_center",
        "team",
        "user",
        "provider",
        "amount",
        "currency",
        "period",
        "alert_threshold_pct",
        "pause_at_pct",
    ];

    /// The budget that it stands for; `currency` is for one that names none.
    ///
    /// # Errors
    /// `invalid_argument` with the field when the amount is missing, and unless it is for one thing exactly.
    pub fn into_budget(self, currency: Currency) -> Result<BudgetCreate> {
        let amount = self.amount.ok_or_else(|| Error::invalid("amount", "must be given: how much may be spent"))?;
        let period = self.period.unwrap_or(BudgetPeriod::Monthly);
        let warned = self.alert_threshold_pct.map_or(ThresholdPercent::EIGHTY, ThresholdPercent::from);
        let mut thresholds: Vec<Threshold> =
            super::center::told_at([warned, ThresholdPercent::WHOLE].into_iter())?.into();
        thresholds.extend(self.pause_at_pct.map(|percent| Threshold::pause(percent.into())));
        let allowance = Allowance::recurring(amount, self.currency.unwrap_or(currency), period);
        let name = self.name.clone();
        let scope = self.scope()?;
        let name = name.unwrap_or_else(|| match &scope.id {
            Some(id) => {
                let short: String = id.chars().take(MAX_ID_SHOWN).collect();
                format!("{} {short} {}", scope.level.as_str(), period.as_str())
            }
            None => format!("{} {}", scope.level.as_str(), period.as_str()),
        });
        Ok(BudgetCreate::new(name, scope, allowance, Thresholds::new(thresholds)?))
    }

    /// The one thing that it is for.
    fn scope(self) -> Result<BudgetScope> {
        let named = [
            (ScopeLevel::Organization, self.organization),
            (ScopeLevel::Tenant, self.tenant),
            (ScopeLevel::Workspace, self.workspace),
            (ScopeLevel::Rail, self.rail),
            (ScopeLevel::CostCenter, self.cost_center),
            (ScopeLevel::Team, self.team),
            (ScopeLevel::User, self.user),
            (ScopeLevel::Provider, self.provider),
        ];
        let named = named.into_iter().filter_map(|(level, id)| Some(BudgetScope::new(level, id?)));
        let mut given = named.chain(self.scope);
        match (given.next(), given.next()) {
            (Some(scope), None) => Ok(scope),
            (None, _) => Err(Error::invalid(
                "scope",
                "must be given, such as {\"level\": \"platform\"}, or one of `tenant`, `rail`, `team` and so on",
            )),
            (Some(one), Some(other)) => {
                let (one, other) = (one.level.as_str(), other.level.as_str());
                let message = format!("names two things, a {one} and a {other}: make a budget for each");
                Err(Error::invalid("scope", message))
            }
        }
    }
}
