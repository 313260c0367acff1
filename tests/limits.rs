//! What an engine may use: groups, threads, memory; and that a query can be stopped while it runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

use finops_core::edge::store::{Delivery, EmbeddedStore, Replace, Store, Tuning};
use finops_core::engine::Builder;
use finops_core::insight::question::MAX_GROUPS;
use finops_core::model::charge::{Charge, ChargeTable, Scope};
use finops_core::model::time::Stamp;
use finops_core::{ErrorCode, Finops, ImportCharges, Progress};
use finops_tests::support::Bill;
use serde_json::{Value, json};
use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// The first of January 2024.
const JANUARY: i64 = 1_704_067_200_000_000;

/// How many services the bill has.
const SERVICES: usize = 10;

/// An engine with a bill of that many services, each of that cost.
fn billed(builder: Builder, folder: &Path, cost: &str) -> Finops {
    let finops = builder.open(":memory:").unwrap();
    let names: Vec<String> = (0..SERVICES).map(|number| format!("service {number}")).collect();
    let rows: Vec<[&str; 2]> = names.iter().map(|name| [name.as_str(), cost]).collect();
    let bill = Bill::of(["ServiceName", "EffectiveCost"], &rows).write(folder, "bill.csv");
    finops.import_charges(&ImportCharges::new(bill.to_str().unwrap())).unwrap();
    finops
}

fn ask(finops: &Finops, operation: &str, params: Value) -> Result<Value, finops_core::Error> {
    finops.call(operation, params, &()).map(|answer| serde_json::to_value(answer).unwrap())
}

#[test]
fn more_groups_than_allowed_are_refused_on_either_way() {
    let folder = tempfile::tempdir().unwrap();
    let by_service = json!({"period": "2024-01", "group_by": "service"});
    // Where sums might not fit 128 bits, the plain way is taken.
    for (cost, grouping) in [("1", "dense"), ("9000000000000000000", "plain")] {
        let enough = billed(Finops::builder().max_groups(SERVICES), folder.path(), cost);
        let plan = ask(&enough, "costs.explain_plan", by_service.clone()).unwrap();
        assert_eq!((plan["grouping"].as_str(), plan["groups"].as_u64()), (Some(grouping), Some(10)), "{cost}");
        let finops = billed(Finops::builder().max_groups(SERVICES - 1), folder.path(), cost);
        for (operation, params) in [
            ("get_cost_summary", by_service.clone()),
            ("costs.breakdown", json!({"period": "2024-01", "group_by": "service", "granularity": "daily"})),
            ("costs.daily", by_service.clone()),
            ("costs.trends", by_service.clone()),
            ("costs.diff", json!({"snapshot_a": 0, "snapshot_b": 1, "group_by": "service"})),
        ] {
            ask(&enough, operation, params.clone()).unwrap();
            let error = ask(&finops, operation, params).unwrap_err();
            assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("group_by")), "{operation}");
            assert!(error.message().contains("more than 9 groups: filter"), "{operation}: {error}");
            assert!(error.message().contains("higher max_groups"), "{operation}: {error}");
        }
        let total = ask(&finops, "get_cost_summary", json!({"period": "2024-01"})).unwrap();
        assert_ne!(total["total_cost"], Value::Null, "without groups there is nothing to refuse");
        assert_eq!(ask(&finops, "costs.explain", json!({"period": "2024-01"})).unwrap()["charges"], 10);
    }
}

#[test]
fn limits_are_options_with_bounds() {
    let open = |options: Value| Finops::open_with(":memory:", options);
    for options in [
        json!({"max_groups": 1, "threads": 1, "cache_bytes": 0}),
        json!({"max_groups": MAX_GROUPS * 1000, "threads": 1024, "cache_bytes": i64::MAX}),
        json!({"max_groups": null, "threads": null, "cache_bytes": null}),
    ] {
        open(options.clone()).unwrap_or_else(|error| panic!("{options}: {error}"));
    }
    for (field, values, says) in [
        ("max_groups", [json!(0), json!(-1), json!("1")], "must be 1 or more"),
        ("threads", [json!(0), json!(1025), json!("1")], "must be 1 to 1024"),
        ("cache_bytes", [json!(-1), json!(i64::MIN), json!("1")], "must be 0 or more"),
    ] {
        for value in values {
            let error = open(json!({ field: value })).unwrap_err();
            assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some(field)), "{value}");
            assert!(value.is_string() || error.message().contains(says), "{error}");
        }
    }
    for (builder, field) in
        [(Finops::builder().max_groups(0), "max_groups"), (Finops::builder().threads(usize::MAX), "threads")]
    {
        assert_eq!(builder.open(":memory:").unwrap_err().field(), Some(field));
    }
}

#[test]
fn an_engine_that_keeps_nothing_in_memory_answers_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let finops = billed(Finops::builder().cache_bytes(0).threads(1), folder.path(), "1.25");
    for _ in 0..2 {
        let answer = ask(&finops, "get_cost_summary", json!({"period": "2024-01", "group_by": "service"})).unwrap();
        assert_eq!((answer["total_cost"].as_str(), answer["count"].as_u64()), (Some("12.5"), Some(10)));
    }
}

/// How many charges are written at once, and how often.
const CHUNK: usize = 20_000;
const CHUNKS: usize = 60;

/// A store of 1.2 million charges at every hour of January, which nothing sums up beforehand by hour.
fn large(threads: usize, folder: &Path) -> Arc<EmbeddedStore> {
    let small = Finops::open(":memory:").unwrap();
    let bill = Bill::of(["EffectiveCost"], &[["1"]]).write(folder, "bill.csv");
    let receipt = small.import_charges(&ImportCharges::new(bill.to_str().unwrap())).unwrap();
    let hour = |hour: usize| Stamp::from_micros(JANUARY + i64::try_from(hour).unwrap() * 3_600_000_000).unwrap();
    let scope = Scope { billing_account_id: "acct-1".into(), start: hour(0), end: hour(744) };
    let charge = |row: usize| Charge {
        billing_account_id: Some("acct-1".into()),
        billing_currency: Some("USD".into()),
        billing_period_start: Some(scope.start),
        billing_period_end: Some(scope.end),
        charge_period_start: Some(hour(row % 744)),
        charge_period_end: Some(hour(row % 744 + 1)),
        resource_id: Some(format!("resource {}", row % 997)),
        effective_cost: Some("0.01".parse().unwrap()),
        ..Charge::default()
    };
    let table = ChargeTable::from_charges(&(0..CHUNK).map(charge).collect::<Vec<_>>());
    let store = EmbeddedStore::in_memory().unwrap().tuned(Tuning { threads, ..Tuning::default() });
    let mut session = store.begin_import().unwrap();
    (0..CHUNKS).for_each(|_| session.write(&scope, &table).unwrap());
    let (replace, imported_at) = (Replace::BillingPeriod, scope.end);
    session
        .commit(Delivery { receipt, fingerprint: [1; 32], files: vec![[1; 32]], replace, imported_at, booking: None })
        .unwrap();
    Arc::new(store)
}

#[test]
fn a_query_that_reads_much_is_looked_on_at_and_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::builder().store(large(1, folder.path())).open("").unwrap();
    let hourly = json!({"period": "2024-01", "group_by": "resource_id", "granularity": "hourly"});
    let plan = ask(&finops, "costs.explain_plan", hourly.clone()).unwrap();
    assert_eq!((plan["rows_from_columns"].as_u64(), plan["threads"].as_u64()), (Some(1_200_000), Some(1)), "{plan}");

    let seen = Cell::new((0_u32, 0_u64));
    let looking = |progress: &Progress| {
        let (times, _) = seen.get();
        seen.set((times + 1, progress.rows));
        // The first look is before anything was read.
        if progress.rows > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = finops.call("costs.breakdown", hourly.clone(), &looking).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
    let (times, rows) = seen.get();
    // Stretches of an hour are short: some hundred of them are worth a look.
    assert!(times > 1 && (1 << 17..1_200_000).contains(&rows), "{times} times, {rows} rows");

    let answer = ask(&finops, "costs.breakdown", hourly).unwrap();
    assert_eq!(answer["total_cost"], "12000", "it can be asked again");
}
