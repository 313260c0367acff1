//! The checks, one subject per file, and what they share.

mod dependencies;
mod floats;
mod layers;
mod licences;
mod links;
mod looks;
mod manifest;
mod metadata;
mod modules;
mod sizes;
mod source;
mod tokens;
mod tree;
mod words;

use std::fmt;

/// Something to put right, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Fails with all findings, so that one run shows them all.
#[track_caller]
fn none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} to put right:\n{}", lines.len(), lines.join("\n"));
}

/// Fails unless exactly the planted lines are found.
#[track_caller]
fn found_at(findings: &[Finding], lines: &[usize]) {
    let at: Vec<usize> = findings.iter().map(|finding| finding.line).collect();
    assert_eq!(at, lines, "{findings:#?}");
}

/// A file that may break a rule, and why.
#[derive(Debug, Clone, Copy)]
struct Exception {
    path: &'static str,
    reason: &'static str,
}

/// Exceptions that nothing needs any more: a list of them must not rot.
fn idle(exceptions: &[Exception], needed: &[String]) -> Vec<Finding> {
    exceptions
        .iter()
        .filter(|exception| !needed.iter().any(|path| path == exception.path))
        .map(|exception| {
            Finding::new(exception.path, 1, format!("needs no exception any more (`{}`)", exception.reason))
        })
        .collect()
}
