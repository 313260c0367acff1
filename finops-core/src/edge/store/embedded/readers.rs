//! Who reads: a vacuum must not take a file from under a reader, in this process or in another.
//!
//! In a folder each pin is a shared lock on `readers.lock`, and a vacuum takes the exclusive one. The operating system
//! frees the locks of a process that ends, however it ends, so that a killed reader holds up nothing.

use super::unusable;
use crate::{Error, ErrorCode, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

const LOCK_FILE: &str = "readers.lock";
/// How long a vacuum waits for readers: that often, that long.
const TRIES: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// The readers of a store.
#[derive(Debug)]
pub(super) enum Readers {
    /// The path of the lock.
    Folder(PathBuf),
    /// How many there are; held while a vacuum is under way.
    Memory(Arc<Mutex<usize>>),
}

/// One who reads, until it is dropped.
#[derive(Debug)]
pub(super) enum Pin {
    /// A lock; none where the lock's file can neither be opened nor made, for want of permission.
    Folder { _lock: Option<File> },
    /// One more in the count.
    Memory(Arc<Mutex<usize>>),
}

/// That nobody reads, until it is dropped. Who comes meanwhile waits.
#[derive(Debug)]
pub(super) enum Alone<'r> {
    Folder { _lock: File },
    Memory { _count: MutexGuard<'r, usize> },
}

impl Readers {
    pub(super) fn in_memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// The readers of the store in a folder. Who may write there makes the file that the others lock.
    pub(super) fn in_folder(folder: &Path, writes: bool) -> Result<Self> {
        let path = folder.join(LOCK_FILE);
        if writes {
            open_writable(&path).map_err(|error| unusable(&path, error))?;
        }
        Ok(Self::Folder(path))
    }

    /// Becomes a reader; waits while a vacuum is under way, which is short. Comes before the state is looked up:
    /// what is found then cannot be removed before the pin is dropped.
    pub(super) fn pin(&self) -> Result<Pin> {
        match self {
            Self::Folder(path) => {
                let Some(file) = open_for_reading(path)? else { return Ok(Pin::Folder { _lock: None }) };
                loop {
                    match file.lock_shared() {
                        Ok(()) => return Ok(Pin::Folder { _lock: Some(file) }),
                        // A signal, which the caller's program handles.
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Err(unusable(path, error)),
                    }
                }
            }
            Self::Memory(count) => {
                *lock(count) += 1;
                Ok(Pin::Memory(Arc::clone(count)))
            }
        }
    }

    /// Waits until nobody reads, for about five seconds.
    ///
    /// # Errors
    /// `conflict` when somebody still does.
    pub(super) fn alone(&self) -> Result<Alone<'_>> {
        for attempt in 0..TRIES {
            if attempt > 0 {
                sleep(PAUSE);
            }
            if let Some(alone) = self.try_alone()? {
                return Ok(alone);
            }
        }
        let message = "somebody is reading from the store, and what they read must stay: try again when they are done";
        Err(Error::new(ErrorCode::Conflict, message))
    }

    fn try_alone(&self) -> Result<Option<Alone<'_>>> {
        match self {
            Self::Folder(path) => {
                let file = open_writable(path).map_err(|error| unusable(path, error))?;
                match file.try_lock() {
                    Ok(()) => Ok(Some(Alone::Folder { _lock: file })),
                    Err(TryLockError::WouldBlock) => Ok(None),
                    Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => Ok(None),
                    Err(TryLockError::Error(error)) => Err(unusable(path, error)),
                }
            }
            Self::Memory(count) => {
                let count = lock(count);
                Ok((*count == 0).then_some(Alone::Memory { _count: count }))
            }
        }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        if let Self::Memory(count) = self {
            let mut count = lock(count);
            *count = count.saturating_sub(1);
        }
    }
}

/// A panic elsewhere cannot have left a number half changed.
fn lock(count: &Mutex<usize>) -> MutexGuard<'_, usize> {
    count.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_writable(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// None where this process may neither read the file nor make it: then it reads all the same, and a vacuum does not
/// wait for it.
fn open_for_reading(path: &Path) -> Result<Option<File>> {
    let opened = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => open_writable(path),
        opened => opened,
    };
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => Ok(None),
        Err(error) => Err(unusable(path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_alone_beside_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        for readers in [Readers::in_memory(), Readers::in_folder(folder.path(), true).unwrap()] {
            let pins = [readers.pin().unwrap(), readers.pin().unwrap()];
            assert!(readers.try_alone().unwrap().is_none(), "{readers:?}");
            let [first, second] = pins;
            drop(first);
            assert!(readers.try_alone().unwrap().is_none(), "{readers:?}: one is left");
            drop(second);
            let alone = readers.try_alone().unwrap();
            assert!(alone.is_some(), "{readers:?}");
            drop(alone);
            drop(readers.pin().unwrap());
        }
    }

    #[test]
    fn who_comes_during_a_vacuum_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        for readers in [Readers::in_memory(), Readers::in_folder(folder.path(), true).unwrap()] {
            let done = Mutex::new(false);
            let alone = readers.try_alone().unwrap().unwrap();
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    let _pin = readers.pin().unwrap();
                    assert!(*done.lock().unwrap(), "the vacuum was not over");
                });
                sleep(Duration::from_millis(30));
                *done.lock().unwrap() = true;
                drop(alone);
                reader.join().unwrap();
            });
        }
    }

    #[test]
    fn a_reader_makes_the_file_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let readers = Readers::in_folder(folder.path(), false).unwrap();
        let pin = readers.pin().unwrap();
        assert!(readers.try_alone().unwrap().is_none(), "a copied store may lack it");
        drop(pin);
    }
}
