//! Prices: what a unit of a meter costs, for whom, from when, and how the bill is rounded.
//!
//! A [`Price`] is an immutable version. Changing one means adding another with a later `effective_from` or a higher
//! `revision`; which of them holds at an instant is told by the [`PriceBook`]. A [`Grant`] is an amount that usage is
//! taken from before it is paid for. What a quantity comes to is worked out in the pipeline, nothing of it here.

mod book;
mod check;
mod form;
mod grant;
mod matrix;
mod model;
mod terms;
mod version;

#[cfg(test)]
mod tests;

pub(in crate::model) use check::meter as check_meter;

pub use book::{PriceBook, PriceStretch};
pub use grant::{Grant, GrantAmount, GrantRecurrence, Rollover};
pub use matrix::{Matrix, MatrixCell, MissingCell, Place};
pub use model::{Package, Percentage, PriceModel, Tier};
pub use terms::{LineRounding, OnChange, PackageRounding, Scope, Terms, UnitConversion, UnitRounding};
pub use version::Price;
