//! Of which anomalies somebody was told, as stores keep it.

use crate::insight::anomaly::Direction;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;

/// That somebody was told of an anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnnouncement {
    /// The anomaly; nobody of the same narrowing is told of it again, whichever monitor finds it.
    pub anomaly: Id<id::Anomaly>,
    /// What the monitor is narrowed to, as its text; empty where it is not. Charges have the same anomalies whoever
    /// looks, so that the platform's monitors and a tenant's own ones would silence each other without it.
    pub narrowing: String,
    /// On which side of the expected it lay when it was told.
    pub direction: Direction,
    /// The monitor that found it first.
    pub monitor: Id<id::AnomalyMonitor>,
    /// When it was told.
    pub at: Stamp,
}
