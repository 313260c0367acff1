//! What events are known again by: fingerprints of their identity and of their content.
//!
//! Parts are hashed with their lengths, so that ("a-b", "c") and ("a", "b-c") differ. What decides whether something
//! is counted is a cryptographic hash: nobody can make two events, or two values, look like one. The content is only
//! compared where the identity is the same already, so there a fast hash will do. The forms are kept in stores: they
//! never change.

use super::event::{EventKey, UsageEvent};
use crate::model::llm::TokenKind;
use twox_hash::XxHash3_64;

/// The fingerprint of what makes two reports the same event.
pub fn fingerprint(key: EventKey<'_>) -> u128 {
    // Lengths of one byte bring a usual key into one block of the hash, which halves what it takes.
    let mut identity = Vec::with_capacity(128);
    for part in [key.tenant_id, key.source, key.id] {
        match u8::try_from(part.len()) {
            Ok(length) if length < u8::MAX => identity.push(length),
            _ => {
                identity.push(u8::MAX);
                identity.extend_from_slice(&length(part));
            }
        }
        identity.extend_from_slice(part.as_bytes());
    }
    low_half(&blake3::hash(&identity))
}

/// The fingerprint of a value, where different values are counted.
pub fn value_hash(value: &str) -> u128 {
    low_half(&blake3::hash(value.as_bytes()))
}

/// A hash of what an event says besides its identity and its time: a report that comes again with a new clock is the
/// same.
pub fn content_hash(event: &UsageEvent) -> u64 {
    let mut content = Vec::with_capacity(256);
    let mut put = |part: Option<&str>| {
        // What is absent differs from what is empty.
        content.extend_from_slice(&part.map_or([u8::MAX; 8], length));
        content.extend_from_slice(part.unwrap_or_default().as_bytes());
    };
    put(Some(&event.resource));
    for part in [&event.workspace_id, &event.rail, &event.user_id] {
        put(part.as_deref());
    }
    for (name, value) in &event.properties {
        // What is worked out of the rest by a price list, which may be another one when the event comes again.
        if event.resource == TokenKind::RESOURCE && name == TokenKind::DIMENSIONS[1] {
            continue;
        }
        put(Some(name));
        put(Some(value));
    }
    put(None);
    if let Some(quantity) = event.quantity {
        content.extend_from_slice(&quantity.mantissa().to_le_bytes());
    }
    XxHash3_64::oneshot(&content)
}

fn length(part: &str) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes()
}

fn low_half(hash: &blake3::Hash) -> u128 {
    let (half, _) = hash.as_bytes().split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    u128::from_le_bytes(*half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Quantity;
    use crate::model::time::Stamp;

    #[test]
    fn m21_parts_of_an_identity_do_not_run_into_each_other() {
        let key = |tenant_id, source, id| fingerprint(EventKey { tenant_id, source, id });
        assert_ne!(key("t", "a-b", "c"), key("t", "a", "b-c"));
        assert_ne!(key("t", "", "ab"), key("t", "a", "b"));
        assert_ne!(key("t1", "s", "1"), key("t", "1s", "1"));
        assert_eq!(key("t", "s", "1"), key("t", "s", "1"));
    }

    #[test]
    fn m21_a_new_clock_is_the_same_content_and_anything_else_is_not() {
        let stamp = |text| Stamp::parse(text).unwrap();
        let one = UsageEvent::new("1", stamp("2024-01-01T00:00:00Z"), "api_calls", Quantity::from_units(1), "t");
        let same = UsageEvent { time: stamp("2024-01-02T00:00:00Z"), ..one.clone() };
        assert_eq!(content_hash(&one), content_hash(&same));
        let others = [
            UsageEvent { quantity: Some(Quantity::from_units(2)), ..one.clone() },
            UsageEvent { quantity: None, ..one.clone() },
            UsageEvent { resource: "bandwidth".into(), ..one.clone() },
            UsageEvent { rail: Some(String::new()), ..one.clone() },
            UsageEvent { workspace_id: Some(String::new()), ..one.clone() },
            UsageEvent { properties: [("a".to_owned(), "b".to_owned())].into(), ..one.clone() },
        ];
        for other in others {
            assert_ne!(content_hash(&one), content_hash(&other), "{other:?}");
        }
    }
}
