//! Anomalies of plain series: the cases of `tests/vectors/series/anomalies.json`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

use finops_core::engine::detect_in_series;
use finops_core::insight::anomaly::Detection;
use finops_core::{Error, Result};
use serde_json::{Value, json};

#[test]
fn every_case_holds() {
    let vector: Value = serde_json::from_str(include_str!("vectors/series/anomalies.json")).unwrap();
    let cases = vector["cases"].as_array().unwrap();
    assert!(cases.len() >= 15, "only {} cases", cases.len());
    for case in cases {
        let about = case["about"].as_str().expect("a case says what it is about");
        match (detect(&case["params"]), case.get("answer"), case.get("error")) {
            (Ok(found), Some(answer), None) => holds(about, &found, answer),
            (Err(error), None, Some(wanted)) => fails(about, &error, wanted),
            (outcome, ..) => panic!("{about}: {outcome:?}"),
        }
    }
}

fn detect(params: &Value) -> Result<Detection> {
    let mut options = params.clone();
    let values = options.as_object_mut().unwrap().remove("values").unwrap();
    let values = values.as_array().unwrap().iter().map(Value::as_f64).collect();
    detect_in_series(values, options)
}

fn holds(about: &str, found: &Detection, answer: &Value) {
    let told = serde_json::to_value(&found.anomalies).unwrap();
    let (told, wanted) = (told.as_array().unwrap(), answer["anomalies"].as_array().unwrap());
    assert_eq!(told.len(), wanted.len(), "{about}: {told:?}");
    for (told, wanted) in told.iter().zip(wanted) {
        for (key, value) in wanted.as_object().unwrap() {
            assert!(same(&told[key], value), "{about}: {key} is {}, not {value}", told[key]);
        }
    }
    for (place, wanted) in answer.get("expected").and_then(Value::as_object).into_iter().flatten() {
        let expected = json!(found.expected[place.parse::<usize>().unwrap()]);
        assert!(same(&expected, wanted), "{about}: {expected} is expected of {place}, not {wanted}");
    }
}

fn fails(about: &str, error: &Error, wanted: &Value) {
    assert_eq!(error.code().as_str(), wanted["code"], "{about}");
    assert_eq!(error.field(), wanted["field"].as_str(), "{about}");
    assert!(error.message().contains(wanted["message"].as_str().unwrap()), "{about}: {error}");
}

fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-6,
        _ => one == other,
    }
}
