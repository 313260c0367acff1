//! Pages and series as the state file keeps them: compressed, each with a checksum.

use super::batch::{self, Damage, Read, Unread, checksum, put_number};
use crate::edge::store::embedded::manifest::integer;
use crate::edge::store::embedded::{broken, damaged};
use crate::model::usage::Aggregation;
use crate::pipeline::metering::{DayPage, PageKey, PagePart, PageSpan, PartKey, SeriesPage};
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, Row, Transaction, params};

/// The form that is written; others are refused by name.
const VERSION: u8 = 1;
/// The fastest level: pages are written again and again.
const LEVEL: i32 = 1;
/// How many bytes a page or a page of series has at most before it is compressed.
const MAX_BYTES: usize = 1 << 30;

/// What is never seen unless somebody changed the file.
const WRONG: Damage = Damage("it is not what was written");

fn compressed(bytes: &[u8]) -> Result<Vec<u8>> {
    if bytes.len() > MAX_BYTES {
        let message = "a meter counts more series in a day than one page holds: group by fewer properties";
        return Err(Error::new(ErrorCode::Storage, message));
    }
    let mut out = vec![VERSION];
    put_number(&mut out, bytes.len() as u64);
    let body = zstd::bulk::compress(bytes, LEVEL).map_err(damaged)?;
    out.extend_from_slice(&body);
    Ok(out)
}

fn decompressed(bytes: &[u8]) -> Read<Vec<u8>> {
    let mut unread = Unread(bytes);
    if unread.byte()? != VERSION {
        return Err(Damage("it has a form that this version does not know: update the package"));
    }
    let length = unread.count(MAX_BYTES)?;
    batch::decompress(unread.0, length)
}

/// A part of a page to bytes.
fn encode(part: &PagePart<'_>) -> Result<Vec<u8>> {
    compressed(&postcard::to_allocvec(part).map_err(damaged)?)
}

/// The page that those bytes are of.
fn decode(bytes: &[u8], aggregation: Aggregation) -> Read<DayPage> {
    let page: DayPage = postcard::from_bytes(&decompressed(bytes)?).map_err(|_| WRONG)?;
    if page.aggregation() == aggregation { Ok(page) } else { Err(WRONG) }
}

fn span(span: PageSpan) -> i64 {
    match span {
        PageSpan::Day => 0,
        PageSpan::Month => 1,
    }
}

/// The pages that there are.
pub(super) fn directory(connection: &Connection) -> Result<Vec<PageKey>> {
    let sql = "SELECT DISTINCT meter, span, day FROM usage_pages";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let key = |row: &Row<'_>| {
        let span = if row.get::<_, i64>(1)? == 0 { PageSpan::Day } else { PageSpan::Month };
        Ok(PageKey { meter: row.get(0)?, span, day: row.get(2)? })
    };
    let keys = statement.query_map([], key).map_err(broken)?;
    keys.map(|key| key.map_err(broken)).collect()
}

/// A page, of all its parts, if there is one.
pub(super) fn read(connection: &Connection, key: PageKey, aggregation: Aggregation) -> Result<Option<DayPage>> {
    let sql = "SELECT bytes, checksum FROM usage_pages WHERE meter = ?1 AND span = ?2 AND day = ?3
               ORDER BY hour, part";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let mut rows = statement.query(params![key.meter, span(key.span), key.day]).map_err(broken)?;
    let mut whole: Option<DayPage> = None;
    while let Some(row) = rows.next().map_err(broken)? {
        let bytes = row.get_ref(0).map_err(broken)?.as_blob().map_err(damaged)?;
        let sound = checksum(bytes) == row.get::<_, i64>(1).map_err(broken)?;
        let part = if sound { decode(bytes, aggregation) } else { Err(WRONG) };
        let part = part.map_err(|damage| torn(key, damage))?;
        match &mut whole {
            Some(whole) => whole.merge(&part),
            None => whole = Some(part),
        }
    }
    whole.iter_mut().for_each(DayPage::set_kept);
    Ok(whole)
}

fn torn(key: PageKey, damage: Damage) -> Error {
    let day = key.start().map_or_else(|| key.day.to_string(), |start| start.to_string());
    let what = match key.span {
        PageSpan::Day => "day",
        PageSpan::Month => "month",
    };
    let message = format!(
        "what meter number {} counted in the {what} from {day} is damaged: {damage}; restore the store \
         from a copy, or have the \
         meter counted again by updating it",
        key.meter
    );
    Error::new(ErrorCode::Storage, message)
}

/// Writes the parts of a page that changed, or all of them, in place of what there is of them.
pub(super) fn write(transaction: &Transaction<'_>, key: PageKey, page: &DayPage, all: bool) -> Result<()> {
    let all = delete_older(transaction, key)? || all;
    let delete = "DELETE FROM usage_pages WHERE meter = ?1 AND span = ?2 AND day = ?3 AND hour = ?4 AND part = ?5";
    let put = "INSERT INTO usage_pages (meter, span, day, hour, part, checksum, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (meter, span, day, hour, part)
               DO UPDATE SET checksum = excluded.checksum, bytes = excluded.bytes";
    let mut delete = transaction.prepare_cached(delete).map_err(broken)?;
    let mut put = transaction.prepare_cached(put).map_err(broken)?;
    page.each_part(all, |PartKey { hour, series }, part| {
        if part.is_empty() {
            delete.execute(params![key.meter, span(key.span), key.day, hour, series]).map_err(broken)?;
        } else {
            let bytes = encode(part)?;
            let values = params![key.meter, span(key.span), key.day, hour, series, checksum(&bytes), bytes];
            put.execute(values).map_err(broken)?;
        }
        Ok(())
    })
}

/// Removes the parts of a store of an older version, which have all series; whether there were any.
fn delete_older(transaction: &Transaction<'_>, key: PageKey) -> Result<bool> {
    let sql = "DELETE FROM usage_pages WHERE meter = ?1 AND span = ?2 AND day = ?3 AND part = -1";
    let place = params![key.meter, span(key.span), key.day];
    let deleted = transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(place)).map_err(broken)?;
    Ok(deleted > 0)
}

/// Gives the pages of series, in their order.
pub(super) fn each_series(connection: &Connection, mut give: impl FnMut(SeriesPage) -> Result<()>) -> Result<()> {
    let sql = "SELECT bytes, checksum FROM usage_series ORDER BY id";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let mut rows = statement.query([]).map_err(broken)?;
    let torn = |what: Damage| {
        let message = format!("the series of usage are damaged: {what}; restore the store from a copy");
        Error::new(ErrorCode::Storage, message)
    };
    while let Some(row) = rows.next().map_err(broken)? {
        let bytes = row.get_ref(0).map_err(broken)?.as_blob().map_err(damaged)?;
        if checksum(bytes) != row.get::<_, i64>(1).map_err(broken)? {
            return Err(torn(WRONG));
        }
        let bytes = decompressed(bytes).map_err(torn)?;
        give(postcard::from_bytes(&bytes).map_err(|_| torn(WRONG))?)?;
    }
    Ok(())
}

/// Adds a page of series.
pub(super) fn write_series(transaction: &Transaction<'_>, page: &SeriesPage) -> Result<()> {
    let bytes = compressed(&postcard::to_allocvec(page).map_err(damaged)?)?;
    let id: i64 = transaction
        .query_row("SELECT 1 + coalesce(max(id), 0) FROM usage_series", [], |row| row.get(0))
        .map_err(broken)?;
    let sql = "INSERT INTO usage_series (id, checksum, bytes) VALUES (?1, ?2, ?3)";
    transaction.execute(sql, params![id, checksum(&bytes), bytes]).map_err(broken)?;
    Ok(())
}

/// Removes the pages of a meter.
pub(super) fn delete(transaction: &Transaction<'_>, meter: u32) -> Result<()> {
    let meter = integer(u64::from(meter))?;
    transaction.execute("DELETE FROM usage_pages WHERE meter = ?1", params![meter]).map_err(broken)?;
    Ok(())
}
