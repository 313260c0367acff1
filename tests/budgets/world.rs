//! An engine with budgets, in few words.

use finops_core::Finops;
use finops_core::model::id::{self, Id};
use finops_tests::support::{Bill, row};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) type BudgetId = Id<id::Budget>;

/// An engine whose clock stands at that time, and whose budgets see usage at once.
pub(crate) fn engine(location: &str, now: &str) -> Finops {
    Finops::builder().now(now.parse().unwrap()).budget_lag_seconds("0".parse().unwrap()).open(location).unwrap()
}

pub(crate) fn call(finops: &Finops, operation: &str, params: Value) -> Value {
    serde_json::to_value(finops.call(operation, params, &()).unwrap()).unwrap()
}

/// A budget of so many dollars a month, with these thresholds.
#[allow(clippy::needless_pass_by_value, reason = "callers write JSON in the call")]
pub(crate) fn monthly(finops: &Finops, scope: Value, amount: Value, thresholds: Value) -> BudgetId {
    budget(
        finops,
        json!({"name": "budget", "scope": scope, "thresholds": thresholds,
        "budget": {"amount": amount, "currency": "USD", "period": "monthly"}}),
    )
}

pub(crate) fn budget(finops: &Finops, form: Value) -> BudgetId {
    finops.budgets_create(serde_json::from_value(form).unwrap()).unwrap().budget_id
}

pub(crate) fn pauses_at(percent: u32) -> Value {
    json!([{"percent": percent, "action": "pause"}])
}

pub(crate) fn status(finops: &Finops, budget: BudgetId) -> Value {
    serde_json::to_value(finops.get_budget_status(budget).unwrap()).unwrap()
}

pub(crate) fn spent(finops: &Finops, budget: BudgetId) -> String {
    finops.get_budget_status(budget).unwrap().spent.unwrap().to_string()
}

/// Imports a bill of an account for January 2026: for each charge the day, the tenant and the cost.
pub(crate) fn import(finops: &Finops, folder: &Path, account: &str, charges: &[(u32, &str, &str)]) {
    let charge = |(day, tenant, cost): &(u32, &str, &str)| {
        let (start, end) = (format!("2026-01-{day:02}T00:00:00Z"), format!("2026-01-{day:02}T01:00:00Z"));
        row(&[
            ("BillingAccountId", account),
            ("BillingPeriodStart", "2026-01-01T00:00:00Z"),
            ("BillingPeriodEnd", "2026-02-01T00:00:00Z"),
            ("ChargePeriodStart", start.as_str()),
            ("ChargePeriodEnd", end.as_str()),
            ("BilledCost", cost),
            ("EffectiveCost", cost),
            ("ListCost", cost),
            ("ContractedCost", cost),
            ("x_TenantId", tenant),
        ])
    };
    let path = Bill::new(charges.iter().map(charge)).write(folder, &format!("{account}.csv"));
    let request = json!({"path": path, "mapping": {"tenant_id": "x_TenantId"}});
    call(finops, "import_charges", request);
}

/// The events that were written, each as its kind and the percentage of its threshold.
pub(crate) fn events(finops: &Finops) -> Vec<String> {
    let page = call(finops, "events.list", json!({"limit": 1000}));
    let event = |event: &Value| {
        let (kind, threshold) = (event["type"].as_str().unwrap(), &event["data"]["threshold"]);
        format!("{} {}", kind.strip_prefix("finops.budget.").unwrap(), threshold["percent"].as_str().unwrap())
    };
    page["items"].as_array().unwrap().iter().map(event).collect()
}
