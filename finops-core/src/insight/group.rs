//! Groups: the distinct combinations of values that an answer is broken down by.

use super::matching;
use super::sums::Labels;
use crate::Result;
use crate::model::charge::{ChargeTable, TextBuilder, TextColumn};
use crate::model::dimension::Dimension;
use crate::model::virtual_dimension::Virtuals;
use std::collections::HashMap;

/// The place of a row without a value in a key; values count from 1.
const ABSENT: u32 = 0;

/// Gives each combination of values a number, the same over all tables.
#[derive(Debug, Default)]
pub(super) struct Groups {
    values: Vec<TextBuilder>,
    numbers: HashMap<Box<[u32]>, usize>,
    keys: Vec<Box<[u32]>>,
}

impl Groups {
    /// Groups by that many values.
    pub(super) fn new(width: usize) -> Self {
        let values = std::iter::repeat_with(TextBuilder::default).take(width).collect();
        Self { values, ..Self::default() }
    }

    /// For each of the rows, the codes of its values, which count over all tables. The values of the dimensions
    /// stand from place `first` on in a key.
    pub(super) fn codes(
        &mut self,
        table: &ChargeTable,
        dimensions: &[&Dimension],
        first: usize,
        rows: &[usize],
        virtuals: &Virtuals,
    ) -> Result<Vec<Vec<u32>>> {
        let columns = (first..).zip(dimensions).map(|(place, dimension)| {
            Ok(match matching::values(table, dimension, virtuals)? {
                Some(column) => self.recode(place, &column, rows),
                None => vec![ABSENT; rows.len()],
            })
        });
        columns.collect()
    }

    /// The codes of rows of a column whose values stand at a place of the key. A value gets its code at its first row:
    /// one that no row uses is no group.
    pub(super) fn recode(&mut self, place: usize, column: &TextColumn, rows: &[usize]) -> Vec<u32> {
        let Some(builder) = self.values.get_mut(place) else { return vec![ABSENT; rows.len()] };
        let mut known: Vec<Option<u32>> = vec![None; column.dictionary.len()];
        let code = |row: &usize| {
            let code = column.codes.get(*row).copied().unwrap_or(TextColumn::NULL);
            let Some(known) = usize::try_from(code).ok().and_then(|code| known.get_mut(code)) else { return ABSENT };
            *known.get_or_insert_with(|| column.dictionary.get(code).map_or(ABSENT, |value| builder.intern(value) + 1))
        };
        rows.iter().map(code).collect()
    }

    /// The number of a key.
    pub(super) fn number(&mut self, key: &[u32]) -> usize {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let number = self.keys.len();
        self.keys.push(key.into());
        self.numbers.insert(key.into(), number);
        number
    }

    /// The keys in the order of their numbers, and the texts of the codes at each place.
    pub(super) fn into_parts(self) -> (Vec<Box<[u32]>>, Vec<Labels>) {
        (self.keys, self.values.into_iter().map(|mut builder| Labels::new(builder.take().dictionary)).collect())
    }
}
