//! Killed at any moment: the store holds one delivery or the next, whole.

use super::{costs, no_orphans};
use finops_core::{Finops, ImportCharges};
use finops_tests::support::{Bill, Child, job, row};
use std::path::{Path, PathBuf};
use std::time::Duration;

const KILLS: u64 = 18;
const CHARGES: u64 = 300;
/// How many deliveries there are: the child imports them in turn, for ever.
const VERSIONS: u64 = 3;

/// A delivery of two accounts: version `n` has charges of `n` each, for the first account and for the second.
fn version(folder: &Path, number: u64) -> PathBuf {
    let cost = number.to_string();
    let charge = |place: u64| {
        let (account, id) = (format!("acct-{}", place % 2), format!("resource-{place}-of-{number}"));
        row(&[("BillingAccountId", &account), ("EffectiveCost", &cost), ("ResourceId", &id)])
    };
    Bill::new((0..2 * CHARGES).map(charge)).write(folder, &format!("v{number}.csv"))
}

fn costs_of(version: u64) -> Vec<(String, String)> {
    ["acct-0", "acct-1"].map(|account| (account.to_owned(), (version * CHARGES).to_string())).to_vec()
}

/// The version that the state of that number holds: state 1 holds version 1, and so on in turn.
fn version_of(state: u64) -> u64 {
    (state - 1) % VERSIONS + 1
}

/// Not a test by itself: imports until it is killed.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let (store, bills) = (&job[0], Path::new(&job[1]));
    let finops = Finops::open(store).unwrap();
    let mut state = costs(&finops).0;
    eprintln!("opened {state}");
    // Should the parent be gone, this ends by itself.
    for _ in 0..2_000 {
        let path = bills.join(format!("v{}.csv", version_of(state + 1)));
        let receipt = finops.import_charges(&ImportCharges::new(path.to_str().unwrap())).unwrap();
        state = receipt.snapshot;
        eprintln!("done {state} {}", receipt.import_id);
    }
}

/// Small and repeatable: a number for each seed.
fn chance(seed: u64) -> u64 {
    let mut word = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word ^ word >> 31
}

#[test]
fn what_was_acknowledged_is_there_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let (location, bills) = (store.to_str().unwrap(), folder.path().to_str().unwrap());
    for number in 1..=VERSIONS {
        version(folder.path(), number);
    }
    let mut acknowledged = 0;
    let mut unacknowledged = 0;
    for round in 0..KILLS {
        let mut child = Child::start("crash::kill::child", &[location, bills]);
        // Some die while they open the store, some after a few imports, most in the middle of one.
        let imports = chance(round) % 4;
        let mut said = Vec::new();
        if round % 6 != 0 {
            said.extend((0..=imports).map(|_| child.line().expect("the child goes on until it is killed")));
        }
        std::thread::sleep(Duration::from_micros(chance(round + 1000) % 60_000));
        said.extend(child.kill());
        for line in &said {
            assert!(line.starts_with("opened ") || line.starts_with("done "), "{}", said.join("\n"));
        }
        let done = said.iter().filter_map(|line| line.strip_prefix("done ")).next_back();
        let state = done.and_then(|line| line.split(' ').next()).map(|state| state.parse().unwrap());
        acknowledged = state.unwrap_or(acknowledged).max(acknowledged);
        let now = check(location, acknowledged);
        unacknowledged += u64::from(now > acknowledged);
        acknowledged = now;
        no_orphans(&store);
    }
    assert!(acknowledged > KILLS, "{acknowledged} imports in {KILLS} lives");
    println!("{acknowledged} imports, {KILLS} kills, {unacknowledged} of them between commit and word");
}

/// Looks at the store after a kill and gives the number of its state.
fn check(location: &str, acknowledged: u64) -> u64 {
    let finops = Finops::open(location).unwrap();
    let (state, costs) = costs(&finops);
    // The child may have been killed after a commit and before it could say so.
    assert!(state == acknowledged || state == acknowledged + 1, "state {state}, acknowledged {acknowledged}");
    if state > 0 {
        assert_eq!(costs, costs_of(version_of(state)), "state {state} is one delivery, whole");
    }
    state
}
