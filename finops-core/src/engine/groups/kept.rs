//! Resource groups as the store keeps them, and as they were read.

use super::{GroupId, unknown};
use crate::edge::store::{Defined, Definition};
use crate::engine::Finops;
use crate::model::group::{ResourceGroup, ResourceGroups};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A group as the store keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptGroup {
    /// Those that were made later have higher ones, also when the clock stands.
    pub(super) number: u64,
    pub(super) group: ResourceGroup,
    pub(super) deleted: bool,
}

/// The groups that were read, and who may change them.
#[derive(Debug, Default)]
pub(in crate::engine) struct KnownGroups {
    /// Held while a group, or what cannot do without one, is checked and written.
    changing: Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
pub(super) struct Known {
    /// Up to which change.
    change: u64,
    /// The highest number that any ever had.
    pub(super) number: u64,
    held: BTreeMap<u64, Arc<ResourceGroup>>,
    groups: Arc<ResourceGroups>,
}

impl KnownGroups {
    /// Nobody else changes a group, or what cannot do without one, while this is held: what was checked stays so until
    /// it is written.
    pub(in crate::engine) fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Finops {
    /// The groups that there are.
    pub(in crate::engine) fn resource_groups(&self) -> Result<Arc<ResourceGroups>> {
        Ok(Arc::clone(&self.known_groups()?.groups))
    }

    pub(super) fn has_group(&self, group: &ResourceGroup) -> bool {
        self.has(&group.owner_id, group.organization_id.as_deref())
    }

    /// A group of the handle's, with its number. For whoever may change it: that needs no right to read.
    pub(super) fn own_group(&self, id: GroupId) -> Result<(u64, Arc<ResourceGroup>)> {
        let known = self.known_groups()?;
        let mut found = known.held.iter().filter(|(_, group)| group.id == id && self.has_group(group));
        found.next().map(|(number, group)| (*number, Arc::clone(group))).ok_or_else(|| unknown(id))
    }

    /// Writes a group if it goes with all that there then are.
    pub(super) fn keep_group(&self, number: u64, group: ResourceGroup) -> Result<ResourceGroup> {
        let kept = KeptGroup { number, group, deleted: false };
        let mut held = self.known_groups()?.held.clone();
        held.insert(number, Arc::new(kept.group.clone()));
        ResourceGroups::new(held.into_values().collect())?;
        self.write_group(&kept)?;
        Ok(kept.group)
    }

    pub(super) fn write_group(&self, kept: &KeptGroup) -> Result<()> {
        let body = serde_json::to_string(kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        let definition = (kept.group.id.to_string(), body);
        self.store.put_definitions(Defined::ResourceGroup, &[definition], &self.keeping(kept.deleted)).map(drop)
    }

    /// The groups as they were last read, with what changed since.
    pub(super) fn known_groups(&self) -> Result<MutexGuard<'_, Known>> {
        let mut known = self.groups.known.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.store.definitions_since(Defined::ResourceGroup, known.change)?;
        let Some(change) = changed.iter().map(|definition| definition.change).max() else { return Ok(known) };
        let mut held = known.held.clone();
        let mut last = known.number;
        for kept in changed.iter().map(read) {
            let KeptGroup { number, group, deleted } = kept?;
            last = last.max(number);
            if deleted {
                held.remove(&number)
            } else {
                held.insert(number, Arc::new(group))
            };
        }
        let groups = Arc::new(ResourceGroups::new(held.values().cloned().collect()).map_err(damaged)?);
        *known = Known { change, number: last, held, groups };
        Ok(known)
    }
}

fn read(definition: &Definition) -> Result<KeptGroup> {
    serde_json::from_str(&definition.body).map_err(|error| {
        Error::new(ErrorCode::Storage, format!("a resource group in the store cannot be read: {error}"))
    })
}

fn damaged(error: Error) -> Error {
    let message = format!("the resource groups in the store do not go together: {error}");
    Error::new(ErrorCode::Storage, message).with_source(error)
}
