//! All resource groups together.

use super::{ResourceGroup, ResourceKey};
use crate::model::id::{self, Id};
use crate::{Error, ErrorCode, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// How many resource groups there are at most.
pub const MAX_RESOURCE_GROUPS: usize = 10_000;
/// How many resources all groups have at most, each counted in every group that it is in: all groups are in memory.
pub const MAX_GROUPED_RESOURCES: usize = 1_000_000;

/// The resource groups that there are, in the order of their making.
#[derive(Debug, Clone, Default)]
pub struct ResourceGroups {
    in_order: Vec<Arc<ResourceGroup>>,
    by_id: HashMap<Id<id::ResourceGroup>, usize>,
}

impl ResourceGroups {
    /// Those groups, each of which is valid by itself, in that order.
    ///
    /// # Errors
    /// `conflict` beyond 10,000 groups, and beyond 1,000,000 resources in all of them.
    pub fn new(groups: Vec<Arc<ResourceGroup>>) -> Result<Self> {
        let full = |field: &str, message: String| Err(Error::new(ErrorCode::Conflict, message).with_field(field));
        if groups.len() > MAX_RESOURCE_GROUPS {
            return full("name", format!("there are {MAX_RESOURCE_GROUPS} resource groups already: delete one first"));
        }
        if groups.iter().map(|group| group.resources.len()).sum::<usize>() > MAX_GROUPED_RESOURCES {
            let message = format!("all groups have {MAX_GROUPED_RESOURCES} resources already: remove some first");
            return full("resources", message);
        }
        let by_id = groups.iter().enumerate().map(|(place, group)| (group.id, place)).collect();
        Ok(Self { in_order: groups, by_id })
    }

    /// The group with that id.
    pub fn get(&self, id: Id<id::ResourceGroup>) -> Option<&ResourceGroup> {
        self.by_id.get(&id).and_then(|place| self.in_order.get(*place)).map(Arc::as_ref)
    }

    /// Every group, in the order of their making.
    pub fn iter(&self) -> impl Iterator<Item = &ResourceGroup> {
        self.in_order.iter().map(Arc::as_ref)
    }

    /// The groups that a resource is in, in the order of their making.
    pub fn with(&self, key: &ResourceKey) -> impl Iterator<Item = &ResourceGroup> {
        self.iter().filter(move |group| group.has(key))
    }
}
