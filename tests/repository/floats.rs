//! No double in the path of money: only where numbers come in or go out, and there by name.

use super::source::{Language, Source};
use super::tokens::{Token, tokens};
use super::words::is_test;
use super::{Exception, Finding, found_at, idle, none, tree};

const PATHS: [&str; 2] = ["finops-core/src/model/", "finops-core/src/pipeline/"];

/// Where doubles turn into exact decimals, or decimals into doubles.
const CONVERSIONS: &[Exception] = &[
    Exception {
        path: "finops-core/src/model/money/convert.rs",
        reason: "the one place where doubles become decimals by their shortest text, and back for charts",
    },
    Exception { path: "finops-core/src/model/money/json.rs", reason: "JSON may hand a number over as a double" },
    Exception {
        path: "finops-core/src/pipeline/intake/decimals.rs",
        reason: "some providers export doubles: they are read by their shortest text",
    },
    Exception {
        path: "finops-core/src/pipeline/intake/raw.rs",
        reason: "what a file holds before it is read, which may be doubles",
    },
];

fn check(path: &str, text: &str) -> Vec<Finding> {
    let tokens = tokens(&Source::read(text, Language::Rust).code_without_tests());
    tokens
        .iter()
        .filter(|token| is_double(token))
        .map(|token| Finding::new(path, token.line, format!("`{}` in the path of money: use `Money`", token.text)))
        .collect()
}

/// A type, or a number that is a double.
fn is_double(token: &Token) -> bool {
    let number = token.text.starts_with(|char: char| char.is_ascii_digit());
    ["f32", "f64"].contains(&token.text.as_str())
        || (number && (token.text.contains('.') || token.text.ends_with("f64") || token.text.ends_with("f32")))
}

#[test]
fn money_meets_no_double() {
    let mut findings: Vec<Finding> = tree::texts(&["rs"])
        .filter(|(file, _)| PATHS.iter().any(|path| file.path.starts_with(path)) && !is_test(&file.path))
        .flat_map(|(file, text)| check(&file.path, text))
        .collect();
    let with: Vec<String> = findings.iter().map(|finding| finding.path.clone()).collect();
    findings.retain(|finding| !CONVERSIONS.iter().any(|exception| exception.path == finding.path));
    findings.extend(idle(CONVERSIONS, &with));
    none(&findings);
}

#[test]
fn a_planted_double_is_found() {
    let text = "// f64\nfn a(x: f64) {}\nlet b = 1.5;\nlet c = 2_f32;\nlet d = x.0.1;\nlet e = from_f64(y);\n\
                #[cfg(test)]\nmod tests { fn t(x: f64) {} }\n";
    found_at(&check("a.rs", text), &[2, 3, 4]);
    assert_eq!(idle(CONVERSIONS, &[]).len(), CONVERSIONS.len());
}
