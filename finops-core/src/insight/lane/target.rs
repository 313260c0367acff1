//! Where amounts are added: to the pairs of groups, row by row.

use super::cells::{CHARGE, Pair, UNKNOWN};
use super::view::{Column, View};
use crate::insight::blocks::{Amounts, Codes, Mantissas};
use std::ops::Range;

/// What each row adds to the counts of a group.
#[derive(Debug)]
pub(super) enum Steps<'s> {
    Same(i128),
    Each(&'s [u32], &'s [u32]),
}

impl<'s> Steps<'s> {
    pub(super) fn new(
        view: &View,
        column: &Column,
        first: bool,
        rows: Range<usize>,
        counts: &'s mut Vec<u32>,
        unknown: &'s mut Vec<u32>,
    ) -> Self {
        let none = Codes::One(0);
        // Charges are counted with the first view.
        let charges = if first { view.charges() } else { &none };
        if let (Codes::One(charges), Codes::One(unknown)) = (charges, column.unknown()) {
            return Self::Same(i128::from(*charges) * CHARGE + i128::from(*unknown) * UNKNOWN);
        }
        counts.resize(rows.len(), 0);
        charges.read(rows.start, counts);
        unknown.resize(rows.len(), 0);
        column.unknown().read(rows.start, unknown);
        Self::Each(counts, unknown)
    }

    fn at(&self, row: usize) -> i128 {
        match self {
            Self::Same(step) => *step,
            Self::Each(counts, unknown) => {
                let count = |counts: &[u32]| counts.get(row).copied().map_or(0, i128::from);
                count(counts) * CHARGE + count(unknown) * UNKNOWN
            }
        }
    }
}

/// Where the costs of a view are added to.
#[derive(Debug)]
pub(super) struct Target<'t> {
    pub(super) pairs: &'t mut [Pair],
    pub(super) views: usize,
    pub(super) view: usize,
    pub(super) places: &'t [u32],
}

impl Target<'_> {
    pub(super) fn add(mut self, column: &Column, steps: &Steps<'_>, rows: Range<usize>, chosen: Option<&[usize]>) {
        let (mantissas, decimals) = column.amounts();
        let factor = Amounts::factor(decimals);
        // A product of two 64-bit numbers takes one instruction where that of two 128-bit numbers takes several.
        let narrow = |value: &i64| i128::from(*value) * i128::from(factor);
        match (mantissas, chosen) {
            (Mantissas::I64(values), None) => {
                let values = values.get(rows).unwrap_or_default().iter().map(narrow);
                match steps {
                    Steps::Same(step) => self.all(values.map(|value| (*step, value))),
                    steps @ Steps::Each(..) => {
                        self.all(values.enumerate().map(|(row, value)| (steps.at(row), value)));
                    }
                }
            }
            (mantissas, None) => {
                let first = rows.start;
                let wide = |row: usize| mantissa(mantissas, row) * i128::from(factor);
                self.all(rows.map(|row| (steps.at(row - first), wide(row))));
            }
            (mantissas, Some(chosen)) => {
                let first = rows.start;
                let wide = |row: usize| mantissa(mantissas, row) * i128::from(factor);
                self.all(chosen.iter().map(|row| (steps.at(row - first), wide(*row))));
            }
        }
    }

    fn all(&mut self, cells: impl Iterator<Item = (i128, i128)>) {
        // Rows of a group often come together: what they add up to is carried until the group changes.
        let mut carried: Option<(u32, i128, i128)> = None;
        for (place, (step, value)) in self.places.iter().zip(cells) {
            carried = Some(match carried {
                Some((last, steps, sum)) if last == *place => (last, steps + step, sum.wrapping_add(value)),
                other => {
                    self.put(other);
                    (*place, step, value)
                }
            });
        }
        self.put(carried);
    }

    fn put(&mut self, carried: Option<(u32, i128, i128)>) {
        if let Some((place, steps, sum)) = carried {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            add_pair(self.pairs, place.wrapping_mul(self.views).wrapping_add(self.view), steps, sum);
        }
    }
}

/// The plan has proven that nothing here can overflow.
pub(super) fn add_pair(pairs: &mut [Pair], place: usize, step: i128, value: i128) {
    if let Some(pair) = pairs.get_mut(place) {
        pair[0] = pair[0].wrapping_add(step);
        pair[1] = pair[1].wrapping_add(value);
    }
}

pub(super) fn mantissa(mantissas: &Mantissas, row: usize) -> i128 {
    match mantissas {
        Mantissas::Zero => 0,
        Mantissas::I64(values) => values.get(row).copied().map_or(0, i128::from),
        Mantissas::I128(values) => values.get(row).copied().unwrap_or(0),
    }
}

/// The exact sum of 64-bit numbers, at the speed of memory; none is larger in magnitude than `largest`. Where so many
/// of them fit 64 bits together, nothing else is needed. Where not, the upper and the lower halves are added apart,
/// each of which fits for as many rows as a stretch has.
pub(super) fn sum_narrow(values: &[i64], largest: u128) -> i128 {
    let all = u128::try_from(values.len()).ok().and_then(|count| largest.checked_mul(count));
    if all.is_some_and(|all| all <= u128::from(i64::MAX.unsigned_abs())) {
        return values.iter().fold(0_i64, |sum, value| sum.wrapping_add(*value)).into();
    }
    let (mut high, mut low) = (0_i64, 0_i64);
    for value in values {
        high = high.wrapping_add(value >> 32);
        low = low.wrapping_add(value & 0xffff_ffff);
    }
    (i128::from(high) << 32) + i128::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_numbers_add_up_exactly() {
        let extremes = [[i64::MAX; 3], [i64::MIN; 3], [i64::MAX, i64::MIN, -1], [1 << 40, -(1 << 40), 7]];
        for values in extremes {
            let largest = values.iter().map(|value| value.unsigned_abs()).max().unwrap_or(0);
            let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
            assert_eq!(sum_narrow(&values, largest.into()), sum, "{values:?}");
            assert_eq!(sum_narrow(&values, u128::MAX), sum, "{values:?}, of which nothing is known");
        }
    }
}
