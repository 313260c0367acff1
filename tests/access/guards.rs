//! The source says it: every public method of the engine asks first.

use std::path::Path;

/// Methods that ask nobody, or have another ask: what narrows handles, what calls by name, and what only does earlier
/// what the next call would.
const FREE: [&str; 8] = [
    "call",
    "call_by_column",
    "as_tenant",
    "as_principal",
    "as_principal_with",
    "narrowed",
    "access",
    "look_at_budgets",
];

/// The public methods of `impl Finops` that take `&self`, each with its body.
fn methods(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in source.split("\nimpl Finops {").skip(1) {
        let part = &part[..part.find("\n}").unwrap_or(part.len())];
        for method in part.split("\n    pub fn ").skip(1) {
            let Some((head, rest)) = method.split_once("{\n") else { continue };
            let name = head.split(['(', '<']).next().unwrap().to_owned();
            if head.contains("&self") {
                found.push((name, rest[..rest.find("\n    }").unwrap_or(rest.len())].to_owned()));
            }
        }
    }
    found
}

#[test]
fn every_public_method_of_the_engine_asks_first() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("../finops-core/src/engine");
    let mut folders = vec![engine];
    let mut all = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.extend(methods(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(all.len() > 60, "only {} methods were found: has the engine another form?", all.len());
    let asks = |body: &str| body.lines().next().is_some_and(|line| line.trim_start().starts_with("self.permit("));
    // What is one expression hands on to a method with the same work, which asks.
    let hands_on = |body: &str| {
        let call = body.trim().strip_prefix("self.").and_then(|rest| rest.split_once('('));
        call.is_some_and(|(name, _)| {
            !body.trim().contains('\n') && all.iter().any(|(known, body)| known == name && asks(body))
        })
    };
    let silent: Vec<&str> = all
        .iter()
        .filter(|(name, body)| !FREE.contains(&name.as_str()) && !asks(body) && !hands_on(body))
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(silent.is_empty(), "these begin without `self.permit(...)`: {silent:?}");
}
