//! Those within the process who are told of events.

use crate::Result;
use crate::model::event::RecordedEvent;

/// Who is told of events in the process: a channel, a callable of Python, a function of JavaScript. A closure is one.
///
/// ```
/// use finops_core::Finops;
/// use finops_core::engine::WebhooksDeliver;
/// use finops_core::model::event::RecordedEvent;
/// use std::sync::{Arc, mpsc};
///
/// let finops = Finops::open(":memory:")?;
/// let (sender, receiver) = mpsc::channel();
/// let sink = move |event: &RecordedEvent| {
///     let _ = sender.send(event.clone());
///     Ok(())
/// };
/// finops.events_subscribe(Arc::new(sink))?;
/// assert_eq!(finops.webhooks_deliver(&WebhooksDeliver::default(), &())?.told, 0);
/// assert!(receiver.try_recv().is_err(), "nothing happened yet");
/// # Ok::<(), finops_core::Error>(())
/// ```
pub trait EventSink: Send + Sync {
    /// Is told of an event. With an error the event is told again the next time, before all later ones.
    ///
    /// # Errors
    /// Why it could not take it.
    fn on_event(&self, event: &RecordedEvent) -> Result<()>;
}

impl<F: Fn(&RecordedEvent) -> Result<()> + Send + Sync> EventSink for F {
    fn on_event(&self, event: &RecordedEvent) -> Result<()> {
        self(event)
    }
}
