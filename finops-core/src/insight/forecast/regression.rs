//! Regression on the calendar: the days of a month, weekdays, fees at the start of a month, beside a level and a trend.
//!
//! Least squares that are drawn towards zero (Hoerl and Kennard 1970) and forget (Brown 1963): what is older than a
//! season or two of the calendar counts less.

use super::calendar::{Calendar, Frequency};
use super::fit::{Fit, Fitted};
use crate::insight::numerics::pow;
use chrono::Datelike;

/// After how many values one counts half.
const HALF_LIFE: f64 = 60.0;
/// How much coefficients are drawn towards zero, in values.
const RIDGE: f64 = 1.0;

/// The regression, unfitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regression {
    /// The dates.
    pub(crate) calendar: Calendar,
    /// The place of the first value in the calendar.
    pub(crate) first: usize,
}

/// The regression with its coefficients.
#[derive(Debug, Clone)]
pub(crate) struct FittedRegression {
    model: Regression,
    coefficients: Vec<f64>,
    fitted: Vec<f64>,
}

impl Regression {
    /// What the calendar says about a value: a constant, the time in half lives, and what its frequency knows.
    fn features(&self, at: usize, length: usize) -> Option<Vec<f64>> {
        let place = self.first + at;
        let date = self.calendar.date(place)?;
        let mut features = vec![1.0, (at as f64 - length as f64) / HALF_LIFE];
        let flag = |yes: bool| f64::from(u8::from(yes));
        match self.calendar.frequency() {
            Frequency::Hourly | Frequency::Daily => {
                features.extend((0..7).map(|day| flag(date.weekday().num_days_from_monday() == day)));
                features.push(flag(date.day() == 1));
                features.push(flag(date.succ_opt().is_some_and(|next| next.day() == 1)));
                if self.calendar.frequency() == Frequency::Hourly {
                    features.extend((0..24).map(|hour| flag(place % 24 == hour)));
                }
            }
            Frequency::Weekly => features.push(flag(date.day() <= 7)),
            Frequency::Monthly | Frequency::Quarterly | Frequency::Yearly => {
                let usual = match self.calendar.frequency() {
                    Frequency::Monthly => 30.436_875,
                    Frequency::Quarterly => 91.310_625,
                    _ => 365.2425,
                };
                let weekend: i64 = self.calendar.weekdays(place)?.iter().skip(5).sum();
                features.push((self.calendar.days(place)? as f64 - usual) / usual * 10.0);
                features.push((weekend as f64 - usual * 2.0 / 7.0) / usual * 10.0);
                features.extend((1..=12).map(|month| flag(date.month() == month)));
            }
        }
        Some(features)
    }

    fn run(self, coefficients: Vec<f64>, length: usize) -> Option<FittedRegression> {
        let mut found = FittedRegression { model: self, coefficients, fitted: Vec::new() };
        found.fitted = (0..length).map(|at| found.expected(at, length)).collect::<Option<_>>()?;
        found.fitted.iter().all(|value| value.is_finite()).then_some(found)
    }
}

impl Fit for Regression {
    type Fitted = FittedRegression;

    fn fit(&self, values: &[f64], _: usize) -> Option<FittedRegression> {
        let length = values.len();
        if length < 8 {
            return None;
        }
        let size = self.features(0, length)?.len();
        let mut products = vec![vec![0.0; size + 1]; size];
        for (at, value) in values.iter().enumerate() {
            let weight = pow(0.5, (length - 1 - at) as f64 / HALF_LIFE);
            let features = self.features(at, length)?;
            for (row, one) in features.iter().enumerate() {
                for (column, other) in features.iter().chain([value]).enumerate() {
                    products[row][column] += weight * one * other;
                }
            }
        }
        for (at, row) in products.iter_mut().enumerate().skip(1) {
            row[at] += RIDGE;
        }
        products[0][0] += 1e-9;
        self.run(solved(products)?, length)
    }
}

impl FittedRegression {
    fn expected(&self, at: usize, length: usize) -> Option<f64> {
        let mut features = self.model.features(at, length)?;
        // A trend is not believed for longer than it was seen to hold.
        features[1] = features[1].min(length as f64 / HALF_LIFE / 2.0);
        Some(features.iter().zip(&self.coefficients).map(|(one, other)| one * other).sum())
    }
}

impl Fitted for FittedRegression {
    fn mean(&self, horizon: usize) -> Vec<f64> {
        let length = self.fitted.len();
        (length..length + horizon).map(|at| self.expected(at, length).unwrap_or(f64::NAN)).collect()
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn label(&self) -> String {
        "Calendar".to_owned()
    }

    fn refilter(&self, values: &[f64]) -> Option<Self> {
        self.model.fit(values, 1)
    }
}

/// Solves linear equations by Gauss with pivots; the right side is the last column.
fn solved(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = rows.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let (above, below) = rows.split_at_mut(column + 1);
        let lead = &above[column];
        if lead[column] == 0.0 || !lead[column].is_finite() {
            return None;
        }
        for row in below {
            let share = row[column] / lead[column];
            row.iter_mut().zip(lead).skip(column).for_each(|(value, lead)| *value -= share * lead);
        }
    }
    let mut solution = vec![0.0; size];
    for at in (0..size).rev() {
        let known: f64 = (at + 1..size).map(|other| rows[at][other] * solution[other]).sum();
        solution[at] = (rows[at][size] - known) / rows[at][at];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily() -> Regression {
        let calendar = Calendar::new("2024-01-01".parse().unwrap(), Frequency::Daily);
        Regression { calendar, first: 0 }
    }

    #[test]
    fn weekdays_and_fees_are_learnt() {
        let model = daily();
        let value = |at: usize| {
            let date = model.calendar.date(at).unwrap();
            let weekend = date.weekday().num_days_from_monday() >= 5;
            100.0 - if weekend { 60.0 } else { 0.0 } + if date.day() == 1 { 500.0 } else { 0.0 }
        };
        let values: Vec<f64> = (0..200).map(value).collect();
        let mean = model.fit(&values, 7).unwrap().mean(60);
        for (step, mean) in mean.iter().enumerate() {
            let far = (mean - value(200 + step)).abs();
            assert!(far < if value(200 + step) > 200.0 { 250.0 } else { 20.0 }, "{step}: {mean}");
        }
    }

    #[test]
    fn equations_are_solved() {
        let rows = vec![vec![0.0, 2.0, 4.0], vec![3.0, 1.0, 5.0]];
        assert_eq!(solved(rows), Some(vec![1.0, 2.0]));
        assert_eq!(solved(vec![vec![0.0, 1.0]]), None);
    }

    #[test]
    fn too_few_values_say_nothing() {
        assert!(daily().fit(&[1.0; 7], 7).is_none());
    }
}
