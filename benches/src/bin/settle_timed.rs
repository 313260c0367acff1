//! Usage that becomes charges, measured: `settle-timed FOLDER [TENANTS] [DAYS]` prints a line for each step.
//!
//! The folder must not be there yet. Each tenant uses three meters every day, of which one has tiers. The first query
//! makes charges of all of it; each of those after it of one event that came since.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "durations are measured here, no usage is dated")]

use finops_core::model::money::Quantity;
use finops_core::model::time::Stamp;
use finops_core::model::usage::UsageEvent;
use finops_core::{CostSummaryRequest, Error, Finops, Result};
use serde_json::json;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const METERS: [&str; 3] = ["api_calls", "ledger_transactions", "bandwidth"];
const START: i64 = 1_704_067_200_000_000;
const DAY: i64 = 86_400_000_000;
const BATCH: usize = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: i64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (Some(folder), Ok(tenants), Ok(days)) = (arguments.first(), number(1, 10_000), number(2, 30)) else {
        eprintln!("usage: settle-timed FOLDER [TENANTS] [DAYS]");
        return ExitCode::FAILURE;
    };
    match run(folder, tenants, days) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &str, tenants: i64, days: i64) -> Result<()> {
    let finops = Finops::builder().now(Stamp::from_micros(START + days * DAY)?).open(folder)?;
    price(&finops)?;
    let started = Instant::now();
    let mut events = Vec::with_capacity(BATCH);
    let mut count = 0_usize;
    for day in 0..days {
        for tenant in 0..tenants {
            for meter in METERS {
                count += 1;
                events.push(event(count, START + day * DAY, meter, &format!("ten_{tenant:05}"))?);
                if events.len() == BATCH {
                    finops.record_events(std::mem::replace(&mut events, Vec::with_capacity(BATCH)))?;
                }
            }
        }
    }
    finops.record_events(events)?;
    say("recorded", started.elapsed(), &format!("{count} events of {tenants} tenants"));
    let started = Instant::now();
    let settled = finops.billing_settle()?;
    say("settled", started.elapsed(), &format!("{} lines, {} charges", settled.lines, settled.charges));
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse()?);
    request.group_by.0 = vec!["tenant".parse()?];
    request.limit = Some(20);
    let started = Instant::now();
    let total = finops.get_cost_summary(&request)?.total_cost;
    say("summary", started.elapsed(), &format!("by tenant: {}", total.map_or_else(String::new, |t| t.to_string())));
    for round in 0..5 {
        count += 1;
        finops.record_events(vec![event(count, START + (days - 1) * DAY, METERS[0], "ten_00007")?])?;
        let started = Instant::now();
        finops.get_cost_summary(&request)?;
        say("summary", started.elapsed(), &format!("after one more event, round {round}"));
    }
    let mut usage = finops_core::insight::UsageRequest::default();
    usage.period = Some("2024-01".parse()?);
    usage.filter = serde_json::from_value(json!({"tenant": "ten_00007"})).map_err(|error| wrong(&error))?;
    let (rounds, started) = (1_000_u32, Instant::now());
    for _ in 0..rounds {
        finops.get_usage(&usage)?;
    }
    say("usage", started.elapsed() / rounds, "of a tenant and month, each");
    Ok(())
}

fn price(finops: &Finops) -> Result<()> {
    let tiers = json!([{"up_to": "1000", "unit_price": "0.01"}, {"up_to": null, "unit_price": "0.004"}]);
    for meter in METERS {
        let mut price = json!({"meter": meter, "currency": "USD", "effective_from": "2024-01-01T00:00:00Z",
                               "model": "per_unit", "unit_price": "0.0021"});
        if meter == METERS[0] {
            price = json!({"meter": meter, "currency": "USD", "effective_from": "2024-01-01T00:00:00Z",
                           "model": "tiered", "tiers": tiers});
        }
        finops.prices_create(price)?;
    }
    Ok(())
}

fn event(number: usize, micros: i64, meter: &str, tenant: &str) -> Result<UsageEvent> {
    let quantity = Quantity::from_units(i64::try_from(number % 97).unwrap_or(1) + 1);
    Ok(UsageEvent::new(format!("event-{number}"), Stamp::from_micros(micros)?, meter, quantity, tenant))
}

fn say(what: &str, time: Duration, note: &str) {
    println!("{what:>10} {:>12.3} ms  {note}", time.as_secs_f64() * 1000.0);
}

fn wrong(error: &serde_json::Error) -> Error {
    Error::invalid("filter", error.to_string())
}
