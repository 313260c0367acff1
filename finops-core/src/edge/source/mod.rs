//! Files that bills come in: CSV, CSV.gz and Parquet, read as a stream of raw tables.
//!
//! Nothing here knows what a column means; that is the intake's work. Memory does not grow with the file: a reader
//! holds one batch, and a single CSV record is bounded.

mod csv;
mod files;
mod nested;
mod parquet;

pub use files::{SourceFile, expand};

use crate::Result;
use crate::pipeline::intake::RawTable;

/// How many rows a batch has at most.
pub(crate) const BATCH_ROWS: usize = 32_768;

/// A file being read.
pub(crate) trait RowSource: Send {
    /// The names of the columns.
    fn header(&self) -> &[String];

    /// The next rows, none at the end.
    fn next_batch(&mut self) -> Result<Option<RawTable>>;

    /// How many bytes of the file are behind us, as far as the format tells.
    fn bytes_read(&self) -> u64;
}
