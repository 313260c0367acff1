//! Where a webhook is.

use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

const MAX_BYTES: usize = 2_048;

/// An absolute URL of `https` or `http`: ASCII, at most 2048 bytes, with a host, without credentials and fragment.
///
/// ```
/// use finops_core::model::webhook::WebhookUrl;
///
/// let url = WebhookUrl::parse("https://hooks.example.com/finops?team=search")?;
/// assert!(url.is_https() && url.host() == "hooks.example.com");
/// assert!(WebhookUrl::parse("ftp://hooks.example.com").is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookUrl(String);

impl WebhookUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// `invalid_argument`; the message does not repeat the URL, which may hold a token.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |message: &str| Err(Error::new(ErrorCode::InvalidArgument, message));
        if text.len() > MAX_BYTES {
            return fail("must have at most 2048 bytes");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return fail("must be ASCII without blanks: write other characters in percent or punycode");
        }
        if text.contains('#') || text.contains('\\') {
            return fail("must have neither a fragment nor a backslash");
        }
        let Some((_, authority)) = parts(text) else {
            return fail("must be an absolute URL such as 'https://hooks.example.com/finops'");
        };
        if authority.contains('@') {
            return fail("must have no user and password: receivers know us by the signature");
        }
        match host_and_port(authority) {
            Some((host, port)) if is_host(host) && port.is_none_or(is_port) => Ok(Self(text.to_owned())),
            _ => fail("must name a host, and a port of 1 to 65535 where there is one"),
        }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        parts(&self.0).is_some_and(|(https, _)| https)
    }

    /// The host: a name or an address, an IPv6 one without brackets.
    pub fn host(&self) -> &str {
        let host = parts(&self.0).and_then(|(_, authority)| host_and_port(authority)).map_or("", |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The address, where the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host().parse().ok()
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<WebhookUrl> for String {
    fn from(url: WebhookUrl) -> Self {
        url.0
    }
}

/// Whether it is `https`, and what stands between the slashes.
fn parts(url: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let https = scheme.eq_ignore_ascii_case("https");
    let authority = rest.split(['/', '?']).next()?;
    (https || scheme.eq_ignore_ascii_case("http")).then_some((https, authority))
}

fn host_and_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, rest) = authority.split_at_checked(end)?;
        return if rest.is_empty() { Some((host, None)) } else { Some((host, Some(rest.strip_prefix(':')?))) };
    }
    Some(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))))
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    host.len() <= 253 && host.bytes().any(|byte| byte.is_ascii_alphanumeric()) && host.bytes().all(is_named)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_can_be_sent_to() {
        for (url, host, https) in [
            ("https://hooks.example.com", "hooks.example.com", true),
            ("HTTPS://hooks.example.com:8443/a/b?c=d", "hooks.example.com", true),
            ("http://localhost:80", "localhost", false),
            ("https://10.0.0.1?x", "10.0.0.1", true),
            ("https://[::1]:443/x", "::1", true),
            ("https://[fe80::1]", "fe80::1", true),
        ] {
            let read = WebhookUrl::parse(url).unwrap();
            assert_eq!((read.host(), read.is_https(), read.as_str()), (host, https, url));
            assert_eq!(read.address().is_some(), host.contains("::") || host.starts_with("10."), "{url}");
        }
    }

    #[test]
    fn others_are_refused_without_being_repeated() {
        for url in [
            "",
            "hooks.example.com",
            "//hooks.example.com",
            "ftp://hooks.example.com",
            "file:///etc/passwd",
            "https://",
            "https:///path",
            "https://?token",
            "https://user:s3cret@hooks.example.com",
            "https://hooks.example.com:0",
            "https://hooks.example.com:65536",
            "https://hooks.example.com:",
            "https://hooks.example.com/a b",
            "https://hooks.example.com/\u{e9}",
            "https://hooks.example.com/#s3cret",
            "https://hooks.example.com\\@s3cret",
            "https://[::1",
            "https://[::g]",
            "https://[::1]x",
            "https://.",
            "https://a%2fb",
            "https://hooks.example.com/\n",
        ] {
            let error = WebhookUrl::parse(url).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{url}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        assert!(WebhookUrl::parse(&format!("https://a.example/{}", "x".repeat(2_048 - 18))).is_ok());
        assert!(WebhookUrl::parse(&format!("https://a.example/{}", "x".repeat(2_049 - 18))).is_err());
    }
}
