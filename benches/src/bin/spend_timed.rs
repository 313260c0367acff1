//! Spending through an engine, measured: `spend-timed [CALLS] [ROUNDS]` prints a line of JSON for each round.
//!
//! 10,000 budgets, of which four cover each spend: those of an organization, a tenant, a team and a user. A spend is
//! checked, reserved and settled, for another one of 10,000 scopes each time, given as borrowed texts. `one` and `two`
//! are threads, `each` is what check, reserve and settle take together on one of them. What is settled is written once
//! at the end of a round, which is timed by itself.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "durations are measured here, no spend is dated")]
#![allow(clippy::cast_precision_loss, reason = "rates are shown, not charged")]

use finops_benches::next;
use finops_core::engine::SpendTerms;
use finops_core::model::dimension::BuiltIn;
use finops_core::model::money::{Currency, Money};
use finops_core::pipeline::gate::Spend;
use finops_core::{Error, Finops, Result};
use serde_json::json;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// What has budgets, in the order of dimensions, and how many of each: 10,000 together.
const LEVELS: [(BuiltIn, u64); 4] =
    [(BuiltIn::Tenant, 2_000), (BuiltIn::Organization, 500), (BuiltIn::User, 5_000), (BuiltIn::Team, 2_500)];
const SCOPES: u64 = 10_000;

struct World {
    finops: Finops,
    scopes: Vec<[String; 4]>,
    dollar: Currency,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (Ok(calls), Ok(rounds)) = (number(0, 500_000), number(1, 5)) else {
        eprintln!("usage: spend-timed [CALLS] [ROUNDS]");
        return ExitCode::FAILURE;
    };
    match run(calls, rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(calls: u64, rounds: u64) -> Result<()> {
    let world = world()?;
    spend(&world, 0, SCOPES * 20, |_| {})?;
    for round in 1..=rounds {
        let seed = round * 10;
        let one = timed(calls, || spend(&world, seed, calls, |_| {}))?;
        let two = timed(calls * 2, || {
            thread::scope(|scope| {
                let other = scope.spawn(|| spend(&world, seed + 1, calls, |_| {}));
                spend(&world, seed + 2, calls, |_| {})?;
                other.join().unwrap_or_else(|_| Err(Error::invalid("thread", "panicked")))
            })
        })?;
        let mut each = Vec::with_capacity(usize::try_from(calls).unwrap_or(0));
        spend(&world, seed + 3, calls, |time| each.push(time))?;
        each.sort_unstable();
        let at = |per_mille: usize| each.get(each.len() * per_mille / 1_000).map_or(0, Duration::as_nanos);
        let written = Instant::now();
        world.finops.tick(None)?;
        let line = json!({
            "round": round, "one_per_s": one, "two_per_s": two, "two_by_one": two / one,
            "each_ns": {"p50": at(500), "p90": at(900), "p99": at(990), "p999": at(999)},
            "written_ms": written.elapsed().as_secs_f64() * 1e3,
        });
        println!("{line}");
    }
    Ok(())
}

fn timed(calls: u64, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(calls as f64 / started.elapsed().as_secs_f64())
}

fn world() -> Result<World> {
    let finops = Finops::open(":memory:")?;
    let started = Instant::now();
    for (level, count) in LEVELS {
        for number in 0..count {
            let form = json!({
                "name": name(level, number), "scope": {"level": level.as_str(), "id": name(level, number)},
                "budget": {"amount": 1_000_000_000, "currency": "USD", "period": "monthly"},
                "thresholds": [{"percent": 80, "action": "alert"}, {"percent": 100, "action": "pause"}],
            });
            finops.call("budgets.create", form, &())?;
        }
    }
    println!("{}", json!({"budgets": 10_000, "made_s": started.elapsed().as_secs_f64()}));
    let mut random = 2;
    let scope = |scope: u64| {
        LEVELS.map(|(level, count)| match level {
            BuiltIn::User => name(level, scope % count),
            _ => name(level, next(&mut random) % count),
        })
    };
    Ok(World { finops, scopes: (0..SCOPES).map(scope).collect(), dollar: Currency::parse("USD")? })
}

fn name(level: BuiltIn, number: u64) -> String {
    format!("{}_{number:08}", level.as_str())
}

/// Checks, reserves and settles so often; `each` gets what the three took together.
fn spend(world: &World, seed: u64, calls: u64, mut each: impl FnMut(Duration)) -> Result<()> {
    let mut random = seed + 1;
    let (amount, actual) = (Money::from_units(2), Money::from_units(1));
    for _ in 0..calls {
        let place = usize::try_from(next(&mut random) % SCOPES).unwrap_or(0);
        let Some(names) = world.scopes.get(place) else { continue };
        let started = Instant::now();
        let [tenant, organization, user, team] = names;
        let ids = [
            (BuiltIn::Tenant, tenant.as_str()),
            (BuiltIn::Organization, organization.as_str()),
            (BuiltIn::User, user.as_str()),
            (BuiltIn::Team, team.as_str()),
        ];
        let spend = Spend { ids: &ids, tags: &[], amount, currency: world.dollar };
        world.finops.check_spend(&spend)?;
        let held = world.finops.reserve_spend(&spend, SpendTerms::default())?;
        if let Some(id) = held.reservation_id {
            world.finops.budgets_settle(id, actual)?;
        }
        each(started.elapsed());
    }
    Ok(())
}
