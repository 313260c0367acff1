//! Dropping batches that are not kept any longer, and bringing small ones together.

use super::ledger::{self, Ledger};
use super::tables::{self, BatchMark, NewBatch, batches_after};
use crate::Result;
use crate::edge::store::embedded::broken;
use crate::edge::store::embedded::manifest::integer;
use crate::edge::store::usage::UsageTidied;
use crate::model::time::Stamp;
use crate::model::usage::UsageEvent;
use rusqlite::{Connection, TransactionBehavior, params};

/// Batches are brought together up to so many events.
const COMPACT_EVENTS: u64 = 1 << 15;

/// Drops the batches whose events all lie before that instant. A checkpoint was made just now.
pub(super) fn drop_batches(connection: &mut Connection, before: Stamp) -> Result<UsageTidied> {
    let dropped = |mark: &BatchMark| mark.last_time < before.micros();
    let marks: Vec<BatchMark> = batches_after(connection, 0)?.into_iter().filter(dropped).collect();
    let mut tidied = UsageTidied::default();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    for mark in &marks {
        let range = params![integer(mark.first_event)?, integer(mark.first_event + mark.events)?];
        let changes = "DELETE FROM usage_changes WHERE event >= ?1 AND event < ?2";
        transaction.execute(changes, range).map_err(broken)?;
        tables::delete(&transaction, mark)?;
        tidied.batches += 1;
        tidied.events += mark.events;
    }
    if !marks.is_empty() {
        let sql = "UPDATE usage_state SET raw_from = max(coalesce(raw_from, ?1), ?1)";
        transaction.execute(sql, params![before.micros()]).map_err(broken)?;
    }
    transaction.commit().map_err(broken)?;
    Ok(tidied)
}

/// What one step of compaction is given.
type Step<'s> = &'s mut dyn FnMut(&mut Ledger, &mut Connection) -> Result<Option<UsageTidied>>;

/// Brings small batches that follow each other into larger ones, each in a transaction of its own, so that commits
/// come in between.
pub(super) fn compact(mut act: impl FnMut(Step<'_>) -> Result<Option<UsageTidied>>) -> Result<UsageTidied> {
    let (mut total, mut after) = (UsageTidied::default(), 0);
    while let Some(step) = act(&mut |ledger, connection| bring_together(ledger, connection, &mut after))? {
        total.batches += step.batches;
        total.events += step.events;
    }
    Ok(total)
}

/// The next batches after that number which are small and follow each other.
fn next_run(marks: &[BatchMark]) -> &[BatchMark] {
    let mut rest = marks;
    while !rest.is_empty() {
        let mut events = 0;
        let mut before: Option<BatchMark> = None;
        let fits = |mark: &&BatchMark| {
            events += mark.events;
            let follows = before.replace(**mark).is_none_or(|before| {
                before.through + 1 == mark.seq && before.first_event + before.events == mark.first_event
            });
            follows && events <= COMPACT_EVENTS
        };
        let count = rest.iter().take_while(fits).count();
        let (run, after) = rest.split_at_checked(count.max(1)).unwrap_or((rest, &[]));
        if count > 1 {
            return run;
        }
        rest = after;
    }
    rest
}

fn bring_together(ledger: &mut Ledger, connection: &mut Connection, after: &mut u64) -> Result<Option<UsageTidied>> {
    // One side of the checkpoint after the other: what is counted again must not be counted twice.
    let checkpoint = ledger.progress.checkpoint;
    let side = if *after < checkpoint { checkpoint } else { u64::MAX };
    let mut marks = batches_after(connection, *after)?;
    marks.retain(|mark| mark.through <= side);
    let run = next_run(&marks);
    let Some((first, last)) = run.first().zip(run.last()) else {
        *after = side;
        return Ok((side < u64::MAX).then(UsageTidied::default));
    };
    *after = last.through;
    let mut events: Vec<UsageEvent> = Vec::new();
    for mark in run {
        events.extend(ledger::read(connection, mark)?);
    }
    let events: Vec<&UsageEvent> = events.iter().collect();
    if tables::runs(&events).len() > 1 {
        return Ok(Some(UsageTidied::default()));
    }
    let mark = BatchMark {
        seq: first.seq,
        through: last.through,
        first_event: first.first_event,
        events: events.len() as u64,
        first_time: run.iter().map(|mark| mark.first_time).min().unwrap_or(0),
        last_time: run.iter().map(|mark| mark.last_time).max().unwrap_or(0),
        recorded_at: last.recorded_at,
    };
    let batch = NewBatch { mark, columns: ledger.encoder.encode(&events)? };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    run.iter().try_for_each(|mark| tables::delete(&transaction, mark))?;
    batch.insert(&transaction)?;
    transaction.commit().map_err(broken)?;
    Ok(Some(UsageTidied { batches: run.len() as u64 - 1, events: mark.events }))
}
