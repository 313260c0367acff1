//! Hot columns: beside each segment a file of blocks that questions are answered from.
//!
//! The Parquet segment is what counts. A hot file is made with it, is checked before it is believed (it names the
//! segment that it was made from, and every page has a checksum), and is built again from the segment when it is
//! missing, damaged, or of another version. It is not synced for that reason.

mod cache;
mod codec;
mod file;
mod vocabulary;
mod writer;

pub(super) use cache::{CACHE_BYTES, Columns, HotStore};
pub(super) use file::Bytes;
pub(super) use vocabulary::Draft;
pub(super) use writer::HotWriter;

/// What the name of a segment is followed by.
pub(super) const SUFFIX: &str = ".hot";

/// And what the name of a hot file is followed by while it is built again.
pub(super) const PART: &str = ".part";

/// The name of the hot file of a segment.
pub(super) fn name_of(segment: &str) -> String {
    format!("{segment}{SUFFIX}")
}
