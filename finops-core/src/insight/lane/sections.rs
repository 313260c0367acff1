//! The sections that a thread reads: what is loaded of each, from its first stretch of rows to its last.

use super::Shared;
use super::load::{Few, Kept, Of, Rows};
use super::parts::Part;
use super::view::View;
use super::work::{Use, Work, are_few};
use crate::Result;
use crate::insight::blocks::{BlockIndex, Codes, Data, Records, SectionIndex, What};
use hashbrown::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// How many bytes of whole columns a thread keeps in hand, whether or not they stay in memory: the last stretches of
/// their sections may be another thread's.
const MOST_HELD: u64 = 256 << 20;

/// What a thread has loaded.
pub(super) struct Sections<'a> {
    shared: &'a Shared<'a>,
    parts: &'a [Part<'a>],
    /// Those in hand, by their numbers.
    slots: HashMap<usize, Slot>,
    /// How many bytes their whole columns have.
    held: u64,
    /// The rows of a section of which the others were not loaded.
    some: Option<View>,
    /// How many bytes were read from disk.
    pub(super) bytes_read: u64,
}

/// What is loaded of a section.
#[derive(Default)]
struct Slot {
    /// All rows, and how many bytes their columns have.
    whole: Option<View>,
    bytes: u64,
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

    /// The rows of some days; a section over all days has them in the first.
    fn rows_of(&self, days: &Range<usize>) -> Range<usize> {
        let end = |end: usize| end.checked_sub(1).and_then(|day| self.records.day_ends.get(day)).copied().unwrap_or(0);
        end(days.start)..end(days.end)
    }
}

impl<'a> Sections<'a> {
    /// Nothing is loaded yet.
    pub(super) fn new(shared: &'a Shared<'a>, parts: &'a [Part<'a>]) -> Self {
        Self { shared, parts, slots: HashMap::new(), held: 0, some: None, bytes_read: 0 }
    }

    /// The columns for a stretch of rows, and which of theirs it is, less those that a test on what rows are sorted by
    /// does not let through; none where it lets none through.
    pub(super) fn view(
        &mut self,
        index: &BlockIndex,
        section: &SectionIndex,
        work: &Work,
    ) -> Result<Option<(&View, Range<usize>)>> {
        if self.held > MOST_HELD {
            self.forget();
        }
        let Self { shared, parts, slots, held, some, bytes_read } = self;
        let used = shared.plan.uses.get(work.slot).zip(work.section);
        let Some((Use { stretches, records, .. }, place)) = used else { return Ok(None) };
        let slot = slots.entry(work.slot).or_default();
        let of = || Of::new(shared, (work.segment, work.block, place), index, section);
        if let Some((code, records)) = records {
            if slot.drilled.is_none() {
                let drilled = Drilled::load(&of(), *code, records.clone(), parts)?;
                *bytes_read += drilled.view.bytes_read;
                slot.drilled = Some(drilled);
            }
            let found = slot.drilled.as_ref().map(|drilled| (&drilled.view, drilled.rows_of(&work.days)));
            return Ok(found.filter(|(_, rows)| !rows.is_empty()));
        }
        let rows = match section.lead.filter(|lead| shared.prepared.test.narrows(*lead)) {
            Some(lead) => {
                shared.prepared.test.narrow(lead, slot.lead(of, section, lead, bytes_read)?, work.rows.clone())
            }
            None => work.rows.clone(),
        };
        if rows.is_empty() {
            return Ok(None);
        }
        if slot.whole.is_none() {
            let are_few = are_few(rows.len().saturating_mul(*stretches), section);
            if are_few && !*slot.is_known.get_or_insert_with(|| of().is_known()) {
                let count = rows.len();
                let few = Few { rows, stretches: *stretches, whole: &mut slot.columns };
                let view = View::load(&of(), Rows::Few(few), parts)?;
                *bytes_read += view.bytes_read;
                return Ok(Some((some.insert(view), 0..count)));
            }
            let of = of();
            let view = View::load(&of, Rows::All, parts)?;
            *bytes_read += view.bytes_read;
            (slot.whole, slot.bytes) = (Some(view), of.bytes());
            *held += slot.bytes;
        }
        Ok(slot.whole.as_ref().map(|whole| (whole, rows)))
    }

    /// Lets go of a section after its last stretch, which is at that place.
    pub(super) fn done(&mut self, place: usize, work: &Work) {
        let is_last = self.shared.plan.uses.get(work.slot).is_some_and(|of| of.last == place);
        if is_last && work.section.is_some() {
            self.held -= self.slots.remove(&work.slot).map_or(0, |slot| slot.bytes);
        }
    }

    /// Lets go of all sections.
    pub(super) fn forget(&mut self) {
        self.slots.clear();
        self.held = 0;
    }
}

impl Slot {
    /// The codes of the dimension that the rows are sorted by.
    fn lead<'o>(
        &mut self,
        of: impl Fn() -> Of<'o>,
        section: &SectionIndex,
        lead: u16,
        bytes_read: &mut u64,
    ) -> Result<&Codes> {
        if let Some(whole) = &self.whole {
            return Ok(whole.codes(lead));
        }
        let Some(chunk) = section.find(What::Dimension(lead)) else { return Ok(&Codes::One(0)) };
        if self.columns.known(chunk).is_none() {
            *bytes_read += self.columns.read(&of(), chunk)?.1;
        }
        Ok(match self.columns.known(chunk).map(Arc::as_ref) {
            Some(Data::Codes(codes)) => codes,
            _ => &Codes::One(0),
        })
    }
}
