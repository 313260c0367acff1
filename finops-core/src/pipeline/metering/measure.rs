//! What a meter takes from an event.

use super::reading::Measured;
use crate::Error;
use crate::model::money::Quantity;
use crate::model::usage::{Aggregation, Meter, Rejection, UsageEvent, value_hash};

/// The steps of 10^-18 that a measured number stays below: 10^20, as an amount does.
const LIMIT: u128 = 10_u128.pow(38);

/// What a meter takes from an event that it reads: the value that its aggregation is of.
///
/// # Errors
/// `invalid` when the aggregation needs a number and the event has none: nothing, text, not finite, or too large.
pub fn measure(meter: &Meter, event: &UsageEvent) -> Result<Measured, Rejection> {
    let property = meter.value_property.as_deref().map(|name| (name, event.properties.get(name)));
    match (meter.aggregation, property) {
        (Aggregation::UniqueCount, Some((_, Some(value)))) => Ok(Measured::Value(value_hash(value))),
        // A count needs no value, and what has none is not one of several different ones.
        (Aggregation::Count | Aggregation::UniqueCount, _) => Ok(Measured::Nothing),
        (_, Some((name, value))) => {
            let wrong = |message: &str| Rejection::invalid(format!("properties.{name}"), message);
            let missing = || wrong(&format!("is missing: the meter '{}' takes its value from it", meter.slug));
            let quantity = value.ok_or_else(missing)?.parse().map_err(|error: Error| wrong(error.message()))?;
            within(quantity, wrong)
        }
        (_, None) => {
            let wrong = |message: &str| Rejection::invalid("quantity", message);
            let missing = || wrong(&format!("is missing: the meter '{}' counts it; write a number", meter.slug));
            within(event.quantity.ok_or_else(missing)?, wrong)
        }
    }
}

fn within(quantity: Quantity, wrong: impl Fn(&str) -> Rejection) -> Result<Measured, Rejection> {
    if quantity.mantissa().unsigned_abs() < LIMIT {
        return Ok(Measured::Number(quantity));
    }
    Err(wrong(&format!("must be below 10^20, got {quantity}")))
}
