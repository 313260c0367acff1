//! The forms of complex exponential smoothing, and where their parameters are stable.

use std::fmt;

/// How a series has a season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Not at all.
    None,
    /// Each place of the season goes its own way.
    Simple,
    /// Indices that are added.
    Partial,
    /// Indices that are added and grow or shrink with the level.
    Full,
}

impl Form {
    /// How many parameters are searched for.
    pub(crate) fn parameters(self) -> usize {
        match self {
            Self::None | Self::Simple => 2,
            Self::Partial => 3,
            Self::Full => 4,
        }
    }

    /// How many states it starts from; a value and its potential in a season are taken for one.
    pub(crate) fn states(self, period: usize) -> usize {
        match self {
            Self::None => 2,
            Self::Simple => period,
            Self::Partial | Self::Full => 2 + period,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str(match self {
            Self::None => "CES(N)",
            Self::Simple => "CES(S)",
            Self::Partial => "CES(P)",
            Self::Full => "CES(F)",
        })
    }
}

/// A complex smoothing parameter: a real and an imaginary part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Complex {
    pub real: f64,
    pub imaginary: f64,
}

impl Complex {
    /// Nothing is learnt.
    pub(crate) const ZERO: Self = Self { real: 0.0, imaginary: 0.0 };

    /// Whether old values are forgotten: the eigenvalues of the discount matrix lie within the unit circle.
    pub(crate) fn is_stable(self) -> bool {
        let Self { real, imaginary } = self;
        let trace = 2.0 - 2.0 * real + imaginary;
        let determinant = (1.0 - real + imaginary) * (1.0 - real) + (1.0 - imaginary) * (1.0 - real - imaginary);
        determinant.abs() < 1.0 && trace.abs() < 1.0 + determinant
    }

    /// By what a forecast is multiplied with each step in the long run: the largest eigenvalue of the transition.
    pub(crate) fn growth(self) -> f64 {
        let trace = 2.0 - self.real;
        let determinant = 2.0 - self.real - self.imaginary;
        let root = trace * trace / 4.0 - determinant;
        if root < 0.0 { determinant.max(0.0).sqrt() } else { trace / 2.0 + root.sqrt() }
    }
}
