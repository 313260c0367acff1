//! Rows as a file delivers them, before anything is believed.

use crate::model::charge::{TextColumn, TimeColumn};

/// Some rows of a file, by column.
#[derive(Debug, Clone)]
pub struct RawTable {
    /// How many rows.
    pub rows: usize,
    /// The columns in the order of the header that the intake was made for.
    pub columns: Vec<RawCells>,
    /// Rows with another number of cells than the header, or with text that is not UTF-8; their cells mean nothing.
    pub malformed: Vec<usize>,
}

/// The cells of a column in the type that the file gives them.
#[derive(Debug, Clone)]
pub enum RawCells {
    /// Text, as CSV gives everything.
    Text(TextColumn),
    /// Integers and decimals of a stated scale.
    Decimals(ScaledDecimals),
    /// Doubles; each counts as the shortest decimal that prints it.
    Floats(Vec<Option<f64>>),
    /// Instants, and whether the file leaves their zone open.
    Times {
        /// The instants, read as UTC.
        times: TimeColumn,
        /// Whether the file says so.
        naive: bool,
    },
    /// Values of a type that is not understood, by its name.
    Unreadable(String),
    /// No row has a value.
    Nothing,
}

/// Decimals of a scale that need not be ours.
#[derive(Debug, Clone)]
pub struct ScaledDecimals {
    /// The mantissas.
    pub mantissas: Vec<i128>,
    /// How many of their digits are decimals, 0 to 38.
    pub scale: u32,
    /// Which rows have a value; none means all.
    pub valid: Option<Vec<bool>>,
}

impl ScaledDecimals {
    /// The mantissa of a row.
    pub(super) fn get(&self, row: usize) -> Option<i128> {
        let valid = self.valid.as_ref().is_none_or(|valid| valid.get(row).copied().unwrap_or(false));
        self.mantissas.get(row).copied().filter(|_| valid)
    }
}
