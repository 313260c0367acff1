//! The log of changes in the state file.
//!
//! An entry is written in the transaction of the change, which must be one that writes from its start: the end of the
//! log is read in it, so that entries of all connections make one chain.

use super::manifest::{integer, natural};
use super::{broken, damaged};
use crate::edge::store::AuditFilter;
use crate::model::audit::{Action, AuditBody, AuditEntry, AuditHash, AuditHead, AuditKind, AuditRecord, Change};
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, Transaction, params, params_from_iter};

/// How many entries are read at a time: nothing else waits for longer.
const PAGE: i64 = 256;
const ENTRY: &str = "seq, at, actor, action, kind, key, before, after, previous, hash";

/// Something that a transaction changes.
#[derive(Debug)]
pub(super) struct Changed<'c> {
    pub(super) kind: AuditKind,
    pub(super) key: &'c str,
    /// What it was.
    pub(super) before: Option<&'c str>,
    /// What it becomes.
    pub(super) after: Option<&'c str>,
}

impl Changed<'_> {
    /// What is done, where nobody says more: as what was there tells; none where nothing changes.
    fn action(&self) -> Option<Action> {
        match (self.before, self.after) {
            (None, None) => None,
            (None, Some(_)) => Some(Action::Create),
            (Some(_), None) => Some(Action::Delete),
            (Some(before), Some(after)) => (before != after).then_some(Action::Update),
        }
    }
}

/// Writes a change into the log, if it changes anything.
pub(super) fn append(transaction: &Transaction<'_>, by: &Change, changed: &Changed<'_>) -> Result<()> {
    let Some(action) = changed.action() else { return Ok(()) };
    let Changed { kind, key, before, after } = *changed;
    let made = AuditRecord { kind, key, action: by.action.unwrap_or(action), before, after };
    let entry = AuditEntry::next(&head(transaction)?, by, &made);
    insert(transaction, &entry).map_err(|error| {
        let message = format!("the log of changes is damaged, `audit.verify` says where: {error}");
        Error::new(ErrorCode::Storage, message).with_source(error)
    })?;
    let sql = "UPDATE audit_head SET entries = ?1, hash = ?2";
    let mut statement = transaction.prepare_cached(sql).map_err(broken)?;
    statement.execute(params![integer(entry.seq)?, entry.hash.as_bytes()]).map(drop).map_err(broken)
}

fn insert(transaction: &Transaction<'_>, entry: &AuditEntry) -> rusqlite::Result<()> {
    let sql = format!("INSERT INTO audit ({ENTRY}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    let AuditEntry { at, actor, action, kind, key, before, after, previous, hash, .. } = entry;
    let [before, after] = [before, after].map(|body| body.as_ref().map(AuditBody::as_str));
    let seq = i64::try_from(entry.seq).unwrap_or(i64::MAX);
    let row = params![seq, at.micros(), actor, action, kind, key, before, after, previous.as_bytes(), hash.as_bytes()];
    transaction.prepare_cached(&sql)?.execute(row).map(drop)
}

/// The end of the log.
pub(super) fn head(connection: &Connection) -> Result<AuditHead> {
    let mut statement = connection.prepare_cached("SELECT entries, hash FROM audit_head").map_err(broken)?;
    let (entries, hash) = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(broken)?;
    Ok(AuditHead { entries: natural(entries)?, hash: AuditHash::from_bytes(hash) })
}

/// How many entries the filter takes, and a page of them, the latest first.
pub(super) fn list(
    connection: &Connection,
    filter: &AuditFilter,
    limit: u64,
    offset: u64,
) -> Result<(u64, Vec<AuditEntry>)> {
    // One transaction, so that the number is that of these entries.
    let transaction = connection.unchecked_transaction().map_err(broken)?;
    let conditions = [
        ("kind =", filter.kind.map(|kind| Value::from(kind.as_str().to_owned()))),
        ("key =", filter.key.clone().map(Value::from)),
        ("actor =", filter.actor.clone().map(Value::from)),
        ("at >=", filter.since.map(|since| Value::from(since.micros()))),
        ("at <", filter.until.map(|until| Value::from(until.micros()))),
    ];
    let (conditions, mut values): (Vec<_>, Vec<_>) =
        conditions.into_iter().filter_map(|(condition, value)| Some((format!("{condition} ?"), value?))).unzip();
    let taken = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    let sql = format!("SELECT count(*) FROM audit {taken}");
    let count = transaction.query_row(&sql, params_from_iter(&values), |row| row.get(0)).map_err(broken)?;
    values.extend([limit, offset].map(|number| Value::from(i64::try_from(number).unwrap_or(i64::MAX))));
    let sql = format!("SELECT {ENTRY} FROM audit {taken} ORDER BY seq DESC LIMIT ? OFFSET ?");
    let mut statement = transaction.prepare_cached(&sql).map_err(broken)?;
    let rows = statement.query_map(params_from_iter(&values), |row| Ok(entry(row))).map_err(broken)?;
    let entries = rows.map(|row| row.map_err(broken)?).collect::<Result<_>>()?;
    Ok((natural(count)?, entries))
}

/// Entries in their order, one that cannot be read as an error.
pub(super) struct AuditPage {
    pub(super) entries: Vec<Result<AuditEntry>>,
    /// The last one's number, after which the next page begins.
    pub(super) last: Option<i64>,
    /// The end of the log, where nothing comes after them.
    pub(super) head: Option<AuditHead>,
}

/// The entries after that one.
pub(super) fn page(connection: &Connection, after: Option<i64>) -> Result<AuditPage> {
    // One transaction, so that the end is that of these entries.
    let transaction = connection.unchecked_transaction().map_err(broken)?;
    let sql = format!("SELECT {ENTRY} FROM audit WHERE ?1 IS NULL OR seq > ?1 ORDER BY seq LIMIT {PAGE}");
    let mut statement = transaction.prepare_cached(&sql).map_err(broken)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, entry(row)));
    let rows = statement.query_map(params![after], read).map_err(broken)?;
    let (mut entries, mut last) = (Vec::new(), after);
    for row in rows {
        let (seq, entry) = row.map_err(broken)?;
        last = Some(seq);
        entries.push(entry);
    }
    let is_last = i64::try_from(entries.len()).is_ok_and(|count| count < PAGE);
    let head = is_last.then(|| head(&transaction)).transpose()?;
    Ok(AuditPage { entries, last, head })
}

fn entry(row: &Row<'_>) -> Result<AuditEntry> {
    let text = |column: usize| row.get::<_, String>(column).map_err(damaged);
    let body = |column: usize| row.get::<_, Option<String>>(column).map_err(damaged);
    let hash = |column: usize| row.get(column).map(AuditHash::from_bytes).map_err(damaged);
    let (seq, at) = (row.get(0).map_err(damaged)?, row.get(1).map_err(damaged)?);
    let texts = [text(2)?, text(3)?, text(4)?, text(5)?];
    let (bodies, hashes) = ([body(6)?, body(7)?], [hash(8)?, hash(9)?]);
    Ok(AuditEntry::kept(natural(seq)?, Stamp::from_micros(at)?, texts, bodies, hashes))
}
