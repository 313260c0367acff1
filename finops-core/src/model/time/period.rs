//! The `period` grammar: a year, a quarter, a month, an ISO week, a day, or an interval.
//!
//! A period is a piece of the calendar and knows no zone: which instants it covers is asked with one. It keeps
//! the text it was written with, which is what reports and stored budgets show. Spans that count back from now
//! are [`Window`](super::Window)s.

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::text::{quoted, read_date};
use super::{Interval, Stamp, Zone};
use crate::error::{Error, Result};

const GRAMMAR: &str = "write '2024', '2024-Q1', '2024-01', '2024-W05', '2024-01-15' or '2024-01-01/2024-02-01'";
const YEARS: &str = "years are 0001 to 9999";
const NO_SUCH_DAY: &str = "there is no such day in the calendar";

/// A piece of the calendar: `2024`, `2024-Q1`, `2024-01`, `2024-W05` (ISO week, from Monday), `2024-01-15`, or
/// `2024-01-01/2024-02-01` (dates or RFC 3339 times, the end excluded).
///
/// ```
/// use finops_core::model::time::{Period, Zone};
///
/// let january = Period::parse("2025-01")?.interval(Zone::parse("Europe/Budapest")?)?;
/// assert_eq!(january.to_string(), "2024-12-31T23:00:00Z/2025-01-31T23:00:00Z");
/// assert!(Period::parse("2024-13").is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    text: String,
    start: Edge,
    end: Edge,
}

/// One end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Edge {
    /// The start of a day, wherever the zone puts it.
    Date(NaiveDate),
    /// An instant, whatever the zone.
    Instant(Stamp),
}

impl Period {
    /// Reads the grammar exactly: upper-case `Q` and `W`, no blanks, years 0001 to 9999.
    pub fn parse(text: &str) -> Result<Self> {
        let (start, end) = match text.split_once('/') {
            Some((start, end)) => pair(text, start, end)?,
            None => calendar(text).map(|(start, end)| (Edge::Date(start), Edge::Date(end)))?,
        };
        Ok(Self { text: text.to_owned(), start, end })
    }

    /// The instants of the period in a zone; empty for a day that the zone skipped.
    pub fn interval(&self, zone: Zone) -> Result<Interval> {
        let instant = |edge| match edge {
            Edge::Date(date) => zone.day_start(date).map_err(|error| refused(&self.text, error.message())),
            Edge::Instant(stamp) => Ok(stamp),
        };
        let (start, end) = (instant(self.start)?, instant(self.end)?);
        Interval::new(start, end).map_err(|_| refused(&self.text, "ends before it starts"))
    }

    /// The instants of the calendar month of UTC that it is.
    ///
    /// ```
    /// use finops_core::model::time::Period;
    ///
    /// let january = Period::parse("2024-01")?.month()?;
    /// assert_eq!(january.to_string(), "2024-01-01T00:00:00Z/2024-02-01T00:00:00Z");
    /// assert!(Period::parse("2024-Q1")?.month().is_err());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when it is another piece of the calendar.
    pub fn month(&self) -> Result<Interval> {
        let interval = self.interval(Zone::UTC)?;
        let first = Zone::UTC.date_of(interval.start());
        let next = first.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
        let ends = [Some(first), next].map(|date| date.map(|date| Zone::UTC.day_start(date)).transpose());
        match ends {
            [Ok(Some(start)), Ok(Some(end))] if first.day() == 1 && Interval::new(start, end)? == interval => {
                Ok(interval)
            }
            _ => Err(Error::invalid("period", format!("must be a month such as '2024-01', got '{}'", self.text))),
        }
    }

    /// The text it was written with.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn refused(text: &str, why: &str) -> Error {
    Error::invalid("period", format!("{}: {why}", quoted(text)))
}

fn unknown(text: &str) -> Error {
    Error::invalid("period", format!("{} is not a period: {GRAMMAR}", quoted(text)))
}

/// Both ends of an ISO interval. That a date and an instant are in order can only be told with a zone.
fn pair(text: &str, start: &str, end: &str) -> Result<(Edge, Edge)> {
    let edge = |part: &str| match read_date(part) {
        Some(date) if date.year() > 0 => Ok(Edge::Date(date)),
        Some(_) => Err(refused(text, YEARS)),
        None if looks_like_a_date(part) => Err(refused(part, NO_SUCH_DAY)),
        None => Stamp::parse(part).map(Edge::Instant).map_err(|error| refused(text, error.message())),
    };
    let (start, end) = (edge(start)?, edge(end)?);
    let order = match (start, end) {
        (Edge::Date(start), Edge::Date(end)) => start.cmp(&end),
        (Edge::Instant(start), Edge::Instant(end)) => start.cmp(&end),
        _ => std::cmp::Ordering::Less,
    };
    match order {
        std::cmp::Ordering::Less => Ok((start, end)),
        std::cmp::Ordering::Equal => Err(refused(text, "is empty: the end is not part of it, so it must be later")),
        std::cmp::Ordering::Greater => Err(refused(text, "ends before it starts: write the earlier end first")),
    }
}

/// The first day and the day after the last one.
fn calendar(text: &str) -> Result<(NaiveDate, NaiveDate)> {
    let (year, rest) = text.split_at_checked(4).ok_or_else(|| unknown(text))?;
    let year = number(year).and_then(|year| i32::try_from(year).ok()).ok_or_else(|| unknown(text))?;
    if year == 0 {
        return Err(refused(text, YEARS));
    }
    let first = |month| NaiveDate::from_ymd_opt(year, month, 1);
    let (start, months) = match rest.as_bytes() {
        [] => (first(1), 12),
        [b'-', b'Q', quarter] => match quarter {
            b'1'..=b'4' => (first(u32::from(quarter - b'1') * 3 + 1), 3),
            _ => return Err(refused(text, "quarters are Q1 to Q4")),
        },
        [b'-', b'W', week @ ..] => return iso_week(text, year, week),
        [b'-', month @ ..] if month.len() == 2 => match rest.get(1..).and_then(number) {
            Some(month @ 1..=12) => (first(month), 1),
            Some(_) => return Err(refused(text, "months are 01 to 12")),
            None => return Err(unknown(text)),
        },
        _ => return one_day(text),
    };
    start.and_then(|start| Some((start, start.checked_add_months(Months::new(months))?))).ok_or_else(|| unknown(text))
}

fn iso_week(text: &str, year: i32, week: &[u8]) -> Result<(NaiveDate, NaiveDate)> {
    let week = std::str::from_utf8(week).ok().filter(|week| week.len() == 2).and_then(number);
    let week = week.ok_or_else(|| unknown(text))?;
    let monday = NaiveDate::from_isoywd_opt(year, week, Weekday::Mon);
    monday.and_then(|monday| Some((monday, monday.checked_add_days(Days::new(7))?))).ok_or_else(|| {
        let long = NaiveDate::from_isoywd_opt(year, 53, Weekday::Mon).is_some();
        refused(text, &format!("the weeks of {year:04} are W01 to W{}", if long { 53 } else { 52 }))
    })
}

fn one_day(text: &str) -> Result<(NaiveDate, NaiveDate)> {
    match read_date(text).and_then(|date| Some((date, date.succ_opt()?))) {
        Some(days) => Ok(days),
        None if looks_like_a_date(text) => Err(refused(text, NO_SUCH_DAY)),
        None => Err(unknown(text)),
    }
}

fn looks_like_a_date(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
}

/// Digits and nothing else: `parse` alone would take a sign as well.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl std::str::FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.text
    }
}

impl TryFrom<String> for Period {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}
