//! Charges: what was paid for, as FOCUS 1.4 writes it down, with our own dimensions beside it.
//!
//! [`Charge`] is one row, [`ChargeTable`] many of them by column. Reading a bill into a table is the pipeline's
//! work; keeping it is the store's.

mod columns;
mod cost;
mod scope;
mod table;
mod text;
mod version;

pub use columns::row::Charge;
pub use columns::{ChargeColumn, ColumnKind};
pub use cost::CostView;
pub use scope::{Coverage, ImportMark, Origin, Scope};
pub use table::{ChargeTable, Column, DecimalColumn, TimeColumn};
pub(crate) use text::TextBuilder;
pub use text::{Dictionary, TextColumn};
pub use version::FocusVersion;
