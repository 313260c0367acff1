//! The hard cases of the calendar, one by one; what must hold for all times and zones is in `props`.

mod calendar;
mod grammar;
mod props;

use chrono::NaiveDate;

use super::*;

fn at(text: &str) -> Stamp {
    Stamp::parse(text).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An interval from its printed form.
fn span(text: &str) -> Interval {
    let (start, end) = text.split_once('/').unwrap();
    Interval::new(at(start), at(end)).unwrap()
}

/// Minutes from the first to the last instant.
fn minutes(interval: &Interval) -> i64 {
    (interval.end().micros() - interval.start().micros()) / 60_000_000
}
