//! A cost centre as callers give it, field by field.

use super::{CenterScope, CenterType, CostCenter, Percent};
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money};
use crate::model::time::Stamp;
use crate::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A cost centre that is to be made: [`CostCenter`] without what the engine gives.
///
/// ```
/// use finops_core::model::center::CostCenterCreate;
///
/// let center: CostCenterCreate = serde_json::from_str(r#"{
///     "name": "Trade Finance Operations", "type": "rail", "rail": "trade-finance", "budget_monthly": 5000,
///     "currency": "USD", "alert_threshold_pct": 0.8, "owner_id": "user_ops_lead_001"
/// }"#).unwrap();
/// assert_eq!(center.alert_threshold_pct.unwrap().value(), "80".parse()?);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CostCenterCreate {
    /// What people call it. 1 to 512 bytes; no other centre has the same but for case and blanks around it.
    pub name: String,
    /// What it is for.
    pub r#type: CenterType,
    /// The id of the tenant; of a centre of that type, and of no other.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The id of the workspace; of a centre of that type, and of no other.
    #[serde(default)]
    pub workspace: Option<String>,
    /// The name of the product line; of a centre of that type, and of no other.
    #[serde(default)]
    pub rail: Option<String>,
    /// What its charges must also be. A centre of type `custom` needs this or `dimensions`.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// Values that its charges must also have, by dimension. At most 64.
    #[serde(default)]
    pub dimensions: Option<BTreeMap<Dimension, String>>,
    /// What it may cost a month, 0 or more.
    #[serde(default)]
    pub budget_monthly: Option<Money>,
    /// The currency of the budget; by default that of the engine.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// At which share of the budget its owner is warned: 80 and 0.8 mean the same.
    #[serde(default)]
    pub alert_threshold_pct: Option<Percent>,
    /// The id of the user who answers for it.
    #[serde(default)]
    pub owner_id: Option<String>,
    /// The centre that it is a part of.
    #[serde(default)]
    pub parent: Option<Id<id::CostCenter>>,
}

impl CostCenterCreate {
    /// A centre with a name and a scope, and nothing else.
    pub fn new(name: impl Into<String>, scope: CenterScope) -> Self {
        let mut new = Self {
            name: name.into(),
            r#type: scope.kind(),
            tenant: None,
            workspace: None,
            rail: None,
            filter: None,
            dimensions: None,
            budget_monthly: None,
            currency: None,
            alert_threshold_pct: None,
            owner_id: None,
            parent: None,
        };
        match scope {
            CenterScope::Tenant { tenant } => new.tenant = Some(tenant),
            CenterScope::Workspace { workspace } => new.workspace = Some(workspace),
            CenterScope::Rail { rail } => new.rail = Some(rail),
            CenterScope::Custom => {}
        }
        new
    }

    /// The centre, with what the engine gives; `currency` is that of a budget that names none.
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no centre can be.
    pub fn into_center(self, id: Id<id::CostCenter>, created_at: Stamp, currency: Currency) -> Result<CostCenter> {
        let scope = self.scope()?;
        let center = CostCenter {
            filter: self.filter.filter(|filter| *filter != Filter::default()),
            dimensions: self.dimensions.unwrap_or_default(),
            budget_monthly: self.budget_monthly,
            currency: self.currency.or(self.budget_monthly.map(|_| currency)),
            alert_threshold_pct: self.alert_threshold_pct,
            owner_id: self.owner_id,
            parent: self.parent,
            ..CostCenter::new(id, self.name, scope, created_at)
        };
        center.validate()?;
        Ok(center)
    }

    /// The one value that its type asks for.
    fn scope(&self) -> Result<CenterScope> {
        let word = self.r#type.as_str();
        let values = [("tenant", &self.tenant), ("workspace", &self.workspace), ("rail", &self.rail)];
        if let Some((field, _)) = values.iter().find(|(field, value)| *field != word && value.is_some()) {
            let message = format!("is for a centre of type '{field}', and this is of type '{word}': use `dimensions`");
            return Err(Error::invalid(*field, message));
        }
        let value = values.into_iter().find_map(|(field, value)| value.clone().filter(|_| field == word));
        let missing =
            || Error::invalid(word, format!("is missing: a centre of type '{word}' says which {word} it is for"));
        Ok(match self.r#type {
            CenterType::Tenant => CenterScope::Tenant { tenant: value.ok_or_else(missing)? },
            CenterType::Workspace => CenterScope::Workspace { workspace: value.ok_or_else(missing)? },
            CenterType::Rail => CenterScope::Rail { rail: value.ok_or_else(missing)? },
            CenterType::Custom => CenterScope::Custom,
        })
    }
}
