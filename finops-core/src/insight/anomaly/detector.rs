//! The trait of detectors, and ours.

use super::answer::Detection;
use super::settings::Settings;
use super::watch::Watch;
use crate::insight::forecast::{Calendar, Series};
use crate::{Error, Result};
use std::fmt;

/// Finds what is unusual in a series. A host may bring its own.
pub trait AnomalyDetector: fmt::Debug + Send + Sync {
    /// The name by which it is asked for.
    fn name(&self) -> &str;

    /// What is unusual. The decision about a value uses only it and those before it.
    ///
    /// # Errors
    /// `invalid_argument` for settings that cannot be meant, and for too few values.
    fn detect(&self, series: &Series, settings: &Settings) -> Result<Detection>;
}

/// Ours: a robust seasonal baseline with a band as wide as the series' own noise asks. See [`Watch`] for how it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RobustBaseline;

impl RobustBaseline {
    /// Its name.
    pub const NAME: &str = "robust_baseline";

    /// How many values it must know before it judges: four seasons of up to 7 values, two longer ones, and no fewer
    /// than 8.
    pub const fn needs(season_length: usize) -> usize {
        let seasons = season_length.saturating_mul(if season_length <= 7 { 4 } else { 2 });
        if seasons < 8 { 8 } else { seasons }
    }

    /// A watch over a series that is fed value by value, as they become complete. It gives the same answers as
    /// [`detect`](AnomalyDetector::detect) on all values at once, which is how that is done.
    ///
    /// # Errors
    /// `invalid_argument` for a season of length 0 and for settings that cannot be meant.
    pub fn watch(season_length: usize, calendar: Option<Calendar>, settings: &Settings) -> Result<Watch> {
        Watch::new(season_length, calendar, settings)
    }
}

impl AnomalyDetector for RobustBaseline {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn detect(&self, series: &Series, settings: &Settings) -> Result<Detection> {
        let mut watch = Self::watch(series.season_length(), series.calendar().copied(), settings)?;
        let (needs, has) = (Self::needs(series.season_length()), series.known());
        if has < needs {
            return Err(Error::invalid("values", format!("needs {needs} values, has {has}")));
        }
        let values = series.values();
        let complete = values.len() - usize::from(settings.incomplete_last);
        let mut found = Detection::default();
        for value in values.iter().take(complete) {
            found.take(watch.push(*value)?);
        }
        if settings.incomplete_last {
            found.expected.push(watch.expected());
        }
        Ok(found)
    }
}
