//! Webhooks: who is told of events, how what is sent is signed, and what becomes of each delivery.
//!
//! All of it follows the Standard Webhooks specification, and none of it does any I/O: sending is the edge's, keeping
//! the store's.

mod delivery;
mod retry;
mod secret;
mod signature;
mod url;
mod value;

pub use delivery::{Attempt, Delivery, DeliveryState, MAX_ATTEMPTS_KEPT, Sent};
pub use retry::{ATTEMPTS, MAX_RETRY_AFTER_SECONDS, retry_after_seconds, retry_delay_micros};
pub use secret::{Secrets, WebhookSecret};
pub use signature::{TOLERANCE_SECONDS, sign, signatures, verify, verify_webhook};
pub use url::WebhookUrl;
pub use value::{KeptWebhook, MAX_WEBHOOKS, Webhook, WebhookCreate};
