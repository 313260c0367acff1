//! Looking on at long work, and stopping it.

use crate::{Error, ErrorCode, Result};
use std::ops::ControlFlow;

/// How far a call is: an import, a compaction, a query. As JSON it tells of rows and bytes, which are all that calls
/// have of which hosts in other languages are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// Rows read so far.
    pub rows: u64,
    /// Bytes that are behind us.
    pub bytes_read: u64,
    /// Bytes of all that is to be read; 0 where that is not known.
    pub bytes_total: u64,
    /// Series that were forecast or judged so far, after everything was read.
    #[serde(skip)]
    pub series: u64,
    /// How many there are; 0 before that is known, and where nothing is forecast or judged.
    #[serde(skip)]
    pub series_total: u64,
}

/// Looks on at a long call. Called on the caller's thread: by an import or a compaction after each batch that was
/// written (not while files are hashed before), by a query about every million rows and before each series that it
/// forecasts or judges.
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

/// Lets the observer look on, and stop a query.
pub(crate) fn watch(observer: &dyn Observer, progress: &Progress) -> Result<()> {
    if observer.progress(progress).is_break() {
        return Err(Error::new(ErrorCode::Cancelled, "the query was stopped"));
    }
    Ok(())
}

/// Lets an observer look on between series, each of which may take a while.
pub(crate) struct SeriesWatch<'o> {
    observer: &'o dyn Observer,
    progress: Progress,
}

impl<'o> SeriesWatch<'o> {
    /// Of so many series.
    pub(crate) fn new(observer: &'o dyn Observer, series: usize) -> Self {
        let series_total = u64::try_from(series).unwrap_or(u64::MAX);
        Self { observer, progress: Progress { series_total, ..Progress::default() } }
    }

    /// Before the next one: an error when the query is to stop.
    pub(crate) fn next(&mut self) -> Result<()> {
        watch(self.observer, &self.progress)?;
        self.progress.series += 1;
        Ok(())
    }
}
