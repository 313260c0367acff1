//! An instant: UTC, to the microsecond, within the years 1 to 9999.
//!
//! The range is what RFC 3339 can write and every database can hold; the microsecond is what Parquet, PostgreSQL
//! and Python share. Zones and calendars are not known here.

use std::fmt;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::text::{quoted, read};
use crate::error::{Error, ErrorCode, Result};

pub(super) const MIN_MICROS: i64 = -62_135_596_800_000_000;
pub(super) const MAX_MICROS: i64 = 253_402_300_799_999_999;

/// An instant in UTC with microsecond resolution, from `0001-01-01T00:00:00Z` to `9999-12-31T23:59:59.999999Z`.
///
/// ```
/// use finops_core::model::time::Stamp;
///
/// let stamp = Stamp::parse("2024-01-01T02:00:00+02:00")?;
/// assert_eq!(stamp.to_string(), "2024-01-01T00:00:00Z");
/// assert_eq!(stamp.micros(), 1_704_067_200_000_000);
/// assert!(Stamp::parse("2024-01-01T02:00:00").is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(
    // Since 1970. Stores, sums and the gate ask for nothing else; a calendar is looked at when one is written out.
    i64,
);

impl Stamp {
    /// The instant that many microseconds after `1970-01-01T00:00:00Z` (before it when negative).
    pub fn from_micros(micros: i64) -> Result<Self> {
        if !(MIN_MICROS..=MAX_MICROS).contains(&micros) {
            return Err(out_of_range());
        }
        Ok(Self(micros))
    }

    /// Microseconds since `1970-01-01T00:00:00Z`, negative before it.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant of a chrono time, cut below the microsecond; outside the years 1 to 9999 the nearest end of them.
    pub fn from_utc(time: DateTime<Utc>) -> Self {
        // A leap second becomes the next second and not a second kind of it.
        Self::nearest(time.timestamp_micros())
    }

    /// The instant that many microseconds after 1970; outside the years 1 to 9999 the nearest end of them.
    pub(super) fn nearest(micros: i64) -> Self {
        Self(micros.clamp(MIN_MICROS, MAX_MICROS))
    }

    /// The instant as a chrono time.
    pub const fn to_utc(self) -> DateTime<Utc> {
        match DateTime::from_timestamp_micros(self.0) {
            Some(time) => time,
            // No year from 1 to 9999 is beyond what chrono has.
            None => DateTime::UNIX_EPOCH,
        }
    }

    /// Reads RFC 3339 with `Z` or an offset; digits below the microsecond are cut.
    pub fn parse(text: &str) -> Result<Self> {
        let reading = read(text).ok_or_else(|| not_rfc3339(text))?;
        let Some(offset) = reading.offset else {
            return Err(invalid(format!(
                "{} has no time zone: write '...Z' or an offset such as '+02:00'",
                quoted(text)
            )));
        };
        if reading.loose {
            return Err(not_rfc3339(text));
        }
        Self::from_micros(reading.wall_micros - offset * 1_000_000)
    }

    /// Reads a time of a bill; the flag says that it named no zone and was taken as UTC.
    ///
    /// Besides RFC 3339 it reads a date alone, a space for the `T`, a time without seconds, no offset, `+02` and
    /// `+0200`, and ` UTC` at the end.
    pub fn parse_lenient(text: &str) -> Result<(Self, bool)> {
        let reading = read(text)
            .ok_or_else(|| invalid(format!("{} is not a time: write it like '2024-01-01T00:00:00Z'", quoted(text))))?;
        let offset = reading.offset.unwrap_or(0);
        Ok((Self::from_micros(reading.wall_micros - offset * 1_000_000)?, reading.offset.is_none()))
    }

    /// The instant `micros` later (earlier when negative).
    pub(super) fn plus(self, micros: i64) -> Result<Self> {
        self.micros().checked_add(micros).ok_or_else(out_of_range).and_then(Self::from_micros)
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::InvalidArgument, message)
}

fn out_of_range() -> Error {
    Error::new(ErrorCode::InvalidArgument, "the time lies outside the years 1 to 9999")
}

fn not_rfc3339(text: &str) -> Error {
    invalid(format!("{} is not an RFC 3339 time: write it like '2024-01-01T00:00:00Z'", quoted(text)))
}

impl std::str::FromStr for Stamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.to_utc().date_naive(), self.to_utc().time());
        write!(f, "{:04}-{:02}-{:02}T", date.year(), date.month(), date.day())?;
        write!(f, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
        match time.nanosecond() / 1_000 {
            0 => {}
            micros if micros % 1_000 == 0 => write!(f, ".{:03}", micros / 1_000)?,
            micros => write!(f, ".{micros:06}")?,
        }
        f.write_str("Z")
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A newtype of its own name, so that the bindings can make the language's own time of it. They do not read it,
        // and writing it down to take it apart again would be most of what an answer of many days costs.
        if serializer.is_human_readable() {
            serializer.serialize_newtype_struct("Stamp", &self.to_string())
        } else {
            serializer.serialize_newtype_struct("Stamp", &self.micros())
        }
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct("Stamp", StampText)
    }
}

struct StampText;

impl<'de> Visitor<'de> for StampText {
    type Value = Stamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time such as '2024-01-01T00:00:00Z'")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Stamp, E> {
        Stamp::parse(text).map_err(E::custom)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Stamp, D::Error> {
        deserializer.deserialize_str(self)
    }
}
