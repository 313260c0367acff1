//! One import, measured from inside: `import-timed STORE PATH` prints a line of JSON.
//!
//! `STORE` is a folder or `:memory:`. The comparison in `peers/` runs it as a child of its own, so that the peak of
//! memory is that of the import and of nothing else.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]

use finops_core::{Finops, ImportCharges};
use serde_json::json;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, path] = arguments.as_slice() else {
        eprintln!("usage: import-timed STORE PATH");
        return ExitCode::FAILURE;
    };
    match import(store, path) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "durations are measured here, no costs are dated")]
fn import(store: &str, path: &str) -> finops_core::Result<serde_json::Value> {
    let start = Instant::now();
    let finops = Finops::open(store)?;
    let receipt = finops.import_charges(&ImportCharges::new(path))?;
    Ok(json!({
        "wall": start.elapsed().as_secs_f64(),
        "rows": receipt.rows,
        "quarantined": receipt.quarantined,
        "billed": receipt.totals.iter().map(|sum| (sum.currency.code(), sum.billed)).collect::<Vec<_>>(),
        "peak_rss": peak_rss(),
    }))
}

/// The most memory that this process ever held, in bytes; only Linux says so.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
