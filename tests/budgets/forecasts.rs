//! Forecasts of budgets: by what was spent before, to the end of their own periods, and not too often.

use crate::world::{BudgetId, budget, call, engine, events, status};
use finops_core::insight::forecast::Model;
use finops_core::insight::spend_forecast::SpendModel;
use finops_core::model::time::Interval;
use finops_core::pipeline::budget::{DailySpend, Forecast, SpendForecaster, SpendOutlook, SpendSoFar};
use finops_core::{Finops, ImportCharges, Result};
use finops_tests::support::{Bill, row};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Imports what tenants cost on each day from 1 November 2025 to 10 January 2026: on the first of a month more.
fn spend(finops: &Finops, folder: &Path, tenants: &[String], each_day: &str, on_the_first: &str) {
    let mut rows = Vec::new();
    for (period, next, days) in [("2025-11", "2025-12", 30), ("2025-12", "2026-01", 31), ("2026-01", "2026-02", 10)] {
        for day in 1..=days {
            let cost = if day == 1 { on_the_first } else { each_day };
            let ends_month = day == days && period != "2026-01";
            let end = if ends_month { format!("{next}-01") } else { format!("{period}-{:02}", day + 1) };
            let (start, end) = (format!("{period}-{day:02}T00:00:00Z"), format!("{end}T00:00:00Z"));
            for tenant in tenants {
                rows.push(row(&[
                    ("EffectiveCost", cost),
                    ("BillingPeriodStart", &format!("{period}-01T00:00:00Z")),
                    ("BillingPeriodEnd", &format!("{next}-01T00:00:00Z")),
                    ("ChargePeriodStart", &start),
                    ("ChargePeriodEnd", &end),
                    ("x_TenantId", tenant),
                ]));
            }
        }
    }
    let path = Bill::new(rows).write(folder, "bill.csv");
    finops.import_charges(&ImportCharges::new(path.to_str().unwrap())).unwrap();
}

fn monthly(finops: &Finops, tenant: &str, amount: i64) -> BudgetId {
    let thresholds = json!([{"percent": 100, "action": "alert", "basis": "forecasted"}]);
    budget(
        finops,
        json!({"name": tenant, "scope": {"level": "tenant", "id": tenant}, "thresholds": thresholds,
            "budget": {"amount": amount, "currency": "USD", "period": "monthly"}}),
    )
}

#[test]
fn many_budgets_have_their_turn_and_each_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    // A model that is quick to fit: how good it is does not matter here.
    let model = SpendModel::new(Arc::new(Model::SeasonalNaive));
    let builder = Finops::builder().now("2026-01-11T12:00:00Z".parse().unwrap()).spend_forecaster(Arc::new(model));
    let finops = builder.open(":memory:").unwrap();
    let tenants: Vec<String> = (0..80).map(|number| format!("t{number:02}")).collect();
    // At the rate so far, 10 days of 10 in ten and a half, it would be 295.
    let made: Vec<BudgetId> = tenants.iter().map(|tenant| monthly(&finops, tenant, 305)).collect();
    spend(&finops, folder.path(), &tenants, "10", "10");
    let told = events(&finops).len();
    assert!((1..80).contains(&told), "{told}: some wait for their turn");
    finops.tick(None).unwrap();
    assert_eq!(events(&finops).len(), 80);
    finops.tick(Some("2026-01-11T18:00:00Z".parse().unwrap())).unwrap();
    assert_eq!(events(&finops).len(), 80, "nothing is told again");
    let forecast = &status(&finops, made[0])["forecast"];
    assert_eq!((&forecast["expected"], &forecast["exhausts_at"]), (&json!("310"), &json!("2026-01-31T12:00:00Z")));
    assert_eq!(forecast["probability_of_exceeding"], json!("1"));
}

#[test]
fn a_fee_on_the_first_is_no_rate() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2026-01-11T12:00:00Z");
    let made = monthly(&finops, "t", 300);
    let daily = json!({"name": "d", "scope": {"level": "tenant", "id": "t"},
        "thresholds": [{"percent": 100, "action": "alert"}],
        "budget": {"amount": 20, "currency": "USD", "period": "daily"}});
    let daily = budget(&finops, daily);
    spend(&finops, folder.path(), &["t".to_owned()], "5", "105");
    // 100 and 5 a day are 255; at the rate so far, 150 in ten and a half days, it would be 443.
    let stands = status(&finops, made);
    let expected: f64 = stands["forecast"]["expected"].as_str().unwrap().parse().unwrap();
    assert!((250.0..262.0).contains(&expected), "{stands}");
    assert_eq!(events(&finops), [""; 0]);
    let today = status(&finops, daily);
    let expected: f64 = today["forecast"]["expected"].as_str().unwrap().parse().unwrap();
    assert!((4.5..6.0).contains(&expected), "to tonight, not to the month's end: {today}");
    let reserved = call(&finops, "budgets.check", json!({"amount": 1, "tenant_id": "t"}));
    assert_eq!(reserved["decision"], "allow");
}

/// Forecasts as the engine does by itself, and counts how often it is asked about the past.
#[derive(Debug, Default)]
struct Counting {
    model: SpendModel,
    asked: AtomicUsize,
}

impl SpendForecaster for Counting {
    fn forecast(&self, so_far: &SpendSoFar) -> Result<Option<Forecast>> {
        self.model.forecast(so_far)
    }

    fn look_back(&self, past: &DailySpend, period: Interval) -> Result<Option<Arc<dyn SpendOutlook>>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.model.look_back(past, period)
    }
}

#[test]
fn a_handle_for_reading_asks_about_the_past_once() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("store");
    let location = location.to_str().unwrap();
    let now = "2026-01-11T12:00:00Z";
    let writer = engine(location, now);
    let tenants = ["a", "b", "c"].map(str::to_owned);
    let made: Vec<BudgetId> = tenants.iter().map(|tenant| monthly(&writer, tenant, 305)).collect();
    spend(&writer, folder.path(), &tenants, "10", "10");

    let counting = Arc::new(Counting::default());
    let asked = || counting.asked.load(Ordering::Relaxed);
    let builder = Finops::builder().now(now.parse().unwrap()).read_only();
    let reader = builder.spend_forecaster(Arc::clone(&counting) as Arc<dyn SpendForecaster>).open(location).unwrap();
    let list = |limit: usize| call(&reader, "budgets.list", json!({ "limit": limit }));
    assert_eq!(list(1)["count"], 3);
    assert_eq!(asked(), 1, "how those stand that are not shown is not asked");
    list(20);
    assert_eq!(asked(), 2, "two with the same past are asked about together");
    assert_eq!(status(&reader, made[0])["forecast"], status(&writer, made[0])["forecast"]);
    list(20);
    assert_eq!(call(&reader, "budgets.list", json!({"status": "active"}))["count"], 3);
    assert_eq!(asked(), 2, "it is kept");
    drop(writer);
    let writer = engine(location, "2026-01-11T12:30:00Z");
    spend(&writer, folder.path(), &tenants, "11", "10");
    list(20);
    assert_eq!(asked(), 3, "bills came");
}

#[test]
fn budgets_that_differ_in_their_amounts_share_what_the_past_says() {
    let folder = tempfile::tempdir().unwrap();
    let counting = Arc::new(Counting::default());
    let builder = Finops::builder().now("2026-01-11T12:00:00Z".parse().unwrap());
    let builder = builder.spend_forecaster(Arc::clone(&counting) as Arc<dyn SpendForecaster>);
    let finops = builder.open(":memory:").unwrap();
    // At the rate so far, 10 days of 10 in ten and a half, it would be 295.
    let made = [300, 305, 320].map(|amount| monthly(&finops, "t", amount));
    spend(&finops, folder.path(), &["t".to_owned()], "10", "10");
    assert_eq!(counting.asked.load(Ordering::Relaxed), 1);
    let expected = made.map(|budget| status(&finops, budget)["forecast"]["expected"].clone());
    assert_eq!(expected, ["310"; 3].map(|expected| json!(expected)));
    assert_eq!(events(&finops), ["warning 100"; 2]);
}
