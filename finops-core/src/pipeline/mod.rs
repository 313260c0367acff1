//! Pure functions from what is delivered to what can be accounted for, left to right.
//!
//! [`intake`] turns the rows of a bill into charges.

pub mod intake;
