//! What is counted: each event once, by whatever path and however often it comes, before and after opening again.

use super::*;
use finops_core::ErrorCode;
use finops_core::model::usage::{Meter, Rejection};

#[test]
fn m21_an_event_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut later = event(1);
    later.time = now();
    let mut other = event(1);
    other.quantity = Some(Quantity::from_units(99));
    let mut elsewhere = event(1);
    elsewhere.tenant_id = "somebody else".to_owned();
    let outcomes = record(&store, [event(1), later.clone(), other.clone(), elsewhere]);
    let conflict = Outcome::Rejected(Rejection::Conflict);
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Duplicate, conflict.clone(), Outcome::Accepted]);
    assert_eq!(record(&store, [later.clone(), other.clone()]), [Outcome::Duplicate, conflict.clone()]);
    store.usage().unwrap().checkpoint_usage(now()).unwrap();
    assert_eq!(record(&store, [later.clone(), other.clone()]), [Outcome::Duplicate, conflict.clone()]);
    drop(store);
    let store = open(folder.path());
    assert_eq!(record(&store, [later, other]), [Outcome::Duplicate, conflict]);
    assert_eq!(counted(&store), (Quantity::from_units(4), 2));
    let mut old = event(1);
    old.time = "2026-07-01T00:00:00Z".parse().unwrap();
    assert!(matches!(record(&store, [old])[0], Outcome::Rejected(Rejection::TooLate(_))));
}

#[test]
fn what_is_wrong_with_one_event_concerns_no_other() {
    let store = EmbeddedStore::in_memory().unwrap();
    let mut unknown = event(1);
    unknown.resource = "nothing".to_owned();
    let outcomes = record(&store, [unknown, event(2)]);
    assert!(matches!(&outcomes[0], Outcome::Rejected(Rejection::Invalid { field, .. }) if field == "resource"));
    assert_eq!(outcomes[1], Outcome::Accepted);
    let usage = store.usage().unwrap();
    let many = Arc::new((0..100_001).map(event).collect());
    assert_eq!(usage.record(many, now()).unwrap_err().field(), Some("events"));
    assert_eq!(check_whole(&store), 1);
}

#[test]
fn opening_again_finds_what_was_counted_with_any_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut sum = None;
    for round in 0..5_u64 {
        let store = if round % 2 == 0 { open(folder.path()) } else { open_small(folder.path()) };
        assert_eq!(
            accepted(&record(&store, (round * 500..round * 500 + 1000).map(event))),
            if round == 0 { 1000 } else { 500 }
        );
        if round == 2 {
            store.usage().unwrap().checkpoint_usage(now()).unwrap();
        }
        assert_eq!(check_whole(&store), 1000 + round * 500);
        sum = Some(counted(&store));
    }
    for small in [false, true] {
        let store = if small { open_small(folder.path()) } else { open(folder.path()) };
        assert_eq!(Some(counted(&store)), sum);
        assert_eq!(accepted(&record(&store, (0..3000).map(event))), 0);
    }
    let reader = EmbeddedStore::open_read_only(folder.path()).unwrap();
    assert_eq!(Some(counted(&reader)), sum);
    let refused = reader.usage().unwrap().record(Arc::new(vec![event(1)]), now()).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

#[test]
fn a_reader_follows_who_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, (0..10).map(event));
    let reader = EmbeddedStore::open_read_only(folder.path()).unwrap();
    for round in 1..8_u64 {
        record(&store, (round * 100..round * 100 + 50).map(event));
        if round % 3 == 0 {
            store.usage().unwrap().checkpoint_usage(now()).unwrap();
        }
        if round % 4 == 0 {
            store.usage().unwrap().void_usage(event(round * 100).key(), &by()).unwrap();
        }
        assert_eq!(counted(&reader), counted(&store), "round {round}");
        assert_eq!(check_whole(&reader), check_whole(&store));
    }
}

#[test]
fn threads_share_commits_and_count_each_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let store = &store;
            scope.spawn(move || {
                for call in 0..20 {
                    // Each event comes from two threads.
                    let first = (thread / 2) * 10_000 + call * 10;
                    record(store, (first..first + 10).map(event));
                }
            });
        }
    });
    assert_eq!(check_whole(&store), 4 * 200);
    let batches = store.usage().unwrap().usage_status().unwrap().batches;
    assert!(batches <= 80, "{batches} batches for 160 calls, of which half bring nothing new");
}

#[test]
fn a_meter_that_comes_later_counts_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, (0..300).map(event));
    let mut largest = Meter::new("largest", Aggregation::Max, "request");
    largest.event = Some("api_calls".to_owned());
    let usage = store.usage().unwrap();
    usage.change_meters(&by(), &mut |meters| meters.create(largest.clone()).map(drop)).unwrap();
    assert_eq!(counted_by(&store, "largest"), (Quantity::from_units(7), 300));
    record(&store, (200..400).map(event));
    assert_eq!(counted_by(&store, "largest"), (Quantity::from_units(7), 400));
    assert_eq!(check_whole(&store), 400);
    drop(store);
    let store = open(folder.path());
    assert_eq!(counted_by(&store, "largest"), (Quantity::from_units(7), 400));
    let usage = store.usage().unwrap();
    usage.change_meters(&by(), &mut |meters| meters.delete("largest").map(drop)).unwrap();
    assert!(usage.meters().unwrap().get("largest").is_none());
    usage.change_meters(&by(), &mut |meters| meters.create(largest.clone()).map(drop)).unwrap();
    let numbers: Vec<u32> =
        usage.meters().unwrap().iter().map(|(number, _)| number).filter(|number| *number > 63).collect();
    assert_eq!(numbers, [65], "a number is never given twice");
    assert_eq!(counted_by(&store, "largest"), (Quantity::from_units(7), 400));
}

#[test]
fn a_sum_is_whole_while_others_let_go_of_its_pages() {
    let folder = tempfile::tempdir().unwrap();
    let writer = open_small(folder.path());
    let spread = |number: u64| {
        let mut event = event(number);
        event.time = Stamp::from_micros(now().micros() - i64::try_from(number % 30).unwrap() * 86_400_000_000).unwrap();
        event
    };
    record(&writer, (0..300).map(spread));
    writer.usage().unwrap().checkpoint_usage(now()).unwrap();
    let small = Tuning { usage_memory_bytes: 0, ..Tuning::default() };
    let reader = EmbeddedStore::open_read_only(folder.path()).unwrap().tuned(small);
    std::thread::scope(|scope| {
        for store in [&writer, &reader, &writer, &reader] {
            scope.spawn(move || {
                for _ in 0..100 {
                    let (_, events) = counted(store);
                    assert!(events >= 300 && events % 10 == 0, "{events}");
                }
            });
        }
        for round in 30..50 {
            record(&writer, (round * 10..round * 10 + 10).map(spread));
            writer.usage().unwrap().checkpoint_usage(now()).unwrap();
        }
    });
    assert_eq!((check_whole(&writer), check_whole(&reader)), (500, 500));
    let memory = |store: &EmbeddedStore| store.usage().unwrap().usage_status().unwrap().memory_bytes;
    let before = memory(&EmbeddedStore::open_read_only(folder.path()).unwrap());
    assert!(memory(&reader) <= before, "a reader keeps no more than it may");
}

#[test]
fn a_reader_learns_of_meters_that_changed_where_nothing_else_did() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, (0..10).map(event));
    let usage = store.usage().unwrap();
    usage.checkpoint_usage(now()).unwrap();
    let reader = EmbeddedStore::open_read_only(folder.path()).unwrap();
    assert_eq!(check_whole(&reader), 10);
    let mut meter = Meter::new("calls", Aggregation::Count, "request");
    meter.event = Some("api_calls".to_owned());
    usage.change_meters(&by(), &mut |meters| meters.create(meter.clone()).map(drop)).unwrap();
    assert_eq!(counted_by(&reader, "calls"), (Quantity::from_units(10), 10));
    drop(store);
    assert_eq!(counted_by(&open(folder.path()), "calls"), (Quantity::from_units(10), 10));
}
