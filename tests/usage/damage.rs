//! Damage: what needs what is damaged says so by name; what does not still works.

use super::*;
use finops_core::ErrorCode;

fn damage(folder: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(folder.join("state.sqlite")).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn a_damaged_batch_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, (0..10).map(event));
    record(&store, (10..30).map(event));
    let before = counted(&store);
    drop(store);
    damage(folder.path(), "UPDATE usage_batches SET columns = zeroblob(length(columns)) WHERE seq = 1");
    let store = open(folder.path());
    let usage = store.usage().unwrap();
    assert_eq!(counted(&store), before, "what was counted does not need it");
    assert_eq!(accepted(&record(&store, (0..40).map(event))), 10);
    let visit = &mut |_: u64, _: &UsageEvent| Ok(());
    let error = usage.scan_usage(Interval::always(), visit).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Storage);
    for part in ["batch 1", "10 events", "2026-09-10T11:59:51Z", "2026-09-10T12:00:00Z"] {
        assert!(error.message().contains(part), "{error}");
    }
    let error = usage.void_usage(event(3).key(), &by()).unwrap_err();
    assert!(error.message().contains("batch 1"), "{error}");
    assert!(usage.void_usage(event(13).key(), &by()).unwrap());
}

#[test]
fn a_damaged_batch_after_the_checkpoint_stops_usage_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let crashed = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, (0..10).map(event));
    for name in ["state.sqlite", "state.sqlite-wal"] {
        std::fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    damage(crashed.path(), "UPDATE usage_batches SET columns = zeroblob(9)");
    let store = open(crashed.path());
    let error = store.usage().unwrap().record(Arc::new(vec![event(50)]), now()).unwrap_err();
    assert!(error.code() == ErrorCode::Storage && error.message().contains("batch 1"), "{error}");
    assert_eq!(store.snapshot().unwrap().id, 0, "bills need no usage");
}

#[test]
fn a_damaged_page_and_damaged_fingerprints_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, (0..10).map(event));
    drop(store);
    damage(folder.path(), "UPDATE usage_pages SET bytes = zeroblob(9)");
    damage(folder.path(), "UPDATE usage_fingerprints SET entries = zeroblob(28)");
    let store = open(folder.path());
    let usage = store.usage().unwrap();
    let day = day_of(now());
    let key = |day| PageKey { meter: 1, span: PageSpan::Day, day };
    let error = usage.counted(&[key(day)..key(day + 1)], &mut |_| Ok(())).unwrap_err();
    assert!(error.code() == ErrorCode::Storage && error.message().contains("2026-09-10"), "{error}");
    assert_eq!(usage.record(Arc::new(vec![event(1)]), now()).unwrap_err().code(), ErrorCode::Storage);
    assert_eq!(raw(&store).len(), 10, "the events are still there");
}
