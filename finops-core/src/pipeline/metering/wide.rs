//! Sums of 160 bits: no order of additions overflows, and they take four bytes more than a quantity.

use ethnum::I256;

/// An exact sum of mantissas. It holds 2^32 of the largest there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wide {
    pub(super) low: u128,
    pub(super) high: i32,
}

impl Wide {
    pub(super) fn from_mantissa(value: i128) -> Self {
        Self { low: value.cast_unsigned(), high: if value.is_negative() { -1 } else { 0 } }
    }

    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        Self { low, high: self.high.wrapping_add(other.high).wrapping_add(i32::from(carry)) }
    }

    #[must_use]
    pub(super) fn negated(self) -> Self {
        let (low, carry) = (!self.low).overflowing_add(1);
        Self { low, high: (!self.high).wrapping_add(i32::from(carry)) }
    }

    pub(super) fn is_zero(self) -> bool {
        self == Self::default()
    }

    pub(super) fn to_i256(self) -> I256 {
        I256::from_words(self.high.into(), self.low.cast_signed())
    }

    /// The mantissa; none when it does not fit one.
    pub(super) fn to_mantissa(self) -> Option<i128> {
        let value = self.low.cast_signed();
        (Self::from_mantissa(value) == self).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_pass_the_range_of_a_quantity_and_come_back() {
        let values = [i128::MAX, i128::MAX, 5, i128::MIN, i128::MIN, -7];
        let sum = values.iter().fold(Wide::default(), |sum, value| sum.plus(Wide::from_mantissa(*value)));
        assert_eq!(sum.to_mantissa(), Some(-4));
        let large = Wide::from_mantissa(i128::MAX).plus(Wide::from_mantissa(i128::MAX));
        assert_eq!(large.to_mantissa(), None);
        assert_eq!(large.to_i256(), I256::from(i128::MAX) * 2);
        assert_eq!(large.negated().to_i256(), -(I256::from(i128::MAX) * 2));
        assert_eq!(large.plus(large.negated()), Wide::default());
        assert_eq!(Wide::default().negated(), Wide::default());
    }
}
