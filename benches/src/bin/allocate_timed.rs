//! Allocations, measured: `allocate-timed [ROUNDS]` prints a line for each.
//!
//! 250,000 cells of 500 namespaces, 50 teams and 10 services; a centre for each namespace; 50 rules, each of which
//! shares out what one team has of one service over all centres. `fresh` is with everything that is found out about
//! cells, `again` after one rule changed. Of each the fastest round is shown.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "durations are measured here, no charge is dated")]

use finops_core::model::allocation::{Center, CenterId, Centers, Rule, RuleId, RuleSet};
use finops_core::model::charge::CostView;
use finops_core::model::dimension::Dimension;
use finops_core::model::filter::Filter;
use finops_core::model::money::{Currency, Money};
use finops_core::model::time::{Interval, Stamp};
use finops_core::pipeline::allocation::{Allocation, Allocator, Cells, Frame, Weights};
use finops_core::{Error, Result};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

const NAMESPACES: u32 = 500;
const TEAMS: u32 = 50;
const SERVICES: u32 = 10;

fn main() -> ExitCode {
    let rounds = std::env::args().nth(1).map_or(Ok(9), |text| text.parse());
    let Ok(rounds) = rounds else {
        eprintln!("usage: allocate-timed [ROUNDS]");
        return ExitCode::FAILURE;
    };
    match run(rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(rounds: u32) -> Result<()> {
    let cells = cells()?;
    let same = json!({"method": "proportional"});
    let targets: Vec<Value> =
        (0..NAMESPACES).map(|number| Ok(json!({"cost_center": cc(number)?}))).collect::<Result<_>>()?;
    let even = json!({"method": "even", "targets": targets});
    let rules = set(&same, 7)?;
    let (method, source) = (set(&even, 7)?, set(&same, 8)?);
    for carry in [&[][..], &["service"], &["service", "namespace"]] {
        let carry: Vec<Dimension> = carry.iter().map(|text| text.parse()).collect::<Result<_>>()?;
        let mut fastest: [Option<Duration>; 4] = [None; 4];
        let (mut lines, name) = (0, format!("{carry:?}"));
        for _ in 0..rounds {
            let frame = frame(&carry)?;
            let cells = cells.clone();
            let weights = Weights::default();
            let started = Instant::now();
            let mut allocator = Allocator::new(cells, frame)?;
            let first: Allocation = allocator.run(&rules, &weights)?;
            let mut took = [started.elapsed(), Duration::ZERO, Duration::ZERO, Duration::ZERO];
            lines = first.len();
            for (at, rules) in [&rules, &method, &source].into_iter().enumerate() {
                let started = Instant::now();
                allocator.run(rules, &weights)?;
                if let Some(took) = took.get_mut(at + 1) {
                    *took = started.elapsed();
                }
            }
            for (fastest, took) in fastest.iter_mut().zip(took) {
                *fastest = Some(fastest.map_or(took, |fastest| fastest.min(took)));
            }
        }
        let shown = fastest.map(|took| took.map_or(0, |took| took.as_micros()));
        let [fresh, nothing, method, source] = shown;
        println!(
            "carrying {name}: {lines} lines, fresh {fresh} us; again: nothing changed {nothing} us, a method {method} \
             us, a source {source} us"
        );
    }
    Ok(())
}

fn cc(number: u32) -> Result<CenterId> {
    Ok(CenterId::new(Stamp::from_micros(i64::from(number) * 1_000)?, [0; 10]))
}

fn frame(carry: &[Dimension]) -> Result<Frame> {
    let stretch = Interval::new("2024-01-01T00:00:00Z".parse()?, "2024-02-01T00:00:00Z".parse()?)?;
    Ok(Frame { stretch, view: CostView::Effective, carry: carry.to_vec() })
}

/// 50 rules; the tenth shares out by `tenth`, and holds the service of that number.
fn set(tenth: &Value, service: u32) -> Result<RuleSet> {
    let mut rules = Vec::new();
    for number in 0..TEAMS {
        let service = if number == 10 { service } else { 9 };
        let mut rule = json!({
            "id": RuleId::new(Stamp::from_micros(i64::from(number) * 1_000)?, [0; 10]),
            "name": format!("team {number}"), "effective_from": "2024-01-01T00:00:00Z",
            "source": {"tag:team": format!("t{number}"), "service": format!("s{service}")},
        });
        let method = match number {
            10 => tenth.clone(),
            49 => json!({"method": "idle", "idle": "share"}),
            _ => json!({"method": "proportional"}),
        };
        if let (Some(rule), Some(method)) = (rule.as_object_mut(), method.as_object()) {
            rule.extend(method.clone());
        }
        rules.push(Rule::from_json(&rule)?);
    }
    let center = |number: u32| {
        let filter = Filter::equals("namespace".parse()?, format!("n{number}"));
        Ok(Center { id: cc(number)?, name: format!("centre {number}"), depth: 0, filter: Some(filter) })
    };
    RuleSet::new(rules, Centers::new((0..NAMESPACES).map(center).collect::<Result<_>>()?)?)
}

fn cells() -> Result<Cells> {
    let names = |letter: char, count: u32| -> Vec<Option<Arc<str>>> {
        (0..count).map(|number| Some(Arc::from(format!("{letter}{number}")))).collect()
    };
    let dimensions = ["cost_center", "namespace", "tag:team", "service"].map(str::parse::<Dimension>);
    let dimensions: Vec<Dimension> = dimensions.into_iter().collect::<Result<_>>()?;
    let labels = vec![vec![None], names('n', NAMESPACES), names('t', TEAMS), names('s', SERVICES)];
    let mut cells = Cells::new(dimensions, labels)?;
    let (usd, mut state) = (Currency::parse("USD")?, 1_u64);
    for namespace in 0..NAMESPACES {
        for team in 0..TEAMS {
            for service in 0..SERVICES {
                let costs = [10, 9, 11, 13].map(|part| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    // Up to some 4,000 in ten decimals.
                    Money::from_mantissa(i128::from(state >> 31) * 100_000_000 * part / 10)
                });
                cells.push(&[0, namespace, team, service], usd, costs, [0; 4])?;
            }
        }
    }
    if cells.len() == 250_000 { Ok(cells) } else { Err(Error::invalid("cells", "must be 250,000")) }
}
