//! Sharing out by weights that may be below zero, so that the parts add up to the whole.
//!
//! The method is the largest remainder, as of [`split`](crate::model::money::split), which it agrees with for weights
//! of 0 or more. A weight below zero stands for a part of the other sign: what is left of a pool that is smaller than
//! the amounts that are taken from it.

use crate::model::money::Money;
use crate::{Error, Result};
use ethnum::I256;
use std::cmp::Reverse;

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
        let mut parts = self.narrow(amount, step).map_or_else(|| self.wide(amount, step), Ok)?;
        if total < 0 {
            for part in &mut parts {
                *part = -*part;
            }
        }
        Ok(parts)
    }

    /// The parts where all products fit 128 bits, which is nearly always so and many times as fast.
    fn narrow(&self, amount: i128, step: i128) -> Option<Vec<i128>> {
        let divisor = self.sum.checked_mul(step)?;
        let (mut parts, mut remainders) = (Vec::with_capacity(self.weights.len()), Vec::new());
        remainders.reserve_exact(self.weights.len());
        for weight in &self.weights {
            let share = amount.checked_mul(*weight)?;
            let steps = share.div_euclid(divisor);
            parts.push(steps.checked_mul(step)?);
            remainders.push(share.rem_euclid(divisor));
        }
        let given = parts.iter().try_fold(0_i128, |sum, part| sum.checked_add(*part))?;
        hand_out(&mut parts, remainders, amount.checked_sub(given)?, step);
        Some(parts)
    }

    fn wide(&self, amount: i128, step: i128) -> Result<Vec<i128>> {
        // At most 2^127 times 10^18, and below 2^127 times 2^127: both inside of 256 bits.
        let divisor = I256::from(self.sum).saturating_mul(I256::from(step));
        let (mut parts, mut remainders) = (Vec::with_capacity(self.weights.len()), Vec::new());
        let mut left = amount;
        for weight in &self.weights {
            let share = I256::from(amount).saturating_mul(I256::from(*weight));
            let steps = i128::try_from(share.div_euclid(divisor)).map_err(|_| too_large())?;
            let part = steps.checked_mul(step).ok_or_else(too_large)?;
            left = left.checked_sub(part).ok_or_else(too_large)?;
            parts.push(part);
            remainders.push(share.rem_euclid(divisor));
        }
        hand_out(&mut parts, remainders, left, step);
        Ok(parts)
    }
}

/// Gives what is left away in steps, the largest remainder first and the earlier first among equals; the last to get
/// something gets what is then left, which may be less than a step.
fn hand_out<R: Ord>(parts: &mut [i128], remainders: Vec<R>, left: i128, step: i128) {
    if left == 0 {
        return;
    }
    let last = usize::try_from((left - 1) / step).unwrap_or(usize::MAX);
    let mut queue: Vec<(Reverse<R>, usize)> = remainders.into_iter().map(Reverse).zip(0..).collect();
    if last >= queue.len() {
        return;
    }
    let (before, (_, place), _) = queue.select_nth_unstable(last);
    if let Some(part) = parts.get_mut(*place) {
        *part += left - step * i128::try_from(last).unwrap_or(0);
    }
    for (_, place) in before {
        if let Some(part) = parts.get_mut(*place) {
            *part += step;
        }
    }
}

/// The greatest common divisor; that of 0 and a number is the number.
fn common(mut one: u128, mut other: u128) -> u128 {
    while other != 0 && one != 1 {
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

    #[test]
    fn a_share_near_the_least_that_fits_is_cut_the_same_both_ways() {
        let (weight, step) = (10_i128.pow(19) + 1, 10_i128.pow(18));
        let shares = Shares::new(vec![-weight, weight, weight - 1]).unwrap().unwrap();
        let amount = i128::MAX / weight;
        assert_eq!(shares.narrow(amount, step).unwrap(), shares.wide(amount, step).unwrap());
    }

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
