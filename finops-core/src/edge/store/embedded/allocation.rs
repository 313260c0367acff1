//! Closed allocations in the state file. What they came to and their lines are compressed, each with a checksum.

use super::audit::{self, Changed};
use super::manifest::{integer, natural};
use super::{broken, damaged};
use crate::edge::store::{AllocationClosing, ClosedAllocation};
use crate::insight::statement::label;
use crate::model::audit::{Action, AuditKind, Change};
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use zstd::zstd_safe::CParameter;

/// Written once, read seldom.
const LEVEL: i32 = 6;
/// How many bytes a text has at most before it is compressed.
const MAX_BYTES: usize = 1 << 30;

fn compressed(text: &str) -> Result<Vec<u8>> {
    if text.len() > MAX_BYTES {
        let message = "the allocation is too large to be kept: let rules share out to fewer centres";
        return Err(Error::new(ErrorCode::Storage, message));
    }
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(damaged)?;
    compressor.set_parameter(CParameter::ChecksumFlag(true)).map_err(damaged)?;
    compressor.compress(text.as_bytes()).map_err(damaged)
}

fn decompressed(bytes: &[u8]) -> Result<String> {
    let wrong = || Error::new(ErrorCode::Storage, "a closed allocation in the store is damaged: restore a backup");
    let length =
        zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten().and_then(|size| usize::try_from(size).ok());
    let length = length.filter(|length| *length <= MAX_BYTES).ok_or_else(wrong)?;
    let text = zstd::bulk::decompress(bytes, length).map_err(|_| wrong())?;
    String::from_utf8(text).map_err(|_| wrong())
}

/// Those that were closed after that one, in the order of closing.
pub(super) fn list(connection: &Connection, after: u64) -> Result<Vec<ClosedAllocation>> {
    let sql = "SELECT number, period_start, closed_at, body FROM allocation_closes WHERE number > ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, Vec<u8>>(3)?));
    let rows = statement.query_map(params![integer(after)?], read).map_err(broken)?;
    rows.map(|row| {
        let (number, start, closed, body) = row.map_err(broken)?;
        let (period_start, closed_at) = (Stamp::from_micros(start)?, Stamp::from_micros(closed)?);
        Ok(ClosedAllocation { number: natural(number)?, period_start, closed_at, body: decompressed(&body)? })
    })
    .collect()
}

/// A part of the lines of a closing, from 0; none after the last.
pub(super) fn lines(connection: &Connection, number: u64, part: u64) -> Result<Option<String>> {
    let sql = "SELECT lines FROM allocation_lines WHERE number = ?1 AND part = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let key = params![integer(number)?, integer(part)?];
    let found: Option<Vec<u8>> = statement.query_row(key, |row| row.get(0)).optional().map_err(broken)?;
    found.map(|lines| decompressed(&lines)).transpose()
}

/// Closes a month, all of it or nothing, and gives its number.
pub(super) fn close(connection: &mut Connection, closing: &AllocationClosing, by: &Change) -> Result<u64> {
    let AllocationClosing { period_start, closed_at, body, lines } = closing;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let known = "SELECT count(*) FROM allocation_closes WHERE period_start = ?1";
    let known: i64 = transaction.query_row(known, [period_start.micros()], |row| row.get(0)).map_err(broken)?;
    if known > 0 {
        return Err(
            Error::new(ErrorCode::Conflict, "the allocation of that month is closed already").with_field("period")
        );
    }
    let sql = "INSERT INTO allocation_closes (number, period_start, closed_at, body)
               SELECT coalesce(max(number), 0) + 1, ?1, ?2, ?3 FROM allocation_closes RETURNING number";
    let row = params![period_start.micros(), closed_at.micros(), compressed(body)?];
    let number: i64 = transaction.query_row(sql, row, |row| row.get(0)).map_err(broken)?;
    let sql = "INSERT INTO allocation_lines (number, part, lines) VALUES (?1, ?2, ?3)";
    for (part, lines) in (0_i64..).zip(lines) {
        transaction.execute(sql, params![number, part, compressed(lines)?]).map_err(broken)?;
    }
    let key = label(*period_start);
    let changed = Changed { kind: AuditKind::AllocationClose, key: &key, before: None, after: Some(body) };
    audit::append(&transaction, &by.clone().doing(Action::Close), &changed)?;
    transaction.commit().map_err(broken)?;
    natural(number)
}
