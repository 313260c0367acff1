//! Allocations by an engine that keeps what it knows, against one that knows nothing; and rules that many change.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what broke by failing")]

use finops_core::model::money::Money;
use finops_core::{ErrorCode, Finops};
use finops_tests::support::{Bill, answer, call, row};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;
use std::thread;

const FROM: &str = "2024-01-01T00:00:00Z";

/// Charges of four services in three regions and two months, some of them credits, in two currencies.
fn bill(folder: &Path, number: usize) -> String {
    let mut rows = Vec::new();
    for (at, service) in ["a", "b", "c", "d"].into_iter().enumerate() {
        for (place, region) in ["eu", "us", ""].into_iter().enumerate() {
            let cost = format!("{}.{:07}", 13 * at + 7 * place + number, 1_234_567 * (at + 1) / (place + 2));
            let cost = if (at + place) % 5 == 4 { format!("-{cost}") } else { cost };
            let day = format!("2024-01-{:02}T00:00:00Z", 3 + 9 * place + at);
            let currency = if at == 3 { "EUR" } else { "USD" };
            let account = format!("acct-{number}-{currency}");
            let end = day.replace("T00", "T01");
            rows.push(row(&[
                ("BillingAccountId", &account),
                ("BillingCurrency", currency),
                ("EffectiveCost", &cost),
                ("ListCost", if place == 1 { "" } else { &cost }),
                ("ServiceName", service),
                ("RegionId", region),
                ("ChargePeriodStart", &day),
                ("ChargePeriodEnd", &end),
            ]));
        }
    }
    Bill::new(rows).write(folder, &format!("bill-{number}.csv")).to_str().unwrap().to_owned()
}

fn centers(finops: &Finops) -> Vec<Value> {
    let center = |name: &str, filter: Value| {
        let params = json!({"name": name, "type": "custom", "filter": filter});
        answer(finops, "create_cost_center", params)["id"].clone()
    };
    vec![
        center("a", json!({"service": "a"})),
        center("b", json!({"service": "b"})),
        center("a in eu", json!({"service": "a", "region": "eu"})),
        center("elsewhere", json!({"not": {"region": ["eu", "us"]}})),
    ]
}

/// A rule that may be made or not: its source, its method, its targets, and when it holds.
fn rules() -> impl Strategy<Value = Value> {
    let source = prop_oneof![
        Just(json!({"service": "c"})),
        Just(json!({"service": ["c", "d"], "region": "eu"})),
        Just(json!({"region": "us"})),
        Just(json!({"not": {"service": "a"}})),
        Just(json!({"service": "d"})),
    ];
    let from = prop_oneof![Just(FROM), Just("2024-02-01T00:00:00Z")];
    (source, 0..5_u8, 1..4_usize, 0..3_u32, from, 0..19_u32).prop_map(
        |(source, method, count, order, from, decimals)| {
            let mut rule = json!({"name": "r", "source": source, "order": order, "effective_from": from,
            "decimals": decimals});
            let targets = |field: Option<(&str, i64)>| -> Value {
                let target = |at: usize| match field {
                    Some((field, value)) => json!({"cost_center": at, field: value * i64::try_from(at + 1).unwrap()}),
                    None => json!({ "cost_center": at }),
                };
                (0..count).map(target).collect()
            };
            let fields = match method {
                0 => json!({"method": "even", "targets": targets(None)}),
                1 => json!({"method": "weighted", "targets": targets(Some(("weight", 3)))}),
                2 => json!({"method": "proportional", "within": ["region"]}),
                3 => json!({"method": "idle", "within": ["region"], "idle": "share"}),
                _ => json!({"method": "fixed_amount", "currency": "USD", "targets": targets(Some(("amount", 2)))}),
            };
            rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            rule
        },
    )
}

/// Puts ids in the places of numbers of centres.
fn with_ids(mut rule: Value, centers: &[Value]) -> Value {
    for target in rule.get_mut("targets").and_then(Value::as_array_mut).into_iter().flatten() {
        let place = usize::try_from(target["cost_center"].as_u64().unwrap()).unwrap();
        target["cost_center"] = centers[place].clone();
    }
    rule
}

fn money(value: &Value) -> Money {
    value.as_str().map_or(Money::ZERO, |text| text.parse().unwrap())
}

/// Every currency adds up, by items, by centres, and in view allocated.
fn adds_up(finops: &Finops, run: &Value) {
    for total in run["totals"].as_array().unwrap() {
        let currency = &total["currency"];
        let sum = |list: &str, field: &str| {
            let items = run[list].as_array().unwrap().iter().filter(|item| item["currency"] == *currency);
            Money::try_sum(items.map(|item| money(&item[field]))).unwrap()
        };
        assert_eq!(total["total_in"], total["total_out"]);
        assert_eq!(sum("items", "cost"), money(&total["total_in"]));
        assert_eq!(sum("cost_centers", "cost"), money(&total["total_in"]));
        for dimensions in [json!("cost_center"), json!(["region", "cost_center"]), json!([])] {
            let params = json!({"period": "2024-01", "view": "allocated", "group_by": dimensions,
                "filter": {"currency": currency}});
            assert_eq!(answer(finops, "get_cost_summary", params)["total_cost"], total["total_in"]);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Create(Value),
    Update(usize, Value),
    Delete(usize),
    Import,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => rules().prop_map(Step::Create),
        3 => (0..6_usize, rules()).prop_map(|(at, rule)| Step::Update(at, rule)),
        1 => (0..6_usize).prop_map(Step::Delete),
        1 => Just(Step::Import),
    ];
    proptest::collection::vec(step, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// What is kept of the run before never shows: another engine on the same store, which keeps nothing yet, answers
    /// the same to the last byte.
    #[test]
    fn an_engine_that_remembers_answers_like_one_that_does_not(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let store = store.to_str().unwrap();
        let now = "2024-02-15T00:00:00Z".parse().unwrap();
        let finops = Finops::builder().now(now).open(store).unwrap();
        let centers = centers(&finops);
        answer(&finops, "import_charges", json!({"path": bill(folder.path(), 0)}));
        let (mut ids, mut bills): (Vec<Value>, usize) = (Vec::new(), 0);
        let asked = json!({"start_date": "2024-01-01", "end_date": "2024-02-03", "group_by": "region"});
        for step in steps {
            match step {
                Step::Create(rule) => {
                    let made = call(&finops, "allocation.rules.create", with_ids(rule, &centers));
                    ids.extend(made.ok().map(|rule| rule["id"].clone()));
                }
                Step::Update(at, mut rule) if at < ids.len() => {
                    rule["id"] = ids[at].clone();
                    // Refused or not: what is refused has changed nothing.
                    let _ = call(&finops, "allocation.rules.update", with_ids(rule, &centers));
                }
                Step::Delete(at) if at < ids.len() => {
                    let id = ids.remove(at);
                    answer(&finops, "allocation.rules.delete", json!({ "id": id }));
                }
                Step::Import => {
                    bills += 1;
                    answer(&finops, "import_charges", json!({"path": bill(folder.path(), bills)}));
                }
                Step::Update(..) | Step::Delete(_) => {}
            }
            let fresh = Finops::builder().now(now).read_only().open(store).unwrap();
            let text = |finops: &Finops| match call(finops, "allocation.run", asked.clone()) {
                Ok(run) => run.to_string(),
                Err(error) => format!("{} {error}", error.code()),
            };
            prop_assert_eq!(text(&finops), text(&fresh));
            if let Ok(run) = call(&finops, "allocation.run", json!({"period": "2024-01"})) {
                adds_up(&finops, &run);
            }
        }
    }
}

#[test]
fn of_many_overlapping_rules_one_is_made() {
    let finops = Finops::open(":memory:").unwrap();
    let target = centers(&finops)[0].clone();
    let rule = |number: usize| {
        json!({"name": format!("r{number}"), "source": {"service": "c"}, "method": "even", "effective_from": FROM,
            "targets": [{"cost_center": target}]})
    };
    let made = thread::scope(|scope| {
        let create = |number| {
            let (finops, rule) = (&finops, rule(number));
            scope.spawn(move || call(finops, "allocation.rules.create", rule).is_ok())
        };
        let threads: Vec<_> = (0..8).map(create).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!((made, &answer(&finops, "allocation.rules.list", json!({}))["count"]), (1, &json!(1)));
}

#[test]
fn many_who_ask_and_one_who_changes_get_whole_answers() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open(":memory:").unwrap();
    let centers = centers(&finops);
    answer(&finops, "import_charges", json!({"path": bill(folder.path(), 0)}));
    let rule = json!({"name": "r", "source": {"service": "c"}, "method": "even", "effective_from": FROM,
        "targets": [{"cost_center": centers[0]}, {"cost_center": centers[1]}]});
    let id = answer(&finops, "allocation.rules.create", rule)["id"].clone();
    thread::scope(|scope| {
        for group in ["service", "region", "currency"] {
            let finops = &finops;
            scope.spawn(move || {
                for _ in 0..20 {
                    let run = answer(finops, "allocation.run", json!({"period": "2024-01", "group_by": group}));
                    adds_up(finops, &run);
                }
            });
        }
        for round in 0..20 {
            let source = json!({"service": if round % 2 == 0 { "d" } else { "c" }});
            answer(&finops, "allocation.rules.update", json!({"id": id, "source": source}));
        }
    });
}

#[test]
fn a_handle_for_reading_makes_no_rules() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let finops = Finops::open(folder).unwrap();
    let centers = centers(&finops);
    let rule = json!({"name": "r", "source": {"service": "c"}, "method": "even", "effective_from": FROM,
        "targets": [{"cost_center": centers[0]}]});
    let made = answer(&finops, "allocation.rules.create", rule.clone());
    let reader = Finops::builder().read_only().open(folder).unwrap();
    assert_eq!(answer(&reader, "allocation.rules.get", json!({"id": made["id"]})), made);
    let mut other = rule;
    other["order"] = json!(1);
    let refused = call(&reader, "allocation.rules.create", other).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    let refused = call(&reader, "allocation.rules.delete", json!({"id": made["id"]})).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert_eq!(answer(&reader, "allocation.rules.list", json!({}))["count"], 1);
}
