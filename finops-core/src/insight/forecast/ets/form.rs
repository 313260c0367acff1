//! The forms of exponential smoothing: which parts a series has and how they act together.

use std::fmt;

/// How what is unexpected acts: as an amount, or as a share of what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Error {
    Additive,
    Multiplicative,
}

/// How the level moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trend {
    None,
    Additive,
    Damped,
}

/// How the season acts upon the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Season {
    None,
    Additive,
    Multiplicative,
}

/// One of the forms of Hyndman et al. (2008), such as ETS(M,Ad,M).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub error: Error,
    pub trend: Trend,
    pub season: Season,
}

impl Form {
    /// How many numbers are estimated: weights, states at the start and the variance.
    pub(crate) fn parameters(self, period: usize) -> usize {
        let trend = match self.trend {
            Trend::None => 0,
            Trend::Additive => 2,
            Trend::Damped => 3,
        };
        // The indices of a season have a given sum, so that one follows from the others.
        3 + trend + if self.season == Season::None { 0 } else { period }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self.error {
            Error::Additive => "A",
            Error::Multiplicative => "M",
        };
        let trend = match self.trend {
            Trend::None => "N",
            Trend::Additive => "A",
            Trend::Damped => "Ad",
        };
        let season = match self.season {
            Season::None => "N",
            Season::Additive => "A",
            Season::Multiplicative => "M",
        };
        write!(text, "ETS({error},{trend},{season})")
    }
}
