//! The secrets that deliveries are signed with. They are shown to whoever makes them and to nobody else.

use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;

const PREFIX: &str = "whsec_";
/// How many bytes a secret has, as the specification wants it.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// How many secrets sign at a time.
const MAX_SECRETS: usize = 5;

/// A secret of 24 to 64 bytes, written as `whsec_` and base64. Neither `Debug` nor an error shows it.
///
/// ```
/// use finops_core::model::webhook::WebhookSecret;
///
/// let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// assert_eq!(format!("{secret:?}"), "WebhookSecret(..)");
/// assert_eq!(secret.reveal(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// How many random bytes a secret is made of.
    pub const RANDOM_BYTES: usize = 32;

    /// A secret of these bytes, which must come from a generator that is fit for secrets.
    pub fn from_random(bytes: [u8; Self::RANDOM_BYTES]) -> Self {
        Self(bytes.to_vec())
    }

    /// Reads a secret; the prefix may be left out.
    ///
    /// # Errors
    /// `invalid_argument`, which does not repeat the text.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let (least, most) = (BYTES.start(), BYTES.end());
            let message = format!("must be '{PREFIX}' and {least} to {most} bytes in base64");
            Error::new(ErrorCode::InvalidArgument, message)
        };
        let text = text.trim();
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(|_| wrong())?;
        if BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(wrong()) }
    }

    /// The secret in clear: for whoever made it, and for the store that keeps it.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

impl TryFrom<String> for WebhookSecret {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<WebhookSecret> for String {
    fn from(secret: WebhookSecret) -> Self {
        secret.reveal()
    }
}

/// The secrets of one webhook: the present one, and those before it that still sign for a while, so that receivers can
/// change over without losing anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    present: WebhookSecret,
    /// The latest first, each with the instant from which it does not sign any more.
    before: Vec<(WebhookSecret, Stamp)>,
}

impl Secrets {
    /// One secret.
    pub const fn new(present: WebhookSecret) -> Self {
        Self { present, before: Vec::new() }
    }

    /// Those that sign at an instant, the present one first.
    pub fn signing(&self, now: Stamp) -> Vec<&WebhookSecret> {
        let before = self.before.iter().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        std::iter::once(&self.present).chain(before).collect()
    }

    /// The secrets with another present one; the one that it replaces signs until then.
    ///
    /// # Errors
    /// `conflict` when five secrets would sign at a time, or the secret signs already.
    pub fn rotate(&self, present: WebhookSecret, now: Stamp, until: Stamp) -> Result<Self> {
        if self.signing(now).contains(&&present) {
            let message = "signs already: give another secret, or none to have one made";
            return Err(Error::new(ErrorCode::Conflict, message).with_field("secret"));
        }
        let mut before = vec![(self.present.clone(), until)];
        before.extend(self.before.iter().cloned());
        before.retain(|(_, until)| now < *until);
        if before.len() >= MAX_SECRETS {
            let message = format!("{MAX_SECRETS} secrets sign already: wait, or rotate with `overlap_seconds` 0");
            return Err(Error::new(ErrorCode::Conflict, message));
        }
        Ok(Self { present, before })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> WebhookSecret {
        WebhookSecret::from_random([byte; 32])
    }

    fn at(second: i64) -> Stamp {
        Stamp::from_micros(second * 1_000_000).unwrap()
    }

    #[test]
    fn only_24_to_64_bytes_are_a_secret() {
        for length in [0, 1, 23, 24, 32, 64, 65, 200] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; length]));
            assert_eq!(WebhookSecret::parse(&text).is_ok(), (24..=64).contains(&length), "{length}");
        }
        for text in ["", "whsec_", "whsec_???", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2L"]
        {
            let error = WebhookSecret::parse(text).unwrap_err();
            assert!(text.is_empty() || !error.to_string().contains(text) || text == "whsec_", "{error}");
        }
        let bare = WebhookSecret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(bare.reveal(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn an_old_secret_signs_until_its_time() {
        let first = Secrets::new(secret(1));
        let second = first.rotate(secret(2), at(0), at(10)).unwrap();
        assert_eq!(second.signing(at(9)), [&secret(2), &secret(1)]);
        assert_eq!(second.signing(at(10)), [&secret(2)]);
        let at_once = first.rotate(secret(2), at(0), at(0)).unwrap();
        assert_eq!(at_once.signing(at(0)), [&secret(2)]);
        assert_eq!(second.rotate(secret(1), at(5), at(20)).unwrap_err().code(), ErrorCode::Conflict);
        // What does not sign any more is forgotten.
        let third = second.rotate(secret(3), at(15), at(20)).unwrap();
        assert_eq!(third.signing(at(0)), [&secret(3), &secret(2)]);
    }

    #[test]
    fn secrets_do_not_pile_up() {
        let mut secrets = Secrets::new(secret(0));
        for byte in 1..5 {
            secrets = secrets.rotate(secret(byte), at(0), at(10)).unwrap();
        }
        assert_eq!(secrets.signing(at(0)).len(), 5);
        assert_eq!(secrets.rotate(secret(9), at(0), at(10)).unwrap_err().code(), ErrorCode::Conflict);
        assert!(secrets.rotate(secret(9), at(10), at(20)).is_ok());
    }

    #[test]
    fn nothing_shows_a_secret() {
        let secrets = Secrets::new(secret(1)).rotate(secret(2), at(0), at(10)).unwrap();
        let shown = format!("{secrets:?} {secrets:#?}");
        for hidden in [secret(1), secret(2)] {
            assert!(!shown.contains(&hidden.reveal()) && !shown.contains("AQEB") && !shown.contains("1, 1"), "{shown}");
        }
    }
}
