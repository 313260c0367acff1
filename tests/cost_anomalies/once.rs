//! What counts as told, and what is still to be told: with a detector of which each word is known beforehand.

use crate::world::{date, engine_with, import, told, with_spike};
use chrono::NaiveDate;
use finops_core::insight::anomaly::{Anomaly, AnomalyDetector, Detection, Direction, Kind, Settings};
use finops_core::insight::forecast::Series;
use finops_core::{Error, Finops};
use finops_tests::support::answer;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Takes each day that does not cost 100 for an anomaly of its own, and says nothing while it is broken.
#[derive(Debug, Default)]
struct Hundred {
    is_broken: AtomicBool,
}

impl AnomalyDetector for Hundred {
    fn name(&self) -> &'static str {
        "hundred"
    }

    fn detect(&self, series: &Series, _: &Settings) -> Result<Detection, Error> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(Error::invalid("anomaly_detector", "is out of order"));
        }
        let mut anomalies = Vec::new();
        for (place, value) in series.values().iter().enumerate() {
            let Some(actual) = value.filter(|value| (value - 100.0).abs() > 0.5) else { continue };
            let is_more = actual > 100.0;
            anomalies.push(Anomaly {
                start_index: place,
                end_index: place,
                kind: if is_more { Kind::Spike } else { Kind::Drop },
                direction: if is_more { Direction::Up } else { Direction::Down },
                expected: 100.0,
                actual,
                impact: actual - 100.0,
                score: 2.0,
                ongoing: false,
            });
        }
        Ok(Detection { expected: vec![None; series.values().len()], anomalies })
    }
}

/// Bills from January on, without the last day, of 100 a day and what some days cost more.
fn bill(finops: &Finops, folder: &Path, until: &str, more: &[(&str, f64)]) {
    let cost = |day: NaiveDate, tenant: &str, service: &str| {
        let is_one = (tenant, service) == ("ten_1", "Queue");
        let more = more.iter().filter(|(on, _)| is_one && date(on) == day).map(|(_, more)| more);
        25.0 + more.sum::<f64>()
    };
    import(finops, folder, "acct-1", ("2024-01-01", until), &cost);
}

fn tick(finops: &Finops, now: &str) {
    finops.tick(Some(now.parse().unwrap())).unwrap();
}

/// The first days and the directions of what was told, in its order.
fn days_told(finops: &Finops) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    told(finops).iter().map(|event| (text(&event["start"]), text(&event["direction"]))).collect()
}

fn days(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(day, direction)| ((*day).to_owned(), (*direction).to_owned())).collect()
}

#[test]
fn another_spike_close_by_is_news() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine_with(Arc::new(Hundred::default()), "2024-03-13T09:00:00Z");
    answer(&finops, "anomaly_monitors.create", json!({"name": "All"}));
    bill(&finops, folder.path(), "2024-03-13", &[("2024-03-12", 50.0)]);
    tick(&finops, "2024-03-13T09:05:00Z");
    assert_eq!(days_told(&finops), days(&[("2024-03-12", "up")]));
    tick(&finops, "2024-03-15T09:00:00Z");
    bill(&finops, folder.path(), "2024-03-15", &[("2024-03-12", 50.0), ("2024-03-14", 5000.0)]);
    tick(&finops, "2024-03-15T09:05:00Z");
    assert_eq!(days_told(&finops), days(&[("2024-03-12", "up"), ("2024-03-14", "up")]));
}

#[test]
fn what_moved_is_the_same_and_what_comes_beside_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine_with(Arc::new(Hundred::default()), "2024-03-14T09:00:00Z");
    answer(&finops, "anomaly_monitors.create", json!({"name": "All"}));
    bill(&finops, folder.path(), "2024-03-14", &[("2024-03-12", 50.0)]);
    tick(&finops, "2024-03-14T09:05:00Z");
    // The bill is restated: the same spike, a day later.
    bill(&finops, folder.path(), "2024-03-14", &[("2024-03-13", 50.0)]);
    tick(&finops, "2024-03-14T10:10:00Z");
    assert_eq!(days_told(&finops), days(&[("2024-03-12", "up")]), "it moved");
    tick(&finops, "2024-03-16T09:00:00Z");
    bill(&finops, folder.path(), "2024-03-16", &[("2024-03-13", 50.0), ("2024-03-15", 5000.0)]);
    tick(&finops, "2024-03-16T09:05:00Z");
    assert_eq!(days_told(&finops), days(&[("2024-03-12", "up"), ("2024-03-15", "up")]), "what moved is another day");
}

#[test]
fn less_than_expected_is_not_more_that_moved() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine_with(Arc::new(Hundred::default()), "2024-03-14T09:00:00Z");
    answer(&finops, "anomaly_monitors.create", json!({"name": "All"}));
    bill(&finops, folder.path(), "2024-03-14", &[("2024-03-12", 50.0)]);
    tick(&finops, "2024-03-14T09:05:00Z");
    bill(&finops, folder.path(), "2024-03-14", &[("2024-03-13", -20.0)]);
    tick(&finops, "2024-03-14T10:10:00Z");
    assert_eq!(days_told(&finops), days(&[("2024-03-12", "up"), ("2024-03-13", "down")]));
}

#[test]
fn more_than_is_told_at_a_time_is_told_at_the_next_tick() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine_with(Arc::new(Hundred::default()), "2024-05-10T09:00:00Z");
    answer(&finops, "anomaly_monitors.create", json!({"name": "All", "days": 365}));
    // From January 1 to May 9: 130 days, each of which costs more than those of the year before.
    let cost = |day: NaiveDate, _: &str, _: &str| if day < date("2024-01-01") { 25.0 } else { 30.0 };
    import(&finops, folder.path(), "acct-1", ("2023-11-01", "2024-05-10"), &cost);
    for (now, count) in [("09:01", 100), ("09:02", 130), ("09:03", 130)] {
        tick(&finops, &format!("2024-05-10T{now}:00Z"));
        assert_eq!(told(&finops).len(), count, "{now}");
    }
    let ids: std::collections::BTreeSet<String> =
        told(&finops).iter().map(|event| event["anomaly_id"].to_string()).collect();
    assert_eq!(ids.len(), 130, "each once");
}

#[test]
fn a_look_that_failed_is_tried_again_after_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let detector = Arc::new(Hundred::default());
    let brought = Arc::clone(&detector);
    let finops = engine_with(brought, "2024-03-13T09:00:00Z");
    let id = answer(&finops, "anomaly_monitors.create", json!({"name": "All"}))["id"].clone();
    bill(&finops, folder.path(), "2024-03-13", &[("2024-03-12", 50.0)]);
    detector.is_broken.store(true, Ordering::SeqCst);
    tick(&finops, "2024-03-13T09:05:00Z");
    detector.is_broken.store(false, Ordering::SeqCst);
    tick(&finops, "2024-03-13T09:35:00Z");
    let standing = answer(&finops, "anomaly_monitors.get", json!({"id": id}));
    assert_eq!(standing["looked_at"], "2024-03-13T09:05:00Z");
    assert!(standing["error"].as_str().unwrap().contains("is out of order"), "{standing}");
    assert_eq!(told(&finops), [Value::Null; 0]);
    tick(&finops, "2024-03-13T10:05:00Z");
    let standing = answer(&finops, "anomaly_monitors.get", json!({"id": id}));
    assert_eq!((&standing["looked_at"], &standing["error"]), (&json!("2024-03-13T10:05:00Z"), &Value::Null));
    assert_eq!(days_told(&finops), days(&[("2024-03-12", "up")]), "of the same charges");
}

#[test]
fn the_platform_and_a_tenant_are_each_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let finops = with_spike(":memory:", folder.path());
    let tenant = finops.as_tenant("ten_2").unwrap();
    for name in ["Tenants", "Tenants again"] {
        answer(&finops, "anomaly_monitors.create", json!({"name": name, "group_by": "tenant", "minimum_impact": 50}));
        answer(&tenant, "anomaly_monitors.create", json!({"name": name, "minimum_impact": 50}));
    }
    for now in ["2024-03-25T09:01:00Z", "2024-03-26T09:01:00Z"] {
        tick(&finops, now);
        let mut events = told(&finops);
        events.sort_by_key(|event| event["tenant_id"].is_string());
        let [platforms, tenants] = events.as_slice() else { panic!("one for each, not {events:?}") };
        assert_eq!(platforms["anomaly_id"], tenants["anomaly_id"], "the ids are the same");
        assert_eq!((&platforms["tenant_id"], &tenants["tenant_id"]), (&Value::Null, &json!("ten_2")));
    }
}
