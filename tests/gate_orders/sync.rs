//! The locks of the gate for the scheduler, with the names and the meaning of those that it has otherwise.

use shuttle::sync;

pub(super) use shuttle::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

/// Two are enough for every way in which lanes can meet.
pub(super) const LANES: usize = 2;

pub(super) fn own_lane() -> usize {
    usize::from(shuttle::current::me()) % LANES
}

/// Threads keep to their lanes here, so that every lane is met.
pub(super) fn prefer_lane(_lane: usize) {}

#[derive(Debug, Default)]
pub(super) struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(super) fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }

    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock().ok()
    }
}

#[derive(Debug, Default)]
pub(super) struct RwLock<T>(sync::RwLock<T>);

impl<T> RwLock<T> {
    pub(super) fn new(value: T) -> Self {
        Self(sync::RwLock::new(value))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap()
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap()
    }
}
