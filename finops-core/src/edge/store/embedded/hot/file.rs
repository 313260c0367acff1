//! A hot file: for each block its columns one after the other and the records of its drills, then a directory of them,
//! then where that is.
//!
//! ```text
//! MAGIC | column | ... | records | ... | directory (postcard) | offset, length, checksum of the directory | MAGIC
//! ```

use super::codec::{Checksums, PAGE, checksum, is_sound, read, read_records, read_rows};
use crate::insight::blocks::{BlockIndex, Chunk, DAY_MICROS, Data, DayTotals, Drill, Records, SectionIndex, What};
use crate::model::charge::ChargeColumn;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Marks the form of the file; another form gets another mark, and older files are built again.
pub(super) const MAGIC: [u8; 8] = *b"FinHot06";
/// Offset, length and checksum of the directory, and the mark again.
pub(super) const TAIL: u64 = 32;

/// What a file says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Directory {
    /// Tells whether the columns had the same numbers when the file was written.
    pub(super) layout: u64,
    /// The digest of the segment that it was made from.
    pub(super) segment: [u8; 32],
    /// For each column how many texts had a code.
    pub(super) words: Vec<(u16, u32)>,
    /// Of each page of each column and of records, in the order in which they lie.
    pub(super) checksums: Checksums,
    /// None when the segment holds texts that have no place in the vocabulary: it is then read charge by charge.
    pub(super) blocks: Option<Vec<BlockIndex>>,
}

/// What the numbers of columns depend on.
pub(super) fn layout() -> u64 {
    let names: Vec<&str> = ChargeColumn::ALL.iter().map(|column| column.name()).collect();
    let order = if cfg!(target_endian = "little") { "little" } else { "big" };
    checksum(format!("{order},{}", names.join(",")).as_bytes())
}

/// Where the bytes are. Files are only open while a query reads: a store may have more than a process may keep open.
#[derive(Debug)]
pub(in super::super) enum Bytes {
    Disk(PathBuf),
    Memory(Arc<[u8]>),
}

impl Bytes {
    /// What can be read from; none when there is no such file.
    fn open(&self) -> std::io::Result<Option<Opened>> {
        match self {
            Self::Disk(path) => match File::open(path) {
                Ok(file) => Ok(Some(Opened::Disk(file))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            },
            Self::Memory(bytes) => Ok(Some(Opened::Memory(Arc::clone(bytes)))),
        }
    }
}

/// Bytes that can be read.
#[derive(Debug)]
pub(super) enum Opened {
    Disk(File),
    Memory(Arc<[u8]>),
}

impl Opened {
    fn len(&self) -> Option<u64> {
        match self {
            Self::Disk(file) => file.metadata().ok().map(|metadata| metadata.len()),
            Self::Memory(bytes) => u64::try_from(bytes.len()).ok(),
        }
    }

    /// Reads as many bytes as `into` has; says whether there were so many.
    fn read(&self, offset: u64, into: &mut [u8]) -> bool {
        match self {
            Self::Disk(file) => read_at(file, offset, into).is_ok(),
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                match bytes.get(start..start.saturating_add(into.len())) {
                    Some(found) => {
                        into.copy_from_slice(found);
                        true
                    }
                    None => false,
                }
            }
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, into: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut offset: u64, mut into: &mut [u8]) -> std::io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => {
                into = into.get_mut(read..).unwrap_or_default();
                offset += u64::try_from(read).unwrap_or(0);
            }
        }
    }
    Ok(())
}

/// A hot file that was opened and found to belong to its segment.
#[derive(Debug)]
pub(in super::super) struct HotSegment {
    bytes: Bytes,
    /// What it holds; none when the segment has no place in hot columns.
    pub(in super::super) blocks: Option<Arc<Vec<BlockIndex>>>,
    /// For each column how many texts it takes codes of.
    pub(super) words: Vec<(u16, u32)>,
    checksums: Checksums,
    /// How many bytes its directory has.
    pub(in super::super) directory_bytes: u64,
}

impl HotSegment {
    /// Reads the directory; none when there is no file, when it is not that of the segment with this digest, or is
    /// damaged.
    ///
    /// # Errors
    /// When the system cannot open it now, which says nothing of what it holds.
    pub(in super::super) fn open(bytes: Bytes, segment: &[u8]) -> std::io::Result<Option<Self>> {
        let directory = bytes.open()?.and_then(|opened| read_directory(&opened, segment));
        Ok(directory.map(|(directory, directory_bytes)| {
            let Directory { words, checksums, blocks, .. } = directory;
            Self { bytes, blocks: blocks.map(Arc::new), words, checksums, directory_bytes }
        }))
    }

    /// Opens it for reading columns; none when there is no file any more.
    ///
    /// # Errors
    /// When the system cannot open the file now.
    pub(super) fn opened(&self) -> std::io::Result<Option<Opened>> {
        self.bytes.open()
    }

    /// Reads a column, and says how many bytes it took; none when it is damaged.
    pub(super) fn column(&self, from: &Opened, block: usize, section: usize, chunk: usize) -> Option<(Data, u64)> {
        let chunk = self.chunk(block, section, chunk)?;
        let data = read(chunk, &self.checksums, |into| from.read(chunk.offset, into))?;
        Some((data, chunk.bytes))
    }

    /// The same of some of the rows, as if there were no others.
    pub(super) fn rows(
        &self,
        from: &Opened,
        (block, section, chunk): (usize, usize, usize),
        rows: &Range<usize>,
    ) -> Option<(Data, u64)> {
        let chunk = self.chunk(block, section, chunk)?;
        read_rows(chunk, &self.checksums, rows, |byte, into| from.read(chunk.offset.saturating_add(byte), into))
    }

    /// Columns of the records of one code of a section, and how many bytes they took; none when they are damaged.
    pub(super) fn records(
        &self,
        from: &Opened,
        (block, section): (usize, usize),
        records: &Range<usize>,
        chunks: &[usize],
    ) -> Option<(Records, u64)> {
        let section = self.section(block, section)?;
        let offset = section.drill.as_ref()?.offset;
        let fill = |byte, into: &mut [u8]| from.read(offset.saturating_add(byte), into);
        read_records(section, &self.checksums, records, chunks, fill)
    }

    fn section(&self, block: usize, section: usize) -> Option<&SectionIndex> {
        self.blocks.as_ref()?.get(block)?.sections.get(section)
    }

    fn chunk(&self, block: usize, section: usize, chunk: usize) -> Option<&Chunk> {
        self.section(block, section)?.chunks.get(chunk)
    }
}

/// The directory, and how many bytes it has.
fn read_directory(bytes: &Opened, segment: &[u8]) -> Option<(Directory, u64)> {
    let length = bytes.len()?;
    let mut tail = [0; 32];
    if !bytes.read(length.checked_sub(TAIL)?, &mut tail) {
        return None;
    }
    let number = |place: usize| tail.get(place..place + 8)?.try_into().ok().map(u64::from_le_bytes);
    let (offset, size, sum) = (number(0)?, number(8)?, number(16)?);
    if tail.get(24..)? != MAGIC || offset.checked_add(size)? != length - TAIL {
        return None;
    }
    let mut directory = vec![0; usize::try_from(size).ok()?];
    if !bytes.read(offset, &mut directory) || checksum(&directory) != sum {
        return None;
    }
    let directory: Directory = postcard::from_bytes(&directory).ok()?;
    let sound = directory.layout == layout() && directory.segment == segment && are_sound(&directory, offset);
    sound.then_some((directory, size))
}

/// Whether everything lies before the directory and is as long as its rows ask for, and days have their rows in order.
fn are_sound(directory: &Directory, end: u64) -> bool {
    directory.blocks.iter().flatten().all(|block| {
        let charges = block.sections.first().map(|section| section.day_ends.as_slice()).unwrap_or_default();
        let starts = std::iter::once(&0).chain(charges);
        let timed = block.days.iter().zip(starts.zip(charges)).all(|(day, (start, end))| is_timed(day, *start, *end));
        timed
            && block.sections.iter().all(|section| {
                let days = if section.over_days { 1 } else { block.days.len() };
                let days = section.day_ends.len() == days && section.day_ends.is_sorted();
                days && is_section_sound(section, end, directory.checksums.len())
            })
    })
}

/// Whether the charges of a day lie one behind the other, from `start` to `end`, by times that are of a day.
fn is_timed(day: &DayTotals, start: u32, end: u32) -> bool {
    let (first, last) = (day.times.first(), day.times.last());
    day.times.is_sorted_by(|one, next| one.0 < next.0 && one.1 < next.1)
        && first.is_some_and(|(time, row)| *time >= 0 && *row > start)
        && last.is_some_and(|(time, row)| *time < DAY_MICROS && *row == end)
        && (i64::from(day.day).abs() + 1).checked_mul(DAY_MICROS).is_some()
}

/// Whether the columns and records of a section are as long as its rows ask for, lie before `end`, and have as many
/// checksums as pages.
fn is_section_sound(section: &SectionIndex, end: u64, checksums: u64) -> bool {
    let lies = |offset: u64, bytes: u64, page: u32| {
        let inside = offset.checked_add(bytes).is_some_and(|last| last <= end);
        inside && u64::from(page).saturating_add(bytes.div_ceil(PAGE)) <= checksums
    };
    let columns = section.chunks.iter().all(|chunk| {
        let known = match chunk.what {
            What::Dimension(column) => usize::from(column) < ChargeColumn::COUNT,
            _ => true,
        };
        known && lies(chunk.offset, chunk.bytes, chunk.page) && is_sound(chunk, section)
    });
    // Who looks for a dimension looks no further than to the first of other columns.
    let ordered = section.chunks.is_sorted_by_key(|chunk| !matches!(chunk.what, What::Dimension(_)));
    let is_drill_sound = |drill: &Drill| lies(drill.offset, drill.bytes, drill.page) && drill.is_sound(section);
    columns && ordered && section.drill.as_ref().is_none_or(is_drill_sound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::blocks::{Coding, Level, Measure};

    #[test]
    fn charges_of_a_day_lie_one_behind_the_other_by_times_of_a_day() {
        let is_sound = |day: i32, times: &[(i64, u32)]| {
            let day = DayTotals { day, charges: 5, measures: [(None, 0); Measure::ALL.len()], times: times.to_vec() };
            is_timed(&day, 10, 15)
        };
        assert!(is_sound(19_723, &[(0, 12), (7, 14), (DAY_MICROS - 1, 15)]) && is_sound(-1, &[(3, 15)]));
        for (what, times) in [
            ("no time", &[][..]),
            ("before the day", &[(-1, 15)]),
            ("after the day", &[(DAY_MICROS, 15)]),
            ("a time again", &[(5, 12), (5, 15)]),
            ("times that descend", &[(5, 12), (4, 15)]),
            ("rows that descend", &[(0, 14), (1, 12), (2, 15)]),
            ("no rows", &[(0, 10), (1, 15)]),
            ("rows that are missing", &[(0, 14)]),
        ] {
            assert!(!is_sound(19_723, times), "{what}");
        }
        assert!(!is_sound(i32::MAX, &[(0, 15)]) && !is_sound(i32::MIN, &[(0, 15)]), "days that no instant reaches");
    }

    #[test]
    fn dimensions_stand_before_other_columns() {
        let chunk = |what| Chunk { what, coding: Coding::One(1), max_abs: 0, offset: 0, bytes: 0, page: 0 };
        let is_sound = |columns: [What; 3]| {
            let (chunks, day_ends) = (columns.map(chunk).to_vec(), vec![5]);
            let section =
                SectionIndex { level: Level::Charges, over_days: false, day_ends, lead: None, chunks, drill: None };
            is_section_sound(&section, 0, 0)
        };
        assert!(is_sound([What::Dimension(1), What::Dimension(0), What::Charges]));
        assert!(!is_sound([What::Dimension(1), What::Charges, What::Dimension(0)]));
    }
}
