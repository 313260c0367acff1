//! How much may be spent, and in which period: the object `budget` of a budget.

use crate::model::money::{Currency, Money};
use crate::model::time::{Interval, Recurrence, RecurrenceUnit, Stamp, Zone, period_of_days_at};
use crate::{Error, Result};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How often the amount is there anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetPeriod {
    /// Every calendar day.
    Daily,
    /// Every seven days.
    Weekly,
    /// Every calendar month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every twelve months.
    Yearly,
}

impl BudgetPeriod {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }

    const fn step(self) -> Recurrence {
        let (every, unit) = match self {
            Self::Daily => (1, RecurrenceUnit::Day),
            Self::Weekly => (1, RecurrenceUnit::Week),
            Self::Monthly => (1, RecurrenceUnit::Month),
            Self::Quarterly => (3, RecurrenceUnit::Month),
            Self::Yearly => (1, RecurrenceUnit::Year),
        };
        Recurrence { every, unit }
    }

    /// The highest day that it can be reset on; none where every day is one.
    const fn days(self) -> Option<u8> {
        match self {
            Self::Daily => None,
            Self::Weekly => Some(7),
            Self::Monthly | Self::Quarterly | Self::Yearly => Some(31),
        }
    }
}

/// Whether the amount comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowanceType {
    /// In every period.
    #[default]
    Recurring,
    /// Never: it is for one span of time.
    OneTime,
}

/// How much may be spent, and in which period.
///
/// A recurring one starts anew on its `reset_day`, a day of the month that is cut to the last one of a shorter month
/// (31 January, 28 February, 31 March). Without one it counts from its `start_date`, and without either from the first
/// of the month, of the calendar's quarter or year, or from Monday. It holds from `start_date` to `end_date`, and what
/// of a period lies outside of them is not part of it. Days begin with the first instant of the zone's day.
///
/// ```
/// use finops_core::model::budget::Allowance;
///
/// let monthly: Allowance = serde_json::from_str(r#"{
///     "amount": 10000, "currency": "USD", "type": "recurring", "period": "monthly", "reset_day": 31
/// }"#).unwrap();
/// let period = monthly.period_at("2025-03-05T00:00:00Z".parse()?)?;
/// assert_eq!(period.unwrap().to_string(), "2025-02-28T00:00:00Z/2025-03-31T00:00:00Z");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Allowance {
    /// How much: 0 or more. Of 0, whatever is spent is too much.
    pub amount: Money,
    /// In which currency.
    pub currency: Currency,
    /// Whether it comes back; by default it does.
    #[serde(default)]
    pub r#type: AllowanceType,
    /// How often it comes back; of a recurring one, and of no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<BudgetPeriod>,
    /// The day on which it starts anew: 1 to 31 of the month, for quarters and years of their first month; of a weekly
    /// one 1 (Monday) to 7.
    #[serde(default, alias = "resetDay", skip_serializing_if = "Option::is_none")]
    pub reset_day: Option<u8>,
    /// Whose days and months are meant; by default UTC.
    #[serde(default, alias = "timeZone")]
    pub time_zone: Zone,
    /// The first day on which it holds.
    #[serde(default, alias = "startDate", deserialize_with = "date", skip_serializing_if = "Option::is_none")]
    pub start_date: Option<NaiveDate>,
    /// The first day on which it holds no more.
    #[serde(default, alias = "endDate", deserialize_with = "date", skip_serializing_if = "Option::is_none")]
    pub end_date: Option<NaiveDate>,
}

impl Allowance {
    /// An amount that comes back in every period, in UTC.
    pub fn recurring(amount: Money, currency: Currency, period: BudgetPeriod) -> Self {
        let once = Self::one_time(amount, currency);
        Self { r#type: AllowanceType::Recurring, period: Some(period), ..once }
    }

    /// An amount for all time; `start_date` and `end_date` say for less.
    pub fn one_time(amount: Money, currency: Currency) -> Self {
        Self {
            amount,
            currency,
            r#type: AllowanceType::OneTime,
            period: None,
            reset_day: None,
            time_zone: Zone::UTC,
            start_date: None,
            end_date: None,
        }
    }

    /// The period that holds at an instant; none before `start_date` and from `end_date` on.
    ///
    /// # Errors
    /// `overflow` or `invalid_argument` where the calendar ends.
    pub fn period_at(&self, at: Stamp) -> Result<Option<Interval>> {
        let bounds = self.bounds()?;
        if !bounds.contains(at) {
            return Ok(None);
        }
        let Some(period) = self.period else { return Ok(Some(bounds)) };
        let whole = period_of_days_at(self.anchor()?, period.step(), at, self.time_zone)?;
        Interval::new(whole.start().max(bounds.start()), whole.end().min(bounds.end())).map(Some)
    }

    /// The time around an instant at which no period holds: before `start_date`, or from `end_date` on.
    ///
    /// # Errors
    /// As [`Allowance::period_at`].
    pub fn quiet_at(&self, at: Stamp) -> Result<Interval> {
        let (bounds, always) = (self.bounds()?, Interval::always());
        if at < bounds.start() {
            Interval::new(always.start(), bounds.start())
        } else {
            Interval::new(bounds.end(), always.end())
        }
    }

    /// The day that periods are counted from, before and after it. January 2001 began with a Monday.
    fn anchor(&self) -> Result<NaiveDate> {
        let start = self.start_date.filter(|_| self.reset_day.is_none());
        let day = u32::from(self.reset_day.unwrap_or(1));
        start
            .or_else(|| NaiveDate::from_ymd_opt(2001, 1, day))
            .ok_or_else(|| Error::invalid("budget.reset_day", format!("must be 1 to 31, got {day}")))
    }

    /// All the time in which it holds.
    fn bounds(&self) -> Result<Interval> {
        let always = Interval::always();
        let instant = |field: &'static str, date: NaiveDate| {
            let instant = self.time_zone.day_start(date);
            instant.map_err(|error| Error::invalid(field, error.message()))
        };
        let start = self.start_date.map_or(Ok(always.start()), |date| instant("budget.start_date", date))?;
        let end = self.end_date.map_or(Ok(always.end()), |date| instant("budget.end_date", date))?;
        Interval::new(start, end).ok().filter(|bounds| !bounds.is_empty()).ok_or_else(|| {
            Error::invalid("budget.end_date", "must lie after start_date: it is the first day that no longer counts")
        })
    }

    /// Checks it.
    ///
    /// # Errors
    /// `invalid_argument` with the field, such as `budget.reset_day`.
    pub fn validate(&self) -> Result<()> {
        if self.amount.is_negative() {
            return Err(Error::invalid("budget.amount", format!("must be 0 or more, got {}", self.amount)));
        }
        match (self.r#type, self.period) {
            (AllowanceType::Recurring, Some(period)) => self.check_day(period)?,
            (AllowanceType::Recurring, None) => {
                let message = "must be given: daily, weekly, monthly, quarterly or yearly";
                return Err(Error::invalid("budget.period", message));
            }
            (AllowanceType::OneTime, period) => {
                let given = [("budget.period", period.is_some()), ("budget.reset_day", self.reset_day.is_some())];
                if let Some((field, _)) = given.into_iter().find(|(_, given)| *given) {
                    let message = "has no place in a one_time budget: give start_date and end_date instead";
                    return Err(Error::invalid(field, message));
                }
            }
        }
        self.bounds().map(drop)
    }

    fn check_day(&self, period: BudgetPeriod) -> Result<()> {
        let (Some(day), word) = (self.reset_day, period.as_str()) else { return Ok(()) };
        let message = match period.days() {
            Some(days) if (1..=days).contains(&day) => return Ok(()),
            Some(7) => format!("must be 1 (Monday) to 7 of a weekly budget, got {day}"),
            Some(days) => format!("must be 1 to {days} of a {word} budget, got {day}"),
            None => format!("has no place in a {word} budget, which starts anew every day: leave it out"),
        };
        Err(Error::invalid("budget.reset_day", message))
    }
}

/// Reads a date, with a message that says what one looks like.
fn date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let read = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    read.map(Some).ok_or_else(|| serde::de::Error::custom("must be a date such as '2025-01-31'"))
}
