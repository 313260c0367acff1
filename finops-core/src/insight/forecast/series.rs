//! A series as it comes in, checked once.

use super::calendar::Calendar;
use crate::{Error, Result};

/// Values at equal steps of time.
///
/// `None` is unknown, which is not zero: a gap is neither fitted nor counted as an error, and unknown values at the
/// beginning mean that the thing did not exist yet. Unknown values at the end are forecast over: the first step of a
/// forecast is always the one after the last value, known or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    values: Vec<Option<f64>>,
    season_length: usize,
    more_seasons: Vec<usize>,
    calendar: Option<Calendar>,
    non_negative: bool,
}

impl Series {
    /// A series with gaps. `season_length` counts the values of a season: 12 for months, 7 for days, 1 for none.
    ///
    /// # Errors
    /// `invalid_argument` for a value that is no finite number and for a season of length 0.
    pub fn new(values: Vec<Option<f64>>, season_length: usize) -> Result<Self> {
        for (at, value) in values.iter().enumerate() {
            if let Some(value) = value.filter(|value| !value.is_finite()) {
                let message = format!("value {at} is {value}: give finite numbers, and null for what is unknown");
                return Err(Error::invalid("values", message));
            }
        }
        if season_length == 0 {
            return Err(Error::invalid("season_length", "must be at least 1, which means no season; got 0"));
        }
        Ok(Self { values, season_length, more_seasons: Vec::new(), calendar: None, non_negative: false })
    }

    /// A series without gaps.
    ///
    /// # Errors
    /// As [`Series::new`].
    pub fn of(values: &[f64], season_length: usize) -> Result<Self> {
        Self::new(values.iter().copied().map(Some).collect(), season_length)
    }

    /// The same values with the dates that they belong to.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = Some(calendar);
        self
    }

    /// The same values with longer seasons beside the first, such as 168 beside 24 for hours.
    #[must_use]
    pub fn with_more_seasons(mut self, lengths: &[usize]) -> Self {
        self.more_seasons = lengths.iter().copied().filter(|length| *length > 1).collect();
        self
    }

    /// Says that values below zero cannot be. Forecasts and bounds then stop at zero, unless a value of the history
    /// is negative after all, such as a credit.
    #[must_use]
    pub fn non_negative(mut self) -> Self {
        self.non_negative = true;
        self
    }

    /// The values.
    pub fn values(&self) -> &[Option<f64>] {
        &self.values
    }

    /// How many values make a season.
    pub fn season_length(&self) -> usize {
        self.season_length
    }

    /// The longer seasons beside the first.
    pub fn more_seasons(&self) -> &[usize] {
        &self.more_seasons
    }

    /// The dates of the values, where they are known.
    pub fn calendar(&self) -> Option<&Calendar> {
        self.calendar.as_ref()
    }

    /// Whether forecasts stop at zero: the caller says so, and the history agrees.
    pub fn stops_at_zero(&self) -> bool {
        self.non_negative && self.values.iter().flatten().all(|value| *value >= 0.0)
    }

    /// How many values are known.
    pub fn known(&self) -> usize {
        self.values.iter().flatten().count()
    }

    /// The series as it was when it had `length` values.
    #[must_use]
    pub fn until(&self, length: usize) -> Self {
        Self { values: self.values.iter().take(length).copied().collect(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = Series::of(&[1.0, bad], 1).unwrap_err();
            assert_eq!(error.field(), Some("values"));
            assert!(error.to_string().contains("value 1 is"), "{error}");
        }
        assert_eq!(Series::of(&[1.0], 0).unwrap_err().field(), Some("season_length"));
    }

    #[test]
    fn a_credit_says_that_there_are_negative_values() {
        assert!(Series::of(&[1.0, 0.0], 1).unwrap().non_negative().stops_at_zero());
        assert!(!Series::of(&[1.0, -1.0], 1).unwrap().non_negative().stops_at_zero());
        assert!(!Series::of(&[1.0, 0.0], 1).unwrap().stops_at_zero());
    }

    #[test]
    fn an_earlier_series_has_fewer_values() {
        let series = Series::new(vec![None, Some(1.0), None, Some(2.0)], 7).unwrap();
        assert_eq!((series.known(), series.until(3).known()), (2, 1));
        assert_eq!(series.until(3).season_length(), 7);
    }
}
