//! What a block holds, without its columns: enough to decide what has to be read.

use super::{Amounts, Codes, Drill};
use crate::model::charge::{ChargeColumn, CostView};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// One of the four costs.
    Cost(CostView),
    /// `ConsumedQuantity`.
    Quantity,
}

impl Measure {
    /// Every measure, in the order in which blocks keep them.
    pub const ALL: [Self; 5] = [
        Self::Cost(CostView::Billed),
        Self::Cost(CostView::Effective),
        Self::Cost(CostView::Contracted),
        Self::Cost(CostView::List),
        Self::Quantity,
    ];

    /// The column that it is read from.
    pub const fn column(self) -> ChargeColumn {
        match self {
            Self::Cost(view) => view.column(),
            Self::Quantity => ChargeColumn::ConsumedQuantity,
        }
    }
}

/// How much a section tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Every charge, with its time.
    Charges,
    /// Every combination of all dimensions on a day.
    Days,
    /// The combinations of some dimensions on a day.
    Cube,
}

/// What a chunk of a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// The codes of a dimension; 0 stands for "has no value".
    Dimension(u16),
    /// How many charges each row stands for.
    Charges,
    /// How many charges of each row lack the measure.
    Unknown(Measure),
    /// The sums of a measure.
    Amount(Measure),
}

/// How a chunk is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coding {
    /// Nothing is written: every row has that number.
    One(u32),
    /// [`Codes::Bits`].
    Bits,
    /// [`Codes::U8`].
    U8,
    /// [`Codes::U16`].
    U16,
    /// [`Codes::U32`].
    U32,
    /// Nothing is written: every row has zero.
    Zero,
    /// Mantissas of 64 bits with that many decimals.
    I64(u8),
    /// Mantissas of 128 bits with that many decimals.
    I128(u8),
}

impl Coding {
    /// How many bytes one number takes by itself: a bit a whole one.
    pub const fn width(self) -> usize {
        match self {
            Self::One(_) | Self::Zero => 0,
            Self::Bits | Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 => 4,
            Self::I64(_) => 8,
            Self::I128(_) => 16,
        }
    }
}

/// A column of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Codes and counts.
    Codes(Codes),
    /// Sums.
    Amounts(Amounts),
}

impl Data {
    /// Some of the rows, as if there were no others.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        match self {
            Self::Codes(codes) => Self::Codes(codes.part(rows)),
            Self::Amounts(amounts) => Self::Amounts(amounts.part(rows)),
        }
    }
}

/// Where a column of a section lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// What it holds.
    pub what: What,
    /// How.
    pub coding: Coding,
    /// The largest magnitude of its sums at 18 decimals.
    pub max_abs: u128,
    /// From which byte of the file on.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The place of the checksum of its first page among those of the file.
    pub page: u32,
}

/// Rows of a block at one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionIndex {
    /// How much it tells apart.
    pub level: Level,
    /// Whether its rows are summed over all days of the block, as if they were one.
    pub over_days: bool,
    /// Where the rows of each day end.
    pub day_ends: Vec<u32>,
    /// The dimension that the rows of each day are sorted by.
    pub lead: Option<u16>,
    /// Its columns; one that is not there is zero everywhere.
    pub chunks: Vec<Chunk>,
    /// Its rows once more, for questions about one value of the lead.
    pub drill: Option<Drill>,
}

impl SectionIndex {
    /// How many rows it has.
    pub fn rows(&self) -> u32 {
        self.day_ends.last().copied().unwrap_or(0)
    }

    /// The rows of a day.
    pub fn rows_of(&self, day: usize) -> Range<usize> {
        let end = |day: usize| self.day_ends.get(day).and_then(|end| usize::try_from(*end).ok()).unwrap_or(0);
        day.checked_sub(1).map_or(0, end)..end(day)
    }

    /// Whether its rows tell a dimension apart. Dimensions are written first, so that few chunks are looked at.
    pub fn tells(&self, column: u16) -> bool {
        let mut dimensions = self.chunks.iter().take_while(|chunk| matches!(chunk.what, What::Dimension(_)));
        dimensions.any(|chunk| chunk.what == What::Dimension(column))
    }

    /// The place of a chunk. Dimensions are written first, so that others are looked for from the end.
    pub fn find(&self, what: What) -> Option<usize> {
        let is_it = |chunk: &Chunk| chunk.what == what;
        match what {
            What::Dimension(_) => self.chunks.iter().position(is_it),
            _ => self.chunks.iter().rposition(is_it),
        }
    }
}

/// The sums over all charges of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotals {
    /// The day, counted from 1970-01-01 in UTC.
    pub day: i32,
    /// How many charges.
    pub charges: u64,
    /// For each of [`Measure::ALL`] the sum at 18 decimals, if it fits, and how many charges lack it.
    pub measures: [(Option<i128>, u64); Measure::ALL.len()],
    /// The microseconds of the day at which charges start, in order, each with the row of the block at which its
    /// charges end: those of a day lie in the order of their times.
    pub times: Vec<(i64, u32)>,
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockIndex {
    /// Its days, in order.
    pub days: Vec<DayTotals>,
    /// Dimensions that have the same code in every charge; those that stand neither here nor in a section have none.
    pub constants: Vec<(u16, u32)>,
    /// The same charges, at several levels. The charges themselves come first.
    pub sections: Vec<SectionIndex>,
}

impl BlockIndex {
    /// The code that a dimension has in all charges of the block, if it is the same in all.
    pub fn constant(&self, column: u16) -> Option<u32> {
        let known = self.constants.iter().find(|(known, _)| *known == column).map(|(_, code)| *code);
        known.or_else(
            || {
                if self.sections.first().is_some_and(|charges| charges.tells(column)) { None } else { Some(0) }
            },
        )
    }
}
