//! The words and signs of Rust code, each with its line, and the paths that they make.

use super::source::{Language, Source, is_word};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

impl Token {
    fn starts_word(&self) -> bool {
        self.text.starts_with(|char: char| is_word(char) && !char.is_ascii_digit())
    }
}

/// Splits code (not text: comments and strings are gone already).
pub(super) fn tokens(code: &str) -> Vec<Token> {
    let chars: Vec<char> = code.chars().collect();
    let mut tokens: Vec<Token> = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let start = at;
        let char = chars[at];
        at += 1;
        if char == '\n' {
            line += 1;
        }
        if char.is_whitespace() {
            continue;
        }
        if is_word(char) {
            let after_dot = tokens.last().is_some_and(|token| token.text == ".");
            while chars.get(at).is_some_and(|next| {
                is_word(*next)
                    || (*next == '.'
                        && char.is_ascii_digit()
                        && !after_dot
                        && chars.get(at + 1).is_some_and(char::is_ascii_digit))
            }) {
                at += 1;
            }
        } else if char == ':' && chars.get(at) == Some(&':') {
            at += 1;
        }
        tokens.push(Token { text: chars[start..at].iter().collect(), line });
    }
    tokens
}

pub(super) fn tokens_of(text: &str) -> Vec<Token> {
    tokens(&Source::read(text, Language::Rust).code)
}

/// A path from the root of the crate, and the name that it has here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) path: Vec<String>,
    pub(super) name: String,
    pub(super) line: usize,
}

/// Every path that starts with `crate`, `self` or `super`, in a file that is the module `here`.
pub(super) fn reaches(tokens: &[Token], here: &[String]) -> Vec<Reach> {
    let mut out = Vec::new();
    let mut module = here.to_vec();
    let mut depth = 0_usize;
    let mut inline = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = |offset: usize| tokens.get(at + offset).map_or("", |token| token.text.as_str());
        match token(0) {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if inline.last() == Some(&depth) {
                    inline.pop();
                    module.pop();
                }
            }
            "mod" if token(2) == "{" => {
                module.push(token(1).to_owned());
                inline.push(depth);
            }
            "crate" | "self" | "super" if token(1) == "::" => {
                let base = if token(0) == "crate" { Vec::new() } else { module.clone() };
                let start = if token(0) == "crate" { at + 2 } else { at };
                at = follow(tokens, start, base, &mut out).max(at + 1);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out
}

/// The paths that start here, a group `{a, b::c}` giving several; where they end.
pub(super) fn follow(tokens: &[Token], start: usize, mut path: Vec<String>, out: &mut Vec<Reach>) -> usize {
    let mut at = start;
    let line = tokens.get(start).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "super" => drop(path.pop()),
            "self" => {}
            "{" => return follow_group(tokens, at + 1, &path, out),
            "*" => path.push("*".to_owned()),
            _ if token.starts_word() => path.push(token.text.clone()),
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token.text != "::") {
            break;
        }
        at += 1;
    }
    let mut name = path.last().cloned().unwrap_or_default();
    if tokens.get(at).is_some_and(|token| token.text == "as") {
        name = tokens.get(at + 1).map_or(name, |token| token.text.clone());
        at += 2;
    }
    out.push(Reach { path, name, line });
    at
}

fn follow_group(tokens: &[Token], start: usize, path: &[String], out: &mut Vec<Reach>) -> usize {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "}" => return at + 1,
            "," => at += 1,
            _ => at = follow(tokens, at, path.to_vec(), out).max(at + 1),
        }
    }
    at
}

#[test]
fn splits_code() {
    let texts: Vec<String> = tokens("a::b(1.5, x.0.1, 0..2)\n").into_iter().map(|token| token.text).collect();
    assert_eq!(texts, ["a", "::", "b", "(", "1.5", ",", "x", ".", "0", ".", "1", ",", "0", ".", ".", "2", ")"]);
}

#[test]
fn resolves_paths() {
    let text = "use crate::{engine::Finops, model::{money::Money as M, *}};\nuse super::super::edge::Store;\n\
                mod tests {\n use super::x;\n}\nfn f() { self::g::<u8>(); crate::Error::new() }";
    let here = ["model".to_owned(), "tags".to_owned()];
    let shown: Vec<String> = reaches(&tokens_of(text), &here)
        .into_iter()
        .map(|reach| format!("{} {} {}", reach.line, reach.path.join("::"), reach.name))
        .collect();
    assert_eq!(
        shown,
        [
            "1 engine::Finops Finops",
            "1 model::money::Money M",
            "1 model::* *",
            "2 edge::Store Store",
            "4 model::tags::x x",
            "6 model::tags::g g",
            "6 Error::new new",
        ]
    );
}
