//! Dependencies: each is named with its reason, comes from crates.io, and is built by the compiler that we promise.
//! Without features the core stays a library of pure functions.

use super::manifest::entries;
use super::metadata::{Package, cargo, packages};
use super::{Finding, found_at, none, tree};

/// Packages that read, write, compress or ask the system: none of them may be in the core without features.
const HEAVY: [&str; 6] = ["rusqlite", "libsqlite3-sys", "parquet", "arrow", "flate2", "getrandom"];

/// The shared dependencies but our own crates, each with its line.
fn shared(manifest: &str) -> Vec<(usize, String)> {
    entries(manifest)
        .into_iter()
        .filter(|entry| entry.section == "workspace.dependencies" && !entry.value.contains("path ="))
        .map(|entry| (entry.line, entry.key))
        .collect()
}

/// The rows of the table under the heading on dependencies: name and reason.
fn table(guide: &str) -> Vec<(usize, String, String)> {
    guide
        .lines()
        .enumerate()
        .skip_while(|(_, line)| *line != "## Dependencies")
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
        .filter_map(|(at, line)| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
            let reason = cells.rfind(|cell| !cell.is_empty()).unwrap_or_default().to_owned();
            Some((at + 1, name, reason))
        })
        .collect()
}

fn unexplained(manifest: &str, guide: &str) -> Vec<Finding> {
    let shared = shared(manifest);
    let table = table(guide);
    let missing = shared.iter().filter(|(_, name)| !table.iter().any(|(_, row, _)| row == name)).map(|(line, name)| {
        Finding::new("Cargo.toml", *line, format!("`{name}` has no row with its reason in CONTRIBUTING.md"))
    });
    let gone = table.iter().filter(|(_, row, _)| !shared.iter().any(|(_, name)| name == row)).map(|(line, row, _)| {
        Finding::new("CONTRIBUTING.md", *line, format!("`{row}` is no shared dependency any more"))
    });
    let empty = table
        .iter()
        .filter(|(_, _, reason)| reason.split_whitespace().count() < 3)
        .map(|(line, row, _)| Finding::new("CONTRIBUTING.md", *line, format!("`{row}` needs a reason")));
    missing.chain(gone).chain(empty).collect()
}

/// Dependencies that a member names by itself: their versions would drift apart.
fn unshared(path: &str, manifest: &str) -> Vec<Finding> {
    entries(manifest)
        .into_iter()
        .filter(|entry| {
            let section = entry.section.rsplit('.').next().unwrap_or_default();
            ["dependencies", "dev-dependencies", "build-dependencies"].contains(&section)
                && entry.section != "workspace.dependencies"
        })
        .filter(|entry| {
            let dotted = entry.key.ends_with(".workspace") && entry.value == "true";
            !dotted && !entry.value.contains("workspace = true")
        })
        .map(|entry| Finding::new(path, entry.line, format!("`{}`: name it in the workspace", entry.key)))
        .collect()
}

/// Packages that want a newer compiler than the one that we build with.
fn too_new(ours: &str, packages: &[Package], lock: &str) -> Vec<Finding> {
    packages
        .iter()
        .filter(|package| package.rust_version.as_deref().is_some_and(|theirs| number(theirs) > number(ours)))
        .map(|package| {
            let theirs = package.rust_version.as_deref().unwrap_or_default();
            let message = format!("{} {} wants Rust {theirs}, we promise {ours}", package.name, package.version);
            Finding::new("Cargo.lock", package.locked_at(lock), message)
        })
        .collect()
}

fn number(version: &str) -> Vec<u64> {
    let mut parts: Vec<u64> = version.split('.').map(|part| part.parse().unwrap_or(0)).collect();
    parts.resize(3, 0);
    parts
}

fn foreign(packages: &[Package], lock: &str) -> Vec<Finding> {
    packages
        .iter()
        .filter_map(|package| Some((package, package.source.as_deref()?)))
        .filter(|(_, source)| *source != "registry+https://github.com/rust-lang/crates.io-index")
        .map(|(package, source)| {
            Finding::new("Cargo.lock", package.locked_at(lock), format!("{} comes from {source}", package.name))
        })
        .collect()
}

/// Heavy packages in what `cargo tree --prefix none` prints.
fn heavy(tree: &str) -> Vec<Finding> {
    let is_heavy = |name: &str| HEAVY.iter().any(|heavy| name == *heavy || name.starts_with(&format!("{heavy}-")));
    tree.lines()
        .enumerate()
        .filter(|(_, line)| line.split(' ').next().is_some_and(is_heavy))
        .map(|(at, line)| Finding::new("finops-core/Cargo.toml", at + 1, format!("{line}, without features")))
        .collect()
}

#[test]
fn each_dependency_has_its_reason() {
    none(&unexplained(tree::text("Cargo.toml"), tree::text("CONTRIBUTING.md")));
}

#[test]
fn a_dependency_without_reason_is_found() {
    let manifest =
        "[workspace.dependencies]\nours = { path = \"ours\" }\na = \"1\"\nb = { version = \"2\" }\nc = \"3\"\n";
    let guide = "# x\n\n| `b` | y |\n\n## Dependencies\n\n| crate | why |\n|---|---|\n\
                 | `a` | core | reads the bills |\n\
                 | `d` | core | writes the bills |\n| `c` | core | |\n\n## Next\n\n| `b` | y |\n";
    let findings = unexplained(manifest, guide);
    found_at(&findings, &[4, 10, 11]);
}

#[test]
fn members_share_their_dependencies() {
    let manifests = tree::texts(&["toml"]).filter(|(file, _)| file.path.ends_with("Cargo.toml"));
    let findings: Vec<Finding> = manifests.flat_map(|(file, text)| unshared(&file.path, text)).collect();
    none(&findings);
}

#[test]
fn a_dependency_of_its_own_is_found() {
    let text = "[dependencies]\na.workspace = true\nb = { workspace = true, optional = true }\nc = \"1\"\n\
                [dev-dependencies]\nd = { version = \"1\" }\n[features]\ne = []\n\
                [target.'cfg(unix)'.dependencies]\nf = \"1\"\n[workspace.dependencies]\ng = \"1\"\n";
    found_at(&unshared("x/Cargo.toml", text), &[4, 6, 10]);
}

#[test]
fn our_compiler_builds_every_package() {
    let entries = entries(tree::text("Cargo.toml"));
    let ours = entries.iter().find(|entry| entry.section == "workspace.package" && entry.key == "rust-version");
    let ours = ours.expect("there is a rust-version").value.trim_matches('"');
    none(&too_new(ours, packages(), tree::text("Cargo.lock")));
}

#[test]
fn packages_come_from_the_registry() {
    none(&foreign(packages(), tree::text("Cargo.lock")));
    assert!(packages().iter().any(|package| package.source.is_some()), "we do use the registry");
}

#[test]
fn planted_packages_are_found() {
    let package = |name: &str, rust: Option<&str>, source: Option<&str>| Package {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        rust_version: rust.map(str::to_owned),
        license: None,
        source: source.map(str::to_owned),
    };
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let packages = [
        package("a", Some("1.95.0"), Some(registry)),
        package("b", Some("1.100"), None),
        package("c", None, Some("git+https://example.com/c")),
    ];
    let lock = "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\n";
    found_at(&too_new("1.95", &packages, lock), &[2]);
    found_at(&foreign(&packages, lock), &[6]);
}

#[test]
fn the_core_without_features_is_light() {
    let tree = cargo(&[
        "tree",
        "-p",
        "finops-core",
        "--no-default-features",
        "-e",
        "normal",
        "--prefix",
        "none",
        "--locked",
        "--offline",
    ]);
    let tree = tree.unwrap_or_else(|error| panic!("{error}"));
    assert!(tree.starts_with("finops-core "), "{tree}");
    none(&heavy(&tree));
}

#[test]
fn a_heavy_package_is_found() {
    found_at(
        &heavy("finops-core v0.1.0\nserde v1.0.0\narrow-schema v60.0.0\nflate2 v1.1.0\nflatten v1.0.0\n"),
        &[3, 4],
    );
    let with = cargo(&["tree", "-p", "finops-core", "-e", "normal", "--prefix", "none", "--locked", "--offline"]);
    assert!(!heavy(&with.unwrap_or_else(|error| panic!("{error}"))).is_empty(), "the embedded store is heavy");
}
