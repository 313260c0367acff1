//! Who reads: a vacuum must not take a file from under a reader, in this process or in another.
//!
//! In a folder each pin is a shared lock on `readers.lock`, and a vacuum takes the exclusive one. Where somebody reads
//! at every moment it would never get it, so that it keeps new readers at the gate for a while: they hold a shared lock
//! on `gate.lock` while they take theirs. The operating system frees the locks of a process that ends, however it ends,
//! so that a killed reader holds up nothing.

use super::lock::Held;
use super::unusable;
use crate::{Error, ErrorCode, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

const LOCK_FILE: &str = "readers.lock";
const GATE_FILE: &str = "gate.lock";
/// How long a vacuum waits before it looks again.
const PAUSE: Duration = Duration::from_millis(20);
/// How often it looks while the gate is closed, and then while it is open: about five seconds in all. Readings that
/// take long are waited for; whoever comes meanwhile waits for a second and a half at most.
const TRIES: [(u32, u32); 5] = [(5, 20), (10, 20), (20, 20), (40, 20), (75, 20)];

/// The readers of a store.
#[derive(Debug)]
pub(super) enum Readers {
    /// The paths of the lock and of the gate.
    Folder { lock: PathBuf, gate: PathBuf },
    /// How many there are, which is held while a vacuum is under way; and the gate.
    Memory { count: Arc<Mutex<usize>>, gate: Mutex<()> },
}

/// One who reads, until it is dropped.
#[derive(Debug)]
pub(super) enum Pin {
    /// A lock; none where the files can neither be opened nor made, for want of permission.
    Folder { _lock: Option<Held> },
    /// One more in the count.
    Memory(Arc<Mutex<usize>>),
}

/// That nobody reads, until it is dropped. Who comes meanwhile waits.
#[derive(Debug)]
pub(super) enum Alone<'r> {
    Folder { _lock: Held },
    Memory { _count: MutexGuard<'r, usize> },
}

/// That nobody begins to read, until it is dropped.
#[derive(Debug)]
enum Closed<'r> {
    Folder { _gate: Held },
    Memory { _gate: MutexGuard<'r, ()> },
}

impl Readers {
    pub(super) fn in_memory() -> Self {
        Self::Memory { count: Arc::default(), gate: Mutex::default() }
    }

    /// The readers of the store in a folder. Who may write there makes the files that the others lock.
    pub(super) fn in_folder(folder: &Path, writes: bool) -> Result<Self> {
        let [lock, gate] = [LOCK_FILE, GATE_FILE].map(|name| folder.join(name));
        if writes {
            open_writable(&lock)?;
            open_writable(&gate)?;
        }
        Ok(Self::Folder { lock, gate })
    }

    /// Becomes a reader; waits while a vacuum is under way, which is short. Comes before the state is looked up:
    /// what is found then cannot be removed before the pin is dropped.
    pub(super) fn pin(&self) -> Result<Pin> {
        match self {
            Self::Folder { lock, gate } => {
                let Some(gate) = share(gate)? else { return Ok(Pin::Folder { _lock: None }) };
                let pin = Pin::Folder { _lock: share(lock)? };
                drop(gate);
                Ok(pin)
            }
            Self::Memory { count, gate } => {
                let gate = hold(gate);
                *hold(count) += 1;
                drop(gate);
                Ok(Pin::Memory(Arc::clone(count)))
            }
        }
    }

    /// Waits until nobody reads, for about five seconds.
    ///
    /// # Errors
    /// `conflict` when somebody still does.
    pub(super) fn alone(&self) -> Result<Alone<'_>> {
        for (closed_tries, open_tries) in TRIES {
            let closed = self.close()?;
            let alone = self.wait(closed_tries)?;
            drop(closed);
            if let Some(alone) = alone {
                return Ok(alone);
            }
            if let Some(alone) = self.wait(open_tries)? {
                return Ok(alone);
            }
        }
        let message = "somebody is reading from the store, and what they read must stay: try again when they are done";
        Err(Error::new(ErrorCode::Conflict, message))
    }

    fn wait(&self, tries: u32) -> Result<Option<Alone<'_>>> {
        for _ in 0..tries {
            if let Some(alone) = self.try_alone()? {
                return Ok(Some(alone));
            }
            sleep(PAUSE);
        }
        Ok(None)
    }

    fn try_alone(&self) -> Result<Option<Alone<'_>>> {
        match self {
            Self::Folder { lock, .. } => {
                let file = open_writable(lock)?;
                match file.try_lock() {
                    Ok(()) => Ok(Some(Alone::Folder { _lock: Held::new(file) })),
                    Err(TryLockError::WouldBlock) => Ok(None),
                    Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => Ok(None),
                    Err(TryLockError::Error(error)) => Err(unusable(lock, error)),
                }
            }
            Self::Memory { count, .. } => {
                let count = hold(count);
                Ok((*count == 0).then_some(Alone::Memory { _count: count }))
            }
        }
    }

    /// Waits for those who are passing the gate, and closes it.
    fn close(&self) -> Result<Closed<'_>> {
        match self {
            Self::Folder { gate, .. } => {
                let file = open_writable(gate)?;
                uninterrupted(|| file.lock()).map_err(|error| unusable(gate, error))?;
                Ok(Closed::Folder { _gate: Held::new(file) })
            }
            Self::Memory { gate, .. } => Ok(Closed::Memory { _gate: hold(gate) }),
        }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        if let Self::Memory(count) = self {
            let mut count = hold(count);
            *count = count.saturating_sub(1);
        }
    }
}

/// A panic elsewhere cannot have left a number half changed.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_writable(path: &Path) -> Result<File> {
    made(path).map_err(|error| unusable(path, error))
}

fn made(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// A shared lock. None where this process may neither read the file nor make it: then it reads all the same, and a
/// vacuum does not wait for it.
fn share(path: &Path) -> Result<Option<Held>> {
    let opened = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => made(path),
        opened => opened,
    };
    let file = match opened {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            return Ok(None);
        }
        Err(error) => return Err(unusable(path, error)),
    };
    uninterrupted(|| file.lock_shared()).map_err(|error| unusable(path, error))?;
    Ok(Some(Held::new(file)))
}

/// Waits on when a signal comes, which the caller's program handles.
fn uninterrupted(lock: impl Fn() -> std::io::Result<()>) -> std::io::Result<()> {
    loop {
        match lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

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
    fn a_vacuum_has_its_turn_where_somebody_always_reads() {
        let folder = tempfile::tempdir().unwrap();
        for readers in [Readers::in_memory(), Readers::in_folder(folder.path(), true).unwrap()] {
            let done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        while !done.load(Ordering::Acquire) {
                            let pin = readers.pin().unwrap();
                            sleep(Duration::from_millis(7));
                            drop(pin);
                        }
                    });
                }
                sleep(Duration::from_millis(20));
                let outcome = readers.alone().map(drop);
                done.store(true, Ordering::Release);
                outcome.unwrap();
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
