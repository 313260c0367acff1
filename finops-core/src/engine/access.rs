//! Who may what: narrowed handles, and what their calls are narrowed by. Here and nowhere else.
//!
//! What each operation needs stands in its row of the table of operations. Every public method begins with `permit`;
//! every question of charges goes through `narrow`. What the engine does for itself, such as settling, asks nobody.

use super::operations::operations;
use super::params::parse;
use super::{Finops, Page};
use crate::model::access::Access;
use crate::model::catalog::{Entry, Kind};
use crate::model::filter::Filter;
use crate::model::principal::Principal;
use crate::model::usage::{EventKey, Rejection, UsageEvent};
use crate::{Error, ErrorCode, Result};
use serde_json::Value;
use std::sync::Arc;

/// How many entries of the catalogue are looked through at a time.
const ENTRIES: u64 = 1_000;

/// The handle's own, where nothing else was asked for.
fn only(field: &str, own: Option<&str>, given: Option<&str>) -> Result<Option<String>> {
    if given.is_some() && given != own {
        let must = own.map_or_else(|| "must be left out".to_owned(), |own| format!("must be '{own}', or be left out,"));
        return Err(Error::new(ErrorCode::Forbidden, format!("{must} on this handle")).with_field(field));
    }
    Ok(own.map(str::to_owned))
}

impl Finops {
    /// A handle that reads and writes only what is that tenant's. It shares everything else with this one.
    ///
    /// ```
    /// use finops_core::{CostSummaryRequest, ErrorCode, Finops, engine::VacuumRequest};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let tenant = finops.as_tenant("ten_001")?;
    /// tenant.get_cost_summary(&CostSummaryRequest::default())?; // its own costs
    /// assert_eq!(tenant.vacuum(&VacuumRequest::default()).unwrap_err().code(), ErrorCode::Forbidden);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a blank id; `forbidden` on a handle of another tenant.
    pub fn as_tenant(&self, tenant_id: impl Into<String>) -> Result<Self> {
        self.narrowed(&Access::of_tenant(tenant_id)?)
    }

    /// A handle that may what the principal may: what their roles and scopes allow, within their tenant or their
    /// organization. An admin of neither may everything; anybody else of neither sees what is theirs.
    ///
    /// ```
    /// use finops_core::{CostSummaryRequest, ErrorCode, Finops};
    /// use finops_core::model::principal::{Principal, Role};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut principal = Principal::new("u_1", [Role::Viewer]);
    /// principal.tenant_id = Some("ten_001".into());
    /// let viewer = finops.as_principal(&principal)?;
    /// viewer.get_cost_summary(&CostSummaryRequest::default())?;
    /// let error = viewer.record_usage("[]").unwrap_err();
    /// assert_eq!((error.code(), error.message().contains("operator")), (ErrorCode::Forbidden, true));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a blank id; `forbidden` on a handle of another tenant, organization or user.
    pub fn as_principal(&self, principal: &Principal) -> Result<Self> {
        self.narrowed(&Access::of(principal)?)
    }

    /// The same for a principal in JSON, as the bindings give it: `{"user_id": "u_1", "roles": ["viewer"]}` with
    /// `scopes`, `organization_id` and `tenant_id` where there are any.
    ///
    /// ```
    /// use serde_json::json;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let admin = finops.as_principal_with(json!({"user_id": "u_1", "roles": ["admin"], "tenant_id": "ten_001"}))?;
    /// assert_eq!(admin.access().and_then(|access| access.tenant_id()), Some("ten_001"));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument`, with the field, for what is no principal; else as [`Finops::as_principal`].
    pub fn as_principal_with(&self, principal: Value) -> Result<Self> {
        self.as_principal(&parse(principal)?)
    }

    /// A handle that may what this one may and `access` allows.
    ///
    /// # Errors
    /// `forbidden` when both are narrowed to different tenants, organizations or users.
    pub fn narrowed(&self, access: &Access) -> Result<Self> {
        let access = self.access.as_ref().map_or_else(|| Ok(access.clone()), |own| own.and(access))?;
        Ok(Self { access: Some(Arc::new(access)), ..self.clone() })
    }

    /// What this handle may; none when it may everything.
    pub fn access(&self) -> Option<&Access> {
        self.access.as_deref()
    }

    /// Refuses an operation that this handle may not call. One that stands in no row is refused.
    pub(super) fn permit(&self, operation: &str) -> Result<()> {
        let Some(access) = &self.access else { return Ok(()) };
        match operations().find(|known| known.name == operation) {
            Some(known) => access.permit(operation, known.access),
            None => Err(Error::new(ErrorCode::Forbidden, format!("'{operation}' is for handles without narrowing"))),
        }
    }

    /// Whether this handle sees only a part of what there is.
    pub(super) fn is_narrowed(&self) -> bool {
        self.access.as_ref().is_some_and(|access| access.is_narrowed())
    }

    /// Whether this handle has what belongs to that owner.
    pub(super) fn owns(&self, owner: Option<&str>) -> bool {
        self.access.as_ref().is_none_or(|access| access.owns(owner))
    }

    /// Whether this handle has what belongs to that owner, within that organization if it is within one.
    pub(super) fn has(&self, owner: &str, organization: Option<&str>) -> bool {
        self.access.as_ref().is_none_or(|access| access.has(owner, organization))
    }

    /// Whose something new is: of whom it was said, or of the user of the handle. On a narrowed handle nobody makes
    /// what is another's.
    pub(super) fn owner_of_new(&self, given: Option<String>) -> Result<Option<String>> {
        let user = self.access().and_then(|access| access.user_id());
        if !self.is_narrowed() {
            return Ok(given.or_else(|| user.map(str::to_owned)));
        }
        let Some(user) = user else {
            let message = "would be nobody: this is the handle of a tenant, and users own: narrow it to one of them";
            return Err(Error::new(ErrorCode::Forbidden, message).with_field("owner_id"));
        };
        only("owner_id", Some(user), given.as_deref())
    }

    /// The organization that something new is in: the given one, or that of the handle. On a narrowed handle nobody
    /// puts anything into another.
    pub(super) fn organization_of_new(&self, given: Option<String>) -> Result<Option<String>> {
        if !self.is_narrowed() {
            return Ok(given);
        }
        only("organization_id", self.access().and_then(|access| access.organization_id()), given.as_deref())
    }

    /// Whether this handle sees lines of usage: they are rated for all that a tenant uses.
    pub(super) fn sees_lines(&self) -> bool {
        !self.is_narrowed() || self.whole_tenant().is_some()
    }

    /// Lets through only what is the handle's own.
    pub(super) fn narrow(&self, filter: &mut Filter) {
        if let Some(own) = self.access.as_ref().and_then(|access| access.filter()) {
            *filter = Filter::All(vec![own, std::mem::take(filter)]);
        }
    }

    fn whole_tenant(&self) -> Option<&str> {
        self.access.as_ref().and_then(|access| access.whole_tenant())
    }

    /// The tenant that a request is about: the handle's own, or what was asked for.
    pub(super) fn own_tenant<'a>(&'a self, asked: Option<&'a str>) -> Result<Option<&'a str>> {
        match (self.whole_tenant(), asked) {
            (Some(own), Some(asked)) if own != asked => {
                Err(Error::new(ErrorCode::Forbidden, format!("must be '{own}' on this handle")).with_field("tenant_id"))
            }
            (own, asked) => Ok(own.or(asked)),
        }
    }

    /// Whether an event is of another tenant than the handle.
    pub(super) fn is_foreign(&self, event: &UsageEvent) -> bool {
        self.whole_tenant().is_some_and(|own| own != event.tenant_id)
    }

    /// Rejects events of other tenants; the others stay as they were judged.
    pub(super) fn reject_foreign(&self, events: &[UsageEvent], rejections: &mut [Option<Rejection>]) {
        for (event, rejection) in events.iter().zip(rejections) {
            if self.is_foreign(event) {
                *rejection = Some(Rejection::Forbidden);
            }
        }
    }

    /// Finds no events of other tenants, whether there are any or not.
    pub(super) fn refuse_foreign(&self, key: EventKey<'_>) -> Result<()> {
        if self.whole_tenant().is_none_or(|own| own == key.tenant_id) {
            return Ok(());
        }
        let message = "there is no event of that tenant, source and id on this handle";
        Err(Error::new(ErrorCode::NotFound, message).with_field("id"))
    }

    /// Whether an entry of the catalogue is the handle's: one that the user answers for, and what the handle is
    /// narrowed to itself.
    pub(super) fn has_entry(&self, entry: &Entry) -> bool {
        let Some(access) = &self.access else { return true };
        let own = match entry.kind {
            Kind::Tenant => access.tenant_id(),
            Kind::Organization => access.organization_id(),
            Kind::User => access.user_id(),
            _ => None,
        };
        own == Some(entry.id.as_str()) || self.owns(entry.owner.as_deref())
    }

    /// A page of the handle's own entries.
    pub(super) fn own_entries(&self, kind: Option<Kind>, limit: u64, offset: u64) -> Result<Page<Entry>> {
        let (mut count, mut seen, mut items) = (0, 0, Vec::new());
        loop {
            let (all, entries) = self.store.entries(kind, ENTRIES, seen)?;
            for entry in entries.into_iter().filter(|entry| self.has_entry(entry)) {
                if (offset..offset.saturating_add(limit)).contains(&count) {
                    items.push(entry);
                }
                count += 1;
            }
            seen += ENTRIES;
            if seen >= all {
                return Ok(Page { count, limit, offset, items });
            }
        }
    }
}
