//! Retention and compaction: what was counted stays as it was, and what came is still known.

use super::*;
use finops_core::ErrorCode;

#[test]
fn small_batches_become_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 0..40 {
        record(&store, [event(number)]);
    }
    let usage = store.usage().unwrap();
    usage.checkpoint_usage(now()).unwrap();
    (40..50).for_each(|number| drop(record(&store, [event(number)])));
    usage.void_usage(event(7).key(), &by()).unwrap();
    let before = (raw(&store), counted(&store));
    let tidied = usage.compact_usage().unwrap();
    assert_eq!((tidied.batches, tidied.events), (48, 50), "one on each side of the checkpoint is left");
    assert_eq!(usage.usage_status().unwrap().batches, 2);
    assert_eq!((raw(&store), counted(&store)), before);
    assert_eq!(usage.usage_event(event(33).key()).unwrap(), event(33));
    assert!(usage.void_usage(event(33).key(), &by()).unwrap());
    assert_eq!(accepted(&record(&store, (0..50).map(event))), 0);
    assert_eq!(check_whole(&store), 48);
    drop(store);
    assert_eq!(check_whole(&open(folder.path())), 48);
}

#[test]
fn what_is_dropped_stays_counted_and_known() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let at = |number: u64, time: &str| {
        let mut event = event(number);
        event.time = time.parse().unwrap();
        event
    };
    record(&store, (0..10).map(|number| at(number, "2026-09-01T10:00:00Z")));
    record(&store, (10..20).map(|number| at(number, "2026-09-09T10:00:00Z")));
    let before = counted(&store);
    let usage = store.usage().unwrap();
    let tidied = usage.drop_usage("2026-09-05T00:00:00Z".parse().unwrap(), now()).unwrap();
    assert_eq!((tidied.batches, tidied.events), (1, 10));
    assert_eq!(raw(&store).len(), 10);
    assert_eq!(counted(&store), before);
    let again = |number| record(&store, [at(number, "2026-09-01T10:00:00Z")]);
    assert_eq!(again(3), [Outcome::Duplicate]);
    let gone = usage.void_usage(event(3).key(), &by()).unwrap_err();
    assert!(gone.code() == ErrorCode::NotFound && gone.message().contains("retention"), "{gone}");
    assert!(usage.void_usage(event(13).key(), &by()).unwrap());
    assert_eq!(counted(&store).1, 19);
    drop(store);
    assert_eq!(counted(&open(folder.path())).1, 19);
}

#[test]
fn a_reader_counts_what_came_since_in_a_batch_that_was_brought_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    (0..5).for_each(|number| drop(record(&store, [event(number)])));
    let reader = EmbeddedStore::open_read_only(folder.path()).unwrap();
    assert_eq!(check_whole(&reader), 5);
    (5..10).for_each(|number| drop(record(&store, [event(number)])));
    assert_eq!(store.usage().unwrap().compact_usage().unwrap().batches, 9);
    assert_eq!(check_whole(&reader), 10);
    assert_eq!(reader.usage().unwrap().usage_event(event(7).key()).unwrap(), event(7));
    record(&store, [event(10)]);
    assert_eq!(check_whole(&reader), 11);
    assert_eq!(counted(&reader), counted(&store));
}

#[test]
fn events_come_once_while_batches_are_brought_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    (0..6).for_each(|number| drop(record(&store, [event(number)])));
    let usage = store.usage().unwrap();
    let mut places = Vec::new();
    let visit = &mut |place: u64, _: &UsageEvent| {
        if places.len() == 2 {
            record(&store, [event(6)]);
            usage.compact_usage()?;
        }
        places.push(place);
        Ok(())
    };
    usage.scan_usage(Interval::always(), visit).unwrap();
    assert_eq!(places, [1, 2, 3, 4, 5, 6], "each once, and none that came since");
    assert_eq!(check_whole(&store), 7);
}
