//! What operations on resource groups are asked for.

use super::GroupId;
use crate::Result;
use crate::model::group::{GroupStatus, GroupedResource, ResourceGroup, ResourceKey, ResourceType};
use serde::Deserialize;

/// The fields of a group, as `resource_groups.create` takes them.
pub(in crate::engine) const GROUP_FIELDS: &[&str] =
    &["name", "description", "resources", "owner_id", "organization_id"];

/// The fields of a change, as `resource_groups.update` takes them.
pub(in crate::engine) const GROUP_CHANGES: &[&str] =
    &["id", "name", "description", "status", "owner_id", "organization_id"];

/// The group that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine) struct ResourceGroupKey {
    pub(in crate::engine) id: GroupId,
}

impl ResourceGroupKey {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["id"];
}

/// A resource that comes into a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine) struct ResourceAdded {
    id: GroupId,
    resource_type: ResourceType,
    resource_id: String,
    #[serde(default)]
    resource_name: Option<String>,
}

impl ResourceAdded {
    pub(in crate::engine) const FIELDS: &'static [&'static str] =
        &["id", "resource_type", "resource_id", "resource_name"];

    pub(in crate::engine) fn into_parts(self) -> (GroupId, GroupedResource) {
        let mut resource = GroupedResource::new(self.resource_type, self.resource_id);
        resource.resource_name = self.resource_name;
        (self.id, resource)
    }
}

/// A resource that goes from a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine) struct ResourceRemoved {
    id: GroupId,
    resource_type: ResourceType,
    resource_id: String,
}

impl ResourceRemoved {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["id", "resource_type", "resource_id"];

    pub(in crate::engine) fn into_parts(self) -> (GroupId, ResourceKey) {
        (self.id, ResourceKey::new(self.resource_type, self.resource_id))
    }
}

/// What a change says of a group, in the place of what it said.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupDetails {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    status: GroupStatus,
    owner_id: String,
    #[serde(default)]
    organization_id: Option<String>,
}

impl GroupDetails {
    /// The group with these details.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub(super) fn of(self, group: &ResourceGroup) -> Result<ResourceGroup> {
        let Self { name, description, status, owner_id, organization_id } = self;
        let changed = ResourceGroup { name, description, status, owner_id, organization_id, ..group.clone() };
        changed.validate()?;
        Ok(changed)
    }
}

/// Which groups to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceGroupList {
    /// Only those of that status.
    pub status: Option<GroupStatus>,
    /// Only those with this text in their name or description, whatever the case.
    pub search: Option<String>,
    /// Only those that this user owns.
    pub owner_id: Option<String>,
    /// Only those of that organization.
    pub organization_id: Option<String>,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl ResourceGroupList {
    pub(in crate::engine) const FIELDS: &'static [&'static str] =
        &["status", "search", "owner_id", "organization_id", "limit", "offset"];

    pub(super) fn wants(&self, group: &ResourceGroup) -> bool {
        self.status.is_none_or(|status| group.status == status)
            && self.owner_id.as_ref().is_none_or(|owner| group.owner_id == *owner)
            && self.organization_id.as_ref().is_none_or(|id| group.organization_id.as_ref() == Some(id))
            && self.search.as_ref().is_none_or(|search| group.tells_of(search))
    }
}

/// Which groups to find: those that a resource is in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceGroupSearch {
    /// What the resource is.
    pub resource_type: ResourceType,
    /// Its id.
    pub resource_id: String,
    /// How many, 1 to 1000; by default 20.
    #[serde(default)]
    pub limit: Option<i64>,
    /// How many to leave out before.
    #[serde(default)]
    pub offset: Option<i64>,
}

impl ResourceGroupSearch {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["resource_type", "resource_id", "limit", "offset"];

    /// The first page of the groups that a resource is in.
    pub fn new(resource_type: ResourceType, resource_id: impl Into<String>) -> Self {
        Self { resource_type, resource_id: resource_id.into(), limit: None, offset: None }
    }
}
