//! Currencies: ISO 4217 codes, and virtual currencies such as tokens and credits.
//!
//! A [`Currency`] is a small value that knows its code and its minor units. Nothing here converts between
//! currencies or decides which of them may be added.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fixed::SCALE;
use super::iso4217;
use crate::{Error, ErrorCode, Result};

/// The longest code of a virtual currency, in characters.
const LONGEST: usize = 12;

/// A currency: its code of 3 to 12 ASCII characters and how many decimals its amounts are paid in, 0 to 18.
///
/// As JSON it is its code; reading accepts ISO 4217 codes only, because a code alone does not tell the minor
/// units of a virtual currency.
///
/// ```
/// use finops_core::model::money::Currency;
///
/// let yen = Currency::parse("JPY")?;
/// assert_eq!((yen.code(), yen.minor_units(), yen.is_iso()), ("JPY", 0, true));
///
/// let tokens = Currency::custom("TOKENS", 2)?;
/// assert_eq!(tokens.to_string(), "TOKENS");
/// assert!(!tokens.is_iso());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    /// Filled up with zero bytes, so that the derived order is the order of the codes.
    code: [u8; LONGEST],
    minor_units: u32,
    iso: bool,
}

impl Currency {
    /// The currency of an ISO 4217 code, in upper case.
    pub fn parse(code: &str) -> Result<Self> {
        if let Some(minor_units) = iso4217::minor_units(code) {
            return Ok(Self::inline(code, minor_units, true));
        }
        let shown: String = code.chars().take(20).flat_map(char::escape_debug).collect();
        let upper = code.trim().to_ascii_uppercase();
        let hint = if iso4217::minor_units(&upper).is_none() {
            "use a code such as 'USD', or declare a virtual currency".to_owned()
        } else if upper.len() < code.len() {
            format!("write it without blanks, '{upper}'")
        } else {
            format!("write it in upper case, '{upper}'")
        };
        Err(Error::new(ErrorCode::InvalidArgument, format!("'{shown}' is not an ISO 4217 code: {hint}")))
    }

    /// A virtual currency: 3 to 12 of `A-Z`, `0-9` and `_`, not an ISO 4217 code, with 0 to 18 minor units.
    pub fn custom(code: &str, minor_units: u32) -> Result<Self> {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if !(3..=LONGEST).contains(&code.len()) || !code.bytes().all(plain) {
            let shown: String = code.chars().take(20).flat_map(char::escape_debug).collect();
            let message = format!("'{shown}' cannot name a virtual currency: use 3 to 12 of A-Z, 0-9 and _");
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        if iso4217::minor_units(code).is_some() {
            let message = format!("'{code}' is an ISO 4217 code: a virtual currency needs a name of its own");
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        if minor_units > SCALE {
            return Err(Error::invalid("minor_units", format!("must be 0 to 18, got {minor_units}")));
        }
        Ok(Self::inline(code, minor_units, false))
    }

    /// Both callers have checked the length.
    fn inline(code: &str, minor_units: u32, iso: bool) -> Self {
        let mut bytes = [0; LONGEST];
        for (slot, byte) in bytes.iter_mut().zip(code.bytes()) {
            *slot = byte;
        }
        Self { code: bytes, minor_units, iso }
    }

    /// The code, such as `USD`.
    pub fn code(&self) -> &str {
        let length = self.code.iter().position(|&byte| byte == 0).unwrap_or(LONGEST);
        // Only ASCII was stored, so neither default is ever taken.
        std::str::from_utf8(self.code.get(..length).unwrap_or_default()).unwrap_or_default()
    }

    /// How many decimals amounts are paid in, 0 to 18: 2 for USD, 0 for JPY.
    pub const fn minor_units(&self) -> u32 {
        self.minor_units
    }

    /// Whether the code is from ISO 4217.
    pub const fn is_iso(&self) -> bool {
        self.iso
    }
}

impl std::str::FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({}, {})", self.code(), self.minor_units)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 4217 code such as \"USD\"")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
                Currency::parse(code).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_know_their_minor_units() {
        for (code, minor_units) in [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4)] {
            let currency = Currency::parse(code).unwrap();
            assert_eq!((currency.code(), currency.minor_units(), currency.is_iso()), (code, minor_units, true));
        }
    }

    #[test]
    fn a_refused_code_says_what_to_write() {
        let message = |code| Currency::parse(code).unwrap_err().to_string();
        assert_eq!(message("usd"), "'usd' is not an ISO 4217 code: write it in upper case, 'USD'");
        assert_eq!(message(" USD"), "' USD' is not an ISO 4217 code: write it without blanks, 'USD'");
        let hint = "use a code such as 'USD', or declare a virtual currency";
        for code in ["", "US", "ZZZ", "Token", "USDUSDUSDUSDUSD", "€"] {
            assert_eq!(message(code), format!("'{code}' is not an ISO 4217 code: {hint}"));
        }
    }

    #[test]
    fn virtual_currencies_have_names_of_their_own() {
        let tokens = Currency::custom("AI_TOKENS_V2", 6).unwrap();
        assert_eq!((tokens.code(), tokens.minor_units(), tokens.is_iso()), ("AI_TOKENS_V2", 6, false));
        for (code, minor_units) in
            [("USD", 2), ("AB", 2), ("ABCDEFGHIJKLM", 2), ("credits", 2), ("CR-1", 2), ("CRED", 19)]
        {
            let error = Currency::custom(code, minor_units).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{code}");
        }
    }

    #[test]
    fn json_is_the_code_and_order_is_by_code() {
        let dollar = Currency::parse("USD").unwrap();
        assert_eq!(serde_json::to_string(&dollar).unwrap(), "\"USD\"");
        assert_eq!(serde_json::from_str::<Currency>("\"USD\"").unwrap(), dollar);
        assert!(serde_json::from_str::<Currency>("\"usd\"").is_err());
        assert!(serde_json::from_str::<Currency>("840").is_err());
        assert!(Currency::parse("EUR").unwrap() < dollar);
        assert_eq!(format!("{dollar:>5}|{dollar:?}"), "  USD|Currency(USD, 2)");
    }
}
