//! The way that a question took through the engine, and what was read on it.

use serde::Serialize;

/// What was read to answer a question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Path {
    /// Segments whose charges may lie in the interval.
    pub segments: u64,
    /// Segments that were read charge by charge from Parquet, because nothing faster was there.
    pub scanned_segments: u64,
    /// Days answered from sums that are kept for each day as a whole.
    pub days_from_totals: u64,
    /// Rows read of the cube over the dimensions of few values.
    pub rows_from_cube: u64,
    /// Rows read of the charges summed by day over all dimensions.
    pub rows_from_days: u64,
    /// Rows read of the charges themselves, from hot columns.
    pub rows_from_columns: u64,
    /// Rows read of the charges themselves, from Parquet.
    pub rows_from_parquet: u64,
    /// Bytes read from disk; what was in memory already does not count.
    pub bytes_read: u64,
    /// How groups were found: `none`, `dense` (an array with a place for each combination), `hash`, or `plain`.
    pub grouping: Grouping,
    /// How many threads worked.
    pub threads: u64,
    /// Sidecar files that were missing or damaged and were built again.
    pub rebuilt_segments: u64,
}

/// How groups were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grouping {
    /// Nothing was told apart.
    #[default]
    None,
    /// An array with a place for each combination of values.
    Dense,
    /// A table of the combinations that occur.
    Hash,
    /// A table of the combinations that occur, with sums in 256 bits: the way that takes any amounts.
    Plain,
}

impl Path {
    /// Adds what another part of the work read; how groups were found is the same for all of them.
    pub(crate) fn add(&mut self, other: &Self) {
        self.segments += other.segments;
        self.scanned_segments += other.scanned_segments;
        self.days_from_totals += other.days_from_totals;
        self.rows_from_cube += other.rows_from_cube;
        self.rows_from_days += other.rows_from_days;
        self.rows_from_columns += other.rows_from_columns;
        self.rows_from_parquet += other.rows_from_parquet;
        self.bytes_read += other.bytes_read;
        self.rebuilt_segments += other.rebuilt_segments;
        self.threads = self.threads.max(other.threads);
    }
}
