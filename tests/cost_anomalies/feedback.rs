//! What is said of anomalies: remembered, apart for each narrowing, in the log of changes.

use crate::world::{anomalies, date, engine, import, usual, with_spike};
use chrono::NaiveDate;
use finops_core::ErrorCode;
use finops_tests::support::{answer, call};
use serde_json::{Value, json};

#[test]
fn what_is_said_is_shown_and_survives() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let finops = with_spike(store.to_str().unwrap(), folder.path());
    let id = anomalies(&finops, json!({}))[0]["id"].clone();
    let said = json!({"id": id, "feedback": "useful", "note": "a load test"});
    let kept = answer(&finops, "costs.anomaly_feedback", said);
    assert_eq!((&kept["id"], &kept["feedback"]["given_by"]), (&id, &json!("host")));
    drop(finops);
    let finops = engine(store.to_str().unwrap(), "2024-03-25T10:00:00Z");
    let shown = anomalies(&finops, json!({"feedback": "useful"}));
    assert_eq!(
        shown[0]["feedback"],
        json!({"anomaly_id": id, "feedback": "useful", "note": "a load test",
        "given_by": "host", "given_at": "2024-03-25T09:00:00Z"})
    );
    for (filter, count) in [("expected", 0), ("not_useful", 0), ("none", 0)] {
        assert_eq!(anomalies(&finops, json!({"feedback": filter})).len(), count, "{filter}");
    }
    answer(&finops, "costs.anomaly_feedback", json!({"id": id}));
    assert_eq!(anomalies(&finops, json!({"feedback": "none"}))[0]["feedback"], Value::Null);
    let log = answer(&finops, "audit.list", json!({"kind": "anomaly_feedback"}));
    let actions: Vec<&Value> = log["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["delete", "create"]);
}

#[test]
fn tenants_and_the_platform_each_have_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let finops = with_spike(":memory:", folder.path());
    let (tenant, other) = (finops.as_tenant("ten_2").unwrap(), finops.as_tenant("ten_1").unwrap());
    let id = anomalies(&tenant, json!({}))[0]["id"].clone();
    answer(&tenant, "costs.anomaly_feedback", json!({"id": id, "feedback": "expected"}));
    answer(&other, "costs.anomaly_feedback", json!({"id": id, "feedback": "not_useful"}));
    let of_platform = || anomalies(&finops, json!({"group_by": "tenant"}))[0]["feedback"]["feedback"].clone();
    assert_eq!(of_platform(), Value::Null);
    answer(&finops, "costs.anomaly_feedback", json!({"id": id, "feedback": "useful"}));
    assert_eq!(of_platform(), "useful");
    assert_eq!(anomalies(&tenant, json!({}))[0]["feedback"]["feedback"], "expected");
    answer(&other, "costs.anomaly_feedback", json!({"id": id}));
    assert_eq!(anomalies(&tenant, json!({}))[0]["feedback"]["feedback"], "expected", "not by another");
}

#[test]
fn what_cannot_be_said_is_refused() {
    let finops = engine(":memory:", "2024-03-25T09:00:00Z");
    let id = "ano_01hr5zqg000000000000000000";
    for (said, field) in [
        (json!({"id": "ano_1", "feedback": "useful"}), "id"),
        (json!({"id": id, "feedback": "fine"}), "feedback"),
        (json!({"id": id, "note": "why"}), "note"),
        (json!({"id": id, "feedback": "useful", "note": "x".repeat(4_097)}), "note"),
    ] {
        let error = call(&finops, "costs.anomaly_feedback", said).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some(field)));
    }
    answer(&finops, "costs.anomaly_feedback", json!({"id": id}));
}

#[test]
fn the_like_of_what_was_expected_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2024-03-25T09:00:00Z");
    // What comes each month on the same day is learnt: this comes every two months, and a day off.
    let twice = |day: NaiveDate, _: &str, _: &str| {
        let more = [(date("2024-01-19"), 100.0), (date("2024-03-20"), 140.0)];
        usual(day) + more.iter().find(|(fee, _)| *fee == day).map_or(0.0, |(_, more)| *more)
    };
    import(&finops, folder.path(), "acct-1", ("2023-11-01", "2024-03-25"), &twice);
    let found = || {
        let mut found = anomalies(&finops, json!({"days": 100}));
        found.sort_by_key(|anomaly| anomaly["start"].as_str().unwrap().to_owned());
        found
    };
    let before = found();
    assert_eq!(before.len(), 2, "{before:?}");
    assert_eq!((&before[1]["start"], &before[1]["recurs"]), (&json!("2024-03-20"), &Value::Null));
    answer(&finops, "costs.anomaly_feedback", json!({"id": before[0]["id"], "feedback": "expected"}));
    let after = found();
    assert_eq!((&after[0]["recurs"], &after[1]["recurs"]), (&Value::Null, &before[0]["id"]));
}
