//! What webhooks may reach. Who makes a webhook chooses a URL that this process then calls: without bounds they could
//! have it call what only it can reach.

use super::address::is_public;
use crate::model::webhook::WebhookUrl;
use crate::{Error, Result};
use std::net::IpAddr;

/// What webhooks may reach: by default public addresses over `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// Also over `http`, where whoever listens on the way reads what is sent.
    pub http: bool,
    /// Also addresses that are not public: loopback, private, link-local and the like.
    pub private: bool,
}

impl Reach {
    /// Refuses a URL that is out of reach whatever its name resolves to.
    ///
    /// # Errors
    /// `invalid_argument` for the field `url`.
    pub fn check(self, url: &WebhookUrl) -> Result<()> {
        if !self.http && !url.is_https() {
            let message =
                "must be https: what is sent over http can be read on the way (`webhook_allow_http` allows it)";
            return Err(Error::invalid("url", message));
        }
        let is_local = url.host().eq_ignore_ascii_case("localhost") && !self.private;
        if is_local || url.address().is_some_and(|address| !self.allows(address)) {
            let message = "must be a public address (`webhook_allow_private` allows others)";
            return Err(Error::invalid("url", message));
        }
        Ok(())
    }

    /// Whether an address may be connected to.
    pub fn allows(self, address: IpAddr) -> bool {
        self.private || is_public(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_unless_more_is_allowed() {
        let check = |url: &str, http, private| Reach { http, private }.check(&WebhookUrl::parse(url).unwrap()).is_ok();
        assert!(check("https://hooks.example.com", false, false));
        assert!(!check("http://hooks.example.com", false, true));
        assert!(check("http://hooks.example.com", true, false));
        for local in ["https://127.0.0.1", "https://[::1]:8443/x", "https://localhost", "https://LOCALHOST:1"] {
            assert!(!check(local, true, false), "{local}");
            assert!(check(local, false, true), "{local}");
        }
    }
}
