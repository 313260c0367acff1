//! Arithmetic on bare mantissas: numbers of 10^-18 in an `i128`, shared by `Money` and `Quantity`.
//!
//! Everything here returns `None` when the exact result does not fit; the public types turn that into an error
//! that names them. Products pass through 256 bits, so nothing is lost before the one stated rounding. Text is
//! read and written in `text`.

use ethnum::{I256, U256};

use super::rounding::Rounding;

/// How many decimals a mantissa has.
pub(super) const SCALE: u32 = 18;

/// The mantissa of 1.
pub(super) const ONE: i128 = 10_i128.pow(SCALE);

/// [`ONE`] as a divisor of magnitudes.
pub(super) const ONE_UNSIGNED: u128 = 10_u128.pow(SCALE);

/// The mantissa of one step at `decimals` decimals; 18 and more mean the last digit.
pub(super) fn step(decimals: u32) -> u128 {
    steps(SCALE.saturating_sub(decimals))
}

/// How many steps at `decimals` decimals make 1; 18 is the most.
pub(super) fn steps(decimals: u32) -> u128 {
    // In 64 bits, which hold it, that is several times faster.
    10_u64.pow(decimals.min(SCALE)).into()
}

/// Puts a sign on a magnitude.
pub(super) fn signed(negative: bool, magnitude: u128) -> Option<i128> {
    if negative { 0_i128.checked_sub_unsigned(magnitude) } else { 0_i128.checked_add_unsigned(magnitude) }
}

/// Divides a magnitude by a divisor above zero and rounds as the signed value would be rounded.
pub(super) fn div_round(magnitude: u128, divisor: u128, negative: bool, rounding: Rounding) -> Option<u128> {
    let quotient = magnitude.checked_div(divisor)?;
    // Cheaper than a second division, and exact: the product is no more than the magnitude.
    let rest = magnitude.checked_sub(quotient.checked_mul(divisor)?)?;
    // Compared with what is missing to the next step, because doubling the rest could overflow.
    let half = rest.cmp(&divisor.checked_sub(rest)?);
    let away = rest != 0 && rounding.moves_away(negative, quotient % 2 == 1, half);
    quotient.checked_add(u128::from(away))
}

/// [`div_round`] for magnitudes of up to 256 bits, whose quotient must fit the signed 128 again.
pub(super) fn div_round_wide(magnitude: U256, divisor: u128, negative: bool, rounding: Rounding) -> Option<i128> {
    if let Ok(narrow) = u128::try_from(magnitude) {
        // The usual case by far, and several times faster.
        return signed(negative, div_round(narrow, divisor, negative, rounding)?);
    }
    let divisor = U256::from(divisor);
    let quotient = u128::try_from(magnitude.checked_div(divisor)?).ok()?;
    let rest = magnitude.checked_rem(divisor)?;
    let half = rest.cmp(&divisor.checked_sub(rest)?);
    let away = rest != U256::ZERO && rounding.moves_away(negative, quotient % 2 == 1, half);
    signed(negative, quotient.checked_add(u128::from(away))?)
}

/// The product of two magnitudes.
pub(super) fn product(left: u128, right: u128) -> Option<U256> {
    match left.checked_mul(right) {
        // The usual case by far, and several times faster.
        Some(narrow) => Some(U256::from(narrow)),
        None => U256::from(left).checked_mul(U256::from(right)),
    }
}

/// The product at 18 decimals.
pub(super) fn mul(left: i128, right: i128, rounding: Rounding) -> Option<i128> {
    let negative = left.is_negative() != right.is_negative();
    let (left, right) = (left.unsigned_abs(), right.unsigned_abs());
    div_round_wide(product(left, right)?, ONE_UNSIGNED, negative, rounding)
}

/// The quotient by a whole number above zero, at 18 decimals.
pub(super) fn div_int(value: i128, divisor: u64, rounding: Rounding) -> Option<i128> {
    let negative = value.is_negative();
    signed(negative, div_round(value.unsigned_abs(), divisor.into(), negative, rounding)?)
}

/// The value rounded to `decimals` decimals.
pub(super) fn round(value: i128, decimals: u32, rounding: Rounding) -> Option<i128> {
    if decimals >= SCALE {
        return Some(value);
    }
    let (negative, step) = (value.is_negative(), step(decimals));
    signed(negative, div_round(value.unsigned_abs(), step, negative, rounding)?.checked_mul(step)?)
}

/// The exact sum; only the total has to fit, not what passes on the way.
pub(super) fn sum(values: impl Iterator<Item = i128>) -> Option<i128> {
    let (mut wide, mut narrow) = (I256::ZERO, 0_i128);
    for value in values {
        narrow = if let Some(next) = narrow.checked_add(value) {
            next
        } else {
            wide = wide.checked_add(I256::from(narrow))?;
            value
        };
    }
    i128::try_from(wide.checked_add(I256::from(narrow))?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_256_bits_is_rounded_once() {
        let large = i128::MAX / 3;
        assert_eq!(mul(large, ONE, Rounding::HalfEven), Some(large));
        assert_eq!(mul(large, -ONE, Rounding::HalfEven), Some(-large));
        assert_eq!(mul(large, ONE / 3, Rounding::Down), Some(18_904_575_940_052_136_840_171_791_139_490_541_554));
        assert_eq!(mul(i128::MIN, i128::MIN, Rounding::Down), None);
        assert_eq!(mul(i128::MIN, ONE, Rounding::Down), Some(i128::MIN));
    }

    #[test]
    fn partial_sums_may_pass_the_range() {
        assert_eq!(sum([i128::MAX, i128::MAX, i128::MIN, i128::MIN, 7].into_iter()), Some(5));
        assert_eq!(sum([i128::MAX, 1].into_iter()), None);
        assert_eq!(sum([i128::MIN, -1].into_iter()), None);
    }

    #[test]
    fn rounding_out_of_the_range_is_refused() {
        assert_eq!(round(i128::MAX, 0, Rounding::Up), None);
        assert_eq!(round(i128::MIN, 18, Rounding::Up), Some(i128::MIN));
        assert_eq!(div_int(i128::MIN, 1, Rounding::Up), Some(i128::MIN));
        assert_eq!(div_int(1, 0, Rounding::Up), None);
    }
}
