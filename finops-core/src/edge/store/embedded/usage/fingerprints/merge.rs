//! Merging blocks, so that an event is looked for in few.
//!
//! Blocks of a checkpoint that had few events are brought together as they come. The others wait until there are many,
//! and are merged slice by slice: each step takes the events with the same first bits out of all of them and makes a
//! block of those. So each entry is written twice, and no step holds up a commit for long.

use super::block::{BlockWriter, SLICES, Sealed, Span, Written, delete};
use crate::Result;
use rusqlite::Transaction;
use std::ops::Range;

/// How many small blocks are brought together.
const FAN: usize = 8;
/// How many entries a block has at most that is made of small ones; fewer where tests must reach it.
const MAX_SMALL: u64 = if cfg!(test) { 1 << 12 } else { 1 << 19 };
/// How many blocks that are not merged there are before they are. To ask so many for an event is cheaper than to write
/// them more often.
const WAITING: usize = 32;

/// The blocks that are to be brought together next: the last ones of one size or smaller, once there are [`FAN`] of
/// them and they make one of the next size.
pub(super) fn due(waiting: &[Sealed]) -> Option<Range<usize>> {
    let size = |entries: u64| entries.max(1).ilog2() / FAN.ilog2();
    (0..=u64::BITS / FAN.ilog2()).find_map(|largest| {
        let count = waiting.iter().rev().take_while(|block| size(block.entries) <= largest).count();
        let last = waiting.len() - count..waiting.len();
        let total: u64 = waiting.get(last.clone())?.iter().map(|block| block.entries).sum();
        (count >= FAN && size(total) > largest && total <= MAX_SMALL).then_some(last)
    })
}

/// One block of all that those have, in their place.
pub(super) fn bring_together(transaction: &Transaction<'_>, inputs: &[Sealed]) -> Result<Written> {
    let total = inputs.iter().map(|block| block.entries).sum();
    let mut writer = writer(transaction, inputs, total, Span::From(0))?;
    for slice in 0..SLICES {
        write_slice(transaction, inputs, slice, &mut writer)?;
    }
    inputs.iter().try_for_each(|input| delete(transaction, input))?;
    writer.finish()
}

/// The slice that is merged next, out of all blocks from which those before it are merged; none while few blocks wait.
pub(super) fn next_slice(blocks: &[Sealed]) -> Option<u64> {
    let begun = |block: &Sealed| match block.span {
        Span::From(slice) => Some(slice).filter(|slice| *slice > 0),
        Span::Only(_) => None,
    };
    let waiting = || blocks.iter().filter(|block| block.span == Span::From(0)).count();
    blocks.iter().find_map(begun).or_else(|| (waiting() >= WAITING).then_some(0))
}

/// Takes a slice out of those blocks; gives the block that has it, and what is left of them.
pub(super) fn merge_slice(
    transaction: &Transaction<'_>,
    inputs: &[Sealed],
    slice: u64,
) -> Result<(Written, Vec<Sealed>)> {
    let total: u64 = inputs.iter().map(|block| block.entries).sum();
    let mut writer = writer(transaction, inputs, total / SLICES, Span::Only(slice))?;
    write_slice(transaction, inputs, slice, &mut writer)?;
    let merged = writer.finish()?;
    let mut left = Vec::new();
    for input in inputs {
        left.extend(input.without_slice(transaction, slice)?);
    }
    Ok((merged, left))
}

fn writer<'t>(
    transaction: &'t Transaction<'t>,
    inputs: &[Sealed],
    entries: u64,
    span: Span,
) -> Result<BlockWriter<'t>> {
    let first = inputs.iter().map(|block| block.first_batch).min().unwrap_or(0);
    let last = inputs.iter().map(|block| block.last_at).max().unwrap_or(0);
    BlockWriter::new(transaction, span, entries, first, last)
}

fn write_slice(
    transaction: &Transaction<'_>,
    inputs: &[Sealed],
    slice: u64,
    writer: &mut BlockWriter<'_>,
) -> Result<()> {
    let mut entries = Vec::new();
    for input in inputs {
        input.entries_of(transaction, slice, &mut entries)?;
    }
    // Runs that are sorted already, which the stable sort merges.
    entries.sort_by_key(|(hash, _)| *hash);
    entries.iter().try_for_each(|(hash, known)| writer.push(*hash, *known))
}
