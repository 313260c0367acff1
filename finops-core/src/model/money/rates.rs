//! Exchange rates as callers give them. Which of them a sum needs is known where sums are brought into one currency.

use super::{Currency, Quantity};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one unit of a currency is worth in the currency of the answer: `{"EUR": "1.08"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rates(pub BTreeMap<Currency, Quantity>);

impl Rates {
    /// Checks them.
    ///
    /// # Errors
    /// `invalid_argument` for a rate of zero or below.
    pub(crate) fn check(&self) -> Result<()> {
        match self.0.iter().find(|(_, rate)| rate.mantissa() <= 0) {
            Some((currency, rate)) => {
                Err(Error::invalid("exchange_rates", format!("the rate of {currency} must be above 0, got {rate}")))
            }
            None => Ok(()),
        }
    }
}
