//! Adding, multiplying, rounding: exact, or an error.

use ethnum::I256;
use proptest::prelude::*;

use super::{any_rounding, m, mantissa, money, q};
use crate::ErrorCode;
use crate::model::money::{Money, Quantity, Rounding};

proptest! {
    #[test]
    fn sums_are_exact_or_an_overflow(one in money(), other in money()) {
        let wide = |money: Money| I256::from(money.mantissa());
        for (got, exact) in [
            (one.checked_add(other), wide(one) + wide(other)),
            (one.checked_sub(other), wide(one) - wide(other)),
            (one.checked_neg(), -wide(one)),
            (one.abs(), wide(one).abs()),
            (Money::try_sum([one, other, other]), wide(one) + wide(other) + wide(other)),
        ] {
            match (got, i128::try_from(exact)) {
                (Ok(got), Ok(exact)) => prop_assert_eq!(got.mantissa(), exact),
                (Err(error), Err(_)) => prop_assert_eq!(error.code(), ErrorCode::Overflow),
                (got, exact) => prop_assert!(false, "{got:?} for {exact:?}"),
            }
        }
    }

    #[test]
    fn the_order_of_a_sum_does_not_matter(mut values in prop::collection::vec(money(), 0..20)) {
        let sum = Money::try_sum(values.clone()).ok();
        values.sort();
        prop_assert_eq!(Money::try_sum(values.clone()).ok(), sum);
        values.reverse();
        prop_assert_eq!(Money::try_sum(values).ok(), sum);
    }

    #[test]
    fn products_are_rounded_once(value in mantissa(), factor in mantissa(), rounding in any_rounding()) {
        let one = I256::from(10_u64.pow(18));
        let exact = I256::from(value) * I256::from(factor);
        match Money::from_mantissa(value).checked_mul(Quantity::from_mantissa(factor), rounding) {
            Ok(product) => {
                let error = I256::from(product.mantissa()) * one - exact;
                prop_assert!(error.abs() < one);
                match rounding {
                    Rounding::HalfEven | Rounding::HalfUp => prop_assert!(error.abs() * 2 <= one),
                    Rounding::Floor => prop_assert!(error <= 0),
                    Rounding::Ceiling => prop_assert!(error >= 0),
                    Rounding::Down => prop_assert!(error * exact.signum() <= 0),
                    Rounding::Up => prop_assert!(error * exact.signum() >= 0),
                }
            }
            Err(error) => {
                prop_assert_eq!(error.code(), ErrorCode::Overflow);
                prop_assert!((exact / one).abs() >= I256::from(i128::MAX));
            }
        }
    }

    #[test]
    fn rounding_is_near_and_idempotent(value in money(), decimals in 0_u32..=20, rounding in any_rounding()) {
        if let Ok(rounded) = value.round(decimals, rounding) {
            let step = 10_i128.pow(18_u32.saturating_sub(decimals));
            prop_assert_eq!(rounded.mantissa() % step, 0);
            prop_assert!(rounded.checked_sub(value).unwrap().abs().unwrap().mantissa() < step);
            prop_assert_eq!(rounded.round(decimals, rounding).unwrap(), rounded);
        }
    }

    #[test]
    fn dividing_leaves_less_than_the_divisor(value in money(), divisor in 1_u64.., rounding in any_rounding()) {
        let part = value.checked_div_int(divisor, rounding).unwrap();
        let rest = I256::from(value.mantissa()) - I256::from(part.mantissa()) * I256::from(divisor);
        prop_assert!(rest.abs() < I256::from(divisor));
    }
}

#[test]
fn a_million_millionths_are_one() {
    let millionth = m("0.000001");
    assert_eq!(Money::try_sum(std::iter::repeat_n(millionth, 1_000_000)).unwrap(), Money::from_units(1));
    assert_eq!(millionth.checked_mul(Quantity::from_units(1_000_000), Rounding::Down).unwrap(), Money::from_units(1));
    let reservations = Quantity::try_sum(std::iter::repeat_n(q("1"), 25)).unwrap();
    assert_eq!(reservations.to_string(), "25");
}

#[test]
fn invoices_round_by_the_minor_units_of_their_currency() {
    for (amount, decimals, want) in
        [("10.275", 2, "10.28"), ("0.005", 2, "0.01"), ("0.004", 2, "0"), ("1023.5", 0, "1024"), ("1.0005", 3, "1.001")]
    {
        assert_eq!(m(amount).round(decimals, Rounding::HalfUp).unwrap(), m(want), "{amount}");
    }
    let rounded_sum = |amounts: &[&str], decimals| {
        Money::try_sum(amounts.iter().map(|amount| m(amount).round(decimals, Rounding::HalfUp).unwrap())).unwrap()
    };
    assert_eq!(rounded_sum(&["10.333333"; 3], 2), m("30.99"));
    assert_eq!(rounded_sum(&["100.4", "200.5", "300.6"], 0), m("602"));
    assert_eq!(m("66.67").checked_add(m("-33.33")).unwrap(), m("33.34"));
}

#[test]
fn the_ends_of_the_range_are_errors_not_wraps() {
    let last = Money::from_mantissa(1);
    for result in [
        Money::MAX.checked_add(last),
        Money::MIN.checked_sub(last),
        Money::MIN.checked_neg(),
        Money::MIN.abs(),
        Money::try_sum([Money::MAX, last]),
        Money::MAX.checked_mul(q("1.000000000000000001"), Rounding::Down),
        Money::MAX.round(0, Rounding::HalfUp),
    ] {
        assert_eq!(result.unwrap_err().code(), ErrorCode::Overflow);
    }
    assert_eq!(Money::try_sum([Money::MAX, last, last.checked_neg().unwrap()]).unwrap(), Money::MAX);
    assert_eq!(m("1").checked_div_int(0, Rounding::Down).unwrap_err().field(), Some("divisor"));
    assert_eq!(Money::from_units(i64::MIN).to_string(), "-9223372036854775808");
    assert!(Money::default().is_zero() && Money::MIN.is_negative());
}
