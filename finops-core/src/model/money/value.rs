//! `Money` and `Quantity`: the two exact decimals of the crate, made by one macro so that they behave alike.
//!
//! They are separate types because an amount must never be added to a volume. The arithmetic itself is in `fixed`,
//! the conversions are in `convert` and `json`; here the results get their type and their errors.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::convert::{Parsed, decimal_conversions, invalid, out_of_range, refuse, shown};
use super::fixed;
use super::json::decimal_serde;
use super::rounding::Rounding;
use super::text::{DecimalText, scan};
use crate::{Error, Result};

macro_rules! decimal_type {
    ($(#[$doc:meta])* $name:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i128);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(0);
            /// The number of decimals that every value has: 18.
            pub const SCALE: u32 = fixed::SCALE;
            /// The largest value, 170141183460469231731.687303715884105727.
            pub const MAX: Self = Self(i128::MAX);
            /// The smallest value, -170141183460469231731.687303715884105728.
            pub const MIN: Self = Self(i128::MIN);

            /// The value of `mantissa` × 10^-18.
            pub const fn from_mantissa(mantissa: i128) -> Self {
                Self(mantissa)
            }

            /// The value as a whole number of 10^-18.
            pub const fn mantissa(self) -> i128 {
                self.0
            }

            /// The shortest plain decimal, without an allocation.
            pub fn text(self) -> DecimalText {
                DecimalText::new(self.0)
            }

            /// A number of whole units; every `i64` fits.
            pub fn from_units(units: i64) -> Self {
                Self(i128::from(units) * fixed::ONE)
            }

            /// Whether the value is exactly zero.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether the value is below zero.
            pub const fn is_negative(self) -> bool {
                self.0.is_negative()
            }

            /// The exact sum of two values.
            pub fn checked_add(self, other: Self) -> Result<Self> {
                self.0.checked_add(other.0).map(Self).ok_or_else(|| out_of_range($label, &format!("{self} + {other}")))
            }

            /// The exact difference of two values.
            pub fn checked_sub(self, other: Self) -> Result<Self> {
                self.0.checked_sub(other.0).map(Self).ok_or_else(|| out_of_range($label, &format!("{self} - {other}")))
            }

            /// The value with the other sign; only [`MIN`](Self::MIN) has none.
            pub fn checked_neg(self) -> Result<Self> {
                self.0.checked_neg().map(Self).ok_or_else(|| out_of_range($label, &format!("-({self})")))
            }

            /// The value without its sign; only [`MIN`](Self::MIN) has none.
            pub fn abs(self) -> Result<Self> {
                self.0.checked_abs().map(Self).ok_or_else(|| out_of_range($label, &format!("|{self}|")))
            }

            /// The exact sum of any number of values; only the total has to fit.
            pub fn try_sum(values: impl IntoIterator<Item = Self>) -> Result<Self> {
                fixed::sum(values.into_iter().map(Self::mantissa))
                    .map(Self)
                    .ok_or_else(|| out_of_range($label, "the sum"))
            }

            /// The product with a factor, computed exactly and then rounded once, at 18 decimals.
            pub fn checked_mul(self, factor: Quantity, rounding: Rounding) -> Result<Self> {
                fixed::mul(self.0, factor.mantissa(), rounding)
                    .map(Self)
                    .ok_or_else(|| out_of_range($label, &format!("{self} × {factor}")))
            }

            /// The `divisor`-th part, rounded at 18 decimals; the divisor must be 1 or more.
            pub fn checked_div_int(self, divisor: u64, rounding: Rounding) -> Result<Self> {
                if divisor == 0 {
                    return Err(Error::invalid("divisor", "must be 1 or more, got 0"));
                }
                fixed::div_int(self.0, divisor, rounding)
                    .map(Self)
                    .ok_or_else(|| out_of_range($label, &format!("{self} / {divisor}")))
            }

            /// The value rounded to `decimals` decimals; 18 and more leave it as it is.
            pub fn round(self, decimals: u32, rounding: Rounding) -> Result<Self> {
                fixed::round(self.0, decimals, rounding)
                    .map(Self)
                    .ok_or_else(|| out_of_range($label, &format!("{self} rounded to {decimals} decimals")))
            }
        }

        decimal_conversions!($name, $label);
        decimal_serde!($name, $label);
    };
}

decimal_type! {
    /// An exact amount with 18 decimals, in the currency of the row or the answer that holds it.
    ///
    /// The range is ±1.7 × 10^20. In JSON it is a text, because a JSON number would pass through a double.
    ///
    /// ```
    /// use finops_core::model::money::{Money, Quantity, Rounding};
    ///
    /// let price: Money = "0.1".parse()?;
    /// let used: Quantity = "3".parse()?;
    /// assert_eq!(price.checked_mul(used, Rounding::HalfEven)?.to_string(), "0.3");
    /// assert!(Money::MAX.checked_add(price).is_err());
    ///
    /// let cell = Money::parse("35.2E-7")?;
    /// assert_eq!((cell.value.to_string().as_str(), cell.rounded, cell.lenient), ("0.00000352", false, false));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    Money, "Money"
}

decimal_type! {
    /// An exact count, volume, duration or rate with 18 decimals; its unit is with the row that holds it.
    ///
    /// The range is ±1.7 × 10^20. In JSON it is a text, because a JSON number would pass through a double.
    ///
    /// ```
    /// use finops_core::model::money::{Quantity, Rounding};
    ///
    /// let hours = Quantity::from_units(744);
    /// let days = hours.checked_div_int(24, Rounding::HalfEven)?;
    /// assert_eq!(days, "31".parse()?);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    Quantity, "Quantity"
}
