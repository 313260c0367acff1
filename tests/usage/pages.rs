//! The parts that pages are kept in: only those that changed are written, and older ones are read.

use super::*;
use std::collections::BTreeMap;

/// An event of another tenant each, in the hour that is so many before now.
fn of_tenant(number: u64, hours: i64) -> UsageEvent {
    let time = Stamp::from_micros(now().micros() - hours * 3_600_000_000).unwrap();
    let quantity = Quantity::from_units(2);
    UsageEvent::new(format!("{number}-{hours}"), time, "api_calls", quantity, format!("tenant-{number}"))
}

/// The parts of pages, by where they are.
fn parts(folder: &Path) -> BTreeMap<String, i64> {
    let connection = rusqlite::Connection::open(folder.join("state.sqlite")).unwrap();
    let sql = "SELECT format('%d %d %d %d %d', meter, span, day, hour, part), checksum FROM usage_pages";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn what_comes_late_has_few_parts_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let usage = store.usage().unwrap();
    for hours in 0..5 {
        record(&store, (0..3_000).map(|number| of_tenant(number, hours)));
    }
    usage.checkpoint_usage(now()).unwrap();
    let mut before = parts(folder.path());
    assert_eq!(before.len(), 5 * 3, "a part for each hour and 1,024 series");
    let mut changed = || {
        usage.checkpoint_usage(now()).unwrap();
        let after = parts(folder.path());
        assert_eq!(after.len(), before.len());
        let changed = after.iter().filter(|(place, checksum)| before.get(*place) != Some(checksum)).count();
        before = after;
        changed
    };
    let mut late = of_tenant(2_000, 3);
    "late".clone_into(&mut late.id);
    record(&store, [late.clone()]);
    assert_eq!(changed(), 1);
    assert_eq!(check_whole(&store), 15_001);
    assert!(usage.void_usage(late.key(), &by()).unwrap());
    assert_eq!(changed(), 1);
    let again = |number| {
        let mut event = of_tenant(number, 1);
        event.id = format!("again-{number}");
        event
    };
    record(&store, (0..3_000).map(again));
    assert_eq!(changed(), 3);
    assert_eq!(check_whole(&store), 18_000);
    drop(store);
    assert_eq!(check_whole(&open(folder.path())), 18_000);
}

#[test]
fn parts_of_older_stores_are_read_and_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, (0..5).flat_map(|hours| (0..10).map(move |number| of_tenant(number, hours))));
    drop(store);
    // As an older version wrote them: a part has all series.
    let connection = rusqlite::Connection::open(folder.path().join("state.sqlite")).unwrap();
    assert_eq!(connection.execute("UPDATE usage_pages SET part = -1", []).unwrap(), 5);
    let store = open(folder.path());
    assert_eq!(check_whole(&store), 50);
    let mut late = of_tenant(7, 2);
    "late".clone_into(&mut late.id);
    record(&store, [late]);
    store.usage().unwrap().checkpoint_usage(now()).unwrap();
    assert!(parts(folder.path()).keys().all(|place| place.ends_with(" 0")), "the page has the present form");
    assert_eq!(check_whole(&store), 51);
    drop(store);
    assert_eq!(check_whole(&open(folder.path())), 51);
}
