//! A time zone of the tz database, and the days it cuts time into.
//!
//! A day is not 24 hours: clocks change, and now and then a whole day is missing. All of that is decided here,
//! once, by two rules: a wall time that does not exist means the first instant after the gap, and one that
//! exists twice means the earlier. Months, weeks and periods build on it elsewhere.

use std::fmt;

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};

use super::text::quoted;
use super::{Interval, Stamp};
use crate::error::{Error, ErrorCode, Result};

/// More days than a century has; a longer list is a mistake of the caller.
const MAX_DAYS: i64 = 40_000;

/// A time zone by its name in the tz database.
///
/// ```
/// use chrono::NaiveDate;
/// use finops_core::model::time::Zone;
///
/// let berlin = Zone::parse("Europe/Berlin")?;
/// let start = berlin.day_start(NaiveDate::from_ymd_opt(2024, 1, 1).ok_or("no such day")?)?;
/// assert_eq!(start.to_string(), "2023-12-31T23:00:00Z");
/// assert_eq!(berlin.name(), "Europe/Berlin");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Tz);

impl std::str::FromStr for Zone {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// UTC.
impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

/// One calendar day of a zone, as far as it lies in the interval that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The local date.
    pub date: NaiveDate,
    /// When that is: usually 24 hours, an hour less or more when the clock changes.
    pub interval: Interval,
}

impl Zone {
    /// Coordinated Universal Time: every day has 24 hours.
    pub const UTC: Self = Self(Tz::UTC);

    /// Reads a name such as `Europe/Berlin` or `UTC`, exactly as the tz database spells it.
    pub fn parse(name: &str) -> Result<Self> {
        name.parse().map(Self).map_err(|_| {
            let message = format!(
                "{} is not a known time zone: write a name of the tz database, such as 'Europe/Berlin' or 'UTC'",
                quoted(name)
            );
            Error::new(ErrorCode::InvalidArgument, message)
        })
    }

    /// The name in the tz database.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The date that a calendar on the wall shows at that instant.
    pub fn date_of(&self, stamp: Stamp) -> NaiveDate {
        self.wall(stamp).date()
    }

    /// The first instant of that day, or the first one after it when the day does not exist.
    ///
    /// A day without a midnight starts when its clock does; one with two midnights starts at the earlier.
    pub fn day_start(&self, date: NaiveDate) -> Result<Stamp> {
        self.instant(date.and_time(NaiveTime::MIN))
    }

    /// The days of the interval, in order, without gap or overlap, cut to the interval; at most 40,000.
    ///
    /// A day that does not exist in the zone is not listed; an empty interval has no days.
    pub fn days(&self, interval: Interval) -> Result<Vec<Day>> {
        let mut date = self.date_of(interval.start());
        let span = self.date_of(interval.end()).signed_duration_since(date).num_days();
        if span > MAX_DAYS {
            let message = format!("{interval} has {span} days; at most {MAX_DAYS} are listed: ask for less at a time");
            return Err(Error::invalid("interval", message));
        }
        let mut days = Vec::new();
        let mut cursor = interval.start();
        while cursor < interval.end() {
            // A start that cannot be told lies beyond the last year, so it is not within the interval.
            let next = date.succ_opt().and_then(|date| self.day_start(date).ok());
            let end = next.map_or(interval.end(), |next| next.min(interval.end()));
            if cursor < end {
                days.push(Day { date, interval: Interval::new(cursor, end)? });
                cursor = end;
            }
            date = date.succ_opt().unwrap_or(NaiveDate::MAX);
        }
        Ok(days)
    }

    /// The day of [`Zone::days`] that an instant belongs to: the local date, except where the clock was set back
    /// over a midnight and the wall shows the old date again.
    pub(super) fn day_of(self, stamp: Stamp) -> NaiveDate {
        let date = self.date_of(stamp);
        match date.succ_opt().map(|next| (next, self.day_start(next))) {
            Some((next, Ok(start))) if start <= stamp => next,
            _ => date,
        }
    }

    /// What the clock on the wall shows.
    pub(super) fn wall(self, stamp: Stamp) -> NaiveDateTime {
        stamp.to_utc().with_timezone(&self.0).naive_local()
    }

    /// The instant at which the wall shows that time: after the gap when it never does, the earlier when twice.
    pub(super) fn instant(self, wall: NaiveDateTime) -> Result<Stamp> {
        // Most questions are asked in UTC: its days need not be looked up one by one.
        let found = if self == Self::UTC { Some(wall) } else { self.looked_up(wall) };
        let utc: Option<DateTime<Utc>> = found.map(|naive| naive.and_utc());
        utc.and_then(|utc| Stamp::from_micros(utc.timestamp_micros()).ok()).ok_or_else(|| {
            let message = format!("{wall} in {} lies outside the years 1 to 9999", self.name());
            Error::new(ErrorCode::InvalidArgument, message)
        })
    }

    fn looked_up(self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        match self.0.from_local_datetime(&wall) {
            MappedLocalTime::Single(time) => Some(time.naive_utc()),
            MappedLocalTime::Ambiguous(one, two) => Some(one.min(two).naive_utc()),
            // Where a gap begins by the old offset is the very instant at which it ends by the new one.
            MappedLocalTime::None => {
                let (begin, offset) = GapInfo::new(&wall, &self.0)?.begin?;
                begin.checked_sub_offset(offset.fix())
            }
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl TryFrom<String> for Zone {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::parse(&name)
    }
}
