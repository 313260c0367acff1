//! An engine with a few months of daily bills, in few words.

use chrono::{Datelike, Days, Months, NaiveDate};
use finops_core::Finops;
use finops_core::insight::anomaly::AnomalyDetector;
use finops_tests::support::{Bill, Row, answer, row};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn engine(location: &str, now: &str) -> Finops {
    Finops::builder().now(now.parse().unwrap()).open(location).unwrap()
}

/// One in memory with a detector of the host.
pub(crate) fn engine_with(detector: Arc<dyn AnomalyDetector>, now: &str) -> Finops {
    Finops::builder().now(now.parse().unwrap()).anomaly_detector(detector).open(":memory:").unwrap()
}

/// What a tenant pays for a service on a day.
pub(crate) type Cost<'c> = &'c dyn Fn(NaiveDate, &str, &str) -> f64;

/// A week as it usually is: 40 on weekdays and 25 on weekends, a little more or less on each day.
pub(crate) fn usual(day: NaiveDate) -> f64 {
    let base = if day.weekday().num_days_from_monday() < 5 { 40.0 } else { 25.0 };
    base + f64::from(day.ordinal() * 7 % 5) * 0.2
}

/// Imports the bills of an account from one day to another, exclusive, for two tenants and two services.
pub(crate) fn import(finops: &Finops, folder: &Path, account: &str, (from, until): (&str, &str), cost: Cost<'_>) {
    let (mut day, until) = (date(from), date(until));
    let mut months: BTreeMap<NaiveDate, Vec<Row>> = BTreeMap::new();
    while day < until {
        for (tenant, service) in [("ten_1", "Queue"), ("ten_1", "Compute"), ("ten_2", "Queue"), ("ten_2", "Compute")] {
            let month = day.with_day(1).unwrap();
            months.entry(month).or_default().push(charge(account, day, (tenant, service), cost(day, tenant, service)));
        }
        day = day + Days::new(1);
    }
    for (month, rows) in months {
        let path = Bill::new(rows).write(folder, &format!("{account}-{month}.csv"));
        answer(finops, "import_charges", json!({"path": path, "mapping": {"tenant_id": "x_TenantId"}}));
    }
}

fn charge(account: &str, day: NaiveDate, (tenant, service): (&str, &str), cost: f64) -> Row {
    let month = day.with_day(1).unwrap();
    let stamp = |day: NaiveDate| format!("{day}T00:00:00Z");
    let cost = format!("{cost:.2}");
    row(&[
        ("BillingAccountId", account),
        ("BillingPeriodStart", &stamp(month)),
        ("BillingPeriodEnd", &stamp(month + Months::new(1))),
        ("ChargePeriodStart", &stamp(day)),
        ("ChargePeriodEnd", &stamp(day + Days::new(1))),
        ("BilledCost", &cost),
        ("EffectiveCost", &cost),
        ("ListCost", &cost),
        ("ContractedCost", &cost),
        ("ServiceName", service),
        ("x_TenantId", tenant),
    ])
}

/// From January to the end of March 2024, with 300 more of a tenant's Compute on March 20.
pub(crate) fn with_spike(location: &str, folder: &Path) -> Finops {
    let finops = engine(location, "2024-03-25T09:00:00Z");
    import(&finops, folder, "acct-1", ("2024-01-01", "2024-03-25"), &spike);
    finops
}

pub(crate) fn spike(day: NaiveDate, tenant: &str, service: &str) -> f64 {
    let is_spike = day == date("2024-03-20") && (tenant, service) == ("ten_2", "Compute");
    usual(day) + if is_spike { 300.0 } else { 0.0 }
}

#[allow(clippy::needless_pass_by_value, reason = "callers write JSON in the call")]
pub(crate) fn anomalies(finops: &Finops, request: Value) -> Vec<Value> {
    answer(finops, "costs.anomalies", request)["anomalies"].as_array().unwrap().clone()
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// The data of the events of anomalies, in the order in which they were written.
pub(crate) fn told(finops: &Finops) -> Vec<Value> {
    let page = answer(finops, "events.list", json!({"type": "finops.anomaly.detected", "limit": 1000}));
    page["items"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect()
}
