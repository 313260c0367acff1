//! The catalogue, through the engine.

use super::Finops;
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::catalog::{Entry, Kind};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// The entry that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogKey {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: String,
}

impl CatalogKey {
    pub(super) const FIELDS: &'static [&'static str] = &["kind", "id"];
}

/// Which entries to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogList {
    /// Only those of that kind.
    pub kind: Option<Kind>,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl CatalogList {
    pub(super) const FIELDS: &'static [&'static str] = &["kind", "limit", "offset"];
}

/// The fields of an entry, as `catalog.upsert` takes them.
pub(super) const ENTRY_FIELDS: &[&str] = &["kind", "id", "name", "parent", "owner", "team", "tags", "budget_usd"];

/// A page of items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// How many there are in all.
    pub count: u64,
    /// How many a page has at most.
    pub limit: u64,
    /// How many stand before it.
    pub offset: u64,
    /// The items of the page.
    pub items: Vec<T>,
}

/// That something was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Always true: what is not there is an error.
    pub deleted: bool,
}

impl Finops {
    /// Writes an entry of the catalogue, in place of one with the same kind and id, and gives it back.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::catalog::{Entry, Kind};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// finops.catalog_upsert(Entry::new(Kind::Tenant, "ten_001", "Al-Baraka Bank"))?;
    /// assert_eq!(finops.catalog_get(Kind::Tenant, "ten_001")?.name, "Al-Baraka Bank");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when a field is too long or blank; `conflict` on a handle for reading.
    pub fn catalog_upsert(&self, entry: Entry) -> Result<Entry> {
        self.permit("catalog.upsert")?;
        entry.validate()?;
        self.store.put_entry(&entry, &self.change())?;
        Ok(entry)
    }

    /// An entry of the catalogue.
    ///
    /// # Errors
    /// `not_found`.
    pub fn catalog_get(&self, kind: Kind, id: &str) -> Result<Entry> {
        self.permit("catalog.get")?;
        self.store.entry(kind, id)?.filter(|entry| self.has_entry(entry)).ok_or_else(|| unknown(kind, id))
    }

    /// A page of entries in the order of kind and id.
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn catalog_list(&self, request: &CatalogList) -> Result<Page<Entry>> {
        self.permit("catalog.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (limit, offset) = (size(limit.unwrap_or(DEFAULT_LIMIT)), size(offset));
        if self.is_narrowed() {
            return self.own_entries(request.kind, limit, offset);
        }
        let (count, items) = self.store.entries(request.kind, limit, offset)?;
        Ok(Page { count, limit, offset, items })
    }

    /// Removes an entry. Charges keep its id; answers then show no name.
    ///
    /// # Errors
    /// `not_found`; `conflict` on a handle for reading.
    pub fn catalog_delete(&self, kind: Kind, id: &str) -> Result<Deleted> {
        self.permit("catalog.delete")?;
        if self.store.delete_entry(kind, id, &self.change())? {
            Ok(Deleted { deleted: true })
        } else {
            Err(unknown(kind, id))
        }
    }
}

fn unknown(kind: Kind, id: &str) -> Error {
    let id: String = id.chars().take(80).collect();
    Error::new(ErrorCode::NotFound, format!("the catalogue has no {kind} '{id}'")).with_field("id")
}
