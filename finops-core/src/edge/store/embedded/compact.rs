//! Compaction: the many segments of a billing account's period become one, as a new state.
//!
//! It writes as an import does and takes its place: one of the two at a time. What is to be brought together cannot
//! change meanwhile, and no vacuum removes it, since it belongs to the present state.

use super::hot::Draft;
use super::manifest::{self, SegmentEntry, integer, natural};
use super::segment::{self, Written};
use super::session::Session;
use super::{EmbeddedStore, broken, damaged, history};
use crate::edge::store::{Rewriting, Scan};
use crate::model::charge::{ChargeColumn, ChargeTable, Scope, TextColumn};
use crate::model::history::{Cause, Compacted};
use crate::model::time::{Interval, Stamp};
use crate::{Error, ErrorCode, Result};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};

/// From how many segments on the newest of a billing account's period are brought together by themselves.
const MANY: usize = 16;
/// How many times as many charges a segment may have as those after it together, to be brought together with them.
const RATIO: u64 = 2;

/// A billing account's period that lies in several segments, or the newest of them.
struct Scattered {
    scope: Scope,
    segments: Vec<Piece>,
}

/// A segment that is to be brought together with others.
struct Piece {
    id: i64,
    entry: SegmentEntry,
    bytes: u64,
    charges: u64,
}

impl Scattered {
    fn bytes(&self) -> u64 {
        self.segments.iter().map(|piece| piece.bytes).sum()
    }

    /// Only the newest segments: as far back as each has not many more charges than those after it together, so that a
    /// charge is rewritten a few times at most however often some come.
    fn newest(mut self) -> Option<Self> {
        let mut after = 0;
        let run = self.segments.iter().rev().take_while(|piece| {
            let fits = after == 0 || piece.charges <= after * RATIO;
            after += piece.charges;
            fits
        });
        let from = self.segments.len() - run.count();
        let segments = self.segments.split_off(from);
        (segments.len() > 1).then_some(Self { scope: self.scope, segments })
    }
}

/// Brings the newest segments of an account together where there are many of them.
pub(super) fn compact_newest(store: &EmbeddedStore, account: &str, at: Stamp) -> Result<()> {
    let sql = "SELECT count(*) FROM segments WHERE died IS NULL AND billing_account_id = ?1
               GROUP BY period_start ORDER BY 1 DESC LIMIT 1";
    let most = store.state().query_row(sql, params![account], |row| row.get::<_, i64>(0)).optional().map_err(broken)?;
    if most.and_then(|most| usize::try_from(most).ok()).is_none_or(|most| most < MANY) {
        return Ok(());
    }
    let session = store.session_aside()?;
    let scattered = scattered(&store.state())?;
    let many =
        |scattered: &Scattered| scattered.scope.billing_account_id == account && scattered.segments.len() >= MANY;
    let scattered: Vec<_> = scattered.into_iter().filter(many).filter_map(Scattered::newest).collect();
    rewrite_all(store, session, &scattered, at, &mut |_| Ok(())).map(drop)
}

/// Rewrites what lies in several segments.
pub(super) fn compact(
    store: &EmbeddedStore,
    session: Session<'_>,
    at: Stamp,
    watch: &mut dyn FnMut(Rewriting) -> Result<()>,
) -> Result<Compacted> {
    let scattered = scattered(&store.state())?;
    rewrite_all(store, session, &scattered, at, watch)
}

fn rewrite_all(
    store: &EmbeddedStore,
    mut session: Session<'_>,
    scattered: &[Scattered],
    at: Stamp,
    watch: &mut dyn FnMut(Rewriting) -> Result<()>,
) -> Result<Compacted> {
    if scattered.is_empty() {
        let snapshot = manifest::snapshot_id(&store.state())?;
        return Ok(Compacted { snapshot, ..Compacted::default() });
    }
    let bytes_before = scattered.iter().map(Scattered::bytes).sum();
    let mut progress = Rewriting { rows: 0, bytes_read: 0, bytes_total: bytes_before };
    for scattered in scattered {
        rewrite(store, &mut session, scattered, &mut progress, watch)?;
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    session.end(|written, draft, undecided| {
        let snapshot = commit(&mut store.state(), (written, scattered), draft, at, undecided)?;
        Ok(Compacted {
            scopes: count(scattered.len()),
            segments_before: count(scattered.iter().map(|scattered| scattered.segments.len()).sum()),
            segments_after: count(written.len()),
            bytes_before,
            bytes_after: written.iter().map(|written| written.bytes).sum(),
            snapshot,
        })
    })
}

fn scattered(connection: &Connection) -> Result<Vec<Scattered>> {
    let sql = "SELECT billing_account_id, period_start, period_end, file, digest, bytes, id, charges FROM segments
               WHERE died IS NULL ORDER BY period_start, billing_account_id, id";
    let mut statement = connection.prepare(sql).map_err(broken)?;
    let mut rows = statement.query([]).map_err(broken)?;
    let mut found: BTreeMap<Scope, Vec<Piece>> = BTreeMap::new();
    while let Some(row) = rows.next().map_err(broken)? {
        let number = |column: usize| row.get::<_, i64>(column).map_err(broken);
        let stamp = |column: usize| Stamp::from_micros(number(column)?);
        let scope = Scope { billing_account_id: row.get(0).map_err(broken)?, start: stamp(1)?, end: stamp(2)? };
        let entry = SegmentEntry { file: row.get(3).map_err(broken)?, digest: row.get(4).map_err(broken)? };
        let (bytes, charges) = (natural(number(5)?)?, natural(number(7)?)?);
        found.entry(scope).or_default().push(Piece { id: number(6)?, entry, bytes, charges });
    }
    let several = found.into_iter().filter(|(_, segments)| segments.len() > 1);
    Ok(several.map(|(scope, segments)| Scattered { scope, segments }).collect())
}

/// Writes the charges of all segments into one that has the custom columns of each.
fn rewrite(
    store: &EmbeddedStore,
    session: &mut Session<'_>,
    scattered: &Scattered,
    progress: &mut Rewriting,
    watch: &mut dyn FnMut(Rewriting) -> Result<()>,
) -> Result<()> {
    let mut custom = BTreeSet::new();
    for Piece { entry, .. } in &scattered.segments {
        // What is damaged must not become what is written, also when it was sound when it was first read.
        store.segments.forget(&entry.file);
        custom.extend(segment::custom_columns(&store.segments.open(entry)?, entry)?);
    }
    let mut template = ChargeTable::new(0);
    for name in custom {
        template.push_extra(name, TextColumn::default())?;
    }
    session.start(&scattered.scope, &template)?;
    let scan =
        Scan { columns: ChargeColumn::ALL.to_vec(), custom: true, charged: Interval::always(), estimated_only: false };
    for Piece { entry, bytes, .. } in &scattered.segments {
        segment::read(store.segments.open(entry)?, entry, &scan, &mut |table| {
            session.add(&scattered.scope, table)?;
            progress.rows += u64::try_from(table.rows()).unwrap_or(u64::MAX);
            watch(*progress)
        })?;
        progress.bytes_read += bytes;
    }
    session.close_all()
}

/// Puts each new segment in the place of those that it is made of, and gives the number of the new state.
fn commit(
    connection: &mut Connection,
    (written, scattered): (&[Written], &[Scattered]),
    draft: &Draft,
    at: Stamp,
    undecided: &mut bool,
) -> Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let snapshot = manifest::snapshot_id(&transaction)? + 1;
    let number = integer(snapshot)?;
    for segment in written {
        let of = scattered.iter().find(|scattered| scattered.scope == segment.scope);
        let of = of.ok_or_else(|| damaged("a segment of no scope"))?;
        end(&transaction, of, number)?;
        exchange(&transaction, segment, number)?;
    }
    draft.save(&transaction)?;
    history::record(&transaction, number, at, Cause::Compact)?;
    *undecided = true;
    transaction.commit().map_err(broken)?;
    Ok(snapshot)
}

/// Ends the life of segments.
fn end(transaction: &Transaction<'_>, scattered: &Scattered, snapshot: i64) -> Result<()> {
    let mut statement =
        transaction.prepare_cached("UPDATE segments SET died = ?2 WHERE id = ?1 AND died IS NULL").map_err(broken)?;
    for piece in &scattered.segments {
        statement.execute(params![piece.id, snapshot]).map_err(broken)?;
    }
    Ok(())
}

/// What the manifest says of several segments is said of the one that takes their place, not computed anew from all
/// their charges: no answer may change.
fn exchange(transaction: &Transaction<'_>, written: &Written, snapshot: i64) -> Result<()> {
    let scope = &written.scope;
    let key = params![scope.billing_account_id, scope.start.micros(), snapshot];
    let before = "died = ?3 AND billing_account_id = ?1 AND period_start = ?2";
    let sql = format!("SELECT sum(charges), max(charged_until), max(period_end) FROM segments WHERE {before}");
    let numbers = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?));
    let (charges, charged_until, end) = transaction.query_row(&sql, key, numbers).map_err(broken)?;
    if natural(charges)? != written.charges {
        let message = format!(
            "the charges of billing account '{}' in {} are {charges} by the manifest and {} by its segments: import \
             its billing period again",
            scope.billing_account_id,
            scope.period_label(),
            written.charges
        );
        return Err(Error::new(ErrorCode::Storage, message));
    }
    let scope = Scope { end: Stamp::from_micros(end)?, ..scope.clone() };
    let whole = Written { scope, charged_until, parties: parties(transaction, before, key)?, ..written.clone() };
    let segment = manifest::insert(transaction, &whole, snapshot)?;
    let sql = format!(
        "INSERT INTO segment_imports (segment_id, import_id, first_charge, last_charge)
         SELECT ?4, import_id, min(segment_imports.first_charge), max(segment_imports.last_charge)
         FROM segments JOIN segment_imports ON segment_imports.segment_id = segments.id
         WHERE {before} GROUP BY import_id"
    );
    let key = params![whole.scope.billing_account_id, whole.scope.start.micros(), snapshot, segment];
    transaction.execute(&sql, key).map_err(broken)?;
    Ok(())
}

fn parties(transaction: &Transaction<'_>, before: &str, key: &[&dyn rusqlite::ToSql]) -> Result<BTreeSet<String>> {
    let sql = format!("SELECT parties FROM segments WHERE {before}");
    let mut statement = transaction.prepare_cached(&sql).map_err(broken)?;
    let rows = statement.query_map(key, |row| row.get::<_, String>(0)).map_err(broken)?;
    let mut found = BTreeSet::new();
    for row in rows {
        found.extend(serde_json::from_str::<BTreeSet<String>>(&row.map_err(broken)?).map_err(damaged)?);
    }
    Ok(found)
}
