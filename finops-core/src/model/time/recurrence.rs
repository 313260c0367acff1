//! Periods that recur: every month from the 31st, every two weeks from a Tuesday at nine.
//!
//! Each boundary is computed from the anchor and never from the boundary before it: that is what brings the 31st
//! back after a February, and what makes the n-th period as cheap as the first. Boundaries keep the wall time of
//! the anchor in the zone. What is due in a period is not known here.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{Interval, Stamp, Zone};
use crate::error::{Error, Result};

/// What a recurrence counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecurrenceUnit {
    /// Calendar days of the zone.
    Day,
    /// Seven calendar days.
    Week,
    /// Calendar months, cut to the last day of a shorter one.
    Month,
    /// Calendar years; 29 February falls on the 28th in a common year.
    Year,
}

/// How often a period starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Recurrence {
    /// Every how many units, at least 1.
    pub every: u32,
    /// The unit.
    pub unit: RecurrenceUnit,
}

impl Recurrence {
    /// Steps of days or of months: the two kinds that calendars really have.
    fn step(self) -> Result<Step> {
        if self.every == 0 {
            return Err(Error::invalid("every", "must be at least 1, got 0"));
        }
        let every = i64::from(self.every);
        Ok(match self.unit {
            RecurrenceUnit::Day => Step::Days(every),
            RecurrenceUnit::Week => Step::Days(every * 7),
            RecurrenceUnit::Month => Step::Months(every),
            RecurrenceUnit::Year => Step::Months(every * 12),
        })
    }
}

/// The n-th period from the anchor: number 0 starts at the anchor, negative ones lie before it.
///
/// ```
/// use finops_core::model::time::{Recurrence, RecurrenceUnit, Stamp, Zone, nth_period};
///
/// let monthly = Recurrence { every: 1, unit: RecurrenceUnit::Month };
/// let march = nth_period(Stamp::parse("2025-01-31T00:00:00Z")?, monthly, 1, Zone::UTC)?;
/// assert_eq!(march.to_string(), "2025-02-28T00:00:00Z/2025-03-31T00:00:00Z");
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn nth_period(anchor: Stamp, step: Recurrence, n: i64, zone: Zone) -> Result<Interval> {
    let series = Series { anchor, wall: zone.wall(anchor), step: step.step()?, zone };
    series.period(n)
}

/// The period that an instant lies in; before the anchor it is one of a negative number.
pub fn period_at(anchor: Stamp, step: Recurrence, at: Stamp, zone: Zone) -> Result<Interval> {
    Series { anchor, wall: zone.wall(anchor), step: step.step()?, zone }.period_at(at)
}

/// The period that an instant lies in, where periods start with a day: with that one, and every step from it, before
/// it too.
///
/// Each starts with the first instant of its day, also when the first of all days had no midnight.
///
/// ```
/// use chrono::NaiveDate;
/// use finops_core::model::time::{Recurrence, RecurrenceUnit, Zone, period_of_days_at};
///
/// let monthly = Recurrence { every: 1, unit: RecurrenceUnit::Month };
/// let first = NaiveDate::from_ymd_opt(2025, 1, 31).ok_or("no such day")?;
/// let march = period_of_days_at(first, monthly, "2025-03-05T00:00:00Z".parse()?, Zone::UTC)?;
/// assert_eq!(march.to_string(), "2025-02-28T00:00:00Z/2025-03-31T00:00:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn period_of_days_at(first: NaiveDate, step: Recurrence, at: Stamp, zone: Zone) -> Result<Interval> {
    let wall = first.and_time(NaiveTime::MIN);
    Series { anchor: zone.instant(wall)?, wall, step: step.step()?, zone }.period_at(at)
}

#[derive(Clone, Copy)]
enum Step {
    Days(i64),
    Months(i64),
}

struct Series {
    anchor: Stamp,
    wall: NaiveDateTime,
    step: Step,
    zone: Zone,
}

impl Series {
    fn period_at(&self, at: Stamp) -> Result<Interval> {
        let mut n = self.guess(self.zone.wall(at));
        // The guess ignores the time of day, month ends and clock changes: each can put it one off, not more.
        for _ in 0..6 {
            if self.boundary(n)? > at {
                n -= 1;
            } else if self.boundary(n + 1)? <= at {
                n += 1;
            } else {
                return self.period(n);
            }
        }
        Err(out_of_range())
    }

    fn period(&self, n: i64) -> Result<Interval> {
        let next = n.checked_add(1).ok_or_else(out_of_range)?;
        Interval::new(self.boundary(n)?, self.boundary(next)?)
    }

    fn boundary(&self, n: i64) -> Result<Stamp> {
        // An anchor in the second pass of a repeated hour must stay where it is, not move to the first.
        if n == 0 {
            return Ok(self.anchor);
        }
        let date = match self.step {
            Step::Days(every) => n
                .checked_mul(every)
                .and_then(TimeDelta::try_days)
                .and_then(|days| self.wall.date().checked_add_signed(days)),
            Step::Months(every) => n.checked_mul(every).and_then(|months| plus_months(self.wall.date(), months)),
        };
        self.zone.instant(date.ok_or_else(out_of_range)?.and_time(self.wall.time()))
    }

    /// The number of whole steps between the two dates, give or take one.
    fn guess(&self, at: NaiveDateTime) -> i64 {
        match self.step {
            Step::Days(every) => at.date().signed_duration_since(self.wall.date()).num_days().div_euclid(every),
            Step::Months(every) => (months(at.date()) - months(self.wall.date())).div_euclid(every),
        }
    }
}

/// Months since the year 0.
fn months(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// The same day so many months later, or the last one of a month that is too short.
fn plus_months(date: NaiveDate, count: i64) -> Option<NaiveDate> {
    let total = months(date).checked_add(count)?;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = u32::try_from(total.rem_euclid(12)).ok()? + 1;
    (28..=date.day()).rev().chain([date.day()]).find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
}

fn out_of_range() -> Error {
    Error::overflow("the period lies outside the years 1 to 9999")
}
