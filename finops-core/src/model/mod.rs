//! Values: money, time, ids, dimensions, charges. No I/O, no clock.

pub mod money;
pub mod time;
