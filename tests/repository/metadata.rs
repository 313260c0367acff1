//! What Cargo knows of the packages that are built.

use super::tree;
use serde_json::Value;
use std::process::Command;
use std::sync::OnceLock;

#[derive(Debug, Clone)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) rust_version: Option<String>,
    pub(super) license: Option<String>,
    /// Where it comes from; nothing for the packages of this repository.
    pub(super) source: Option<String>,
}

/// Every package of the lock file; without the ones of other systems, when those were never downloaded.
pub(super) fn packages() -> &'static [Package] {
    static PACKAGES: OnceLock<Vec<Package>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let arguments = ["metadata", "--format-version", "1", "--locked", "--offline"];
        let text = cargo(&arguments).or_else(|_| {
            let host = host();
            cargo(&[&arguments[..], &["--filter-platform", &host]].concat())
        });
        let text = text.unwrap_or_else(|error| panic!("{error}\nDownload what is missing: cargo fetch --locked"));
        let metadata: Value = serde_json::from_str(&text).expect("cargo metadata writes JSON");
        let packages = metadata["packages"].as_array().expect("there are packages");
        let word = |package: &Value, key: &str| package[key].as_str().map(str::to_owned);
        packages
            .iter()
            .map(|package| Package {
                name: word(package, "name").expect("packages have names"),
                version: word(package, "version").expect("packages have versions"),
                rust_version: word(package, "rust_version"),
                license: word(package, "license"),
                source: word(package, "source"),
            })
            .collect()
    })
}

impl Package {
    /// Where the lock file names it.
    pub(super) fn locked_at(&self, lock: &str) -> usize {
        let (name, version) = (format!("name = \"{}\"", self.name), format!("version = \"{}\"", self.version));
        let lines: Vec<&str> = lock.lines().collect();
        lines.windows(2).position(|pair| pair == [name.as_str(), version.as_str()]).map_or(1, |at| at + 1)
    }
}

/// What Cargo prints, or why it fails.
pub(super) fn cargo(arguments: &[&str]) -> Result<String, String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program).args(arguments).current_dir(tree::root()).output().expect("cargo runs");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)))
    }
}

/// The system that this was compiled for.
fn host() -> String {
    let text = cargo(&["-vV"]).expect("cargo knows its version");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host").to_owned()
}
