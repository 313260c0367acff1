//! What was said of anomalies: the last word on each, apart for each narrowing, in the log of changes.

use super::samples::by;
use super::{Case, holds, same};
use crate::Result;
use crate::edge::store::{AuditFilter, Store};
use crate::model::anomaly::{AnomalyFeedback, Feedback};
use crate::model::id::{self, Id};
use crate::model::time::Stamp;

pub(super) const CASES: &[Case] = &[
    Case { name: "the last word on an anomaly is kept, and can be taken back", check: last_word },
    Case { name: "each narrowing says of an anomaly what it wants", check: apart },
    Case { name: "what was said is found by the anomalies that are asked about, and counted", check: found },
];

fn anomaly(day: u8) -> Result<Id<id::Anomaly>> {
    Ok(Id::new(Stamp::parse(&format!("2026-01-{day:02}T00:00:00Z"))?, [7; 10]))
}

fn said(day: u8, feedback: Feedback) -> Result<AnomalyFeedback> {
    AnomalyFeedback::new(anomaly(day)?, feedback, None, ("somebody".to_owned(), by()?.at))
}

/// Everything that a narrowing said in that month.
fn all(store: &dyn Store, narrowing: &str) -> Result<Vec<AnomalyFeedback>> {
    store.feedback(narrowing, &(anomaly(1)?..=anomaly(31)?))
}

fn last_word(store: &dyn Store) -> Result<()> {
    let (first, last) = (said(5, Feedback::Expected)?, said(5, Feedback::Useful)?);
    store.put_feedback("", &first, &by()?)?;
    store.put_feedback("", &last, &by()?)?;
    same("the last word", &all(store, "")?, &vec![last])?;
    holds("there was something to take back", store.delete_feedback("", anomaly(5)?, &by()?)?)?;
    holds("nothing is left to take back", !store.delete_feedback("", anomaly(5)?, &by()?)?)?;
    same("what is left", &all(store, "")?, &Vec::new())?;
    let (_, log) = store.audit(&AuditFilter::default(), 10, 0)?;
    let actions: Vec<&str> = log.iter().map(|entry| entry.action.as_str()).collect();
    same("the log, the latest first", &actions, &vec!["delete", "update", "create"])
}

fn apart(store: &dyn Store) -> Result<()> {
    let (one, other) = (r#"{"tenant": "ten_1"}"#, r#"{"tenant": "ten_2"}"#);
    let given = [("", Feedback::Useful), (one, Feedback::Expected), (other, Feedback::NotUseful)];
    for (narrowing, feedback) in given {
        store.put_feedback(narrowing, &said(5, feedback)?, &by()?)?;
    }
    store.delete_feedback(other, anomaly(5)?, &by()?)?;
    same("of all", &all(store, "")?, &vec![said(5, Feedback::Useful)?])?;
    same("of one", &all(store, one)?, &vec![said(5, Feedback::Expected)?])?;
    same("of the other", &all(store, other)?, &Vec::new())
}

fn found(store: &dyn Store) -> Result<()> {
    for day in [9, 5, 7] {
        store.put_feedback("", &said(day, Feedback::Useful)?, &by()?)?;
    }
    store.put_feedback("another", &said(3, Feedback::Useful)?, &by()?)?;
    let middle = store.feedback("", &(anomaly(6)?..=anomaly(9)?))?;
    same("in the order of ids", &middle, &vec![said(7, Feedback::Useful)?, said(9, Feedback::Useful)?])?;
    same("beside one of them", &store.feedback_beside("", anomaly(5)?)?, &(2, Some(anomaly(7)?)))?;
    same("beside one of which nothing was said", &store.feedback_beside("", anomaly(6)?)?, &(3, Some(anomaly(5)?)))?;
    same("where nothing was said", &store.feedback_beside("nobody", anomaly(5)?)?, &(0, None))
}
