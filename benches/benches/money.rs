//! Money: reading, adding, sharing out.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use finops_benches::next;
use finops_core::model::money::{ExactSum, Money, Quantity, Rounding, split};
use std::hint::black_box;

const COUNT: u64 = 10_000;

fn texts() -> Vec<String> {
    let mut state = 1;
    let text = |_| {
        let value = next(&mut state) % 1_000_000_000_000_000;
        format!("{}.{:010}", value / 10_000_000_000, value % 10_000_000_000)
    };
    (0..COUNT).map(text).collect()
}

fn amounts() -> Vec<Money> {
    texts().iter().filter_map(|text| text.parse().ok()).collect()
}

fn read_and_write(criterion: &mut Criterion) {
    let (texts, amounts) = (texts(), amounts());
    let long: Vec<String> = texts.iter().map(|text| format!("{text}12345678")).collect();
    let mut group = criterion.benchmark_group("text");
    group.throughput(Throughput::Elements(COUNT));
    group.bench_function("parse_10_decimals", |bencher| {
        bencher.iter(|| texts.iter().filter(|text| Money::parse(black_box(text)).is_ok()).count());
    });
    group.bench_function("parse_18_decimals", |bencher| {
        bencher.iter(|| long.iter().filter(|text| Money::parse(black_box(text)).is_ok()).count());
    });
    group.bench_function("write", |bencher| {
        bencher.iter(|| amounts.iter().map(|amount| black_box(amount).to_string().len()).sum::<usize>());
    });
    group.finish();
}

fn arithmetic(criterion: &mut Criterion) {
    let amounts = amounts();
    let factor = Quantity::from_mantissa(1_234_567_890_123_456_789);
    let mut group = criterion.benchmark_group("arithmetic");
    group.throughput(Throughput::Elements(COUNT));
    group.bench_function("checked_add", |bencher| {
        let add = |sum: Money, amount: &Money| sum.checked_add(*black_box(amount));
        bencher.iter(|| amounts.iter().try_fold(Money::ZERO, add));
    });
    group.bench_function("try_sum", |bencher| bencher.iter(|| Money::try_sum(amounts.iter().copied())));
    group.bench_function("exact_sum", |bencher| {
        bencher.iter(|| {
            let mut sum = ExactSum::default();
            for amount in &amounts {
                sum.add(*black_box(amount));
            }
            sum
        });
    });
    group.bench_function("checked_mul", |bencher| {
        let fits = |amount: &&Money| black_box(**amount).checked_mul(factor, Rounding::HalfEven).is_ok();
        bencher.iter(|| amounts.iter().filter(fits).count());
    });
    group.finish();
}

fn share_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("split");
    for parts in [10_u64, 1_000, 10_000] {
        let mut state = parts;
        let weight = |_| Quantity::from_mantissa(i128::from(next(&mut state)));
        let weights: Vec<Quantity> = (0..parts).map(weight).collect();
        let total = Money::from_mantissa(123_456_789_010_000_000_000_000);
        group.throughput(Throughput::Elements(parts));
        group.bench_function(format!("{parts}_parts"), |bencher| {
            bencher.iter_batched(|| total, |total| split(total, black_box(&weights), 2), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, read_and_write, arithmetic, share_out);
criterion_main!(benches);
