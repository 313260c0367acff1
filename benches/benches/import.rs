//! A bill on its way: imported from CSV and Parquet, summed up, and laid out by day.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use finops_core::{CostSummaryRequest, DailyRequest, ExportReport, Finops, ImportCharges, Result};
use std::path::Path;
use tempfile::TempDir;

const ROWS: u32 = 100_000;

/// The bill as CSV and as Parquet, and an engine that holds it.
struct Bench {
    csv: String,
    parquet: String,
    finops: Finops,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Result<Self> {
        let storage =
            |error: std::io::Error| finops_core::Error::new(finops_core::ErrorCode::Storage, error.to_string());
        let folder = tempfile::tempdir().map_err(storage)?;
        let file = |name: &str| Path::new(folder.path()).join(name).display().to_string();
        let (csv, parquet) = (file("bill.csv"), file("bill.parquet"));
        std::fs::write(&csv, finops_benches::bill(ROWS)).map_err(storage)?;
        let finops = Finops::open(&file("store"))?;
        finops.import_charges(&ImportCharges::new(&csv))?;
        finops.export_report(&ExportReport::focus(&parquet))?;
        Ok(Self { csv, parquet, finops, _folder: folder })
    }
}

fn run(criterion: &mut Criterion) -> Result<()> {
    let bench = Bench::new()?;
    let mut group = criterion.benchmark_group("import_100k");
    group.throughput(Throughput::Elements(u64::from(ROWS))).sample_size(10);
    for (name, path) in [("csv", &bench.csv), ("parquet", &bench.parquet)] {
        group.bench_function(name, |bencher| {
            let import = |finops: Result<Finops>| finops.and_then(|it| it.import_charges(&ImportCharges::new(path)));
            bencher.iter_batched(|| Finops::open(":memory:"), import, BatchSize::PerIteration);
        });
    }
    group.finish();
    queries(criterion, &bench.finops)
}

fn queries(criterion: &mut Criterion, finops: &Finops) -> Result<()> {
    let mut group = criterion.benchmark_group("query_100k");
    group.throughput(Throughput::Elements(u64::from(ROWS))).sample_size(20);
    for words in ["tenant", "tenant,service", "tag:team", "resource_id"] {
        let mut request = CostSummaryRequest::default();
        request.period = Some("2024-09".parse()?);
        request.group_by.0 = words.split(',').map(str::parse).collect::<Result<_>>()?;
        finops.get_cost_summary(&request)?;
        group.bench_function(format!("summary_by_{words}"), |bencher| {
            bencher.iter(|| finops.get_cost_summary(&request));
        });
    }
    let mut request = DailyRequest::default();
    request.period = Some("2024-09".parse()?);
    finops.costs_daily(&request)?;
    group.bench_function("daily", |bencher| bencher.iter(|| finops.costs_daily(&request)));
    request.group_by.0 = vec!["service".parse()?];
    group.bench_function("daily_by_service", |bencher| bencher.iter(|| finops.costs_daily(&request)));
    group.finish();
    Ok(())
}

fn import(criterion: &mut Criterion) {
    if let Err(error) = run(criterion) {
        eprintln!("the bench cannot run: {error}");
        std::process::exit(1);
    }
}

criterion_group!(benches, import);
criterion_main!(benches);
