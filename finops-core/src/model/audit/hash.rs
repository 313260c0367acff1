//! The hash that links an entry to the one before.

use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The hash of an entry of the log: 32 bytes of BLAKE3, as text 64 hexadecimal digits.
///
/// ```
/// use finops_core::model::audit::AuditHash;
///
/// let none = AuditHash::default();
/// assert_eq!(none.to_string(), "0".repeat(64), "what comes before the first entry");
/// assert_eq!(AuditHash::parse(&none.to_string())?, none);
/// assert!(AuditHash::parse("abc").is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AuditHash([u8; 32]);

impl AuditHash {
    /// The hash of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// `invalid_argument` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let hash = blake3::Hash::from_hex(text).map_err(|_| {
            let text: String = text.chars().take(80).collect();
            Error::new(ErrorCode::InvalidArgument, format!("must be a hash of 64 hexadecimal digits, got '{text}'"))
        })?;
        Ok(Self(*hash.as_bytes()))
    }
}

impl From<blake3::Hash> for AuditHash {
    fn from(hash: blake3::Hash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl Serialize for AuditHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AuditHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
