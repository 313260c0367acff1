//! Locks on files, and the one that makes a process the writer.

use super::unusable;
use crate::{Error, ErrorCode, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

const LOCK_FILE: &str = "writer.lock";

/// A file whose lock this process holds, until it is dropped.
///
/// Closing the file would not do: a process that was started meanwhile may have a copy of it for a moment, or for as
/// long as it lives where it was forked. Unlocking does, and is done by who took the lock, never by such a copy.
#[derive(Debug)]
pub(super) struct Held {
    file: File,
    process: u32,
}

impl Held {
    /// The file must be locked.
    pub(super) fn new(file: File) -> Self {
        Self { file, process: std::process::id() }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            // Where this fails, closing the file lets go of the lock.
            drop(self.file.unlock());
        }
    }
}

/// Held while the store is open for writing. The operating system lets go of it when the process ends, however it
/// ends, so that a crash leaves no lock behind.
#[derive(Debug)]
pub(super) struct WriterLock {
    _lock: Held,
}

impl WriterLock {
    /// # Errors
    /// `conflict` when it is held, naming the process where it can be told.
    pub(super) fn acquire(folder: &Path) -> Result<Self> {
        let path = folder.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(|error| unusable(&path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(folder, &mut file)),
            Err(TryLockError::Error(error)) => return Err(unusable(&path, error)),
        }
        let mut held = Held::new(file);
        let file = &mut held.file;
        // Only for the message above; a lock without a number holds as well.
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        written.map_err(|error| unusable(&path, error))?;
        Ok(Self { _lock: held })
    }
}

fn taken(folder: &Path, file: &mut File) -> Error {
    let mut text = String::new();
    let process = match file.take(32).read_to_string(&mut text) {
        Ok(_) if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() => format!("process {text}"),
        _ => "another handle".to_owned(),
    };
    let message = format!(
        "{process} has the store at '{}' open for writing: close it there, or open with read_only",
        folder.display()
    );
    Error::new(ErrorCode::Conflict, message).with_field("location")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(path: &Path) -> Held {
        let file = File::create(path).unwrap();
        file.try_lock().unwrap();
        Held::new(file)
    }

    #[test]
    fn a_lock_that_is_dropped_is_free_whoever_has_a_copy_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let held = locked(&folder.path().join("lock"));
        let copy = held.file.try_clone().unwrap();
        drop(held);
        drop(locked(&folder.path().join("lock")));
        drop(copy);
    }

    #[test]
    fn another_process_does_not_let_go_of_our_lock() {
        let folder = tempfile::tempdir().unwrap();
        let held = locked(&folder.path().join("lock"));
        // What a forked process has and drops.
        drop(Held { file: held.file.try_clone().unwrap(), process: 0 });
        let other = File::open(folder.path().join("lock")).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    }
}
