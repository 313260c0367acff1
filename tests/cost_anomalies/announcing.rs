//! Who is told of anomalies: each once, whatever happens.

use crate::world::{anomalies, date, engine, import, number, spike, told, usual, with_spike};
use chrono::NaiveDate;
use finops_core::{ErrorCode, Finops};
use finops_tests::support::{answer, call};
use serde_json::{Value, json};

fn tick(finops: &Finops, now: &str) {
    finops.tick(Some(now.parse().unwrap())).unwrap();
}

#[allow(clippy::needless_pass_by_value, reason = "callers write JSON in the call")]
fn monitor(finops: &Finops, form: Value) -> String {
    answer(finops, "anomaly_monitors.create", form)["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_anomaly_is_told_once_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let finops = with_spike(store.to_str().unwrap(), folder.path());
    let id = monitor(&finops, json!({"name": "Tenants", "group_by": "tenant", "minimum_impact": 50}));
    let made = answer(
        &finops,
        "webhooks.create",
        json!({"url": "https://hooks.example.com",
        "events": ["finops.anomaly.detected"]}),
    );
    tick(&finops, "2024-03-25T09:01:00Z");
    let events = told(&finops);
    let [event] = events.as_slice() else { panic!("one, not {events:?}") };
    let found = anomalies(&finops, json!({"group_by": "tenant"}));
    assert_eq!((&event["anomaly_id"], &event["monitor_id"]), (&found[0]["id"], &json!(id)));
    assert_eq!(event["group"], json!([{"dimension": "tenant", "value": "ten_2"}]));
    assert_eq!((&event["start"], &event["kind"]), (&json!("2024-03-20"), &json!("spike")));
    assert_eq!((&event["impact"], &event["currency"]), (&found[0]["impact"], &json!("USD")));
    assert_eq!(event["drivers"][0]["value"], "Compute");
    let deliveries = answer(&finops, "webhooks.deliveries", json!({"id": made["id"]}));
    assert_eq!(deliveries["count"], 1);
    assert_eq!(answer(&finops, "anomaly_monitors.get", json!({"id": id}))["looked_at"], "2024-03-25T09:01:00Z");
    // Another monitor of the same charges, another day, another process: nobody is told again.
    monitor(&finops, json!({"name": "Tenants again", "group_by": "tenant", "threshold": "1.5", "minimum_impact": 50}));
    tick(&finops, "2024-03-25T12:00:00Z");
    tick(&finops, "2024-03-26T12:00:00Z");
    drop(finops);
    let finops = engine(store.to_str().unwrap(), "2024-03-26T13:00:00Z");
    tick(&finops, "2024-03-26T13:01:00Z");
    assert_eq!(told(&finops).len(), 1);
}

#[test]
fn what_grows_and_what_is_restated_is_not_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2024-03-13T09:00:00Z");
    let from = |start: &'static str| {
        move |day: NaiveDate, _: &str, _: &str| usual(day) * if day >= date(start) { 2.0 } else { 1.0 }
    };
    monitor(&finops, json!({"name": "All"}));
    import(&finops, folder.path(), "acct-1", ("2024-01-01", "2024-03-13"), &from("2024-03-12"));
    tick(&finops, "2024-03-13T09:00:00Z");
    assert_eq!(told(&finops).len(), 1);
    for (day, start) in [("2024-03-14", "2024-03-12"), ("2024-03-15", "2024-03-12"), ("2024-03-16", "2024-03-11")] {
        finops.tick(Some(format!("{day}T09:00:00Z").parse().unwrap())).unwrap();
        import(&finops, folder.path(), "acct-1", ("2024-03-01", day), &from(start));
        finops.tick(Some(format!("{day}T09:05:00Z").parse().unwrap())).unwrap();
    }
    assert_eq!(told(&finops).len(), 1, "{:?}", told(&finops));
    assert_eq!(told(&finops)[0]["start"], "2024-03-12");
}

#[test]
fn whoever_looks_at_the_same_time_tells_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let finops = with_spike(":memory:", folder.path());
    for place in 0..4 {
        monitor(&finops, json!({"name": format!("m{place}"), "group_by": "service"}));
    }
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| finops.tick(None).unwrap());
        }
    });
    assert_eq!(told(&finops).len(), 1, "{:?}", told(&finops));
}

#[test]
fn what_was_to_be_expected_is_told_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let finops = with_spike(":memory:", folder.path());
    let id = anomalies(&finops, json!({}))[0]["id"].clone();
    answer(&finops, "costs.anomaly_feedback", json!({"id": id, "feedback": "expected"}));
    monitor(&finops, json!({"name": "All"}));
    finops.tick(None).unwrap();
    assert_eq!(told(&finops), [Value::Null; 0]);
    // A month later the like of it comes again, and then something larger.
    let again = |amount: f64| {
        move |day: NaiveDate, tenant: &str, service: &str| {
            let is_one = day == date("2024-04-19") && (tenant, service) == ("ten_1", "Queue");
            spike(day, tenant, service) + if is_one { amount } else { 0.0 }
        }
    };
    tick(&finops, "2024-04-22T09:00:00Z");
    import(&finops, folder.path(), "acct-1", ("2024-03-01", "2024-04-22"), &again(320.0));
    finops.tick(None).unwrap();
    assert_eq!(told(&finops), [Value::Null; 0], "the like of it");
    import(&finops, folder.path(), "acct-1", ("2024-04-01", "2024-04-22"), &again(900.0));
    tick(&finops, "2024-04-22T11:00:00Z");
    assert_eq!(told(&finops).len(), 1, "three times as much is not the like of it");
    assert!(number(&told(&finops)[0]["impact"]) > 800.0);
}

#[test]
fn a_tenant_watches_what_is_the_tenants() {
    let folder = tempfile::tempdir().unwrap();
    let finops = with_spike(":memory:", folder.path());
    let (tenant, other) = (finops.as_tenant("ten_2").unwrap(), finops.as_tenant("ten_1").unwrap());
    let id = monitor(&tenant, json!({"name": "Ours"}));
    monitor(&other, json!({"name": "Theirs"}));
    for handle in [&other, &finops.as_tenant("ten_3").unwrap()] {
        for (operation, params) in [
            ("anomaly_monitors.get", json!({"id": id})),
            ("anomaly_monitors.update", json!({"id": id, "name": "x"})),
            ("anomaly_monitors.delete", json!({"id": id})),
        ] {
            assert_eq!(call(handle, operation, params).unwrap_err().code(), ErrorCode::NotFound, "{operation}");
        }
    }
    assert_eq!(answer(&tenant, "anomaly_monitors.list", json!({}))["count"], 1);
    assert_eq!(answer(&finops, "anomaly_monitors.list", json!({}))["count"], 2);
    finops.tick(None).unwrap();
    let events = told(&finops);
    assert_eq!((events.len(), &events[0]["tenant_id"]), (1, &json!("ten_2")));
    assert_eq!(events[0]["anomaly_id"], anomalies(&tenant, json!({}))[0]["id"]);
}

#[test]
fn a_monitor_that_cannot_be_told_says_so_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let finops = with_spike(":memory:", folder.path());
    let wrong = monitor(&finops, json!({"name": "In euros", "currency": "EUR"}));
    let off = monitor(&finops, json!({"name": "Off", "enabled": false, "group_by": "tenant"}));
    monitor(&finops, json!({"name": "All"}));
    finops.tick(None).unwrap();
    assert_eq!(told(&finops).len(), 1);
    let standing = answer(&finops, "anomaly_monitors.get", json!({"id": wrong}));
    assert!(standing["error"].as_str().unwrap().contains("EUR"), "{standing}");
    answer(
        &finops,
        "anomaly_monitors.update",
        json!({"id": wrong, "exchange_rates": {"USD": "0.9"}, "days": 30,
        "group_by": "service"}),
    );
    answer(&finops, "anomaly_monitors.update", json!({"id": off, "enabled": true}));
    finops.tick(None).unwrap();
    let standing = answer(&finops, "anomaly_monitors.get", json!({"id": wrong}));
    assert_eq!((&standing["error"], &standing["days"]), (&Value::Null, &json!(30)));
    assert_eq!(told(&finops).len(), 3, "a changed monitor looks again");
    answer(&finops, "anomaly_monitors.delete", json!({"id": wrong}));
    assert_eq!(call(&finops, "anomaly_monitors.get", json!({"id": wrong})).unwrap_err().code(), ErrorCode::NotFound);
    let log = answer(&finops, "audit.list", json!({"kind": "anomaly_monitor", "limit": 1}));
    assert_eq!(log["items"][0]["action"], "delete");
}

#[test]
fn a_virtual_dimension_that_is_watched_stays() {
    let finops = engine(":memory:", "2024-03-25T09:00:00Z");
    let missing = call(&finops, "anomaly_monitors.create", json!({"name": "m", "group_by": "virtual:line"}));
    assert_eq!(missing.unwrap_err().field(), Some("group_by"));
    answer(
        &finops,
        "virtual_dimensions.set",
        json!({"name": "line",
        "rules": [{"value": "cards", "when": {"service": "Queue"}}]}),
    );
    let id = monitor(&finops, json!({"name": "Lines", "group_by": "virtual:line"}));
    let error = call(&finops, "virtual_dimensions.delete", json!({"name": "line"})).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert!(error.message().contains("the monitor 'Lines'"), "{error}");
    answer(&finops, "anomaly_monitors.delete", json!({"id": id}));
    answer(&finops, "virtual_dimensions.delete", json!({"name": "line"}));
}
