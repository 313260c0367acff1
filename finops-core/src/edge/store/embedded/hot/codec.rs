//! Columns to bytes and back. Numbers lie in files as they lie in memory, the lowest byte first.

use crate::insight::blocks::{Amounts, Chunk, Codes, Coding, Data, Layout, Mantissas, Records, SectionIndex};
use bytemuck::{Pod, cast_slice, cast_slice_mut, pod_read_unaligned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Range;
use twox_hash::XxHash3_64;

/// Of how many bytes of a chunk there is a checksum: a question that needs few rows reads the pages that they lie in.
pub(super) const PAGE: u64 = 4096;

/// The checksum of a page and of the directory: it tells damage, not forgery.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The pages of a chunk.
pub(super) fn pages(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(usize::try_from(PAGE).unwrap_or(usize::MAX))
}

/// The checksums of all pages of a file, eight bytes each.
#[derive(Debug, Default)]
pub(super) struct Checksums(Vec<u8>);

impl Checksums {
    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.0.len() / 8).unwrap_or(u64::MAX)
    }

    /// Adds those of a chunk; gives the place of the first.
    pub(super) fn add(&mut self, bytes: &[u8]) -> u32 {
        let first = u32::try_from(self.len()).unwrap_or(u32::MAX);
        pages(bytes).for_each(|page| self.0.extend(checksum(page).to_le_bytes()));
        first
    }

    /// Whether bytes are what they were, from a page of a chunk on.
    fn hold(&self, first: u64, bytes: &[u8]) -> bool {
        let known = usize::try_from(first.saturating_mul(8)).ok().and_then(|first| self.0.get(first..));
        let mut known = known.unwrap_or_default().as_chunks::<8>().0.iter();
        pages(bytes).all(|page| known.next().is_some_and(|known| u64::from_le_bytes(*known) == checksum(page)))
    }
}

impl Serialize for Checksums {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Checksums {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(|bytes| Self(bytes.to_vec()))
    }
}

/// The bytes of a column.
pub(super) fn bytes_of(data: &Data) -> &[u8] {
    match data {
        Data::Codes(Codes::One(_)) | Data::Amounts(Amounts { values: Mantissas::Zero, .. }) => &[],
        Data::Codes(Codes::Bits(words)) => cast_slice(words),
        Data::Codes(Codes::U8(codes)) => codes,
        Data::Codes(Codes::U16(codes)) => cast_slice(codes),
        Data::Codes(Codes::U32(codes)) => cast_slice(codes),
        Data::Amounts(Amounts { values: Mantissas::I64(values), .. }) => cast_slice(values),
        Data::Amounts(Amounts { values: Mantissas::I128(values), .. }) => cast_slice(values),
    }
}

/// The bytes of a chunk that rows take.
fn span(coding: Coding, rows: Range<u64>) -> Range<u64> {
    if coding == Coding::Bits {
        return rows.start / 64 * 8..rows.end.div_ceil(64).saturating_mul(8);
    }
    let width = u64::try_from(coding.width()).unwrap_or(u64::MAX);
    rows.start.saturating_mul(width)..rows.end.saturating_mul(width)
}

/// Whether a chunk has the size that its section asks for.
pub(super) fn is_sound(chunk: &Chunk, section: &SectionIndex) -> bool {
    let decimals = match chunk.coding {
        Coding::I64(decimals) | Coding::I128(decimals) => decimals,
        _ => 0,
    };
    chunk.bytes == span(chunk.coding, 0..section.rows().into()).end && decimals <= 18
}

/// Reads a column; `fill` writes the chunk's bytes and says whether it could. None when it could not, or a checksum
/// differs.
pub(super) fn read(chunk: &Chunk, checksums: &Checksums, fill: impl FnOnce(&mut [u8]) -> bool) -> Option<Data> {
    fn numbers<T: Pod>(chunk: &Chunk, sums: &Checksums, fill: impl FnOnce(&mut [u8]) -> bool) -> Option<Vec<T>> {
        let length = usize::try_from(chunk.bytes).ok()? / size_of::<T>();
        let mut numbers: Vec<T> = vec![T::zeroed(); length];
        let bytes: &mut [u8] = cast_slice_mut(&mut numbers);
        (fill(bytes) && sums.hold(chunk.page.into(), bytes)).then_some(numbers)
    }
    Some(match chunk.coding {
        Coding::One(code) => Data::Codes(Codes::One(code)),
        Coding::Bits => Data::Codes(Codes::Bits(numbers(chunk, checksums, fill)?)),
        Coding::U8 => Data::Codes(Codes::U8(numbers(chunk, checksums, fill)?)),
        Coding::U16 => Data::Codes(Codes::U16(numbers(chunk, checksums, fill)?)),
        Coding::U32 => Data::Codes(Codes::U32(numbers(chunk, checksums, fill)?)),
        Coding::Zero => amounts(chunk, 0, Mantissas::Zero),
        Coding::I64(decimals) => amounts(chunk, decimals, Mantissas::I64(numbers(chunk, checksums, fill)?)),
        Coding::I128(decimals) => amounts(chunk, decimals, Mantissas::I128(numbers(chunk, checksums, fill)?)),
    })
}

fn amounts(chunk: &Chunk, decimals: u8, values: Mantissas) -> Data {
    Data::Amounts(Amounts { decimals, values, max_abs: chunk.max_abs })
}

/// Reads some rows of a column, which become its rows from 0 on, and says of how many bytes; `fill` writes the bytes
/// from that one of the chunk on. None when it could not, there are no such rows, or a checksum differs.
pub(super) fn read_rows(
    chunk: &Chunk,
    checksums: &Checksums,
    rows: &Range<usize>,
    fill: impl FnOnce(u64, &mut [u8]) -> bool,
) -> Option<(Data, u64)> {
    let span = span(chunk.coding, u64::try_from(rows.start).ok()?..u64::try_from(rows.end).ok()?);
    let pages = Pages::read((chunk.bytes, chunk.page), checksums, span, fill)?;
    let data = match chunk.coding {
        Coding::One(code) => Data::Codes(Codes::One(code)),
        Coding::Bits => {
            let skipped = rows.start % 64;
            Data::Codes(Codes::Bits(pages.numbers()?).part(skipped..skipped + rows.len()))
        }
        Coding::U8 => Data::Codes(Codes::U8(pages.numbers()?)),
        Coding::U16 => Data::Codes(Codes::U16(pages.numbers()?)),
        Coding::U32 => Data::Codes(Codes::U32(pages.numbers()?)),
        Coding::Zero => amounts(chunk, 0, Mantissas::Zero),
        Coding::I64(decimals) => amounts(chunk, decimals, Mantissas::I64(pages.numbers()?)),
        Coding::I128(decimals) => amounts(chunk, decimals, Mantissas::I128(pages.numbers()?)),
    };
    Some((data, u64::try_from(pages.bytes.len()).unwrap_or(u64::MAX)))
}

/// Reads records of one code from the drill of a section, and of them the columns with these places; says of how many
/// bytes. `fill` writes the bytes from that one of the drill on. None when it could not, there are no such records, or
/// a checksum differs.
pub(super) fn read_records(
    section: &SectionIndex,
    checksums: &Checksums,
    records: &Range<usize>,
    columns: &[usize],
    fill: impl FnOnce(u64, &mut [u8]) -> bool,
) -> Option<(Records, u64)> {
    let (drill, layout) = (section.drill.as_ref()?, Layout::of(section)?);
    let place = |record: usize| u64::try_from(record.checked_mul(layout.width)?).ok();
    let span = place(records.start)?..place(records.end)?;
    let pages = Pages::read((drill.bytes, drill.page), checksums, span, fill)?;
    Some((layout.read(pages.bytes.get(pages.span)?, columns)?, u64::try_from(pages.bytes.len()).unwrap_or(u64::MAX)))
}

/// The pages in which some bytes of a chunk lie.
struct Pages {
    bytes: Vec<u8>,
    /// Where in them those do.
    span: Range<usize>,
}

impl Pages {
    /// Reads them of a chunk with so many bytes, whose checksums begin at that place.
    fn read(
        (bytes, page): (u64, u32),
        checksums: &Checksums,
        span: Range<u64>,
        fill: impl FnOnce(u64, &mut [u8]) -> bool,
    ) -> Option<Self> {
        let first = span.start / PAGE;
        let start = first * PAGE;
        let end = span.end.checked_next_multiple_of(PAGE)?.min(bytes);
        let length = end.checked_sub(start).filter(|_| span.start <= span.end && span.end <= bytes)?;
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        let holds = fill(start, &mut bytes) && checksums.hold(u64::from(page) + first, &bytes);
        let place = |byte: u64| usize::try_from(byte - start).ok();
        holds.then_some(Self { bytes, span: place(span.start)?..place(span.end)? })
    }

    fn numbers<T: Pod>(&self) -> Option<Vec<T>> {
        let bytes = self.bytes.get(self.span.clone())?;
        Some(bytes.chunks_exact(size_of::<T>()).map(pod_read_unaligned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::blocks::{Drill, Level, What};
    use proptest::prelude::*;

    /// A column of a file that has another before it.
    fn written(data: &Data, coding: Coding, max_abs: u128) -> (Chunk, Checksums) {
        let mut checksums = Checksums::default();
        checksums.add(&[7; 5000]);
        let bytes = bytes_of(data);
        let page = checksums.add(bytes);
        let bytes = u64::try_from(bytes.len()).unwrap();
        (Chunk { what: What::Charges, coding, max_abs, offset: 0, bytes, page }, checksums)
    }

    fn codes(values: &[u32]) -> (Data, Coding) {
        let codes = Codes::pack(values);
        let coding = match &codes {
            Codes::One(code) => Coding::One(*code),
            Codes::Bits(_) => Coding::Bits,
            Codes::U8(_) => Coding::U8,
            Codes::U16(_) => Coding::U16,
            Codes::U32(_) => Coding::U32,
        };
        (Data::Codes(codes), coding)
    }

    fn code(data: &Data, row: usize) -> u32 {
        let Data::Codes(codes) = data else { panic!("codes are codes") };
        codes.get(row)
    }

    /// Reads some rows of what lies in memory; and which bytes.
    fn rows_of(
        chunk: &Chunk,
        checksums: &Checksums,
        bytes: &[u8],
        rows: &Range<usize>,
    ) -> Option<(Data, Range<usize>)> {
        let mut read = 0..0;
        let (data, count) = read_rows(chunk, checksums, rows, |from, into| {
            let from = usize::try_from(from).unwrap();
            read = from..from + into.len();
            bytes.get(read.clone()).is_some_and(|bytes| {
                into.copy_from_slice(bytes);
                true
            })
        })?;
        assert_eq!(count, u64::try_from(read.len()).unwrap());
        Some((data, read))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_are_those_of_the_whole_column_and_damage_shows_where_it_is_read(
            most in prop::sample::select(vec![1_u32, 2, 200, 60_000, u32::MAX]),
            count in 1_usize..20_000,
            seed in any::<u32>(),
            (start, length) in (0_usize..20_000, 1_usize..3000),
            damaged in any::<prop::sample::Index>(),
        ) {
            let value = |row: usize| u32::try_from(row).unwrap().wrapping_mul(2_654_435_761).wrapping_add(seed) % most;
            let mut values: Vec<u32> = (0..count).map(value).collect();
            values[0] = most;
            let (data, coding) = codes(&values);
            let (chunk, checksums) = written(&data, coding, 0);
            let start = start % count;
            let rows = start..(start + length).min(count);
            let mut bytes = bytes_of(&data).to_vec();
            let (found, read) = rows_of(&chunk, &checksums, &bytes, &rows).unwrap();
            prop_assert!(rows.clone().enumerate().all(|(at, row)| code(&found, at) == values[row]));
            if matches!(coding, Coding::One(_)) {
                return Ok(());
            }
            prop_assert!(rows_of(&chunk, &checksums, &bytes, &(rows.start..bytes.len() * 8 + 65)).is_none());
            let place = damaged.index(bytes.len());
            bytes[place] ^= 0x10;
            prop_assert_eq!(rows_of(&chunk, &checksums, &bytes, &rows).is_none(), read.contains(&place));
            let whole = super::read(&chunk, &checksums, |into| {
                into.copy_from_slice(&bytes);
                true
            });
            prop_assert!(whole.is_none());
        }

        #[test]
        fn amounts_of_rows_are_those_of_the_whole_column(
            wide in any::<bool>(),
            count in 1_usize..3000,
            (start, length) in (0_usize..3000, 1_usize..700),
        ) {
            let step = if wide { 10_i128.pow(34) + 7 } else { 10_i128.pow(16) };
            let values: Vec<i128> = (0_i128..).take(count).map(|row| (row + 1) * step).collect();
            let amounts = Amounts::pack(&values);
            let (decimals, max_abs) = (amounts.decimals, amounts.max_abs);
            let coding = if wide { Coding::I128(decimals) } else { Coding::I64(decimals) };
            let data = Data::Amounts(amounts);
            let (chunk, checksums) = written(&data, coding, max_abs);
            let start = start % count;
            let rows = start..(start + length).min(count);
            let (found, _) = rows_of(&chunk, &checksums, bytes_of(&data), &rows).unwrap();
            let Data::Amounts(found) = found else { panic!("amounts are amounts") };
            prop_assert_eq!((found.decimals, found.max_abs), (decimals, max_abs));
            let factor = i128::from(Amounts::factor(decimals));
            let found: Vec<i128> = match &found.values {
                Mantissas::Zero => vec![0; rows.len()],
                Mantissas::I64(values) => values.iter().map(|value| i128::from(*value) * factor).collect(),
                Mantissas::I128(values) => values.iter().map(|value| value * factor).collect(),
            };
            prop_assert_eq!(found.as_slice(), &values[rows]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn records_are_those_of_the_drill_and_damage_shows_where_it_is_read(
            ends in prop::collection::btree_set(1_u32..6000, 1..20),
            code in any::<prop::sample::Index>(),
            damaged in any::<prop::sample::Index>(),
        ) {
            let (rows, ends): (u32, Vec<(u32, u32)>) = (*ends.last().unwrap(), (3..).zip(ends).collect());
            let chunk = |what, coding| Chunk { what, coding, max_abs: 0, offset: 0, bytes: 0, page: 0 };
            let chunks = vec![chunk(What::Dimension(1), Coding::U16), chunk(What::Charges, Coding::U32)];
            let mut bytes: Vec<u8> = (0..rows).flat_map(u32::to_le_bytes).collect();
            let mut checksums = Checksums::default();
            checksums.add(&[7; 5000]);
            let page = checksums.add(&bytes);
            let drill = Drill { ends, offset: 0, bytes: u64::from(rows) * 4, page };
            let wanted = drill.records_of(drill.ends[code.index(drill.ends.len())].0);
            let (day_ends, lead, drill) = (vec![rows], Some(1), Some(drill));
            let section = SectionIndex { level: Level::Days, over_days: true, day_ends, lead, chunks, drill };
            let read = |bytes: &[u8], wanted: &Range<usize>| {
                let mut span = 0..0;
                let found = read_records(&section, &checksums, wanted, &[0, 1], |from, into| {
                    let from = usize::try_from(from).unwrap();
                    span = from..from + into.len();
                    bytes.get(span.clone()).is_some_and(|bytes| {
                        into.copy_from_slice(bytes);
                        true
                    })
                });
                (found, span)
            };
            let (found, span) = read(&bytes, &wanted);
            let (found, count) = found.unwrap();
            prop_assert_eq!((count, &found.day_ends), (u64::try_from(span.len()).unwrap(), &vec![wanted.len()]));
            let [(1, counts)] = found.columns.as_slice() else { panic!("{:?}", found.columns) };
            prop_assert!(wanted.clone().enumerate().all(|(at, row)| code_of(counts, at) == row));
            prop_assert!(span.start / 4 <= wanted.start && wanted.start * 4 - span.start < 4096);
            prop_assert!(read(&bytes, &(wanted.start..usize::try_from(rows).unwrap() + 1)).0.is_none());
            let place = damaged.index(bytes.len());
            bytes[place] ^= 0x04;
            prop_assert_eq!(read(&bytes, &wanted).0.is_none(), span.contains(&place));
        }
    }

    fn code_of(data: &Data, row: usize) -> usize {
        usize::try_from(code(data, row)).unwrap()
    }

    #[test]
    fn a_page_in_the_place_of_another_is_damage() {
        let (data, coding) = codes(&(0..4096).map(|row| row * 17).collect::<Vec<u32>>());
        let (chunk, checksums) = written(&data, coding, 0);
        let mut bytes = bytes_of(&data).to_vec();
        bytes.rotate_left(4096);
        assert!(rows_of(&chunk, &checksums, &bytes, &(0..10)).is_none());
        let section = SectionIndex {
            level: Level::Days,
            over_days: true,
            day_ends: vec![4096],
            lead: None,
            chunks: vec![chunk],
            drill: None,
        };
        assert!(is_sound(&chunk, &section) && !is_sound(&Chunk { bytes: 4, ..chunk }, &section));
    }
}
