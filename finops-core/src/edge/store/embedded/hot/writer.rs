//! Writing a hot file while its segment is written.

use super::codec::{Checksums, bytes_of, checksum};
use super::file::{Directory, MAGIC, layout};
use super::vocabulary::Draft;
use crate::insight::blocks::{Block, BlockIndex, Pending};
use crate::model::charge::ChargeTable;
use crate::{Error, ErrorCode, Result};
use std::io::Write;

/// A hot file being written.
#[derive(Debug)]
pub(in super::super) struct HotWriter<W> {
    file: W,
    offset: u64,
    pending: Pending,
    checksums: Checksums,
    /// None once a charge came that has no place here.
    blocks: Option<Vec<BlockIndex>>,
}

impl<W: Write> HotWriter<W> {
    /// Starts a file.
    ///
    /// # Errors
    /// `storage` when it cannot be written.
    pub(in super::super) fn new(file: W) -> Result<Self> {
        let (pending, checksums) = (Pending::default(), Checksums::default());
        let mut writer = Self { file, offset: 0, pending, checksums, blocks: Some(Vec::new()) };
        writer.put(&MAGIC)?;
        Ok(writer)
    }

    /// Adds charges.
    ///
    /// # Errors
    /// `invalid_argument` when a charge has no start.
    pub(in super::super) fn add(&mut self, table: &ChargeTable, draft: &mut Draft) -> Result<()> {
        if self.blocks.is_some() && !self.pending.add(table, &mut |column, text| draft.code_of(column, text))? {
            (self.blocks, self.pending) = (None, Pending::default());
        }
        Ok(())
    }

    /// How much memory the charges take that are in no block yet.
    pub(in super::super) fn buffered_bytes(&self) -> usize {
        self.pending.bytes()
    }

    /// Makes blocks of all charges that wait, and writes them.
    ///
    /// # Errors
    /// `storage` when they cannot be written.
    pub(in super::super) fn flush(&mut self) -> Result<()> {
        let mut pending = std::mem::take(&mut self.pending);
        pending.drain(|Block { mut index, columns, records }| {
            let chunks = index.sections.iter_mut().flat_map(|section| &mut section.chunks);
            for (chunk, column) in chunks.zip(&columns) {
                let bytes = bytes_of(column);
                (chunk.offset, chunk.page) = (self.offset, self.checksums.add(bytes));
                chunk.bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.put(bytes)?;
            }
            let drills = index.sections.iter_mut().filter_map(|section| section.drill.as_mut());
            for (drill, records) in drills.zip(&records) {
                (drill.offset, drill.page) = (self.offset, self.checksums.add(records));
                drill.bytes = u64::try_from(records.len()).unwrap_or(u64::MAX);
                self.put(records)?;
            }
            self.blocks.iter_mut().for_each(|blocks| blocks.push(index.clone()));
            Ok(())
        })
    }

    /// Ends the file of the segment with that digest.
    ///
    /// # Errors
    /// `storage` when it cannot be written.
    pub(in super::super) fn finish(mut self, segment: [u8; 32], draft: &Draft) -> Result<W> {
        self.flush()?;
        let blocks = std::mem::take(&mut self.blocks);
        let checksums = std::mem::take(&mut self.checksums);
        let directory = Directory { layout: layout(), segment, words: draft.counts(), checksums, blocks };
        let directory = postcard::to_allocvec(&directory).map_err(|error| {
            Error::new(ErrorCode::Storage, format!("the directory of hot columns cannot be written: {error}"))
        })?;
        let (offset, length) = (self.offset, u64::try_from(directory.len()).unwrap_or(u64::MAX));
        self.put(&directory)?;
        for number in [offset, length, checksum(&directory)] {
            self.put(&number.to_le_bytes())?;
        }
        self.put(&MAGIC)?;
        self.file.flush().map_err(|error| unwritable(&error))?;
        Ok(self.file)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| unwritable(&error))?;
        self.offset += u64::try_from(bytes.len()).unwrap_or(0);
        Ok(())
    }
}

fn unwritable(error: &std::io::Error) -> Error {
    Error::new(ErrorCode::Storage, format!("hot columns cannot be written: {error}"))
}
