//! Memory: it depends on a batch, never on the size of a file or of a line.

use super::Bench;
use finops_core::{ErrorCode, Finops, ImportCharges};
use finops_tests::support::{Bill, Child, job, row};
use std::io::{BufWriter, Write};

const MIB: usize = 1 << 20;

/// Writes a bill and after it lines that a function gives.
fn large(bench: &Bench, name: &str, lines: impl FnOnce(&mut BufWriter<std::fs::File>)) -> String {
    let path = bench.put(name, Bill::new([row(&[])]).csv());
    let file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let mut file = BufWriter::new(file);
    lines(&mut file);
    file.flush().unwrap();
    path
}

#[test]
fn a_record_beyond_bounds_is_refused() {
    let bench = Bench::new();
    for (name, start) in [("plain.csv", ""), ("quoted.csv", "\"")] {
        let path = large(&bench, name, |file| {
            file.write_all(start.as_bytes()).unwrap();
            (0..40).for_each(|_| file.write_all(&vec![b'a'; MIB]).unwrap());
        });
        let error = bench.try_import(&path).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("path")));
        assert!(error.message().contains("longer than 16 MiB") && error.message().contains("quote"), "{error}");
    }
    let path = large(&bench, "wide.csv", |file| (0..5000).for_each(|_| file.write_all(b"1,").unwrap()));
    let error = bench.try_import(&path).unwrap_err();
    assert!(error.message().contains("4096 cells"), "{error}");
    bench.is_empty();
}

#[test]
fn a_long_record_within_bounds_is_kept() {
    let bench = Bench::new();
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(4 * MIB));
    let receipt = bench.take(&Bill::new([row(&[("Tags", &long)]), row(&[])]));
    assert_eq!((receipt.charges, receipt.quarantined), (2, 0));
    assert_eq!(bench.by("tag:a").len(), 2);
}

/// Not a test by itself: imports, and says how much memory that took at most.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let finops = Finops::open(":memory:").unwrap();
    let before = peak_kib();
    let outcome = finops.import_charges(&ImportCharges::new(&job[0]));
    let word = outcome.map_or_else(|error| error.code().to_string(), |receipt| receipt.charges.to_string());
    eprintln!("{word} {}", peak_kib().saturating_sub(before));
}

/// The most memory that this process ever had, in KiB; zero where the system does not tell.
fn peak_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

#[test]
fn memory_is_bounded() {
    let bench = Bench::new();
    let line = large(&bench, "line.csv", |file| {
        file.write_all(b"\"").unwrap();
        (0..60).for_each(|_| file.write_all(&vec![b'a'; MIB]).unwrap());
    });
    // Rows that are all different and long: a batch by number of rows alone would hold all of them.
    let header = Bill::new([row(&[("Tags", "{}")])]);
    let rows = large(&bench, "rows.csv", |file| {
        let usual = &header.rows[0];
        for place in 0..700 {
            let cells = header.columns.iter().map(|column| match column.as_str() {
                "Tags" => format!("{place:08}").repeat(20_000),
                other => usual[other].clone(),
            });
            writeln!(file, "{}", cells.collect::<Vec<_>>().join(",")).unwrap();
        }
    });
    assert!(std::fs::metadata(&rows).unwrap().len() > 100 << 20);
    for (path, word, most_mib) in [(line, "invalid_argument", 80), (rows, "701", 250)] {
        let mut child = Child::start("import::bounds::child", &[&path]);
        let said = child.rest().join("\n");
        let (outcome, peak) = said.split_once(' ').unwrap_or((&said, "0"));
        assert_eq!(outcome, word, "{path}: {said}");
        println!("{path}: {peak} KiB");
        let peak: usize = peak.parse().unwrap();
        assert!(peak < most_mib << 10, "{path}: {peak} KiB");
    }
}
