//! Splitting and apportioning: the parts always add up.

use ethnum::{I256, U256};
use proptest::prelude::*;

use super::{any_rounding, mantissa, money};
use crate::model::money::{ExactSum, Money, Quantity, apportion, split};

fn weight() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        3 => (0_u32..20).prop_map(|units| Quantity::from_units(units.into())),
        1 => (0_i128..=i128::MAX).prop_map(Quantity::from_mantissa),
    ]
}

fn sum_of(mantissas: impl IntoIterator<Item = i128>) -> I256 {
    mantissas.into_iter().map(I256::from).sum()
}

proptest! {
    #[test]
    fn parts_add_up_and_stay_within_one_step(
        total in money(), weights in prop::collection::vec(weight(), 1..12), decimals in 0_u32..=18,
    ) {
        prop_assume!(weights.iter().any(|weight| !weight.is_zero()));
        let parts = split(total, &weights, decimals).unwrap();
        prop_assert_eq!(parts.len(), weights.len());
        prop_assert_eq!(Money::try_sum(parts.clone()).unwrap(), total);
        let all = sum_of(weights.iter().map(|weight| weight.mantissa())).unsigned_abs();
        let step = 10_i128.pow(18 - decimals);
        let uneven = parts.iter().filter(|part| part.mantissa() % step != 0).count();
        prop_assert_eq!(uneven, usize::from(total.mantissa() % step != 0));
        for (part, weight) in parts.iter().zip(&weights) {
            prop_assert!(part.is_zero() || part.is_negative() == total.is_negative());
            prop_assert!(part.is_zero() || !weight.is_zero());
            // |part / total − weight / all| below one step, multiplied out; only where 256 bits hold it.
            let times = |left: i128, right: U256| U256::from(left.unsigned_abs()).checked_mul(right);
            let weight = weight.mantissa().unsigned_abs().into();
            let sides = (times(part.mantissa(), all), times(total.mantissa(), weight), times(step, all));
            if let (Some(got), Some(ideal), Some(step)) = sides {
                prop_assert!(got.abs_diff(ideal) < step);
            }
        }
    }

    #[test]
    fn equal_weights_get_equal_parts_up_to_one_step(total in money(), people in 1_usize..30, decimals in 0_u32..=18) {
        let parts = split(total, &vec![Quantity::from_units(1); people], decimals).unwrap();
        let sizes: Vec<u128> = parts.iter().map(|part| part.mantissa().unsigned_abs()).collect();
        prop_assert!(sizes.is_sorted_by(|earlier, later| earlier >= later));
        prop_assert!(sizes[0] - sizes[people - 1] <= 10_u128.pow(18 - decimals));
    }

    #[test]
    fn reversing_the_order_moves_at_most_one_step(
        total in money(), weights in prop::collection::vec((0_i64..4).prop_map(Quantity::from_units), 2..10),
    ) {
        prop_assume!(weights.iter().any(|weight| !weight.is_zero()));
        let forward = split(total, &weights, 2).unwrap();
        let backward = split(total, &weights.iter().rev().copied().collect::<Vec<_>>(), 2).unwrap();
        let step = 10_u128.pow(16);
        for (one, other) in forward.iter().zip(backward.iter().rev()) {
            prop_assert!(one.mantissa().abs_diff(other.mantissa()) <= step);
        }
    }

    #[test]
    fn apportioned_parts_add_up_to_the_total(
        rows in prop::collection::vec((any::<i64>(), any::<i64>()), 0..20), rounding in any_rounding(),
    ) {
        let mut all = ExactSum::default();
        let mut parts = Vec::new();
        for (amount, rate) in &rows {
            let mut part = ExactSum::default();
            let (amount, rate) = (Money::from_mantissa((*amount).into()), Quantity::from_mantissa((*rate).into()));
            part.add_converted(amount, rate).unwrap();
            all.merge(&part).unwrap();
            parts.push(part);
        }
        let total = all.to_money(rounding).unwrap();
        let rounded = apportion(&parts, total).unwrap();
        prop_assert_eq!(Money::try_sum(rounded.clone()).unwrap(), total);
        for ((amount, rate), part) in rows.iter().zip(rounded) {
            let exact = i128::from(*amount) * i128::from(*rate);
            let one = I256::from(10_u64.pow(18));
            prop_assert!((I256::from(part.mantissa()) * one - I256::from(exact)).abs() < one);
        }
    }

    #[test]
    fn an_exact_sum_does_not_depend_on_the_order(rows in prop::collection::vec((mantissa(), any::<i64>()), 0..20)) {
        let sum = |rows: &mut dyn Iterator<Item = &(i128, i64)>| {
            let mut sum = ExactSum::default();
            for (amount, rate) in rows {
                sum.add(Money::from_mantissa((*rate).into()));
                sum.add_converted(Money::from_mantissa(*amount), Quantity::from_mantissa((*rate).into())).unwrap();
            }
            sum
        };
        prop_assert_eq!(sum(&mut rows.iter()), sum(&mut rows.iter().rev()));
    }
}

#[test]
fn exact_amounts_apportion_to_themselves() {
    let mut parts = [ExactSum::default(); 2];
    parts[0].add(Money::MAX);
    parts[1].add(Money::MIN);
    let total = Money::from_mantissa(-1);
    assert_eq!(apportion(&parts, total).unwrap(), [Money::MAX, Money::MIN]);
}
