//! Merging blocks, so that an event is looked for in few: each is written again once for each size that it grows by.

use super::block::{Block, BlockWriter, Sealed, delete};
use super::{FAN, MAX_MERGED};
use crate::Result;
use rusqlite::Transaction;
use std::ops::Range;

/// The blocks that are to be merged next: the last ones of one size or smaller, once there are [`FAN`] of them and they
/// make one of the next size. So each entry is written once for each size.
pub(super) fn due(blocks: &[Sealed]) -> Option<Range<usize>> {
    let size = |entries: u64| entries.max(1).ilog2() / FAN.ilog2();
    (0..=u64::BITS / FAN.ilog2()).find_map(|largest| {
        let count = blocks.iter().rev().take_while(|block| size(block.entries) <= largest).count();
        let last = blocks.len() - count..blocks.len();
        let total: u64 = blocks.get(last.clone())?.iter().map(|block| block.entries).sum();
        (count >= FAN && size(total) > largest && total <= MAX_MERGED).then_some(last)
    })
}

/// One block of all that those have, in their place.
pub(super) fn merge(transaction: &Transaction<'_>, inputs: &[Sealed]) -> Result<Block> {
    let total = inputs.iter().map(|block| block.entries).sum();
    let first = inputs.iter().map(|block| block.first_batch).min().unwrap_or(0);
    let last = inputs.iter().map(|block| block.last_at).max().unwrap_or(0);
    let bits = inputs.iter().map(|block| block.page_bits).min().unwrap_or(0);
    let mut writer = BlockWriter::new(transaction, total, first, last)?;
    let mut entries = Vec::new();
    for number in 0..1_u64 << bits {
        for input in inputs {
            input.entries_of(transaction, bits, number, &mut entries)?;
        }
        // Runs that are sorted already, which the stable sort merges.
        entries.sort_by_key(|(hash, _)| *hash);
        for (hash, known) in entries.drain(..) {
            writer.push(hash, known)?;
        }
    }
    inputs.iter().try_for_each(|input| delete(transaction, input))?;
    writer.finish()
}
