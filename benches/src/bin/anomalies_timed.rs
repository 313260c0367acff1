//! Anomalies of daily series, measured and written down.
//!
//! `anomalies-timed` looks for them in 10,000 series of 400 days that it makes, and prints the CPU seconds that it
//! took. `anomalies-timed SET.jsonl FOUND.json` goes through the series of a file day by day, and writes for each the
//! days that were unusual as known on that day, what was expected of each day, and the anomalies in the end. A line of
//! the set has `id`, `start` (a date) and `values`; the last day of each series is taken as not over.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "made-up costs, and counts")]

use finops_core::insight::anomaly::{AnomalyDetector, Detection, RobustBaseline, Settings};
use finops_core::insight::forecast::{Calendar, Frequency, Series};
use finops_core::{Error, Result};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

const SERIES: u64 = 10_000;
const DAYS: u64 = 400;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [] => timed(),
        [set, found] => write(set, found),
        _ => {
            eprintln!("usage: anomalies-timed [SET.jsonl FOUND.json]");
            return ExitCode::FAILURE;
        }
    };
    match outcome {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn timed() -> Result<Value> {
    let all = (0..SERIES).map(made).collect::<Result<Vec<Series>>>()?;
    let cpu = cpu_seconds();
    let mut anomalies = 0;
    for series in &all {
        anomalies += RobustBaseline.detect(series, &Settings::default())?.anomalies.len();
    }
    let cpu = cpu_seconds() - cpu;
    Ok(json!({"series": SERIES, "days": DAYS, "anomalies": anomalies, "cpu_s": (cpu * 100.0).round() / 100.0}))
}

/// Weeks with noise and a fee on the first of each month, and sometimes a spike or a new level.
fn made(number: u64) -> Result<Series> {
    let mut state = number + 1;
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let (level, weekend, noise, fee) = (10.0 + 1_000.0 * chance(), 0.3 + 0.7 * chance(), 0.12 * chance(), chance());
    let calendar = Calendar::new(date("2024-01-01")?, Frequency::Daily);
    let shift = (chance() < 0.3).then(|| 60.0 + 300.0 * chance());
    let mut values = Vec::with_capacity(DAYS as usize);
    for day in 0..DAYS {
        let mut cost = if day % 7 < 5 { level } else { weekend * level } * (1.0 + noise * (2.0 * chance() - 1.0));
        cost *= if shift.is_some_and(|from| day as f64 > from) { 1.5 } else { 1.0 };
        cost *= if chance() < 0.005 { 1.0 + 2.0 * chance() } else { 1.0 };
        if fee < 0.3 && calendar.date(day as usize).is_some_and(|date| date.to_string().ends_with("-01")) {
            cost += 3.0 * level;
        }
        values.push(cost);
    }
    Ok(Series::of(&values, 7)?.with_calendar(calendar))
}

fn date(text: &str) -> Result<chrono::NaiveDate> {
    text.parse().map_err(|_| Error::invalid("start", format!("`{text}` is no date such as 2024-01-31")))
}

fn write(set: &str, found: &str) -> Result<Value> {
    let unreadable = |path: &str, error: String| Error::invalid("path", format!("{path}: {error}"));
    let text = std::fs::read_to_string(set).map_err(|error| unreadable(set, error.to_string()))?;
    let mut answers = Map::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).map_err(|error| unreadable(set, error.to_string()))?;
        let id = line.get("id").and_then(Value::as_str).ok_or_else(|| unreadable(set, "a line without `id`".into()))?;
        answers.insert(id.to_owned(), answer(&line)?);
    }
    let (series, answers) = (answers.len(), Value::Object(answers).to_string());
    std::fs::write(found, answers).map_err(|error| unreadable(found, error.to_string()))?;
    Ok(json!({"series": series, "written": found}))
}

fn answer(line: &Value) -> Result<Value> {
    let start = line.get("start").and_then(Value::as_str).map(date).transpose()?;
    let calendar = start.map(|start| Calendar::new(start, Frequency::Daily));
    let values = line.get("values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut watch = RobustBaseline::watch(7, calendar, &Settings::default())?;
    let (mut unusual, mut found) = (Vec::new(), Detection::default());
    for value in values.iter().take(values.len().saturating_sub(1)) {
        let step = watch.push(value.as_f64())?;
        if step.is_unusual() {
            unusual.push(step.index);
        }
        found.take(step);
    }
    found.expected.push(watch.expected());
    Ok(json!({"flags": unusual, "expected": found.expected, "anomalies": found.anomalies}))
}

/// What the process has used of the processors, where the system tells.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
