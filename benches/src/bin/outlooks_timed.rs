//! Outlooks on many series, measured: `outlooks-timed FOLDER [COUNT]` prints a line of JSON for each step.
//!
//! It imports 400 days of COUNT tenants, 10,000 by default, into a store in the folder, which must be empty. Then it
//! asks for the anomalies of all tenants, for forecasts of the 1,000 largest, and goes on with a budget for each of
//! them that has a threshold on its forecast: what an import, a tick and a list take, and all ticks until each budget
//! had its turn.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "durations are measured here, no cost is dated")]

use chrono::{Datelike, Days, Months, NaiveDate};
use finops_benches::next;
use finops_core::engine::BudgetList;
use finops_core::insight::{AnomaliesRequest, ForecastRequest};
use finops_core::{Error, Finops, ImportCharges, Result};
use serde_json::json;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

const TENANTS: u64 = 10_000;
const DAYS: u64 = 400;
const TODAY: &str = "2026-02-05";
/// How many budgets have their turn in one evaluation.
const AT_ONCE: u64 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tenants = arguments.get(1).map_or(Ok(TENANTS), |text| text.parse());
    let (Some(folder), Ok(tenants)) = (arguments.first(), tenants) else {
        eprintln!("usage: outlooks-timed FOLDER [COUNT]");
        return ExitCode::FAILURE;
    };
    match run(Path::new(folder), tenants) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path, tenants: u64) -> Result<()> {
    let store = folder.join("store");
    let now = format!("{TODAY}T12:00:00Z").parse()?;
    let finops = Finops::builder().now(now).open(&store.to_string_lossy())?;
    let today = date(TODAY)?;
    let mut month = today.checked_sub_days(Days::new(DAYS)).unwrap_or(today);
    while month <= today {
        let last = import(&finops, folder, tenants, month, today)?;
        month = last;
    }
    let group_by = vec!["tenant".parse()?];

    let mut anomalies = AnomaliesRequest::default();
    anomalies.group_by.0.clone_from(&group_by);
    timed("costs.anomalies", || {
        let found = finops.costs_anomalies(&anomalies)?;
        Ok(json!({"series": found.groups_judged, "found": found.count, "told": found.anomalies.len()}))
    })?;
    let mut forecast = ForecastRequest::default();
    forecast.group_by.0 = group_by;
    forecast.history_months = Some(13);
    for limit in [100, 1_000] {
        forecast.limit = Some(limit);
        timed("costs.forecast", || {
            let told = finops.costs_forecast(&forecast)?;
            Ok(json!({"groups": told.count, "forecast": told.groups.len()}))
        })?;
    }
    drop(finops);
    budgets(&store, folder, tenants)
}

fn budgets(store: &Path, folder: &Path, tenants: u64) -> Result<()> {
    let today = date(TODAY)?;
    let now = format!("{TODAY}T18:00:00Z").parse()?;
    let finops = Finops::builder().now(now).open(&store.to_string_lossy())?;
    timed("budgets.create", || {
        for tenant in 0..tenants {
            let form = json!({"name": format!("Budget {tenant}"), "scope": {"level": "tenant", "id": name(tenant)},
                "thresholds": [{"percent": 100, "action": "alert", "basis": "forecasted"}],
                "budget": {"amount": 1_000, "currency": "USD", "period": "monthly"}});
            let form = serde_json::from_value(form).map_err(|error| Error::invalid("budget", error.to_string()))?;
            finops.budgets_create(form)?;
        }
        Ok(json!({ "budgets": tenants }))
    })?;
    timed("import_charges", || {
        // With a day more than before.
        let tomorrow = today.succ_opt().unwrap_or(today);
        import(&finops, folder, tenants, today.with_day(1).unwrap_or(today), tomorrow)?;
        Ok(json!({"budgets": tenants, "at_once": AT_ONCE}))
    })?;
    let list = |what| timed(what, || Ok(json!({"budgets": finops.budgets_list(&BudgetList::default())?.count})));
    list("budgets.list")?;
    timed("tick, until each had its turn", || {
        let ticks = tenants.div_ceil(AT_ONCE);
        for _ in 0..ticks {
            finops.tick(None)?;
        }
        Ok(json!({ "ticks": ticks }))
    })?;
    list("budgets.list, all known")?;
    timed("tick, all known", || finops.tick(None).map(|_| json!({})))?;
    drop(finops);
    let reader = Finops::builder().now(now).read_only().open(&store.to_string_lossy())?;
    for what in ["budgets.list, reading", "budgets.list, reading again"] {
        timed(what, || Ok(json!({"budgets": reader.budgets_list(&BudgetList::default())?.count})))?;
    }
    Ok(())
}

fn timed(what: &str, work: impl FnOnce() -> Result<serde_json::Value>) -> Result<()> {
    let started = Instant::now();
    let told = work()?;
    let seconds = (started.elapsed().as_secs_f64() * 1e3).round() / 1e3;
    println!("{}", json!({"what": what, "seconds": seconds, "of": told}));
    Ok(())
}

fn date(text: &str) -> Result<NaiveDate> {
    text.parse().map_err(|_| Error::invalid("date", format!("`{text}` is no date such as 2024-01-31")))
}

fn name(tenant: u64) -> String {
    format!("tenant-{tenant:05}")
}

/// Imports the days of a month from one on, up to today; gives the first of the next month.
fn import(finops: &Finops, folder: &Path, tenants: u64, from: NaiveDate, today: NaiveDate) -> Result<NaiveDate> {
    let start = from.with_day(1).unwrap_or(from);
    let end = start.checked_add_months(Months::new(1)).unwrap_or(today);
    let mut text = String::from(
        "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,\
         ChargePeriodStart,ChargePeriodEnd,ServiceName,x_TenantId\n",
    );
    for day in from.iter_days().take_while(|day| *day < end && *day < today) {
        let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
        for tenant in 0..tenants {
            let cost = cents(tenant, day);
            // Writing to a text cannot fail.
            let _ = writeln!(
                text,
                "{cost},{cost},acct-1,USD,{start}T00:00:00Z,{end}T00:00:00Z,{day}T00:00:00Z,{next}T00:00:00Z,\
                 Compute,{}",
                name(tenant)
            );
        }
    }
    let path = folder.join("bill.csv");
    let failed = |error: std::io::Error| Error::invalid("folder", error.to_string());
    std::fs::write(&path, text).map_err(failed)?;
    let mut request = ImportCharges::new(path.to_string_lossy());
    request.mapping = [("tenant_id".to_owned(), "x_TenantId".to_owned())].into();
    finops.import_charges(&request)?;
    std::fs::remove_file(&path).map_err(failed)?;
    Ok(end)
}

/// Weeks with noise and a level of their own for each tenant, sometimes with a spike.
fn cents(tenant: u64, day: NaiveDate) -> String {
    let mut state = tenant * 1_000_003 + u64::from(day.num_days_from_ce().unsigned_abs());
    next(&mut state);
    let (level, noise) = (1_000 + tenant * 7 % 5_000, next(&mut state) % 200);
    let week = if day.weekday().num_days_from_monday() < 5 { 100 } else { 60 };
    let spike = if next(&mut state).is_multiple_of(2_000) { 3 } else { 1 };
    let cents = level * week * (900 + noise) / 100_000 * spike;
    format!("{}.{:02}", cents / 100, cents % 100)
}
