//! Killed at any moment: monitors that were acknowledged are there, and so is the last word on each anomaly.

use crate::world::engine;
use finops_core::Finops;
use finops_core::model::id::Id;
use finops_core::model::time::Stamp;
use finops_tests::support::{Child, answer, job};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ME: &str = "kill::what_was_acknowledged_is_there";
const NOW: &str = "2024-03-25T09:00:00Z";
/// How many anomalies are spoken of in turn, and how many monitors there are at most.
const ANOMALIES: u64 = 5;
const MONITORS: u64 = 4;

fn anomaly(number: u64) -> String {
    let day = Stamp::from_micros(i64::try_from(number % ANOMALIES).unwrap() * 86_400_000_000).unwrap();
    Id::<finops_core::model::id::Anomaly>::new(day, [1; 10]).to_string()
}

/// What step `number` says of its anomaly; nothing where it takes back what was said.
fn note(number: u64) -> Option<String> {
    (!number.is_multiple_of(7)).then(|| format!("note {number}"))
}

/// Says something, and makes, changes or deletes a monitor; a tenant by turns with the platform.
fn step(finops: &Finops, number: u64) {
    let tenant = finops.as_tenant("ten_1").unwrap();
    let handle = if number.is_multiple_of(2) { finops } else { &tenant };
    let said = match note(number) {
        Some(note) => json!({"id": anomaly(number), "feedback": "useful", "note": note}),
        None => json!({"id": anomaly(number)}),
    };
    answer(handle, "costs.anomaly_feedback", said);
    eprintln!("said {number}");
    let all = monitors(finops);
    let changed = all.iter().find(|(_, name)| name.ends_with(&format!(" {}", number % MONITORS)));
    let name = format!("monitor {number} {}", number % MONITORS);
    match changed {
        Some((id, _)) if number.is_multiple_of(3) => {
            answer(finops, "anomaly_monitors.delete", json!({ "id": id }));
        }
        Some((id, _)) => {
            answer(finops, "anomaly_monitors.update", json!({"id": id, "name": name}));
        }
        None => {
            answer(handle, "anomaly_monitors.create", json!({ "name": name }));
        }
    }
    eprintln!("watched {number} {}", json!(monitors(finops)));
}

/// The monitors that there are: their ids and names.
fn monitors(finops: &Finops) -> BTreeMap<String, String> {
    let page = answer(finops, "anomaly_monitors.list", json!({"limit": 1000}));
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(|one| (word(&one["id"]), word(&one["name"]))).collect()
}

/// The last words as the store has them: by narrowing and anomaly, the note.
fn last_words(location: &str) -> BTreeMap<(bool, String), String> {
    let state = rusqlite::Connection::open(format!("{location}/state.sqlite")).unwrap();
    let mut statement = state.prepare("SELECT narrowing, anomaly, body FROM anomaly_feedback").unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, String>(2)?));
    let rows = statement.query_map([], row).unwrap().map(Result::unwrap);
    let read = |(narrowing, anomaly, body): (String, String, String)| {
        let body: Value = serde_json::from_str(&body).unwrap();
        ((narrowing.is_empty(), anomaly), body["note"].as_str().unwrap().to_owned())
    };
    rows.map(read).collect()
}

/// What the steps up to a number leave of what was said.
fn said_up_to(said: u64) -> BTreeMap<(bool, String), String> {
    let mut words = BTreeMap::new();
    for number in 1..=said {
        let key = (number.is_multiple_of(2), anomaly(number));
        match note(number) {
            Some(note) => drop(words.insert(key, note)),
            None => drop(words.remove(&key)),
        }
    }
    words
}

#[test]
fn what_was_acknowledged_is_there() {
    if let Some(words) = job() {
        let finops = engine(&words[0], NOW);
        let first: u64 = words[1].parse().unwrap();
        eprintln!("opened");
        // Should the parent be gone, this ends by itself.
        return (first..first + 5_000).for_each(|number| step(&finops, number));
    }
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("store");
    let location = location.to_str().unwrap();
    let (mut said, mut watched, mut next) = (0, json!({}), 1_u64);
    for lines in [1_usize, 2, 3, 6, 11, 18, 30, 51] {
        let mut child = Child::start(ME, &[location, &next.to_string()]);
        child.until("opened");
        let mut lived: Vec<String> = (0..lines).map_while(|_| child.line()).collect();
        lived.extend(child.kill());
        for line in &lived {
            match line.split_once(' ').unwrap() {
                ("said", number) => said = number.parse().unwrap(),
                (_, rest) => watched = serde_json::from_str(rest.split_once(' ').unwrap().1).unwrap(),
            }
        }
        let is_said_last = lived.last().is_some_and(|line| line.starts_with("said"));
        let finops = engine(location, NOW);
        // One more thing may have been written before the child could say so.
        let found = last_words(location);
        let further = if is_said_last { said } else { said + 1 };
        assert!([said_up_to(said), said_up_to(further)].contains(&found), "{said}: {found:?}");
        let now = json!(monitors(&finops));
        assert!(now == watched || (is_said_last && is_one_step(&watched, &now)), "{watched} became {now}");
        (said, watched, next) = (further, now, further + 1);
        if !is_said_last && found == said_up_to(further - 1) {
            (said, next) = (further - 1, further);
        }
    }
    assert!(said > 30, "{said}");
}

/// Whether one monitor was made, renamed or deleted.
fn is_one_step(before: &Value, after: &Value) -> bool {
    let (before, after) = (before.as_object().unwrap(), after.as_object().unwrap());
    let changed = after.iter().filter(|(id, name)| before.get(*id) != Some(name)).count();
    let gone = before.keys().filter(|id| !after.contains_key(*id)).count();
    changed + gone == 1
}
