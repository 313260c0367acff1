//! What the calendar does to costs, taken off before models look and put back after: months have different numbers of
//! days, and some charges come on the same day of each month.

use super::calendar::{Calendar, Frequency};
use super::clean::Usual;
use super::numbers::median;
use chrono::Datelike;

/// The mean number of days of a month.
const MONTH: f64 = 30.436_875;
/// How much calmer values must be by the day than by the month to be taken by the day.
const CALMER: f64 = 0.95;
/// How often a charge must have come to come again.
const OFTEN: usize = 3;
/// How many robust standard deviations above the usual a charge is.
const LARGE: f64 = 4.0;

/// A factor and an amount for each value and each step ahead.
#[derive(Debug, Clone)]
pub(crate) struct Adjustment {
    factors: Vec<f64>,
    amounts: Vec<f64>,
}

impl Adjustment {
    /// What the calendar explains of values whose first is at a place of it, and of the steps after them.
    pub(crate) fn new(calendar: Option<&Calendar>, first: usize, values: &[f64], season: usize, steps: usize) -> Self {
        let length = values.len() + steps;
        let mut found = Self { factors: vec![1.0; length], amounts: vec![0.0; length] };
        match calendar {
            Some(calendar) if calendar.frequency() == Frequency::Monthly => {
                let days = |at: usize| calendar.days(first + at).map_or(1.0, |days| days as f64 / MONTH);
                let factors: Vec<f64> = (0..length).map(days).collect();
                if by_the_day(values, &factors) {
                    found.factors = factors;
                }
            }
            Some(calendar) if calendar.frequency() == Frequency::Daily => {
                found.charges(*calendar, first, values, season);
            }
            _ => (),
        }
        found
    }

    /// What comes on the same day of each month.
    fn charges(&mut self, calendar: Calendar, first: usize, values: &[f64], season: usize) {
        if values.len() < 60 {
            return;
        }
        let usual = Usual::new(values, season);
        let days: Vec<Option<u32>> = (0..self.amounts.len()).map(|at| Some(calendar.date(first + at)?.day())).collect();
        for day in 1..=31 {
            let places: Vec<usize> = (0..values.len()).filter(|at| days[*at] == Some(day)).collect();
            let mut excess: Vec<f64> = places.iter().map(|at| usual.away(values, *at)).collect();
            let large = excess.iter().filter(|excess| **excess > LARGE).count();
            if large < OFTEN || large * 5 < excess.len() * 4 {
                continue;
            }
            excess = places.iter().map(|at| usual.excess(values, *at)).collect();
            let recent = excess.len().saturating_sub(6);
            let amount = median(&mut excess[recent..].to_vec());
            for (at, other) in days.iter().enumerate() {
                if *other == Some(day) {
                    // What came is taken off as it was, so that no trace of it is left.
                    self.amounts[at] = places.iter().position(|place| *place == at).map_or(amount, |at| excess[at]);
                }
            }
        }
    }

    /// Values without it.
    pub(crate) fn off(&self, values: &[f64]) -> Vec<f64> {
        let all = values.iter().zip(&self.factors).zip(&self.amounts);
        all.map(|((value, factor), amount)| (value - amount) / factor).collect()
    }

    /// A value with it, at its place.
    pub(crate) fn on(&self, at: usize, value: f64) -> f64 {
        value * self.factors[at] + self.amounts[at]
    }
}

/// Whether values change less from one to the next when each is divided by its factor.
fn by_the_day(values: &[f64], factors: &[f64]) -> bool {
    let change = |values: &[f64]| values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>();
    let by_day: Vec<f64> = values.iter().zip(factors).map(|(value, factor)| value / factor).collect();
    values.len() >= 6 && change(&by_day) < CALMER * change(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn february_is_short_and_not_cheap() {
        let calendar = Calendar::new("2023-01-01".parse().unwrap(), Frequency::Monthly);
        let values: Vec<f64> = (0..14).map(|at| 10.0 * calendar.days(at).unwrap() as f64).collect();
        let found = Adjustment::new(Some(&calendar), 0, &values, 12, 2);
        assert!(found.off(&values).iter().all(|value| (value - 10.0 * MONTH).abs() < 1e-9));
        assert!((found.on(15, 10.0 * MONTH) - 300.0).abs() < 1e-9, "April has 30 days");
        let fixed = [700.0, 700.0, 701.0, 700.0, 702.0, 700.0, 700.0];
        assert_eq!(Adjustment::new(Some(&calendar), 0, &fixed, 12, 2).off(&fixed), fixed);
    }

    #[test]
    fn a_fee_comes_again_on_its_day() {
        let calendar = Calendar::new("2024-01-10".parse().unwrap(), Frequency::Daily);
        let plain = |at: usize| 100.0 + (at * 37 % 11) as f64;
        let fee = |at: usize| if calendar.date(at).unwrap().day() == 1 { 900.0 } else { 0.0 };
        let values: Vec<f64> = (0..150).map(|at| plain(at) + fee(at)).collect();
        let found = Adjustment::new(Some(&calendar), 0, &values, 7, 40);
        assert!(found.off(&values).iter().all(|value| *value < 130.0), "{:?}", found.off(&values));
        let next = (150..190).find(|at| fee(*at) > 0.0).unwrap();
        assert!((found.on(next, 100.0) - 1_000.0).abs() < 20.0);
        assert!((found.on(next + 1, 100.0) - 100.0).abs() < 1e-9);
    }
}
