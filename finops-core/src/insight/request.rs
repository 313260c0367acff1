//! What cost queries have in common in what they ask for.

pub use crate::model::dimension::GroupBy;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::money::Currency;
pub use crate::model::money::Rates;
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::{Error, Result};
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Deserializer};

/// A request as JSON has it: every field may be left out, none may be unknown, and `FIELDS` names them.
macro_rules! request {
    ($(#[$doc:meta])* pub struct $name:ident { $( $(#[$field_doc:meta])* pub $field:ident: $type:ty, )+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: $type, )+
        }

        impl $name {
            /// The fields of its JSON form.
            pub const FIELDS: &'static [&'static str] = &[$( stringify!($field) ),+];
        }
    };
}
pub(super) use request;

/// How many days a query is about that does not say.
const DEFAULT_DAYS: i64 = 30;
/// How many items a page has at most.
pub const MAX_LIMIT: i64 = 1000;
/// How many items a page has that does not say.
pub const DEFAULT_LIMIT: usize = 20;

/// A date, which is midnight in the zone of the query, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The start of that day.
    Date(NaiveDate),
    /// That instant.
    Instant(Stamp),
}

impl Bound {
    fn resolve(self, zone: Zone) -> Result<Stamp> {
        match self {
            Self::Date(date) => zone.day_start(date),
            Self::Instant(stamp) => Ok(stamp),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() == 10
            && let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
        {
            return Ok(Self::Date(date));
        }
        Stamp::parse(&text).map(Self::Instant).map_err(|error| serde::de::Error::custom(error.message()))
    }
}

/// A period, or a window as seen from now, in one text: `2024-01`, `30d`; `daily`, `weekly` and `monthly` stand for
/// `1d`, `7d` and `30d`.
///
/// ```
/// use finops_core::insight::request::PeriodOrWindow;
///
/// assert!(matches!("2024-Q1".parse()?, PeriodOrWindow::Period(_)));
/// assert!(matches!("30d".parse()?, PeriodOrWindow::Window(_)));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodOrWindow {
    /// A piece of the calendar.
    Period(Period),
    /// A span as seen from now.
    Window(Window),
}

impl std::str::FromStr for PeriodOrWindow {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let window = match text {
            "daily" => "1d",
            "weekly" => "7d",
            "monthly" => "30d",
            other => other,
        };
        Window::parse(window).map(Self::Window).or_else(|_| Period::parse(text).map(Self::Period)).map_err(|error| {
            Error::invalid("period", format!("{}; or a window such as '30d' or 'lastmonth'", error.message()))
        })
    }
}

impl<'de> Deserialize<'de> for PeriodOrWindow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: Error| serde::de::Error::custom(error.message()))
    }
}

/// The ways in which a query may say which time it is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Span<'a> {
    pub(super) period: Option<&'a Period>,
    pub(super) window: Option<&'a Window>,
    pub(super) start: Option<Bound>,
    pub(super) end: Option<Bound>,
}

impl Span<'_> {
    /// The interval, by default the thirty days that end with today, and its days.
    ///
    /// # Errors
    /// `invalid_argument` when two ways are used at once, the end does not lie after the start, or there are more
    /// days than one answer is about.
    pub(super) fn resolve(&self, now: Stamp, zone: Zone) -> Result<(Interval, Vec<Day>)> {
        let interval = self.interval(now, zone)?;
        let field = match self {
            Self { period: Some(_), .. } => "period",
            Self { window: Some(_), .. } => "window",
            _ => "start_date",
        };
        let days = zone.days(interval).map_err(|error| Error::invalid(field, error.message()))?;
        Ok((interval, days))
    }

    /// The interval, however many days it has.
    pub(super) fn interval(&self, now: Stamp, zone: Zone) -> Result<Interval> {
        let ranged = self.start.is_some() || self.end.is_some();
        let ways = [self.period.is_some(), self.window.is_some(), ranged];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            let message = "give either `period`, `window` or `start_date` and `end_date`, not two of them";
            return Err(Error::invalid(if self.period.is_some() { "period" } else { "window" }, message));
        }
        if let Some(period) = self.period {
            return period.interval(zone);
        }
        if let Some(window) = self.window {
            return window.resolve(now, zone);
        }
        let today = zone.date_of(now);
        let day = |date: NaiveDate, days: i64| date.checked_add_signed(TimeDelta::days(days)).unwrap_or(date);
        let end = self.end.map_or_else(|| zone.day_start(day(today, 1)), |end| end.resolve(zone))?;
        let last_day = if self.end.is_some() { zone.date_of(end) } else { day(today, 1) };
        let start =
            self.start.map_or_else(|| zone.day_start(day(last_day, -DEFAULT_DAYS)), |start| start.resolve(zone))?;
        if start < end {
            return Interval::new(start, end);
        }
        let (field, message) = match (self.start, self.end) {
            (Some(_), None) => ("start_date", format!("{start} lies after tonight: give end_date as well")),
            _ => ("end_date", format!("{end} must lie after start_date {start}")),
        };
        Err(Error::invalid(field, message))
    }
}

/// A filter, narrowed to an organization, a user and a type of resource, as far as they are given.
pub(super) fn narrowed(filter: &Filter, given: [Option<&str>; 3]) -> Filter {
    let dimensions = [BuiltIn::Organization, BuiltIn::User, BuiltIn::ResourceType];
    let given = dimensions.into_iter().zip(given).filter_map(|(dimension, value)| Some((dimension, value?)));
    let equals = given.map(|(dimension, value)| Filter::equals(Dimension::BuiltIn(dimension), value));
    Filter::All([filter.clone()].into_iter().chain(equals).collect())
}

/// The currency of an answer, and what others are worth in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) currency: Option<Currency>,
    pub(super) rates: &'a Rates,
}

/// How many of the largest groups a page needs; none for all of them. Where rates may leave more than 18 decimals, all
/// groups are rounded together.
pub(super) fn largest(limit: Option<i64>, offset: Option<i64>, rates: &Rates) -> Option<usize> {
    let (limit, offset) = page(limit, offset).ok()?;
    limit.filter(|_| rates.0.is_empty()).map(|limit| limit.saturating_add(offset))
}

/// A page of items: which to give, of how many.
///
/// # Errors
/// `invalid_argument` for a limit outside 1 to 1000 and a negative offset.
pub fn page(limit: Option<i64>, offset: Option<i64>) -> Result<(Option<usize>, usize)> {
    if let Some(limit) = limit.filter(|limit| !(1..=MAX_LIMIT).contains(limit)) {
        return Err(Error::invalid("limit", format!("must be 1 to {MAX_LIMIT}, got {limit}")));
    }
    let offset = offset.unwrap_or(0);
    let offset_size = usize::try_from(offset);
    let offset = offset_size.map_err(|_| Error::invalid("offset", format!("must be 0 or more, got {offset}")))?;
    Ok((limit.and_then(|limit| usize::try_from(limit).ok()), offset))
}
