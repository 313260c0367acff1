//! Exact money: amounts, quantities, currencies, and how a total is shared out to the last digit.
//!
//! [`Money`] and [`Quantity`] are decimals with 18 places in an `i128`. Every operation is exact or rounds by a
//! [`Rounding`] that the caller names; a result that does not fit is an error, never a wrapped or saturated
//! number. Doubles appear only in the two conversions that say so in their names.
//!
//! An amount does not carry its currency: the row or the answer that holds it does. Exchange rates, prices and
//! the question of which currencies may be added belong to the layers above.

#![deny(clippy::as_conversions)]

mod convert;
mod currency;
mod exchange;
mod fixed;
mod iso4217;
mod json;
mod rates;
mod ratio;
mod rounding;
mod split;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use convert::Parsed;
pub use currency::Currency;
pub use exchange::{ExactSum, apportion, apportion_at};
pub use rates::Rates;
pub(crate) use ratio::quotient;
pub use ratio::ratio;
pub use rounding::Rounding;
pub use split::split;
pub use text::DecimalText;
pub use value::{Money, Quantity};
