//! Sending over HTTP, with reqwest and rustls.
//!
//! Each attempt has a runtime of its own on the thread that calls, and a connection of its own: webhooks are few, and
//! nothing is left behind when the call is over. Names are resolved first, by the system and within its own limits;
//! the addresses that are checked are those that are connected to, so that a name cannot change in between.

use super::{Post, Reach, Transport};
use crate::model::webhook::{Sent, WebhookUrl, retry_after_seconds};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Url, redirect, retry};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How many headers an answer may have. Its body is not read at all.
const MAX_HEADERS: usize = 100;
const USER_AGENT: &str = concat!("finops/", env!("CARGO_PKG_VERSION"), " (webhooks)");

/// Sends over HTTP. Certificates are checked as the system does.
#[derive(Debug)]
pub struct HttpTransport {
    reach: Reach,
    timeout: Duration,
    /// How certificates are checked, once that was needed.
    tls: Mutex<Option<ClientConfig>>,
}

impl HttpTransport {
    /// What may be reached, and how long a receiver may take to answer.
    pub const fn new(reach: Reach, timeout: Duration) -> Self {
        Self { reach, timeout, tls: Mutex::new(None) }
    }

    /// Where to connect to.
    fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, String> {
        let port = url.port_or_known_default().ok_or("the URL has no port")?;
        let host = url.host_str().ok_or("the URL has no host")?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let found: Vec<SocketAddr> = match literal {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => (host, port)
                .to_socket_addrs()
                .map_err(|error| format!("the name of the host cannot be resolved: {error}"))?
                .collect(),
        };
        let allowed: Vec<SocketAddr> =
            found.iter().copied().filter(|address| self.reach.allows(address.ip())).collect();
        match (found.is_empty(), allowed.is_empty()) {
            (true, _) => Err("the name of the host has no address".to_owned()),
            (false, true) => Err("the address is not public, and webhooks may only reach public ones".to_owned()),
            (false, false) => Ok(allowed),
        }
    }

    /// How a connection is made private, and its other end known.
    fn tls(&self, https: bool) -> Result<ClientConfig, String> {
        let config = || {
            let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
            builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())
        };
        if !https {
            // Nothing needs to be trusted, and a system without certificates is good enough.
            return Ok(config()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
        }
        let mut known = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref() {
            return Ok(known.clone());
        }
        let checked = config()?.with_platform_verifier().map_err(|error| {
            format!("certificates cannot be checked, for which the system needs some itself (ca-certificates): {error}")
        })?;
        Ok(known.insert(checked.with_no_client_auth()).clone())
    }

    fn client(&self, url: &Url) -> Result<Client, String> {
        let addresses = self.addresses(url)?;
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .dns_resolver(Arc::new(Known(addresses)))
            .tls_backend_preconfigured(self.tls(url.scheme() == "https")?)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .timeout(self.timeout)
            .pool_max_idle_per_host(0);
        client.build().map_err(|error| reason(&error))
    }

    fn send(&self, post: &Post) -> Result<Sent, String> {
        let url = self.url(&post.url)?;
        let client = self.client(&url)?;
        let mut request = client.post(url).body(post.body.clone());
        for (name, value) in &post.headers {
            request = request.header(*name, value);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("nothing can be sent: {error}"))?;
        let answer = runtime.block_on(async { request.send().await }).map_err(|error| self.failure(error))?;
        let mut sent = Sent::answered(answer.status().as_u16());
        let asked = answer.headers().get(RETRY_AFTER).and_then(|header| header.to_str().ok());
        sent.retry_after_seconds = asked.and_then(|header| retry_after_seconds(header, post.at));
        Ok(sent)
    }

    fn url(&self, url: &WebhookUrl) -> Result<Url, String> {
        // What is reached may have been narrowed since the webhook was made.
        self.reach.check(url).map_err(|error| format!("the URL {}", error.message()))?;
        Url::parse(url.as_str()).map_err(|error| format!("the URL cannot be read: {error}"))
    }

    fn failure(&self, error: reqwest::Error) -> String {
        match (error.is_timeout(), error.is_connect()) {
            (true, true) => "no connection in time".to_owned(),
            (true, false) => format!("no answer within {} seconds", self.timeout.as_secs_f64()),
            (false, true) => format!("cannot connect: {}", reason(&error.without_url())),
            (false, false) => format!("the connection failed: {}", reason(&error.without_url())),
        }
    }
}

/// What is underneath an error: what others wrap around it repeats where it was sent to.
fn reason(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map_or_else(String::new, ToString::to_string)
}

impl Transport for HttpTransport {
    fn post(&self, post: &Post) -> Sent {
        self.send(post).unwrap_or_else(Sent::failed)
    }
}

/// Addresses that were checked, whatever the name.
#[derive(Debug)]
struct Known(Vec<SocketAddr>);

impl Resolve for Known {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_it_resolves_to() {
        let addresses = |private, url: &str| {
            let reach = Reach { http: true, private };
            HttpTransport::new(reach, CONNECT_TIMEOUT).addresses(&Url::parse(url).unwrap())
        };
        let found = addresses(true, "http://localhost:8080").unwrap();
        assert!(!found.is_empty() && found.iter().all(|found| found.ip().is_loopback() && found.port() == 8080));
        assert!(addresses(false, "http://localhost:8080").unwrap_err().contains("not public"));
        assert_eq!(addresses(false, "https://1.1.1.1").unwrap(), ["1.1.1.1:443".parse().unwrap()]);
        assert!(addresses(false, "https://[::ffff:10.0.0.1]").unwrap_err().contains("not public"));
        assert!(addresses(true, "https://nobody.invalid").unwrap_err().contains("cannot be resolved"));
    }
}
