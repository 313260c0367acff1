//! The lock that makes one process the writer.

use super::unusable;
use crate::{Error, ErrorCode, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

const LOCK_FILE: &str = "writer.lock";

/// Held while the store is open for writing. The operating system lets go of it when the process ends, however it
/// ends, so that a crash leaves no lock behind.
#[derive(Debug)]
pub(super) struct WriterLock {
    _file: File,
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
            Err(TryLockError::WouldBlock) => return Err(held(folder, &mut file)),
            Err(TryLockError::Error(error)) => return Err(unusable(&path, error)),
        }
        // Only for the message above; a lock without a number holds as well.
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        written.map_err(|error| unusable(&path, error))?;
        Ok(Self { _file: file })
    }
}

fn held(folder: &Path, file: &mut File) -> Error {
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
