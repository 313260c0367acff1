//! A disk that takes nothing more: a limit on the size of files stands for a full one, a folder without permission for
//! one that may only be read.
//!
//! What fails here is writing; `sync` has syncs fail after the write went well.

use super::*;
use finops_core::{Error, ErrorCode};
use finops_tests::support::{Child, job};

/// Not a test by itself: reports events under the limit that the shell has set.
#[test]
fn child() {
    let Some(job) = job() else { return };
    match report(Path::new(&job[0]), job[1].parse().unwrap()) {
        Ok(count) => eprintln!("done {count}"),
        Err((error, count)) => eprintln!("{} after {count}: {error}", error.code()),
    }
}

/// Reports in calls of 500 events until one fails; gives how many events were acknowledged.
fn report(folder: &Path, first: u64) -> Result<u64, (Error, u64)> {
    let store = EmbeddedStore::open(folder).map_err(|error| (error, 0))?;
    let usage = store.usage().unwrap();
    let mut count = 0;
    for call in 0..8 {
        let from = first + call * 500;
        let events = Arc::new((from..from + 500).map(event).collect::<Vec<_>>());
        if let Err(error) = usage.record(Arc::clone(&events), now()) {
            let before = counted(&store);
            assert_eq!(before.1, first + count, "the handle that met the full disk still answers as before");
            assert!(usage.record(events, now()).is_err(), "and fails again");
            assert_eq!(counted(&store), before);
            return Err((error, count));
        }
        count += 500;
    }
    Ok(count)
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let location = store.to_str().unwrap();
    assert_eq!(accepted(&record(&open(&store), (0..100).map(event))), 100);
    let (mut counted_before, mut failures) = (100, 0);
    for blocks in [0, 1, 8, 64, 320, 384, 448, 512, 640] {
        let setup = format!("trap '' XFSZ; ulimit -f {blocks}");
        let first = counted_before.to_string();
        let mut child = Child::start_after(&setup, "usage::full::child", &[location, &first]);
        let said = child.rest().join("\n");
        let acknowledged: u64 = if let Some(count) = said.strip_prefix("done ") {
            count.parse().unwrap()
        } else {
            failures += 1;
            assert!(said.starts_with("storage after "), "{blocks} blocks: {said}");
            said["storage after ".len()..].split(':').next().unwrap().parse().unwrap()
        };
        let store = open(&store);
        let there = check_whole(&store);
        // The last call may have become durable although it gave an error: it counts once all the same.
        let known = counted_before + acknowledged;
        assert!(there == known || there == known + 500, "{blocks} blocks: {there}, {known} acknowledged");
        assert_eq!(accepted(&record(&store, (0..known).map(event))), 0, "nothing counts twice");
        counted_before = there;
    }
    assert!(failures >= 4, "{failures} of the limits were too low");
}

#[test]
fn a_folder_that_may_not_be_written_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    record(&open(folder.path()), (0..10).map(event));
    let state = folder.path().join("state.sqlite");
    let permissions = |readonly| {
        let mut permissions = std::fs::metadata(&state).unwrap().permissions();
        permissions.set_readonly(readonly);
        std::fs::set_permissions(&state, permissions).unwrap();
    };
    permissions(true);
    // Whoever may write everything, as root, is not stopped by permissions.
    if std::fs::OpenOptions::new().append(true).open(&state).is_err() {
        assert_eq!(EmbeddedStore::open(folder.path()).unwrap_err().code(), ErrorCode::Storage);
    }
    permissions(false);
    let store = open(folder.path());
    assert_eq!(check_whole(&store), 10);
}

#[test]
fn a_commit_that_fails_changes_nothing_and_a_retry_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, (0..10).map(event));
    // Another program holds the file: the commit waits, gives up, and can be tried again (M22).
    let other = rusqlite::Connection::open(folder.path().join("state.sqlite")).unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON usage_batches BEGIN SELECT raise(ABORT, 'no'); END";
    other.execute_batch(refuse).unwrap();
    let events = Arc::new((5..20).map(event).collect::<Vec<_>>());
    let usage = store.usage().unwrap();
    assert_eq!(usage.record(Arc::clone(&events), now()).unwrap_err().code(), ErrorCode::Storage);
    assert_eq!(check_whole(&store), 10);
    other.execute_batch("DROP TRIGGER refuse").unwrap();
    assert_eq!(accepted(&usage.record(events, now()).unwrap()), 10);
    assert_eq!(check_whole(&store), 20);
    // A checkpoint that fails takes nothing with it.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON usage_pages BEGIN SELECT raise(ABORT, 'no'); END";
    other.execute_batch(refuse).unwrap();
    assert!(usage.checkpoint_usage(now()).is_err());
    assert!(usage.usage_status().unwrap().checkpoint_failed.is_some());
    assert_eq!(accepted(&record(&store, (0..30).map(event))), 10);
    other.execute_batch("DROP TRIGGER refuse").unwrap();
    usage.checkpoint_usage(now()).unwrap();
    assert_eq!(usage.usage_status().unwrap().checkpoint_failed, None);
    assert_eq!(check_whole(&store), 30);
}
