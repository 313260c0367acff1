//! Syncs that fail during an import, after writing went well: nothing has changed, and it can be tried again.

use super::{costs, no_orphans};
use finops_core::{ErrorCode, Finops, ImportCharges};
use finops_tests::support::{Bill, Child, FailingSync, fail_syncs_of, job, let_syncs_succeed, row};
use std::path::{Path, PathBuf};

/// Not a test by itself: imports one bill, another while syncs fail, and that one again; or dies before.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let finops = Finops::open(&job[0]).unwrap();
    finops.import_charges(&ImportCharges::new(&job[1])).unwrap();
    let before = costs(&finops);
    for of in [".parquet", "state.sqlite", ""] {
        fail_syncs_of(of);
        let error = finops.import_charges(&ImportCharges::new(&job[2])).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Storage, "{of}: {error}");
        assert_eq!(costs(&finops), before, "{of}: the handle whose sync failed still answers as before");
    }
    if job[3] == "die" {
        eprintln!("failed");
        std::process::abort();
    }
    let_syncs_succeed();
    finops.import_charges(&ImportCharges::new(&job[2])).unwrap();
    assert_eq!(costs(&finops).1, [("acct-1".to_owned(), "9".to_owned())]);
    eprintln!("done");
}

fn bill(folder: &Path, name: &str, cost: &str) -> PathBuf {
    Bill::new([row(&[("EffectiveCost", cost)])]).write(folder, name)
}

#[test]
fn a_sync_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let layer = FailingSync::new(folder.path());
    let (first, second) = (bill(folder.path(), "first.csv", "7"), bill(folder.path(), "second.csv", "9"));
    for (way, last) in [("go on", "done"), ("die", "failed")] {
        let store = folder.path().join(way);
        let job = [&store, &first, &second].map(|path| path.to_str().unwrap());
        let job = [job[0], job[1], job[2], way];
        let said = Child::start_after(&layer.setup(), "crash::sync::child", &job).rest();
        assert_eq!(said.last().map(String::as_str), Some(last), "{said:?}");
    }
    layer.heal();
    let open = |way| Finops::open(folder.path().join(way).to_str().unwrap()).unwrap();
    assert_eq!(costs(&open("go on")).1, [("acct-1".to_owned(), "9".to_owned())]);
    no_orphans(&folder.path().join("go on"));
    // What was not acknowledged may be there all the same, as a whole; and trying again is in order.
    let finops = open("die");
    let there = costs(&finops).1;
    assert!(["7", "9"].iter().any(|cost| there == [("acct-1".to_owned(), (*cost).to_owned())]), "{there:?}");
    finops.import_charges(&ImportCharges::new(second.to_str().unwrap())).unwrap();
    assert_eq!(costs(&finops).1, [("acct-1".to_owned(), "9".to_owned())]);
    drop(finops);
    no_orphans(&folder.path().join("die"));
}
