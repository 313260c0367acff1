//! Killed while it compacts and forgets: no answer changes, and no file that is needed is missing.

use super::{costs, no_orphans};
use finops_core::edge::store::Replace;
use finops_core::engine::{SnapshotsRequest, VacuumRequest};
use finops_core::{Finops, ImportCharges};
use finops_tests::support::{Bill, Child, job, row};
use std::path::Path;
use std::time::Duration;

const KILLS: u64 = 18;
/// How many bills are added before each compaction.
const BILLS: u64 = 4;
const CHARGES: u64 = 200;

fn bill(folder: &Path, number: u64) -> String {
    let charge = |place: u64| {
        let (account, id) = (format!("acct-{}", place % 2), format!("resource-{place}-of-{number}"));
        row(&[("BillingAccountId", &account), ("EffectiveCost", "1"), ("ResourceId", &id)])
    };
    let path = Bill::new((0..2 * CHARGES).map(charge)).write(folder, &format!("bill-{number}.csv"));
    path.to_str().unwrap().to_owned()
}

fn add(finops: &Finops, path: &str) -> finops_core::ImportReceipt {
    let mut request = ImportCharges::new(path);
    request.replace = Replace::Nothing;
    finops.import_charges(&request).unwrap()
}

/// Not a test by itself: adds, compacts and forgets until it is killed.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let (store, bills) = (&job[0], Path::new(&job[1]));
    let finops = Finops::open(store).unwrap();
    let mut added = job[2].parse().unwrap();
    eprintln!("opened {added}");
    // Should the parent be gone, this ends by itself.
    for _ in 0..500 {
        for _ in 0..BILLS {
            added += 1;
            add(&finops, &bill(bills, added));
            eprintln!("added {added}");
        }
        finops.compact().unwrap();
        eprintln!("compacted {added}");
        finops.vacuum(&VacuumRequest::keeping("0d".parse().unwrap())).unwrap();
        eprintln!("vacuumed {added}");
    }
}

/// Small and repeatable: a number for each seed.
fn chance(seed: u64) -> u64 {
    let word = seed.wrapping_add(77).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

#[test]
fn what_is_tidied_is_there_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let (location, bills) = (store.to_str().unwrap(), folder.path().to_str().unwrap());
    let mut added = 0;
    for round in 0..KILLS {
        let mut child = Child::start("crash::tidy::child", &[location, bills, &added.to_string()]);
        let mut said = Vec::new();
        // Most die while they compact or forget, or just after.
        let last = ["added", "compacted", "added", "vacuumed"][usize::try_from(round % 4).unwrap()];
        loop {
            let line = child.line().expect("the child goes on until it is killed");
            let is_last = line.starts_with(last) && (last != "added" || said.len() >= usize::try_from(BILLS).unwrap());
            said.push(line);
            if is_last {
                break;
            }
        }
        std::thread::sleep(Duration::from_micros(chance(round) % 30_000));
        said.extend(child.kill());
        let acknowledged = said.iter().filter_map(|line| line.rsplit(' ').next()?.parse().ok()).max().unwrap();
        added = check(location, bills, acknowledged);
        no_orphans(&store);
    }
    assert!(added > KILLS, "{added} bills in {KILLS} lives");
}

/// Looks at the store after a kill and gives how many bills it holds.
fn check(location: &str, bills: &str, acknowledged: u64) -> u64 {
    let finops = Finops::open(location).unwrap();
    let (state, costs) = costs(&finops);
    let cost = |added: u64| (added * CHARGES).to_string();
    // The child may have been killed after a commit and before it could say so.
    let added = [acknowledged, acknowledged + 1].into_iter().find(|added| costs[0].1 == cost(*added));
    let added = added.unwrap_or_else(|| panic!("{costs:?} after {acknowledged} bills"));
    assert_eq!(costs, ["acct-0", "acct-1"].map(|account| (account.to_owned(), cost(added))));
    // Every state that is left can be read, and every bill is known.
    let states = finops.snapshots(&SnapshotsRequest::default()).unwrap().items;
    assert_eq!(states[0].snapshot, state);
    assert_eq!(states[0].charges, 2 * added * CHARGES);
    for number in 1..=added {
        let path = Path::new(bills).join(format!("bill-{number}.csv"));
        assert!(add(&finops, path.to_str().unwrap()).unchanged, "bill {number} of {added}");
    }
    added
}
