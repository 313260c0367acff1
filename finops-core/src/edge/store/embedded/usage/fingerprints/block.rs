//! A sealed block of fingerprints: its directory entry, its pages, its filter.

use super::super::batch::checksum;
use super::filter::{Asked, Filter, Shape};
use super::{Known, broken, damaged};
use crate::edge::store::embedded::manifest::{integer, natural};
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, Row, Transaction, params};
use std::ops::Range;

/// How many entries a page has on average.
const PAGE_ENTRIES: u64 = 64;
/// How many of the first bits of an event name its slice.
pub(super) const SLICE_BITS: u32 = 6;
/// How many slices there are: so many steps a merge takes.
pub(super) const SLICES: u64 = 1 << SLICE_BITS;
/// Bytes of an entry: 16 of the event, 8 of what it holds, 4 of its batch above the first of the block.
const ENTRY: usize = 28;
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
    /// Bytes of its filter; 0 in a store of an older version, whose filters were others.
    pub(super) filter_bytes: u64,
    pub(super) span: Span,
}

/// Which slices a block has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    /// All from that one on: those before it are merged. From 0, nothing is.
    From(u64),
    /// That one, of all blocks that were merged.
    Only(u64),
}

impl Span {
    /// The slices, from and up to.
    const fn slices(self) -> (u64, u64) {
        match self {
            Self::From(first) => (first, SLICES),
            Self::Only(slice) => (slice, slice + 1),
        }
    }

    /// The slice that all events are of, if it is one.
    const fn only(self) -> Option<u64> {
        match self {
            Self::From(_) => None,
            Self::Only(slice) => Some(slice),
        }
    }

    /// How many of the first bits are the same in all events.
    const fn shared_bits(self) -> u32 {
        if self.only().is_some() { SLICE_BITS } else { 0 }
    }
}

/// A block that was written just now, and its filter.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) sealed: Sealed,
    pub(super) filter: Filter,
}

/// The blocks of the state file, the oldest first.
pub(super) fn directory(connection: &Connection) -> Result<Vec<Sealed>> {
    let sql = "SELECT id, entries, page_bits, first_batch, last_at, filter_bytes, merged, slice
               FROM usage_blocks ORDER BY last_at, id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map([], |row| Ok(sealed(row))).map_err(broken)?;
    rows.map(|row| row.map_err(broken)?).collect()
}

fn sealed(row: &Row<'_>) -> Result<Sealed> {
    let number = |column: usize| natural(row.get(column).map_err(broken)?);
    let span = match row.get::<_, Option<i64>>(7).map_err(broken)? {
        Some(slice) => Span::Only(natural(slice)?),
        None => Span::From(number(6)?),
    };
    if span.slices().0 >= SLICES {
        return Err(damaged("a block of fingerprints of a slice that there is not"));
    }
    let page_bits = u32::try_from(number(2)?).ok().filter(|bits| *bits <= 32);
    Ok(Sealed {
        id: number(0)?,
        entries: number(1)?,
        page_bits: page_bits.ok_or_else(|| damaged("a block of fingerprints of too many pages"))?,
        first_batch: number(3)?,
        last_at: row.get(4).map_err(broken)?,
        filter_bytes: number(5)?,
        span,
    })
}

impl Sealed {
    /// Whether it has the slice of an event.
    pub(super) fn spans(&self, hash: u128) -> bool {
        let (first, end) = self.span.slices();
        (first..end).contains(&slice_of(hash))
    }

    /// Those of events in order that are of its slices.
    pub(super) fn of<'e>(&self, events: &'e [Asked]) -> &'e [Asked] {
        let from = events.partition_point(|event| slice_of(event.hash) < self.span.slices().0);
        let until = events.partition_point(|event| slice_of(event.hash) < self.span.slices().1);
        events.get(from..until).unwrap_or_default()
    }

    /// How many bytes its filter takes.
    pub(super) fn filter_bytes(&self) -> u64 {
        if self.filter_bytes == 0 { self.shape().bytes() } else { self.filter_bytes }
    }

    fn shape(&self) -> Shape {
        Shape::new(self.entries, self.span.only())
    }

    /// Its filter.
    pub(super) fn filter(&self, connection: &Connection) -> Result<Filter> {
        if self.filter_bytes == 0 { self.make_filter(connection) } else { self.read_filter(connection) }
    }

    fn entry(&self, bytes: &Entry) -> (u128, Known) {
        let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, content @ .., a, b, c, d] = *bytes;
        let above = u32::from_le_bytes([a, b, c, d]);
        let known =
            Known { content: u64::from_le_bytes(content), batch: self.first_batch.saturating_add(above.into()) };
        (hash_of(bytes), known)
    }

    /// What is remembered of an event.
    pub(super) fn find(&self, connection: &Connection, hash: u128) -> Result<Option<Known>> {
        let page = page_of(hash, self.page_bits);
        let found = with_page(connection, self.id, page, |entries| {
            let place = entries.binary_search_by_key(&hash, hash_of).ok();
            place.and_then(|place| entries.get(place)).map(|entry| self.entry(entry).1)
        })?;
        Ok(found.flatten())
    }

    /// Gives the entries of a slice, in order.
    pub(super) fn entries_of(&self, connection: &Connection, slice: u64, into: &mut Vec<(u128, Known)>) -> Result<()> {
        for page in self.pages_of(slice) {
            with_page(connection, self.id, page, |entries| {
                // A small block has several slices in a page.
                into.extend(entries.iter().map(|entry| self.entry(entry)).filter(|(hash, _)| slice_of(*hash) == slice));
            })?;
        }
        Ok(())
    }

    /// The pages that have something of a slice.
    const fn pages_of(&self, slice: u64) -> Range<u64> {
        if let Some(bits) = self.page_bits.checked_sub(SLICE_BITS) {
            return slice << bits..(slice + 1) << bits;
        }
        let page = slice >> (SLICE_BITS - self.page_bits);
        page..page + 1
    }

    /// What is left of the block when its next slice was merged; nothing after the last one.
    pub(super) fn without_slice(&self, transaction: &Transaction<'_>, slice: u64) -> Result<Option<Self>> {
        if slice + 1 == SLICES {
            delete(transaction, self)?;
            return Ok(None);
        }
        if self.page_bits >= SLICE_BITS {
            let pages = self.pages_of(slice);
            delete_pages(transaction, key(self.id, pages.start)?, key(self.id, pages.end)?)?;
        }
        let left = Self { span: Span::From(slice + 1), ..self.clone() };
        left.list(transaction)?;
        Ok(Some(left))
    }

    /// The filter that was kept.
    fn read_filter(&self, connection: &Connection) -> Result<Filter> {
        let sql = "SELECT bytes, checksum FROM usage_filters WHERE block = ?1 ORDER BY part";
        let mut statement = connection.prepare_cached(sql).map_err(broken)?;
        let mut rows = statement.query(params![integer(self.id)?]).map_err(broken)?;
        let mut bytes = Vec::with_capacity(usize::try_from(self.filter_bytes).unwrap_or(0).min(FILTER_PART));
        while let Some(row) = rows.next().map_err(broken)? {
            let part = row.get_ref(0).map_err(broken)?.as_blob().map_err(damaged)?;
            if row.get::<_, i64>(1).map_err(broken)? != checksum(part) {
                return Err(torn(self.id, "filter"));
            }
            bytes.extend_from_slice(part);
        }
        let filter = Filter::from_bytes(&bytes, self.span.only());
        filter.filter(|filter| filter.shape().bytes() == self.filter_bytes).ok_or_else(|| torn(self.id, "filter"))
    }

    /// The filter, made from the entries.
    fn make_filter(&self, connection: &Connection) -> Result<Filter> {
        let mut filter = Filter::new(self.shape());
        let (first, end) = self.span.slices();
        let mut entries = Vec::new();
        for slice in first..end {
            self.entries_of(connection, slice, &mut entries)?;
            entries.drain(..).for_each(|(hash, _)| filter.insert(hash));
        }
        Ok(filter)
    }

    /// Writes its place in the directory.
    fn list(&self, transaction: &Transaction<'_>) -> Result<()> {
        let Self { id, entries, page_bits, first_batch, last_at, filter_bytes, span } = *self;
        let (merged, slice) = match span {
            Span::From(slice) => (integer(slice)?, None),
            Span::Only(slice) => (0, Some(integer(slice)?)),
        };
        let sql = "INSERT OR REPLACE INTO usage_blocks
                   (id, entries, page_bits, first_batch, last_at, filter_bytes, merged, slice)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let (id, entries, bytes) = (integer(id)?, integer(entries)?, integer(filter_bytes)?);
        let values = params![id, entries, page_bits, integer(first_batch)?, last_at, bytes, merged, slice];
        transaction.execute(sql, values).map_err(broken)?;
        Ok(())
    }
}

/// Which slice an event is of.
pub(super) fn slice_of(hash: u128) -> u64 {
    page_of(hash, SLICE_BITS)
}

fn page_of(hash: u128, bits: u32) -> u64 {
    if bits == 0 { 0 } else { u64::try_from(hash >> (128 - bits)).unwrap_or(u64::MAX) }
}

/// An entry as it is kept.
type Entry = [u8; ENTRY];

fn hash_of(entry: &Entry) -> u128 {
    entry.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
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

/// Does something with the entries of a page, if there is one.
fn with_page<T>(connection: &Connection, block: u64, page: u64, act: impl FnOnce(&[Entry]) -> T) -> Result<Option<T>> {
    let sql = "SELECT entries, checksum FROM usage_fingerprints WHERE page = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let mut rows = statement.query(params![key(block, page)?]).map_err(broken)?;
    let Some(row) = rows.next().map_err(broken)? else { return Ok(None) };
    let bytes = row.get_ref(0).map_err(broken)?.as_blob().map_err(damaged)?;
    let (entries, rest) = bytes.as_chunks();
    if checksum(bytes) != row.get::<_, i64>(1).map_err(broken)? || !rest.is_empty() {
        return Err(torn(block, "page"));
    }
    Ok(Some(act(entries)))
}

/// Writes a block of entries in their order.
pub(super) fn write(transaction: &Transaction<'_>, at: i64, entries: &[(u128, Known)]) -> Result<Written> {
    let first = entries.iter().map(|(_, known)| known.batch).min().unwrap_or(0);
    let mut writer = BlockWriter::new(transaction, Span::From(0), entries.len() as u64, first, at)?;
    entries.iter().try_for_each(|(hash, known)| writer.push(*hash, *known))?;
    writer.finish()
}

/// A block that is being written.
pub(super) struct BlockWriter<'t> {
    transaction: &'t Transaction<'t>,
    sealed: Sealed,
    filter: Filter,
    page: u64,
    bytes: Vec<u8>,
}

impl<'t> BlockWriter<'t> {
    /// For about that many entries.
    pub(super) fn new(
        transaction: &'t Transaction<'t>,
        span: Span,
        entries: u64,
        first_batch: u64,
        last_at: i64,
    ) -> Result<Self> {
        let sql = "SELECT 1 + coalesce(max(id), 0) FROM usage_blocks";
        let in_use: i64 = transaction.query_row(sql, [], |row| row.get(0)).map_err(broken)?;
        let filter = Filter::new(Shape::new(entries, span.only()));
        let page_bits = (entries / PAGE_ENTRIES).max(1).ilog2() + span.shared_bits();
        let id = natural(in_use)?;
        let sealed = Sealed { id, entries: 0, page_bits, first_batch, last_at, filter_bytes: 0, span };
        // Its place in the directory is taken at once, so that two blocks of one transaction differ.
        sealed.list(transaction)?;
        Ok(Self { transaction, sealed, filter, page: 0, bytes: Vec::new() })
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
        self.filter.insert(hash);
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

    /// Ends the block.
    pub(super) fn finish(mut self) -> Result<Written> {
        self.flush()?;
        let bytes = self.filter.to_bytes();
        self.sealed.filter_bytes = bytes.len() as u64;
        let sql = "INSERT INTO usage_filters (block, part, checksum, bytes) VALUES (?1, ?2, ?3, ?4)";
        for (part, bytes) in bytes.chunks(FILTER_PART).enumerate() {
            let values = params![integer(self.sealed.id)?, integer(part as u64)?, checksum(bytes), bytes];
            self.transaction.execute(sql, values).map_err(broken)?;
        }
        self.sealed.list(self.transaction)?;
        Ok(Written { sealed: self.sealed, filter: self.filter })
    }
}

/// Removes a block.
pub(super) fn delete(transaction: &Transaction<'_>, block: &Sealed) -> Result<()> {
    let (id, next) = (integer(block.id)?, key(block.id + 1, 0)?);
    delete_pages(transaction, key(block.id, 0)?, next)?;
    transaction.execute("DELETE FROM usage_filters WHERE block = ?1", params![id]).map_err(broken)?;
    transaction.execute("DELETE FROM usage_blocks WHERE id = ?1", params![id]).map_err(broken)?;
    Ok(())
}

fn delete_pages(transaction: &Transaction<'_>, from: i64, until: i64) -> Result<()> {
    let sql = "DELETE FROM usage_fingerprints WHERE page >= ?1 AND page < ?2";
    transaction.prepare_cached(sql).and_then(|mut statement| statement.execute([from, until])).map_err(broken)?;
    Ok(())
}
