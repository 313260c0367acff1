//! Decimal text to mantissa and back, on bytes and without allocation.
//!
//! Reading takes the number format of FOCUS plus a few harmless habits of other writers, and reports both what it
//! had to forgive and what it had to round. Writing gives the shortest plain decimal. The work is linear in the
//! length of the text whatever its exponent says. Which text may stand for an amount at all is `value`'s affair.

use std::cmp::Ordering;

use super::fixed::{self, SCALE};

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) mantissa: i128,
    /// Digits beyond the 18th decimal, not all zeros, were rounded half to even.
    pub(super) rounded: bool,
    /// The text is a number, but not in the format of FOCUS.
    pub(super) lenient: bool,
}

/// Why a text is no mantissa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Empty,
    Syntax,
    Range,
}

/// Reads a number: one pass for the plain form, a second look for everything else.
pub(super) fn scan(bytes: &[u8]) -> Result<Scan, Refusal> {
    match scan_plain(bytes) {
        Some(mantissa) => Ok(Scan { mantissa, rounded: false, lenient: false }),
        None => scan_general(bytes),
    }
}

/// Reads `-?digits[.digits]` of at most 19 characters after the sign, whose digits cannot overflow a `u64`.
fn scan_plain(bytes: &[u8]) -> Option<i128> {
    let (negative, body) = match bytes {
        [b'-', body @ ..] => (true, body),
        body => (false, body),
    };
    if body.is_empty() || body.len() > 19 {
        return None;
    }
    let (mut digits, mut point) = (0_u64, None);
    for (position, &byte) in body.iter().enumerate() {
        match byte {
            b'0'..=b'9' => digits = digits * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && position > 0 => point = Some(position),
            _ => return None,
        }
    }
    let decimals = match point {
        None => 0,
        Some(position) => body.len() - position - 1,
    };
    if point.is_some() && decimals == 0 {
        return None;
    }
    let magnitude = u128::from(digits) * fixed::step(u32::try_from(decimals).ok()?);
    fixed::signed(negative, magnitude)
}

/// Reads every accepted form: blanks around, either sign, a missing side of the point, an exponent.
fn scan_general(bytes: &[u8]) -> Result<Scan, Refusal> {
    let trimmed = bytes.trim_ascii();
    let mut lenient = trimmed.len() != bytes.len();
    let (negative, rest) = match trimmed {
        [] => return Err(Refusal::Empty),
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => {
            lenient = true;
            (false, rest)
        }
        rest => (false, rest),
    };
    let (whole, rest) = split_digits(rest);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => {
            let (fraction, rest) = split_digits(rest);
            lenient |= whole.is_empty() || fraction.is_empty();
            (fraction, rest)
        }
        rest => ([].as_slice(), rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(Refusal::Syntax);
    }
    let (exponent, unusual) = scan_exponent(rest)?;
    let (magnitude, rounded) = shift(whole, fraction, exponent).ok_or(Refusal::Range)?;
    let mantissa = fixed::signed(negative, magnitude).ok_or(Refusal::Range)?;
    Ok(Scan { mantissa, rounded, lenient: lenient || unusual })
}

/// Reads `E-?digits` or nothing; the flag tells a form that FOCUS does not have. Huge exponents saturate.
fn scan_exponent(bytes: &[u8]) -> Result<(i64, bool), Refusal> {
    let (marker, rest) = match bytes {
        [] => return Ok((0, false)),
        [marker @ (b'E' | b'e'), rest @ ..] => (*marker, rest),
        _ => return Err(Refusal::Syntax),
    };
    let (negative, plus, digits) = match rest {
        [b'-', digits @ ..] => (true, false, digits),
        [b'+', digits @ ..] => (false, true, digits),
        digits => (false, false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Syntax);
    }
    let size = digits.iter().fold(0_i64, |size, byte| size.saturating_mul(10).saturating_add(i64::from(byte - b'0')));
    Ok((if negative { -size } else { size }, plus || marker == b'e'))
}

/// The magnitude of `whole.fraction × 10^exponent` in steps of 10^-18, and whether it had to be rounded.
fn shift(whole: &[u8], fraction: &[u8], exponent: i64) -> Option<(u128, bool)> {
    // How many of the digits, from the left, stand above the last kept place. Below zero, not even the first
    // dropped digit is written out: it is a zero.
    let kept = i64::try_from(whole.len()).ok()?.saturating_add(exponent).saturating_add(i64::from(SCALE));
    let (mut magnitude, mut first_dropped, mut more_dropped) = (0_u128, 0_u8, false);
    let mut position = 0_i64;
    for byte in whole.iter().chain(fraction) {
        let digit = byte - b'0';
        match position.cmp(&kept) {
            Ordering::Less => magnitude = magnitude.checked_mul(10)?.checked_add(digit.into())?,
            Ordering::Equal => first_dropped = digit,
            Ordering::Greater => more_dropped |= digit != 0,
        }
        position += 1;
    }
    if magnitude != 0 && kept > position {
        // The power overflows before a hostile exponent can cost anything.
        let zeros = u32::try_from(kept - position).ok()?;
        magnitude = magnitude.checked_mul(10_u128.checked_pow(zeros)?)?;
    }
    let up = first_dropped > 5 || (first_dropped == 5 && (more_dropped || magnitude % 2 == 1));
    Some((magnitude.checked_add(u128::from(up))?, first_dropped != 0 || more_dropped))
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// The longest text: a sign, 21 digits, the point and 18 decimals.
const LONGEST: usize = 41;

/// The shortest plain decimal of an amount or a quantity, kept on the stack.
#[derive(Debug, Clone, Copy)]
pub struct DecimalText {
    bytes: [u8; LONGEST],
    start: usize,
}

impl DecimalText {
    pub(super) fn new(mantissa: i128) -> Self {
        let mut text = Self { bytes: [b'0'; LONGEST], start: LONGEST };
        let magnitude = mantissa.unsigned_abs();
        // 64-bit halves: a division of 128 bits per digit would dominate the writing of a large export.
        let (whole, mut fraction) = (magnitude / fixed::ONE_UNSIGNED, low_half(magnitude));
        if fraction != 0 {
            let mut places = SCALE;
            // Bills have few decimals: most of the zeros go at once.
            for zeros in [8, 4] {
                let power = 10_u64.pow(zeros);
                if fraction.is_multiple_of(power) {
                    (fraction, places) = (fraction / power, places - zeros);
                }
            }
            while fraction.is_multiple_of(10) {
                fraction /= 10;
                places -= 1;
            }
            text.push_digits(fraction, places);
            text.push(b'.');
        }
        let upper = low_half(whole / fixed::ONE_UNSIGNED);
        if upper == 0 {
            text.push_digits(low_half(whole), 1);
        } else {
            text.push_digits(low_half(whole), SCALE);
            text.push_digits(upper, 1);
        }
        if mantissa.is_negative() {
            text.push(b'-');
        }
        text
    }

    /// The text, such as `-12.5`.
    pub fn as_str(&self) -> &str {
        // Only ASCII was written, so neither default is ever taken.
        std::str::from_utf8(self.bytes.get(self.start..).unwrap_or_default()).unwrap_or_default()
    }

    /// Writes to the left of what is there, filled with zeros up to `places` digits.
    fn push_digits(&mut self, mut value: u64, places: u32) {
        let mut written = 0;
        while value != 0 || written < places {
            self.push(b'0' + u8::try_from(value % 10).unwrap_or_default());
            value /= 10;
            written += 1;
        }
    }

    fn push(&mut self, byte: u8) {
        self.start = self.start.saturating_sub(1);
        if let Some(slot) = self.bytes.get_mut(self.start) {
            *slot = byte;
        }
    }
}

/// The last 18 digits, which always fit 64 bits.
fn low_half(value: u128) -> u64 {
    u64::try_from(value % fixed::ONE_UNSIGNED).unwrap_or_default()
}
