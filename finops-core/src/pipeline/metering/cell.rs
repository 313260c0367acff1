//! Cells: the state of an aggregation over some events.
//!
//! Cells of the same aggregation merge in any order into the same cell, so that hours, days and groups are sums of
//! what was kept. A cell does not know which events it is of.

use super::level::Level;
use super::reading::{Measured, Reading};
use super::unique::Unique;
use super::wide::Wide;
use crate::model::money::{Quantity, quotient};
use crate::model::time::{Interval, Stamp};
use crate::model::usage::Aggregation;
use crate::{Error, Result};
use ethnum::I256;
use serde::{Deserialize, Serialize};

/// The state of an aggregation over some events.
///
/// ```
/// use finops_core::model::time::{Interval, Stamp};
/// use finops_core::model::usage::Aggregation;
/// use finops_core::pipeline::metering::{Cell, Measured, Reading};
///
/// let now = Stamp::parse("2024-01-01T00:00:00Z")?;
/// let mut cell = Cell::new(Aggregation::Sum);
/// assert_eq!(cell.value(Interval::always())?, None);
/// cell.add(&Reading { value: Measured::Number("0.5".parse()?), time: now, sequence: 1 });
/// cell.add(&Reading { value: Measured::Number("2".parse()?), time: now, sequence: 2 });
/// assert_eq!(cell.value(Interval::always())?, Some("2.5".parse()?));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cell(pub(super) State);

/// What each aggregation keeps. The parts of a [`Wide`] stand apart, so that the tag finds room between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    Sum { low: u128, high: i32, events: u64 },
    Avg { low: u128, high: i32, events: u64 },
    Count { events: u64 },
    Unique(Box<Unique>),
    Max { value: i128, events: u64 },
    Min { value: i128, events: u64 },
    Latest(Box<Last>),
    Level(Box<Level>),
}

/// The last value: by time, then by order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Last {
    pub(super) time: i64,
    pub(super) sequence: u64,
    pub(super) value: i128,
    pub(super) events: u64,
}

impl Cell {
    /// The state over no event.
    pub fn new(aggregation: Aggregation) -> Self {
        Self(match aggregation {
            Aggregation::Sum => State::Sum { low: 0, high: 0, events: 0 },
            Aggregation::Avg => State::Avg { low: 0, high: 0, events: 0 },
            Aggregation::Count => State::Count { events: 0 },
            Aggregation::UniqueCount => State::Unique(Box::default()),
            Aggregation::Max => State::Max { value: 0, events: 0 },
            Aggregation::Min => State::Min { value: 0, events: 0 },
            Aggregation::Latest => State::Latest(Box::default()),
            Aggregation::TimeWeighted => State::Level(Box::default()),
        })
    }

    /// Which aggregation it is of.
    pub const fn aggregation(&self) -> Aggregation {
        match self.0 {
            State::Sum { .. } => Aggregation::Sum,
            State::Avg { .. } => Aggregation::Avg,
            State::Count { .. } => Aggregation::Count,
            State::Unique(_) => Aggregation::UniqueCount,
            State::Max { .. } => Aggregation::Max,
            State::Min { .. } => Aggregation::Min,
            State::Latest(_) => Aggregation::Latest,
            State::Level(_) => Aggregation::TimeWeighted,
        }
    }

    /// How many events it has a value of; for a count all events.
    pub fn events(&self) -> u64 {
        match &self.0 {
            State::Sum { events, .. }
            | State::Avg { events, .. }
            | State::Count { events }
            | State::Max { events, .. }
            | State::Min { events, .. } => *events,
            State::Unique(unique) => unique.events(),
            State::Latest(last) => last.events,
            State::Level(level) => level.events,
        }
    }

    /// Whether it is the state over no event.
    pub fn is_empty(&self) -> bool {
        self.events() == 0
    }

    /// Adds an event. One without a value changes a count and nothing else.
    pub fn add(&mut self, reading: &Reading) {
        match (&mut self.0, reading.value) {
            (State::Count { events }, _) => *events = events.saturating_add(1),
            (State::Unique(unique), Measured::Value(hash)) => unique.add(hash, 1),
            (_, Measured::Nothing | Measured::Value(_)) => {}
            (_, Measured::Number(quantity)) => {
                self.merge(&Self::of(self.aggregation(), quantity.mantissa(), reading));
            }
        }
    }

    /// The state over one event.
    fn of(aggregation: Aggregation, value: i128, reading: &Reading) -> Self {
        let Wide { low, high } = Wide::from_mantissa(value);
        let time = reading.time.micros();
        Self(match aggregation {
            Aggregation::Sum => State::Sum { low, high, events: 1 },
            Aggregation::Avg => State::Avg { low, high, events: 1 },
            Aggregation::Max => State::Max { value, events: 1 },
            Aggregation::Min => State::Min { value, events: 1 },
            Aggregation::Latest => State::Latest(Box::new(Last { time, sequence: reading.sequence, value, events: 1 })),
            Aggregation::TimeWeighted => State::Level(Box::new(Level::change_at(value, time, 1))),
            // A number is no value to tell apart, and each event counts.
            Aggregation::UniqueCount => State::Unique(Box::default()),
            Aggregation::Count => State::Count { events: 1 },
        })
    }

    /// Adds what another cell of the same aggregation is the state of; a cell of another aggregation changes nothing.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (State::Sum { low, high, events }, State::Sum { low: low2, high: high2, events: more })
            | (State::Avg { low, high, events }, State::Avg { low: low2, high: high2, events: more }) => {
                let sum = Wide { low: *low, high: *high }.plus(Wide { low: *low2, high: *high2 });
                (*low, *high, *events) = (sum.low, sum.high, events.saturating_add(*more));
            }
            (State::Count { events }, State::Count { events: more }) => *events = events.saturating_add(*more),
            (State::Unique(unique), State::Unique(other)) => unique.merge(other),
            (State::Max { value, events }, State::Max { value: other, events: more }) => {
                *value = if *more == 0 || (*events > 0 && *value >= *other) { *value } else { *other };
                *events = events.saturating_add(*more);
            }
            (State::Min { value, events }, State::Min { value: other, events: more }) => {
                *value = if *more == 0 || (*events > 0 && *value <= *other) { *value } else { *other };
                *events = events.saturating_add(*more);
            }
            (State::Latest(last), State::Latest(other)) => last.merge(other),
            (State::Level(level), State::Level(other)) => level.merge(other),
            _ => {}
        }
    }

    /// Takes an event away. When that cannot be told from the state it is unchanged, and the answer is `false`: the
    /// cell must be made again from the events that are left.
    #[must_use = "a cell that says no is unchanged"]
    pub fn subtract(&mut self, reading: &Reading) -> bool {
        if let (State::Count { events }, _) = (&mut self.0, reading.value) {
            return less_one(events);
        }
        if let (State::Unique(unique), Measured::Value(hash)) = (&mut self.0, reading.value) {
            return unique.subtract(hash);
        }
        let Some(number) = reading.number() else { return true };
        match &mut self.0 {
            State::Sum { low, high, events } | State::Avg { low, high, events } => {
                let sum = Wide { low: *low, high: *high }.plus(Wide::from_mantissa(number).negated());
                // A sum over nothing is zero: anything else was never added.
                let fits = match *events {
                    0 => false,
                    1 => sum.is_zero(),
                    _ => true,
                };
                if fits {
                    (*low, *high, *events) = (sum.low, sum.high, events.saturating_sub(1));
                }
                fits
            }
            State::Max { value, events } => less_extreme(value, events, number, number < *value),
            State::Min { value, events } => less_extreme(value, events, number, number > *value),
            State::Latest(last) => last.subtract(reading),
            State::Level(level) => level.subtract(number, reading.time.micros()),
            State::Count { .. } | State::Unique(_) => true,
        }
    }

    /// The number that it comes to. The window matters where values are weighted by time: it is the span of time that
    /// all events lie in, and the last level is taken to last until its end.
    ///
    /// Over no event a count is 0 and anything else is nothing. A mean and a level are rounded once, half to even at
    /// 18 decimals.
    ///
    /// # Errors
    /// `overflow` when it does not fit a quantity.
    pub fn value(&self, window: Interval) -> Result<Option<Quantity>> {
        let whole = |count: u64| i64::try_from(count).ok().map(Quantity::from_units);
        let fits = |quantity: Option<Quantity>| quantity.map(Some).ok_or_else(too_large);
        match &self.0 {
            State::Count { events } => fits(whole(*events)),
            State::Unique(unique) => fits(whole(unique.len())),
            _ if self.is_empty() => Ok(None),
            State::Sum { low, high, .. } => {
                fits(Wide { low: *low, high: *high }.to_mantissa().map(Quantity::from_mantissa))
            }
            State::Avg { low, high, events } => fits(quotient(Wide { low: *low, high: *high }.to_i256(), *events)),
            State::Max { value, .. } | State::Min { value, .. } => Ok(Some(Quantity::from_mantissa(*value))),
            State::Latest(last) => Ok(Some(Quantity::from_mantissa(last.value))),
            State::Level(level) => {
                let length = window.end().micros().saturating_sub(window.start().micros());
                let length = u64::try_from(length).unwrap_or(0);
                fits(quotient(level.held_until(window.end().micros()), length))
            }
        }
    }

    /// Level × microseconds from each change until `until`, in steps of 10^-18: what a level is the mean of. Changes
    /// must lie before it. Nothing for other aggregations.
    pub fn level_micros(&self, until: Stamp) -> Option<I256> {
        match &self.0 {
            State::Level(level) => Some(level.held_until(until.micros())),
            _ => None,
        }
    }

    /// Whether it leaves a level that is not zero.
    pub fn has_level(&self) -> bool {
        matches!(&self.0, State::Level(level) if !level.change.is_zero())
    }

    /// What a window starts with when the events of this cell lie before it: the level that they left, as a change at
    /// `start`. For other aggregations it is the state over nothing.
    #[must_use]
    pub fn carried_to(&self, start: Stamp) -> Self {
        match &self.0 {
            State::Level(level) => Self(State::Level(Box::new(level.carried_to(start.micros())))),
            _ => Self::new(self.aggregation()),
        }
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        let boxed = match &self.0 {
            State::Unique(unique) => unique.bytes(),
            State::Latest(_) => size_of::<Last>(),
            State::Level(_) => size_of::<Level>(),
            _ => 0,
        };
        size_of::<Self>() + boxed
    }
}

impl Last {
    fn merge(&mut self, other: &Self) {
        let events = self.events.saturating_add(other.events);
        if self.events == 0 || (other.events > 0 && other.rank() > self.rank()) {
            *self = *other;
        }
        self.events = events;
    }

    /// What is last. The value stands behind what tells all events apart, so that even a number that was given twice
    /// decides the same in any order.
    const fn rank(&self) -> (i64, u64, i128) {
        (self.time, self.sequence, self.value)
    }

    fn subtract(&mut self, reading: &Reading) -> bool {
        let is_last = (self.time, self.sequence) == (reading.time.micros(), reading.sequence);
        match (self.events, is_last) {
            (1, true) => *self = Self::default(),
            (2.., false) => self.events -= 1,
            _ => return false,
        }
        true
    }
}

/// Takes one of some events away, if there is one.
fn less_one(events: &mut u64) -> bool {
    let left = events.checked_sub(1);
    *events = left.unwrap_or(0);
    left.is_some()
}

/// Takes a number away from an extreme: when it is the extreme, what comes next is not known.
fn less_extreme(value: &mut i128, events: &mut u64, number: i128, within: bool) -> bool {
    if *events == 1 && number == *value {
        (*value, *events) = (0, 0);
        return true;
    }
    *events > 1 && within && less_one(events)
}

fn too_large() -> Error {
    Error::overflow("what was measured does not fit a quantity: ask for less time or fewer groups")
}
