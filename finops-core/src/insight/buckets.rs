//! Buckets: the spans of time that an answer tells apart, by the hours or the calendar of a zone.

use crate::model::time::{Day, Interval, Stamp, Zone};
use crate::{Error, Result};
use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// How many buckets one answer has at most.
const MAX_BUCKETS: usize = 100_000;
/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// How long the spans are that an answer tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Granularity {
    /// Elapsed hours from the start of each day: an hour that the clock repeats gives two.
    Hourly,
    /// The days of the zone.
    Daily,
    /// Weeks from Monday.
    Weekly,
    /// Months of the calendar.
    Monthly,
}

/// One span of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    /// The day on which the span starts in the zone: its first hour, its Monday, the first of its month. The interval
    /// starts later where the window does.
    pub(super) date: NaiveDate,
    /// When it is, cut to the window.
    pub(super) interval: Interval,
}

/// The buckets of an interval: in order, without gap or overlap, cut to it. An empty interval has none.
///
/// # Errors
/// `invalid_argument` when there are more than 100,000.
pub(super) fn buckets(interval: Interval, granularity: Granularity, zone: Zone) -> Result<Vec<Bucket>> {
    if granularity == Granularity::Hourly {
        return hours(interval, zone);
    }
    let days = days(interval, zone)?;
    let mut buckets: Vec<Bucket> = Vec::new();
    for day in days {
        let date = first_of(day.date, granularity);
        match buckets.last_mut().filter(|last| last.date == date) {
            Some(last) => last.interval = Interval::new(last.interval.start(), day.interval.end())?,
            None => buckets.push(Bucket { date, interval: day.interval }),
        }
    }
    Ok(buckets)
}

fn days(interval: Interval, zone: Zone) -> Result<Vec<Day>> {
    zone.days(interval).map_err(|error| Error::invalid("granularity", error.message()))
}

/// The day on which the week or month of a date starts.
fn first_of(date: NaiveDate, granularity: Granularity) -> NaiveDate {
    let back = match granularity {
        Granularity::Weekly => date.weekday().num_days_from_monday(),
        Granularity::Monthly => date.day0(),
        Granularity::Hourly | Granularity::Daily => 0,
    };
    date.checked_sub_days(Days::new(back.into())).unwrap_or(date)
}

fn hours(interval: Interval, zone: Zone) -> Result<Vec<Bucket>> {
    let span = interval.end().micros().saturating_sub(interval.start().micros()) / HOUR;
    if usize::try_from(span).is_ok_and(|span| span >= MAX_BUCKETS) {
        let message = format!("gives more than {MAX_BUCKETS} buckets: ask for less time, or for days");
        return Err(Error::invalid("granularity", message));
    }
    let mut buckets = Vec::new();
    for day in days(interval, zone)? {
        let (from, until) = (day.interval.start().micros(), day.interval.end().micros());
        // The first day may be cut: its hours still count from where it starts.
        let grid = zone.day_start(day.date)?.micros();
        let mut start = from;
        while start < until {
            let end = (start - (start - grid).rem_euclid(HOUR) + HOUR).min(until);
            let interval = Interval::new(Stamp::from_micros(start)?, Stamp::from_micros(end)?)?;
            buckets.push(Bucket { date: day.date, interval });
            start = end;
        }
    }
    Ok(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(start: &str, end: &str) -> Interval {
        Interval::new(Stamp::parse(start).unwrap(), Stamp::parse(end).unwrap()).unwrap()
    }

    fn of(start: &str, end: &str, granularity: Granularity, zone: &str) -> Vec<Bucket> {
        let interval = interval(start, end);
        let buckets = buckets(interval, granularity, Zone::parse(zone).unwrap()).unwrap();
        let starts = buckets.iter().map(|bucket| bucket.interval.start());
        let ends = buckets.iter().map(|bucket| bucket.interval.end());
        let bounds: Vec<Stamp> = starts.chain([interval.end()]).collect();
        let joined: Vec<Stamp> = [interval.start()].into_iter().chain(ends).collect();
        assert_eq!(bounds, joined, "without gap or overlap");
        buckets
    }

    fn dates(buckets: &[Bucket]) -> Vec<String> {
        buckets.iter().map(|bucket| bucket.date.to_string()).collect()
    }

    #[test]
    fn months_and_weeks_are_those_of_the_calendar_and_cut_to_the_window() {
        let (start, end) = ("2024-01-31T00:00:00Z", "2024-03-02T00:00:00Z");
        let months = of(start, end, Granularity::Monthly, "UTC");
        assert_eq!(dates(&months), ["2024-01-01", "2024-02-01", "2024-03-01"]);
        let weeks = of(start, end, Granularity::Weekly, "UTC");
        assert_eq!(dates(&weeks), ["2024-01-29", "2024-02-05", "2024-02-12", "2024-02-19", "2024-02-26"]);
        assert_eq!(weeks.first().map(|week| week.interval.start().to_string()).as_deref(), Some(start));
    }

    #[test]
    fn a_month_starts_where_the_zone_says() {
        let months = of("2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z", Granularity::Monthly, "Europe/Budapest");
        assert_eq!(dates(&months), ["2025-03-01", "2025-04-01"]);
        assert_eq!(
            months.last().map(|last| last.interval.start().to_string()).as_deref(),
            Some("2025-03-31T22:00:00Z")
        );
    }

    #[test]
    fn days_on_which_the_clock_changes_have_their_own_number_of_hours() {
        for (start, end, zone, hours) in [
            ("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", "America/New_York", 23),
            ("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", "America/New_York", 25),
            // Half an hour is left over.
            ("2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z", "Australia/Lord_Howe", 24),
        ] {
            assert_eq!(of(start, end, Granularity::Hourly, zone).len(), hours, "{zone}");
            assert_eq!(of(start, end, Granularity::Daily, zone).len(), 1, "{zone}");
        }
        let kolkata = of("2024-01-01T00:10:00Z", "2024-01-01T02:00:00Z", Granularity::Hourly, "Asia/Kolkata");
        let starts: Vec<String> = kolkata.iter().map(|hour| hour.interval.start().to_string()).collect();
        assert_eq!(starts, ["2024-01-01T00:10:00Z", "2024-01-01T00:30:00Z", "2024-01-01T01:30:00Z"]);
    }

    #[test]
    fn their_number_is_bounded() {
        let long = interval("2000-01-01T00:00:00Z", "2012-01-01T00:00:00Z");
        let error = buckets(long, Granularity::Hourly, Zone::UTC).unwrap_err();
        assert_eq!(error.field(), Some("granularity"));
        assert!(buckets(Interval::always(), Granularity::Monthly, Zone::UTC).is_err());
        let start = Stamp::parse("2024-01-01T00:00:00Z").unwrap();
        let empty = Interval::new(start, start).unwrap();
        assert_eq!(buckets(empty, Granularity::Hourly, Zone::UTC).unwrap(), []);
    }
}
