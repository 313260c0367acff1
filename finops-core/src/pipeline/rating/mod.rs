//! From metered quantities to amounts: exact, rounded once, and always adding up.
//!
//! A *line* is what one tenant used of one meter in one billing period. Its quantity is priced as a whole, in this
//! order: convert to units and round them, take off what is free, price, round once, cut at the maximum, and, when the
//! period is final, fill up to the minimum. [`rate`] gives the amount and the parts that it is made of, [`deltas`] what
//! is missing between parts that are booked and parts that are rated, [`spread`] the line's amount by day and key.
//! [`Credits`] are used up before anything is paid for.
//!
//! Which events count is not known here, nor where amounts are kept.

mod credits;
mod delta;
mod entry;
mod group;
mod line;
mod part;
mod rate;
mod spread;

#[cfg(test)]
mod tests;

pub use credits::{Balance, Burn, Credits};
pub use delta::{BookedPart, Delta, book, deltas};
pub use part::{Component, Part, Piece, Rated, Reading};
pub use rate::{PeriodState, Stretch, Usage, rate, rate_line};
pub use spread::{Cell, Fee, Spread, SpreadStretch, spread, spread_line};
