//! Looking on at long work, and stopping it.

use std::ops::ControlFlow;

/// How far a call is: an import, a compaction, a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// Rows read so far.
    pub rows: u64,
    /// Bytes that are behind us.
    pub bytes_read: u64,
    /// Bytes of all that is to be read; 0 where that is not known.
    pub bytes_total: u64,
}

/// Looks on at a long call. Called on the caller's thread: by an import or a compaction after each batch that was
/// written (not while files are hashed before), by a query about every million rows.
pub trait Observer {
    /// Sees how far the work is; `Break` stops it, and then nothing has changed.
    fn progress(&self, progress: &Progress) -> ControlFlow<()>;
}

/// Looks on at nothing.
impl Observer for () {
    fn progress(&self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: Fn(&Progress) -> ControlFlow<()>> Observer for F {
    fn progress(&self, progress: &Progress) -> ControlFlow<()> {
        self(progress)
    }
}
