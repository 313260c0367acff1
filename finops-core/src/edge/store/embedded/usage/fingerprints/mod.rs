//! Which events were counted: the recent ones in memory, older ones in sealed blocks in the state file.
//!
//! An event is known by 128 bits that are made of its tenant, source and id; beside them stand 64 bits of what it
//! holds and the batch that it is in. A block has them in their order, in pages that the first bits of an event name,
//! and a filter that knows for nearly all others that they are not there. Filters are read when they are first needed,
//! and stay in memory as far as the setting allows; without its filter a block is looked up on disk.

mod block;
mod merge;

use super::super::{broken, damaged};
use crate::Result;
use block::{Block, Sealed};
use hashbrown::HashMap;
use rusqlite::{Connection, Transaction};

/// How many blocks of one size are merged into one of the next.
const FAN: usize = 8;
/// No block gets larger by merging: writing it takes seconds.
const MAX_MERGED: u64 = 32 << 20;

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
        if let Some(known) = self.recent.get(&hash) {
            return Ok(Some(*known));
        }
        let mut resident: u64 = self.blocks.iter().map(Block::resident).sum();
        for block in self.blocks.iter_mut().rev() {
            resident += block.make_resident(connection, self.memory.saturating_sub(resident))?;
            if let Some(known) = block.find(connection, hash)? {
                return Ok(Some(known));
            }
        }
        Ok(None)
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

    /// Seals what is in memory into a block, drops blocks whose events came before `forget` (microseconds), and merges
    /// what there is too much of. Nothing in memory changes.
    pub(super) fn seal(&self, transaction: &Transaction<'_>, at: i64, forget: i64) -> Result<Moved> {
        let mut blocks = Vec::new();
        for block in &self.blocks {
            if block.sealed.last_at < forget {
                block::delete(transaction, &block.sealed)?;
            } else {
                blocks.push(block.sealed.clone());
            }
        }
        let mut filters: Vec<Block> = Vec::new();
        if !self.recent.is_empty() {
            let mut entries: Vec<(u128, Known)> = self.recent.iter().map(|(hash, known)| (*hash, *known)).collect();
            entries.sort_unstable_by_key(|(hash, _)| *hash);
            let block = block::write(transaction, at, &entries)?;
            blocks.push(block.sealed.clone());
            filters.push(block);
        }
        while let Some(range) = merge::due(&blocks) {
            let inputs: Vec<Sealed> = blocks.drain(range.clone()).collect();
            let merged = merge::merge(transaction, &inputs)?;
            blocks.insert(range.start, merged.sealed.clone());
            filters.push(merged);
        }
        let moved = |sealed: Sealed| match filters.iter().position(|block| block.sealed.id == sealed.id) {
            Some(place) => filters.swap_remove(place),
            None => Block::new(sealed),
        };
        Ok(Moved(blocks.into_iter().map(moved).collect()))
    }

    /// Takes over what [`Fingerprints::seal`] wrote, now that it is durable.
    pub(super) fn sealed(&mut self, Moved(blocks): Moved) {
        let mut before = std::mem::replace(&mut self.blocks, blocks);
        for block in &mut self.blocks {
            if let Some(old) = before.iter_mut().find(|old| old.sealed.id == block.sealed.id) {
                block.take_filter(old);
            }
        }
        // The table keeps its size: as many will come until the next checkpoint.
        self.recent.clear();
        let mut resident = 0;
        for block in self.blocks.iter_mut().rev() {
            resident += block.resident();
            if resident > self.memory {
                resident -= block.evict();
            }
        }
    }
}

#[cfg(test)]
mod tests;
