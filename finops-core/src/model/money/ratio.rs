//! What part of a whole an amount is, and how often one quantity goes into another.

use ethnum::I256;

use super::fixed::{self, SCALE};
use super::{Money, Quantity, Rounding};
use crate::{Error, Result};

/// `part / whole`, rounded half to even at that many decimals (18 and more mean 18).
///
/// There is none for a whole of zero, and none that does not fit a quantity.
///
/// ```
/// use finops_core::model::money::{Money, ratio};
///
/// let (part, whole): (Money, Money) = ("1".parse()?, "3".parse()?);
/// assert_eq!(ratio(part, whole, 6), Some("0.333333".parse()?));
/// assert_eq!(ratio(part, Money::ZERO, 6), None);
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn ratio(part: Money, whole: Money, decimals: u32) -> Option<Quantity> {
    let negative = part.is_negative() != whole.is_negative();
    let decimals = decimals.min(SCALE);
    let scaled = fixed::product(part.mantissa().unsigned_abs(), fixed::steps(decimals))?;
    let whole = whole.mantissa().unsigned_abs();
    let steps = fixed::div_round_wide(scaled, whole, negative, Rounding::HalfEven)?;
    let step = i128::try_from(fixed::step(decimals)).ok()?;
    steps.checked_mul(step).map(Quantity::from_mantissa)
}

/// A wide number of steps of 10^-18 through a divisor, rounded half to even at 18 decimals; none when it does not fit a
/// quantity, and none for a divisor of zero.
pub(crate) fn quotient(steps: I256, divisor: u64) -> Option<Quantity> {
    let rounded = fixed::div_round_wide(steps.unsigned_abs(), divisor.into(), steps.is_negative(), Rounding::HalfEven)?;
    Some(Quantity::from_mantissa(rounded))
}

impl Quantity {
    /// The quotient, rounded once at that many decimals (18 and more mean 18); the divisor must be above 0.
    ///
    /// ```
    /// use finops_core::model::money::{Quantity, Rounding};
    ///
    /// let (used, pack): (Quantity, Quantity) = ("20000000000000001".parse()?, "10".parse()?);
    /// assert_eq!(used.checked_div(pack, 0, Rounding::Ceiling)?.to_string(), "2000000000000001");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn checked_div(self, divisor: Self, decimals: u32, rounding: Rounding) -> Result<Self> {
        let Some(by) = u128::try_from(divisor.mantissa()).ok().filter(|by| *by > 0) else {
            return Err(Error::invalid("divisor", format!("must be above 0, got {divisor}")));
        };
        let decimals = decimals.min(SCALE);
        let quotient = || {
            let scaled = fixed::product(self.mantissa().unsigned_abs(), fixed::steps(decimals))?;
            let steps = fixed::div_round_wide(scaled, by, self.is_negative(), rounding)?;
            steps.checked_mul(i128::try_from(fixed::step(decimals)).ok()?)
        };
        quotient()
            .map(Self::from_mantissa)
            .ok_or_else(|| Error::overflow(format!("{self} / {divisor} does not fit Quantity")))
    }
}
