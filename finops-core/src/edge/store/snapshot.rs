//! A state of a store that is being read, and what keeps its files from being removed meanwhile.

use crate::insight::reach::Reach;
use crate::model::charge::{Coverage, ImportMark};
use std::fmt;
use std::sync::Arc;

/// Keeps what a state needs from being removed for as long as it, or a clone of it, lives.
#[derive(Clone)]
struct Pin(#[allow(dead_code, reason = "it works by being there until it is dropped")] Arc<dyn Send + Sync>);

/// A state of the store, to be read as often as one likes while imports go on.
///
/// As long as it or a clone of it lives, nothing that it needs is removed: a vacuum waits, or gives up.
#[derive(Clone)]
pub struct Snapshot {
    /// The number of the state; it grows with every change of charges.
    pub id: u64,
    /// What the state holds, in the order of billing period and account.
    pub coverage: Arc<[Coverage]>,
    /// The imports that it came with, in the order of their coming.
    pub imports: Arc<[ImportMark]>,
    reach: Arc<Reach>,
    pin: Option<Pin>,
}

impl Snapshot {
    /// A state that nothing holds fast.
    pub fn new(id: u64, coverage: Vec<Coverage>, imports: Vec<ImportMark>) -> Self {
        let reach = Arc::new(Reach::new(&coverage));
        Self { id, coverage: coverage.into(), imports: imports.into(), reach, pin: None }
    }

    /// How far its bills reach.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Drops `pin` when the last clone of the state is dropped.
    #[must_use]
    pub fn pinned(mut self, pin: impl Send + Sync + 'static) -> Self {
        self.pin = Some(Pin(Arc::new(pin)));
        self
    }
}

/// States are the same when they hold the same, whoever holds them fast.
impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        (self.id, &self.coverage, &self.imports) == (other.id, &other.coverage, &other.imports)
    }
}

impl Eq for Snapshot {}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, coverage, imports, pin, .. } = self;
        let mut shown = f.debug_struct("Snapshot");
        shown.field("id", id).field("coverage", coverage).field("imports", imports);
        shown.field("pinned", &pin.is_some()).finish()
    }
}
