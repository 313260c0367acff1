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
    Texts(Vec<Option<Arc<str>>>),
    /// Instants.
    Times(Vec<Stamp>),
    /// Amounts and shares.
    Decimals(Vec<Option<Quantity>>),
    /// Counts.
    Counts(Vec<u64>),
}
