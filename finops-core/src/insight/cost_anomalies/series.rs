//! The days that are looked at, and what each of them cost a group.

use crate::insight::anomaly::{Anomaly, AnomalyDetector, RobustBaseline, Settings};
use crate::insight::forecast::{Calendar, Frequency, Series};
use crate::insight::reach::Reach;
use crate::insight::series::sums;
use crate::insight::settled::Settled;
use crate::model::money::Money;
use crate::model::time::{Day, Interval, Stamp, Zone};
use crate::{Error, Result};
use chrono::{Days, NaiveDate};
use std::ops::Range;

/// A week has so many days.
const WEEK: usize = 7;

/// The days up to last night, in the zone of the question. A date that the zone left out has no interval.
#[derive(Debug, Clone)]
pub(super) struct Calendared {
    pub(super) interval: Interval,
    pub(super) days: Vec<Day>,
    first: NaiveDate,
    length: usize,
}

impl Calendared {
    /// The last so many days before the one that now lies in.
    pub(super) fn before(now: Stamp, days: u16, zone: Zone) -> Result<Self> {
        let today = zone.date_of(now);
        let first = today.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN);
        let interval = Interval::new(zone.day_start(first)?, zone.day_start(today)?)?;
        Ok(Self { interval, days: zone.days(interval)?, first, length: days.into() })
    }

    /// The place of a date.
    fn place(&self, date: NaiveDate) -> Option<usize> {
        usize::try_from(date.signed_duration_since(self.first).num_days()).ok().filter(|place| *place < self.length)
    }

    /// The date at a place.
    pub(super) fn date(&self, place: usize) -> NaiveDate {
        let days = Days::new(u64::try_from(place).unwrap_or(u64::MAX));
        self.first.checked_add_days(days).unwrap_or(NaiveDate::MAX)
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// The interval of the days at some places.
    pub(super) fn span(&self, places: &Range<usize>) -> Result<Vec<Day>> {
        let within = |day: &&Day| self.place(day.date).is_some_and(|place| places.contains(&place));
        let days: Vec<Day> = self.days.iter().filter(within).copied().collect();
        if days.is_empty() { Err(Error::overflow("no day lies there")) } else { Ok(days) }
    }

    /// Whether bills cover the day at each place from its start to its end.
    pub(super) fn whole(&self, reach: &Reach, now: Stamp) -> Vec<bool> {
        let mut whole = vec![false; self.length];
        for day in &self.days {
            if let Some(known) = self.place(day.date).and_then(|place| whole.get_mut(place)) {
                *known = reach.covers(day, now) && !reach.is_behind(day);
            }
        }
        whole
    }

    /// What each day cost some groups, by places; none where the day is not known as a whole.
    pub(super) fn costs(&self, settled: &Settled, groups: &[usize], whole: &[bool]) -> Result<Vec<Option<Money>>> {
        let mut costs = vec![None; self.length];
        let known = vec![true; self.days.len()];
        for (day, cost) in self.days.iter().zip(sums(settled, groups, &known)?) {
            let Some(place) = self.place(day.date) else { continue };
            if let (Some(slot), Some(true)) = (costs.get_mut(place), whole.get(place)) {
                *slot = cost;
            }
        }
        Ok(costs)
    }

    /// What a detector finds in the costs of days, by places; none where too few are known to judge any.
    pub(super) fn detect(
        &self,
        costs: &[Option<Money>],
        detector: &dyn AnomalyDetector,
        settings: &Settings,
    ) -> Result<Option<Vec<Anomaly>>> {
        let known = costs.iter().flatten().count();
        let Some(first) = costs.iter().position(Option::is_some) else { return Ok(None) };
        if known < RobustBaseline::needs(WEEK) {
            return Ok(None);
        }
        let values = costs.iter().skip(first).map(|cost| cost.map(Money::to_f64_nearest)).collect();
        let calendar = Calendar::new(self.date(first), Frequency::Daily);
        let series = Series::new(values, WEEK)?.with_calendar(calendar);
        let mut found = detector.detect(&series, settings)?.anomalies;
        let length = self.length - first;
        for anomaly in &mut found {
            if anomaly.start_index > anomaly.end_index || anomaly.end_index >= length {
                let (start, end) = (anomaly.start_index, anomaly.end_index);
                let message = format!("'{}' found an anomaly from {start} to {end} of {length} days", detector.name());
                return Err(Error::invalid("anomaly_detector", message));
            }
            anomaly.start_index += first;
            anomaly.end_index += first;
        }
        Ok(Some(found))
    }
}
