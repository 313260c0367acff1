//! Where "now" comes from: a clock that the caller gives.
//!
//! Nothing in this crate asks the system for the time by itself, so every result can be repeated by giving the
//! same clock. [`SystemClock`] is the one place that does ask, and is not part of the pure core. Durations and
//! calendars are not handled here.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};
#[cfg(feature = "embedded")]
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Stamp;
use crate::error::{Error, Result};

/// What tells the time.
pub trait Clock: Send + Sync + Debug {
    /// The present instant.
    fn now(&self) -> Stamp;
}

/// The system's own clock.
#[cfg(feature = "embedded")]
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[cfg(feature = "embedded")]
impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> Stamp {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Stamp::nearest(since.map_or_else(|before| -micros(before.duration()), micros))
    }
}

/// A clock that stands still until it is moved, and never goes back.
///
/// ```
/// use finops_core::model::time::{Clock, FixedClock, Stamp};
///
/// let clock = FixedClock::new(Stamp::parse("2024-01-01T00:00:00Z")?);
/// clock.advance_to(Stamp::parse("2024-01-02T00:00:00Z")?)?;
/// assert_eq!(clock.now().to_string(), "2024-01-02T00:00:00Z");
/// assert!(clock.advance_to(Stamp::parse("2024-01-01T00:00:00Z")?).is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows this instant.
    pub const fn new(start: Stamp) -> Self {
        Self(AtomicI64::new(start.micros()))
    }

    /// Moves the clock forward; an instant before the present one is refused and changes nothing.
    pub fn advance_to(&self, now: Stamp) -> Result<()> {
        let before = self.0.fetch_max(now.micros(), Ordering::SeqCst);
        if before > now.micros() {
            let message = format!("must not go back: the clock stands at {}, got {now}", at(before));
            return Err(Error::invalid("now", message));
        }
        Ok(())
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Stamp {
        at(self.0.load(Ordering::SeqCst))
    }
}

/// The microseconds came from a `Stamp`, so they are in its range.
fn at(micros: i64) -> Stamp {
    Stamp::nearest(micros)
}
