//! What meters counted for the targets of rules.

use crate::model::allocation::{CenterId, RuleId};
use crate::model::money::Quantity;
use std::collections::HashMap;

/// The quantities of meters by rule and centre; what is not there is 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weights(HashMap<(RuleId, CenterId), Quantity>);

impl Weights {
    /// Says how much the meter of a rule counted for a centre in the stretch.
    pub fn set(&mut self, rule: RuleId, center: CenterId, quantity: Quantity) {
        self.0.insert((rule, center), quantity);
    }

    /// How much the meter of a rule counted for a centre.
    pub fn get(&self, rule: RuleId, center: CenterId) -> Quantity {
        self.0.get(&(rule, center)).copied().unwrap_or_default()
    }
}
