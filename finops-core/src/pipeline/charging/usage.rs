//! What a line is made of: how much each series used on each day of a billing period.
//!
//! The pieces of a line always add up to what the meter says of the whole period. Where days do not simply add up, such
//! as different users or a maximum, a day has what it added to the number up to its end.

use super::booked::CellKey;
use crate::Result;
use crate::model::money::{Money, Quantity, quotient, split};
use crate::model::time::{Interval, Stamp};
use crate::model::usage::Aggregation;
use crate::pipeline::metering::{Cell, DAY, PageKey, PageSpan, QUARTER, Rollups, day_of};
use ethnum::I256;
use std::ops::Range;

/// A line whose usage is wanted.
#[derive(Debug, Clone, Copy)]
pub struct UsageLine<'l> {
    /// What was counted.
    pub rollups: &'l Rollups,
    /// The number of the meter.
    pub meter: u32,
    /// Every series that may be part of it: those of the tenant.
    pub series: &'l [u32],
    /// The billing period: a month of UTC.
    pub period: Interval,
    /// Up to when a level is known to have lasted.
    pub until: Stamp,
}

/// How much of a line was used in a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// The day and the series.
    pub key: CellKey,
    /// How much.
    pub quantity: Quantity,
}

impl UsageLine<'_> {
    /// What was used in each of the stretches, which cover the billing period in order.
    ///
    /// # Errors
    /// `overflow`.
    pub fn used(&self, stretches: &[Interval]) -> Result<Vec<Vec<Used>>> {
        match self.rollups.meters().by_number(self.meter).map(|meter| meter.aggregation) {
            None => Ok(vec![Vec::new(); stretches.len()]),
            Some(Aggregation::TimeWeighted) => self.levels(stretches),
            Some(Aggregation::Sum | Aggregation::Count) => {
                stretches.iter().map(|stretch| self.sums(*stretch)).collect()
            }
            Some(aggregation) => self.added(aggregation, stretches),
        }
    }

    /// Sums and counts: each day for itself.
    fn sums(&self, stretch: Interval) -> Result<Vec<Used>> {
        let mut used = Vec::new();
        for day in days(stretch) {
            for (series, cell) in self.cells(day, stretch) {
                if let Some(quantity) = cell.value(Interval::always())?.filter(|quantity| !quantity.is_zero()) {
                    used.push(Used { key: key(day, stretch, series)?, quantity });
                }
            }
        }
        Ok(used)
    }

    /// What each day added to the number of the period; the series that it counted share it by their events.
    fn added(&self, aggregation: Aggregation, stretches: &[Interval]) -> Result<Vec<Vec<Used>>> {
        let mut whole = Cell::new(aggregation);
        let mut before = Quantity::ZERO;
        let mut used = vec![Vec::new(); stretches.len()];
        for (stretch, used) in stretches.iter().zip(&mut used) {
            for day in days(*stretch) {
                let cells = self.cells(day, *stretch);
                for (_, cell) in &cells {
                    whole.merge(cell);
                }
                let after = whole.value(Interval::always())?.unwrap_or(Quantity::ZERO);
                let added = Money::from_mantissa(after.checked_sub(before)?.mantissa());
                before = after;
                if added.is_zero() {
                    continue;
                }
                let weight =
                    |(_, cell): &(u32, Cell)| Quantity::from_units(i64::try_from(cell.events()).unwrap_or(i64::MAX));
                let shares = split(added, &cells.iter().map(weight).collect::<Vec<_>>(), Money::SCALE)?;
                for ((series, _), share) in cells.iter().zip(shares) {
                    let quantity = Quantity::from_mantissa(share.mantissa());
                    used.push(Used { key: key(day, *stretch, *series)?, quantity });
                }
            }
        }
        Ok(used)
    }

    /// Levels: level × time of each day, over the length of the period. The line is rounded as a whole: what is rounded
    /// off in a piece comes with the next one.
    fn levels(&self, stretches: &[Interval]) -> Result<Vec<Vec<Used>>> {
        let length = u64::try_from(self.period.end().micros() - self.period.start().micros()).unwrap_or(u64::MAX);
        let mut levels = self.carried();
        let (mut total, mut before) = (I256::ZERO, Quantity::ZERO);
        let mut used = vec![Vec::new(); stretches.len()];
        let overflow = || crate::Error::overflow("a level over time does not fit a quantity");
        for (stretch, used) in stretches.iter().zip(&mut used) {
            for day in days(*stretch) {
                let span = piece(day, *stretch);
                if span.end > self.until.micros() {
                    break;
                }
                let (from, to) = (Stamp::from_micros(span.start)?, Stamp::from_micros(span.end)?);
                for (series, level) in &mut levels {
                    let held = level_micros(level, to).wrapping_sub(level_micros(level, from));
                    let changes = self.cell(*series, day, *stretch);
                    total = total
                        .wrapping_add(held)
                        .wrapping_add(changes.as_ref().map_or(I256::ZERO, |cell| level_micros(cell, to)));
                    if let Some(changes) = &changes {
                        level.merge(changes);
                    }
                    let after = quotient(total, length).ok_or_else(overflow)?;
                    let quantity = after.checked_sub(before)?;
                    before = after;
                    if !quantity.is_zero() {
                        used.push(Used { key: key(day, *stretch, *series)?, quantity });
                    }
                }
            }
        }
        Ok(used)
    }

    /// The level of each series when the period starts.
    fn carried(&self) -> Vec<(u32, Cell)> {
        let start = self.period.start();
        let months = self.rollups.days(self.meter, PageSpan::Month, i32::MIN..day_of(start));
        let mut levels: Vec<_> =
            self.series.iter().map(|series| (*series, Cell::new(Aggregation::TimeWeighted))).collect();
        for (_, page) in months {
            for (series, level) in &mut levels {
                page.add_total(*series, level);
            }
        }
        levels.into_iter().map(|(series, level)| (series, level.carried_to(start))).collect()
    }

    /// What each series counted on a day, as far as it lies in the stretch.
    fn cells(&self, day: i32, stretch: Interval) -> Vec<(u32, Cell)> {
        let cell = |series: &u32| Some((*series, self.cell(*series, day, stretch)?));
        if self.page(day).is_none() {
            return Vec::new();
        }
        self.series.iter().filter_map(cell).collect()
    }

    fn cell(&self, series: u32, day: i32, stretch: Interval) -> Option<Cell> {
        let page = self.page(day)?;
        let span = piece(day, stretch);
        let start = i64::from(day) * DAY;
        if span.end - span.start == DAY {
            return page.total(series);
        }
        let quarter = |micros: i64| u8::try_from((micros - start) / QUARTER).unwrap_or(u8::MAX);
        let mut cell = Cell::new(page.aggregation());
        page.add_quarters(series, &(quarter(span.start)..quarter(span.end)), &mut cell);
        Some(cell).filter(|cell| !cell.is_empty())
    }

    fn page(&self, day: i32) -> Option<&crate::pipeline::metering::DayPage> {
        self.rollups.page(PageKey { meter: self.meter, span: PageSpan::Day, day })
    }
}

/// The days that an interval touches.
fn days(interval: Interval) -> Range<i32> {
    let last = interval.end().micros().saturating_sub(1).div_euclid(DAY);
    day_of(interval.start())..i32::try_from(last).unwrap_or(i32::MAX).saturating_add(1)
}

/// The part of a day that lies in a stretch, in microseconds.
fn piece(day: i32, stretch: Interval) -> Range<i64> {
    let start = i64::from(day) * DAY;
    start.max(stretch.start().micros())..(start + DAY).min(stretch.end().micros())
}

fn key(day: i32, stretch: Interval, series: u32) -> Result<CellKey> {
    let span = piece(day, stretch);
    Ok(CellKey { from: Stamp::from_micros(span.start)?, to: Stamp::from_micros(span.end)?, series: Some(series) })
}

fn level_micros(cell: &Cell, until: Stamp) -> I256 {
    cell.level_micros(until).unwrap_or(I256::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::usage::{Meter, MeterSet, UsageEvent};

    fn stamp(text: &str) -> Stamp {
        Stamp::parse(text).unwrap()
    }

    fn rollups(meter: &Meter, events: &[(&str, &str, &str)]) -> (Rollups, u32) {
        let mut meters = MeterSet::default();
        let number = meters.create(meter.clone()).unwrap();
        let mut rollups = Rollups::new(meters);
        for (sequence, (time, user, value)) in (1..).zip(events) {
            let mut event =
                UsageEvent::new(sequence.to_string(), stamp(time), &meter.slug, value.parse().unwrap(), "t");
            event.user_id = Some((*user).to_owned());
            event.properties.insert("value".into(), (*value).to_owned());
            rollups.apply(&event, sequence);
        }
        (rollups, number)
    }

    fn used(rollups: &Rollups, meter: u32, cuts: &[&str], until: &str) -> Vec<Vec<String>> {
        let mut series: Vec<u32> = rollups.series().of_tenant("t").collect();
        series.sort_unstable();
        let cuts: Vec<Stamp> = cuts.iter().map(|cut| stamp(cut)).collect();
        let stretches: Vec<_> = cuts.windows(2).map(|cut| Interval::new(cut[0], cut[1]).unwrap()).collect();
        let period = Interval::new(cuts[0], cuts[cuts.len() - 1]).unwrap();
        let line = UsageLine { rollups, meter, series: &series, period, until: stamp(until) };
        let text = |used: &Used| {
            let user = rollups.series().value(used.key.series.unwrap(), "user_id").unwrap();
            format!("{} {user} {}", day_of(used.key.from) - day_of(cuts[0]) + 1, used.quantity)
        };
        line.used(&stretches).unwrap().iter().map(|stretch| stretch.iter().map(text).collect()).collect()
    }

    const AUGUST: [&str; 2] = ["2023-08-01T00:00:00Z", "2023-09-01T00:00:00Z"];

    #[test]
    fn sums_are_cut_where_a_price_changes() {
        let events = [
            ("2023-08-01T10:00:00Z", "a", "1"),
            ("2023-08-02T10:00:00Z", "a", "2"),
            ("2023-08-02T12:00:00Z", "a", "3"),
            ("2023-08-02T12:00:00Z", "b", "4"),
            ("2023-09-01T00:00:00Z", "a", "9"),
        ];
        let (rollups, meter) = rollups(&Meter::new("calls", Aggregation::Sum, "call"), &events);
        let cuts = [AUGUST[0], "2023-08-02T12:00:00Z", AUGUST[1]];
        assert_eq!(used(&rollups, meter, &cuts, AUGUST[1]), [vec!["1 a 1", "2 a 2"], vec!["2 a 3", "2 b 4"]]);
        assert_eq!(used(&rollups, meter, &AUGUST, AUGUST[1]), [["1 a 1", "2 a 5", "2 b 4"]]);
    }

    #[test]
    fn a_day_has_what_it_added_where_days_do_not_add_up() {
        let mut meter = Meter::new("users", Aggregation::UniqueCount, "user");
        meter.value_property = Some("value".into());
        let events = [
            ("2023-08-01T10:00:00Z", "a", "1"),
            ("2023-08-01T11:00:00Z", "b", "2"),
            ("2023-08-02T10:00:00Z", "a", "2"),
            ("2023-08-03T10:00:00Z", "b", "3"),
        ];
        let (rollups, meter) = rollups(&meter, &events);
        assert_eq!(used(&rollups, meter, &AUGUST, AUGUST[1]), [["1 a 1", "1 b 1", "3 b 1"]]);
    }

    #[test]
    fn m25_a_level_is_charged_by_the_days_that_have_ended() {
        let meter = Meter::new("disk", Aggregation::TimeWeighted, "GB-month");
        let hour = |hour: &str| format!("2023-08-01T{hour}:00Z");
        let changes = [
            ("00:00", "2"),
            ("01:00", "3"),
            ("01:30", "1"),
            ("02:00", "-4"),
            ("04:00", "-2"),
            ("05:00", "10"),
            ("05:30", "-10"),
        ];
        let times: Vec<String> = changes.iter().map(|(time, _)| hour(time)).collect();
        let events: Vec<_> =
            changes.iter().zip(&times).map(|((_, change), time)| (time.as_str(), "a", *change)).collect();
        let (first, number) = rollups(&meter, &events);
        // 59 400 / 2 678 400.
        assert_eq!(
            used(&first, number, &AUGUST, AUGUST[1]),
            [["1 a 0.022177419354838710"]].map(|days| days.map(|day| day.trim_end_matches('0').to_owned()).to_vec())
        );
        let (carried, number) = rollups(&meter, &[("2023-07-04T00:00:00Z", "a", "310")]);
        assert_eq!(used(&carried, number, &AUGUST, "2023-08-03T23:00:00Z"), [["1 a 10", "2 a 10"]]);
        let all = used(&carried, number, &["2023-08-01T00:00:00Z", "2023-08-15T12:00:00Z", AUGUST[1]], AUGUST[1]);
        assert_eq!((all[0].len(), all[0][14].as_str(), all[1][0].as_str()), (15, "15 a 5", "15 a 5"));
    }
}
