//! The sections that a thread reads: what is loaded of each, from its first stretch of rows to its last.

use super::Shared;
use super::load::{Few, Kept, Of, Rows};
use super::parts::Part;
use super::view::View;
use super::work::Work;
use crate::Result;
use crate::insight::blocks::{BlockIndex, Codes, Data, FEW_OF, Records, SectionIndex, What};
use std::ops::Range;
use std::sync::Arc;

/// What a thread has loaded.
pub(super) struct Sections<'a> {
    shared: &'a Shared<'a>,
    parts: &'a [Part<'a>],
    slots: Vec<Slot>,
    /// The rows of a section of which the others were not loaded.
    some: Option<View>,
    /// How many bytes were read from disk.
    pub(super) bytes_read: u64,
}

/// What is loaded of a section.
#[derive(Default)]
struct Slot {
    /// How many stretches it has, and how many are still to come.
    stretches: usize,
    left: usize,
    /// All rows.
    whole: Option<View>,
    /// Those of the one value that is let through of what the rows are sorted by.
    drilled: Option<Drilled>,
    /// Columns with all rows where few are needed: what the rows are sorted by, and short ones.
    columns: Kept,
    /// Whether all rows are worth loading even where few are needed, once that was asked.
    is_known: Option<bool>,
}

/// All rows of one value, each day behind the other.
struct Drilled {
    view: View,
    records: Arc<Records>,
}

impl Drilled {
    fn load(of: &Of<'_>, code: u32, records: Range<usize>, parts: &[Part<'_>]) -> Result<Self> {
        let (records, bytes) = of.records(code, records)?;
        let mut view = View::load(of, Rows::Drilled { code, records: &records }, parts)?;
        view.bytes_read += bytes;
        Ok(Self { view, records })
    }

    /// The rows of a day; a section over all days has them in the first.
    fn rows_of(&self, day: usize) -> Range<usize> {
        let end = |day: usize| self.records.day_ends.get(day).copied().unwrap_or(0);
        day.checked_sub(1).map_or(0, end)..end(day)
    }
}

impl<'a> Sections<'a> {
    /// Nothing is loaded yet for a part of the work.
    pub(super) fn new(shared: &'a Shared<'a>, parts: &'a [Part<'a>], works: &[Work]) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        slots.resize_with(shared.plan.slots, Slot::default);
        for work in works.iter().filter(|work| work.section.is_some()) {
            if let Some(slot) = slots.get_mut(work.slot) {
                (slot.stretches, slot.left) = (slot.stretches + 1, slot.left + 1);
            }
        }
        Self { shared, parts, slots, some: None, bytes_read: 0 }
    }

    /// The columns for a stretch of rows, and which of theirs it is, less those that a test on what rows are sorted by
    /// does not let through; none where it lets none through.
    pub(super) fn view(
        &mut self,
        index: &BlockIndex,
        section: &SectionIndex,
        work: &Work,
    ) -> Result<Option<(&View, Range<usize>)>> {
        let Self { shared, parts, slots, some, bytes_read } = self;
        let (Some(slot), Some(place)) = (slots.get_mut(work.slot), work.section) else { return Ok(None) };
        let of = Of { shared, place: (work.segment, work.block, place), index, section };
        if let Some((code, records)) = of.drilled().filter(|(_, records)| are_few(records.len(), section)) {
            if records.is_empty() {
                return Ok(None);
            }
            if slot.drilled.is_none() {
                let drilled = Drilled::load(&of, code, records, parts)?;
                *bytes_read += drilled.view.bytes_read;
                slot.drilled = Some(drilled);
            }
            let found = slot.drilled.as_ref().map(|drilled| (&drilled.view, drilled.rows_of(work.day)));
            return Ok(found.filter(|(_, rows)| !rows.is_empty()));
        }
        let rows = match section.lead.filter(|lead| shared.prepared.test.narrows(*lead)) {
            Some(lead) => shared.prepared.test.narrow(lead, slot.lead(&of, lead, bytes_read)?, work.rows.clone()),
            None => work.rows.clone(),
        };
        if rows.is_empty() {
            return Ok(None);
        }
        if slot.whole.is_none() {
            let are_few = are_few(rows.len().saturating_mul(slot.stretches), section);
            if are_few && !*slot.is_known.get_or_insert_with(|| of.is_known()) {
                let count = rows.len();
                let few = Few { rows, stretches: slot.stretches, whole: &mut slot.columns };
                let view = View::load(&of, Rows::Few(few), parts)?;
                *bytes_read += view.bytes_read;
                return Ok(Some((some.insert(view), 0..count)));
            }
            let view = View::load(&of, Rows::All, parts)?;
            *bytes_read += view.bytes_read;
            slot.whole = Some(view);
        }
        Ok(slot.whole.as_ref().map(|whole| (whole, rows)))
    }

    /// Lets go of a section after its last stretch.
    pub(super) fn done(&mut self, work: &Work) {
        if let Some(slot) = self.slots.get_mut(work.slot) {
            slot.left = slot.left.saturating_sub(1);
            if slot.left == 0 {
                (slot.whole, slot.drilled, slot.columns) = (None, None, Kept::default());
            }
        }
    }
}

/// Whether so many rows of a section are worth reading without the others.
fn are_few(rows: usize, section: &SectionIndex) -> bool {
    rows.saturating_mul(FEW_OF) <= usize::try_from(section.rows()).unwrap_or(usize::MAX)
}

impl Slot {
    /// The codes of the dimension that the rows are sorted by.
    fn lead(&mut self, of: &Of<'_>, lead: u16, bytes_read: &mut u64) -> Result<&Codes> {
        if let Some(whole) = &self.whole {
            return Ok(whole.codes(lead));
        }
        let Some(chunk) = of.section.find(What::Dimension(lead)) else { return Ok(&Codes::One(0)) };
        *bytes_read += self.columns.read(of, chunk)?.1;
        Ok(match self.columns.known(chunk).map(Arc::as_ref) {
            Some(Data::Codes(codes)) => codes,
            _ => &Codes::One(0),
        })
    }
}
