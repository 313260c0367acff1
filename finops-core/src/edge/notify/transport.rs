//! One attempt to send, as whoever carries it gets it.

use crate::model::time::Stamp;
use crate::model::webhook::{Sent, WebhookUrl};
use std::fmt;

/// What is sent in one attempt: a POST of JSON.
#[derive(Clone)]
#[non_exhaustive]
pub struct Post {
    /// Where to.
    pub url: WebhookUrl,
    /// Its headers, without those that every request has: those of the Standard Webhooks specification and the type of
    /// the content.
    pub headers: [(&'static str, String); 4],
    /// The body, byte for byte as it was signed.
    pub body: String,
    /// When it is sent.
    pub at: Stamp,
}

impl Post {
    /// An attempt that is made then.
    pub fn new(url: WebhookUrl, id: String, at: Stamp, signatures: String, body: String) -> Self {
        let second = at.micros().div_euclid(1_000_000).to_string();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", second),
            ("webhook-signature", signatures),
        ];
        Self { url, headers, body, at }
    }
}

/// Neither the URL, which may hold a token, nor the signatures are shown.
impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("body", &self.body).field("at", &self.at).finish_non_exhaustive()
    }
}

/// Who carries what is sent. It is called from several threads at once, each of which waits for it.
///
/// It follows no redirects, sends once, gives up after a while, and says what came of it. What it says is kept and
/// shown: it tells neither the URL nor what the answer held.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends once.
    fn post(&self, post: &Post) -> Sent;
}
