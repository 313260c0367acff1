//! Syncs that fail: a layer between a child process and the system, which the child switches on and off.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The layer, compiled. See `failing_sync.rs`, which it is made of.
#[derive(Debug)]
pub struct FailingSync {
    library: PathBuf,
    switch: PathBuf,
}

impl FailingSync {
    /// Compiles the layer into that folder.
    pub fn new(folder: &Path) -> Self {
        let library = folder.join("libfailing_sync.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("support/failing_sync.rs");
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(compiler);
        command.args(["--edition", "2024", "--crate-type", "cdylib", "-C", "panic=abort", "-o"]);
        let done = command.arg(&library).arg(source).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Self { library, switch: folder.join("fail-sync") }
    }

    /// What a shell runs first, so that what it starts runs over the layer: see `Child::start_after`.
    pub fn setup(&self) -> String {
        format!("export LD_PRELOAD='{}' FAIL_SYNC='{}'", self.library.display(), self.switch.display())
    }

    /// Lets every sync succeed from now on.
    pub fn heal(&self) {
        std::fs::remove_file(&self.switch).unwrap();
    }
}

/// From now on no sync of this process succeeds of a file whose path has that text.
pub fn fail_syncs_of(text: &str) {
    std::fs::write(switch(), text).unwrap();
}

/// Lets every sync of this process succeed from now on.
pub fn let_syncs_succeed() {
    std::fs::remove_file(switch()).unwrap();
}

fn switch() -> PathBuf {
    std::env::var_os("FAIL_SYNC").unwrap().into()
}
