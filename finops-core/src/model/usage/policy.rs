//! How late and how early events may come.

use crate::model::time::Lapse;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How late and how early events may come, and for how long a repeated one is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// An event that is older is refused as too late. By default 35 days.
    pub late: Lapse,
    /// How far the clock of who reports may be ahead. By default five minutes.
    pub future: Lapse,
    /// For how long after its time an event is known again. Not shorter than `late`. By default 35 days.
    pub window: Lapse,
}

impl Default for Policy {
    fn default() -> Self {
        let skew = Lapse::minutes(5);
        Self { late: Lapse::days(35), future: skew, window: Lapse::days(35) }
    }
}

impl Policy {
    /// # Errors
    /// `invalid_argument` when an event could still come that would no longer be known again, and be counted twice.
    pub fn check(&self) -> Result<()> {
        if self.window.micros() < self.late.micros() {
            let message = format!("must not be shorter than late, {}: got {}", self.late, self.window);
            return Err(Error::invalid("window", message));
        }
        Ok(())
    }
}
