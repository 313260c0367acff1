//! Time: instants, half-open intervals, zones, the `period` and `window` grammars, recurrences and the clock.
//!
//! Everything is stored as UTC instants; a zone only matters where a calendar is asked for (a day, a month, a
//! period that recurs). All of it is pure calculation: the one type that reads the system's clock is
//! [`SystemClock`], and the pure core is built without it. What this module does not know: money, charges,
//! and what a period is used for.
//!
//! The rules of the zones are those of the tz database that `chrono-tz` carries. They are known up to the year
//! 2100; a zone keeps its last offset after that.

mod clock;
mod interval;
mod lapse;
mod period;
mod recurrence;
mod stamp;
mod text;
mod window;
mod zone;

#[cfg(test)]
mod tests;

#[cfg(feature = "embedded")]
pub use clock::SystemClock;
pub use clock::{Clock, FixedClock};
pub use interval::Interval;
pub use lapse::Lapse;
pub use period::Period;
pub use recurrence::{Recurrence, RecurrenceUnit, nth_period, period_at, period_of_days_at};
pub use stamp::Stamp;
pub(crate) use text::quoted;
pub use window::Window;
pub use zone::{Day, Zone};
