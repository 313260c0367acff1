//! Reading dates and times from bytes: one small scanner for the strict and for the lenient grammar.
//!
//! It allocates nothing, looks at each byte once and gives up on long text, so that a column of a bill with
//! millions of times, or a hostile one, costs what it must and no more. It does not decide what a missing
//! offset means: that is up to [`Stamp`](super::Stamp).

use chrono::{Datelike, NaiveDate};

/// Longer text is no time of any grammar, so it is not even scanned.
const MAX_LEN: usize = 64;
const SECONDS_PER_DAY: i64 = 86_400;

/// What was read: the wall time as microseconds, and how it was written.
pub(super) struct Reading {
    /// Microseconds since 1970-01-01 of the wall time, before the offset is taken off.
    pub(super) wall_micros: i64,
    /// Seconds east of UTC, where the text says so.
    pub(super) offset: Option<i64>,
    /// True when RFC 3339 would not allow it, apart from a missing offset.
    pub(super) loose: bool,
}

/// Reads a date, or a date and a time, or nothing.
pub(super) fn read(text: &str) -> Option<Reading> {
    if text.len() > MAX_LEN {
        return None;
    }
    let mut scan = Scan(text.as_bytes());
    let date = scan.date()?;
    let midnight = (i64::from(date.num_days_from_ce()) - 719_163) * SECONDS_PER_DAY;
    if scan.done() {
        return Some(Reading { wall_micros: midnight * 1_000_000, offset: None, loose: true });
    }
    let spaced = scan.eat(b" ");
    if !spaced && !scan.eat(b"Tt") {
        return None;
    }
    let (seconds, no_seconds) = scan.clock()?;
    let fraction = scan.fraction()?;
    let (offset, loose_offset) = scan.offset()?;
    let wall_micros = (midnight + seconds) * 1_000_000 + fraction;
    scan.done().then_some(Reading { wall_micros, offset, loose: spaced || no_seconds || loose_offset })
}

/// Reads exactly `yyyy-mm-dd`.
pub(super) fn read_date(text: &str) -> Option<NaiveDate> {
    let mut scan = Scan(text.as_bytes());
    let date = scan.date()?;
    scan.done().then_some(date)
}

/// The text in quotes for a message: control characters escaped, and cut, so that a hostile value cannot fill a log.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(48).flat_map(char::escape_debug).collect();
    if text.chars().nth(48).is_some() {
        shown.push_str("...");
    }
    format!("'{shown}'")
}

/// What is left of the text.
struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    const fn done(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the next byte when it is one of these.
    fn eat(&mut self, any: &[u8]) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if any.contains(first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (head, rest) = self.0.split_at_checked(count)?;
        let mut value = 0;
        for byte in head {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u32::from(byte - b'0');
        }
        self.0 = rest;
        Some(value)
    }

    /// Takes two digits that are at most `max`.
    fn pair(&mut self, max: u32) -> Option<i64> {
        self.digits(2).filter(|value| *value <= max).map(i64::from)
    }

    fn date(&mut self) -> Option<NaiveDate> {
        let year = i32::try_from(self.digits(4)?).ok()?;
        let month = self.eat(b"-").then(|| self.digits(2))??;
        let day = self.eat(b"-").then(|| self.digits(2))??;
        NaiveDate::from_ymd_opt(year, month, day)
    }

    /// `hh:mm:ss` or `hh:mm` as seconds of the day, and whether the seconds were missing.
    fn clock(&mut self) -> Option<(i64, bool)> {
        let hour = self.pair(23)?;
        let minute = self.eat(b":").then(|| self.pair(59))??;
        let start = hour * 3600 + minute * 60;
        if !self.eat(b":") {
            return Some((start, true));
        }
        // A leap second stands at the end of an hour; it counts as the first instant of the next minute.
        let second = self.pair(if minute == 59 { 60 } else { 59 })?;
        Some((start + second, false))
    }

    /// A fraction of a second in microseconds, cut below them; zero when there is none.
    fn fraction(&mut self) -> Option<i64> {
        if !self.eat(b".") {
            return Some(0);
        }
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(len).filter(|_| len > 0)?;
        self.0 = rest;
        let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
        Some(padded.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
    }

    /// The offset in seconds where there is one, and whether RFC 3339 would refuse how it is written.
    fn offset(&mut self) -> Option<(Option<i64>, bool)> {
        if self.done() {
            return Some((None, false));
        }
        if self.eat(b"Zz") {
            return Some((Some(0), false));
        }
        let spaced = self.eat(b" ");
        if spaced && self.0 == b"UTC" {
            self.0 = &[];
            return Some((Some(0), true));
        }
        let west = self.eat(b"-");
        if !west && !self.eat(b"+") {
            return None;
        }
        let hours = self.pair(23)?;
        let colon = self.eat(b":");
        let minutes = if self.done() && !colon { 0 } else { self.pair(59)? };
        let seconds = hours * 3600 + minutes * 60;
        Some((Some(if west { -seconds } else { seconds }), spaced || !colon))
    }
}
