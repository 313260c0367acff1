//! Cells as a page keeps them: sixteen bytes where the number is small, as most are.

use super::cell::{Cell, State};
use super::form::Form;
use super::wide::Wide;
use crate::model::usage::Aggregation;

/// A cell of a quarter of an hour in 16 bytes, or the place of a large one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed {
    /// The number in steps of 10^-scale, or the place among the large ones.
    value: i64,
    events: u32,
    scale: u8,
    /// Which quarter of an hour of the day it is of.
    pub(super) quarter: u8,
}

/// The scale of a cell that lies among the large ones.
const LARGE: u8 = u8::MAX;
/// The scales of small ones, and what a step of each is in steps of 10^-18.
const SCALES: [(u8, i128); 4] = [(0, 1_000_000_000_000_000_000), (6, 1_000_000_000_000), (12, 1_000_000), (18, 1)];

fn step(scale: u8) -> i128 {
    SCALES.iter().find(|(known, _)| *known == scale).map_or(1, |(_, step)| *step)
}

/// The number in 64 bits at the coarsest scale that keeps all of its digits.
fn narrow(mantissa: i128) -> Option<(i64, u8)> {
    let (scale, step) = SCALES.iter().find(|(_, step)| mantissa % step == 0)?;
    Some((i64::try_from(mantissa / step).ok()?, *scale))
}

impl Packed {
    /// The cell, packed; one that is too large goes to the end of `large`.
    pub(super) fn new(quarter: u8, cell: Cell, large: &mut Vec<Cell>) -> Self {
        Self::small(quarter, &cell).unwrap_or_else(|| {
            let value = i64::try_from(large.len()).unwrap_or(i64::MAX);
            large.push(cell);
            Self { value, events: 0, scale: LARGE, quarter }
        })
    }

    fn small(quarter: u8, cell: &Cell) -> Option<Self> {
        let (mantissa, events) = match cell.0 {
            State::Sum { low, high, events } | State::Avg { low, high, events } => {
                (Wide { low, high }.to_mantissa()?, events)
            }
            State::Max { value, events } | State::Min { value, events } => (value, events),
            State::Count { events } => (0, events),
            State::Unique(_) | State::Latest(_) | State::Level(_) => return None,
        };
        let (value, scale) = narrow(mantissa)?;
        Some(Self { value, events: u32::try_from(events).ok()?, scale, quarter })
    }

    /// What the page is kept with.
    pub(super) fn form(self, large: &[Cell]) -> Form {
        match self.place().and_then(|place| large.get(place)) {
            Some(cell) => Form::Large(self.quarter, cell.clone()),
            None => Form::Small(self.quarter, self.scale, self.value, self.events),
        }
    }

    /// A small one that was kept.
    pub(super) fn from_form(quarter: u8, scale: u8, value: i64, events: u32) -> Self {
        Self { value, events, scale: if scale == LARGE { 0 } else { scale }, quarter }
    }

    /// Whether it is of no event.
    pub(super) fn is_empty(self, large: &[Cell]) -> bool {
        match self.place() {
            None => self.events == 0,
            Some(place) => large.get(place).is_none_or(Cell::is_empty),
        }
    }

    fn place(self) -> Option<usize> {
        (self.scale == LARGE).then(|| usize::try_from(self.value).unwrap_or(usize::MAX))
    }

    fn unpacked(self, aggregation: Aggregation) -> Cell {
        let value = i128::from(self.value) * step(self.scale);
        let (Wide { low, high }, events) = (Wide::from_mantissa(value), self.events.into());
        Cell(match aggregation {
            Aggregation::Sum => State::Sum { low, high, events },
            Aggregation::Avg => State::Avg { low, high, events },
            Aggregation::Max => State::Max { value, events },
            Aggregation::Min => State::Min { value, events },
            Aggregation::Count => State::Count { events },
            other => return Cell::new(other),
        })
    }

    /// The cell.
    pub(super) fn cell(self, aggregation: Aggregation, large: &[Cell]) -> Cell {
        match self.place() {
            None => self.unpacked(aggregation),
            Some(place) => large.get(place).cloned().unwrap_or_else(|| Cell::new(aggregation)),
        }
    }

    /// Adds the cell to another one.
    pub(super) fn add_to(self, into: &mut Cell, large: &[Cell]) {
        match self.place() {
            None => into.merge(&self.unpacked(into.aggregation())),
            Some(place) => large.get(place).into_iter().for_each(|cell| into.merge(cell)),
        }
    }

    /// Merges another cell into this one.
    pub(super) fn merge(&mut self, other: &Cell, large: &mut Vec<Cell>) {
        if let Some(place) = self.place() {
            large.get_mut(place).into_iter().for_each(|cell| cell.merge(other));
            return;
        }
        if self.merge_small(other).is_none() {
            let mut cell = self.unpacked(other.aggregation());
            cell.merge(other);
            *self = Self::new(self.quarter, cell, large);
        }
    }

    /// The usual case: both at the same scale, and the sum is as small.
    fn merge_small(&mut self, other: &Cell) -> Option<()> {
        if let State::Count { events } = other.0 {
            self.events = self.events.checked_add(u32::try_from(events).ok()?)?;
            return Some(());
        }
        let (State::Sum { low, high, events } | State::Avg { low, high, events }) = other.0 else { return None };
        let mantissa = Wide { low, high }.to_mantissa()?;
        let step = step(self.scale);
        if mantissa % step != 0 {
            return None;
        }
        let value = self.value.checked_add(i64::try_from(mantissa / step).ok()?)?;
        let events = self.events.checked_add(u32::try_from(events).ok()?)?;
        (self.value, self.events) = (value, events);
        Some(())
    }

    /// Puts another cell in its place.
    pub(super) fn replace(&mut self, cell: Cell, large: &mut Vec<Cell>) {
        match self.place().and_then(|place| large.get_mut(place)) {
            Some(place) => *place = cell,
            None => *self = Self::new(self.quarter, cell, large),
        }
    }
}
