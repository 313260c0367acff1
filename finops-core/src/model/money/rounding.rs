//! The ways to round, and the one decision each of them takes.
//!
//! The arithmetic divides magnitudes toward zero first; a [`Rounding`] only says whether the quotient then moves
//! one step away from zero. There is no default on purpose: a bill and a forecast round differently, and the
//! caller states which one is meant.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// How a result that has more decimals than wanted is rounded.
///
/// ```
/// use finops_core::model::money::{Money, Rounding};
///
/// let price: Money = "10.275".parse()?;
/// assert_eq!(price.round(2, Rounding::HalfUp)?.to_string(), "10.28");
/// assert_eq!(price.round(2, Rounding::Down)?.to_string(), "10.27");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest; a tie goes to the even neighbour.
    HalfEven,
    /// To the nearest; a tie goes away from zero, as on most invoices.
    HalfUp,
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
    /// Toward negative infinity.
    Floor,
    /// Toward positive infinity.
    Ceiling,
}

impl Rounding {
    /// Whether a quotient with a remainder moves away from zero; `half` compares the remainder with one half.
    pub(super) const fn moves_away(self, negative: bool, odd: bool, half: Ordering) -> bool {
        match self {
            Self::HalfEven => half.is_gt() || (half.is_eq() && odd),
            Self::HalfUp => half.is_ge(),
            Self::Down => false,
            Self::Up => true,
            Self::Floor => negative,
            Self::Ceiling => !negative,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Money;

    #[test]
    fn each_mode_rounds_ties_and_signs_its_own_way() {
        let table = [
            (Rounding::HalfEven, ["2", "4", "3", "-2", "-4", "-3"]),
            (Rounding::HalfUp, ["3", "4", "3", "-3", "-4", "-3"]),
            (Rounding::Down, ["2", "3", "2", "-2", "-3", "-2"]),
            (Rounding::Up, ["3", "4", "3", "-3", "-4", "-3"]),
            (Rounding::Floor, ["2", "3", "2", "-3", "-4", "-3"]),
            (Rounding::Ceiling, ["3", "4", "3", "-2", "-3", "-2"]),
        ];
        for (mode, wanted) in table {
            for (text, want) in ["2.5", "3.5", "2.6", "-2.5", "-3.5", "-2.6"].into_iter().zip(wanted) {
                let money: Money = text.parse().unwrap();
                assert_eq!(money.round(0, mode).unwrap().to_string(), want, "{text} by {mode:?}");
            }
        }
    }

    #[test]
    fn the_names_in_json_are_snake_case() {
        assert_eq!(serde_json::to_string(&Rounding::HalfEven).unwrap(), "\"half_even\"");
        assert_eq!(serde_json::from_str::<Rounding>("\"half_up\"").unwrap(), Rounding::HalfUp);
    }
}
