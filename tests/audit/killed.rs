//! Killed at any moment: what was changed is in the log, and what is in the log was changed.

use super::*;
use finops_tests::support::{Child, job};
use std::time::Duration;

const KILLS: u64 = 16;

/// The number of things of each kind that are made, changed and deleted in turn.
const THINGS: u64 = 3;

/// Makes, changes or deletes one thing, as the number says and as it then is.
fn step(finops: &Finops, number: u64) {
    let (place, round) = (number / 6 % THINGS, number / 6 / THINGS);
    let deletes = round % 3 == 2;
    match number % 6 {
        0 if deletes => attempt(finops, "catalog.delete", json!({"kind": "team", "id": format!("t{place}")})),
        0 => attempt(finops, "catalog.upsert", team(place, &format!("name {number}"))),
        1 if deletes => attempt(finops, "virtual_dimensions.delete", json!({"name": format!("v{place}")})),
        1 => {
            let (name, default) = (format!("v{place}"), format!("value {number}"));
            let rules = json!([{"value": "a", "when": {"service": "Queue"}}]);
            attempt(finops, "virtual_dimensions.set", json!({"name": name, "rules": rules, "default": default}));
        }
        2 => {
            let slug = format!("m{place}");
            let meter =
                json!({"slug": slug, "aggregation": "count", "unit": "one", "event": format!("event-{number}")});
            match round % 3 {
                0 => attempt(finops, "meters.create", meter),
                1 => attempt(finops, "meters.update", meter),
                _ => attempt(finops, "meters.delete", json!({ "slug": slug })),
            }
        }
        3 => price(finops, number),
        4 => center(finops, number),
        _ => {
            let id = number.to_string();
            let event = json!({"id": id, "resource": "api_calls", "quantity": 1, "tenant_id": "a"});
            attempt(finops, "record_usage", json!({"events": [event]}));
            if round % 2 == 0 {
                attempt(finops, "void_usage", json!({"id": id, "tenant_id": "a"}));
            } else {
                attempt(finops, "correct_usage", json!({"id": id, "tenant_id": "a", "quantity": 2}));
            }
        }
    }
}

fn price(finops: &Finops, number: u64) {
    let prices = call(finops, "prices.list", json!({}));
    match prices["items"].as_array().unwrap().last() {
        Some(price) if number.is_multiple_of(2) => {
            attempt(finops, "prices.update", json!({"id": price["id"], "unit_price": number.to_string()}));
        }
        Some(price) if number.is_multiple_of(3) => attempt(finops, "prices.delete", json!({"id": price["id"]})),
        _ => {
            let tenant_id = format!("tenant-{number}");
            let price = json!({"meter": "api_calls", "model": "per_unit", "unit_price": "1", "currency": "USD",
                               "effective_from": "2024-01-01T00:00:00Z", "scope": {"tenant_id": tenant_id}});
            attempt(finops, "prices.create", price);
        }
    }
}

fn center(finops: &Finops, number: u64) {
    let centers = call(finops, "list_cost_centers", json!({}));
    match centers["items"].as_array().unwrap().last() {
        Some(center) if number.is_multiple_of(4) => {
            attempt(finops, "update_cost_center", json!({"id": center["id"], "owner_id": number.to_string()}));
        }
        Some(center) if number.is_multiple_of(5) => attempt(finops, "delete_cost_center", json!({"id": center["id"]})),
        _ => {
            let center = json!({"name": format!("Centre {number}"), "type": "tenant", "tenant": number.to_string()});
            attempt(finops, "create_cost_center", center);
        }
    }
}

/// After a kill a thing may be there already, or not be there.
fn attempt(finops: &Finops, operation: &str, params: Value) {
    if let Err(error) = finops.call(operation, params, &()) {
        let code = error.code().as_str();
        assert!(["conflict", "not_found"].contains(&code), "{operation}: {error}");
    }
}

/// Not a test by itself: changes things until it is killed.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let finops = open(Path::new(&job[0]));
    let first: u64 = job[1].parse().unwrap();
    eprintln!("opened");
    // Should the parent be gone, this ends by itself.
    for number in first..first + 5_000 {
        step(&finops, number);
        eprintln!("done {number} {}", verdict(&finops).entries);
    }
}

#[test]
fn the_log_and_what_is_defined_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("store");
    drop(open(&location));
    let (mut next, mut acknowledged, mut unacknowledged) = (0_u64, 0_u64, 0);
    for kill in 0..KILLS {
        let job = [location.to_str().unwrap(), &next.to_string()];
        let mut child = Child::start("audit::killed::child", &job);
        child.until("opened");
        // Some die in their first steps, however slow this machine is, and most after a while.
        let mut said: Vec<String> = (0..kill % 4 * 8).map_while(|_| child.line()).collect();
        std::thread::sleep(Duration::from_micros(kill * 7_123 % 40_000));
        said.extend(child.kill());
        for line in said {
            let done = line.strip_prefix("done ").unwrap_or_else(|| panic!("{line}"));
            let (number, entries) = done.split_once(' ').unwrap();
            (next, acknowledged) = (number.parse::<u64>().unwrap() + 1, entries.parse().unwrap());
        }
        let finops = open(&location);
        let (verdict, entries) = (verdict(&finops), entries(&finops));
        assert!(verdict.ok, "{verdict:?}");
        // One more may have been made before the child could say so.
        let found = entries.len() as u64;
        assert!((acknowledged..=acknowledged + 1).contains(&found), "{found} entries, {acknowledged} acknowledged");
        unacknowledged += found - acknowledged;
        assert_eq!(replayed(&entries), defined(&location));
        let count = |sql: &str| state(&location).query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let logged = |kind: &str| i64::try_from(entries.iter().filter(|entry| entry.kind == kind).count()).unwrap();
        assert_eq!(logged("usage"), count("SELECT change FROM usage_state"), "voided and corrected");
        acknowledged = found;
        next += 1;
    }
    assert!(acknowledged > KILLS, "{acknowledged} changes in {KILLS} lives");
    println!("{acknowledged} changes, {KILLS} kills, {unacknowledged} of them between commit and word");
}
