//! How sure an interval is to be.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The share of outcomes that an interval is to cover, strictly between 0 and 1.
///
/// ```
/// use finops_core::insight::forecast::Level;
///
/// assert_eq!(Level::new(0.95)?.key(), "0.95");
/// assert!(Level::new(95.0).is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Level(f64);

impl Level {
    /// A level, such as 0.8.
    ///
    /// # Errors
    /// `invalid_argument` for what does not lie strictly between 0 and 1.
    pub fn new(share: f64) -> Result<Self> {
        if share > 0.0 && share < 1.0 {
            return Ok(Self(share));
        }
        Err(Error::invalid("levels", format!("a level lies strictly between 0 and 1, such as 0.95; got {share}")))
    }

    /// The share as a number.
    pub fn share(self) -> f64 {
        self.0
    }

    /// The share as the shortest text that means it: the key of `lower` and `upper` in answers.
    pub fn key(self) -> String {
        self.0.to_string()
    }

    /// Levels as a caller lists them.
    ///
    /// # Errors
    /// `invalid_argument` for one outside (0, 1) and for one that is listed twice.
    pub fn list(shares: &[f64]) -> Result<Vec<Self>> {
        let levels: Vec<Self> = shares.iter().map(|share| Self::new(*share)).collect::<Result<_>>()?;
        distinct(&levels)?;
        Ok(levels)
    }
}

/// Refuses a level that stands there twice: its key would.
pub(super) fn distinct(levels: &[Level]) -> Result<()> {
    for (at, level) in levels.iter().enumerate() {
        if levels.iter().take(at).any(|other| other == level) {
            return Err(Error::invalid("levels", format!("{} is listed twice", level.key())));
        }
    }
    Ok(())
}

impl TryFrom<f64> for Level {
    type Error = Error;

    fn try_from(share: f64) -> Result<Self> {
        Self::new(share)
    }
}

impl From<Level> for f64 {
    fn from(level: Level) -> Self {
        level.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_share() {
        for share in [0.0, 1.0, -0.5, 80.0, f64::NAN, f64::INFINITY] {
            let error = Level::new(share).unwrap_err();
            assert_eq!(error.field(), Some("levels"), "{share}");
        }
        assert_eq!(Level::new(0.8).unwrap().key(), "0.8");
        assert!(Level::list(&[0.8, 0.95, 0.8]).unwrap_err().to_string().contains("0.8 is listed twice"));
    }
}
