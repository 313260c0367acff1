//! Forecasts of many series: `forecast-timed SET [MODEL]` writes one as JSON for each line of SET, then what it took.
//!
//! A line of SET is `{"id", "m", "h", "train": [...]}`: the season, the horizon, the history. A line that is written is
//! `{"id", "mean", "lower", "upper"}`, the bounds by level. The last one on the error stream has the processor time of
//! all series and for each thousand of them, and the time that the slowest took.

#![allow(clippy::print_stdout, reason = "a program that prints what it forecast")]
#![allow(clippy::disallowed_methods, reason = "durations are measured here, nothing is dated")]
#![allow(clippy::cast_precision_loss, reason = "rates are shown, not charged")]

use finops_core::insight::forecast::{Level, Model, Series, forecast};
use serde::Deserialize;
use serde_json::{Value, json};
use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

type Failed = Box<dyn Error>;

#[derive(Deserialize)]
struct Line {
    id: String,
    m: usize,
    h: usize,
    train: Vec<f64>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [set, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: forecast-timed SET [MODEL]");
        return ExitCode::FAILURE;
    };
    match run(set, rest.first().map_or("auto", String::as_str)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(set: &str, model: &str) -> Result<(), Failed> {
    let model: Model = model.parse()?;
    let levels = Level::list(&[0.8, 0.95])?;
    let lines: Vec<Line> = std::fs::read_to_string(set)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let mut slowest = Duration::ZERO;
    let mut answers = Vec::with_capacity(lines.len());
    let before = processor_seconds()?;
    for line in &lines {
        let start = Instant::now();
        let series = Series::of(&line.train, line.m)?.non_negative();
        answers.push(forecast(&series, line.h, &levels, model)?);
        slowest = slowest.max(start.elapsed());
    }
    let total = processor_seconds()? - before;
    for (line, answer) in lines.iter().zip(&answers) {
        let answer = serde_json::to_value(answer)?;
        let of = |name: &str| answer.get(name).cloned().unwrap_or(Value::Null);
        println!("{}", json!({ "id": line.id, "mean": of("mean"), "lower": of("lower"), "upper": of("upper") }));
    }
    let each_thousand = total / lines.len().max(1) as f64 * 1_000.0;
    let slowest = slowest.as_secs_f64();
    eprintln!("{}", json!({ "cpu_seconds": total, "per_thousand": each_thousand, "slowest": slowest }));
    Ok(())
}

/// What this thread has had of a processor. It is counted in ticks: read it seldom.
fn processor_seconds() -> Result<f64, Failed> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
