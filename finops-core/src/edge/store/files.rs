//! The files that a state consists of, for tools that read Parquet themselves.

use crate::{Error, ErrorCode};
use serde::Serialize;

/// A Parquet file of charges of one billing account's billing period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentFile {
    /// Where it lies, from the root of the file system.
    pub path: String,
    /// How many charges it holds.
    pub rows: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// The billing account.
    pub billing_account_id: String,
    /// The billing period, such as `2024-09`.
    pub billing_period: String,
}

/// The error of a store that keeps no such files.
pub(super) fn no_files() -> Error {
    let message = "a store in memory has no files: write one by export_report, or read the charges as a relation";
    Error::new(ErrorCode::NotFound, message)
}
