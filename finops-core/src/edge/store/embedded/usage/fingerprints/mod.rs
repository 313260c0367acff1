//! Which events were counted: the recent ones in memory, older ones in sealed blocks in the state file.
//!
//! An event is known by 128 bits that are made of its tenant, source and id; beside them stand 64 bits of what it
//! holds and the batch that it is in. A block has them in their order, in pages that the first bits of an event name,
//! and a filter that knows for nearly all others that they are not there. Filters are read when they are first needed,
//! and stay in memory as far as the setting allows; without its filter a block is looked up on disk.
//!
//! Events are looked for many at a time, in their order: block after block, so that one filter at a time is in the
//! caches of the processor.

mod block;
mod filter;
mod merge;

use super::super::{broken, damaged};
use super::ledger::{SHARED_EVENTS, both};
use crate::Result;
use block::{Block, Sealed, Span};
use filter::Asked;
use hashbrown::HashMap;
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
    blocks: Vec<Block>,
    /// How many bytes filters may take in memory.
    memory: u64,
}

/// What a checkpoint wrote, to be taken over once it is durable.
#[derive(Debug)]
pub(super) struct Moved(Vec<Block>);

impl Fingerprints {
    /// The blocks of the state file, of which only the directory is read.
    pub(super) fn open(connection: &Connection, memory: u64) -> Result<Self> {
        Ok(Self { recent: HashMap::new(), blocks: block::directory(connection)?, memory })
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
        let mut resident: u64 = self.blocks.iter().map(Block::resident).sum();
        for block in self.blocks.iter_mut().rev() {
            resident += block.make_resident(connection, self.memory.saturating_sub(resident))?;
        }
        // The second half of the events goes to a thread of its own, and so the second half of each filter.
        let (first, second) =
            left.split_at(if threads > 1 && left.len() >= SHARED_EVENTS { left.len() / 2 } else { 0 });
        let mut maybe = Vec::new();
        let (mut others, blocks) = (Vec::new(), &self.blocks);
        both(threads, left.len(), || ask(blocks, second, &mut others), || ask(blocks, first, &mut maybe));
        for (block, event) in maybe.into_iter().chain(others) {
            if let Some(place) = found.get_mut(event.number).filter(|place| place.is_none()) {
                *place = block.sealed.find(connection, event.hash)?;
            }
        }
        Ok(found)
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
        self.blocks.iter().map(Block::resident).sum::<u64>() + recent as u64
    }

    /// Seals what is in memory into a block, drops blocks whose events came before `forget` (microseconds), and brings
    /// small blocks together. Nothing in memory changes.
    pub(super) fn seal(&self, transaction: &Transaction<'_>, at: i64, forget: i64) -> Result<Moved> {
        let mut kept = Vec::new();
        for block in &self.blocks {
            if block.sealed.last_at < forget {
                block::delete(transaction, &block.sealed)?;
            } else {
                kept.push(block.sealed.clone());
            }
        }
        let (mut waiting, mut kept): (Vec<Sealed>, Vec<Sealed>) =
            kept.into_iter().partition(|block| block.span == Span::From(0));
        let mut written: Vec<Block> = Vec::new();
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
        let blocks = self.blocks.iter().map(|block| block.sealed.clone());
        let (inputs, mut kept): (Vec<Sealed>, Vec<Sealed>) = blocks.partition(|block| block.span == Span::From(slice));
        let (merged, mut left) = merge::merge_slice(transaction, &inputs, slice)?;
        kept.append(&mut left);
        kept.push(merged.sealed.clone());
        Ok(Some(Moved::new(kept, vec![merged])))
    }

    /// Takes over what another process merged.
    pub(super) fn follow(&mut self, connection: &Connection) -> Result<()> {
        let blocks = block::directory(connection)?;
        self.moved(Moved(blocks));
        Ok(())
    }

    /// Takes over blocks that are durable.
    pub(super) fn moved(&mut self, Moved(blocks): Moved) {
        let before = std::mem::replace(&mut self.blocks, blocks);
        let mut before: HashMap<u64, Block> = before.into_iter().map(|block| (block.sealed.id, block)).collect();
        for block in &mut self.blocks {
            if let Some(before) = before.remove(&block.sealed.id) {
                block.take_filter(before);
            }
        }
        let mut resident = 0;
        for block in self.blocks.iter_mut().rev() {
            resident += block.resident();
            if resident > self.memory {
                resident -= block.evict();
            }
        }
    }
}

/// Which blocks may have which of these events.
fn ask<'e>(blocks: &'e [Block], events: &'e [Asked], into: &mut Vec<(&'e Block, &'e Asked)>) {
    for block in blocks.iter().rev() {
        into.extend(block.may_have(events).map(|event| (block, event)));
    }
}

impl Moved {
    /// These blocks, with the filters of those that were written just now.
    fn new(mut blocks: Vec<Sealed>, written: Vec<Block>) -> Self {
        blocks.sort_by_key(|block| (block.last_at, block.id));
        let mut written: HashMap<u64, Block> = written.into_iter().map(|block| (block.sealed.id, block)).collect();
        let block = |sealed: Sealed| written.remove(&sealed.id).unwrap_or_else(|| Block::new(sealed));
        Self(blocks.into_iter().map(block).collect())
    }
}

#[cfg(test)]
mod tests;
