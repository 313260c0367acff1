//! What two threads share while a call runs: how far it is, and whether it is to stop.

use finops_core::{Observer, Progress};
use napi_derive::napi;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Default)]
struct Shared {
    cancelled: AtomicBool,
    progress: Mutex<Option<Progress>>,
}

/// JavaScript's side. It asks now and then how far the call is, so that nothing has to call into the event loop.
#[derive(Debug, Default)]
#[napi]
pub struct Watch {
    shared: Arc<Shared>,
}

#[napi]
impl Watch {
    /// One for a single call.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the call to stop.
    #[napi]
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }

    /// How far the call has come since it was last asked, as JSON text; null when that is nothing.
    #[napi]
    pub fn progress(&self) -> Option<String> {
        let progress = self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner).take();
        progress.and_then(|progress| serde_json::to_string(&progress).ok())
    }

    pub(crate) fn observer(&self) -> Looker {
        Looker { shared: Arc::clone(&self.shared) }
    }
}

/// The side of the call.
#[derive(Debug)]
pub(crate) struct Looker {
    shared: Arc<Shared>,
}

impl Observer for Looker {
    fn progress(&self, progress: &Progress) -> ControlFlow<()> {
        *self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(*progress);
        if self.shared.cancelled.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
