//! Killed at any moment: what was written counts once, nothing stays reserved, and each threshold is told of once.

use crate::world::{call, engine, events, monthly, spent, status};
use finops_tests::support::{Child, job};
use serde_json::json;

const ME: &str = "kill::a_kill_loses_nothing_that_was_written_and_tells_once";
const NOW: &str = "2026-01-20T12:00:00Z";

/// Reserves and settles one after the other, and says after each tick how much is written.
fn spend(location: &str) {
    let finops = engine(location, NOW);
    for settled in 1.. {
        let held = call(&finops, "budgets.reserve", json!({"amount": 1, "tenant_id": "t"}));
        let Some(id) = held["reservation_id"].as_str() else { break };
        call(&finops, "budgets.settle", json!({"reservation_id": id, "amount": 1}));
        call(&finops, "budgets.reserve", json!({"amount": 1, "tenant_id": "other"}));
        if settled % 3 == 0 {
            finops.tick(None).unwrap();
            eprintln!("written {settled}");
        }
    }
    eprintln!("full");
    std::thread::park();
}

#[test]
fn a_kill_loses_nothing_that_was_written_and_tells_once() {
    if let Some(words) = job() {
        return spend(&words[0]);
    }
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let thresholds = json!([{"percent": 25, "action": "alert"}, {"percent": 50, "action": "alert"},
        {"percent": 100, "action": "pause"}]);
    let budget = {
        let finops = engine(location, NOW);
        monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(60), thresholds)
    };
    let mut before = 0;
    for lines in [1, 3, 5, 8, 30] {
        let mut child = Child::start(ME, &[location]);
        let mut last = before;
        let mut said = 0;
        while said < lines
            && let Some(line) = child.line()
        {
            said += 1;
            match line.strip_prefix("written ") {
                Some(settled) => last = before + settled.parse::<u64>().unwrap(),
                None => break,
            }
        }
        for line in child.kill() {
            if let Some(settled) = line.strip_prefix("written ") {
                last = before + settled.parse::<u64>().unwrap();
            }
        }
        let finops = engine(location, NOW);
        finops.tick(None).unwrap();
        let after: u64 = spent(&finops, budget).parse().unwrap();
        assert!(last <= after && after <= last + 3, "{after} is spent, and {last} was written");
        assert_eq!(status(&finops, budget)["reserved"], "0");
        let crossed = [(15, "warning 25"), (30, "warning 50"), (60, "exceeded 100")];
        let told: Vec<&str> = crossed.iter().filter(|(at, _)| after >= *at).map(|(_, word)| *word).collect();
        assert_eq!(events(&finops), told, "at {after}");
        before = after;
    }
    assert_eq!(before, 60, "it fills up in the end");
}
