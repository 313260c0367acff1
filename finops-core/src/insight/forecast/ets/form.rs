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
    /// Which of alpha, beta, gamma and phi it has.
    pub(crate) fn axes(self) -> [bool; 4] {
        [true, self.trend != Trend::None, self.season != Season::None, self.trend == Trend::Damped]
    }

    /// How many weights it has.
    pub(crate) fn weights(self) -> usize {
        self.axes().into_iter().filter(|has| *has).count()
    }

    /// How many states it starts from. The indices of a season have a given sum, so that one follows from the others.
    pub(crate) fn states(self, period: usize) -> usize {
        let slope = usize::from(self.trend != Trend::None);
        1 + slope + if self.season == Season::None { 0 } else { period.saturating_sub(1) }
    }

    /// Whether its forecasts are stable: additive errors upon a season that multiplies are not.
    pub(crate) fn is_usual(self) -> bool {
        self.error == Error::Multiplicative || self.season != Season::Multiplicative
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
