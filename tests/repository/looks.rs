//! The look of texts: blanks at the end, tabs, long lines, lints that are silenced without a word.

use super::tokens::{Token, tokens_of};
use super::{Exception, Finding, found_at, idle, none, tree};

const COLUMNS: usize = 120;

/// Texts by extension; the last one is for scripts without any.
const TEXTS: [&str; 16] = [
    "rs",
    "py",
    "pyi",
    "js",
    "mjs",
    "cjs",
    "ts",
    "mts",
    "md",
    "toml",
    "sh",
    "yml",
    "yaml",
    "cfg",
    "gitignore",
    "ci/run",
];

const LONG: &[Exception] = &[Exception {
    path: "finops-core/src/model/charge/columns.rs",
    reason: "the table of columns: one line for each column is what makes it readable",
}];

fn blanks(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t']));
    lines.map(|(at, _)| Finding::new(path, at + 1, "blanks at the end of the line")).collect()
}

fn tabs(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().enumerate().filter(|(_, line)| line.contains('\t'));
    lines.map(|(at, _)| Finding::new(path, at + 1, "a tab: indent with blanks, write \\t in a string")).collect()
}

fn long_lines(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().map(|line| line.chars().count()).enumerate();
    lines
        .filter(|(_, count)| *count > COLUMNS)
        .map(|(at, count)| Finding::new(path, at + 1, format!("{count} characters, more than {COLUMNS}")))
        .collect()
}

/// `allow(...)` and `expect(...)` in attributes must say `reason = ...`.
fn silent_allows(path: &str, text: &str) -> Vec<Finding> {
    let tokens = tokens_of(text);
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.text == text);
    let mut findings = Vec::new();
    for start in 0..tokens.len() {
        let open = if is(start + 1, "!") { start + 2 } else { start + 1 };
        if !is(start, "#") || !is(open, "[") {
            continue;
        }
        let attribute = enclosed(&tokens[open..]);
        for (at, token) in attribute.iter().enumerate() {
            let opens = attribute.get(at + 1).is_some_and(|next| next.text == "(");
            if opens && ["allow", "expect"].contains(&token.text.as_str()) {
                let inside = enclosed(&attribute[at + 1..]);
                if !inside.iter().any(|token| token.text == "reason") {
                    findings.push(Finding::new(path, token.line, "a lint is silenced without `reason = \"...\"`"));
                }
            }
        }
    }
    findings
}

/// From the bracket that comes first to the one that closes it.
fn enclosed(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &tokens[..=at];
                }
            }
            _ => {}
        }
    }
    tokens
}

fn rust(check: impl Fn(&str, &str) -> Vec<Finding>) -> Vec<Finding> {
    tree::texts(&["rs"]).flat_map(|(file, text)| check(&file.path, text)).collect()
}

#[test]
fn no_line_ends_in_blanks() {
    let named = |path: &str| TEXTS.iter().any(|end| path.ends_with(&format!(".{end}"))) || path == "test";
    let findings: Vec<Finding> = tree::files()
        .iter()
        .filter(|file| named(&file.path))
        .filter_map(|file| Some(blanks(&file.path, file.text.as_deref()?)))
        .flatten()
        .collect();
    none(&findings);
}

#[test]
fn rust_has_no_tabs() {
    none(&rust(tabs));
}

#[test]
fn no_line_is_too_long() {
    let mut findings = rust(long_lines);
    let with: Vec<String> = findings.iter().map(|finding| finding.path.clone()).collect();
    findings.retain(|finding| !LONG.iter().any(|exception| exception.path == finding.path));
    findings.extend(idle(LONG, &with));
    none(&findings);
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    none(&rust(silent_allows));
}

#[test]
fn planted_looks_are_found() {
    found_at(&blanks("a.rs", "a \nb\nc\t\n"), &[1, 3]);
    found_at(&tabs("a.rs", "a\n\tb\n"), &[2]);
    found_at(&long_lines("a.rs", &format!("{}\n{}\n", "é".repeat(120), "e".repeat(121))), &[2]);
}

#[test]
fn a_planted_allow_is_found() {
    let text = "#[allow(dead_code)]\n#![allow(\n    dead_code,\n)]\n#[cfg_attr(x, allow(y))]\n#[expect(z)]\n\
                #[allow(a, reason = \"b\")]\n// #[allow(c)]\nfn f() { x.expect(1); allow(2); }\n";
    found_at(&silent_allows("a.rs", text), &[1, 2, 5, 6]);
}
