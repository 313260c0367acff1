//! A sealed block of fingerprints: its directory entry, its pages, its filter.

use super::super::batch::checksum;
use super::{Known, broken, damaged};
use crate::edge::store::embedded::manifest::{integer, natural};
use crate::{Error, ErrorCode, Result};
use parquet::bloom_filter::Sbbf;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

/// How many entries a page has on average.
const PAGE_ENTRIES: u64 = 256;
/// Bytes of an entry: 16 of the event, 8 of what it holds, 4 of its batch above the first of the block.
const ENTRY: usize = 28;
/// Bits that the filter has for each entry: about one other event of a thousand passes.
const FILTER_BITS: u64 = 16;
/// What one row of the state file has of a filter.
const FILTER_PART: usize = 1 << 20;

/// What the directory says of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) id: u64,
    pub(super) entries: u64,
    /// How many of the first bits of an event name its page.
    pub(super) page_bits: u32,
    /// The smallest number of a batch in it.
    pub(super) first_batch: u64,
    /// When the last of its events came, in microseconds.
    pub(super) last_at: i64,
    /// Bytes of its filter.
    pub(super) filter_bytes: u64,
}

/// A block, with its filter when that is in memory.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) sealed: Sealed,
    filter: Option<Sbbf>,
}

/// The blocks of the state file, the oldest first.
pub(super) fn directory(connection: &Connection) -> Result<Vec<Block>> {
    let sql = "SELECT id, entries, page_bits, first_batch, last_at, filter_bytes FROM usage_blocks
               ORDER BY last_at, id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map([], |row| Ok(sealed(row))).map_err(broken)?;
    rows.map(|row| Ok(Block::new(row.map_err(broken)??))).collect()
}

fn sealed(row: &Row<'_>) -> Result<Sealed> {
    let number = |column: usize| natural(row.get(column).map_err(broken)?);
    let page_bits = u32::try_from(number(2)?).ok().filter(|bits| *bits <= 32);
    Ok(Sealed {
        id: number(0)?,
        entries: number(1)?,
        page_bits: page_bits.ok_or_else(|| damaged("a block of fingerprints of too many pages"))?,
        first_batch: number(3)?,
        last_at: row.get(4).map_err(broken)?,
        filter_bytes: number(5)?,
    })
}

impl Block {
    pub(super) fn new(sealed: Sealed) -> Self {
        Self { sealed, filter: None }
    }

    /// How many bytes of it are in memory.
    pub(super) fn resident(&self) -> u64 {
        if self.filter.is_some() { self.sealed.filter_bytes } else { 0 }
    }

    /// Lets go of the filter; gives how many bytes that were.
    pub(super) fn evict(&mut self) -> u64 {
        let resident = self.resident();
        self.filter = None;
        resident
    }

    /// Takes the filter of the same block.
    pub(super) fn take_filter(&mut self, other: &mut Self) {
        self.filter = self.filter.take().or_else(|| other.filter.take());
    }

    /// Reads the filter when it is not in memory and fits; gives how many bytes were read.
    pub(super) fn make_resident(&mut self, connection: &Connection, room: u64) -> Result<u64> {
        if self.filter.is_some() || self.sealed.filter_bytes > room {
            return Ok(0);
        }
        let sql = "SELECT bytes, checksum FROM usage_filters WHERE block = ?1 ORDER BY part";
        let mut statement = connection.prepare_cached(sql).map_err(broken)?;
        let mut rows = statement.query(params![integer(self.sealed.id)?]).map_err(broken)?;
        let mut bytes = Vec::with_capacity(usize::try_from(self.sealed.filter_bytes).unwrap_or(0).min(FILTER_PART));
        while let Some(row) = rows.next().map_err(broken)? {
            let part = row.get_ref(0).map_err(broken)?.as_blob().map_err(damaged)?;
            if row.get::<_, i64>(1).map_err(broken)? != checksum(part) {
                return Err(self.torn("filter"));
            }
            bytes.extend_from_slice(part);
        }
        if bytes.len() as u64 != self.sealed.filter_bytes || bytes.is_empty() || bytes.len() % 32 != 0 {
            return Err(self.torn("filter"));
        }
        self.filter = Some(Sbbf::new(&bytes));
        Ok(self.sealed.filter_bytes)
    }

    fn torn(&self, what: &str) -> Error {
        torn(self.sealed.id, what)
    }

    /// What is remembered of an event.
    pub(super) fn find(&self, connection: &Connection, hash: u128) -> Result<Option<Known>> {
        if self.filter.as_ref().is_some_and(|filter| !filter.check(&low(hash))) {
            return Ok(None);
        }
        let page = page_of(hash, self.sealed.page_bits);
        let Some(bytes) = read_page(connection, self.sealed.id, page)? else { return Ok(None) };
        let entries: Vec<&[u8]> = bytes.chunks_exact(ENTRY).collect();
        let found = entries.binary_search_by_key(&hash, |entry| hash_of(entry)).ok();
        Ok(found.and_then(|place| entries.get(place)).map(|entry| self.sealed.entry(entry).1))
    }
}

impl Sealed {
    fn entry(&self, bytes: &[u8]) -> (u128, Known) {
        let number = |from: usize, count: usize| little(bytes.get(from..from + count).unwrap_or(&[]));
        let known = Known { content: number(16, 8), batch: self.first_batch.saturating_add(number(24, 4)) };
        (hash_of(bytes), known)
    }

    /// Gives the entries whose first `bits` bits are that number, in order; `bits` is no more than the block's own.
    pub(super) fn entries_of(
        &self,
        connection: &Connection,
        bits: u32,
        number: u64,
        into: &mut Vec<(u128, Known)>,
    ) -> Result<()> {
        let pages = 1_u64 << self.page_bits.saturating_sub(bits);
        for page in number * pages..(number + 1) * pages {
            let Some(bytes) = read_page(connection, self.id, page)? else { continue };
            into.extend(bytes.chunks_exact(ENTRY).map(|entry| self.entry(entry)));
        }
        Ok(())
    }
}

/// What the filter is asked for: half of the event's bits, and not those that name its page.
fn low(hash: u128) -> i64 {
    let [_, _, _, _, _, _, _, _, bytes @ ..] = hash.to_be_bytes();
    i64::from_be_bytes(bytes)
}

fn page_of(hash: u128, bits: u32) -> u64 {
    if bits == 0 { 0 } else { u64::try_from(hash >> (128 - bits)).unwrap_or(u64::MAX) }
}

fn hash_of(entry: &[u8]) -> u128 {
    entry.get(..16).and_then(|bytes| bytes.try_into().ok()).map_or(0, u128::from_be_bytes)
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The key of a page among those of all blocks.
fn key(block: u64, page: u64) -> Result<i64> {
    integer(block)?.checked_mul(1 << 32).and_then(|key| key.checked_add(integer(page).ok()?)).ok_or_else(too_many)
}

fn too_many() -> Error {
    damaged("a block of fingerprints with a number that is too large")
}

fn torn(block: u64, what: &str) -> Error {
    let message = format!(
        "the state file is damaged: a {what} of block {block} of the fingerprints of usage is not what was written; \
         no usage can be recorded, since nobody could say what was counted before: restore the store from a copy"
    );
    Error::new(ErrorCode::Storage, message)
}

fn read_page(connection: &Connection, block: u64, page: u64) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT entries, checksum FROM usage_fingerprints WHERE page = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?));
    let Some((bytes, sum)) = statement.query_row(params![key(block, page)?], read).optional().map_err(broken)? else {
        return Ok(None);
    };
    if checksum(&bytes) != sum || bytes.len() % ENTRY != 0 {
        return Err(torn(block, "page"));
    }
    Ok(Some(bytes))
}

/// Writes a block of entries in their order.
pub(super) fn write(transaction: &Transaction<'_>, at: i64, entries: &[(u128, Known)]) -> Result<Block> {
    let first = entries.iter().map(|(_, known)| known.batch).min().unwrap_or(0);
    let mut writer = BlockWriter::new(transaction, entries.len() as u64, first, at)?;
    entries.iter().try_for_each(|(hash, known)| writer.push(*hash, *known))?;
    writer.finish()
}

/// A block that is being written.
pub(super) struct BlockWriter<'t> {
    transaction: &'t Transaction<'t>,
    sealed: Sealed,
    filter: Sbbf,
    page: u64,
    bytes: Vec<u8>,
}

impl<'t> BlockWriter<'t> {
    /// For about that many entries.
    pub(super) fn new(transaction: &'t Transaction<'t>, entries: u64, first_batch: u64, last_at: i64) -> Result<Self> {
        let sql = "SELECT 1 + coalesce(max(id), 0) FROM usage_blocks";
        let in_use: i64 = transaction.query_row(sql, [], |row| row.get(0)).map_err(broken)?;
        let filter_bytes = usize::try_from(entries * FILTER_BITS / 8).unwrap_or(usize::MAX);
        let filter = Sbbf::new_with_num_of_bytes(filter_bytes);
        let page_bits = (entries / PAGE_ENTRIES).max(1).ilog2();
        let sealed = Sealed { id: natural(in_use)?, entries: 0, page_bits, first_batch, last_at, filter_bytes: 0 };
        // Its place in the directory is taken at once, so that two blocks of one transaction differ.
        let writer = Self { transaction, sealed, filter, page: 0, bytes: Vec::new() };
        writer.list()?;
        Ok(writer)
    }

    /// The next entry, in the order of events.
    pub(super) fn push(&mut self, hash: u128, known: Known) -> Result<()> {
        let page = page_of(hash, self.sealed.page_bits);
        if page != self.page {
            self.flush()?;
            self.page = page;
        }
        let batch = known.batch.checked_sub(self.sealed.first_batch).and_then(|above| u32::try_from(above).ok());
        self.bytes.extend_from_slice(&hash.to_be_bytes());
        self.bytes.extend_from_slice(&known.content.to_le_bytes());
        self.bytes.extend_from_slice(&batch.ok_or_else(too_many)?.to_le_bytes());
        self.filter.insert(&low(hash));
        self.sealed.entries += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO usage_fingerprints (page, checksum, entries) VALUES (?1, ?2, ?3)";
        let mut statement = self.transaction.prepare_cached(sql).map_err(broken)?;
        let values = params![key(self.sealed.id, self.page)?, checksum(&self.bytes), self.bytes];
        statement.execute(values).map_err(broken)?;
        self.bytes.clear();
        Ok(())
    }

    fn list(&self) -> Result<()> {
        let Sealed { id, entries, page_bits, first_batch, last_at, filter_bytes } = self.sealed;
        let sql = "INSERT OR REPLACE INTO usage_blocks (id, entries, page_bits, first_batch, last_at, filter_bytes)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (id, entries, bytes) = (integer(id)?, integer(entries)?, integer(filter_bytes)?);
        let values = params![id, entries, page_bits, integer(first_batch)?, last_at, bytes];
        self.transaction.execute(sql, values).map_err(broken)?;
        Ok(())
    }

    /// Ends the block.
    pub(super) fn finish(mut self) -> Result<Block> {
        self.flush()?;
        let mut bytes = Vec::new();
        self.filter.write_bitset(&mut bytes).map_err(damaged)?;
        self.sealed.filter_bytes = bytes.len() as u64;
        let sql = "INSERT INTO usage_filters (block, part, checksum, bytes) VALUES (?1, ?2, ?3, ?4)";
        for (part, bytes) in bytes.chunks(FILTER_PART).enumerate() {
            let values = params![integer(self.sealed.id)?, integer(part as u64)?, checksum(bytes), bytes];
            self.transaction.execute(sql, values).map_err(broken)?;
        }
        self.list()?;
        Ok(Block { sealed: self.sealed, filter: Some(self.filter) })
    }
}

/// Removes a block.
pub(super) fn delete(transaction: &Transaction<'_>, block: &Sealed) -> Result<()> {
    let (id, next) = (integer(block.id)?, key(block.id + 1, 0)?);
    let pages = "DELETE FROM usage_fingerprints WHERE page >= ?1 AND page < ?2";
    transaction.execute(pages, params![key(block.id, 0)?, next]).map_err(broken)?;
    transaction.execute("DELETE FROM usage_filters WHERE block = ?1", params![id]).map_err(broken)?;
    transaction.execute("DELETE FROM usage_blocks WHERE id = ?1", params![id]).map_err(broken)?;
    Ok(())
}
