//! Items by column, for libraries that take columns: no item is made.

use crate::model::money::Quantity;
use crate::model::time::Stamp;
use std::sync::Arc;

/// The items of a breakdown by column: the same values under the same names, in the order in which an item tells them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ItemColumns {
    /// How many items there are.
    pub rows: usize,
    /// Each column by its name; none without items.
    pub columns: Vec<(String, ItemCells)>,
}

/// The cells of a column, one for each item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemCells {
    /// Values of a dimension, or their names.
    Texts(TextCells),
    /// Instants.
    Times(Vec<Stamp>),
    /// Amounts and shares.
    Decimals(DecimalCells),
    /// Counts.
    Counts(Vec<u64>),
}

/// The texts of values of which each stands once, however many items have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextCells {
    texts: Vec<Option<Arc<str>>>,
    /// For each item the place of its text.
    codes: Arc<Vec<usize>>,
}

impl TextCells {
    /// The texts, and for each item the place of its own among them; what lies past the last is no text.
    pub(super) const fn new(texts: Vec<Option<Arc<str>>>, codes: Arc<Vec<usize>>) -> Self {
        Self { texts, codes }
    }

    /// The text of each item; none where it has no value, or no name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&str>> + Clone {
        self.codes.iter().map(|code| self.texts.get(*code).and_then(Option::as_deref))
    }

    /// Whether no item has a text.
    pub fn are_unknown(&self) -> bool {
        self.texts.iter().all(Option::is_none)
    }
}

/// Decimals, of which some may not be known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecimalCells {
    mantissas: Vec<i128>,
    /// Which are known; none where all are.
    known: Option<Vec<bool>>,
}

impl DecimalCells {
    /// The value of each item.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<Quantity>> {
        let is_known = |row: usize| self.known.as_ref().is_none_or(|known| known.get(row).copied().unwrap_or(false));
        let values = self.mantissas.iter().enumerate();
        values.map(move |(row, mantissa)| is_known(row).then_some(Quantity::from_mantissa(*mantissa)))
    }

    /// The values in steps of 10^-18, 0 where nothing is known, and which are known: none where all are.
    pub fn into_parts(self) -> (Vec<i128>, Option<Vec<bool>>) {
        (self.mantissas, self.known)
    }
}

impl FromIterator<Option<Quantity>> for DecimalCells {
    fn from_iter<I: IntoIterator<Item = Option<Quantity>>>(values: I) -> Self {
        let values = values.into_iter();
        let mut cells = Self { mantissas: Vec::with_capacity(values.size_hint().0), known: None };
        for value in values {
            if value.is_none() && cells.known.is_none() {
                cells.known = Some(vec![true; cells.mantissas.len()]);
            }
            cells.mantissas.push(value.map_or(0, Quantity::mantissa));
            cells.known.iter_mut().for_each(|known| known.push(value.is_some()));
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_so() {
        let values = [Some(7), None, Some(0), Some(-1)].map(|value| value.map(Quantity::from_mantissa));
        for rows in 0..=values.len() {
            let cells: DecimalCells = values[..rows].iter().copied().collect();
            assert_eq!(cells.iter().collect::<Vec<_>>(), values[..rows]);
            let (mantissas, known) = cells.into_parts();
            assert_eq!(mantissas, [7, 0, 0, -1][..rows]);
            assert_eq!(known, (rows > 1).then(|| [true, false, true, true][..rows].to_vec()));
        }
    }
}
