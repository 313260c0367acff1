//! The dates that the values of a series belong to.

use crate::{Error, Result};
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How far apart the values of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    /// Hours of the day, 24 to a day.
    Hourly,
    /// Days.
    Daily,
    /// Weeks.
    Weekly,
    /// Months of the calendar.
    Monthly,
    /// Quarters of the year.
    Quarterly,
    /// Years.
    Yearly,
}

impl Frequency {
    /// Every frequency, from the finest.
    pub const ALL: [Self; 6] = [Self::Hourly, Self::Daily, Self::Weekly, Self::Monthly, Self::Quarterly, Self::Yearly];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }

    /// How many values the season has that costs usually show: the day of hours, the week of days, the year of the
    /// rest.
    pub const fn season_length(self) -> usize {
        match self {
            Self::Hourly => 24,
            Self::Daily => 7,
            Self::Weekly => 52,
            Self::Monthly => 12,
            Self::Quarterly => 4,
            Self::Yearly => 1,
        }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Frequency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid("frequency", format!("`{text}` is none of {all}"))
        })
    }
}

/// The date of the first value and the step to the next.
///
/// ```
/// use chrono::NaiveDate;
/// use finops_core::insight::forecast::{Calendar, Frequency};
///
/// let start = NaiveDate::from_ymd_opt(2024, 1, 1).ok_or("no such day")?;
/// let calendar = Calendar::new(start, Frequency::Monthly);
/// assert_eq!(calendar.date(2), NaiveDate::from_ymd_opt(2024, 3, 1));
/// assert_eq!(calendar.days(1), Some(29));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    start: NaiveDate,
    frequency: Frequency,
}

impl Calendar {
    /// A calendar that begins on a date.
    pub const fn new(start: NaiveDate, frequency: Frequency) -> Self {
        Self { start, frequency }
    }

    /// The date of the first value.
    pub const fn start(&self) -> NaiveDate {
        self.start
    }

    /// The step from one value to the next.
    pub const fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// The date of the value at a place, counted from 0. `None` after the last date that there is.
    pub fn date(&self, at: usize) -> Option<NaiveDate> {
        let days = |each: u64| self.start.checked_add_days(Days::new(u64::try_from(at).ok()?.checked_mul(each)?));
        let months = |each: u32| {
            let months = u32::try_from(at).ok()?.checked_mul(each)?;
            self.start.checked_add_months(Months::new(months))
        };
        match self.frequency {
            Frequency::Hourly => self.start.checked_add_days(Days::new(u64::try_from(at / 24).ok()?)),
            Frequency::Daily => days(1),
            Frequency::Weekly => days(7),
            Frequency::Monthly => months(1),
            Frequency::Quarterly => months(3),
            Frequency::Yearly => months(12),
        }
    }

    /// How many days the value at a place stands for: 28 to 31 for a month, 1 for a day and for an hour.
    pub fn days(&self, at: usize) -> Option<i64> {
        match self.frequency {
            Frequency::Hourly | Frequency::Daily => Some(1),
            Frequency::Weekly => Some(7),
            _ => Some((self.date(at + 1)? - self.date(at)?).num_days()),
        }
    }

    /// How many days of each weekday, from Monday, the value at a place stands for.
    pub fn weekdays(&self, at: usize) -> Option<[i64; 7]> {
        let first = usize::try_from(self.date(at)?.weekday().num_days_from_monday()).ok()?;
        let days = self.days(at)?;
        let mut counts = [days / 7; 7];
        for extra in 0..usize::try_from(days % 7).ok()? {
            counts[(first + extra) % 7] += 1;
        }
        Some(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn steps_follow_the_calendar() {
        let at = |start: &str, frequency, at| Calendar::new(date(start), frequency).date(at).unwrap().to_string();
        assert_eq!(at("2024-01-01", Frequency::Hourly, 25), "2024-01-02");
        assert_eq!(at("2024-02-28", Frequency::Daily, 2), "2024-03-01");
        assert_eq!(at("2024-01-01", Frequency::Weekly, 52), "2024-12-30");
        assert_eq!(at("2024-01-31", Frequency::Monthly, 1), "2024-02-29");
        assert_eq!(at("2024-01-31", Frequency::Monthly, 2), "2024-03-31");
        assert_eq!(at("2024-01-01", Frequency::Quarterly, 5), "2025-04-01");
        assert_eq!(at("2024-01-01", Frequency::Yearly, 2), "2026-01-01");
        assert_eq!(Calendar::new(date("2024-01-01"), Frequency::Yearly).date(usize::MAX), None);
    }

    #[test]
    fn a_month_has_its_weekdays() {
        let calendar = Calendar::new(date("2024-02-01"), Frequency::Monthly);
        assert_eq!(calendar.weekdays(0), Some([4, 4, 4, 5, 4, 4, 4]), "29 days from a Thursday");
        assert_eq!(calendar.weekdays(1).map(|days| days.iter().sum::<i64>()), Some(31));
    }

    #[test]
    fn a_frequency_has_a_name() {
        for one in Frequency::ALL {
            assert_eq!(one.as_str().parse::<Frequency>().unwrap(), one);
        }
        assert!("fortnightly".parse::<Frequency>().unwrap_err().to_string().contains("weekly, monthly"));
    }
}
