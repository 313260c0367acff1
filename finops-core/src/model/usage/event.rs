//! A usage event: something that a tenant did or used, reported once or several times and counted once.

use crate::model::money::Quantity;
use crate::model::time::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that was used.
///
/// Its identity is the tenant, the source and the id; never the time, so that a retry with a new clock is the same
/// event. It is never edited: what voids or corrects it is a record of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UsageEvent {
    /// Its id within tenant and source. 1 to 256 bytes.
    pub id: String,
    /// Who reports it; the same id from another source is another event. Up to 256 bytes.
    pub source: String,
    /// When it happened.
    pub time: Stamp,
    /// What was used: the meters that name it count it. 1 to 64 bytes.
    pub resource: String,
    /// How much of it; none where meters take what they count from a property. Below zero it lowers a sum and a level,
    /// as a return does; what was reported wrongly is rather voided or corrected.
    pub quantity: Option<Quantity>,
    /// Who used it.
    pub tenant_id: String,
    /// The tenant's workspace.
    pub workspace_id: Option<String>,
    /// The rail (product line).
    pub rail: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// Whatever else is known of it, as text; numbers as their exact decimal text.
    pub properties: BTreeMap<String, String>,
}

/// What makes two reports the same event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey<'e> {
    /// Who used it.
    pub tenant_id: &'e str,
    /// Who reports it.
    pub source: &'e str,
    /// Its id there.
    pub id: &'e str,
}

impl UsageEvent {
    /// One use of a resource by a tenant, with nothing further known.
    pub fn new(
        id: impl Into<String>,
        time: Stamp,
        resource: impl Into<String>,
        quantity: Quantity,
        tenant_id: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            source: String::new(),
            time,
            resource: resource.into(),
            quantity: Some(quantity),
            tenant_id: tenant_id.into(),
            workspace_id: None,
            rail: None,
            user_id: None,
            properties: BTreeMap::new(),
        }
    }

    /// What makes it the same event as another.
    pub fn key(&self) -> EventKey<'_> {
        EventKey { tenant_id: &self.tenant_id, source: &self.source, id: &self.id }
    }
}
