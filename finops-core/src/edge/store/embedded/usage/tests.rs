//! Merging between commits, which whoever only reads follows.

use super::*;
use crate::edge::store::{EmbeddedStore, Store};
use crate::model::money::Quantity;

const NOW: i64 = 1_788_220_800_000_000;

fn event(number: u64) -> UsageEvent {
    let time = Stamp::from_micros(NOW).unwrap();
    UsageEvent::new(format!("id-{number}"), time, "api_calls", Quantity::from_units(1), "tenant".to_owned())
}

fn record(store: &EmbeddedStore, events: Range<u64>) -> usize {
    let events = Arc::new(events.map(event).collect());
    let outcomes = store.usage().unwrap().record(events, Stamp::from_micros(NOW).unwrap()).unwrap();
    outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count()
}

#[test]
fn whoever_finds_usage_opened_finds_its_meters() {
    let store = EmbeddedStore::in_memory().unwrap();
    let usage = &store.usage;
    let meters = || usage.meters.read().unwrap().is_some();
    std::thread::scope(|scope| {
        // While this is held, another thread comes as far as to what says that usage is opened.
        let counted = usage.counted();
        assert!(counted.is_none() && !meters());
        let opening = scope.spawn(|| usage.open());
        for _ in 0..6_000 {
            if meters() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(counted.is_none() && meters(), "the meters are there before");
        drop(counted);
        opening.join().unwrap().unwrap();
    });
}

#[test]
fn blocks_are_merged_between_commits_and_readers_follow() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path()).unwrap();
    let usage = store.usage().unwrap();
    for block in 0..32 {
        assert_eq!(record(&store, block * 600..(block + 1) * 600), 600);
        usage.checkpoint_usage(Stamp::from_micros(NOW).unwrap()).unwrap();
    }
    let reader = EmbeddedStore::open_read_only(folder.path()).unwrap();
    let known = |number: u64| reader.usage().unwrap().usage_event(event(number).key()).is_ok();
    assert!((0..19_200).step_by(640).all(known));
    let merges = || -> i64 {
        let connection = Connection::open(folder.path().join("state.sqlite")).unwrap();
        connection.query_row("SELECT merge FROM usage_state", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(merges(), 0);
    for step in 0..70 {
        assert_eq!(record(&store, 20_000 + step..20_001 + step), 1);
        if step % 23 == 1 {
            assert!((0..19_200).step_by(640).all(known), "after step {step}");
            assert!(known(20_000 + step));
            assert!(!known(19_500));
            assert_eq!(record(&store, 0..19_200), 0, "all are known again");
        }
    }
    assert_eq!(merges(), 64, "and then there is nothing left to merge");
    drop(store);
    let store = EmbeddedStore::open(folder.path()).unwrap();
    assert_eq!(record(&store, 0..19_200), 0);
    assert_eq!(record(&store, 19_199..19_201), 1);
}
