//! Modules: each says what it owns, and each is part of its crate.

use super::layers::module_of;
use super::manifest::{entries, strings};
use super::tokens::tokens_of;
use super::{Finding, found_at, none, tree};

const CRATES: [&str; 3] = ["finops-core/src/", "finops-py/src/", "finops-node/src/"];

fn headless(path: &str, text: &str) -> Vec<Finding> {
    if text.starts_with("//!") {
        return Vec::new();
    }
    vec![Finding::new(path, 1, "a module opens with `//!`: what it owns and what it does not")]
}

/// Files that no `mod` names, among the files of one crate.
fn dead(prefix: &str, files: &[(&str, &str)]) -> Vec<Finding> {
    let declares = |module: &[String], child: &str| {
        let stem = module.join("/");
        let homes = if module.is_empty() {
            ["lib.rs".to_owned(), "main.rs".to_owned()]
        } else {
            [format!("{stem}.rs"), format!("{stem}/mod.rs")]
        };
        files.iter().filter(|(path, _)| homes.iter().any(|home| home == path)).any(|(_, text)| {
            tokens_of(text)
                .windows(3)
                .any(|three| three[0].text == "mod" && three[1].text == child && three[2].text == ";")
        })
    };
    files
        .iter()
        .filter(|(path, _)| *path != "lib.rs")
        .filter(|(path, _)| {
            let module = module_of(path);
            !module.split_last().is_some_and(|(child, parent)| declares(parent, child))
        })
        .map(|(path, _)| Finding::new(&format!("{prefix}{path}"), 1, "no `mod` names this file: it is never compiled"))
        .collect()
}

/// Suites that the manifest of the tests does not name: Cargo would pass over them in silence.
fn idle_suites(manifest: &str, files: &[&str]) -> Vec<Finding> {
    let named: Vec<String> = entries(manifest)
        .iter()
        .filter(|entry| entry.section == "test" && entry.key == "path")
        .flat_map(|entry| strings(&entry.value))
        .collect();
    files
        .iter()
        .filter(|file| !file.contains('/') && **file != "lib.rs" && !named.iter().any(|path| path == *file))
        .map(|file| {
            Finding::new(&format!("tests/{file}"), 1, "no `[[test]]` of tests/Cargo.toml names it: it never runs")
        })
        .collect()
}

#[test]
fn every_suite_runs() {
    let files: Vec<&str> = tree::texts(&["rs"]).filter_map(|(file, _)| file.path.strip_prefix("tests/")).collect();
    assert!(files.contains(&"repository.rs"), "{files:?}");
    none(&idle_suites(tree::text("tests/Cargo.toml"), &files));
}

#[test]
fn an_idle_suite_is_found() {
    let manifest = "[lib]\npath = \"lib.rs\"\n[[test]]\nname = \"a\"\npath = \"a.rs\"\n";
    found_at(&idle_suites(manifest, &["lib.rs", "a.rs", "a/b.rs", "c.rs"]), &[1]);
    found_at(&idle_suites(manifest, &["lib.rs", "a.rs"]), &[]);
}

#[test]
fn modules_say_what_they_own() {
    let sources = tree::texts(&["rs"]).filter(|(file, _)| file.path.starts_with(CRATES[0]));
    let findings: Vec<Finding> = sources.flat_map(|(file, text)| headless(&file.path, text)).collect();
    none(&findings);
}

#[test]
fn a_module_without_a_word_is_found() {
    found_at(&headless("a.rs", "use b;\n//! late\n"), &[1]);
    found_at(&headless("a.rs", "//! Owns a.\n"), &[]);
}

#[test]
fn every_file_is_part_of_its_crate() {
    let mut findings = Vec::new();
    for prefix in CRATES {
        let files: Vec<(&str, &str)> =
            tree::texts(&["rs"]).filter_map(|(file, text)| Some((file.path.strip_prefix(prefix)?, text))).collect();
        assert!(!files.is_empty(), "{prefix} has no files");
        findings.extend(dead(prefix, &files));
    }
    none(&findings);
}

#[test]
fn a_dead_file_is_found() {
    let files = [
        ("lib.rs", "pub mod a;\n// mod gone;\nmod b;\n"),
        ("a/mod.rs", "mod c;"),
        ("a/c.rs", ""),
        ("a/d.rs", ""),
        ("b.rs", "mod e;"),
        ("b/e.rs", ""),
        ("gone.rs", ""),
    ];
    let paths: Vec<String> = dead("src/", &files).into_iter().map(|finding| finding.path).collect();
    assert_eq!(paths, ["src/a/d.rs", "src/gone.rs"]);
}
