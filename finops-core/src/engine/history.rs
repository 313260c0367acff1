//! The states that the store has been in: listing them, forgetting old ones, bringing many small files together.

use super::{Finops, Observer, Page, Progress};
use crate::edge::store::{Rewriting, Snapshot};
use crate::insight::request::page;
use crate::model::history::{AsOf, Compacted, StateMark, Vacuumed};
use crate::model::time::Lapse;
use crate::{Error, ErrorCode, Result};
use serde::Deserialize;

/// How many states a page has unless one says otherwise.
const DEFAULT_LIMIT: usize = 20;
/// How long a state stays readable unless one says otherwise, in days.
const DEFAULT_KEEP_DAYS: u16 = 30;

/// Which states to forget.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct VacuumRequest {
    /// How long a state stays readable after another has taken its place: `30d`, `12h`, `0d`; by default 30 days.
    pub keep: Option<Lapse>,
}

impl VacuumRequest {
    pub(super) const FIELDS: &'static [&'static str] = &["keep"];

    /// A vacuum that keeps states readable for that long.
    pub const fn keeping(keep: Lapse) -> Self {
        Self { keep: Some(keep) }
    }
}

/// That there is nothing to say about a compaction.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CompactRequest {}

impl CompactRequest {
    pub(super) const FIELDS: &'static [&'static str] = &[];
}

/// Which states to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SnapshotsRequest {
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl SnapshotsRequest {
    pub(super) const FIELDS: &'static [&'static str] = &["limit", "offset"];
}

impl Finops {
    /// The states that can still be read, newest first.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::SnapshotsRequest;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// assert_eq!(finops.snapshots(&SnapshotsRequest::default())?.count, 0, "nothing was imported");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset; `storage`.
    pub fn snapshots(&self, request: &SnapshotsRequest) -> Result<Page<StateMark>> {
        self.permit("snapshots")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (limit, offset) = (size(limit.unwrap_or(DEFAULT_LIMIT)), size(offset));
        let (count, items) = self.store.snapshots(limit, offset)?;
        Ok(Page { count, limit, offset, items })
    }

    /// Forgets the states that others took the place of longer ago than `keep`, with the files that only they need.
    /// The present state stays, however old it is.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::VacuumRequest;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let vacuumed = finops.vacuum(&VacuumRequest::keeping("7d".parse()?))?;
    /// assert_eq!(vacuumed.snapshots_removed, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `conflict` on a handle for reading, and when somebody is reading and stays so for about five seconds;
    /// `storage`. After an error nothing has changed.
    pub fn vacuum(&self, request: &VacuumRequest) -> Result<Vacuumed> {
        self.permit("vacuum")?;
        let keep = request.keep.clone().unwrap_or_else(|| Lapse::days(DEFAULT_KEEP_DAYS));
        self.store.vacuum(keep.before(self.clock.now()))
    }

    /// Brings the charges of each billing account's period into one file, where they came in several. No answer
    /// changes; the files that there were stay for earlier states until a vacuum.
    ///
    /// ```
    /// use finops_core::Finops;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// assert_eq!(finops.compact()?.scopes, 0, "there is nothing to bring together");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `conflict` on a handle for reading and while an import or another compaction is under way; `storage`. After
    /// an error nothing has changed.
    pub fn compact(&self) -> Result<Compacted> {
        self.compact_observed(&())
    }

    /// The same, with someone looking on who may stop it.
    ///
    /// # Errors
    /// As [`Finops::compact`], and `cancelled`.
    pub fn compact_observed(&self, observer: &dyn Observer) -> Result<Compacted> {
        self.permit("compact")?;
        self.store.compact(self.clock.now(), &mut |rewriting| {
            let Rewriting { rows, bytes_read, bytes_total } = rewriting;
            if observer.progress(&Progress { rows, bytes_read, bytes_total, ..Progress::default() }).is_break() {
                return Err(Error::new(ErrorCode::Cancelled, "the compaction was stopped; nothing has changed"));
            }
            Ok(())
        })
    }

    /// The state that a request is about: an earlier one, or the present one.
    pub(super) fn state(&self, as_of: Option<AsOf>) -> Result<Snapshot> {
        if let Some(as_of) = as_of {
            return self.store.snapshot_as_of(as_of);
        }
        self.settled()?;
        self.store.snapshot()
    }
}
