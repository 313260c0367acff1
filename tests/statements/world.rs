//! Bills, centres and rules to allocate by.

use finops_core::Finops;
use finops_core::model::money::Money;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// The months that bills are of; the clock stands after them.
pub(crate) const MONTHS: [&str; 4] = ["2024-01", "2024-02", "2024-03", "2024-04"];
pub(crate) const RESOURCES: [&str; 5] = ["r0", "r1", "r2", "shared", "idle"];
pub(crate) const NOW: &str = "2024-05-10T00:00:00Z";
/// The month after the last of them.
pub(crate) const OPEN: &str = "2024-05";

/// A charge: which resource, on which day of which month, in which currency, and the costs in millionths; unknown costs
/// are left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    pub(crate) resource: usize,
    pub(crate) month: usize,
    pub(crate) day: u32,
    pub(crate) is_euro: bool,
    pub(crate) costs: [i32; 4],
    pub(crate) is_unknown: bool,
}

pub(crate) fn engine(location: &str) -> Finops {
    Finops::builder().now(NOW.parse().unwrap()).open(location).unwrap()
}

pub(crate) fn call(finops: &Finops, operation: &str, params: Value) -> Value {
    let answer = finops.call(operation, params.clone(), &());
    let answer = answer.unwrap_or_else(|error| panic!("{operation} {params}: {error}"));
    serde_json::to_value(answer).unwrap()
}

fn costs(given: &Given) -> String {
    let cost = |cost: i32| if given.is_unknown { String::new() } else { format!("{cost}e-6") };
    let [billed, effective, contracted, list] = given.costs;
    format!("{billed}e-6,{},{},{}", cost(effective), cost(contracted), cost(list))
}

/// Imports charges of one billing period in place of those that were there.
pub(crate) fn import(finops: &Finops, folder: &Path, billed_in: usize, charges: &[Given]) {
    let mut bill =
        "BilledCost,EffectiveCost,ContractedCost,ListCost,BillingAccountId,BillingCurrency,BillingPeriodStart,\
        BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ResourceId,x_Cluster\n"
            .to_owned();
    for given in charges {
        let (currency, month) = (if given.is_euro { "EUR" } else { "USD" }, MONTHS[given.month]);
        let (start, end) = (MONTHS[billed_in], MONTHS.get(billed_in + 1).copied().unwrap_or(OPEN));
        writeln!(
            bill,
            "{},{currency},{currency},{start}-01T00:00:00Z,{end}-01T00:00:00Z,{month}-{:02}T00:00:00Z,\
             {month}-{:02}T12:00:00Z,{},c{}",
            costs(given),
            given.day,
            given.day,
            RESOURCES[given.resource],
            given.day % 2
        )
        .unwrap();
    }
    let path = folder.join("bill.csv");
    std::fs::write(&path, bill).unwrap();
    call(finops, "import_charges", json!({"path": path.to_str().unwrap()}));
}

/// Three centres, the last a part of the first.
pub(crate) fn centers(finops: &Finops) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for resource in &RESOURCES[..3] {
        let parent = if ids.len() == 2 { ids.first() } else { None };
        let center = json!({
            "name": resource, "type": "custom", "filter": {"resource_id": resource}, "parent": parent,
            "budget_monthly": 3, "currency": "USD",
        });
        ids.push(call(finops, "create_cost_center", center)["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// The shared cost by percentages or in proportion, idle cost to those who ran beside it or apart.
pub(crate) fn rules(ids: &[String], percent: i64, is_apart: bool) -> Vec<Value> {
    let shared = if percent % 2 == 0 {
        json!({"method": "fixed", "targets": [
            {"cost_center": ids[0], "percent": percent}, {"cost_center": ids[1], "percent": 100 - percent},
        ]})
    } else {
        json!({"method": "proportional", "decimals": 2})
    };
    let rule = |name: &str, with: Value| {
        let mut rule = json!({"name": name, "source": {"resource_id": name}, "effective_from": "2024-01-01T00:00:00Z"});
        rule.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        rule
    };
    let idle = if is_apart { "separate" } else { "share" };
    vec![rule("shared", shared), rule("idle", json!({"method": "idle", "within": ["cluster"], "idle": idle}))]
}

/// Amounts by currency and centre; an empty text for nobody.
pub(crate) type Amounts = BTreeMap<(String, String), Money>;

pub(crate) fn add(amounts: &mut Amounts, currency: &Value, center: &Value, amount: &Value) {
    let key = (currency.as_str().unwrap().to_owned(), center.as_str().unwrap_or_default().to_owned());
    let amount: Money = amount.as_str().map_or(Money::ZERO, |amount| amount.parse().unwrap());
    let sum = amounts.entry(key).or_default();
    *sum = sum.checked_add(amount).unwrap();
}

pub(crate) fn without_zeros(mut amounts: Amounts) -> Amounts {
    amounts.retain(|_, amount| !amount.is_zero());
    amounts
}
