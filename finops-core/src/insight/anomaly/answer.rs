//! What a detector answers: records of anomalies, and what was expected of each value.

use serde::{Deserialize, Serialize};

/// What kind of anomaly it is, as far as is known: a spike that stays becomes a level shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// More than expected, for a short while.
    Spike,
    /// Less than expected, for a short while.
    Drop,
    /// It stays at another level.
    LevelShift,
    /// It grows or shrinks step by step.
    Ramp,
    /// There was nothing, and now there is.
    Onset,
    /// There was something, and now there is nothing.
    Disappearance,
    /// Usual at another time, unusual now: a weekend that costs as much as a weekday.
    Contextual,
    /// Below zero where costs were expected: money comes back.
    Credit,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Spike,
        Self::Drop,
        Self::LevelShift,
        Self::Ramp,
        Self::Onset,
        Self::Disappearance,
        Self::Contextual,
        Self::Credit,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Drop => "drop",
            Self::LevelShift => "level_shift",
            Self::Ramp => "ramp",
            Self::Onset => "onset",
            Self::Disappearance => "disappearance",
            Self::Contextual => "contextual",
            Self::Credit => "credit",
        }
    }
}

/// On which side of the expected an anomaly lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More than expected.
    Up,
    /// Less than expected.
    Down,
}

impl Direction {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    /// The sign of deviations on this side.
    pub(super) const fn sign(self) -> f64 {
        match self {
            Self::Up => 1.0,
            Self::Down => -1.0,
        }
    }
}

/// One anomaly, from its first value to its last one so far. The first never changes, so that it identifies the
/// record; all else may grow with the next value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// The place of its first value, counted from 0.
    pub start_index: usize,
    /// The place of its last value, inclusive: while it is ongoing, of the last one that surely belongs to it.
    pub end_index: usize,
    /// What it looks like.
    pub kind: Kind,
    /// On which side of the expected it lies.
    pub direction: Direction,
    /// What was expected of its known values together.
    pub expected: f64,
    /// What its known values add up to.
    pub actual: f64,
    /// `actual - expected`.
    pub impact: f64,
    /// How far its farthest value lies from the expected, in half-widths of the 95 % band; above `threshold` where a
    /// single value was enough.
    pub score: f64,
    /// Whether the next value may still belong to it.
    pub ongoing: bool,
}

impl Anomaly {
    /// How many steps of time it covers, unknown values among them.
    pub const fn duration(&self) -> usize {
        self.end_index - self.start_index + 1
    }
}

/// What a value led to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The place of the value, counted from 0.
    pub index: usize,
    /// What was expected of it before it was known; `None` while too little is known.
    pub expected: Option<f64>,
    /// The anomaly that runs, or that ended with it, as far as is known now: it replaces the one with the same start. A
    /// new one ends the one before.
    pub anomaly: Option<Anomaly>,
}

impl Step {
    /// Whether an anomaly runs with the value, as far as is known with it.
    pub fn is_unusual(&self) -> bool {
        self.anomaly.is_some_and(|anomaly| anomaly.ongoing || anomaly.end_index == self.index)
    }
}

/// What a detector found in a series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Detection {
    /// What was expected of each value before it was known, as many as there are values. `None` while the detector
    /// still learnt.
    pub expected: Vec<Option<f64>>,
    /// The anomalies, by their start; no two overlap.
    pub anomalies: Vec<Anomaly>,
}

impl Detection {
    /// Adds what the next value led to.
    pub fn take(&mut self, step: Step) {
        self.expected.push(step.expected);
        let Some(anomaly) = step.anomaly else { return };
        match self.anomalies.last_mut() {
            Some(last) if last.start_index == anomaly.start_index => *last = anomaly,
            Some(last) => {
                last.ongoing = false;
                self.anomalies.push(anomaly);
            }
            None => self.anomalies.push(anomaly),
        }
    }
}
