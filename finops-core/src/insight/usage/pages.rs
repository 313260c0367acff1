//! Where usage is read from.

use crate::Result;
use crate::model::usage::MeterSet;
use crate::pipeline::metering::{DayPage, PageKey, PageSpan, Rollups, Series};
use std::ops::Range;

/// What meters counted, by pages.
pub trait UsagePages {
    /// The meters.
    fn meters(&self) -> &MeterSet;

    /// The series that the pages have.
    fn series(&self) -> &Series;

    /// Gives the pages of a meter whose days (or first days of months), counted from 1970-01-01, lie within `days`, in
    /// their order.
    ///
    /// # Errors
    /// `storage` when a page cannot be read, and whatever `with` gives.
    fn each(
        &self,
        meter: u32,
        span: PageSpan,
        days: Range<i32>,
        with: &mut dyn FnMut(PageKey, &DayPage) -> Result<()>,
    ) -> Result<()>;
}

/// What is in memory.
impl UsagePages for Rollups {
    fn meters(&self) -> &MeterSet {
        self.meters()
    }

    fn series(&self) -> &Series {
        self.series()
    }

    fn each(
        &self,
        meter: u32,
        span: PageSpan,
        days: Range<i32>,
        with: &mut dyn FnMut(PageKey, &DayPage) -> Result<()>,
    ) -> Result<()> {
        self.days(meter, span, days).try_for_each(|(day, page)| with(PageKey { meter, span, day }, page))
    }
}
