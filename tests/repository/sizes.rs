//! Sizes: files that one can read at a sitting, and nothing heavy in the history.

use super::source::Language;
use super::{Exception, Finding, found_at, idle, none, tree};

/// No source file is longer.
const LINES_MAX: usize = 800;

/// Longer ones are listed, each with its reason.
const LINES_FREE: usize = 450;

const BYTES_MAX: u64 = 1_000_000;

const LONG: &[Exception] = &[Exception {
    path: "finops-node/index.d.ts",
    reason: "the types of the package in the one file that editors read, most of it comments",
}];

fn too_long(path: &str, lines: usize, listed: &[Exception]) -> Option<Finding> {
    if lines > LINES_MAX {
        return Some(Finding::new(path, lines, format!("more than {LINES_MAX} lines: split it by subject")));
    }
    (lines > LINES_FREE && !listed.iter().any(|exception| exception.path == path)).then(|| {
        Finding::new(path, lines, format!("more than {LINES_FREE} lines: split it, or list it here with the reason"))
    })
}

fn too_heavy(path: &str, bytes: u64) -> Option<Finding> {
    (bytes > BYTES_MAX).then(|| Finding::new(path, 1, format!("{bytes} bytes: generate it, or keep it elsewhere")))
}

fn median(mut counts: Vec<usize>) -> usize {
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}

#[test]
#[allow(clippy::print_stdout, reason = "the median is worth a line in the log of the tests")]
fn files_are_short() {
    let sources: Vec<(&str, usize)> = tree::files()
        .iter()
        .filter(|file| Language::of(file.extension()).is_some())
        .filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?.lines().count())))
        .collect();
    println!(
        "{} source files, {} lines at the median",
        sources.len(),
        median(sources.iter().map(|(_, lines)| *lines).collect())
    );
    let mut findings: Vec<Finding> = sources.iter().filter_map(|(path, lines)| too_long(path, *lines, LONG)).collect();
    let long: Vec<String> =
        sources.iter().filter(|(_, lines)| *lines > LINES_FREE).map(|(path, _)| (*path).to_owned()).collect();
    findings.extend(idle(LONG, &long));
    none(&findings);
}

#[test]
fn nothing_heavy_is_kept() {
    let findings: Vec<Finding> = tree::files().iter().filter_map(|file| too_heavy(&file.path, file.bytes)).collect();
    none(&findings);
}

#[test]
fn planted_sizes_are_found() {
    let listed = [Exception { path: "table.rs", reason: "a table" }];
    for (path, lines, found) in
        [("a.rs", 450, false), ("a.rs", 451, true), ("table.rs", 451, false), ("table.rs", 801, true)]
    {
        assert_eq!(too_long(path, lines, &listed).is_some(), found, "{path} {lines}");
    }
    assert!(too_heavy("a.parquet", 1_000_001).is_some() && too_heavy("a.parquet", 1_000_000).is_none());
    found_at(&idle(&listed, &["a.rs".to_owned()]), &[1]);
    assert_eq!(median(vec![9, 1, 5]), 5);
}
