//! Of which anomalies somebody was told, as stores keep it.

use crate::model::id::{self, Id};
use crate::model::time::Stamp;

/// That somebody was told of an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptAnnouncement {
    /// The anomaly; nobody is told of it again, whichever monitor finds it.
    pub anomaly: Id<id::Anomaly>,
    /// The monitor that found it first.
    pub monitor: Id<id::AnomalyMonitor>,
    /// When it was told.
    pub at: Stamp,
}
