//! A resource group as callers give it, field by field.

use super::{GroupedResource, ResourceGroup};
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::{Error, Result};
use serde::Deserialize;

/// A resource group that is to be made: [`ResourceGroup`] without what the engine gives.
///
/// ```
/// use finops_core::model::group::{ResourceGroupCreate, ResourceType};
///
/// let group: ResourceGroupCreate = serde_json::from_str(r#"{
///     "name": "Search", "description": "What answers queries", "owner_id": "usr_1",
///     "resources": [{"resource_type": "self_hosted_model", "resource_id": "mdl_1", "resource_name": "Ranker"}]
/// }"#).unwrap();
/// assert_eq!(group.resources.unwrap()[0].resource_type, ResourceType::SelfHostedModel);
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ResourceGroupCreate {
    /// What people call it. 1 to 512 bytes.
    pub name: String,
    /// What it is for. 1 to 4096 bytes.
    #[serde(default)]
    pub description: Option<String>,
    /// What is in it from the start, each resource once, at most 10,000.
    #[serde(default)]
    pub resources: Option<Vec<GroupedResource>>,
    /// The id of the user who owns it; by default the one who makes it.
    #[serde(default)]
    pub owner_id: Option<String>,
    /// The organization whose admins see it too; by default that of who makes it.
    #[serde(default)]
    pub organization_id: Option<String>,
}

impl ResourceGroupCreate {
    /// A group with a name, and nothing else.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The group, with what the engine gives.
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no group can be, `owner_id` without an owner among it.
    pub fn into_group(self, id: Id<id::ResourceGroup>, created_at: Stamp) -> Result<ResourceGroup> {
        let owner = self.owner_id.ok_or_else(|| {
            Error::invalid(
                "owner_id",
                "is missing: give the id of the user who owns the group, or make it as that user",
            )
        })?;
        let group = ResourceGroup {
            description: self.description,
            organization_id: self.organization_id,
            resources: self.resources.unwrap_or_default(),
            ..ResourceGroup::new(id, self.name, owner, created_at)
        };
        group.validate()?;
        Ok(group)
    }
}
