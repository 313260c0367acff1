//! The half-open interval `[start, end)`: the one shape of every span of time in this crate.
//!
//! Half open, so that neighbours share a boundary and no instant: sums over adjoining intervals count nothing
//! twice and lose nothing. How a zone cuts an interval into days stands with [`Zone`](super::Zone).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Stamp;
use crate::error::{Error, Result};

/// The instants from `start` (included) to `end` (excluded); empty when both are the same.
///
/// ```
/// use finops_core::model::time::{Interval, Stamp};
///
/// let january = Interval::new(Stamp::parse("2024-01-01T00:00:00Z")?, Stamp::parse("2024-02-01T00:00:00Z")?)?;
/// assert!(january.contains(january.start()));
/// assert!(!january.contains(january.end()));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Ends")]
pub struct Interval {
    start: Stamp,
    end: Stamp,
}

impl Interval {
    /// The interval from `start` to `end`; refused when the end lies before the start.
    pub fn new(start: Stamp, end: Stamp) -> Result<Self> {
        if start > end {
            return Err(Error::invalid("end", format!("must not lie before the start: {end} is before {start}")));
        }
        Ok(Self { start, end })
    }

    /// The first instant.
    pub const fn start(&self) -> Stamp {
        self.start
    }

    /// The first instant after it.
    pub const fn end(&self) -> Stamp {
        self.end
    }

    /// All time that a [`Stamp`] can stand for but its last microsecond.
    pub fn always() -> Self {
        let stamp = |micros| Stamp::from_utc(chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default());
        Self { start: stamp(super::stamp::MIN_MICROS), end: stamp(super::stamp::MAX_MICROS) }
    }

    /// Whether the instant lies in it.
    pub fn contains(&self, stamp: Stamp) -> bool {
        self.start <= stamp && stamp < self.end
    }

    /// Whether it holds no instant at all.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether the two share an instant; an empty one shares none.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start.max(other.start) < self.end.min(other.end)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.start, self.end)
    }
}

/// What is read before it is known to be in order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    start: Stamp,
    end: Stamp,
}

impl TryFrom<Ends> for Interval {
    type Error = Error;

    fn try_from(ends: Ends) -> Result<Self> {
        Self::new(ends.start, ends.end)
    }
}
