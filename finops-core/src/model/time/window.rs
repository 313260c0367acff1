//! The `window` grammar of OpenCost: a span of time as seen from now.
//!
//! Its dashboards and scripts keep working, so the rounding is OpenCost's: `7d` is today and the six days before
//! it, on the grid of UTC. What differs is what no one can want: named windows follow the days of the zone, also
//! when its clock changes; an `offset` of a week is seven days; and a reversed or empty window is refused.
//! Pieces of the calendar are [`Period`](super::Period)s.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::text::quoted;
use super::{Interval, Stamp, Zone};
use crate::error::{Error, Result};

const DAY: i64 = 86_400_000_000;
const GRAMMAR: &str = "write today, yesterday, week, lastweek, month, lastmonth, a count with m, h, d or w such as \
    '7d', '24h offset 1d', or 'START,END' in RFC 3339 or Unix seconds";

/// A span of time as seen from now: `today`, `yesterday`, `week` (from Sunday until now), `lastweek`, `month`,
/// `lastmonth`, `30m`, `24h`, `7d`, `2w`, `24h offset 1d`, `1583712000,1583884800`, or two RFC 3339 times.
///
/// ```
/// use finops_core::model::time::{Stamp, Window, Zone};
///
/// let now = Stamp::parse("2026-11-21T06:25:00Z")?;
/// let week = Window::parse("7d")?.resolve(now, Zone::UTC)?;
/// assert_eq!(week.to_string(), "2026-11-15T00:00:00Z/2026-11-22T00:00:00Z");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    text: String,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    Today,
    Yesterday,
    Week,
    LastWeek,
    Month,
    LastMonth,
    /// Microseconds of the whole span, and of the grid that its end is rounded up to.
    Rounded {
        span: i64,
        grid: i64,
    },
    /// Microseconds of the whole span, and how long before now it ends.
    Offset {
        span: i64,
        offset: i64,
    },
    Fixed(Interval),
}

impl Window {
    /// Reads the grammar exactly: lower case, no blanks around it.
    pub fn parse(text: &str) -> Result<Self> {
        let shape = match text {
            "today" => Shape::Today,
            "yesterday" => Shape::Yesterday,
            "week" => Shape::Week,
            "lastweek" => Shape::LastWeek,
            "month" => Shape::Month,
            "lastmonth" => Shape::LastMonth,
            _ => relative(text)
                .or_else(|| pair(text))
                .ok_or_else(|| Error::invalid("window", format!("{} is not a window: {GRAMMAR}", quoted(text))))??,
        };
        Ok(Self { text: text.to_owned(), shape })
    }

    /// The instants of the window; the zone says what a day is for the named ones.
    pub fn resolve(&self, now: Stamp, zone: Zone) -> Result<Interval> {
        let (start, end) = self.ends(now, zone).map_err(|error| refused(&self.text, error.message()))?;
        Interval::new(start, end).map_err(|error| refused(&self.text, error.message()))
    }

    fn ends(&self, now: Stamp, zone: Zone) -> Result<(Stamp, Stamp)> {
        let today = zone.day_of(now);
        let sunday = back(today, u64::from(today.weekday().num_days_from_sunday()));
        let first = back(today, u64::from(today.day0()));
        Ok(match self.shape {
            Shape::Today => (zone.day_start(today)?, zone.day_start(today + Days::new(1))?),
            Shape::Yesterday => {
                // The day before in the calendar may not exist in the zone: then it is the one before that.
                let start = zone.day_start(today)?;
                let earlier = zone.day_of(start.plus(-1)?);
                (zone.day_start(earlier)?, start)
            }
            Shape::Week => (zone.day_start(sunday)?, now),
            Shape::LastWeek => (zone.day_start(back(sunday, 7))?, zone.day_start(sunday)?),
            Shape::Month => (zone.day_start(first)?, now),
            Shape::LastMonth => (zone.day_start(month_before(first))?, zone.day_start(first)?),
            Shape::Rounded { span, grid } => {
                let end = now.plus(grid - now.micros().rem_euclid(grid))?;
                (end.plus(-span)?, end)
            }
            Shape::Offset { span, offset } => {
                let end = now.plus(-offset)?;
                (end.plus(-span)?, end)
            }
            Shape::Fixed(interval) => (interval.start(), interval.end()),
        })
    }

    /// The text it was written with.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Within the years of a `Stamp` there is always a day before; the fallback is never used.
fn back(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}

fn month_before(first: NaiveDate) -> NaiveDate {
    first.checked_sub_months(Months::new(1)).unwrap_or(NaiveDate::MIN)
}

fn refused(text: &str, why: &str) -> Error {
    Error::invalid("window", format!("{}: {why}", quoted(text)))
}

/// `7d`, or `24h offset 1d`; nothing when the text has another shape.
fn relative(text: &str) -> Option<Result<Shape>> {
    let (count, offset) = match text.split_once(" offset ") {
        Some((count, offset)) => (count, Some(duration(offset)?)),
        None => (text, None),
    };
    let (span, grid) = duration(count)?;
    let shape = match (span, offset) {
        (Some(0), _) => return Some(Err(refused(text, "is empty: the count must be at least 1"))),
        (Some(span), None) => Shape::Rounded { span, grid },
        (Some(span), Some((Some(offset), _))) => Shape::Offset { span, offset },
        _ => return Some(Err(refused(text, "is longer than all years there are: write a smaller count"))),
    };
    Some(Ok(shape))
}

/// The microseconds (nothing when too many) of a count and its unit, and of the grid of that unit.
pub(super) fn duration(text: &str) -> Option<(Option<i64>, i64)> {
    let (last, count) = text.as_bytes().split_last()?;
    let (unit, grid) = match last {
        b'm' => (60_000_000, 60_000_000),
        b'h' => (3_600_000_000, 3_600_000_000),
        b'd' => (DAY, DAY),
        // Weeks are counted back from the end of today, not from a Sunday.
        b'w' => (7 * DAY, DAY),
        _ => return None,
    };
    let count = std::str::from_utf8(count).ok().filter(|count| is_number(count))?;
    // No span between two stamps is longer than ten thousand years.
    let span = count.parse::<i64>().ok().and_then(|count| count.checked_mul(unit));
    Some((span.filter(|span| *span <= 3_660_000 * DAY), grid))
}

/// `START,END` in RFC 3339 or in Unix seconds; those may have a `-` between them as well.
fn pair(text: &str) -> Option<Result<Shape>> {
    let (one, two) = text.split_once(',').or_else(|| text.split_once('-'))?;
    if is_number(one) && is_number(two) {
        return Some(fixed(text, seconds(one), seconds(two)));
    }
    let (one, two) = text.split_once(',')?;
    Some(fixed(text, Stamp::parse(one), Stamp::parse(two)))
}

fn fixed(text: &str, start: Result<Stamp>, end: Result<Stamp>) -> Result<Shape> {
    let named = |error: Error| refused(text, error.message());
    let interval = Interval::new(start.map_err(named)?, end.map_err(named)?)
        .map_err(|_| refused(text, "ends before it starts: write the earlier end first"))?;
    if interval.is_empty() {
        return Err(refused(text, "is empty: the end is not part of it, so it must be later"));
    }
    Ok(Shape::Fixed(interval))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn seconds(text: &str) -> Result<Stamp> {
    // Too many digits are as far outside the years as the largest number is.
    Stamp::from_micros(text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1_000_000))
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.text
    }
}

impl std::str::FromStr for Window {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Window {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}
