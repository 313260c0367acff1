//! Finding anomalies: which days, whose, why, and what is no evidence.

use crate::world::{anomalies, date, engine, import, number, spike, usual, with_spike};
use chrono::{Days, NaiveDate};
use finops_core::insight::anomaly::{Anomaly, AnomalyDetector, Detection, Direction, Kind, Settings};
use finops_core::insight::forecast::Series;
use finops_core::{Error, ErrorCode, Finops};
use finops_tests::support::{answer, call};
use serde_json::{Value, json};
use std::sync::Arc;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_spike_is_found_with_what_drove_it() {
    let folder = folder();
    let finops = with_spike(":memory:", folder.path());
    let found = anomalies(&finops, json!({}));
    let [spike] = found.as_slice() else { panic!("one, not {found:?}") };
    assert_eq!((&spike["start"], &spike["end"]), (&json!("2024-03-20"), &json!("2024-03-20")));
    assert_eq!((&spike["kind"], &spike["direction"]), (&json!("spike"), &json!("up")));
    assert_eq!((&spike["duration_days"], &spike["group"]), (&json!(1), &json!({})));
    let paid = 4.0 * usual(date("2024-03-20")) + 300.0;
    assert!((number(&spike["actual"]) - paid).abs() < 1e-9, "exact: {}", spike["actual"]);
    let (expected, impact) = (number(&spike["expected"]), number(&spike["impact"]));
    assert!((expected + impact - paid).abs() < 1e-9 && (impact - 300.0).abs() < 15.0, "{spike}");
    let drivers = spike["drivers"].as_array().unwrap();
    for (dimension, value) in [("service", "Compute"), ("tenant", "ten_2")] {
        let driver = drivers.iter().find(|driver| driver["dimension"] == dimension).unwrap();
        assert_eq!(driver["value"], value, "{drivers:?}");
        assert!(number(&driver["share"]) > 0.95, "{driver}");
        assert!((number(&driver["impact"]) - 300.0).abs() < 10.0, "{driver}");
    }
    assert!(!drivers.iter().any(|driver| driver["dimension"] == "account"), "there is but one: {drivers:?}");
    assert_eq!(spike["usage"], Value::Null);
}

#[test]
fn an_anomaly_has_the_same_id_however_it_is_asked_for() {
    let folder = folder();
    let finops = with_spike(":memory:", folder.path());
    let by_group = anomalies(&finops, json!({"group_by": ["tenant"]}));
    assert_eq!(by_group.len(), 1, "{by_group:?}");
    assert_eq!(by_group[0]["group"], json!({"tenant_id": "ten_2", "tenant_name": null}));
    let id = &by_group[0]["id"];
    for (request, why) in [
        (json!({"filter": {"tenant": "ten_2"}}), "by filter"),
        (json!({"group_by": "tenant", "threshold": "1.5", "days": 90, "minimum_impact": 10}), "other settings"),
        (json!({"group_by": "tenant", "as_of": 3}), "another state"),
    ] {
        let found = anomalies(&finops, request);
        assert!(found.iter().any(|anomaly| anomaly["id"] == *id), "{why}: {found:?}");
    }
    let own = anomalies(&finops.as_tenant("ten_2").unwrap(), json!({}));
    assert_eq!(&own[0]["id"], id, "on the tenant's handle");
    assert!(anomalies(&finops.as_tenant("ten_1").unwrap(), json!({})).is_empty(), "nobody else sees it");
    assert_ne!(&anomalies(&finops, json!({}))[0]["id"], id, "everything together is another scope");
    assert_ne!(&anomalies(&finops, json!({"filter": {"tenant": "ten_2"}, "view": "list"}))[0]["id"], id);
}

/// From that day on, twice the cost of a service.
fn shift(day: NaiveDate, _: &str, service: &str) -> f64 {
    usual(day) * if day >= date("2024-03-12") && service == "Queue" { 2.0 } else { 1.0 }
}

#[test]
fn one_record_grows_with_the_days() {
    let folder = folder();
    let finops = engine(":memory:", "2024-03-13T09:00:00Z");
    import(&finops, folder.path(), "acct-1", ("2024-01-01", "2024-03-13"), &shift);
    let first = anomalies(&finops, json!({"filter": {"service": "Queue"}}));
    assert_eq!((first.len(), &first[0]["ongoing"]), (1, &json!(true)), "{first:?}");
    finops.tick(Some("2024-03-17T09:00:00Z".parse().unwrap())).unwrap();
    import(&finops, folder.path(), "acct-1", ("2024-03-01", "2024-03-17"), &shift);
    let later = anomalies(&finops, json!({"filter": {"service": "Queue"}}));
    assert_eq!(later.len(), 1, "{later:?}");
    assert_eq!((&later[0]["id"], &later[0]["start"]), (&first[0]["id"], &json!("2024-03-12")));
    assert!(number(&later[0]["impact"]) > number(&first[0]["impact"]), "{later:?}");
    assert!(later[0]["duration_days"].as_u64() > first[0]["duration_days"].as_u64());
}

#[test]
fn days_that_are_not_whole_are_no_evidence() {
    let folder = folder();
    let finops = engine(":memory:", "2024-03-25T09:00:00Z");
    import(&finops, folder.path(), "acct-1", ("2024-01-01", "2024-03-25"), &|day, _, _| usual(day));
    // A second account is behind: until it is there, less cost is no drop.
    let both = |until: &str| {
        import(&finops, folder.path(), "acct-2", ("2024-01-01", until), &|day, _, _| usual(day));
    };
    both("2024-03-21");
    assert!(anomalies(&finops, json!({})).is_empty());
    let health = answer(&finops, "costs.anomalies", json!({}))["data_health"].clone();
    assert_eq!((&health["partial_days"], &health["complete"]), (&json!(4), &json!(false)));
    both("2024-03-25");
    assert!(anomalies(&finops, json!({})).is_empty());
    // Today is not over, however much it costs already.
    import(&finops, folder.path(), "acct-3", ("2024-03-25", "2024-03-26"), &|_, _, _| 1000.0);
    assert!(anomalies(&finops, json!({})).is_empty());
}

#[test]
fn a_gap_is_no_disappearance() {
    let folder = folder();
    let finops = engine(":memory:", "2024-03-25T09:00:00Z");
    import(&finops, folder.path(), "acct-1", ("2024-01-01", "2024-02-11"), &|day, _, _| usual(day));
    import(&finops, folder.path(), "acct-1", ("2024-03-01", "2024-03-25"), &|day, _, _| usual(day));
    let found = answer(&finops, "costs.anomalies", json!({"days": 80}));
    assert_eq!((&found["count"], &found["data_health"]["missing_days"]), (&json!(0), &json!(19)), "{found}");
}

#[test]
fn what_is_too_short_to_judge_is_said_to_be_so() {
    let folder = folder();
    let finops = engine(":memory:", "2024-01-20T09:00:00Z");
    import(&finops, folder.path(), "acct-1", ("2024-01-01", "2024-01-20"), &spike);
    let found = answer(&finops, "costs.anomalies", json!({"group_by": "service"}));
    let figures = [&found["count"], &found["groups_judged"], &found["groups_too_short"]];
    assert_eq!(figures, [&json!(0), &json!(0), &json!(2)]);
    assert_eq!(
        found["period"],
        json!({"days": 30, "start": "2023-12-21", "end": "2024-01-19", "threshold": "2",
        "minimum_impact": "0"})
    );
}

#[test]
fn a_minimum_a_window_and_a_status_narrow_the_answer() {
    let folder = folder();
    let finops = with_spike(":memory:", folder.path());
    assert!(anomalies(&finops, json!({"minimum_impact": 400})).is_empty());
    assert_eq!(anomalies(&finops, json!({"days": 5})).len(), 1);
    assert!(anomalies(&finops, json!({"days": 4})).is_empty(), "the 21st to the 24th");
    assert!(anomalies(&finops, json!({"status": "ongoing"})).is_empty());
    assert_eq!(anomalies(&finops, json!({"status": "ended"})).len(), 1);
    for (request, field) in [
        (json!({"days": 0}), "days"),
        (json!({"days": 366}), "days"),
        (json!({"threshold": 0}), "threshold"),
        (json!({"minimum_impact": -1}), "minimum_impact"),
        (json!({"limit": 101}), "limit"),
        (json!({"group_by": ["tenant", "tenant"]}), "group_by"),
        (json!({"view": "allocated"}), "view"),
        (json!({"status": "over"}), "status"),
    ] {
        let error = call(&finops, "costs.anomalies", request.clone()).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some(field)), "{request}: {error}");
    }
}

#[test]
fn cost_rises_with_traffic_or_without() {
    let folder = folder();
    let finops = with_spike(":memory:", folder.path());
    let mut events = Vec::new();
    for tenant in ["ten_1", "ten_2"] {
        for offset in 0..34 {
            let day = date("2024-02-20") + Days::new(offset);
            // The meter was not there before; that is no usage of nothing.
            let calls = if tenant == "ten_2" && day == date("2024-03-20") { 400 } else { 100 };
            events.push(json!({"id": format!("{tenant}-{day}"), "resource": "api_calls", "quantity": calls,
                "tenant_id": tenant, "time": format!("{day}T06:00:00Z")}));
        }
    }
    assert_eq!(answer(&finops, "record_usage", json!({"events": events}))["rejected"], json!([]));
    let all = anomalies(&finops, json!({"filter": {"tenant": "ten_2"}, "days": 10}));
    let usage = &all[0]["usage"];
    assert_eq!(usage["changed_with_usage"], true, "{usage}");
    let meter = json!({"meter": "api_calls", "expected": "100", "actual": "400", "change_pct": "300"});
    assert_eq!(usage["meters"], json!([meter]));
    let service = anomalies(&finops, json!({"filter": {"service": "Compute"}, "days": 10}));
    assert_eq!(service[0]["usage"], Value::Null, "usage knows nothing of a provider's services");
}

/// Finds that the third day before the last costs too much.
#[derive(Debug)]
struct Third;

impl AnomalyDetector for Third {
    fn name(&self) -> &'static str {
        "third"
    }

    fn detect(&self, series: &Series, settings: &Settings) -> Result<Detection, Error> {
        let at = series.values().len() - if settings.threshold > 50.0 { 0 } else { 3 };
        let actual = series.values().get(at).copied().flatten().unwrap_or_default();
        let expected = if settings.threshold < 1.0 { f64::NAN } else { 100.5 };
        let anomaly = Anomaly {
            start_index: at,
            end_index: at,
            kind: Kind::Contextual,
            direction: Direction::Up,
            expected,
            actual,
            impact: actual - expected,
            score: 3.123_456,
            ongoing: false,
        };
        Ok(Detection { expected: vec![None; series.values().len()], anomalies: vec![anomaly] })
    }
}

#[test]
fn a_host_brings_its_own_detector() {
    let folder = folder();
    let finops = Finops::builder().now("2024-03-25T09:00:00Z".parse().unwrap()).anomaly_detector(Arc::new(Third));
    let finops = finops.open(":memory:").unwrap();
    import(&finops, folder.path(), "acct-1", ("2024-01-01", "2024-03-25"), &spike);
    let found = answer(&finops, "costs.anomalies", json!({}));
    let anomaly = &found["anomalies"][0];
    assert_eq!((&found["detector"], &anomaly["start"]), (&json!("third"), &json!("2024-03-22")));
    assert_eq!((&anomaly["expected"], &anomaly["score"]), (&json!("100.5"), &json!("3.1235")));
    for threshold in ["60", "0.5"] {
        let error = call(&finops, "costs.anomalies", json!({"threshold": threshold})).unwrap_err();
        let told = (error.code(), error.field());
        assert_eq!(told, (ErrorCode::InvalidArgument, Some("anomaly_detector")), "{threshold}: {error}");
    }
}
