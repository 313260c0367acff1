//! Looking on at long work, and stopping it.

use crate::{Error, ErrorCode, Result};
use std::cell::Cell;
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

/// Hands on what an observer is told and remembers it, so that what comes later tells of it as well.
pub(crate) struct Remembering<'o> {
    observer: &'o dyn Observer,
    last: Cell<Progress>,
}

impl<'o> Remembering<'o> {
    /// In the place of an observer.
    pub(crate) fn new(observer: &'o dyn Observer) -> Self {
        Self { observer, last: Cell::default() }
    }

    /// Lets it look on at so many series.
    pub(crate) fn series(&self, series: usize) -> SeriesWatch<'o> {
        let series_total = u64::try_from(series).unwrap_or(u64::MAX);
        SeriesWatch { observer: self.observer, progress: Progress { series: 0, series_total, ..self.last.get() } }
    }
}

impl Observer for Remembering<'_> {
    fn progress(&self, progress: &Progress) -> ControlFlow<()> {
        self.last.set(*progress);
        self.observer.progress(progress)
    }
}

/// Lets an observer look on between series, each of which may take a while.
pub(crate) struct SeriesWatch<'o> {
    observer: &'o dyn Observer,
    progress: Progress,
}

impl SeriesWatch<'_> {
    /// Before the next one: an error when the query is to stop.
    pub(crate) fn next(&mut self) -> Result<()> {
        watch(self.observer, &self.progress)?;
        self.progress.series += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn what_was_read_stays_read_while_series_are_judged() {
        let seen = RefCell::new(Vec::new());
        let observer = |progress: &Progress| {
            seen.borrow_mut().push((progress.rows, progress.series, progress.series_total));
            ControlFlow::Continue(())
        };
        let observer = Remembering::new(&observer);
        watch(&observer, &Progress { rows: 7, ..Progress::default() }).unwrap();
        let mut series = observer.series(2);
        series.next().unwrap();
        series.next().unwrap();
        assert_eq!(*seen.borrow(), [(7, 0, 0), (7, 0, 2), (7, 1, 2)]);
    }
}
