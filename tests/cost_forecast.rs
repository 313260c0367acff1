//! Forecasts of cost through the engine: looked on at, stopped, and tried on the past with models of the host.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what broke by failing")]

use chrono::{Datelike, Days, Months, NaiveDate};
use finops_core::engine::Builder;
use finops_core::insight::forecast::{Forecaster, Level, Model, Series, SeriesForecast};
use finops_core::{Error, ErrorCode, Finops, Progress, Result};
use finops_tests::support::{Bill, Row, answer, row};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

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

/// Repeats the last value, if there are as many as it needs and fewer than with which it fails.
#[derive(Debug)]
struct Picky {
    needs: usize,
    fails_from: usize,
}

impl Forecaster for Picky {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast> {
        let length = series.values().len();
        if length < self.needs {
            return Err(Error::invalid("values", format!("picky needs {} values, has {length}", self.needs)));
        }
        if length >= self.fails_from {
            return Err(Error::invalid("model", "'picky' failed: out of memory"));
        }
        Model::Naive.forecast(series, horizon, levels)
    }
}

#[test]
fn a_backtest_leaves_out_what_is_too_short_and_tells_what_fails() {
    let tried = |needs: usize, fails_from: usize| {
        let finops = billed(Finops::builder().forecaster(Arc::new(Picky { needs, fails_from })));
        let request = json!({"granularity": "daily", "days": 7, "origins": 6, "model": "picky"});
        finops.call("forecast.backtest", request, &()).map(|answer| serde_json::to_value(answer).unwrap())
    };
    // There are 70 days, so that the six forecasts go by 28, 35 and so on to 63 of them.
    let counted = |answer: Value| (answer["origins"].as_array().unwrap().len(), answer["origins_skipped"].clone());
    assert_eq!(counted(tried(0, 1000).unwrap()), (6, json!(0)));
    assert_eq!(counted(tried(40, 1000).unwrap()), (4, json!(2)));
    let error = tried(40, 60).unwrap_err();
    assert_eq!(error.field(), Some("model"));
    let said = "'picky' failed: out of memory, in the forecast made after 2024-03-03 of 63 known days: ask for fewer";
    assert!(error.to_string().contains(said), "{error}");
    let error = tried(100, 1000).unwrap_err();
    assert!(error.to_string().contains("needs 100 values, has 63"), "{error}");
}
