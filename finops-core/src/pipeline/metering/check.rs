//! Whether an event counts.

use super::measure::measure;
use crate::model::time::Stamp;
use crate::model::usage::{MeterSet, Policy, Rejection, UsageEvent};

/// Whether an event counts: its fields, its time, and what the meters of its resource take from it.
///
/// # Errors
/// The reason why it does not.
pub fn check(event: &UsageEvent, meters: &MeterSet, now: Stamp, policy: &Policy) -> Result<(), Rejection> {
    let time = event.time;
    if time < policy.late.before(now) {
        let message = format!("time: {time} is more than {} before {now}: what was billed may be closed", policy.late);
        return Err(Rejection::TooLate(message));
    }
    if time.micros() > now.micros().saturating_add(policy.future.micros()) {
        let message = format!("time: {time} is more than {} after {now}: correct the clock", policy.future);
        return Err(Rejection::Future(message));
    }
    let mut known = false;
    for (_, meter) in meters.of_resource(&event.resource) {
        known = true;
        if meter.reads(event) {
            measure(meter, event)?;
        }
    }
    if known {
        return Ok(());
    }
    let message = format!("no meter reads '{}': create the meter first", event.resource);
    Err(Rejection::invalid("resource", message))
}
