//! The vectors of `tests/vectors`, run through the operations by name. Python and Node run the same files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    reason = "a test says what broke by failing"
)]

use finops_core::insight::ItemCells;
use finops_core::{Answer, Error, Finops, operations};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn vectors() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let vector = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, vector)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_vector_holds() {
    let vectors = vectors();
    assert!(vectors.len() >= 20, "only {} vectors", vectors.len());
    let failures: Vec<String> = vectors
        .iter()
        .filter_map(|(path, vector)| {
            let failure = run(vector).err()?;
            Some(format!("{}: {failure}", path.file_name().unwrap().to_string_lossy()))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), vectors.len(), failures.join("\n"));
}

#[test]
fn every_operation_has_a_vector() {
    let called: BTreeSet<String> = vectors()
        .iter()
        .flat_map(|(_, vector)| vector["steps"].as_array().unwrap().clone())
        .map(|step| step["call"].as_str().unwrap().to_owned())
        .collect();
    let missing: Vec<&str> = operations().map(|known| known.name).filter(|name| !called.contains(*name)).collect();
    assert!(missing.is_empty(), "without a vector: {missing:?}");
}

fn run(vector: &Value) -> Result<(), String> {
    only_keys("the vector", vector, &["about", "now", "files", "steps"])?;
    vector["about"].as_str().ok_or("`about` says what it shows")?;
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in vector["files"].as_object().unwrap_or(&Map::new()) {
        std::fs::write(folder.path().join(name), content.as_str().ok_or("a file is text")?).unwrap();
    }
    let options = vector.get("now").map_or(json!({}), |now| json!({ "now": now }));
    let finops = Finops::open_with(":memory:", options).map_err(|error| error.to_string())?;
    let steps = vector["steps"].as_array().filter(|steps| !steps.is_empty()).ok_or("there are no steps")?;
    let mut known = Known::from([("$DIR".to_owned(), folder.path().to_str().unwrap().to_owned())]);
    for (number, step) in (1..).zip(steps) {
        take(&finops, step, &mut known).map_err(|error| format!("step {number}, {}: {error}", step["call"]))?;
    }
    Ok(())
}

/// What stands for what in texts.
type Known = BTreeMap<String, String>;

fn take(finops: &Finops, step: &Value, known: &mut Known) -> Result<(), String> {
    only_keys("a step", step, &["call", "params", "answer", "error", "keep"])?;
    let params = placed(&step["params"], known);
    let operation = step["call"].as_str().ok_or("`call` names an operation")?;
    let outcome = finops.call(operation, params.clone(), &());
    if operation == "costs.breakdown" {
        same_by_column(finops, params, &outcome)?;
    }
    match (step.get("answer"), step.get("error"), outcome) {
        (Some(want), None, Ok(answer)) => {
            let answer = serde_json::to_value(answer).map_err(|error| error.to_string())?;
            matches(&placed(want, known), &answer, "answer")?;
            for (name, field) in step.get("keep").and_then(Value::as_object).unwrap_or(&Map::new()) {
                let field = field.as_str().ok_or("`keep` names a field of the answer")?;
                let text = answer[field].as_str().ok_or_else(|| format!("the answer has no text `{field}` to keep"))?;
                known.insert(format!("${name}"), text.to_owned());
            }
            Ok(())
        }
        (None, Some(want), Err(error)) => matches_error(want, &error),
        (Some(_), None, Err(error)) => Err(format!("{}: {error}", error.code())),
        (None, Some(_), Ok(answer)) => Err(format!("wanted an error, got {}", serde_json::to_string(&answer).unwrap())),
        _ => Err("a step has an answer or an error".to_owned()),
    }
}

/// By column a breakdown tells the same, cell by cell, and fails alike.
fn same_by_column(finops: &Finops, params: Value, outcome: &finops_core::Result<Answer>) -> Result<(), String> {
    let (answer, columns) = match (outcome, finops.call_by_column("costs.breakdown", params, &())) {
        (Ok(answer), Ok((without_items, Some(columns)))) => {
            let [mut answer, without_items] = [answer, &without_items].map(|one| serde_json::to_value(one).unwrap());
            let items = std::mem::replace(&mut answer["items"], json!([]));
            (answer == without_items).then_some((items, columns)).ok_or("what stands beside the items differs")?
        }
        (Err(error), Err(other)) if error.to_string() == other.to_string() => return Ok(()),
        (_, other) => return Err(format!("by column it gives {other:?}")),
    };
    let cells: Vec<(&String, Vec<Value>)> = columns
        .columns
        .iter()
        .map(|(name, cells)| {
            let cells = match cells {
                ItemCells::Texts(cells) => serde_json::to_value(cells.iter().collect::<Vec<_>>()),
                ItemCells::Times(cells) => serde_json::to_value(cells),
                ItemCells::Decimals(cells) => serde_json::to_value(cells.iter().collect::<Vec<_>>()),
                ItemCells::Counts(cells) => serde_json::to_value(cells),
                other => panic!("{other:?} is not known here"),
            };
            (name, cells.unwrap().as_array().unwrap().clone())
        })
        .collect();
    let row =
        |row: usize| -> Value { cells.iter().map(|(name, cells)| ((*name).clone(), cells[row].clone())).collect() };
    let rows: Vec<Value> = (0..columns.rows).map(row).collect();
    (Value::Array(rows) == answer).then_some(()).ok_or_else(|| "an item differs by column".to_owned())
}

/// The value with `$DIR` in its texts replaced by the folder, and names by what was kept under them.
fn placed(value: &Value, known: &Known) -> Value {
    match value {
        Value::String(text) => {
            // From the end, so that a name goes before another one that it starts with.
            known.iter().rev().fold(text.clone(), |text, (name, kept)| text.replace(name, kept)).into()
        }
        Value::Array(items) => items.iter().map(|item| placed(item, known)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), placed(value, known))).collect(),
        other => other.clone(),
    }
}

/// Objects by the fields that are wanted, lists whole and in order, everything else exactly.
fn matches(want: &Value, got: &Value, place: &str) -> Result<(), String> {
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => want.iter().try_for_each(|(name, want)| {
            let got = got.get(name).ok_or_else(|| format!("{place} has no {name}"))?;
            matches(want, got, &format!("{place}.{name}"))
        }),
        (Value::Array(want), Value::Array(got)) => {
            if want.len() != got.len() {
                let got = Value::from(got.clone());
                return Err(format!("{place} has not {} items: {got}", want.len()));
            }
            let items = want.iter().zip(got).enumerate();
            items.into_iter().try_for_each(|(number, (want, got))| matches(want, got, &format!("{place}[{number}]")))
        }
        _ if want == got => Ok(()),
        _ => Err(format!("{place}: wanted {want}, got {got}")),
    }
}

fn matches_error(want: &Value, got: &Error) -> Result<(), String> {
    only_keys("an error", want, &["code", "field", "says"])?;
    if want["code"].as_str() != Some(got.code().as_str()) {
        return Err(format!("wanted {}, got {}: {got}", want["code"], got.code()));
    }
    if want.get("field").is_some_and(|field| field.as_str() != got.field()) {
        return Err(format!("wanted field {}, got {:?}: {got}", want["field"], got.field()));
    }
    match want.get("says").and_then(Value::as_str) {
        Some(says) if !got.message().contains(says) => Err(format!("does not say '{says}': {got}")),
        _ => Ok(()),
    }
}

/// A misspelled key would check nothing.
fn only_keys(what: &str, value: &Value, known: &[&str]) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| format!("{what} is an object"))?;
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{what} has no `{key}`")),
        None => Ok(()),
    }
}

#[test]
fn a_wrong_vector_is_found() {
    let step = |step: Value| json!({"about": "x", "now": "2024-01-01T00:00:00Z", "steps": [step]});
    let right = json!({"call": "tick", "params": {}, "answer": {"now": "2024-01-01T00:00:00Z"}});
    assert_eq!(run(&step(right)), Ok(()));
    for (wrong, says) in [
        (json!({"call": "tick", "params": {}, "answer": {"now": "2024-01-01"}}), "wanted"),
        (json!({"call": "tick", "params": {}, "answer": {"then": null}}), "has no then"),
        (json!({"call": "tick", "params": {}, "answers": {}}), "has no `answers`"),
        (json!({"call": "tick", "params": {}}), "an answer or an error"),
        (json!({"call": "tick", "params": {}, "answer": {}, "keep": {"ID": "id"}}), "no text `id` to keep"),
        (json!({"call": "tick", "params": {}, "error": {"code": "invalid_argument"}}), "wanted an error"),
        (json!({"call": "tick", "params": {"now": "x"}, "error": {"code": "storage"}}), "wanted \"storage\""),
        (json!({"call": "tick", "params": {"now": "x"}, "answer": {}}), "invalid_argument"),
        (
            json!({"call": "tick", "params": {"now": "x"}, "error": {"code": "invalid_argument", "says": "zebra"}}),
            "zebra",
        ),
        (json!({"call": "catalog.list", "params": {}, "answer": {"items": [{}]}}), "has not 1 items"),
    ] {
        let found = run(&step(wrong)).unwrap_err();
        assert!(found.contains(says), "{found}");
    }
}
