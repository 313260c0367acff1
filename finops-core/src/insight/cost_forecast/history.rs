//! The whole days of a scope, as far as they are known.

use super::super::forecast::{Calendar, Frequency, Series};
use super::super::series::sums;
use super::super::settled::Settled;
use crate::Result;
use crate::model::money::Money;
use crate::model::time::Day;
use chrono::{Datelike, Days, NaiveDate};

/// How many days a season of days has.
pub(super) const WEEK: usize = 7;

/// What each whole day cost, from the first with a charge to the last whole one. Unknown is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History {
    first: NaiveDate,
    days: Vec<Option<Money>>,
}

impl History {
    /// Of some groups. `whole` tells which of the days are whole; what others cost is unknown, whatever was charged.
    pub(super) fn of(settled: &Settled, groups: &[usize], days: &[Day], whole: &[bool]) -> Result<Self> {
        // What starts late has no zeros before it.
        let charged =
            groups.iter().filter(|group| settled.charges_of(**group) > 0).map(|group| settled.bucket_of(*group));
        let start = charged.filter(|day| whole.get(*day) == Some(&true)).min().unwrap_or(whole.len());
        let mut history = Self { first: days.get(start).map_or(NaiveDate::MIN, |day| day.date), days: Vec::new() };
        for ((cost, whole), day) in sums(settled, groups, whole)?.into_iter().zip(whole).zip(days).skip(start) {
            // A zone may leave out a day.
            history.days.resize(history.place(day.date), None);
            history.days.push(cost.filter(|_| *whole));
        }
        while history.days.last().is_some_and(Option::is_none) {
            history.days.pop();
        }
        Ok(history)
    }

    /// For tests and what has its days already.
    #[cfg(test)]
    pub(super) fn new(first: NaiveDate, days: Vec<Option<Money>>) -> Self {
        Self { first, days }
    }

    fn place(&self, date: NaiveDate) -> usize {
        usize::try_from(date.signed_duration_since(self.first).num_days()).unwrap_or(0)
    }

    /// How many days there are, unknown ones within counted.
    pub(super) fn len(&self) -> usize {
        self.days.len()
    }

    /// How many of them are known.
    pub(super) fn known(&self) -> usize {
        self.days.iter().flatten().count()
    }

    /// The date of a day, also of one to come.
    pub(super) fn date(&self, place: usize) -> NaiveDate {
        let days = u64::try_from(place).unwrap_or(u64::MAX);
        self.first.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
    }

    /// The day after the last.
    pub(super) fn next(&self) -> NaiveDate {
        self.date(self.len())
    }

    /// The last day; none where there is none.
    pub(super) fn last(&self) -> Option<NaiveDate> {
        self.len().checked_sub(1).map(|last| self.date(last))
    }

    /// The days with what they cost.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NaiveDate, Option<Money>)> {
        self.days.iter().enumerate().map(|(place, cost)| (self.date(place), *cost))
    }

    /// The days from a date on.
    pub(super) fn since(&self, date: NaiveDate) -> Result<ToDate> {
        let held = &self.days[self.place(date.max(self.first)).min(self.len())..];
        let cost = Money::try_sum(held.iter().copied().flatten())?;
        let days = held.iter().flatten().count();
        Ok(ToDate { days, cost, unknown: held.len() - days })
    }

    /// The same as it was when it had so many days.
    pub(super) fn until(&self, length: usize) -> Self {
        Self { first: self.first, days: self.days.iter().take(length).copied().collect() }
    }

    /// The mean days of spans of so many days, the last of which ends with the history; none where fewer than three
    /// quarters of a span are known.
    pub(super) fn spans(&self, days: usize) -> Vec<Option<f64>> {
        let mean = |span: &[Option<Money>]| {
            let known: Vec<f64> = span.iter().flatten().map(|cost| cost.to_f64_nearest()).collect();
            (known.len() * 4 >= days * 3).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        self.days.rchunks_exact(days).rev().map(mean).collect()
    }

    /// How many days lie before a date.
    pub(super) fn length_until(&self, date: NaiveDate) -> Option<usize> {
        let length = usize::try_from(date.signed_duration_since(self.first).num_days()).ok()?;
        (length <= self.len()).then_some(length)
    }

    /// As doubles, for models.
    pub(super) fn series(&self) -> Result<Series> {
        let values = self.days.iter().map(|cost| cost.map(Money::to_f64_nearest)).collect();
        let calendar = Calendar::new(self.first, Frequency::Daily);
        Ok(Series::new(values, WEEK)?.with_calendar(calendar).non_negative())
    }

    /// The whole months from the first to the last: those of which all days lie in the history. A month with an unknown
    /// day is unknown.
    pub(super) fn months(&self) -> Result<Vec<(NaiveDate, Option<Money>)>> {
        let mut months = Vec::new();
        let mut month = if self.first.day() == 1 { self.first } else { next_month(self.first) };
        while next_month(month) <= self.next() {
            let days = &self.days[self.place(month)..self.place(next_month(month))];
            let sum = days.iter().copied().collect::<Option<Vec<Money>>>().map(Money::try_sum).transpose()?;
            months.push((month, sum));
            month = next_month(month);
        }
        Ok(months)
    }
}

/// What is known from a date on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ToDate {
    /// How many days are known.
    pub(super) days: usize,
    /// What they cost.
    pub(super) cost: Money,
    /// How many days between them are not.
    pub(super) unknown: usize,
}

/// The first of the month of a date.
pub(super) fn month_of(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// The first of the month after.
pub(super) fn next_month(date: NaiveDate) -> NaiveDate {
    month_of(date).checked_add_months(chrono::Months::new(1)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::Rates;
    use crate::insight::request::Terms;
    use crate::insight::settled::settle;
    use crate::insight::sums::{Head, Sums};
    use crate::model::time::{Interval, Stamp, Zone};

    #[test]
    fn a_day_that_is_not_whole_is_unknown_whatever_was_charged() {
        let stamp = |text: &str| Stamp::parse(text).unwrap();
        let interval = Interval::new(stamp("2024-03-14T00:00:00Z"), stamp("2024-03-19T00:00:00Z")).unwrap();
        let days = Zone::UTC.days(interval).unwrap();
        let mut sums = Sums::new(Vec::new(), 1);
        sums.currencies.push("USD".parse().unwrap());
        for bucket in [0, 1, 2, 4] {
            sums.heads.push(Head { currency: 0, bucket, charges: 1 });
            sums.costs.push(Money::from_units(10).mantissa());
            sums.unknown.push(0);
        }
        let settled = settle(sums, &Terms { currency: None, rates: &Rates::default() }).unwrap();
        let costs = |whole| {
            let history = History::of(&settled, &[0, 1, 2, 3], &days, whole).unwrap();
            (history.first.to_string(), history.days)
        };
        let ten = Some(Money::from_units(10));
        // The second is part of a bill that broke off, the fourth had no charge, and the last is not over.
        let found = costs(&[true, false, true, true, false]);
        assert_eq!(found, ("2024-03-14".to_owned(), vec![ten, None, ten, Some(Money::ZERO)]));
        assert_eq!(costs(&[false, true, true, false, false]), ("2024-03-15".to_owned(), vec![ten, ten]));
        assert!(costs(&[false; 5]).1.is_empty());
    }
}
