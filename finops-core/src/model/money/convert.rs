//! What an exact decimal is read from and written as: text, decimals, doubles.
//!
//! One macro gives both decimal types the same conversions. Whatever cannot be kept exactly is refused, or rounded
//! and reported by the readers whose answer is a [`Parsed`]. The bytes themselves are read in `text`.

use crate::{Error, ErrorCode};

use super::text::{DecimalText, Refusal};

/// What the tolerant reader found, and what it did to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parsed<T> {
    /// The number that was read.
    pub value: T,
    /// Digits beyond the 18th decimal, not all zeros, were rounded half to even.
    pub rounded: bool,
    /// The text is a number, but not written in the format of FOCUS, such as `+1`, `.5` or ` 2 `.
    pub lenient: bool,
}

pub(super) fn invalid(message: String) -> Error {
    Error::new(ErrorCode::InvalidArgument, message)
}

/// The text as an error may show it: short, and without control characters.
pub(super) fn shown(bytes: &[u8]) -> String {
    let start = bytes.get(..60).unwrap_or(bytes);
    let mut text: String = String::from_utf8_lossy(start).chars().take(40).flat_map(char::escape_debug).collect();
    if bytes.len() > 40 {
        text.push('…');
    }
    text
}

pub(super) fn refuse(name: &str, bytes: &[u8], refusal: Refusal) -> Error {
    match refusal {
        Refusal::Empty => invalid(format!("an empty text is not a {name}: write a number such as 12.5, or 0")),
        Refusal::Syntax if bytes.contains(&b',') => {
            let shown = shown(bytes);
            invalid(format!("'{shown}' is not a {name}: write the point as '.', without thousands separators"))
        }
        Refusal::Syntax => invalid(format!(
            "'{}' is not a {name}: write a finite decimal number such as -12.5 or 3.52E-6",
            shown(bytes)
        )),
        Refusal::Range => out_of_range(name, &format!("'{}'", shown(bytes))),
    }
}

pub(super) fn out_of_range(name: &str, what: &str) -> Error {
    Error::overflow(format!("{what} does not fit {name}, whose range is ±{}", DecimalText::new(i128::MAX).as_str()))
}

macro_rules! decimal_conversions {
    ($name:ident, $label:literal) => {
        impl $name {
            /// Reads the text of a bill: the number format of FOCUS, and forms close to it that are reported.
            ///
            /// More than 18 decimals are rounded half to even and reported too. Thousands separators, `NaN`,
            /// infinities, hexadecimal and empty texts are refused.
            pub fn parse(text: &str) -> Result<Parsed<Self>> {
                Self::parse_bytes(text.as_bytes())
            }

            /// [`parse`](Self::parse) for bytes that need not be UTF-8.
            pub fn parse_bytes(bytes: &[u8]) -> Result<Parsed<Self>> {
                match scan(bytes) {
                    Ok(scan) => Ok(Parsed { value: Self(scan.mantissa), rounded: scan.rounded, lenient: scan.lenient }),
                    Err(refusal) => Err(refuse($label, bytes, refusal)),
                }
            }

            /// Reads the shortest decimal that prints a double, and rounds it half to even at 18 decimals.
            ///
            /// This is for files whose provider exported doubles; the rounding is reported.
            pub fn parse_f64(value: f64) -> Result<Parsed<Self>> {
                if !value.is_finite() {
                    return Err(invalid(format!(
                        "{value} is not a {}: pass the number as text or as a decimal",
                        $label
                    )));
                }
                // The shortest text that reads back as the same double.
                let text = format!("{value:?}");
                Ok(Parsed { lenient: false, ..Self::parse(&text)? })
            }

            /// The shortest decimal that prints the double, when it has at most 18 decimals.
            ///
            /// `0.1` becomes exactly 0.1, although the double is a little more than that.
            pub fn from_f64_shortest(value: f64) -> Result<Self> {
                let parsed = Self::parse_f64(value)?;
                if parsed.rounded {
                    return Err(invalid(format!(
                        "{value:?} has more than 18 decimals: round it first, or pass it as text or as a decimal"
                    )));
                }
                Ok(parsed.value)
            }

            /// The double nearest to the exact value, for charts and models that take nothing else.
            pub fn to_f64_nearest(self) -> f64 {
                // Reading a decimal text is correctly rounded, and the text of a value always is one.
                self.text().as_str().parse().unwrap_or(f64::NAN)
            }

            /// The value as a [`Decimal`] of the fewest decimals; an error when its 96 bits do not hold it exactly.
            pub fn to_decimal(self) -> Result<Decimal> {
                let (mut mantissa, mut scale) = (self.0, if self.0 == 0 { 0 } else { Self::SCALE });
                while scale > 0 && mantissa % 10 == 0 {
                    mantissa /= 10;
                    scale -= 1;
                }
                Decimal::try_from_i128_with_scale(mantissa, scale)
                    .map_err(|_| Error::overflow(format!("{self} does not fit the 96 bits of a decimal exactly")))
            }
        }

        impl TryFrom<Decimal> for $name {
            type Error = Error;

            fn try_from(decimal: Decimal) -> Result<Self> {
                let decimal = decimal.normalize();
                let Some(missing) = Self::SCALE.checked_sub(decimal.scale()) else {
                    return Err(invalid(format!("{decimal} has more than 18 decimals: round it first")));
                };
                decimal
                    .mantissa()
                    .checked_mul(10_i128.pow(missing))
                    .map(Self)
                    .ok_or_else(|| out_of_range($label, &decimal.to_string()))
            }
        }

        /// Reads a number of at most 18 decimals; nothing is rounded.
        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                let parsed = Self::parse(text)?;
                if parsed.rounded {
                    return Err(invalid(format!(
                        "'{}' has more than 18 decimals: round it first",
                        shown(text.as_bytes())
                    )));
                }
                Ok(parsed.value)
            }
        }

        /// The shortest plain decimal, never with an exponent; width, fill and `+` are honoured.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = self.text();
                let digits = text.as_str().trim_start_matches('-');
                f.pad_integral(!self.is_negative(), "", digits)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($label, "({})"), self)
            }
        }
    };
}

pub(super) use decimal_conversions;
