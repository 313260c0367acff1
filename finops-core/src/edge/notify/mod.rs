//! Telling others of events: the traits for it, what may be reached, and sending over HTTP (feature `webhooks`).
//!
//! What is sent, to whom and when is the engine's; what became of it is written by the store. A transport makes one
//! attempt and says what came of it.

mod address;
#[cfg(feature = "webhooks")]
mod http;
mod reach;
mod sink;
mod transport;

#[cfg(feature = "webhooks")]
pub use http::HttpTransport;
pub use reach::Reach;
pub use sink::EventSink;
pub use transport::{Post, Transport};

/// The transport of this build; none where it was built without the feature `webhooks`.
pub fn transport(reach: Reach, timeout: std::time::Duration) -> Option<std::sync::Arc<dyn Transport>> {
    #[cfg(feature = "webhooks")]
    return Some(std::sync::Arc::new(HttpTransport::new(reach, timeout)));
    #[cfg(not(feature = "webhooks"))]
    {
        let _ = (reach, timeout);
        None
    }
}
