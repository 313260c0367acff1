//! Tests of the whole module: the properties, and the cases that money code is known to get wrong.

mod arithmetic;
mod sharing;
mod text;

use proptest::prelude::*;

use super::{Money, Quantity, Rounding};

/// Mantissas of every size, with the ends of the range and small numbers more often than chance has them.
fn mantissa() -> impl Strategy<Value = i128> {
    prop_oneof![
        4 => any::<i128>(),
        4 => any::<i64>().prop_map(i128::from),
        4 => (any::<i32>(), 0_u32..=20).prop_map(|(digits, zeros)| i128::from(digits) * 10_i128.pow(zeros)),
        1 => (0_i128..5).prop_map(|distance| i128::MAX - distance),
        1 => (0_i128..5).prop_map(|distance| i128::MIN + distance),
    ]
}

fn money() -> impl Strategy<Value = Money> {
    mantissa().prop_map(Money::from_mantissa)
}

fn any_rounding() -> impl Strategy<Value = Rounding> {
    prop_oneof![
        Just(Rounding::HalfEven),
        Just(Rounding::HalfUp),
        Just(Rounding::Down),
        Just(Rounding::Up),
        Just(Rounding::Floor),
        Just(Rounding::Ceiling),
    ]
}

fn m(text: &str) -> Money {
    text.parse().unwrap()
}

fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}
