//! Groups: the distinct combinations of values that an answer is broken down by.

use super::matching;
use crate::model::charge::{ChargeTable, TextBuilder, TextColumn};
use crate::model::dimension::Dimension;
use std::borrow::Cow;
use std::collections::HashMap;

/// The place of a row without a value in a key.
const ABSENT: u32 = TextColumn::NULL;

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
        dimensions: &[Dimension],
        first: usize,
        rows: &[usize],
    ) -> Vec<Vec<u32>> {
        let builders = self.values.iter_mut().skip(first);
        let columns = dimensions.iter().zip(builders).map(|(dimension, builder)| {
            let column = matching::values(table, dimension);
            recode(column, builder, rows)
        });
        columns.collect()
    }

    /// The code of a value at a place of the key.
    pub(super) fn intern(&mut self, place: usize, value: &str) -> u32 {
        self.values.get_mut(place).map_or(ABSENT, |builder| builder.intern(value))
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

    /// The values of each group, in the order of the numbers.
    pub(super) fn into_keys(self) -> impl Iterator<Item = Vec<Option<String>>> {
        let columns: Vec<TextColumn> = self.values.into_iter().map(|mut builder| builder.take()).collect();
        self.keys.into_iter().map(move |key| {
            let value = |(code, column): (&u32, &TextColumn)| column.dictionary.get(*code).map(str::to_owned);
            key.iter().zip(&columns).map(value).collect()
        })
    }
}

fn recode(column: Option<Cow<'_, TextColumn>>, builder: &mut TextBuilder, rows: &[usize]) -> Vec<u32> {
    let Some(column) = column else { return vec![ABSENT; rows.len()] };
    // A value gets its code at its first row: one that no row uses is no group.
    let mut known: Vec<Option<u32>> = vec![None; column.dictionary.len()];
    let code = |row: &usize| {
        let code = column.codes.get(*row).copied().unwrap_or(ABSENT);
        let Some(known) = usize::try_from(code).ok().and_then(|code| known.get_mut(code)) else { return ABSENT };
        *known.get_or_insert_with(|| column.dictionary.get(code).map_or(ABSENT, |value| builder.intern(value)))
    };
    rows.iter().map(code).collect()
}
