//! What two threads share while a call runs: how far it is, and whether it is to stop.

use finops_core::{Observer, Progress};
use napi_derive::napi;
use std::cell::RefCell;
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

thread_local! {
    /// Who looks on at the call that runs on this thread, for what waits within it.
    static RUNNING: RefCell<Option<Looker>> = const { RefCell::new(None) };
}

/// Runs a call with somebody looking on, who is known to [`is_cancelled`] meanwhile.
pub(crate) fn watched<T>(looker: Option<&Looker>, call: impl FnOnce(&dyn Observer) -> T) -> T {
    /// Also after a panic: the thread runs other calls.
    struct Running;
    impl Drop for Running {
        fn drop(&mut self) {
            RUNNING.with_borrow_mut(|running| *running = None);
        }
    }
    let Some(looker) = looker else { return call(&()) };
    RUNNING.with_borrow_mut(|running| *running = Some(looker.clone()));
    let _running = Running;
    call(looker)
}

/// Whether the call that runs on this thread is to stop.
pub(crate) fn is_cancelled() -> bool {
    RUNNING.with_borrow(|running| running.as_ref().is_some_and(Looker::is_cancelled))
}

/// The side of the call.
#[derive(Debug, Clone)]
pub(crate) struct Looker {
    shared: Arc<Shared>,
}

impl Looker {
    fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::Relaxed)
    }
}

impl Observer for Looker {
    fn progress(&self, progress: &Progress) -> ControlFlow<()> {
        *self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(*progress);
        if self.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
