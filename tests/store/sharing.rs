//! Many read while one writes: each reading is of one state, whole.

use super::{bill, import};
use finops_core::model::charge::CostView;
use finops_core::{CostSummaryRequest, ErrorCode, Finops, ImportCharges};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const ROUNDS: usize = 12;

/// Bills of two accounts in one file: version `n` has 40 charges of `n` for each.
fn versions(folder: &std::path::Path) -> Vec<String> {
    let version = |number: usize| {
        let rows: Vec<[String; 2]> = (0..80).map(|row| [format!("acct-{}", row % 2), number.to_string()]).collect();
        let rows: Vec<[&str; 2]> = rows.iter().map(|[account, cost]| [account.as_str(), cost.as_str()]).collect();
        let bill = finops_tests::support::Bill::of(["BillingAccountId", "EffectiveCost"], &rows);
        bill.write(folder, &format!("v{number}.csv")).to_str().unwrap().to_owned()
    };
    (1..=ROUNDS).map(version).collect()
}

/// The accounts' costs in one answer.
fn read(finops: &Finops) -> (u64, Vec<String>) {
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    request.group_by.0 = vec!["account".parse().unwrap()];
    request.view = CostView::Effective.into();
    let summary = finops.get_cost_summary(&request).unwrap();
    (summary.snapshot, summary.breakdown.iter().map(|item| item.cost.unwrap().to_string()).collect())
}

fn readers_see_whole_states(writer: &Finops, readers: &[Finops], bills: &[String]) {
    import(writer, &bills[0]).unwrap();
    let (done, seen) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for reader in readers {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Acquire) {
                    let (snapshot, costs) = read(reader);
                    assert!(snapshot >= last, "a reader went back from {last} to {snapshot}");
                    last = snapshot;
                    let want = (40 * snapshot).to_string();
                    assert_eq!(costs, [want.clone(), want], "state {snapshot}");
                    seen.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for bill in &bills[1..] {
            import(writer, bill).unwrap();
        }
        done.store(true, Ordering::Release);
    });
    assert!(seen.into_inner() > 0);
    assert_eq!(read(writer).0, u64::try_from(ROUNDS).unwrap());
}

#[test]
fn threads_of_one_process_see_whole_states() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open(":memory:").unwrap();
    readers_see_whole_states(&finops, &[finops.clone(), finops.clone()], &versions(folder.path()));
}

#[test]
fn handles_for_reading_see_whole_states() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let location = store.to_str().unwrap();
    let writer = Finops::open(location).unwrap();
    let reader = || Finops::builder().read_only().open(location).unwrap();
    readers_see_whole_states(&writer, &[reader(), reader()], &versions(folder.path()));
}

#[test]
fn imports_at_the_same_time_are_refused_or_done() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open(":memory:").unwrap();
    let bills: Vec<String> = (0..4).map(|number| bill(folder.path(), &format!("a{number}"), "1", 200)).collect();
    let done = AtomicU64::new(0);
    thread::scope(|scope| {
        for bill in &bills {
            let (finops, done) = (&finops, &done);
            scope.spawn(move || match finops.import_charges(&ImportCharges::new(bill)) {
                Ok(_) => drop(done.fetch_add(1, Ordering::Relaxed)),
                Err(error) => assert_eq!(error.code(), ErrorCode::Conflict, "{error}"),
            });
        }
    });
    let done = done.into_inner();
    assert!(done >= 1);
    let (snapshot, costs) = read(&finops);
    assert_eq!((snapshot, costs.len()), (done, usize::try_from(done).unwrap()));
}
