//! Questions to a store, measured from inside: `questions-timed STORE START END [ROUNDS [NAME]]` prints a line for
//! each, or for those whose name contains NAME.
//!
//! The store is opened anew for every question. `fresh` is the first answer, `then` the median of the others; behind
//! them stands what was read. Days of another zone cut those of UTC, which are then added up charge by charge: for them
//! stands at how many bytes a second, beside how many the same threads read for nothing: each answer is followed by
//! such a reading of as many bytes, since the speed of a machine that others share changes from second to second.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]

use finops_core::insight::BreakdownRequest;
use finops_core::insight::health::Held;
use finops_core::insight::query::{CostQuery, CostRequest, NameOf};
use finops_core::insight::question::Question;
use finops_core::insight::sums::Sums;
use finops_core::model::charge::CostView;
use finops_core::model::filter::Filter;
use finops_core::model::time::{Interval, Stamp, Zone};
use finops_core::{Error, Finops, Result};
use serde_json::json;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

/// A question whose sums are the answer: what the engine does without making rows of it.
struct Raw(Question);

impl CostRequest for Raw {
    const OPERATION: &str = "costs.breakdown";

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

const ASKED: [Asked; 9] = [
    ("the sum", &[], None, None),
    (OF_TENANT, &["service", "region"], None, None),
    ("days", &[], Some("UTC"), None),
    ("days and services", &["service"], Some("UTC"), None),
    ("days of another zone", &[], Some("Asia/Kolkata"), None),
    ("services and regions", &["service", "region"], None, None),
    ("the 20 largest resources", &["resource_id"], None, Some(20)),
    ("teams, a tag", &["tag:team"], None, None),
    ("days by 3 dimensions", &["sub_account", "service", "region"], Some("UTC"), Some(1)),
];

/// The question that only one tenant's charges count in.
const OF_TENANT: &str = "a tenant's services and regions";
/// Which tenant that is.
const TENANT: &str = "ten_0007";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (store, start, end, rounds, name) = match arguments.as_slice() {
        [store, start, end] => (store, start, end, 9, ""),
        [store, start, end, rounds] => (store, start, end, rounds.parse().unwrap_or(9), ""),
        [store, start, end, rounds, name] => (store, start, end, rounds.parse().unwrap_or(9), name.as_str()),
        _ => {
            eprintln!("usage: questions-timed STORE START END [ROUNDS [NAME]]");
            return ExitCode::FAILURE;
        }
    };
    let mut asked = ASKED.iter().filter(|asked| asked.0.contains(name));
    let asked = asked.try_for_each(|asked| ask(store, asked, start, end, rounds));
    match asked {
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
    if asked.0 == OF_TENANT {
        question.filter = Filter::In("sub_account".parse()?, vec![Some(TENANT.to_owned())]);
        question.views = vec![CostView::Effective, CostView::Billed];
    }
    Ok(question)
}

#[allow(clippy::disallowed_methods, reason = "durations are measured here, no costs are dated")]
fn ask(store: &str, asked: &Asked, start: &str, end: &str, rounds: usize) -> Result<()> {
    let request = Raw(question(asked, start, end)?);
    let opening = Instant::now();
    let finops = Finops::open_with(store, json!({"read_only": true}))?;
    let opened = opening.elapsed().as_secs_f64() * 1e3;
    let (mut times, mut read, mut scan) = (Vec::new(), String::new(), None);
    for round in 0..=rounds.max(1) {
        let start = Instant::now();
        let sums = finops.ask(&request, &())?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if round == 0 {
            read = format!("{} groups, {:?}", sums.len() + sums.rest.groups, sums.path);
            // Every byte that comes from disk is then in memory, and is added up each time.
            scan = Some(sums.path.bytes_read).filter(|_| sums.path.rows_from_columns > 0).map(Scan::of);
        } else if let Some(scan) = &mut scan {
            scan.read_for_nothing();
        }
    }
    let fresh = times.remove(0);
    let then = median(times.clone());
    println!("{}: open {opened:.2} ms, fresh {fresh:.2} ms, then {then:.3} ms, {read}", asked.0);
    if asked.0 == OF_TENANT {
        answer_whole(&finops, start, end, rounds)?;
    }
    if let Some(scan) = scan {
        scan.print(&times);
    }
    Ok(())
}

/// The same question as a service asks it: with names, shares and the health of the data, as items and by column.
#[allow(clippy::disallowed_methods, reason = "durations are measured here, no costs are dated")]
fn answer_whole(finops: &Finops, start: &str, end: &str, rounds: usize) -> Result<()> {
    let request = json!({
        "start_date": start, "end_date": end, "group_by": ["service", "region"], "filter": {"sub_account": TENANT},
        "views": ["billed", "effective"], "limit": 1000,
    });
    let request: BreakdownRequest =
        serde_json::from_value(request).map_err(|error| Error::invalid("request", error.to_string()))?;
    let (mut items, mut columns, mut rows) = (Vec::new(), Vec::new(), 0);
    for _ in 0..=rounds.max(1) {
        let start = Instant::now();
        rows = black_box(finops.ask(&request, &())?).items.len();
        items.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        black_box(finops.costs_breakdown_columns(&request, &())?);
        columns.push(start.elapsed().as_secs_f64() * 1e3);
    }
    println!("    the whole answer: {:.3} ms with {rows} items, {:.3} ms by column", median(items), median(columns));
    Ok(())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Gigabytes a second.
#[allow(clippy::cast_precision_loss, reason = "a measurement has fewer digits than a double")]
fn speed(bytes: u64, millis: f64) -> f64 {
    bytes as f64 / 1e6 / millis
}

/// The reading of as many bytes as a question adds up, by as many threads, which only add up words.
struct Scan {
    bytes: u64,
    words: Vec<u64>,
    threads: usize,
    times: Vec<f64>,
}

impl Scan {
    fn of(bytes: u64) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let words = vec![1_u64; usize::try_from(bytes / 8).unwrap_or(1).max(threads)];
        Self { bytes, words, threads, times: Vec::new() }
    }

    #[allow(clippy::disallowed_methods, reason = "durations are measured here, no costs are dated")]
    fn read_for_nothing(&mut self) {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for part in self.words.chunks(self.words.len().div_ceil(self.threads)) {
                scope.spawn(|| black_box(part.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word))));
            }
        });
        self.times.push(start.elapsed().as_secs_f64() * 1e3);
    }

    fn print(self, answers: &[f64]) {
        let Self { bytes, threads, times, .. } = self;
        let shares = times.iter().zip(answers).map(|(nothing, answer)| nothing / answer * 100.0).collect();
        let (answer, nothing) = (speed(bytes, median(answers.to_vec())), speed(bytes, median(times)));
        println!("    {} MB of columns at {answer:.1} GB/s, {nothing:.1} for nothing", bytes / 1_000_000);
        println!(
            "    on {threads} threads; {:.0} % of it, the median of each answer beside its reading",
            median(shares)
        );
    }
}
