//! Sharing a total among weights so that the parts add up to it exactly.
//!
//! The method is the largest remainder: everyone gets the whole steps of their ideal share, and what is left goes,
//! one step each, to those who lost most by rounding down. Who takes part and with which weight is decided by the
//! allocation rules above.

use ethnum::U256;

use super::fixed;
use super::value::{Money, Quantity};
use crate::{Error, Result};

/// Splits `total` by `weights` into parts of `decimals` decimals (0 to 18) that add up to it exactly.
///
/// Each part is less than one step of `decimals` away from its ideal share. The largest remainders get the steps
/// that are left; equal remainders are served in the order of the weights. When `total` itself has more decimals
/// than that, its residue below one step goes whole to the next in the same order, so at most one part has more
/// decimals. A negative total is split as its positive mirror image. A weight of zero gets nothing; weights below
/// zero, and weights that are all zero, are refused.
///
/// ```
/// use finops_core::model::money::{Money, Quantity, split};
///
/// let thirds = [Quantity::from_units(1); 3];
/// let parts = split("0.05".parse()?, &thirds, 2)?;
/// let texts: Vec<String> = parts.iter().map(Money::to_string).collect();
/// assert_eq!(texts, ["0.02", "0.02", "0.01"]);
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn split(total: Money, weights: &[Quantity], decimals: u32) -> Result<Vec<Money>> {
    let mut weight_sum = U256::ZERO;
    for (position, weight) in weights.iter().enumerate() {
        if weight.is_negative() {
            return Err(Error::invalid("weights", format!("must be 0 or more, got {weight} at position {position}")));
        }
        weight_sum = weight_sum.checked_add(magnitude(*weight)).ok_or_else(too_large)?;
    }
    if weight_sum == U256::ZERO {
        return Err(Error::invalid("weights", "at least one must be above 0: there is nobody to share with"));
    }
    let step = fixed::step(decimals);
    let amount = total.mantissa().unsigned_abs();
    let (mut parts, mut remainders) = (Vec::with_capacity(weights.len()), Vec::with_capacity(weights.len()));
    let divisor = weight_sum.checked_mul(U256::from(step)).ok_or_else(too_large)?;
    let mut left = amount;
    for weight in weights {
        // The ideal share times the sum of the weights: dividing only once keeps the remainder exact.
        let share = U256::from(amount).checked_mul(magnitude(*weight)).ok_or_else(too_large)?;
        let (steps, remainder) = (share / divisor, share % divisor);
        let part = u128::try_from(steps).ok().and_then(|steps| steps.checked_mul(step)).ok_or_else(too_large)?;
        left = left.checked_sub(part).ok_or_else(too_large)?;
        parts.push(part);
        remainders.push(remainder);
    }
    hand_out(&mut parts, &remainders, left, step);
    let sign = |part| fixed::signed(total.is_negative(), part).map(Money::from_mantissa).ok_or_else(too_large);
    parts.into_iter().map(sign).collect()
}

/// Gives `left` away in steps, the largest remainder first and the earlier first among equals.
///
/// The last to get something gets what is then left, which may be less than a step.
pub(super) fn hand_out(parts: &mut [u128], remainders: &[U256], mut left: u128, step: u128) {
    if left == 0 {
        return;
    }
    let mut queue: Vec<(&U256, &mut u128)> = remainders.iter().zip(parts).collect();
    queue.sort_by(|(one, _), (other, _)| other.cmp(one));
    for (_, part) in queue {
        let gift = left.min(step);
        *part += gift;
        left -= gift;
        if left == 0 {
            return;
        }
    }
}

fn magnitude(weight: Quantity) -> U256 {
    U256::from(weight.mantissa().unsigned_abs())
}

fn too_large() -> Error {
    Error::overflow("the split does not fit 256 bits: use smaller weights")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    fn parts(total: &str, weights: &[&str], decimals: u32) -> Vec<String> {
        let weights: Vec<Quantity> = weights.iter().map(|weight| weight.parse().unwrap()).collect();
        let parts = split(total.parse().unwrap(), &weights, decimals).unwrap();
        assert_eq!(Money::try_sum(parts.clone()).unwrap(), total.parse().unwrap(), "{total} over {weights:?}");
        parts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_remainder_goes_to_those_who_lost_most() {
        assert_eq!(parts("0.05", &["1", "1", "1"], 2), ["0.02", "0.02", "0.01"]);
        assert_eq!(parts("0.0005", &["1", "1"], 4), ["0.0003", "0.0002"]);
        assert_eq!(parts("100.00", &["1", "2", "3"], 2), ["16.67", "33.33", "50"]);
        assert_eq!(parts("0.01", &["100", "1"], 2), ["0.01", "0"]);
        assert_eq!(parts("100", &["1", "1", "1"], 2), ["33.34", "33.33", "33.33"]);
        assert_eq!(parts("100", &["7", "11", "13", "17", "19"], 2), ["10.45", "16.42", "19.4", "25.37", "28.36"]);
        assert_eq!(parts("42.4242", &["0.003"], 2), ["42.4242"]);
    }

    #[test]
    fn minor_units_decide_the_step() {
        assert_eq!(parts("5", &["1", "1", "1"], 0), ["2", "2", "1"]);
        assert_eq!(parts("10", &["1", "1", "1"], 3), ["3.334", "3.333", "3.333"]);
        assert_eq!(parts("1", &["1", "2"], 18), ["0.333333333333333333", "0.666666666666666667"]);
    }

    #[test]
    fn negative_totals_mirror_the_positive_split() {
        assert_eq!(parts("-250.75", &["2", "3", "5"], 2), ["-50.15", "-75.23", "-125.37"]);
        assert_eq!(parts("-250.75", &["2", "3", "5"], 3), ["-50.15", "-75.225", "-125.375"]);
        assert_eq!(parts("-100", &["0.5", "0.5"], 2), ["-50", "-50"]);
        assert_eq!(parts("-0.05", &["1", "1", "1"], 2), ["-0.02", "-0.02", "-0.01"]);
    }

    #[test]
    fn a_residue_below_the_step_goes_to_one_part() {
        assert_eq!(parts("0.0567", &["1", "1", "1"], 2), ["0.02", "0.02", "0.0167"]);
        assert_eq!(parts("0.0003", &["0", "1", "1"], 2), ["0", "0.0003", "0"]);
    }

    #[test]
    fn the_extremes_fit() {
        let most = [Quantity::MAX, Quantity::MAX];
        let whole = split(Money::MIN, &most, 18).unwrap();
        assert_eq!(Money::try_sum(whole).unwrap(), Money::MIN);
        assert_eq!(split(Money::ZERO, &most, 2).unwrap(), [Money::ZERO; 2]);
    }

    #[test]
    fn weights_that_cannot_share_are_refused() {
        for weights in [&[][..], &["0", "0"], &["1.5", "-0.5"]] {
            let weights: Vec<Quantity> = weights.iter().map(|weight| weight.parse().unwrap()).collect();
            let error = split(Money::from_units(1), &weights, 2).unwrap_err();
            assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("weights")));
        }
    }
}
