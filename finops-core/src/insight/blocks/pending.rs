//! Charges that wait to become blocks, with their texts as codes.

use super::build::{Block, build};
use super::index::Measure;
use super::{DAY_MICROS, dimension_columns};
use crate::model::charge::{ChargeColumn, ChargeTable, TextColumn};
use crate::{Error, Result};

/// Stands for "is not known" among amounts, which never reach it.
pub(super) const UNKNOWN: i128 = i128::MIN;

/// Gives a text its code, 1 or more, in the dictionary of a column; none where it has no place there.
pub(super) type CodeOf<'c> = &'c mut dyn FnMut(ChargeColumn, &str) -> Option<u32>;

/// Charges by column.
#[derive(Debug)]
pub struct Pending {
    /// The day of UTC, counted from 1970-01-01, and the microsecond in it, at which each charge starts.
    pub(super) starts: Vec<(i32, i64)>,
    /// The codes of each dimension; none while every charge has none.
    pub(super) dimensions: Vec<(ChargeColumn, Vec<u32>)>,
    /// The measures at 18 decimals; none while every charge has none.
    pub(super) measures: Vec<(Measure, Vec<i128>)>,
}

impl Default for Pending {
    fn default() -> Self {
        Self {
            starts: Vec::new(),
            dimensions: dimension_columns().map(|column| (column, Vec::new())).collect(),
            measures: Measure::ALL.into_iter().map(|measure| (measure, Vec::new())).collect(),
        }
    }
}

impl Pending {
    /// How many charges wait.
    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    /// About how many bytes they take.
    pub fn bytes(&self) -> usize {
        let dimensions: usize = self.dimensions.iter().map(|(_, codes)| codes.len()).sum();
        let measures: usize = self.measures.iter().map(|(_, sums)| sums.len()).sum();
        self.starts.len() * 16 + dimensions * 4 + measures * 16
    }

    /// Adds the charges of a table; says whether each of their texts has a code. When not, what waits is of no use.
    ///
    /// # Errors
    /// `invalid_argument` when a charge has no start.
    pub fn add(&mut self, table: &ChargeTable, code_of: CodeOf<'_>) -> Result<bool> {
        let missing = || Error::invalid("ChargePeriodStart", "must have a value in every row");
        let starts = table.time(ChargeColumn::ChargePeriodStart).ok_or_else(missing)?;
        let before = self.rows();
        let mut new = Vec::with_capacity(table.rows());
        for row in 0..table.rows() {
            let micros = starts.get(row).ok_or_else(missing)?;
            let day = i32::try_from(micros.div_euclid(DAY_MICROS)).map_err(|_| missing())?;
            new.push((day, micros.rem_euclid(DAY_MICROS)));
        }
        for (column, codes) in &mut self.dimensions {
            let Some(text) = table.text(*column) else {
                if !codes.is_empty() {
                    codes.resize(before + table.rows(), 0);
                }
                continue;
            };
            let mut known: Vec<Option<u32>> = vec![None; text.dictionary.len()];
            codes.resize(before, 0);
            for code in &text.codes {
                let slot = usize::try_from(*code).ok().filter(|_| *code != TextColumn::NULL);
                let code = match slot.and_then(|slot| known.get_mut(slot)) {
                    None => 0,
                    Some(Some(known)) => *known,
                    Some(unknown) => {
                        let text = text.dictionary.get(*code).unwrap_or_default();
                        let Some(given) = code_of(*column, text) else { return Ok(false) };
                        *unknown = Some(given);
                        given
                    }
                };
                codes.push(code);
            }
        }
        for (measure, amounts) in &mut self.measures {
            let column = table.decimal(measure.column());
            if column.is_none() && amounts.is_empty() {
                continue;
            }
            amounts.resize(before, UNKNOWN);
            let amount = |row| column.and_then(|column| column.get(row)).unwrap_or(UNKNOWN);
            amounts.extend((0..table.rows()).map(amount));
        }
        self.starts.append(&mut new);
        Ok(true)
    }

    /// Makes blocks of all charges that wait, one at a time.
    ///
    /// # Errors
    /// Whatever `visit` gives.
    pub fn drain(&mut self, visit: impl FnMut(Block) -> Result<()>) -> Result<()> {
        build(&std::mem::take(self), visit)
    }
}
