//! Exact decimals of many rows as mantissas of one scale, in 64 bits where that holds them.

use crate::model::money::Money;
use std::ops::Range;

/// The decimals of a [`Money`].
const DECIMALS: u32 = Money::SCALE;

/// Exact decimals, one for each row; zero where nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amounts {
    /// How many decimals the mantissas have, at most 18.
    pub decimals: u8,
    /// The mantissas.
    pub values: Mantissas,
    /// The largest magnitude at 18 decimals.
    pub max_abs: u128,
}

/// Whole numbers, one for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mantissas {
    /// All rows have zero.
    Zero,
    /// What fits 64 bits.
    I64(Vec<i64>),
    /// Anything.
    I128(Vec<i128>),
}

impl Amounts {
    /// The decimals, given as mantissas at scale 18, in their narrowest form.
    pub fn pack(values: &[i128]) -> Self {
        let max_abs = values.iter().map(|value| value.unsigned_abs()).max().unwrap_or(0);
        if max_abs == 0 {
            return Self { decimals: 0, values: Mantissas::Zero, max_abs };
        }
        // As few decimals as possible, so that 64 bits reach far: the divisor shrinks until it divides everything.
        let (mut decimals, mut divisor) = (0, 10_i128.pow(DECIMALS));
        for value in values {
            while value % divisor != 0 {
                decimals += 1;
                divisor /= 10;
            }
        }
        let narrow = values.iter().map(|value| i64::try_from(value / divisor));
        let values = match narrow.collect::<Result<Vec<i64>, _>>() {
            Ok(narrow) => Mantissas::I64(narrow),
            Err(_) => Mantissas::I128(values.iter().map(|value| value / divisor).collect()),
        };
        Self { decimals, values, max_abs }
    }

    /// Some of the rows, as if there were no others; none is larger in magnitude than the largest of all.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        let values = match &self.values {
            Mantissas::Zero => Mantissas::Zero,
            Mantissas::I64(values) => Mantissas::I64(values.get(rows).unwrap_or_default().to_vec()),
            Mantissas::I128(values) => Mantissas::I128(values.get(rows).unwrap_or_default().to_vec()),
        };
        Self { values, ..*self }
    }

    /// What a mantissa is multiplied by to have 18 decimals.
    pub fn factor(decimals: u8) -> i64 {
        10_i64.pow(DECIMALS.saturating_sub(decimals.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packing_keeps_every_digit(values in prop::collection::vec(any::<i128>(), 1..40), decimals in 0_u32..18) {
            let step = 10_i128.pow(DECIMALS - decimals);
            let values: Vec<i128> = values.iter().map(|value| (value >> 70) * step).collect();
            let amounts = Amounts::pack(&values);
            prop_assert!(u32::from(amounts.decimals) <= decimals);
            let factor = i128::from(Amounts::factor(amounts.decimals));
            let read: Vec<i128> = match &amounts.values {
                Mantissas::Zero => vec![0; values.len()],
                Mantissas::I64(narrow) => narrow.iter().map(|value| i128::from(*value) * factor).collect(),
                Mantissas::I128(wide) => wide.iter().map(|value| value * factor).collect(),
            };
            prop_assert_eq!(&read, &values);
            let half = values.len() / 2;
            let ends = match (amounts.part(0..half).values, amounts.part(half..values.len()).values) {
                (Mantissas::I64(one), Mantissas::I64(other)) => Mantissas::I64([one, other].concat()),
                (Mantissas::I128(one), Mantissas::I128(other)) => Mantissas::I128([one, other].concat()),
                (one, _) => one,
            };
            prop_assert_eq!(&ends, &amounts.values);
            prop_assert_eq!(amounts.max_abs, values.iter().map(|value| value.unsigned_abs()).max().unwrap());
        }
    }

    #[test]
    fn cents_take_64_bits_and_large_amounts_with_many_decimals_128() {
        let cents = Amounts::pack(&[1_250 * 10_i128.pow(16), -10_i128.pow(16)]);
        assert_eq!((cents.decimals, cents.values), (2, Mantissas::I64(vec![1_250, -1])));
        assert!(matches!(Amounts::pack(&[10_i128.pow(37) + 1]).values, Mantissas::I128(_)));
    }
}
