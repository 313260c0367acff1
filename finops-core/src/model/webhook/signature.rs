//! Signatures of the Standard Webhooks specification, version 1: HMAC-SHA256.

use super::WebhookSecret;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// By how much the time of an attempt may differ from the receiver's, in seconds.
pub const TOLERANCE_SECONDS: i64 = 5 * 60;
/// What signatures of this kind begin with.
const VERSION: &str = "v1";

/// The hash over what is signed: `{id}.{timestamp}.{body}`.
fn hashed(secret: &WebhookSecret, id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length.
    let mut hash = Hmac::<Sha256>::new_from_slice(secret.bytes()).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        hash.update(part);
    }
    Some(hash)
}

/// The signature of a body that is sent under that id, at that second since 1970.
///
/// ```
/// use finops_core::model::webhook::{WebhookSecret, sign};
///
/// let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// assert_eq!(
///     sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, br#"{"test": 2432232314}"#),
///     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
/// );
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn sign(secret: &WebhookSecret, id: &str, second: i64, body: &[u8]) -> String {
    let signed = hashed(secret, id, &second.to_string(), body).map(|hash| hash.finalize().into_bytes());
    format!("{VERSION},{}", STANDARD.encode(signed.unwrap_or_default()))
}

/// The signatures by several secrets, as one header has them.
pub fn signatures(secrets: &[&WebhookSecret], id: &str, second: i64, body: &[u8]) -> String {
    secrets.iter().map(|secret| sign(secret, id, second, body)).collect::<Vec<_>>().join(" ")
}

/// Lets through what was signed with one of the secrets, at most five minutes ago or ahead by the receiver's clock.
/// Names of headers may be in any case; `body` is what came, byte for byte.
///
/// ```
/// use finops_core::model::time::Stamp;
/// use finops_core::model::webhook::{WebhookSecret, sign, verify};
///
/// let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let now = Stamp::parse("2024-01-15T00:00:00Z")?;
/// let second = (now.micros() / 1_000_000).to_string();
/// let signature = sign(&secret, "evt_1", now.micros() / 1_000_000, b"{}");
/// let headers = [("webhook-id", "evt_1"), ("Webhook-Timestamp", &*second), ("webhook-signature", &*signature)];
/// verify(&[secret.clone()], headers, b"{}", now)?;
/// assert!(verify(&[secret], headers, b"{ }", now).is_err(), "that was not sent");
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `unauthorized` for anything else: a header that is missing or given twice, a time that is too far off, a signature
/// that does not fit.
pub fn verify<'h>(
    secrets: &[WebhookSecret],
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    body: &[u8],
    now: Stamp,
) -> Result<()> {
    let mut found = [("webhook-id", None), ("webhook-timestamp", None), ("webhook-signature", None)];
    for (name, value) in headers {
        for (known, found) in &mut found {
            if name.eq_ignore_ascii_case(known) && found.replace(value.trim()).is_some() {
                return Err(refused(format!("the header {known} is there more than once")));
            }
        }
    }
    let missing = |name| refused(format!("the header {name} is missing"));
    let [id, timestamp, signatures] = found.map(|(name, value)| value.ok_or_else(|| missing(name)));
    let (id, timestamp, signatures) = (id?, timestamp?, signatures?);
    check_time(timestamp, now)?;
    let given: Vec<Vec<u8>> = signatures.split_ascii_whitespace().filter_map(decoded).collect();
    let fits = |hash: &Hmac<Sha256>, given: &[u8]| hash.clone().verify_slice(given).is_ok();
    let hashes = secrets.iter().filter_map(|secret| hashed(secret, id, timestamp, body));
    if hashes.into_iter().any(|hash| given.iter().any(|given| fits(&hash, given))) {
        return Ok(());
    }
    Err(refused("no signature fits: check the secret, and give the body as it came, byte for byte"))
}

/// The same for secrets as text: what a receiver of webhooks calls.
///
/// ```
/// use finops_core::model::time::Stamp;
/// use finops_core::verify_webhook;
///
/// let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// let headers = [
///     ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
///     ("webhook-timestamp", "1614265330"),
///     ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
/// ];
/// let now = Stamp::from_micros(1_614_265_330_000_000)?;
/// verify_webhook(&[secret], headers, br#"{"test": 2432232314}"#, now)?;
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// As [`verify`]; `invalid_argument` for the field `secret` without a secret, and for one that is none.
pub fn verify_webhook<'h>(
    secrets: &[impl AsRef<str>],
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    body: &[u8],
    now: Stamp,
) -> Result<()> {
    let read = |secret: &_| WebhookSecret::parse(AsRef::as_ref(secret)).map_err(|error| error.with_field("secret"));
    let secrets = secrets.iter().map(read).collect::<Result<Vec<_>>>()?;
    if secrets.is_empty() {
        return Err(Error::invalid("secret", "give the secret of the webhook"));
    }
    verify(&secrets, headers, body, now)
}

/// The bytes of a signature of our version; those of others are passed over.
fn decoded(signature: &str) -> Option<Vec<u8>> {
    let (version, signature) = signature.split_once(',')?;
    if version == VERSION { STANDARD.decode(signature).ok() } else { None }
}

fn check_time(timestamp: &str, now: Stamp) -> Result<()> {
    let digits = Some(timestamp).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let second: Option<i64> = digits.and_then(|digits| digits.parse().ok());
    let second = second.ok_or_else(|| refused("the header webhook-timestamp is no number of seconds"))?;
    match now.micros().div_euclid(1_000_000).saturating_sub(second) {
        late if late > TOLERANCE_SECONDS => Err(refused("it was sent more than five minutes ago")),
        early if early < -TOLERANCE_SECONDS => Err(refused("it was sent more than five minutes ahead of this clock")),
        _ => Ok(()),
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::Unauthorized, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Vector {
        secret: &'static str,
        id: &'static str,
        second: i64,
        body: &'static str,
        signature: &'static str,
    }

    const VECTORS: [Vector; 2] = [
        Vector {
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            second: 1_614_265_330,
            body: r#"{"test": 2432232314}"#,
            signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        Vector {
            secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            second: 1_649_367_553,
            body: r#"{"email":"test@example.com","username":"test_user"}"#,
            signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        },
    ];

    impl Vector {
        fn secret(&self) -> WebhookSecret {
            WebhookSecret::parse(self.secret).unwrap()
        }

        /// Whether it is let through that many seconds later, with that signature.
        fn passes(&self, signature: &str, later: i64) -> bool {
            let second = self.second.to_string();
            let headers = [("webhook-id", self.id), ("webhook-timestamp", &second), ("webhook-signature", signature)];
            let now = Stamp::from_micros((self.second + later) * 1_000_000).unwrap();
            verify(&[self.secret()], headers, self.body.as_bytes(), now).is_ok()
        }
    }

    #[test]
    fn known_vectors_sign_and_verify() {
        for vector in &VECTORS {
            let signed = sign(&vector.secret(), vector.id, vector.second, vector.body.as_bytes());
            assert_eq!(signed, vector.signature);
            assert!(vector.passes(vector.signature, 0));
        }
    }

    #[test]
    fn what_was_changed_is_refused() {
        for vector in &VECTORS {
            let flipped = vector.signature.replace("1OE=", "1OF=").replace("Kkw=", "Kkx=");
            assert_ne!(flipped, vector.signature);
            assert!(!vector.passes(&flipped, 0), "the last character, which holds bits beyond the last byte");
            let other = vector.signature.replace("1OE=", "1Oo=").replace("Kkw=", "Kk8=");
            assert!(!vector.passes(&other, 0), "a bit of the last byte");
            for end in [0, 3, 4, 20, vector.signature.len() - 4, vector.signature.len() - 1] {
                assert!(!vector.passes(&vector.signature[..end], 0), "cut after {end}");
            }
            assert!(!vector.passes(&format!("v1,{}", STANDARD.encode([0; 32])), 0));
        }
        assert!(!VECTORS[0].passes(VECTORS[1].signature, 0));
    }

    #[test]
    fn the_time_may_be_five_minutes_off() {
        for (later, passes) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
            assert_eq!(VECTORS[0].passes(VECTORS[0].signature, later), passes, "{later}");
        }
    }

    #[test]
    fn one_good_signature_in_a_list_is_enough() {
        let Vector { signature, .. } = VECTORS[0];
        let none = format!("v1,{}", STANDARD.encode([7; 32]));
        assert!(VECTORS[0].passes(&format!("{none} {signature} v1,???"), 0));
        assert!(!VECTORS[0].passes(&format!("{none} {none}"), 0));
        // Asymmetric ones are for others to check, also when what they say would fit.
        let asymmetric = signature.replace("v1,", "v1a,");
        assert!(!VECTORS[0].passes(&asymmetric, 0));
        assert!(VECTORS[0].passes(&format!("{asymmetric} {signature}"), 0));
        assert!(!VECTORS[0].passes(&signature.replace("v1,", "v2,"), 0));
    }

    #[test]
    fn headers_must_be_there_once() {
        let Vector { id, second, body, signature, .. } = VECTORS[0];
        let second = second.to_string();
        let now = Stamp::from_micros(VECTORS[0].second * 1_000_000).unwrap();
        let all = [("Webhook-ID", id), ("WEBHOOK-TIMESTAMP", &second), ("webhook-signature", signature)];
        let check = |headers: &[(&str, &str)], secrets: &[WebhookSecret]| {
            verify(secrets, headers.iter().copied(), body.as_bytes(), now)
        };
        let secrets = [VECTORS[1].secret(), VECTORS[0].secret()];
        check(&all, &secrets).unwrap();
        for missing in 0..3 {
            let headers: Vec<_> =
                all.into_iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, it)| it).collect();
            let error = check(&headers, &secrets).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Unauthorized);
            assert!(error.message().contains("is missing"), "{error}");
        }
        let twice = [all[0], all[1], all[2], ("webhook-id", "another")];
        assert!(check(&twice, &secrets).is_err());
        assert!(check(&all, &[]).is_err(), "without a secret nothing fits");
        for timestamp in ["", "-1", "+1614265330", "1614265330.0", "1e9", "99999999999999999999"] {
            let headers = [all[0], ("webhook-timestamp", timestamp), all[2]];
            assert!(check(&headers, &secrets).is_err(), "{timestamp}");
        }
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_and_nothing_else_does(
            key: [u8; 32],
            body: Vec<u8>,
            id in "[a-z_0-9]{1,40}",
            second in 0..4_000_000_000_i64,
            flip in 0..4096_usize,
        ) {
            let secret = WebhookSecret::from_random(key);
            let now = Stamp::from_micros(second * 1_000_000).unwrap();
            let (time, signed) = (second.to_string(), sign(&secret, &id, second, &body));
            let headers = [("webhook-id", &*id), ("webhook-timestamp", &*time), ("webhook-signature", &*signed)];
            prop_assert!(verify(std::slice::from_ref(&secret), headers, &body, now).is_ok());
            let mut other = body.clone();
            let place = if body.is_empty() { None } else { Some(flip % body.len()) };
            match place {
                None => other.push(0),
                Some(place) => other[place] ^= 1 << (flip % 8),
            }
            prop_assert!(verify(&[secret], headers, &other, now).is_err());
        }
    }
}
