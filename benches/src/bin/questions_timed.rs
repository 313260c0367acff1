//! Questions to a store, measured from inside: `questions-timed STORE [ROUNDS]` prints a line of JSON for each.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that prints what it measured"
)]

use finops_core::Finops;
use finops_core::insight::health::Held;
use finops_core::insight::query::{CostQuery, CostRequest, NameOf};
use finops_core::insight::question::Question;
use finops_core::insight::sums::Sums;
use finops_core::model::charge::CostView;
use finops_core::model::filter::Filter;
use finops_core::model::time::{Interval, Stamp, Zone};
use std::time::Instant;

struct Raw(Question);
struct Query(Question);
impl CostRequest for Raw {
    type Query<'q> = Query;
    fn query(&self, _: Stamp) -> finops_core::Result<Query> {
        Ok(Query(self.0.clone()))
    }
}
impl CostQuery for Query {
    type Answer = Sums;
    fn questions(&self) -> Vec<Question> {
        vec![self.0.clone()]
    }
    fn finish(self, sums: Vec<Sums>, _: Held<'_>, _: NameOf<'_>) -> finops_core::Result<Sums> {
        Ok(sums.into_iter().next().unwrap())
    }
}

fn interval(start: &str, end: &str) -> Interval {
    let stamp = |day: &str| Stamp::parse(&format!("{day}T00:00:00Z")).unwrap();
    Interval::new(stamp(start), stamp(end)).unwrap()
}

fn question(window: Interval, dimensions: &[&str], daily: bool, views: &[CostView]) -> Question {
    let mut question = Question::new(window, views[0]);
    question.views = views.to_vec();
    question.dimensions = dimensions.iter().map(|word| word.parse().unwrap()).collect();
    if daily {
        question.buckets = Some(Zone::UTC.days(window).unwrap().iter().map(|day| day.interval).collect());
    }
    question
}

#[allow(clippy::disallowed_methods, reason = "durations are measured here, no costs are dated")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds: usize = arguments.get(1).map_or(5, |rounds| rounds.parse().unwrap());
    let all = interval("2024-11-01", "2025-12-06");
    let last = interval("2025-09-07", "2025-12-06");
    let month = interval("2025-03-01", "2025-04-01");
    let both = [CostView::Billed, CostView::Effective];
    let one = [CostView::Effective];
    let mut drill = question(last, &["service", "region"], false, &both);
    drill.filter = Filter::equals("sub_account".parse().unwrap(), "ten_0007");
    let mut distinct = question(all, &["provider"], false, &one);
    distinct.distinct = Some("resource_id".parse().unwrap());
    let mut kolkata = question(all, &[], false, &both);
    kolkata.buckets =
        Some(Zone::parse("Asia/Kolkata").unwrap().days(all).unwrap().iter().map(|day| day.interval).collect());
    let questions = [
        ("q1", question(month, &["sub_account"], false, &both)),
        ("q2", question(last, &["service"], true, &one)),
        ("q3", question(all, &["sub_account", "service", "region"], true, &one)),
        ("q4", question(all, &["resource_id"], false, &one)),
        ("q5", question(all, &["tag:team"], false, &one)),
        ("q6", distinct),
        ("q7", drill),
        ("q8", question(all, &[], true, &both)),
        ("zone", kolkata),
    ];
    for (name, question) in questions {
        let start = Instant::now();
        let finops = Finops::open_with(&arguments[0], serde_json::json!({"read_only": true})).unwrap();
        let opened = start.elapsed();
        let mut times = Vec::new();
        let mut groups = 0;
        let mut path = None;
        for _ in 0..rounds {
            let start = Instant::now();
            let sums = finops.ask(&Raw(question.clone()), &()).unwrap();
            times.push(start.elapsed().as_secs_f64() * 1e3);
            groups = sums.len();
            path.get_or_insert(sums.path.clone());
        }
        let fresh = times.remove(0);
        times.sort_by(f64::total_cmp);
        println!(
            "{name} open {:.2} ms, fresh {fresh:.2} ms, then {:.3} ms, {groups} groups, {:?}",
            opened.as_secs_f64() * 1e3,
            times[times.len() / 2],
            path.unwrap()
        );
    }
}
