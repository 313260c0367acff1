//! The parts of keys: where the number of each row comes from, and how single numbers become a key.

use super::axis::{Axis, From, Prepared, number_of};
use super::keys::Shape;
use super::view::View;
use super::work::Plan;
use crate::insight::blocks::Codes;
use crate::model::charge::ChargeColumn;
use std::ops::Range;

/// A part of a key.
#[derive(Debug)]
pub(super) enum Part<'p> {
    Axis(&'p Axis),
    /// The code of the currency less one: every charge has a currency.
    Currency(u16),
}

impl Part<'_> {
    pub(super) fn read(&self, view: &View, rows: Range<usize>, out: &mut [u32]) {
        match self {
            Self::Axis(axis) => axis.numbers(view, rows, out),
            Self::Currency(column) => {
                view.codes(*column).read(rows.start, out);
                for code in out {
                    *code = code.saturating_sub(1);
                }
            }
        }
    }
}

impl Part<'_> {
    /// The number that all rows of a section have, if it is the same for all.
    fn constant(&self, view: &View) -> Option<u32> {
        let same = |column: &u16| match view.codes(*column) {
            Codes::One(code) => Some(*code),
            _ => None,
        };
        match self {
            Self::Axis(axis) => match &axis.from {
                From::Column(column) => same(column),
                From::Mapped(column, codes) => codes.get(usize::try_from(same(column)?).ok()?).copied(),
                From::Rules { .. } => None,
            },
            Self::Currency(column) => same(column).map(|code| code.saturating_sub(1)),
        }
    }
}

/// The parts of the keys of a question, in order.
pub(super) fn parts<'p>(prepared: &'p Prepared<'_>) -> Vec<Part<'p>> {
    prepared.axes.iter().map(Part::Axis).chain([Part::Currency(currency())]).collect()
}

/// The column of currencies.
pub(super) fn currency() -> u16 {
    number_of(ChargeColumn::BillingCurrency)
}

/// The key that all rows of a section have, if it is the same for all.
pub(super) fn constant_key(parts: &[Part<'_>], plan: &Plan, view: &View) -> Option<u128> {
    let numbers = parts.iter().map(|part| part.constant(view)).collect::<Option<Vec<u32>>>()?;
    Some(key_of(&plan.shape, &numbers))
}

/// The key of a day that no dimension is told apart of.
pub(super) fn key_of_totals(plan: &Plan, currency: u32) -> u128 {
    key_of(&plan.shape, &[currency.saturating_sub(1)])
}

fn key_of(shape: &Shape, numbers: &[u32]) -> u128 {
    match shape {
        Shape::Dense { sizes, .. } => numbers
            .iter()
            .zip(sizes)
            .fold(0, |key, (number, size)| key * u128::try_from((*size).max(1)).unwrap_or(1) + u128::from(*number)),
        Shape::Hash { bits } => {
            numbers.iter().zip(bits).fold(0, |key, (number, bits)| key << bits | u128::from(*number))
        }
    }
}
