//! Windows in any zone, levels over time, groups and filters.

use super::*;
use crate::model::money::Quantity;
use crate::model::time::Stamp;
use crate::model::usage::{Aggregation, Meter, MeterSet, UsageEvent};
use crate::pipeline::metering::Rollups;
use crate::{Error, Result};
use proptest::prelude::*;
use serde_json::{Value, json};

fn stamp(text: &str) -> Stamp {
    Stamp::parse(text).unwrap()
}

fn event(time: Stamp, resource: &str, quantity: &str, tenant: &str) -> UsageEvent {
    UsageEvent::new("", time, resource, quantity.parse::<Quantity>().unwrap(), tenant)
}

fn counted(events: &[UsageEvent]) -> Rollups {
    let mut rollups = Rollups::default();
    for (sequence, event) in (1..).zip(events) {
        rollups.apply(event, sequence);
    }
    rollups
}

fn ask_at(rollups: &Rollups, now: &str, request: Value) -> Result<Value> {
    let request: UsageRequest = serde_json::from_value(request).unwrap();
    let answer = UsageQuery::new(&request, stamp(now))?.answer(rollups, &|_, _| Ok(None))?;
    Ok(serde_json::to_value(answer).unwrap())
}

fn ask(rollups: &Rollups, request: Value) -> Value {
    ask_at(rollups, "2026-12-31T00:00:00Z", request).unwrap()
}

fn refused(rollups: &Rollups, request: Value) -> Error {
    ask_at(rollups, "2026-12-31T00:10:00Z", request).unwrap_err()
}

/// A call in every quarter of an hour of some days of UTC.
fn every_quarter(from: &str, until: &str) -> Rollups {
    let quarters = (stamp(from).micros()..stamp(until).micros()).step_by(900_000_000);
    let events: Vec<UsageEvent> =
        quarters.map(|micros| event(Stamp::from_micros(micros + 123).unwrap(), "api_calls", "1", "t")).collect();
    counted(&events)
}

#[test]
fn m17_days_have_the_length_that_their_zone_gives_them() {
    for (day, zone, quarters) in [
        ("2026-03-08", "America/New_York", 23 * 4),
        ("2026-11-01", "America/New_York", 25 * 4),
        ("2026-03-29", "Europe/Berlin", 23 * 4),
        ("2026-10-25", "Europe/Berlin", 25 * 4),
        ("2026-10-04", "Australia/Lord_Howe", 23 * 4 + 2),
        ("2026-04-05", "Australia/Lord_Howe", 24 * 4 + 2),
        ("2018-11-04", "America/Sao_Paulo", 23 * 4),
        ("2026-09-06", "America/Santiago", 23 * 4),
        ("2026-04-24", "Africa/Cairo", 23 * 4),
        ("2026-06-01", "Asia/Kathmandu", 24 * 4),
        ("2026-03", "America/New_York", 743 * 4),
        ("2026-11", "America/New_York", 721 * 4),
    ] {
        let around = |days: i64| {
            let date = chrono::NaiveDate::parse_from_str(&format!("{}-01", &day[..7]), "%Y-%m-%d").unwrap();
            (date + chrono::TimeDelta::days(days)).to_string() + "T00:00:00Z"
        };
        let rollups = every_quarter(&around(-3), &around(35));
        let answer = ask(&rollups, json!({"period": day, "time_zone": zone}));
        assert_eq!(answer["items"][0]["api_calls"], json!(quarters.to_string()), "{day} in {zone}");
        let hours = ask(&rollups, json!({"period": day, "time_zone": zone, "granularity": "hourly"}));
        let points = hours["series"][0]["points"].as_array().unwrap();
        let sum: i64 = points.iter().map(|point| point["api_calls"].as_str().unwrap().parse::<i64>().unwrap()).sum();
        assert_eq!(sum, quarters, "{day} in {zone}");
        assert_eq!(points.len(), usize::try_from((quarters + 3) / 4).unwrap(), "{day} in {zone}");
    }
}

#[test]
fn m18_a_month_starts_where_its_zone_says() {
    let times = ["2024-12-31T22:59:59.999999Z", "2024-12-31T23:00:00Z", "2025-01-31T22:59:59Z", "2025-01-31T23:00:00Z"];
    let rollups = counted(&times.map(|time| event(stamp(time), "api_calls", "1", "t")));
    let answer = ask(&rollups, json!({"period": "2025-01", "time_zone": "Europe/Budapest"}));
    assert_eq!(answer["window_start"], "2024-12-31T23:00:00Z");
    assert_eq!(
        answer["items"],
        json!([{
            "tenant_id": "t", "tenant_name": null,
            "api_calls": "2", "ledger_transactions": null, "search_queries": null,
            "storage_gb": null, "compute_vcpu_seconds": null, "bandwidth_gb": null,
        }])
    );
    let april = ask(&rollups, json!({"period": "2025-04", "time_zone": "Europe/Budapest"}));
    assert_eq!((&april["window_start"], &april["count"]), (&json!("2025-03-31T22:00:00Z"), &json!(0)));
}

#[test]
fn m25_a_level_is_carried_into_the_window() {
    let storage = |time: &str, change: &str| event(stamp(time), "storage", change, "t");
    let change = |time: &str, change: &str| storage(&format!("2023-08-01T{time}:00Z"), change);
    let gb = |events: &[UsageEvent], request: Value| ask(&counted(events), request)["items"][0]["storage_gb"].clone();
    let august = json!({"period": "2023-08"});
    let changes = [
        change("00:00", "2"),
        change("01:00", "3"),
        change("01:30", "1"),
        change("02:00", "-4"),
        change("04:00", "-2"),
        change("05:00", "10"),
        change("05:30", "-10"),
    ];
    assert_eq!(gb(&changes, august.clone()), "0.02217741935483871");
    assert_eq!(gb(&[change("00:00", "1000")], august.clone()), "1000");
    assert_eq!(gb(&[change("00:00", "3"), change("00:00", "3")], august.clone()), "6");
    // Carried from the year, the month and the day before, and up to the very quarter.
    for before in ["2021-02-03T04:05:06Z", "2023-07-31T23:59:59.999999Z", "2023-08-01T00:00:00Z"] {
        assert_eq!(gb(&[storage(before, "1000")], august.clone()), "1000", "{before}");
    }
    let hour = json!({"start_date": "2023-08-10T01:30:00Z", "end_date": "2023-08-10T02:30:00Z"});
    let mixed = [
        storage("2023-08-09T22:00:00Z", "1"),
        storage("2023-08-10T01:00:00Z", "1"),
        storage("2023-08-10T02:00:00Z", "4"),
    ];
    assert_eq!(gb(&mixed, hour), "4");
    // What was given back before the window is no usage, and the tenant is not listed.
    let gone = [storage("2023-06-01T00:00:00Z", "5"), storage("2023-06-02T00:00:00Z", "-5")];
    assert_eq!(ask(&counted(&gone), august)["count"], 0);
}

#[test]
fn m25_a_level_goes_on_over_the_spans_of_a_series_but_not_ahead() {
    let storage = |time: &str, change: &str| event(stamp(time), "storage", change, "t");
    let rollups = counted(&[storage("2026-01-30T00:00:00Z", "6"), storage("2026-02-02T12:00:00Z", "-2")]);
    let request = json!({"period": "2026-02-01/2026-02-05", "granularity": "daily", "resource": "storage"});
    let answer = ask_at(&rollups, "2026-02-03T10:00:00Z", request).unwrap();
    let points = answer["series"][0]["points"].as_array().unwrap();
    let of = |name: &str| points.iter().map(|point| point[name].clone()).collect::<Vec<Value>>();
    assert_eq!(of("storage_gb"), [json!("6"), json!("5"), json!("4"), json!(null)]);
    assert_eq!(of("day")[3], "2026-02-04");
    assert_eq!(points[0].as_object().unwrap().len(), 3);
}

fn routes() -> Rollups {
    let mut meters = MeterSet::default();
    let mut requests = Meter::new("requests", Aggregation::Count, "request");
    requests.group_by = vec!["route".to_owned()];
    let mut users = Meter::new("active_users", Aggregation::UniqueCount, "user");
    (users.event, users.value_property) = (Some("requests".to_owned()), Some("who".to_owned()));
    users.filter = [("route".to_owned(), vec!["/a".to_owned()])].into();
    meters.create(requests).unwrap();
    meters.create(users).unwrap();
    let mut rollups = Rollups::new(meters);
    for (sequence, (tenant, route, who)) in
        (1..).zip([("t1", "/a", "x"), ("t1", "/a", "x"), ("t1", "/b", "y"), ("t2", "/a", "y"), ("t2", "", "z")])
    {
        let mut event = event(stamp("2026-01-05T10:20:30Z"), "requests", "1", tenant);
        event.user_id = Some(who.to_owned());
        event.properties = [("who".to_owned(), who.to_owned())].into();
        if !route.is_empty() {
            event.properties.insert("route".to_owned(), route.to_owned());
        }
        rollups.apply(&event, sequence);
    }
    rollups
}

#[test]
fn groups_and_filters_go_by_what_series_have() {
    let rollups = routes();
    let of = |group_by: Value, filter: Value| {
        let request = json!({"period": "2026-01", "group_by": group_by, "filter": filter});
        let answer = ask(&rollups, request);
        let items = answer["items"].as_array().unwrap().iter();
        let counts = items.map(|item| {
            let key = ["tenant_id", "user_id", "tag:route", "resource"].into_iter().find_map(|key| item.get(key));
            let first = key.unwrap().clone();
            (first, item["requests"].clone(), item["active_users"].clone())
        });
        counts.collect::<Vec<_>>()
    };
    let row = |key: Value, requests: &str, users: &str| (key, json!(requests), json!(users));
    assert_eq!(of(json!("tenant"), json!({})), [row(json!("t1"), "3", "1"), row(json!("t2"), "2", "1")]);
    assert_eq!(of(json!("tag:route"), json!({})).len(), 3);
    assert_eq!(
        of(json!("tag:route"), json!({"tenant": "t2"})),
        [row(json!("/a"), "1", "0"), row(json!(null), "1", "1")]
    );
    assert_eq!(of(json!("tenant"), json!({"not": {"tag:route": "/a"}})).len(), 2);
    assert_eq!(of(json!("tenant"), json!({"tag:route": null, "resource": "requests"})), [row(json!("t2"), "1", "0")]);
    assert_eq!(of(json!("user"), json!({"tenant": ["t1", "t1"]})).len(), 2);
    assert_eq!(of(json!("tenant"), json!({"tenant": "nobody"})), []);
    assert_eq!(
        of(json!("resource"), json!({})),
        [(json!("active_users"), json!(null), json!("2")), (json!("requests"), json!("5"), json!(null)),]
    );
    let all = ask(&rollups, json!({"period": "2026-01", "group_by": [], "resource": "active_users"}));
    assert_eq!(all["items"], json!([{"active_users": "2"}]));
    let page = ask(&rollups, json!({"period": "2026-01", "limit": 1, "offset": 1, "resource": "requests"}));
    assert_eq!((&page["count"], &page["items"][0]["tenant_id"]), (&json!(2), &json!("t2")));
}

#[test]
fn what_cannot_be_answered_is_refused_by_name() {
    let rollups = routes();
    let half = json!({"start_date": "2026-01-05T10:07:00Z", "end_date": "2026-01-06T00:00:00Z"});
    for (request, field, message) in [
        (half, "start_date", "2026-01-05T10:07:00Z does not lie on one, and usage is kept by quarters of an hour"),
        (json!({"window": "30m"}), "window", "does not lie on one"),
        (
            json!({"start_date": "1880-01-01", "end_date": "1880-02-01", "time_zone": "Europe/Berlin"}),
            "start_date",
            "quarters",
        ),
        (
            json!({"period": "2026-01", "group_by": "provider"}),
            "group_by",
            "usage has no 'provider': use resource, tenant",
        ),
        (json!({"period": "2026-01", "group_by": "virtual:x"}), "group_by", "usage has no 'virtual:x'"),
        (json!({"period": "2026-01", "filter": {"region": "eu"}}), "filter", "usage has no 'region'"),
        (json!({"period": "2026-01", "group_by": "tag:color"}), "group_by", "no meter groups by 'color'"),
        (json!({"period": "2026-01", "resource": "tokens"}), "resource", "there is no meter 'tokens'"),
        (json!({"period": "2026-01", "limit": 0}), "limit", "must be 1 to 1000"),
        (json!({"period": "2026-01", "window": "7d"}), "period", "give either"),
    ] {
        let error = refused(&rollups, request.clone());
        assert_eq!(error.field(), Some(field), "{request}: {error}");
        assert!(error.message().contains(message), "{request}: {error}");
    }
    // What reaches up to now goes to the end of the quarter.
    let answer = ask_at(&rollups, "2026-01-05T10:20:31Z", json!({"window": "month"})).unwrap();
    assert_eq!(answer["window_end"], "2026-01-05T10:30:00Z");
    assert_eq!(answer["count"], 2);
}

proptest! {
    // Each case asks for hours of more than a month.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_spans_and_any_groups_add_up_to_the_total(
        picks in prop::collection::vec((0..4_u8, 0..3_u8, -20..20_i64, 0..2_678_400_i64), 1..80),
        zone in prop::sample::select(vec!["UTC", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"]),
        granularity in prop::sample::select(vec!["hourly", "daily", "weekly", "monthly"]),
    ) {
        let start = stamp("2026-03-01T00:00:00Z").micros();
        let events: Vec<UsageEvent> = picks.iter().map(|(tenant, user, value, second)| {
            let time = Stamp::from_micros(start + second * 1_000_000).unwrap();
            let mut event = event(time, "api_calls", &value.to_string(), &format!("t{tenant}"));
            event.user_id = (*user > 0).then(|| user.to_string());
            event
        }).collect();
        let rollups = counted(&events);
        let request = json!({
            "start_date": "2026-02-27", "end_date": "2026-04-03", "time_zone": zone, "granularity": granularity,
            "group_by": ["tenant", "user"],
        });
        let answer = ask(&rollups, request);
        let whole = |value: &Value| value.as_str().map_or(0, |text| text.parse::<i64>().unwrap());
        let want: i64 = picks.iter().map(|(_, _, value, _)| value).sum();
        let items = answer["items"].as_array().unwrap();
        prop_assert_eq!(items.iter().map(|item| whole(&item["api_calls"])).sum::<i64>(), want);
        let series = answer["series"].as_array().unwrap().iter();
        let points = series.flat_map(|series| series["points"].as_array().unwrap());
        prop_assert_eq!(points.map(|point| whole(&point["api_calls"])).sum::<i64>(), want);
        for tenant in 0..4 {
            let name = format!("t{tenant}");
            let filtered = json!({"period": "2026-03", "filter": {"tenant": name}, "group_by": []});
            let want = picks.iter().filter(|pick| pick.0 == tenant).map(|pick| pick.2).sum::<i64>();
            prop_assert_eq!(whole(&ask(&rollups, filtered)["items"][0]["api_calls"]), want);
        }
    }
}
