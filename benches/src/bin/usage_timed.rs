//! Durable, deduplicated metering, measured from inside: `usage-timed FOLDER [EVENTS] [PEER-SECONDS]` prints lines of
//! JSON.
//!
//! Events come in batches of 10,000 with random UUIDs, one in a hundred for the second time, from 10,000 tenants. The
//! peer is what one would write without an engine: a row for each event in SQLite (WAL, synchronous=FULL) whose id is
//! unique, and `INSERT OR IGNORE` in one transaction for each batch. Both take each batch in turn; the peer stops after
//! so many seconds of its own.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "durations are measured here, no usage is dated")]
#![allow(clippy::cast_precision_loss, reason = "rates are shown, not charged")]

use finops_core::Finops;
use finops_core::edge::store::usage::UsageStore;
use finops_core::edge::store::{EmbeddedStore, Store};
use finops_core::engine::RecorderOptions;
use finops_core::model::money::Quantity;
use finops_core::model::time::Stamp;
use finops_core::model::usage::{Outcome, UsageEvent};
use finops_core::pipeline::metering::{PageKey, PageSpan, day_of};
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCH: u64 = 10_000;
const TENANTS: u64 = 10_000;
const RESOURCES: [&str; 4] = ["api_calls", "ledger_transactions", "search_queries", "bandwidth"];
/// 2026-09-01T00:00:00Z, in microseconds.
const START: i64 = 1_788_220_800_000_000;
/// Between two events, in microseconds: ten million are a day.
const STEP: i64 = 8_640;

type Failed = Box<dyn Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: usage-timed FOLDER [EVENTS] [PEER-SECONDS]");
        return ExitCode::FAILURE;
    };
    let number = |place: usize, default| rest.get(place).map_or(Ok(default), |text| text.parse::<u64>());
    let run = || compare(Path::new(folder), number(0, 10_000_000)?, number(1, 60)?);
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// When the event of that number happens.
fn at(number: u64) -> finops_core::Result<Stamp> {
    Stamp::from_micros(START + i64::try_from(number).unwrap_or(0) * STEP)
}

/// The event of that number; the same each time.
fn event(number: u64) -> finops_core::Result<UsageEvent> {
    let mut state = number;
    let mut next = || finops_benches::next(&mut state);
    let (high, low, pick) = (next(), next(), next());
    let id = format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        0x8000 | low >> 48 & 0x3fff,
        low & 0xffff_ffff_ffff,
    );
    let resource = RESOURCES.get(usize::try_from(pick >> 60 & 3).unwrap_or(0)).copied().unwrap_or_default();
    let quantity = Quantity::from_units(i64::try_from(pick >> 40 & 0xff).unwrap_or(0) + 1);
    let mut event = UsageEvent::new(id, at(number)?, resource, quantity, format!("tenant-{:05}", pick % TENANTS));
    "gateway".clone_into(&mut event.source);
    Ok(event)
}

/// The events of a batch: one in a hundred came before.
fn batch(number: u64) -> finops_core::Result<Vec<UsageEvent>> {
    let mut state = number ^ 0x5eed;
    let first = number * BATCH;
    let one = |place: u64| {
        let random = finops_benches::next(&mut state);
        let repeated = random.is_multiple_of(100) && place > 0;
        event(if repeated { (random >> 8) % place } else { place })
    };
    (first..first + BATCH).map(one).collect()
}

/// What one side took.
#[derive(Debug, Default, Clone, Copy)]
struct Spent {
    events: u64,
    wall: Duration,
    cpu: f64,
    slowest: Duration,
}

impl Spent {
    fn measure<T>(&mut self, work: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
        let (start, before) = (Instant::now(), cpu_seconds());
        let done = work()?;
        let took = start.elapsed();
        self.wall += took;
        self.cpu += cpu_seconds() - before;
        self.slowest = self.slowest.max(took);
        self.events += BATCH;
        Ok(done)
    }

    fn rate(&self) -> f64 {
        self.events as f64 / self.wall.as_secs_f64()
    }

    fn since(&self, before: &Self) -> Self {
        let (events, wall) = (self.events - before.events, self.wall.saturating_sub(before.wall));
        Self { events, wall, cpu: self.cpu - before.cpu, slowest: self.slowest }
    }

    fn line(&self, what: &str) -> Value {
        json!({
            "what": what, "events": self.events, "rate": self.rate(), "wall": self.wall.as_secs_f64(),
            "cpu_seconds": self.cpu, "rate_per_cpu_second": self.events as f64 / self.cpu,
            "slowest_ms": self.slowest.as_secs_f64() * 1e3,
        })
    }
}

/// Both sides take each batch in turn, so that whatever else the machine does concerns both; the peer ends after so
/// many seconds of its own.
fn compare(folder: &Path, events: u64, peer_seconds: u64) -> Result<(), Failed> {
    let (at_ours, at_peer) = (folder.join("ours"), folder.join("peer"));
    let store = EmbeddedStore::open(&at_ours)?;
    let usage = store.usage()?;
    let mut connection = peer(&at_peer)?;
    let (mut ours, mut theirs, mut before) = (Spent::default(), Spent::default(), Spent::default());
    let (mut accepted, mut rates) = (0_u64, Vec::new());
    let (mark, batches) = (events.min(1_000_000), events / BATCH);
    for number in 0..batches {
        let (events, now) = (Arc::new(batch(number)?), at((number + 1) * BATCH)?);
        let outcomes = ours.measure(|| Ok(usage.record(Arc::clone(&events), now)?))?;
        accepted += outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count() as u64;
        if theirs.wall < Duration::from_secs(peer_seconds) {
            theirs.measure(|| insert(&mut connection, &events))?;
            if theirs.wall >= Duration::from_secs(peer_seconds) || number + 1 == batches {
                println!("{}", theirs.line("peer"));
                println!("{}", ours.line("ours, over the same events"));
                let cpu = theirs.cpu / ours.cpu;
                println!("{}", json!({"what": "ratio", "by_wall": ours.rate() / theirs.rate(), "by_cpu": cpu}));
            }
        }
        if ours.events % mark == 0 {
            let window = ours.since(&before);
            println!("{}", window.line(&format!("ours, up to {}", ours.events)));
            rates.push((window.rate(), window.cpu));
            before = ours;
        }
    }
    println!("{}", ours.line("ours, all"));
    let (first, last) = (rates.first().copied().unwrap_or_default(), rates.last().copied().unwrap_or_default());
    println!(
        "{}",
        json!({
            "what": "rates", "first_million": first.0, "all": ours.rate(), "last_million": last.0,
            "all_to_first": ours.rate() / first.0, "last_to_first": last.0 / first.0,
            "all_to_first_by_cpu": first.1 * rates.len() as f64 / ours.cpu, "last_to_first_by_cpu": first.1 / last.1,
        })
    );
    println!(
        "{}",
        json!({
            "what": "store", "accepted": accepted, "peak_rss": peak_rss(), "bytes_on_disk": size_of_folder(&at_ours),
        })
    );
    println!("{}", asked(usage)?);
    let start = Instant::now();
    drop(store);
    println!("{}", json!({"what": "close", "seconds": start.elapsed().as_secs_f64()}));
    reopen(&at_ours, events)?;
    recorder(&folder.join("recorder"))
}

/// What taking an event costs whoever records it, while a thread writes them.
fn recorder(folder: &Path) -> Result<(), Failed> {
    let location = folder.to_str().ok_or("the folder is not Unicode")?;
    let finops = Finops::builder().now(at(1_000_000)?).open(location)?;
    let mut options = RecorderOptions::default();
    options.max_in_flight = 2_000_000;
    let recorder = finops.recorder(options)?;
    let guard = recorder.start(Duration::from_millis(100))?;
    let events = (0..500_000).map(event).collect::<finops_core::Result<Vec<_>>>()?;
    let (start, mut slowest, count) = (Instant::now(), Duration::ZERO, events.len());
    for event in events {
        let before = Instant::now();
        recorder.record(event)?;
        slowest = slowest.max(before.elapsed());
    }
    let each = start.elapsed().as_secs_f64() * 1e9 / count as f64;
    drop(guard);
    let accepted = recorder.stats().accepted;
    println!(
        "{}",
        json!({
            "what": "recorder", "nanoseconds_each": each, "slowest_ms": slowest.as_secs_f64() * 1e3,
            "accepted": accepted,
        })
    );
    Ok(())
}

/// How long it takes to ask for one tenant's month.
fn asked(usage: &dyn UsageStore) -> Result<Value, Failed> {
    let day = day_of(Stamp::from_micros(START)?);
    let key = |day| PageKey { meter: 1, span: PageSpan::Day, day };
    let mut best = Duration::MAX;
    let mut total = 0_u64;
    for tenant in 0..1_000_u64 {
        let tenant = format!("tenant-{:05}", tenant * 10);
        let start = Instant::now();
        usage.counted(&[key(day)..key(day + 30)], &mut |rollups| {
            for series in rollups.series().of_tenant(&tenant) {
                for (_, page) in rollups.days(1, PageSpan::Day, day..day + 30) {
                    total += page.total(series).map_or(0, |cell| cell.events());
                }
            }
            Ok(())
        })?;
        best = best.min(start.elapsed());
    }
    Ok(json!({"what": "a tenant's month", "best_microseconds": best.as_secs_f64() * 1e6, "events_seen": total}))
}

fn reopen(folder: &Path, events: u64) -> Result<(), Failed> {
    for what in ["reopen after a close", "reopen after a crash"] {
        let start = Instant::now();
        let store = EmbeddedStore::open(folder)?;
        let usage = store.usage()?;
        let status = usage.usage_status()?;
        let opened = start.elapsed();
        let repeated = (0..100).map(|place| event(place * (events / 100))).collect::<finops_core::Result<_>>()?;
        let now = at(events)?;
        let start = Instant::now();
        let outcomes = usage.record(Arc::new(repeated), now)?;
        let first = start.elapsed();
        let known = outcomes.iter().filter(|outcome| **outcome == Outcome::Duplicate).count();
        println!(
            "{}",
            json!({
                "what": what, "seconds": opened.as_secs_f64(), "first_call_seconds": first.as_secs_f64(),
                "known_of_100": known, "behind": status.events_behind, "batches": status.batches,
            })
        );
        // The second opening finds as many events after the checkpoint as there can be.
        for number in 0..50 {
            let mut fresh = Vec::new();
            for place in 0..BATCH {
                let mut event = event(events * 2 + number * BATCH + place)?;
                event.time = now;
                fresh.push(event);
            }
            usage.record(Arc::new(fresh), now)?;
        }
        if what == "reopen after a close" {
            let copy = folder.with_extension("copy");
            std::fs::create_dir_all(&copy)?;
            for name in ["state.sqlite", "state.sqlite-wal"] {
                std::fs::copy(folder.join(name), copy.join(name))?;
            }
            drop(store);
            for name in ["state.sqlite", "state.sqlite-wal"] {
                std::fs::rename(copy.join(name), folder.join(name))?;
            }
        }
    }
    Ok(())
}

/// The peer's table.
fn peer(folder: &Path) -> Result<rusqlite::Connection, Failed> {
    std::fs::create_dir_all(folder)?;
    let connection = rusqlite::Connection::open(folder.join("events.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE events (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, source TEXT NOT NULL, time INTEGER NOT NULL,
         resource TEXT NOT NULL, quantity TEXT NOT NULL)",
    )?;
    Ok(connection)
}

fn insert(connection: &mut rusqlite::Connection, events: &[UsageEvent]) -> Result<(), Failed> {
    let transaction = connection.transaction()?;
    {
        let sql = "INSERT OR IGNORE INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut statement = transaction.prepare_cached(sql)?;
        for event in events {
            let quantity = event.quantity.map(|quantity| quantity.to_string()).unwrap_or_default();
            let time = event.time.micros();
            statement.execute((&event.id, &event.tenant_id, &event.source, time, &event.resource, quantity))?;
        }
    }
    Ok(transaction.commit()?)
}

/// Seconds that all threads of this process were at work, in hundredths; only Linux says so.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may have blanks: from the third field on.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// The most memory that this process ever held, in bytes; only Linux says so.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn size_of_folder(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
}
