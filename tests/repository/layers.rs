//! The order of layers: each uses only itself and what stands before it, so nothing inside the core uses the engine.

use super::tokens::{Reach, follow, reaches, tokens_of};
use super::{Finding, found_at, none, tree};
use std::collections::HashMap;

/// From the left to the right. A file may use what stands before it.
const ORDER: [&str; 5] = ["model", "pipeline", "insight", "edge", "engine"];

/// Modules of the root that any layer may use.
const FREE: [&str; 1] = ["error"];

const SOURCES: &str = "finops-core/src/";

fn rank(layer: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == layer)
}

/// The module that a file is, from the root of its crate.
pub(super) fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    path.strip_suffix("/mod").unwrap_or(path).split('/').map(str::to_owned).collect()
}

/// What the root re-exports, by name, with the layer that it comes from.
fn exports(root: &str) -> HashMap<String, String> {
    let tokens = tokens_of(root);
    let mut found: Vec<Reach> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.text == "use" {
            follow(&tokens, at + 1, Vec::new(), &mut found);
        }
    }
    found
        .into_iter()
        .map(|reach| (reach.name, reach.path.into_iter().find(|part| part != "crate").unwrap_or_default()))
        .filter(|(_, layer)| rank(layer).is_some())
        .collect()
}

/// `path` counts from the sources of the core.
fn check(path: &str, text: &str, exports: &HashMap<String, String>) -> Vec<Finding> {
    let shown = format!("{SOURCES}{path}");
    let module = module_of(path);
    if path == "lib.rs" || FREE.contains(&module[0].as_str()) {
        return Vec::new();
    }
    let Some(own) = rank(&module[0]) else {
        return vec![Finding::new(&shown, 1, format!("`{}` has no place in the order {ORDER:?}", module[0]))];
    };
    let mut findings = Vec::new();
    for reach in reaches(&tokens_of(text), &module) {
        let first = reach.path.first().map_or("", String::as_str);
        let layer = exports.get(first).map_or(first, String::as_str);
        if reach.path == ["*"] {
            findings.push(Finding::new(&shown, reach.line, "takes everything of the crate: name what is used"));
        } else if rank(layer).is_some_and(|other| other > own) {
            let used = reach.path.join("::");
            let message = format!("`{}` may not use `{used}`: `{layer}` comes after it in {ORDER:?}", module[0]);
            findings.push(Finding::new(&shown, reach.line, message));
        }
    }
    findings
}

#[test]
fn layers_are_in_order() {
    let exports = exports(tree::text("finops-core/src/lib.rs"));
    let sources: Vec<(&str, &str)> =
        tree::texts(&["rs"]).filter_map(|(file, text)| Some((file.path.strip_prefix(SOURCES)?, text))).collect();
    for layer in ORDER {
        assert!(sources.iter().any(|(path, _)| path.starts_with(layer)), "`{layer}` has no files: is the order true?");
    }
    let findings: Vec<Finding> = sources.iter().flat_map(|(path, text)| check(path, text, &exports)).collect();
    none(&findings);
}

#[test]
fn a_layer_out_of_order_is_found() {
    let exports = exports("mod error;\npub use error::Error;\npub use engine::{Finops, query::Query as Ask};\n");
    let text = "//! [`crate::engine`] in a comment is fine.\nuse crate::model::money::Money;\n\
                use crate::engine::Finops;\n\
                use crate::{Error, edge::Store};\nuse super::super::insight::Series;\nuse crate::Ask;\nuse crate::*;\n\
                fn f() -> crate::Finops { let s = \"crate::engine::x\"; }\n";
    found_at(&check("pipeline/rate.rs", text, &exports), &[3, 4, 5, 6, 7, 8]);
    found_at(&check("edge/store/mod.rs", "use crate::{\n    engine::Finops,\n};\n", &exports), &[2]);
    found_at(&check("engine/mod.rs", text, &exports), &[7]);
    found_at(&check("utilities/mod.rs", "", &exports), &[1]);
    found_at(&check("lib.rs", text, &exports), &[]);
}
