//! Metering: from events to what meters counted.
//!
//! [`check`] says which events count, [`Rollups`] counts them. A *cell* is the state of an aggregation over some
//! events; a *page* has the cells of a meter and a day of UTC, by quarters of an hour, for each *series*: what the
//! numbers are told apart by. How events are kept, and how often an event came, stands elsewhere.

mod cell;
mod check;
mod form;
mod level;
mod measure;
mod packed;
mod page;
mod quarters;
mod reading;
mod rollups;
mod series;
mod texts;
mod unique;
mod wide;

#[cfg(test)]
mod tests;

pub use crate::model::usage::SERIES_FIELDS;
pub use cell::Cell;
pub use check::check;
pub use form::{PagePart, PartKey};
pub use measure::measure;
pub use page::{DAY, DayPage, QUARTER, day_of};
pub use reading::{Measured, Reading};
pub use rollups::{PageKey, PageSpan, Rollups, Stale};
pub use series::{Series, SeriesMark, SeriesPage};
