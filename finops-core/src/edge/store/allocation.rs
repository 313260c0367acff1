//! Months whose allocation is closed, as stores keep them.

use crate::model::time::Stamp;

/// A month whose allocation is being closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationClosing {
    /// When the month starts.
    pub period_start: Stamp,
    /// When it was closed.
    pub closed_at: Stamp,
    /// What it came to, as JSON.
    pub body: String,
    /// Its lines in parts, as JSON.
    pub lines: Vec<String>,
}

/// A month whose allocation is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedAllocation {
    /// Its place among all closings: the first has 1, each later one the next.
    pub number: u64,
    /// When the month starts.
    pub period_start: Stamp,
    /// When it was closed.
    pub closed_at: Stamp,
    /// What it came to, as JSON.
    pub body: String,
}
