//! Questions to a store, measured from inside: `questions-timed STORE START END [ROUNDS]` prints a line for each.
//!
//! The store is opened anew for every question. `fresh` is the first answer, `then` the median of the others; behind
//! them stands what was read.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]

use finops_core::insight::health::Held;
use finops_core::insight::query::{CostQuery, CostRequest, NameOf};
use finops_core::insight::question::Question;
use finops_core::insight::sums::Sums;
use finops_core::model::charge::CostView;
use finops_core::model::time::{Interval, Stamp, Zone};
use finops_core::{Error, Finops, Result};
use serde_json::json;
use std::process::ExitCode;
use std::time::Instant;

/// A question whose sums are the answer: what the engine does without making rows of it.
struct Raw(Question);

impl CostRequest for Raw {
    type Query<'q> = Query;

    fn query(&self, _: Stamp) -> Result<Query> {
        Ok(Query(self.0.clone()))
    }
}

struct Query(Question);

impl CostQuery for Query {
    type Answer = Sums;

    fn questions(&self) -> Vec<Question> {
        vec![self.0.clone()]
    }

    fn finish(self, sums: Vec<Sums>, _: Held<'_>, _: NameOf<'_>) -> Result<Sums> {
        Ok(sums.into_iter().next().unwrap_or_default())
    }
}

/// The name, the dimensions, the zone of its days if it tells days apart, and how many groups are wanted.
type Asked = (&'static str, &'static [&'static str], Option<&'static str>, Option<usize>);

const ASKED: [Asked; 7] = [
    ("days", &[], Some("UTC"), None),
    ("days and services", &["service"], Some("UTC"), None),
    ("days of another zone", &[], Some("Asia/Kolkata"), None),
    ("services and regions", &["service", "region"], None, None),
    ("the 20 largest resources", &["resource_id"], None, Some(20)),
    ("teams, a tag", &["tag:team"], None, None),
    ("days by 3 dimensions", &["sub_account", "service", "region"], Some("UTC"), Some(1)),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (store, start, end, rounds) = match arguments.as_slice() {
        [store, start, end] => (store, start, end, 9),
        [store, start, end, rounds] => (store, start, end, rounds.parse().unwrap_or(9)),
        _ => {
            eprintln!("usage: questions-timed STORE START END [ROUNDS]");
            return ExitCode::FAILURE;
        }
    };
    match ASKED.iter().try_for_each(|asked| ask(store, asked, start, end, rounds)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn question(asked: &Asked, start: &str, end: &str) -> Result<Question> {
    let day = |date: &str| Stamp::parse(&format!("{date}T00:00:00Z"));
    let window = Interval::new(day(start)?, day(end)?)?;
    let (_, dimensions, zone, largest) = asked;
    let mut question = Question::new(window, CostView::Effective);
    question.dimensions = dimensions.iter().map(|word| word.parse()).collect::<Result<_, Error>>()?;
    if let Some(zone) = zone {
        let days = Zone::parse(zone)?.days(window)?;
        question.buckets = Some(days.iter().map(|day| day.interval).collect());
    }
    question.largest = *largest;
    Ok(question)
}

#[allow(clippy::disallowed_methods, reason = "durations are measured here, no costs are dated")]
fn ask(store: &str, asked: &Asked, start: &str, end: &str, rounds: usize) -> Result<()> {
    let request = Raw(question(asked, start, end)?);
    let opening = Instant::now();
    let finops = Finops::open_with(store, json!({"read_only": true}))?;
    let opened = opening.elapsed().as_secs_f64() * 1e3;
    let (mut times, mut read) = (Vec::new(), String::new());
    for round in 0..=rounds.max(1) {
        let start = Instant::now();
        let sums = finops.ask(&request, &())?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if round == 0 {
            read = format!("{} groups, {:?}", sums.len() + sums.rest.groups, sums.path);
        }
    }
    let fresh = times.remove(0);
    times.sort_by(f64::total_cmp);
    let then = times.get(times.len() / 2).copied().unwrap_or(fresh);
    println!("{}: open {opened:.2} ms, fresh {fresh:.2} ms, then {then:.3} ms, {read}", asked.0);
    Ok(())
}
