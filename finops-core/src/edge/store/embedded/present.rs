//! The present state as it was last read: what belongs to a state never changes, so it is read once.

use super::broken;
use super::manifest::{self, SegmentEntry};
use crate::Result;
use crate::edge::store::Snapshot;
use crate::model::time::Interval;
use rusqlite::Connection;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A segment, and what it is chosen by.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) entry: SegmentEntry,
    pub(super) first_charge: i64,
    pub(super) last_charge: i64,
    /// Whether its billing period had not ended when its charges were imported.
    pub(super) estimated: bool,
}

/// A state and its segments.
#[derive(Debug)]
struct Known {
    snapshot: Snapshot,
    segments: Vec<Arc<Listed>>,
}

/// The present state, once somebody asked for it.
#[derive(Debug, Default)]
pub(super) struct Present(Mutex<Option<Arc<Known>>>);

impl Present {
    /// The present state. When it is read anew, `anew` gets the names of its segments.
    pub(super) fn snapshot(&self, connection: &Connection, anew: impl FnOnce(&BTreeSet<&str>)) -> Result<Snapshot> {
        let id = manifest::snapshot_id(connection)?;
        if let Some(known) = self.known(id) {
            return Ok(known.snapshot.clone());
        }
        // One transaction, so that all of it belongs together while another process commits.
        let transaction = connection.unchecked_transaction().map_err(broken)?;
        let snapshot = manifest::snapshot(&transaction, None)?;
        let segments: Vec<_> = manifest::segments(&transaction, snapshot.id)?.into_iter().map(Arc::new).collect();
        drop(transaction);
        anew(&segments.iter().map(|segment| segment.entry.file.as_str()).collect());
        let known = Known { snapshot: snapshot.clone(), segments };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(known));
        Ok(snapshot)
    }

    fn known(&self, id: u64) -> Option<Arc<Known>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|known| known.snapshot.id == id).map(Arc::clone)
    }

    /// So many segments of the present state, those with the latest charges, if it was read.
    pub(super) fn newest(&self, most: usize) -> Option<Vec<Arc<Listed>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let mut segments = known.segments.clone();
        segments.sort_by_key(|segment| Reverse(segment.last_charge));
        segments.truncate(most);
        Some(segments)
    }

    /// The segments of a state whose charges may start within the interval, in a fixed order; `estimated` leaves out
    /// those of billing periods that had ended.
    pub(super) fn segments(
        &self,
        connection: impl FnOnce() -> Result<Vec<Listed>>,
        id: u64,
        charged: Interval,
        estimated: bool,
    ) -> Result<Vec<Arc<Listed>>> {
        let all = match self.known(id) {
            Some(known) => known.segments.clone(),
            None => connection()?.into_iter().map(Arc::new).collect(),
        };
        let may_hold = |segment: &Arc<Listed>| {
            let reaches =
                segment.first_charge < charged.end().micros() && segment.last_charge >= charged.start().micros();
            reaches && (!estimated || segment.estimated)
        };
        Ok(all.into_iter().filter(may_hold).collect())
    }
}
