//! The gate, measured: `gate-timed [CALLS] [ROUNDS] [SCOPES]` prints a line of JSON for each round.
//!
//! 10,000 budgets, of which four cover each call: those of an organization, a tenant, a team and a user. A call checks,
//! reserves and settles for one of 10,000 `SCOPES`, another one each time, given as borrowed texts. `one` and `two` are
//! threads that do nothing else; `each` is one thread that looks at its clock around every call; `flight` is one thread
//! that settles a thousand calls later.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "durations are measured here, no spend is dated")]
#![allow(clippy::cast_precision_loss, reason = "rates are shown, not charged")]

use finops_benches::next;
use finops_core::model::dimension::{BuiltIn, Dimension};
use finops_core::model::filter::Filter;
use finops_core::model::id::{self, Id};
use finops_core::model::money::{Currency, Money};
use finops_core::model::time::{Interval, Stamp};
use finops_core::pipeline::gate::{Covering, Gate, GateError, Limits, Spend, Terms};
use finops_core::{Error, Result};
use serde_json::json;
use std::collections::VecDeque;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// What has budgets, and how many of each: 10,000 together.
const LEVELS: [(BuiltIn, u64); 4] =
    [(BuiltIn::Tenant, 1_000), (BuiltIn::Organization, 100), (BuiltIn::User, 7_000), (BuiltIn::Team, 1_900)];
const TERMS: Terms = Terms { ttl: Some(Duration::from_mins(1)), idempotent: false };
/// 2026-09-01T00:00:00Z, in microseconds.
const START: i64 = 1_788_220_800_000_000;

type Names = [String; 4];

struct World {
    gate: Gate,
    scopes: Vec<Names>,
    count: u64,
    dollar: Currency,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (Ok(calls), Ok(rounds), Ok(scopes)) = (number(0, 1_000_000), number(1, 5), number(2, 10_000)) else {
        eprintln!("usage: gate-timed [CALLS] [ROUNDS] [SCOPES]");
        return ExitCode::FAILURE;
    };
    match run(calls, rounds, scopes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(calls: u64, rounds: u64, scopes: u64) -> Result<()> {
    let world = world(scopes.max(1))?;
    // Every lane has met every scope before anything is measured; threads get lanes in turn.
    for _ in 0..4 {
        thread::scope(|scope| drop(scope.spawn(|| spend(&world, 0, scopes * 20, 0, None))));
    }
    for round in 1..=rounds {
        let seed = round * 10;
        let one = timed(calls, || spend(&world, seed, calls, 0, None))?;
        let two = timed(calls * 2, || {
            thread::scope(|scope| {
                let other = scope.spawn(|| spend(&world, seed + 1, calls, 0, None));
                spend(&world, seed + 2, calls, 0, None)?;
                other.join().unwrap_or_else(|_| Err(Error::invalid("thread", "panicked")))
            })
        })?;
        let mut each = Vec::with_capacity(usize::try_from(calls).unwrap_or(0));
        spend(&world, seed + 3, calls, 0, Some(&mut each))?;
        let flight = timed(calls, || spend(&world, seed + 4, calls, 1_000, None))?;
        each.sort_unstable();
        let at = |per_mille: usize| each.get(each.len() * per_mille / 1_000).map_or(0, Duration::as_nanos);
        let each_ns = json!({"p50": at(500), "p90": at(900), "p99": at(990), "p999": at(999)});
        let ratio = two.rate / one.rate;
        let (one, two, flight) = (one.json(), two.json(), flight.json());
        println!(
            "{}",
            json!({"round": round, "one": one, "two": two, "two_by_one": ratio, "flight": flight, "each_ns": each_ns})
        );
        world.gate.give_back(world.gate.take().map_err(GateError::into_error)?);
    }
    Ok(())
}

fn world(scopes: u64) -> Result<World> {
    let dollar = Currency::parse("USD")?;
    let start = Stamp::from_micros(START)?;
    let period = Interval::new(start, Stamp::from_micros(START + 30 * 86_400_000_000)?)?;
    let limits = Limits { limit: Some(Money::from_units(1_000_000_000)), ..Limits::open(period) };
    let mut budgets = Vec::new();
    let mut random = 1;
    for (level, count) in LEVELS {
        for number in 0..count {
            let filter = Filter::equals(Dimension::BuiltIn(level), name(level, number));
            let id = Id::<id::Budget>::new(start, bytes(next(&mut random)));
            budgets.push(Covering { id, filter, currency: dollar, limits, spent: Some(Money::ZERO) });
        }
    }
    let gate = Gate::default();
    let started = Instant::now();
    gate.load(budgets);
    println!("{}", json!({"budgets": 10_000, "load_ms": started.elapsed().as_secs_f64() * 1_000.0}));
    let mut random = 2;
    let scope = |scope: u64| {
        LEVELS.map(|(level, count)| match level {
            BuiltIn::User => name(level, scope % count),
            _ => name(level, next(&mut random) % count),
        })
    };
    let names = (0..scopes).map(scope).collect();
    Ok(World { gate, count: scopes, scopes: names, dollar })
}

fn name(level: BuiltIn, number: u64) -> String {
    format!("{level}_{number:08}", level = level.as_str())
}

fn bytes(random: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    let (start, _) = bytes.split_at_mut(8);
    start.copy_from_slice(&random.to_be_bytes());
    bytes
}

/// Checks, reserves and settles so many times; settles `behind` calls later.
fn spend(world: &World, seed: u64, calls: u64, behind: usize, mut took: Option<&mut Vec<Duration>>) -> Result<()> {
    let mut random = seed;
    let amount = Money::from_mantissa(1_234_567_890_123_456);
    let actual = Money::from_mantissa(1_034_567_890_123_456);
    let mut open = VecDeque::with_capacity(behind + 1);
    let clock = Instant::now();
    let mut before = Duration::ZERO;
    for number in 0..calls {
        let now = Stamp::from_micros(START + i64::try_from(number).unwrap_or(0))?;
        let at = usize::try_from(next(&mut random) % world.count).unwrap_or(0);
        let id = Id::<id::Reservation>::new(now, bytes(next(&mut random)));
        let Some([tenant, organization, user, team]) = world.scopes.get(at) else { continue };
        let ids = [
            (BuiltIn::Tenant, tenant.as_str()),
            (BuiltIn::Organization, organization.as_str()),
            (BuiltIn::User, user.as_str()),
            (BuiltIn::Team, team.as_str()),
        ];
        let spend = Spend { ids: &ids, tags: &[], amount, currency: world.dollar };
        let checked = world.gate.check(&spend, now).map_err(GateError::into_error)?;
        let reserved = world.gate.reserve(id, &spend, TERMS, now).map_err(GateError::into_error)?;
        if !checked.is_allowed() || !reserved.verdict.is_allowed() {
            return Err(Error::invalid("limit", "refused a spend that fits"));
        }
        open.push_back(id);
        if open.len() > behind
            && let Some(oldest) = open.pop_front()
        {
            world.gate.settle(oldest, actual, now).map_err(GateError::into_error)?;
        }
        if let Some(took) = &mut took {
            let after = clock.elapsed();
            took.push(after.saturating_sub(before));
            before = after;
        }
    }
    let now = Stamp::from_micros(START)?;
    open.into_iter().try_for_each(|id| world.gate.settle(id, actual, now).map(drop).map_err(GateError::into_error))
}

/// Calls a second by the wall clock, and what a call takes by it and of the processors.
struct Timing {
    rate: f64,
    wall_ns: f64,
    cpu_ns: f64,
}

impl Timing {
    fn json(&self) -> serde_json::Value {
        json!({"rate": self.rate.round(), "wall_ns": self.wall_ns.round(), "cpu_ns": self.cpu_ns.round()})
    }
}

fn timed(calls: u64, run: impl FnOnce() -> Result<()>) -> Result<Timing> {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    run()?;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let calls = calls as f64;
    Ok(Timing { rate: calls / wall, wall_ns: wall * 1e9 / calls, cpu_ns: cpu * 1e9 / calls })
}

/// What all threads of the process have used of the processors, where the system tells.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
