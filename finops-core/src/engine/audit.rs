//! The log of changes, through the engine: who changed what and when, whether the log is whole, and a copy of it for
//! an auditor.

use super::{Finops, Page};
use crate::Result;
use crate::edge::audit_export::{read_audit_lines, write_audit_lines};
use crate::edge::store::AuditFilter;
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::audit::{AuditChain, AuditEntry, AuditHash, AuditKind, AuditVerdict};
use crate::model::time::Stamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Which changes to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditList {
    /// Only changes of things of that kind.
    pub kind: Option<AuditKind>,
    /// Only of what has that key, such as the id of a price.
    pub key: Option<String>,
    /// Only those that they made.
    pub actor: Option<String>,
    /// Only those made then or later.
    pub since: Option<Stamp>,
    /// Only those made before.
    pub until: Option<Stamp>,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl AuditList {
    pub(super) const FIELDS: &'static [&'static str] = &["kind", "key", "actor", "since", "until", "limit", "offset"];
}

/// What to go by when the log is looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditVerify {
    /// The hash of the end of the log as it was noted earlier: the log must still have it, at its end or before.
    pub expected_head: Option<AuditHash>,
    /// A file that was exported, to look at in place of the log of the store.
    pub path: Option<String>,
}

impl AuditVerify {
    pub(super) const FIELDS: &'static [&'static str] = &["expected_head", "path"];
}

/// Where to write the log to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditExport {
    /// The file, which is replaced if it is there.
    pub path: String,
}

impl AuditExport {
    pub(super) const FIELDS: &'static [&'static str] = &["path"];

    /// The log as JSON lines.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

/// The log that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditExported {
    /// Where it lies.
    pub path: String,
    /// How many entries it has.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The hash of its end. Kept apart from the file it tells whether the last entries are there.
    pub head: AuditHash,
}

impl Finops {
    /// A page of the changes that were made, the latest first: each with who made it and when, what was there before
    /// and after. What is longer than 64 KiB as JSON stands there as its digest and length.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::AuditList;
    /// use finops_core::model::catalog::{Entry, Kind};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// finops.catalog_upsert(Entry::new(Kind::Team, "t1", "Search"))?;
    /// finops.catalog_delete(Kind::Team, "t1")?;
    /// let changes = finops.audit_list(&AuditList { key: Some("team/t1".into()), ..AuditList::default() })?;
    /// let actions: Vec<&str> = changes.items.iter().map(|entry| entry.action.as_str()).collect();
    /// assert_eq!(actions, ["delete", "create"]);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset; `storage`.
    pub fn audit_list(&self, request: &AuditList) -> Result<Page<AuditEntry>> {
        self.permit("audit.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (limit, offset) = (size(limit.unwrap_or(DEFAULT_LIMIT)), size(offset));
        let AuditList { kind, key, actor, since, until, .. } = request.clone();
        let (count, items) = self.store.audit(&AuditFilter { kind, key, actor, since, until }, limit, offset)?;
        Ok(Page { count, limit, offset, items })
    }

    /// Whether the log of changes is whole: whether an entry was edited, taken out, put in or moved, and which is the
    /// first. A log that somebody wrote anew from its start is told by a hash that was noted earlier.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::AuditVerify;
    /// use finops_core::model::catalog::{Entry, Kind};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// finops.catalog_upsert(Entry::new(Kind::Team, "t1", "Search"))?;
    /// let noted = finops.audit_verify(&AuditVerify::default())?.head;
    /// finops.catalog_delete(Kind::Team, "t1")?;
    /// let verdict = finops.audit_verify(&AuditVerify { expected_head: Some(noted), path: None })?;
    /// assert_eq!((verdict.ok, verdict.entries), (true, 2));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a file that cannot be read; `storage`. A log that is not whole is no error.
    pub fn audit_verify(&self, request: &AuditVerify) -> Result<AuditVerdict> {
        self.permit("audit.verify")?;
        let mut chain = AuditChain::expecting(request.expected_head);
        let head = match &request.path {
            Some(path) => {
                read_audit_lines(Path::new(path), &mut |entry| chain.push(entry))?;
                None
            }
            None => Some(self.store.scan_audit(&mut |entry| {
                chain.push(entry);
                Ok(())
            })?),
        };
        Ok(chain.finish(head))
    }

    /// Writes the log of changes to a file, an entry a line as JSON, the oldest first. The file appears complete or not
    /// at all. Keep the hash that it gives apart from the file.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::{AuditExport, AuditVerify};
    /// use finops_core::model::catalog::{Entry, Kind};
    ///
    /// # let path = std::env::temp_dir().join(format!("finops-audit-{}.jsonl", std::process::id()));
    /// # let path = path.to_str().unwrap();
    /// let finops = Finops::open(":memory:")?;
    /// finops.catalog_upsert(Entry::new(Kind::Team, "t1", "Search"))?;
    /// let exported = finops.audit_export(&AuditExport::new(path))?;
    /// let copy = AuditVerify { expected_head: Some(exported.head), path: Some(path.to_owned()) };
    /// assert!(finops.audit_verify(&copy)?.ok);
    /// # std::fs::remove_file(path).unwrap();
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when the folder does not exist; `storage` when the file cannot be written.
    pub fn audit_export(&self, request: &AuditExport) -> Result<AuditExported> {
        self.permit("audit.export")?;
        let (rows, bytes, head) = write_audit_lines(self.store.as_ref(), Path::new(&request.path))?;
        Ok(AuditExported { path: request.path.clone(), rows, bytes, head: head.hash })
    }
}
