//! Pure functions from what is delivered to what can be accounted for, left to right.
//!
//! [`intake`] turns the rows of a bill into charges, [`tally`] adds them up for the receipt. [`metering`] counts usage,
//! [`rating`] turns what was counted into amounts, [`charging`] makes charges of them.

pub mod charging;
pub mod intake;
pub mod metering;
pub mod rating;
pub mod tally;
