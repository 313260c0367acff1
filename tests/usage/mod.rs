//! The checks, one subject per file, and what they share.

mod changes;
mod counting;
mod damage;
mod export;
#[cfg(target_os = "linux")]
mod full;
mod kill;
mod pages;
mod recorder;
#[cfg(target_os = "linux")]
mod sync;
mod tidy;

use finops_core::edge::store::Store;
use finops_core::edge::store::{EmbeddedStore, Tuning};
use finops_core::model::audit::Change;
use finops_core::model::money::Quantity;
use finops_core::model::time::{Interval, Stamp};
use finops_core::model::usage::{Aggregation, Outcome, UsageEvent};
use finops_core::pipeline::metering::{Cell, PageKey, PageSpan, day_of};
use std::path::Path;
use std::sync::Arc;

const NOW: &str = "2026-09-10T12:00:00Z";

fn now() -> Stamp {
    NOW.parse().unwrap()
}

/// Somebody who changes something.
fn by() -> Change {
    Change::new("u_1", now())
}

fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(folder).unwrap()
}

/// A store that keeps as little in memory as it can.
fn open_small(folder: &Path) -> EmbeddedStore {
    open(folder).tuned(Tuning { usage_memory_bytes: 0, ..Tuning::default() })
}

/// An event of that number: one of three tenants, some minutes before now.
fn event(number: u64) -> UsageEvent {
    let time = Stamp::from_micros(now().micros() - i64::try_from(number % 100_000).unwrap() * 1_000_000).unwrap();
    let quantity = Quantity::from_units(i64::try_from(number % 7).unwrap() + 1);
    let mut event =
        UsageEvent::new(format!("id-{number}"), time, "api_calls", quantity, format!("tenant-{}", number % 3));
    "test".clone_into(&mut event.source);
    event
}

fn record(store: &EmbeddedStore, events: impl IntoIterator<Item = UsageEvent>) -> Vec<Outcome> {
    store.usage().unwrap().record(Arc::new(events.into_iter().collect()), now()).unwrap()
}

/// What the meter of API calls counted, over all tenants and days: how much, of how many events.
fn counted(store: &EmbeddedStore) -> (Quantity, u64) {
    counted_by(store, "api_calls")
}

fn counted_by(store: &EmbeddedStore, slug: &str) -> (Quantity, u64) {
    let usage = store.usage().unwrap();
    let meters = usage.meters().unwrap();
    let (meter, definition) = meters.get(slug).unwrap();
    let mut whole = Cell::new(definition.aggregation);
    let day = day_of(now());
    let key = |day| PageKey { meter, span: PageSpan::Day, day };
    usage
        .counted(&[key(day - 40)..key(day + 2)], &mut |rollups| {
            for (_, page) in rollups.days(meter, PageSpan::Day, day - 40..day + 2) {
                page.totals().for_each(|(_, cell)| whole.merge(&cell));
            }
            Ok(())
        })
        .unwrap();
    let value = whole.value(Interval::always()).unwrap().unwrap_or(Quantity::ZERO);
    assert!(definition.aggregation != Aggregation::TimeWeighted, "needs a window");
    (value, whole.events())
}

/// The events themselves, in the order of their arrival.
fn raw(store: &EmbeddedStore) -> Vec<UsageEvent> {
    let mut events = Vec::new();
    let visit = &mut |_: u64, event: &UsageEvent| {
        events.push(event.clone());
        Ok(())
    };
    store.usage().unwrap().scan_usage(Interval::always(), visit).unwrap();
    events
}

/// That what was counted is the sum of the events that are there, each of which is there once. Gives how many.
fn check_whole(store: &EmbeddedStore) -> u64 {
    let events = raw(store);
    let ids: std::collections::BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), events.len(), "each event is there once");
    let sum = Quantity::try_sum(events.iter().filter_map(|event| event.quantity)).unwrap();
    assert_eq!(counted(store), (sum, events.len() as u64), "what was counted is the sum of what is there");
    events.len() as u64
}

fn accepted(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count()
}
