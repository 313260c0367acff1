//! The form in which a page is kept: for each series, in order, its quarters of an hour in order. Days are their sums.

use super::cell::Cell;
use super::packed::Packed;
use super::page::{DayPage, QUARTERS, Row};
use crate::model::usage::Aggregation;
use serde::de::Error;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Range;

/// A quarter of an hour: which, the scale of its number, the number, and of how many events; or a cell of another kind.
#[derive(Serialize, Deserialize)]
pub(super) enum Form {
    Small(u8, u8, i64, u32),
    Large(u8, Cell),
}

/// How many series, by their numbers, a part of a page has.
const PART_SERIES: u32 = 1024;
/// How many hours a page may have.
const HOURS: u8 = QUARTERS / 4;

/// Which part of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartKey {
    /// The hour of the day, 0 to 23; of a month 0.
    pub hour: u8,
    /// Which series, counted in 1,024s of their numbers.
    pub series: u32,
}

/// What a page has of an hour and some series, to be kept by itself: what comes next mostly changes the last hour, and
/// what comes late a few series. It reads back as a page.
#[derive(Debug)]
pub struct PagePart<'p> {
    page: &'p DayPage,
    /// Each series, and where its cells are.
    rows: Vec<(u32, Range<usize>)>,
    cells: Vec<Packed>,
}

impl PagePart<'_> {
    /// Whether no series has an event in it.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl DayPage {
    /// Gives the parts that changed since the page was kept, or all of them.
    ///
    /// # Errors
    /// The first one of `give`.
    pub fn each_part<E>(
        &self,
        all: bool,
        mut give: impl FnMut(PartKey, &PagePart<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = self.sorted();
        for rows in rows.chunk_by(|row, next| row.series / PART_SERIES == next.series / PART_SERIES) {
            let changed = rows.iter().fold(0, |changed, row| changed | row.changed);
            for hour in (0..HOURS).filter(|hour| all || changed & 1 << hour != 0) {
                let series = rows.first().map_or(0, |row| row.series / PART_SERIES);
                give(PartKey { hour, series }, &self.part(rows, &(hour * 4..hour * 4 + 4)))?;
            }
        }
        Ok(())
    }

    /// What it has of these rows and quarters.
    fn part(&self, rows: &[&Row], quarters: &Range<u8>) -> PagePart<'_> {
        let mut part = PagePart { page: self, rows: Vec::with_capacity(rows.len()), cells: Vec::new() };
        for row in rows {
            let start = part.cells.len();
            self.within(row, quarters, &mut part.cells);
            let cells = part.cells.get(start..).unwrap_or_default();
            if cells.iter().any(|packed| !packed.is_empty(self.large())) {
                part.rows.push((row.series, start..part.cells.len()));
            }
        }
        part
    }
}

impl Serialize for DayPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.part(&self.sorted(), &(0..QUARTERS)).serialize(serializer)
    }
}

impl Serialize for PagePart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = Rows(self);
        (self.page.aggregation(), rows).serialize(serializer)
    }
}

/// The rows, written without a list of each series' cells being made first.
struct Rows<'p>(&'p PagePart<'p>);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(PagePart { page, rows, cells }) = self;
        let mut list = serializer.serialize_seq(Some(rows.len()))?;
        for (series, range) in rows {
            let quarters = cells.get(range.clone()).unwrap_or_default();
            list.serialize_element(&(series, Quarters { page, quarters }))?;
        }
        list.end()
    }
}

struct Quarters<'p> {
    page: &'p DayPage,
    quarters: &'p [Packed],
}

impl Serialize for Quarters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let large = self.page.large();
        let cells = || self.quarters.iter().filter(|packed| !packed.is_empty(large));
        let mut list = serializer.serialize_seq(Some(cells().count()))?;
        for packed in cells() {
            list.serialize_element(&packed.form(large))?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for DayPage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (aggregation, rows) = <(Aggregation, Vec<(u32, Vec<Form>)>)>::deserialize(deserializer)?;
        let mut page = Self::new(aggregation);
        for (series, quarters) in rows {
            for form in quarters {
                let (quarter, cell) = match form {
                    Form::Small(quarter, scale, value, events) => {
                        (quarter, Packed::from_form(quarter, scale, value, events).cell(aggregation, &[]))
                    }
                    Form::Large(quarter, cell) => (quarter, cell),
                };
                if quarter >= QUARTERS || cell.aggregation() != aggregation {
                    return Err(D::Error::custom("a page of usage has a cell that does not belong there"));
                }
                page.merge_cell(series, quarter, &cell);
            }
        }
        Ok(page)
    }
}

/// Whether both counted the same; places that hold nothing do not matter.
impl PartialEq for DayPage {
    fn eq(&self, other: &Self) -> bool {
        let cells = |page: &Self| {
            let series: std::collections::BTreeSet<u32> = page.series().collect();
            let cells = series.into_iter().map(|series| (series, page.quarters(series), page.total(series)));
            cells.filter(|(_, quarters, _)| !quarters.is_empty()).collect::<Vec<_>>()
        };
        self.aggregation() == other.aggregation() && cells(self) == cells(other)
    }
}
