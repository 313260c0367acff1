//! Licences: every package that is built comes under terms that `deny.toml` lists.

use super::manifest::{entries, strings};
use super::metadata::{Package, packages};
use super::{Finding, none, tree};

/// The list that `cargo deny` reads too.
fn allowed() -> Vec<String> {
    let entries = entries(tree::text("deny.toml"));
    let list = entries.iter().find(|entry| entry.section == "licenses" && entry.key == "allow");
    strings(&list.expect("deny.toml has licenses.allow").value)
}

fn check(packages: &[Package], lock: &str, allowed: &[String]) -> Vec<Finding> {
    packages
        .iter()
        .filter(|package| !package.license.as_deref().is_some_and(|terms| is_free(terms, allowed)))
        .map(|package| {
            let terms = package.license.as_deref().unwrap_or("no licence named");
            let message = format!("{} {}: {terms}", package.name, package.version);
            Finding::new("Cargo.lock", package.locked_at(lock), message)
        })
        .collect()
}

/// Whether an SPDX expression can be met with what is allowed. A `/` is an old way to write `OR`.
fn is_free(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let free = either(&words, &mut at, allowed);
    free && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut free = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        free |= both(words, at, allowed);
    }
    free
}

fn both(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut free = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        free &= one(words, at, allowed);
    }
    free
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let free = either(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return free && closed;
    }
    let mut terms = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        terms = format!("{terms} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    allowed.contains(&terms)
}

#[test]
fn licences_are_allowed() {
    none(&check(packages(), tree::text("Cargo.lock"), &allowed()));
}

#[test]
fn a_planted_licence_is_found() {
    let allowed: Vec<String> = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).to_vec();
    for (expression, free) in [
        ("MIT", true),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", true),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT WITH LLVM-exception", false),
        ("GPL-2.0/MIT", true),
        ("MIT OR GPL-2.0 AND GPL-3.0", true),
        ("MIT MIT", false),
        ("(MIT", false),
        ("", false),
    ] {
        assert_eq!(is_free(expression, &allowed), free, "{expression}");
    }
    let package = |name: &str, license: Option<&str>| Package {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        rust_version: None,
        license: license.map(str::to_owned),
        source: None,
    };
    let planted = [package("a", Some("MIT")), package("b", Some("AGPL-3.0-only")), package("c", None)];
    let lock = "version = 4\n\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n";
    let shown: Vec<String> = check(&planted, lock, &allowed).iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["Cargo.lock:4: b 1.0.0: AGPL-3.0-only", "Cargo.lock:1: c 1.0.0: no licence named"]);
}
