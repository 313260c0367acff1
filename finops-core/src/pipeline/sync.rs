//! The locks of the gate, in one place, so that a model check can put in others that try out every order.
//!
//! A lock is never poisoned here: nothing that can panic runs while one is held, and if it did, refusing all calls
//! from then on would help nobody.

use std::sync::{self, PoisonError};

pub(super) use std::sync::atomic::{AtomicI64, Ordering};
pub(super) use std::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

/// Into how many parts what all threads share is cut, each with a lock of its own; a power of two.
pub(super) const SHARDS: usize = 64;

/// One thread at a time.
#[derive(Debug, Default)]
pub(super) struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Many that read, or one that writes.
#[derive(Debug, Default)]
pub(super) struct RwLock<T>(sync::RwLock<T>);

impl<T> RwLock<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(sync::RwLock::new(value))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
