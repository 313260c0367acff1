//! Looking on at long work, and stopping it.

use std::ops::ControlFlow;

/// How far an import is, or a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// Rows read so far.
    pub rows: u64,
    /// Bytes of the files that are behind us.
    pub bytes_read: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
}

/// Looks on at an import or a compaction. Called on the caller's thread after each batch that was written; before the
/// first, while the files are hashed, it is not called.
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
