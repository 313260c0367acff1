//! Killed at any moment: what was acknowledged is there, once, and no batch is there in part.
//!
//! `FINOPS_KILLS` says how often; 200 take some minutes.

use super::*;
use finops_tests::support::{Child, job};
use std::time::Duration;

const KILLS: u64 = 12;
/// How many events a call reports.
const CALL: u64 = 100;

/// Small and repeatable: a number for each seed.
fn chance(seed: u64) -> u64 {
    let mut word = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word ^ word >> 31
}

/// Not a test by itself: reports events in order from the given call on, until it is killed. Each call repeats the one
/// before, as a client does that got no answer.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let (folder, first): (_, u64) = (Path::new(&job[0]), job[1].parse().unwrap());
    let store = if first % 2 == 0 { open(folder) } else { open_small(folder) };
    eprintln!("opened");
    // Should the parent be gone, this ends by itself.
    for call in first..first + 3_000 {
        let events = call.saturating_sub(1) * CALL..(call + 1) * CALL;
        let outcomes = record(&store, events.map(event));
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted | Outcome::Duplicate)));
        eprintln!("done {call}");
        if call % 8 == 5 {
            store.usage().unwrap().checkpoint_usage(now()).unwrap();
        }
        if call % 32 == 11 {
            store.usage().unwrap().compact_usage().unwrap();
        }
    }
}

#[test]
fn what_was_acknowledged_is_there_once() {
    let kills = std::env::var("FINOPS_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let (mut next, mut unacknowledged) = (0, 0);
    for round in 0..kills {
        let mut child = Child::start("usage::kill::child", &[location, &next.to_string()]);
        let mut said = Vec::new();
        // Some die while they open the store, most in the middle of a commit, a checkpoint or a compaction.
        if round % 6 != 0 {
            said.extend((0..=chance(round) % 9).map(|_| child.line().expect("the child goes on until it is killed")));
        }
        std::thread::sleep(Duration::from_micros(chance(round + 1000) % 40_000));
        said.extend(child.kill());
        for line in &said {
            assert!(line == "opened" || line.starts_with("done "), "{}", said.join("\n"));
        }
        let done = said.iter().filter_map(|line| line.strip_prefix("done ")).next_back();
        let acknowledged = done.map_or(next, |call| call.parse::<u64>().unwrap() + 1);
        let store = open(folder.path());
        let there = check_whole(&store);
        assert_eq!(there % CALL, 0, "no part of a call is there");
        assert!((acknowledged * CALL..=(acknowledged + 1) * CALL).contains(&there), "{there}, {acknowledged} calls");
        unacknowledged += u64::from(there > acknowledged * CALL);
        let last = there.saturating_sub(10_000)..there;
        assert_eq!(accepted(&record(&store, last.map(event))), 0, "nothing counts twice");
        next = there / CALL;
        // The next one finds what a crash leaves, not what a close does.
        if round % 2 == 0 {
            std::mem::forget(store);
            unlock(folder.path());
        }
    }
    assert!(next > kills, "{next} calls in {kills} lives");
    println!("{next} calls, {kills} kills, {unacknowledged} of them between commit and word");
}

/// A store that is forgotten holds its lock as long as this process lives: the next one needs another file for it.
fn unlock(folder: &Path) {
    std::fs::remove_file(folder.join("writer.lock")).unwrap();
}
