//! Exact sums of amounts that were converted by a rate, and the rounding of such sums as a whole.
//!
//! An amount of 18 decimals times a rate of 18 has 36. [`ExactSum`] keeps all of them, so that converting and then
//! adding rounds once, at the end, and the order of the rows never shows. Which rate applies is decided elsewhere.

use ethnum::{I256, U256};

use super::fixed;
use super::rounding::Rounding;
use super::split::hand_out;
use super::value::{Money, Quantity};
use crate::{Error, Result};

/// An exact running sum of amounts and converted amounts, in 256 bits with 36 decimals.
///
/// ```
/// use finops_core::model::money::{ExactSum, Money, Rounding};
///
/// let mut sum = ExactSum::default();
/// for _ in 0..3 {
///     sum.add_converted("0.000000000000000001".parse()?, "0.5".parse()?)?;
/// }
/// assert_eq!(sum.to_money(Rounding::HalfUp)?, "0.000000000000000002".parse()?);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ExactSum(I256);

/// What every fallible step leaves the magnitude below, so that plain additions never meet the end of the range.
const LIMIT: U256 = U256::from_words(1 << 126, 0);

impl ExactSum {
    /// Adds an amount.
    pub fn add(&mut self, amount: Money) {
        // One amount is below 2^187 here and the fallible steps stop at 2^254, so it would take 2^67 additions to
        // saturate. Even then the sum would be far outside of `Money`, and reading it an error.
        self.0 = self.0.saturating_add(at_36(amount));
    }

    /// Adds an amount converted by a rate, without rounding.
    pub fn add_converted(&mut self, amount: Money, rate: Quantity) -> Result<()> {
        let product = I256::from(amount.mantissa()).checked_mul(I256::from(rate.mantissa())).ok_or_else(too_large)?;
        self.accept(product)
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.accept(other.0)
    }

    /// The sum rounded to the 18 decimals of an amount.
    pub fn to_money(&self, rounding: Rounding) -> Result<Money> {
        self.round(fixed::SCALE, rounding)
    }

    /// The sum rounded once, from its 36 decimals straight to `decimals` decimals; 18 and more mean 18.
    pub fn round(&self, decimals: u32, rounding: Rounding) -> Result<Money> {
        // The divisor has at most 36 digits, and so fits.
        let step = fixed::step(decimals);
        let divisor = step.checked_mul(fixed::ONE_UNSIGNED).ok_or_else(too_large)?;
        fixed::div_round_wide(self.0.unsigned_abs(), divisor, self.0.is_negative(), rounding)
            .and_then(|steps| steps.checked_mul(i128::try_from(step).ok()?))
            .map(Money::from_mantissa)
            .ok_or_else(|| Error::overflow("the sum does not fit Money: sum over a shorter period or fewer rows"))
    }

    fn accept(&mut self, value: I256) -> Result<()> {
        let sum = self.0.checked_add(value).filter(|sum| sum.unsigned_abs() <= LIMIT).ok_or_else(too_large)?;
        self.0 = sum;
        Ok(())
    }
}

/// Rounds each of `parts` to 18 decimals such that they add up to `total`, which is their exact sum rounded.
///
/// Every part is rounded down, toward negative infinity, and the steps of 10^-18 that are then missing go to the
/// largest remainders, the earlier first among equals. A `total` that is one step or more away from the exact sum
/// is refused.
///
/// ```
/// use finops_core::model::money::{ExactSum, Money, Rounding, apportion};
///
/// let mut half = ExactSum::default();
/// half.add_converted("0.000000000000000001".parse()?, "0.5".parse()?)?;
/// let total: Money = "0.000000000000000001".parse()?;
/// assert_eq!(apportion(&[half, half], total)?, [total, Money::ZERO]);
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn apportion(parts: &[ExactSum], total: Money) -> Result<Vec<Money>> {
    apportion_at(parts, total, fixed::SCALE)
}

/// [`apportion`] for a total that was rounded to `decimals` decimals, as each part then is; 18 and more mean 18.
///
/// ```
/// use finops_core::model::money::{ExactSum, Money, apportion_at};
///
/// let mut third = ExactSum::default();
/// third.add("3.333".parse()?);
/// let parts = apportion_at(&[third, third, third], "10".parse()?, 2)?;
/// assert_eq!(parts, ["3.34".parse()?, "3.33".parse()?, "3.33".parse()?]);
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn apportion_at(parts: &[ExactSum], total: Money, decimals: u32) -> Result<Vec<Money>> {
    let step = i128::try_from(fixed::step(decimals)).map_err(|_| too_large())?;
    // At most 36 digits, far inside of 256 bits.
    let one = I256::from(fixed::ONE).saturating_mul(I256::from(step));
    let (mut floors, mut remainders) = (Vec::with_capacity(parts.len()), Vec::with_capacity(parts.len()));
    let (mut exact, mut floor_sum) = (I256::ZERO, I256::ZERO);
    for part in parts {
        let (floor, remainder) = (part.0.div_euclid(one), part.0.rem_euclid(one));
        exact = exact.checked_add(part.0).ok_or_else(too_large)?;
        floor_sum = floor_sum.checked_add(floor).ok_or_else(too_large)?;
        floors.push(floor);
        remainders.push(remainder.unsigned_abs());
    }
    let distance = at_36(total).checked_sub(exact).ok_or_else(too_large)?;
    if distance.unsigned_abs() >= one.unsigned_abs() {
        let message = format!("{total} is not the sum of the parts rounded to {} decimals", decimals.min(fixed::SCALE));
        return Err(Error::invalid("total", message));
    }
    if total.mantissa() % step != 0 {
        return Err(Error::invalid("total", format!("must have at most {decimals} decimals, got {total}")));
    }
    // Not negative, and not more than one step for each part with a remainder: the distance is below one step.
    let steps = I256::from(total.mantissa() / step);
    let missing = steps.checked_sub(floor_sum).and_then(|left| u128::try_from(left).ok());
    let mut gifts = vec![0; parts.len()];
    hand_out(&mut gifts, &remainders, missing.ok_or_else(too_large)?, 1);
    let round = |(floor, gift): (I256, u128)| {
        let part = floor.checked_add(I256::from(gift)).and_then(|part| i128::try_from(part).ok());
        part.and_then(|part| part.checked_mul(step)).map(Money::from_mantissa).ok_or_else(too_large)
    };
    floors.into_iter().zip(gifts).map(round).collect()
}

fn at_36(amount: Money) -> I256 {
    // At most 2^127 times 10^18, far inside of 256 bits.
    I256::from(amount.mantissa()).saturating_mul(I256::from(fixed::ONE))
}

fn too_large() -> Error {
    Error::overflow("the exact sum of converted amounts passes its range: convert at a smaller rate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    fn converted(amount: &str, rate: &str) -> ExactSum {
        let mut sum = ExactSum::default();
        sum.add_converted(amount.parse().unwrap(), rate.parse().unwrap()).unwrap();
        sum
    }

    #[test]
    fn converting_rounds_once_for_the_whole_sum() {
        let third = converted("1", "0.333333333333333333");
        let mut sum = ExactSum::default();
        for _ in 0..3 {
            sum.merge(&third).unwrap();
        }
        sum.add("0.000000000000000001".parse().unwrap());
        assert_eq!(sum.to_money(Rounding::Down).unwrap(), Money::from_units(1));
        let mut signs = converted("-0.000000000000000001", "0.5");
        assert_eq!(signs.to_money(Rounding::Floor).unwrap().mantissa(), -1);
        assert_eq!(signs.to_money(Rounding::HalfEven).unwrap(), Money::ZERO);
        signs.merge(&converted("0.000000000000000001", "0.5")).unwrap();
        assert_eq!(signs, ExactSum::default());
    }

    #[test]
    fn a_sum_out_of_range_is_an_error_and_changes_nothing() {
        let mut sum = ExactSum::default();
        let lowest = Quantity::MIN;
        sum.add_converted(Money::MIN, lowest).unwrap();
        let before = sum;
        assert_eq!(sum.add_converted(Money::MIN, lowest).unwrap_err().code(), ErrorCode::Overflow);
        assert_eq!(sum.merge(&before).unwrap_err().code(), ErrorCode::Overflow);
        assert_eq!(sum, before);
        assert_eq!(sum.to_money(Rounding::HalfEven).unwrap_err().code(), ErrorCode::Overflow);
        sum.add_converted(Money::MAX, lowest).unwrap();
        assert_eq!(sum.to_money(Rounding::Down).unwrap(), "170.141183460469231731".parse().unwrap());
    }

    #[test]
    fn parts_add_up_to_the_rounded_total() {
        let parts = [converted("0.000000000000000001", "0.4"), converted("-0.000000000000000001", "0.3")];
        assert_eq!(
            apportion(&parts, Money::ZERO).unwrap().iter().map(|part| part.mantissa()).collect::<Vec<_>>(),
            [0, 0]
        );
        assert_eq!(apportion(&parts[..1], Money::ZERO).unwrap(), [Money::ZERO]);
        assert_eq!(apportion(&[], Money::ZERO).unwrap(), []);
        let error = apportion(&parts, Money::from_units(1)).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("total")));
    }
}
