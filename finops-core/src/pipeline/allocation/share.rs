//! Sharing out by weights that may be below zero, so that the parts add up to the whole.
//!
//! The method is the largest remainder, as of [`split`](crate::model::money::split), which it agrees with for weights of
//! 0 or more. A weight below zero stands for a part of the other sign: what is left of a pool that is smaller than the
//! amounts that are taken from it.

use crate::model::money::Money;
use crate::{Error, Result};
use ethnum::I256;

/// Shares, brought to the smallest whole numbers of the same ratio. Their sum is above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shares {
    weights: Vec<i128>,
    sum: i128,
}

impl Shares {
    /// Shares whose sum is not zero; none where it is.
    ///
    /// # Errors
    /// `overflow` when their magnitudes together do not fit.
    pub(super) fn new(mut weights: Vec<i128>) -> Result<Option<Self>> {
        let magnitude = |sum: i128, weight: &i128| sum.checked_add(weight.checked_abs()?);
        weights.iter().try_fold(0, magnitude).ok_or_else(too_large)?;
        let mut sum: i128 = weights.iter().sum();
        if sum == 0 {
            return Ok(None);
        }
        // Small numbers divide fast, and what is the same in all weights does not change the ratio.
        let divisor = weights.iter().fold(0, |divisor, weight| common(divisor, weight.unsigned_abs()));
        let divisor = i128::try_from(divisor).map_err(|_| too_large())? * sum.signum();
        for weight in &mut weights {
            *weight /= divisor;
        }
        sum /= divisor;
        Ok(Some(Self { weights, sum }))
    }

    /// The parts of a total, to `decimals` decimals; what the total has beyond them goes along with one part.
    ///
    /// # Errors
    /// `overflow` when a part does not fit.
    pub(super) fn split(&self, total: i128, decimals: u32) -> Result<Vec<i128>> {
        if total == 0 {
            return Ok(vec![0; self.weights.len()]);
        }
        if let [_] = self.weights.as_slice() {
            return Ok(vec![total]);
        }
        let step = 10_i128.pow(Money::SCALE.saturating_sub(decimals));
        let amount = total.checked_abs().ok_or_else(too_large)?;
        let (mut parts, mut remainders) = (Vec::with_capacity(self.weights.len()), Vec::new());
        remainders.reserve(self.weights.len());
        let mut left = amount;
        for weight in &self.weights {
            let (steps, remainder) = self.share(amount, *weight, step)?;
            let part = steps.checked_mul(step).ok_or_else(too_large)?;
            left = left.checked_sub(part).ok_or_else(too_large)?;
            parts.push(part);
            remainders.push(remainder);
        }
        hand_out(&mut parts, &remainders, left, step);
        if total < 0 {
            parts.iter_mut().for_each(|part| *part = -*part);
        }
        Ok(parts)
    }

    /// How many whole steps of an amount a weight has, and what is left of its share.
    fn share(&self, amount: i128, weight: i128, step: i128) -> Result<(i128, I256)> {
        // Nearly always everything fits, and then this is many times as fast.
        if let (Some(share), Some(divisor)) = (amount.checked_mul(weight), self.sum.checked_mul(step)) {
            return Ok((share.div_euclid(divisor), I256::from(share.rem_euclid(divisor))));
        }
        // At most 2^127 times 2^127, and 2^127 times 10^18: both inside of 256 bits.
        let share = I256::from(amount).saturating_mul(I256::from(weight));
        let divisor = I256::from(self.sum).saturating_mul(I256::from(step));
        let steps = i128::try_from(share.div_euclid(divisor)).map_err(|_| too_large())?;
        Ok((steps, share.rem_euclid(divisor)))
    }
}

/// Gives what is left away in steps, the largest remainder first and the earlier first among equals; the last to get
/// something gets what is then left, which may be less than a step.
fn hand_out(parts: &mut [i128], remainders: &[I256], mut left: i128, step: i128) {
    if left == 0 {
        return;
    }
    let mut queue: Vec<(&I256, &mut i128)> = remainders.iter().zip(parts).collect();
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

/// The greatest common divisor; that of 0 and a number is the number.
fn common(mut one: u128, mut other: u128) -> u128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

fn too_large() -> Error {
    Error::overflow("a share does not fit: allocate a shorter period, or take smaller weights")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::{Quantity, split};
    use proptest::prelude::*;

    const ONE: i128 = 10_i128.pow(18);

    #[test]
    fn a_weight_below_zero_is_a_part_of_the_other_sign() {
        let weights = Shares::new(vec![120, -20]).unwrap().unwrap();
        assert_eq!(weights.split(50 * ONE, 2).unwrap(), [60 * ONE, -10 * ONE]);
        assert_eq!(weights.split(-50 * ONE, 2).unwrap(), [-60 * ONE, 10 * ONE]);
        let mirrored = Shares::new(vec![-120, 20]).unwrap().unwrap();
        assert_eq!(mirrored, weights, "only the ratio counts");
        assert_eq!(Shares::new(vec![1, -1]).unwrap(), None);
        assert_eq!(Shares::new(vec![]).unwrap(), None);
        assert!(Shares::new(vec![i128::MAX, 1]).is_err());
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_split_of_money(
            total in prop_oneof![any::<i64>().prop_map(|total| i128::from(total) * ONE / 1_000), any::<i128>()],
            weights in proptest::collection::vec(prop_oneof![0_i128..9, 0..i128::MAX / 64], 1..20),
            decimals in 0_u32..19,
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0) && total > i128::MIN);
            let quantities: Vec<Quantity> = weights.iter().copied().map(Quantity::from_mantissa).collect();
            let wanted = split(Money::from_mantissa(total), &quantities, decimals).unwrap();
            let wanted: Vec<i128> = wanted.into_iter().map(Money::mantissa).collect();
            prop_assert_eq!(Shares::new(weights).unwrap().unwrap().split(total, decimals).unwrap(), wanted);
        }

        #[test]
        fn parts_add_up_whatever_their_signs(
            total in any::<i64>(),
            weights in proptest::collection::vec(-1_000_000_i128..1_000_000, 1..20),
            decimals in 0_u32..19,
        ) {
            let total = i128::from(total) * 10_i128.pow(12);
            if let Some(weights) = Shares::new(weights).unwrap() {
                let parts = weights.split(total, decimals).unwrap();
                prop_assert_eq!(parts.iter().sum::<i128>(), total);
            }
        }
    }
}
