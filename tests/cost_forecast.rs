//! Forecasts of cost through the engine: looked on at, stopped, and tried on the past with models of the host.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what broke by failing")]

use chrono::{Datelike, Days, Months, NaiveDate};
use finops_core::engine::Builder;
use finops_core::{ErrorCode, Finops, Progress};
use finops_tests::support::{Bill, Row, answer, row};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

const SERVICES: [&str; 5] = ["Compute", "Disk", "Mail", "Network", "Queue"];

/// An engine at noon of 11 March with charges of 10 a day of each service since 1 January.
fn billed(builder: Builder) -> Finops {
    let finops = builder.now("2024-03-11T12:00:00Z".parse().unwrap()).open(":memory:").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut day, until): (NaiveDate, NaiveDate) = ("2024-01-01".parse().unwrap(), "2024-03-11".parse().unwrap());
    let mut months: BTreeMap<NaiveDate, Vec<Row>> = BTreeMap::new();
    while day < until {
        let month = day.with_day(1).unwrap();
        months.entry(month).or_default().extend(SERVICES.map(|service| charge(day, month, service)));
        day = day + Days::new(1);
    }
    for (month, rows) in months {
        let path = Bill::new(rows).write(folder.path(), &format!("{month}.csv"));
        answer(&finops, "import_charges", json!({ "path": path }));
    }
    finops
}

fn charge(day: NaiveDate, month: NaiveDate, service: &str) -> Row {
    let stamp = |day: NaiveDate| format!("{day}T00:00:00Z");
    row(&[
        ("BillingPeriodStart", &stamp(month)),
        ("BillingPeriodEnd", &stamp(month + Months::new(1))),
        ("ChargePeriodStart", &stamp(day)),
        ("ChargePeriodEnd", &stamp(day + Days::new(1))),
        ("EffectiveCost", "10"),
        ("ServiceName", service),
    ])
}

#[test]
fn somebody_looks_on_while_series_are_worked_on_and_may_stop_it() {
    let finops = billed(Finops::builder());
    for (operation, request, series) in [
        ("costs.forecast", json!({"group_by": "service", "model": "naive"}), 1 + SERVICES.len() as u64),
        ("costs.anomalies", json!({"group_by": "service"}), SERVICES.len() as u64),
        ("forecast.backtest", json!({"granularity": "daily", "days": 7, "origins": 4, "model": "naive"}), 4),
    ] {
        let seen = RefCell::new(Vec::new());
        let looks_until = |last: u64| {
            seen.borrow_mut().clear();
            let looking = |progress: &Progress| {
                if progress.series_total > 0 {
                    seen.borrow_mut().push((progress.series, progress.series_total));
                }
                if progress.series < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            finops.call(operation, request.clone(), &looking).map(drop)
        };
        looks_until(u64::MAX).unwrap();
        let all: Vec<(u64, u64)> = (0..series).map(|done| (done, series)).collect();
        assert_eq!(*seen.borrow(), all, "{operation}");
        let error = looks_until(2).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Cancelled, "{operation}: {error}");
        assert_eq!(*seen.borrow(), all[..3], "{operation}");
    }
}
