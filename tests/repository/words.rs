//! Words that must not stay in what is shipped: half-done work, hidden panics, output to the terminal.

use super::source::{Language, Source, has_word};
use super::{Finding, found_at, none, tree};

struct Word {
    text: &'static str,
    languages: &'static [Language],
    /// In comments rather than in code.
    comment: bool,
    /// Only below these folders; anywhere when empty.
    below: &'static [&'static str],
    message: &'static str,
}

const RUST: &[Language] = &[Language::Rust];
const ALL: &[Language] = &[Language::Rust, Language::Python, Language::Script];
const SHIPPED: &[&str] = &["finops-core/src/", "finops-py/src/", "finops-node/src/"];
const UNDONE: &str = "finish it, or write an issue";
const PANIC: &str = "hand on an error, or say by the type that it cannot fail";
const OUTPUT: &str = "a library prints nothing: tell the observer";

const WORDS: &[Word] = &[
    Word { text: "todo!", languages: RUST, comment: false, below: &[], message: UNDONE },
    Word { text: "unimplemented!", languages: RUST, comment: false, below: &[], message: UNDONE },
    Word { text: "unwrap()", languages: RUST, comment: false, below: &[], message: PANIC },
    Word { text: ".expect(", languages: RUST, comment: false, below: &[], message: PANIC },
    Word { text: "dbg!", languages: RUST, comment: false, below: &[], message: OUTPUT },
    Word { text: "println!", languages: RUST, comment: false, below: SHIPPED, message: OUTPUT },
    Word { text: "eprintln!", languages: RUST, comment: false, below: SHIPPED, message: OUTPUT },
    Word { text: "FIXME", languages: ALL, comment: true, below: &[], message: UNDONE },
    Word { text: "XXX", languages: ALL, comment: true, below: &[], message: UNDONE },
    Word { text: "NotImplementedError", languages: ALL, comment: false, below: &[], message: UNDONE },
];

/// Whether a whole file is there for tests. The suite that every store must pass is one.
pub(super) fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    folders.split('/').any(|folder| ["tests", "test", "conformance"].contains(&folder))
        || ["tests.rs", "conformance.rs", "conftest.py"].contains(&name)
        || name.starts_with("test_")
        || name.contains(".test.")
}

fn check(path: &str, text: &str, language: Language) -> Vec<Finding> {
    let source = Source::read(text, language);
    let code = if language == Language::Rust { source.code_without_tests() } else { source.code.clone() };
    let mut findings = Vec::new();
    for (at, (code, comment)) in code.lines().zip(source.comments.lines()).enumerate() {
        for word in WORDS.iter().filter(|word| word.languages.contains(&language)) {
            let here = word.below.is_empty() || word.below.iter().any(|folder| path.starts_with(folder));
            if here && has_word(if word.comment { comment } else { code }, word.text) {
                findings.push(Finding::new(path, at + 1, format!("`{}`: {}", word.text, word.message)));
            }
        }
    }
    findings
}

#[test]
fn no_word_stays_that_must_not() {
    let findings: Vec<Finding> = tree::files()
        .iter()
        .filter(|file| !is_test(&file.path))
        .filter_map(|file| Some((file, file.text.as_deref()?, Language::of(file.extension())?)))
        .flat_map(|(file, text, language)| check(&file.path, text, language))
        .collect();
    none(&findings);
}

#[test]
fn planted_words_are_found() {
    let rust = "fn a() { todo!() }\nfn b() { unimplemented!() }\nlet c = d.unwrap();\nlet e = f\n    .expect(\"g\");\n\
                dbg!(h);\nprintln!(\"i\");\neprintln!(\"j\");\n// FIXME k\n/* XXX */\n";
    found_at(&check("finops-core/src/a.rs", rust, Language::Rust), &[1, 2, 3, 5, 6, 7, 8, 9, 10]);
    found_at(&check("examples/a.rs", rust, Language::Rust), &[1, 2, 3, 5, 6, 9, 10]);
    let python = "# FIXME\ndef f():\n    raise NotImplementedError\n\"\"\"XXX\"\"\"\n";
    found_at(&check("finops-py/python/iof/a.py", python, Language::Python), &[1, 3, 4]);
    found_at(&check("finops-node/index.js", "// XXX\nf();\n/* FIXME */\n", Language::Script), &[1, 3]);
}

#[test]
fn words_are_free_where_they_do_no_harm() {
    let rust = "/// a.unwrap()\nlet x = \"XXX todo!\";\nlet y = z.unwrap_or(1);\n\
                #[cfg(test)]\nmod tests {\n    fn t() { u.unwrap(); }\n}\n";
    found_at(&check("finops-core/src/a.rs", rust, Language::Rust), &[]);
    assert!(is_test("finops-py/tests/a.py") && is_test("a/tests.rs") && is_test("finops-node/x.test.mjs"));
    assert!(!is_test("finops-core/src/model/id.rs") && !is_test("finops-core/src/latest.rs"));
}
