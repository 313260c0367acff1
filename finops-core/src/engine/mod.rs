//! [`Finops`], the facade: the one place that holds state and calls the rest in order.

mod analysis;
mod catalog;
mod costs;
mod document;
mod export;
mod history;
mod import;
mod operations;
mod relation;
mod virtuals;

pub use crate::model::progress::{Observer, Progress};
pub use catalog::{CatalogKey, CatalogList, Deleted, Page};
pub use document::Document;
pub use export::{ExportReport, Exported, ReportFormat, ReportType};
pub use history::{SnapshotsRequest, VacuumRequest};
pub use import::{ImportCharges, ImportFormat};
pub use operations::{Operation, operations};
pub use relation::{Relation, RelationColumn, SegmentFiles};
pub use virtuals::VirtualList;

use crate::edge::store::{EmbeddedStore, Store};
use crate::model::id::{Entropy, SystemEntropy};
use crate::model::time::{Clock, FixedClock, Stamp, SystemClock};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The location of a store that lives and dies with its handle.
pub const IN_MEMORY: &str = ":memory:";

/// A FinOps engine over a store. Cheap to clone; clones share everything.
///
/// ```
/// use finops_core::{CostSummaryRequest, Finops};
///
/// let finops = Finops::open(":memory:")?;
/// let summary = finops.get_cost_summary(&CostSummaryRequest::default())?;
/// assert_eq!(summary.total_cost, None, "nothing was imported: unknown is not zero");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Finops {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// The clock again, when it stands where it was put.
    fixed: Option<Arc<FixedClock>>,
    entropy: Arc<dyn Entropy>,
}

/// How to open an engine, as JSON knows it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OpenOptions {
    now: Option<Stamp>,
    read_only: bool,
}

/// What an engine is made of, where the defaults do not serve.
#[derive(Debug, Default)]
pub struct Builder {
    options: OpenOptions,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    store: Option<Arc<dyn Store>>,
}

impl Builder {
    /// Fixes the clock; [`Finops::tick`] moves it.
    #[must_use]
    pub fn now(mut self, now: Stamp) -> Self {
        self.options.now = Some(now);
        self
    }

    /// Opens for reading, while another process may write.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.options.read_only = true;
        self
    }

    /// Takes the time from there.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Takes the randomness of ids from there.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Keeps everything in that store; the location is then not looked at.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Opens the engine on a folder, which is made when it is not there, or on `:memory:`.
    ///
    /// # Errors
    /// `conflict` when another process has the folder open for writing; `not_found` when there is nothing to read;
    /// `storage` when the folder cannot be used.
    pub fn open(self, location: &str) -> Result<Finops> {
        let store = match self.store {
            Some(store) => store,
            None => open_store(location, self.options.read_only)?,
        };
        let fixed = self.options.now.map(|now| Arc::new(FixedClock::new(now)));
        let clock = match (&fixed, self.clock) {
            (Some(fixed), _) => Arc::<FixedClock>::clone(fixed),
            (None, Some(clock)) => clock,
            (None, None) => Arc::new(SystemClock),
        };
        let entropy = self.entropy.unwrap_or_else(|| Arc::new(SystemEntropy));
        Ok(Finops { store, clock, fixed, entropy })
    }
}

fn open_store(location: &str, read_only: bool) -> Result<Arc<dyn Store>> {
    let wrong = |message: &str| Err(Error::invalid("location", message));
    match location {
        "" => wrong("is empty: give a folder, or ':memory:'"),
        IN_MEMORY if read_only => wrong("':memory:' starts empty, so there is nothing to read: leave out read_only"),
        IN_MEMORY => Ok(Arc::new(EmbeddedStore::in_memory()?)),
        location if location.contains("://") => {
            wrong("is a URL, and this version keeps its state in a folder or in ':memory:'")
        }
        folder if read_only => Ok(Arc::new(EmbeddedStore::open_read_only(Path::new(folder))?)),
        folder => Ok(Arc::new(EmbeddedStore::open(Path::new(folder))?)),
    }
}

/// The time that an engine goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Now {
    /// The instant.
    pub now: Stamp,
}

/// What a tick is asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tick {
    now: Option<Stamp>,
}

impl Tick {
    const FIELDS: &'static [&'static str] = &["now"];
}

impl Finops {
    /// Opens an engine on a folder or on `:memory:`, with the system's clock.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub fn open(location: &str) -> Result<Self> {
        Self::builder().open(location)
    }

    /// An engine to be put together.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Opens an engine with options in JSON, as the bindings do: `{"now": "2024-02-01T00:00:00Z", "read_only": true}`.
    ///
    /// # Errors
    /// `invalid_argument` for an option that does not exist or cannot be read; else as [`Builder::open`].
    pub fn open_with(location: &str, options: serde_json::Value) -> Result<Self> {
        let options = operations::parse(options)?;
        Builder { options, ..Builder::default() }.open(location)
    }

    /// Moves a fixed clock to `now`, which must not lie before its time; gives the time that it now is.
    ///
    /// # Errors
    /// `invalid_argument` when the clock is the system's, or would go back.
    pub fn tick(&self, now: Option<Stamp>) -> Result<Now> {
        match (&self.fixed, now) {
            (_, None) => {}
            (Some(clock), Some(now)) => clock.advance_to(now)?,
            (None, Some(_)) => {
                return Err(Error::invalid("now", "the system's clock cannot be moved: open with `now` to fix it"));
            }
        }
        Ok(Now { now: self.clock.now() })
    }
}
