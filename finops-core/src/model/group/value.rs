//! One resource group, and what no group can be.

use super::{GroupedResource, MAX_TEXT_BYTES, ResourceKey, text};
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How many resources a group has at most.
pub const MAX_RESOURCES: usize = 10_000;
/// How long a description may be, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 4_096;

/// Whether a group is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GroupStatus {
    /// It is.
    #[default]
    Active,
    /// It is kept for what it says of the past. It can be found and changed as before.
    Archived,
}

/// Resources that somebody looks after together.
///
/// ```
/// use finops_core::model::group::{GroupedResource, ResourceGroup, ResourceType};
/// use finops_core::model::id::Id;
///
/// let made = "2024-01-15T12:00:00Z".parse()?;
/// let mut group = ResourceGroup::new(Id::new(made, [0; 10]), "Search", "usr_1", made);
/// group.add(GroupedResource::new(ResourceType::App, "app_1"))?;
/// assert!(group.add(GroupedResource::new(ResourceType::App, "app_1")).is_err(), "it stands there once");
/// group.add(GroupedResource::new(ResourceType::Workflow, "app_1"))?;
/// assert_eq!(group.resources.len(), 2);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceGroup {
    /// Its id, which charges may carry as `resource_group`.
    pub id: Id<id::ResourceGroup>,
    /// What people call it. 1 to 512 bytes; several groups may have the same.
    pub name: String,
    /// What it is for. 1 to 4096 bytes.
    pub description: Option<String>,
    /// Whether it is in use.
    pub status: GroupStatus,
    /// The id of the user who owns it. 1 to 512 bytes.
    pub owner_id: String,
    /// The organization whose admins see it too. 1 to 512 bytes.
    pub organization_id: Option<String>,
    /// Its resources, each once, at most 10,000, in the order in which they were added.
    pub resources: Vec<GroupedResource>,
    /// When it was made.
    pub created_at: Stamp,
    /// When it, or what is in it, was last changed.
    pub updated_at: Stamp,
}

impl ResourceGroup {
    /// A group with a name and an owner, and nothing else.
    pub fn new(
        id: Id<id::ResourceGroup>,
        name: impl Into<String>,
        owner_id: impl Into<String>,
        created_at: Stamp,
    ) -> Self {
        Self {
            id,
            name: name.into(),
            description: None,
            status: GroupStatus::Active,
            owner_id: owner_id.into(),
            organization_id: None,
            resources: Vec::new(),
            created_at,
            updated_at: created_at,
        }
    }

    /// Whether that resource is in it.
    pub fn has(&self, key: &ResourceKey) -> bool {
        self.resources.iter().any(|resource| resource.is(key))
    }

    /// Whether a text stands in its name or its description, whatever the case.
    pub fn tells_of(&self, search: &str) -> bool {
        let search = search.to_lowercase();
        let texts = [Some(&self.name), self.description.as_ref()];
        texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&search))
    }

    /// Puts a resource behind those that are in it.
    ///
    /// # Errors
    /// `invalid_argument` with the field for what is blank or too long; `conflict` for a resource that is in it, by
    /// whatever name, and beyond 10,000.
    pub fn add(&mut self, resource: GroupedResource) -> Result<()> {
        resource.validate()?;
        let refused = |message: String| Err(Error::new(ErrorCode::Conflict, message).with_field("resource_id"));
        let key = resource.key();
        if self.has(&key) {
            return refused(format!("{key} is in the group already: remove it first to change its name"));
        }
        if self.resources.len() >= MAX_RESOURCES {
            return refused(format!(
                "the group has {MAX_RESOURCES} resources already: remove one, or make another group"
            ));
        }
        self.resources.push(resource);
        Ok(())
    }

    /// Takes a resource out.
    ///
    /// # Errors
    /// `not_found` when it is not in the group.
    pub fn remove(&mut self, key: &ResourceKey) -> Result<()> {
        let Some(place) = self.resources.iter().position(|resource| resource.is(key)) else {
            let message = format!("{key} is not in the group");
            return Err(Error::new(ErrorCode::NotFound, message).with_field("resource_id"));
        };
        self.resources.remove(place);
        Ok(())
    }

    /// Checks it by itself.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn validate(&self) -> Result<()> {
        text("name", &self.name, MAX_TEXT_BYTES)?;
        self.description.as_ref().map_or(Ok(()), |words| text("description", words, MAX_DESCRIPTION_BYTES))?;
        text("owner_id", &self.owner_id, MAX_TEXT_BYTES)?;
        self.organization_id.as_ref().map_or(Ok(()), |id| text("organization_id", id, MAX_TEXT_BYTES))?;
        if self.resources.len() > MAX_RESOURCES {
            let message = format!("must be at most {MAX_RESOURCES}, got {}: make several groups", self.resources.len());
            return Err(Error::invalid("resources", message));
        }
        let mut seen = HashSet::with_capacity(self.resources.len());
        for (place, resource) in self.resources.iter().enumerate() {
            let wrong = |field: &str, message: &str| Error::invalid(format!("resources[{place}].{field}"), message);
            resource.validate().map_err(|error| wrong(error.field().unwrap_or_default(), error.message()))?;
            if !seen.insert((resource.resource_type, resource.resource_id.as_str())) {
                let message = format!("names {} a second time: name it once", resource.key());
                return Err(wrong("resource_id", &message));
            }
        }
        Ok(())
    }
}
