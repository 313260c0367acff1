//! Charges by column in blocks of days, made for adding up: dictionary codes of the narrowest width, amounts as 64-bit
//! mantissas wherever they fit, statistics that prove what cannot overflow.
//!
//! A block holds some days of one segment several times over, each time smaller: the charges themselves, the charges
//! summed by day over all dimensions, and over few dimensions (the cube and its margins). A question is answered from
//! the smallest section that tells apart what it asks for. What is kept twice is kept exactly: the sums of every
//! section are the same. Some sections have their rows once more, as records of one value after the other: the drill.
//! Where all of it lies in files is not known here.
//!
//! ```text
//! ChargeTable --Pending::add--> charges that wait --drain--> Block { index, columns, records }
//! ```

mod amounts;
mod build;
mod codes;
mod drill;
mod index;
mod pending;
mod rows;
#[cfg(test)]
mod tests;

pub use amounts::{Amounts, Mantissas};
pub use build::Block;
pub use codes::Codes;
pub use drill::{Drill, FEW_OF, Layout, Records};
pub use index::{BlockIndex, Chunk, Coding, Data, DayTotals, Level, Measure, SectionIndex, What};
pub use pending::Pending;

use crate::model::charge::ChargeColumn;
use crate::model::dimension::BuiltIn;

/// How many microseconds a day of UTC has.
pub(crate) const DAY_MICROS: i64 = 86_400_000_000;

/// The columns of text that blocks have: whatever charges are grouped and filtered by.
pub(crate) fn dimension_columns() -> impl Iterator<Item = ChargeColumn> {
    let built_in = BuiltIn::ALL.iter().map(|dimension| dimension.column());
    built_in.chain([ChargeColumn::Tags, ChargeColumn::ChargeCategory])
}
