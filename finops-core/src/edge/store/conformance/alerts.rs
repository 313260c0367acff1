//! Alerts of budgets: kept together with the events that tell of them, or not at all.

use super::{Case, refused, same};
use crate::edge::store::outbox::EventFilter;
use crate::edge::store::{KeptAlert, Store};
use crate::model::event::{EventKind, OutboxEvent};
use crate::model::id::Id;
use crate::model::time::{Interval, Stamp};
use crate::{ErrorCode, Result};
use serde_json::json;

pub(super) const CASES: &[Case] = &[
    Case { name: "an alert takes the place of the one of its budget, period and threshold", check: places },
    Case { name: "alerts are kept with the events that tell of them, or not at all", check: together },
];

fn alert(budget: u8, start: &str, end: &str, threshold: &str, body: &str) -> Result<KeptAlert> {
    let period = Interval::new(Stamp::parse(start)?, Stamp::parse(end)?)?;
    let budget = Id::new(Stamp::parse("2026-01-01T00:00:00Z")?, [budget; 10]);
    Ok(KeptAlert { budget, period, threshold: threshold.to_owned(), body: body.to_owned() })
}

fn january(budget: u8, threshold: &str, body: &str) -> Result<KeptAlert> {
    alert(budget, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", threshold, body)
}

fn places(store: &dyn Store) -> Result<()> {
    let february = alert(1, "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "80", "{}")?;
    let first = [january(2, "80", "{}")?, january(1, "80", "{}")?, february.clone()];
    store.put_alerts(&first, &[])?;
    let again = january(1, "80", "{\"again\":true}")?;
    let other = january(1, "100", "{}")?;
    store.put_alerts(&[again.clone(), other.clone()], &[])?;
    let since = |text: &str| store.alerts(Stamp::parse(text)?);
    let all = [other, again, february.clone(), january(2, "80", "{}")?];
    same("the alerts", &since("2026-01-31T23:59:59Z")?, &all.to_vec())?;
    same("those of the period before as well", &since("2026-02-20T00:00:00Z")?.len(), &4)?;
    same("those that are not long over", &since("2026-03-05T00:00:00Z")?, &vec![february])
}

fn together(store: &dyn Store) -> Result<()> {
    let Ok(outbox) = store.outbox() else { return Ok(()) };
    let at = Stamp::parse("2026-01-20T00:00:00Z")?;
    let event = OutboxEvent::new(Id::new(at, [7; 10]), EventKind::BudgetWarning, at, &json!({"spent": "80"}))?;
    store.put_alerts(&[january(1, "80", "{}")?], std::slice::from_ref(&event))?;
    let written = outbox.events(&EventFilter::default(), 10)?;
    same("the events", &written.iter().map(|event| event.id).collect::<Vec<_>>(), &vec![event.id])?;
    // The same event once more cannot be written, and then the alert is not either.
    let twice = store.put_alerts(&[january(1, "100", "{}")?], &[event]);
    refused("an event that is there", twice, ErrorCode::Storage)?;
    same("how many alerts there are", &store.alerts(at)?.len(), &1)
}
