//! Answering a question charge by charge, with somebody looking on.

use super::{Scan, Snapshot, Store};
use crate::Result;
use crate::insight::aggregate::Aggregation;
use crate::insight::question::Question;
use crate::insight::sums::Sums;
use crate::model::progress::{Observer, Progress, watch};

/// Answers a question charge by charge.
pub(super) fn go_through<S: Store + ?Sized>(
    store: &S,
    snapshot: &Snapshot,
    question: &Question,
    observer: &dyn Observer,
) -> Result<Sums> {
    let (columns, charged) = (question.columns()?, question.interval);
    let scan = Scan { columns, custom: false, charged, estimated_only: question.estimated_only };
    let mut aggregation = Aggregation::new(question);
    let mut progress = Progress::default();
    store.scan(snapshot, &scan, &mut |table| {
        progress.rows += u64::try_from(table.rows()).unwrap_or(u64::MAX);
        watch(observer, &progress)?;
        aggregation.add(table)
    })?;
    aggregation.finish()
}
