//! The locks of the gate, in one place, so that a model check can put in others that try out every order.
//!
//! A lock is never poisoned here: nothing that can panic runs while one is held, and if it did, refusing all calls
//! from then on would help nobody.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{self, PoisonError, TryLockError};

pub(super) use std::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

/// How many lanes there are, among which threads are spread.
pub(super) const LANES: usize = 4;

thread_local! {
    static OWN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The lane that this thread prefers; threads get them in turn.
pub(super) fn own_lane() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    OWN.get().unwrap_or_else(|| {
        let lane = NEXT.fetch_add(1, Ordering::Relaxed) % LANES;
        prefer_lane(lane);
        lane
    })
}

/// The thread met another one in the lane that it prefers, and found that one free.
pub(super) fn prefer_lane(lane: usize) {
    OWN.set(Some(lane));
}

/// One thread at a time. No two locks lie in one line of a processor's cache.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock, if nobody has it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
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
