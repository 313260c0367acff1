//! What a budget is for: a level, and which one of it.

use crate::model::center::CostCenters;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// How long an id may be, in bytes.
const MAX_ID_BYTES: usize = 512;

/// What kind of thing a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScopeLevel {
    /// Everything; has no id.
    Platform,
    /// An organization.
    Organization,
    /// A tenant.
    Tenant,
    /// A workspace.
    Workspace,
    /// A user.
    User,
    /// A team.
    Team,
    /// A component of the platform.
    Component,
    /// A cost centre.
    #[serde(alias = "costCenter")]
    CostCenter,
    /// A product line.
    Rail,
    /// Who sells the service.
    Provider,
    /// A resource group.
    #[serde(alias = "resourceGroup")]
    ResourceGroup,
    /// One resource, by its id.
    Resource,
    /// The provider's kind of resource.
    #[serde(alias = "resourceType")]
    ResourceType,
    /// A value of a tag; the id is `KEY=VALUE`.
    Tag,
}

impl ScopeLevel {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Organization => "organization",
            Self::Tenant => "tenant",
            Self::Workspace => "workspace",
            Self::User => "user",
            Self::Team => "team",
            Self::Component => "component",
            Self::CostCenter => "cost_center",
            Self::Rail => "rail",
            Self::Provider => "provider",
            Self::ResourceGroup => "resource_group",
            Self::Resource => "resource",
            Self::ResourceType => "resource_type",
            Self::Tag => "tag",
        }
    }

    /// The dimension in which charges have the id; none of the platform and of tags.
    pub const fn dimension(self) -> Option<BuiltIn> {
        Some(match self {
            Self::Platform | Self::Tag => return None,
            Self::Organization => BuiltIn::Organization,
            Self::Tenant => BuiltIn::Tenant,
            Self::Workspace => BuiltIn::Workspace,
            Self::User => BuiltIn::User,
            Self::Team => BuiltIn::Team,
            Self::Component => BuiltIn::Component,
            Self::CostCenter => BuiltIn::CostCenter,
            Self::Rail => BuiltIn::Rail,
            Self::Provider => BuiltIn::Provider,
            Self::ResourceGroup => BuiltIn::ResourceGroup,
            Self::Resource => BuiltIn::ResourceId,
            Self::ResourceType => BuiltIn::ResourceType,
        })
    }
}

/// What a budget is for: `{"level": "team", "id": "search"}`, `{"level": "tag", "id": "env=prod"}`.
///
/// The id of a cost centre that the engine keeps (`cc_...`) means all that is the centre's own by its scope, its
/// dimensions and its filter, and every charge that names it. Any other text of that level is what charges carry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetScope {
    /// The kind of thing.
    pub level: ScopeLevel,
    /// Which one, 1 to 512 bytes; none of the platform. Of a tag `KEY=VALUE`, where the key ends with the first `=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl BudgetScope {
    /// Everything.
    pub const PLATFORM: Self = Self { level: ScopeLevel::Platform, id: None };

    /// One thing of that level.
    pub fn new(level: ScopeLevel, id: impl Into<String>) -> Self {
        Self { level, id: Some(id.into()) }
    }

    /// Checks that there is an id exactly where one is needed.
    ///
    /// # Errors
    /// `invalid_argument` on `scope.id`.
    pub fn validate(&self) -> Result<()> {
        let word = self.level.as_str();
        let Some(id) = &self.id else {
            return match self.level {
                ScopeLevel::Platform => Ok(()),
                _ => wrong(format!("is missing: say which {word} the budget is for")),
            };
        };
        if self.level == ScopeLevel::Platform {
            return wrong("has no place in level 'platform', which is everything: leave it out".to_owned());
        }
        if id.trim().is_empty() || id.len() > MAX_ID_BYTES {
            return wrong(format!("must have 1 to {MAX_ID_BYTES} bytes and not be blank"));
        }
        if self.level == ScopeLevel::Tag && self.tag().is_none() {
            return wrong("must be KEY=VALUE, such as 'env=prod'".to_owned());
        }
        Ok(())
    }

    /// Which charges it is about. Those of a cost centre follow what the centre says now.
    ///
    /// ```
    /// use finops_core::model::budget::{BudgetScope, ScopeLevel};
    /// use finops_core::model::center::CostCenters;
    /// use finops_core::model::filter::Filter;
    ///
    /// let prod = BudgetScope::new(ScopeLevel::Tag, "env=prod");
    /// assert_eq!(prod.filter(&CostCenters::default())?, Filter::equals("tag:env".parse()?, "prod"));
    /// assert_eq!(BudgetScope::PLATFORM.filter(&CostCenters::default())?, Filter::default());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`BudgetScope::validate`]; `not_found` for a cost centre that is not there.
    pub fn filter(&self, centers: &CostCenters) -> Result<Filter> {
        self.validate()?;
        if let Some(center) = self.center() {
            let center = centers.get(center).ok_or_else(|| {
                let message = format!("there is no cost centre '{center}'");
                Error::new(ErrorCode::NotFound, message).with_field("scope.id")
            })?;
            let named = Filter::equals(Dimension::BuiltIn(BuiltIn::CostCenter), center.id.to_string());
            return Ok(Filter::Any(vec![center.own_filter(), named]));
        }
        if let Some((key, value)) = self.tag() {
            return Ok(Filter::equals(Dimension::Tag(key.to_owned()), value));
        }
        Ok(match (self.level.dimension(), &self.id) {
            (Some(dimension), Some(id)) => Filter::equals(Dimension::BuiltIn(dimension), id),
            _ => Filter::default(),
        })
    }

    /// The cost centre of the engine that it names, whether or not that is there.
    pub fn center(&self) -> Option<Id<id::CostCenter>> {
        let id = self.id.as_deref().filter(|_| self.level == ScopeLevel::CostCenter)?;
        Id::parse(id).ok()
    }

    /// The key and the value of the tag that it names.
    fn tag(&self) -> Option<(&str, &str)> {
        let id = self.id.as_deref().filter(|_| self.level == ScopeLevel::Tag)?;
        id.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty())
    }
}

fn wrong(message: String) -> Result<()> {
    Err(Error::invalid("scope.id", message))
}
