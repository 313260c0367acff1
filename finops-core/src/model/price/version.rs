//! A price: one immutable version of what a meter costs.

use super::form::Form;
use super::model::PriceModel;
use super::terms::Terms;
use super::{check, form};
use crate::model::money::Currency;
use crate::model::time::{Interval, Stamp};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// One version of what a meter costs: whatever there is of this type has been checked, and never changes.
///
/// ```
/// use finops_core::model::price::{Price, PriceModel};
///
/// let price = Price::from_json(&serde_json::json!({
///     "meter": "api_calls", "currency": "USD", "effective_from": "2024-01-01T00:00:00Z",
///     "model": "tiered",
///     "tiers": [{"up_to": "1000", "unit_price": "0"}, {"up_to": null, "unit_price": "0.002"}],
///     "maximum": "500", "rounding": "currency",
/// }))?;
/// assert!(matches!(price.model(), PriceModel::Tiered(tiers) if tiers.len() == 2));
/// assert_eq!(price.terms().maximum, Some("500".parse()?));
///
/// let error = Price::from_json(&serde_json::json!({
///     "meter": "api_calls", "currency": "USD", "effective_from": "2024-01-01T00:05:00Z",
///     "model": "per_unit", "unit_price": "0.01",
/// })).unwrap_err();
/// assert_eq!(error.field(), Some("effective_from"));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Price {
    terms: Terms,
    model: PriceModel,
}

impl Price {
    /// A price of these terms and this model.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn new(terms: Terms, model: PriceModel) -> Result<Self> {
        check::terms(&terms)?;
        check::model(&model)?;
        check::together(&terms, &model)?;
        Ok(Self { terms, model })
    }

    /// Reads the JSON form and names the field in which it is wrong.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        let form: Form = serde_path_to_error::deserialize(value).map_err(|error| {
            let field = error.path().to_string();
            let message = error.inner().to_string();
            let error = Error::new(ErrorCode::InvalidArgument, message);
            if field == "." { error } else { error.with_field(field) }
        })?;
        form::price(form)
    }

    /// What it says beside its model.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How units become an amount.
    pub const fn model(&self) -> &PriceModel {
        &self.model
    }

    /// The currency of its amounts.
    pub const fn currency(&self) -> Currency {
        self.terms.currency
    }

    /// The price as far as it prices what was used before an instant; none when that is nothing.
    #[must_use]
    pub fn until(mut self, end: Stamp) -> Option<Self> {
        if self.terms.effective_to.is_none_or(|own| own > end) {
            self.terms.effective_to = Some(end);
        }
        (self.terms.effective_from < end).then_some(self)
    }

    /// The instants of usage that it prices.
    pub fn effective(&self) -> Interval {
        let always = Interval::always();
        let end = self.terms.effective_to.unwrap_or(always.end());
        Interval::new(self.terms.effective_from, end).unwrap_or(always)
    }

    /// For the form, which takes it apart.
    pub(super) fn into_parts(self) -> (Terms, PriceModel) {
        (self.terms, self.model)
    }
}
