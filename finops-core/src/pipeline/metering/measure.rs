//! What a meter takes from an event.

use super::reading::Measured;
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
        (Aggregation::Count, _) => Ok(Measured::Nothing),
        (Aggregation::UniqueCount, Some((_, value))) => {
            Ok(value.map_or(Measured::Nothing, |value| Measured::Value(value_hash(value))))
        }
        // A meter of different values has a property: the catalogue of meters sees to it.
        (Aggregation::UniqueCount, None) => Ok(Measured::Nothing),
        (_, Some((name, value))) => {
            let field = || format!("properties.{name}");
            let Some(value) = value else {
                let message = format!("is missing: the meter '{}' takes its value from it", meter.slug);
                return Err(Rejection::invalid(field(), message));
            };
            let quantity = value.parse().map_err(|error: crate::Error| Rejection::invalid(field(), error.message()))?;
            within(quantity, &field())
        }
        (_, None) => match event.quantity {
            Some(quantity) => within(quantity, "quantity"),
            None => {
                let message = format!("is missing: the meter '{}' counts it; write a number", meter.slug);
                Err(Rejection::invalid("quantity", message))
            }
        },
    }
}

fn within(quantity: Quantity, field: &str) -> Result<Measured, Rejection> {
    if quantity.mantissa().unsigned_abs() < LIMIT {
        return Ok(Measured::Number(quantity));
    }
    Err(Rejection::invalid(field, format!("must be below 10^20, got {quantity}")))
}
