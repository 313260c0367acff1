//! The checks, one subject per file, and what they share.

mod failing;
mod killed;
mod tampering;
mod together;

use finops_core::Finops;
use finops_core::engine::{AuditList, AuditVerify};
use finops_core::model::audit::{AuditEntry, AuditVerdict};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn open(folder: &Path) -> Finops {
    Finops::builder().now("2024-02-15T12:00:00Z".parse().unwrap()).open(folder.to_str().unwrap()).unwrap()
}

/// The state file, as anybody can open it.
fn state(folder: &Path) -> Connection {
    Connection::open(folder.join("state.sqlite")).unwrap()
}

/// Calls an operation and gives its answer as JSON.
fn call(finops: &Finops, operation: &str, params: Value) -> Value {
    serde_json::to_value(finops.call(operation, params, &()).unwrap()).unwrap()
}

fn team(number: u64, name: &str) -> Value {
    json!({"kind": "team", "id": format!("t{number}"), "name": name})
}

fn verdict(finops: &Finops) -> AuditVerdict {
    finops.audit_verify(&AuditVerify::default()).unwrap()
}

/// All entries, the oldest first.
fn entries(finops: &Finops) -> Vec<AuditEntry> {
    let mut entries = Vec::new();
    loop {
        let offset = Some(i64::try_from(entries.len()).unwrap());
        let page = finops.audit_list(&AuditList { limit: Some(1000), offset, ..AuditList::default() }).unwrap();
        if page.items.is_empty() {
            entries.reverse();
            return entries;
        }
        entries.extend(page.items);
    }
}

/// What is defined, by kind and key.
type Definitions = BTreeMap<(String, String), Value>;

/// What is defined, as the log says: the last word on each, where it is not gone.
fn replayed(entries: &[AuditEntry]) -> Definitions {
    let mut definitions = Definitions::new();
    for entry in entries {
        let key = (entry.kind.clone(), entry.key.clone());
        // What was voided or corrected, and what was closed, defines nothing.
        if ["usage", "statement", "allocation_close"].contains(&entry.kind.as_str()) {
            continue;
        }
        let before = definitions.get(&key).cloned();
        assert_eq!(serde_json::to_value(&entry.before).unwrap(), before.unwrap_or_default(), "entry {}", entry.seq);
        match &entry.after {
            Some(after) => definitions.insert(key, serde_json::to_value(after).unwrap()),
            None => definitions.remove(&key),
        };
    }
    definitions
}

/// What is defined, as the tables of definitions say.
fn defined(folder: &Path) -> Definitions {
    let state = state(folder);
    let rows = |sql: &str| -> Vec<(String, String, Value)> {
        let mut statement = state.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))).unwrap();
        let parsed =
            rows.map(Result::unwrap).map(|(kind, key, json)| (kind, key, serde_json::from_str(&json).unwrap()));
        parsed.collect()
    };
    let mut definitions = Definitions::new();
    let mut tables = rows("SELECT 'catalog', kind || '/' || id, entry FROM catalog");
    tables.extend(rows("SELECT 'virtual_dimension', name, definition FROM virtual_dimensions"));
    tables.extend(rows("SELECT 'meter', definition ->> 'slug', definition FROM usage_meters"));
    let versions = "SELECT kind, key, body FROM definitions WHERE kind <> 'meter' ORDER BY kind, key";
    // A later version takes the place of an earlier one; one that says so leaves nothing.
    tables.extend(rows(versions).into_iter().map(|(kind, key, body)| {
        let key = key.split('.').next().filter(|_| kind == "price").map(str::to_owned).unwrap_or(key);
        (kind, key, body)
    }));
    for (kind, key, body) in tables {
        if body["deleted"] == true {
            definitions.remove(&(kind, key));
        } else {
            definitions.insert((kind, key), body);
        }
    }
    definitions
}
