//! The drill into one value: the rows of a section once more, record by record, those of each value of the dimension
//! that it is sorted by together.
//!
//! By column the rows of one value lie in as many places as there are days and columns, and the dimension has to be
//! read to find them. Here they lie in one place, and the directory says where.

use super::index::{Chunk, Coding, Data, SectionIndex, What};
use super::{Amounts, Codes, Mantissas};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// One of so many rows of a section, or fewer, are few: worth reading without the others.
pub const FEW_OF: usize = 8;

/// Where the records of a section lie: by the code of its lead, then by day, then as the rows do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// For each code of the lead, ascending, where its records end.
    pub ends: Vec<(u32, u32)>,
    /// From which byte of the file on.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The place of the checksum of its first page among those of the file.
    pub page: u32,
}

impl Drill {
    /// The records of a code; none where no row has it.
    pub fn records_of(&self, code: u32) -> Range<usize> {
        let Ok(place) = self.ends.binary_search_by_key(&code, |(known, _)| *known) else { return 0..0 };
        let end = |place: usize| self.ends.get(place).and_then(|(_, end)| usize::try_from(*end).ok()).unwrap_or(0);
        place.checked_sub(1).map_or(0, end)..end(place)
    }

    /// Whether it says of every row of its section where the record is, and has the size that they ask for.
    pub fn is_sound(&self, section: &SectionIndex) -> bool {
        let Some(layout) = Layout::of(section) else { return false };
        let width = u64::try_from(layout.width).unwrap_or(u64::MAX);
        self.ends.is_sorted_by(|one, next| one.0 < next.0 && one.1 < next.1)
            && self.ends.first().is_some_and(|(_, end)| *end > 0)
            && self.ends.last().is_some_and(|(_, end)| *end == section.rows())
            && u64::from(section.rows()).checked_mul(width) == Some(self.bytes)
    }
}

/// How a record is laid out: the place of its day, then what each column but the lead has in its row, the lowest byte
/// first, in as many bytes as the column takes.
#[derive(Debug)]
pub struct Layout<'s> {
    section: &'s SectionIndex,
    day: Coding,
    /// The places of the columns, and from which byte on.
    fields: Vec<(usize, usize)>,
    /// How many bytes a record has.
    pub width: usize,
}

/// Records as columns.
#[derive(Debug, PartialEq, Eq)]
pub struct Records {
    /// Where the records of each day of the section end.
    pub day_ends: Vec<usize>,
    /// The columns that were asked for, by the places of their chunks.
    pub columns: Vec<(usize, Arc<Data>)>,
}

impl Records {
    /// A column by the place of its chunk; none when it was not asked for.
    pub fn column(&self, chunk: usize) -> Option<&Arc<Data>> {
        self.columns.iter().find(|(known, _)| *known == chunk).map(|(_, data)| data)
    }
}

impl<'s> Layout<'s> {
    /// The layout for a section; none where its rows are not sorted, or have nothing to write.
    pub fn of(section: &'s SectionIndex) -> Option<Self> {
        let lead = section.find(What::Dimension(section.lead?))?;
        let day = match section.day_ends.len() {
            0..=1 => Coding::One(0),
            2..=0x100 => Coding::U8,
            0x101..=0x1_0000 => Coding::U16,
            _ => Coding::U32,
        };
        let mut width = day.width();
        let mut fields = Vec::with_capacity(section.chunks.len());
        for (place, chunk) in section.chunks.iter().enumerate().filter(|(place, _)| *place != lead) {
            fields.push((place, width));
            width += chunk.coding.width();
        }
        (width > 0).then_some(Self { section, day, fields, width })
    }

    /// Reads columns, by the places of their chunks, of all records of one code; a column that has no field is not
    /// among them. None where the days are not in order.
    pub fn read(&self, records: &[u8], chunks: &[usize]) -> Option<Records> {
        let fields = self.fields.iter().filter(|(chunk, _)| chunks.contains(chunk));
        let columns = fields.map(|(chunk, start)| {
            Some((*chunk, Arc::new(self.column(records, *start, self.section.chunks.get(*chunk)?))))
        });
        Some(Records { day_ends: self.day_ends(records)?, columns: columns.collect::<Option<_>>()? })
    }

    fn day_ends(&self, records: &[u8]) -> Option<Vec<usize>> {
        let (days, count) = (self.section.day_ends.len(), records.len() / self.width);
        let places = self.codes(records, 0, self.day);
        let mut ends = Vec::with_capacity(days);
        for record in 0..count {
            let day = usize::try_from(places.get(record)).ok().filter(|day| *day < days && *day >= ends.len())?;
            ends.resize(day, record);
        }
        ends.resize(days, count);
        Some(ends)
    }

    fn column(&self, records: &[u8], start: usize, chunk: &Chunk) -> Data {
        let amounts = |decimals, values| Data::Amounts(Amounts { decimals, values, max_abs: chunk.max_abs });
        match chunk.coding {
            Coding::Zero => amounts(0, Mantissas::Zero),
            Coding::I64(decimals) => amounts(decimals, Mantissas::I64(self.each(records, start, i64::from_le_bytes))),
            Coding::I128(decimals) => {
                amounts(decimals, Mantissas::I128(self.each(records, start, i128::from_le_bytes)))
            }
            coding => Data::Codes(self.codes(records, start, coding)),
        }
    }

    fn codes(&self, records: &[u8], start: usize, coding: Coding) -> Codes {
        match coding {
            Coding::Bits | Coding::U8 => Codes::U8(self.each(records, start, u8::from_le_bytes)),
            Coding::U16 => Codes::U16(self.each(records, start, u16::from_le_bytes)),
            Coding::U32 => Codes::U32(self.each(records, start, u32::from_le_bytes)),
            Coding::One(code) => Codes::One(code),
            Coding::Zero | Coding::I64(_) | Coding::I128(_) => Codes::One(0),
        }
    }

    /// What each record has from a byte on.
    fn each<const N: usize, T>(&self, records: &[u8], start: usize, number: fn([u8; N]) -> T) -> Vec<T> {
        let mut numbers = Vec::with_capacity(records.len() / self.width);
        let fields = records.chunks_exact(self.width).filter_map(|record| record.get(start..)?.first_chunk());
        numbers.extend(fields.map(|field| number(*field)));
        numbers
    }
}

/// The records of a section with these columns; where they are to lie is not known yet. None where no value has few of
/// the rows.
pub(super) fn drill(section: &SectionIndex, columns: &[Data]) -> Option<(Drill, Vec<u8>)> {
    let layout = Layout::of(section)?;
    let lead = columns.get(section.find(What::Dimension(section.lead?))?)?;
    let mut order: Vec<(i128, usize, usize)> = Vec::new();
    for day in 0..section.day_ends.len() {
        order.extend(section.rows_of(day).map(|row| (number(lead, row), day, row)));
    }
    order.sort_unstable();
    let mut drill = Drill::default();
    let mut few = false;
    let mut end = 0;
    for of_code in order.chunk_by(|one, next| one.0 == next.0) {
        few |= of_code.len() * FEW_OF <= order.len();
        end += of_code.len();
        drill.ends.push((u32::try_from(of_code.first()?.0).ok()?, u32::try_from(end).ok()?));
    }
    if !few {
        return None;
    }
    let mut records = Vec::with_capacity(order.len() * layout.width);
    for (_, day, row) in order {
        put(i128::try_from(day).ok()?, layout.day, &mut records)?;
        for (place, _) in &layout.fields {
            put(number(columns.get(*place)?, row), section.chunks.get(*place)?.coding, &mut records)?;
        }
    }
    Some((drill, records))
}

fn put(number: i128, coding: Coding, records: &mut Vec<u8>) -> Option<()> {
    records.extend(number.to_le_bytes().get(..coding.width())?);
    Some(())
}

/// What a row of a column has: its code or count, or the mantissa of its sum.
fn number(data: &Data, row: usize) -> i128 {
    match data {
        Data::Codes(codes) => codes.get(row).into(),
        Data::Amounts(Amounts { values: Mantissas::Zero, .. }) => 0,
        Data::Amounts(Amounts { values: Mantissas::I64(values), .. }) => values.get(row).copied().map_or(0, i128::from),
        Data::Amounts(Amounts { values: Mantissas::I128(values), .. }) => values.get(row).copied().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::blocks::Level;

    fn section() -> SectionIndex {
        let chunk = |what, coding| Chunk { what, coding, max_abs: 0, offset: 0, bytes: 0, page: 0 };
        let chunks = vec![chunk(What::Dimension(3), Coding::U16), chunk(What::Charges, Coding::U32)];
        let (day_ends, lead) = (vec![2, 5, 9], Some(3));
        SectionIndex { level: Level::Days, over_days: false, day_ends, lead, chunks, drill: None }
    }

    #[test]
    fn what_does_not_lead_to_every_row_is_not_sound() {
        let section = section();
        let drill = Drill { ends: vec![(0, 1), (4, 5), (7, 9)], offset: 0, bytes: 45, page: 0 };
        assert!(drill.is_sound(&section));
        assert_eq!([0, 3, 4, 7, 8].map(|code| drill.records_of(code)), [0..1, 0..0, 1..5, 5..9, 0..0]);
        let with = |ends: &[(u32, u32)]| Drill { ends: ends.to_vec(), ..drill.clone() };
        for (what, other) in [
            ("nothing", with(&[])),
            ("fewer rows", with(&[(0, 1), (4, 5)])),
            ("more rows", with(&[(0, 1), (4, 10)])),
            ("a code again", with(&[(0, 1), (4, 5), (4, 9)])),
            ("codes that descend", with(&[(0, 1), (7, 5), (4, 9)])),
            ("ends that descend", with(&[(0, 5), (4, 1), (7, 9)])),
            ("a code without rows", with(&[(0, 0), (4, 9)])),
            ("other bytes", Drill { bytes: 44, ..drill.clone() }),
        ] {
            assert!(!other.is_sound(&section), "{what}");
        }
        assert!(!drill.is_sound(&SectionIndex { lead: None, ..section.clone() }), "rows in no order");
        assert!(!drill.is_sound(&SectionIndex { lead: Some(4), ..section.clone() }), "sorted by what is not there");
        assert!(!drill.is_sound(&SectionIndex { day_ends: vec![2, 5, 8], ..section }), "rows of another section");
    }

    #[test]
    fn days_that_the_section_does_not_have_are_damage() {
        let section = section();
        let layout = Layout::of(&section).unwrap();
        let records = |days: &[u8]| days.iter().flat_map(|day| [*day, 5, 0, 0, 0]).collect::<Vec<u8>>();
        let read = |days: &[u8]| layout.read(&records(days), &[0, 1]);
        let found = read(&[0, 2, 2]).unwrap();
        assert_eq!(found.day_ends, [1, 1, 3]);
        assert_eq!(found.columns, [(1, Arc::new(Data::Codes(Codes::U32(vec![5; 3]))))], "the lead is in no record");
        assert_eq!(read(&[]).unwrap().day_ends, [0, 0, 0]);
        assert!(read(&[0, 3]).is_none() && read(&[1, 0]).is_none());
    }

    #[test]
    fn where_every_value_has_many_rows_there_is_none() {
        let mut section = section();
        let leads = |leads: [u32; 9]| {
            [
                Data::Codes(Codes::U16(leads.map(|lead| u16::try_from(lead).unwrap()).to_vec())),
                Data::Codes(Codes::U32(vec![1; 9])),
            ]
        };
        assert!(drill(&section, &leads([1, 2, 1, 2, 2, 1, 1, 2, 2])).is_none());
        assert!(drill(&section, &leads([1, 2, 1, 2, 2, 1, 1, 2, 3])).is_some(), "one of nine");
        section.lead = None;
        assert!(drill(&section, &leads([1; 9])).is_none());
    }
}
