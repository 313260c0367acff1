//! Rating: lines spread over a million cells, many small lines, and many grants.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use finops_benches::next;
use finops_core::model::id::Id;
use finops_core::model::money::Quantity;
use finops_core::model::price::{Grant, GrantAmount, Place, Price};
use finops_core::model::time::Stamp;
use finops_core::pipeline::rating::{Cell, Credits, PeriodState, deltas, rate, spread};
use serde_json::{Value, json};
use std::hint::black_box;

const CELLS: u32 = 1_000_000;
const DAYS: u32 = 31;
const LINES: u32 = 100_000;
const GRANTS: u32 = 100_000;

/// A price in USD since 2024, with these fields beside.
fn price(fields: Value) -> Price {
    let mut form = json!({"meter": "calls", "currency": "USD", "effective_from": "2024-01-01T00:00:00Z"});
    if let (Some(form), Value::Object(fields)) = (form.as_object_mut(), fields) {
        form.extend(fields);
    }
    Price::from_json(&form).unwrap_or_else(|error| panic!("{form}: {error}"))
}

fn tiered() -> Price {
    price(json!({"model": "tiered", "rounding": "currency", "tiers": [
        {"up_to": "1000000", "unit_price": "0.002"}, {"up_to": "100000000", "unit_price": "0.0015"},
        {"unit_price": "0.0011"},
    ]}))
}

fn matrix() -> Price {
    let cell = |number: u32| json!({"values": [number.to_string()], "unit_price": format!("0.{:04}", number + 1)});
    let cells: Vec<Value> = (0..100).map(cell).collect();
    price(json!({"model": "matrix", "matrix": {"dimensions": ["model"], "cells": cells}}))
}

/// In the order of days and keys, as the sums of usage lie.
fn cells() -> Vec<Cell<u32, u32>> {
    let mut state = 7;
    let cell = |number: u32| {
        let quantity = Quantity::from_mantissa(i128::from(next(&mut state) % 1_000_000_000) * 1_000_000_000_000);
        let keys = CELLS.div_ceil(DAYS);
        Cell { day: number / keys, key: number % keys, quantity, place: Place::Cell(number % 100) }
    };
    (0..CELLS).map(cell).collect()
}

fn spreads(criterion: &mut Criterion) {
    let sorted = cells();
    let mut shuffled = sorted.clone();
    let mut state = 11;
    shuffled.sort_by_cached_key(|_| next(&mut state));
    let mut group = criterion.benchmark_group("spread_1m_cells");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(CELLS)));
    let per_unit = price(json!({"model": "per_unit", "unit_price": "0.0021"}));
    for (name, price, cells) in [
        ("per_unit", &per_unit, &sorted),
        ("tiered", &tiered(), &sorted),
        ("tiered_unordered", &tiered(), &shuffled),
        ("matrix", &matrix(), &sorted),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| spread(price, black_box(cells), 0, DAYS, PeriodState::Open));
        });
    }
    // As many cells again, but a line for each 31 of them: a tenant that is seen once a day.
    for (name, price) in [("per_unit_by_32k_lines", &per_unit), ("tiered_by_32k_lines", &tiered())] {
        let lines: Vec<Vec<Cell<u32, u32>>> =
            sorted.chunks(31).map(|line| (0..).zip(line).map(|(day, cell)| Cell { day, ..*cell }).collect()).collect();
        group.bench_function(name, |bencher| {
            let rated = |line: &&Vec<Cell<u32, u32>>| spread(price, line, 0, DAYS, PeriodState::Open).is_ok();
            bencher.iter(|| black_box(&lines).iter().filter(rated).count());
        });
    }
    group.finish();
}

fn lines(criterion: &mut Criterion) {
    let price = tiered();
    let mut state = 3;
    let quantities: Vec<Quantity> = (0..LINES)
        .map(|_| Quantity::from_mantissa(i128::from(next(&mut state) >> 20) * 1_000_000_000_000_000))
        .collect();
    let mut group = criterion.benchmark_group("lines_100k");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(LINES)));
    group.bench_function("rate", |bencher| {
        let rated = |quantity: &&Quantity| rate(&price, **quantity, PeriodState::Final).is_ok();
        bencher.iter(|| quantities.iter().filter(rated).count());
    });
    group.bench_function("rate_and_deltas", |bencher| {
        let rated = |quantity: &&Quantity| {
            rate(&price, **quantity, PeriodState::Final).and_then(|rated| deltas(&[], &rated)).is_ok()
        };
        bencher.iter(|| quantities.iter().filter(rated).count());
    });
    group.finish();
}

fn grants(criterion: &mut Criterion) {
    let Ok(start) = Stamp::parse("2024-01-01T00:00:00Z") else { return };
    let grant = |number: u32| {
        let mut random = [0; 10];
        random.iter_mut().zip(number.to_be_bytes()).for_each(|(slot, byte)| *slot = byte);
        let amount = GrantAmount::Units { units: Quantity::from_units(100), meter: "calls".to_owned() };
        let mut grant = Grant::new(Id::new(start, random), "acme", amount, start);
        grant.priority = number % 7;
        grant
    };
    let grants: Vec<Grant> = (0..GRANTS).map(grant).collect();
    let mut group = criterion.benchmark_group("grants_100k");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(GRANTS)));
    group.bench_function("start_and_burn_in_100k_steps", |bencher| {
        bencher.iter_batched(
            || Credits::new(&grants),
            |credits| {
                let mut credits = credits?;
                for _ in 0..GRANTS {
                    credits.burn(start, black_box(Quantity::from_units(99)))?;
                }
                credits.left()
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, spreads, lines, grants);
criterion_main!(benches);
