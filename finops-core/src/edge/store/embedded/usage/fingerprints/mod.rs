//! Which events were counted: the recent ones in memory, older ones in sealed blocks in the state file.
//!
//! An event is known by 128 bits that are made of its tenant, source and id; beside them stand 64 bits of what it
//! holds and the batch that it is in. A block has them in their order, in pages that the first bits of an event name,
//! and a filter that knows for nearly all others that they are not there. Filters are read when they are first needed,
//! and stay in memory as far as the setting allows; without its filter a block is looked up on disk.
//!
//! Events are looked for many at a time, in their order, so that memory is gone through from front to back.

mod block;
mod filter;
mod filters;
mod merge;

use super::super::{broken, damaged};
use super::ledger::{SHARED_EVENTS, both};
use crate::Result;
use block::{Sealed, Span, Written};
use filter::Asked;
use filters::{Filters, LANES};
use hashbrown::{HashMap, HashSet};
use rusqlite::{Connection, Transaction};

/// What is remembered of an event that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// What it holds.
    pub(super) content: u64,
    /// The batch that it is in.
    pub(super) batch: u64,
}

/// Every event that was counted within the window.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    /// Those of batches after the last checkpoint.
    recent: HashMap<u128, Known>,
    /// The others, the newest block last.
    blocks: Vec<Sealed>,
    /// The filters of those that are in memory.
    filters: Filters,
    /// How many bytes filters may take in memory.
    memory: u64,
}

/// What a checkpoint wrote, to be taken over once it is durable.
#[derive(Debug)]
pub(super) struct Moved {
    /// The blocks that there are then, the newest last.
    blocks: Vec<Sealed>,
    /// Those of them that were written.
    written: Vec<Written>,
}

impl Fingerprints {
    /// The blocks of the state file, of which only the directory is read.
    pub(super) fn open(connection: &Connection, memory: u64) -> Result<Self> {
        Ok(Self { blocks: block::directory(connection)?, memory, ..Self::default() })
    }

    /// How many bytes filters may take in memory from now on.
    pub(super) fn limit(&mut self, memory: u64) {
        self.memory = memory;
    }

    /// What is remembered of an event, if it was counted.
    pub(super) fn find(&mut self, connection: &Connection, hash: u128) -> Result<Option<Known>> {
        self.find_all(connection, &[hash], 1).map(|found| found.into_iter().next().flatten())
    }

    /// What is remembered of each of these events that was counted.
    pub(super) fn find_all(
        &mut self,
        connection: &Connection,
        hashes: &[u128],
        threads: usize,
    ) -> Result<Vec<Option<Known>>> {
        let mut found: Vec<Option<Known>> = hashes.iter().map(|hash| self.recent.get(hash).copied()).collect();
        let left = hashes.iter().zip(0..).zip(&found).filter(|(_, found)| found.is_none());
        let mut left: Vec<Asked> = left.map(|((hash, number), _)| Asked::new(*hash, number)).collect();
        left.sort_unstable_by_key(|event| event.hash);
        self.read_filters(connection)?;
        // The second half of the events goes to a thread of its own, and so the second half of each filter.
        let (first, second) =
            left.split_at(if threads > 1 && left.len() >= SHARED_EVENTS { left.len() / 2 } else { 0 });
        let (mut maybe, mut others, filters) = (Vec::new(), Vec::new(), &self.filters);
        both(threads, left.len(), || filters.ask(second, &mut others), || filters.ask(first, &mut maybe));
        let told = maybe.into_iter().chain(others).filter_map(|(id, event)| {
            let block = self.blocks.iter().find(|block| block.id == id);
            block.filter(|block| block.spans(event.hash)).map(|block| (block, event))
        });
        let unfiltered = self.blocks.iter().rev().filter(|block| filters.bytes_of(block.id).is_none());
        for (block, event) in
            told.chain(unfiltered.flat_map(|block| block.of(&left).iter().map(move |one| (block, one))))
        {
            if let Some(place) = found.get_mut(event.number).filter(|place| place.is_none()) {
                *place = block.find(connection, event.hash)?;
            }
        }
        Ok(found)
    }

    /// Reads the filters that are not in memory, of the newest blocks first, as far as there is room.
    fn read_filters(&mut self, connection: &Connection) -> Result<()> {
        let mut room = self.memory.saturating_sub(self.filters.bytes());
        let mut read = Vec::new();
        for block in self.blocks.iter().rev() {
            let left = room.checked_sub(block.filter_bytes());
            let Some(left) = left.filter(|_| self.filters.bytes_of(block.id).is_none()) else { continue };
            read.push((block.id, block.filter(connection)?));
            room = left;
            if read.len() == LANES {
                self.filters.add(std::mem::take(&mut read));
            }
        }
        self.filters.add(read);
        Ok(())
    }

    /// Remembers an event that is durable.
    pub(super) fn insert(&mut self, hash: u128, known: Known) {
        self.recent.insert(hash, known);
    }

    /// How many are in memory.
    #[cfg(test)]
    fn recent(&self) -> usize {
        self.recent.len()
    }

    /// How many bytes are in memory.
    pub(super) fn bytes(&self) -> u64 {
        let recent = self.recent.capacity() * (size_of::<(u128, Known)>() + 1) * 8 / 7;
        self.filters.bytes() + recent as u64
    }

    /// Seals what is in memory into a block, drops blocks whose events came before `forget` (microseconds), and brings
    /// small blocks together. Nothing in memory changes.
    pub(super) fn seal(&self, transaction: &Transaction<'_>, at: i64, forget: i64) -> Result<Moved> {
        let mut kept = Vec::new();
        for block in &self.blocks {
            if block.last_at < forget {
                block::delete(transaction, block)?;
            } else {
                kept.push(block.clone());
            }
        }
        let (mut waiting, mut kept): (Vec<Sealed>, Vec<Sealed>) =
            kept.into_iter().partition(|block| block.span == Span::From(0));
        let mut written: Vec<Written> = Vec::new();
        if !self.recent.is_empty() {
            let mut entries: Vec<(u128, Known)> = self.recent.iter().map(|(hash, known)| (*hash, *known)).collect();
            entries.sort_unstable_by_key(|(hash, _)| *hash);
            let block = block::write(transaction, at, &entries)?;
            waiting.push(block.sealed.clone());
            written.push(block);
        }
        while let Some(range) = merge::due(&waiting) {
            let inputs: Vec<Sealed> = waiting.drain(range.clone()).collect();
            let merged = merge::bring_together(transaction, &inputs)?;
            waiting.insert(range.start, merged.sealed.clone());
            written.push(merged);
        }
        kept.append(&mut waiting);
        Ok(Moved::new(kept, written))
    }

    /// Takes over what [`Fingerprints::seal`] wrote, now that it is durable.
    pub(super) fn sealed(&mut self, moved: Moved) {
        // The table keeps its size: as many will come until the next checkpoint.
        self.recent.clear();
        self.moved(moved);
    }

    /// Whether blocks wait to be merged.
    pub(super) fn is_merge_due(&self) -> bool {
        self.next_slice().is_some()
    }

    fn next_slice(&self) -> Option<u64> {
        merge::next_slice(&self.blocks)
    }

    /// Merges a slice of the blocks that wait for it. Nothing in memory changes.
    pub(super) fn merge(&self, transaction: &Transaction<'_>) -> Result<Option<Moved>> {
        let Some(slice) = self.next_slice() else { return Ok(None) };
        let blocks = self.blocks.iter().cloned();
        let (inputs, mut kept): (Vec<Sealed>, Vec<Sealed>) = blocks.partition(|block| block.span == Span::From(slice));
        let (merged, mut left) = merge::merge_slice(transaction, &inputs, slice)?;
        kept.append(&mut left);
        kept.push(merged.sealed.clone());
        Ok(Some(Moved::new(kept, vec![merged])))
    }

    /// Takes over what another process merged.
    pub(super) fn follow(&mut self, connection: &Connection) -> Result<()> {
        self.moved(Moved { blocks: block::directory(connection)?, written: Vec::new() });
        Ok(())
    }

    /// Takes over blocks that are durable, and lets go of the filters of the oldest where memory does not hold all.
    pub(super) fn moved(&mut self, Moved { blocks, mut written }: Moved) {
        self.blocks = blocks;
        let mut room = self.memory;
        let mut stay = HashSet::new();
        for block in self.blocks.iter().rev() {
            let is_written = || written.iter().any(|new| new.sealed.id == block.id).then(|| block.filter_bytes());
            let bytes = self.filters.bytes_of(block.id).or_else(is_written);
            if let Some(left) = bytes.and_then(|bytes| room.checked_sub(bytes)) {
                stay.insert(block.id);
                room = left;
            }
        }
        self.filters.retain(&stay);
        written.retain(|new| stay.contains(&new.sealed.id));
        self.filters.add(written.into_iter().map(|Written { sealed, filter }| (sealed.id, filter)).collect());
    }
}

impl Moved {
    fn new(mut blocks: Vec<Sealed>, written: Vec<Written>) -> Self {
        blocks.sort_by_key(|block| (block.last_at, block.id));
        Self { blocks, written }
    }
}

#[cfg(test)]
mod tests;
