//! Syncs that fail, after writing went well: a layer under a child process makes them fail for good, not in theory.

use super::*;
use finops_core::ErrorCode;
use finops_tests::support::{Child, FailingSync, fail_syncs_of, job, let_syncs_succeed};

/// Not a test by itself: reports while syncs fail, and goes on when they succeed again; or dies before.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let store = open(Path::new(&job[0]));
    let usage = store.usage().unwrap();
    assert_eq!(accepted(&record(&store, (0..500).map(event))), 500);
    fail_syncs_of("state.sqlite");
    let events = Arc::new((400..1_000).map(event).collect::<Vec<_>>());
    for _ in 0..2 {
        let error = usage.record(Arc::clone(&events), now()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Storage, "{error}");
        assert!(!error.message().is_empty());
        assert_eq!(counted(&store).1, 500, "the handle whose sync failed still answers as before");
    }
    let error = usage.checkpoint_usage(now()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Storage, "{error}");
    assert!(usage.usage_status().unwrap().checkpoint_failed.is_some(), "and the status says so");
    if job[1] == "die" {
        eprintln!("failed");
        std::process::abort();
    }
    let_syncs_succeed();
    assert_eq!(accepted(&usage.record(events, now()).unwrap()), 500, "what failed is counted when it is retried");
    assert_eq!(check_whole(&store), 1_000);
    usage.checkpoint_usage(now()).unwrap();
    assert_eq!(usage.usage_status().unwrap().checkpoint_failed, None);
    assert_eq!(accepted(&record(&store, (0..1_500).map(event))), 500);
    assert_eq!(check_whole(&store), 1_500);
    eprintln!("done");
}

#[test]
fn a_sync_that_fails_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let layer = FailingSync::new(folder.path());
    for (way, last) in [("go on", "done"), ("die", "failed")] {
        let at = folder.path().join(way);
        let job = [at.to_str().unwrap(), way];
        let said = Child::start_after(&layer.setup(), "usage::sync::child", &job).rest();
        assert_eq!(said.last().map(String::as_str), Some(last), "{said:?}");
    }
    layer.heal();
    let store = open(&folder.path().join("go on"));
    assert_eq!(check_whole(&store), 1_500);
    assert_eq!(accepted(&record(&store, (0..1_500).map(event))), 0);
    // What was not acknowledged may be there all the same; in either case it counts once when it is retried.
    let store = open(&folder.path().join("die"));
    let there = check_whole(&store);
    assert!(there == 500 || there == 1_000, "{there}");
    record(&store, (400..1_000).map(event));
    assert_eq!(check_whole(&store), 1_000);
}
