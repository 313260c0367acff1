//! What a meter reads from an event.

use crate::model::money::Quantity;
use crate::model::time::Stamp;

/// What a meter reads from one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What was measured.
    pub value: Measured,
    /// When it happened.
    pub time: Stamp,
    /// Its place in the order of arrival, over all events of the store.
    pub sequence: u64,
}

/// What an event says to a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measured {
    /// No value. It still counts where events are counted.
    Nothing,
    /// A number.
    Number(Quantity),
    /// The fingerprint of a value, where different values are counted.
    Value(u128),
}

impl Reading {
    /// The number that was read.
    pub(super) const fn number(&self) -> Option<i128> {
        match self.value {
            Measured::Number(quantity) => Some(quantity.mantissa()),
            Measured::Nothing | Measured::Value(_) => None,
        }
    }
}
