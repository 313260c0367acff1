//! Whether an event counts.

use super::measure::measure;
use crate::model::time::Stamp;
use crate::model::usage::{MeterSet, Policy, Rejection, UsageEvent};

/// Whether an event counts: its fields, its time, and what the meters of its resource take from it.
///
/// # Errors
/// The reason why it does not.
pub fn check(event: &UsageEvent, meters: &MeterSet, now: Stamp, policy: &Policy) -> Result<(), Rejection> {
    event.validate()?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Quantity;
    use crate::model::usage::{Aggregation, Meter};

    fn stamp(text: &str) -> Stamp {
        Stamp::parse(text).unwrap()
    }

    fn event(time: &str) -> UsageEvent {
        UsageEvent::new("1", stamp(time), "api_calls", Quantity::from_units(1), "t")
    }

    fn of(event: &UsageEvent) -> Result<(), Rejection> {
        check(event, &MeterSet::default(), stamp("2024-03-01T00:00:00Z"), &Policy::default())
    }

    #[test]
    fn m21_what_comes_too_late_or_too_early_is_not_counted() {
        // 35 days before the first of March of a leap year.
        for (time, code) in [
            ("2024-01-26T00:00:00Z", None),
            ("2024-01-25T23:59:59.999999Z", Some("too_late")),
            ("2024-03-01T00:05:00Z", None),
            ("2024-03-01T00:05:00.000001Z", Some("future")),
        ] {
            assert_eq!(of(&event(time)).err().map(|rejection| rejection.code()), code, "{time}");
        }
    }

    #[test]
    fn a_resource_that_no_meter_reads_is_refused() {
        let unknown = UsageEvent { resource: "tokens".into(), ..event("2024-02-29T00:00:00Z") };
        assert_eq!(of(&unknown).unwrap_err().to_string(), "resource: no meter reads 'tokens': create the meter first");
    }

    #[test]
    fn m24_a_value_that_is_missing_or_no_number_is_refused() {
        let mut meters = MeterSet::default();
        let mut tokens = Meter::new("tokens", Aggregation::Sum, "token");
        tokens.value_property = Some("n".to_owned());
        meters.create(tokens).unwrap();
        meters.create(Meter::new("visits", Aggregation::Count, "visit")).unwrap();
        let now = stamp("2024-03-01T00:00:00Z");
        let refusal = |event: &UsageEvent| {
            check(event, &meters, now, &Policy::default()).err().map(|rejection| rejection.to_string())
        };
        let of = |resource: &str, value: Option<&str>| UsageEvent {
            resource: resource.to_owned(),
            quantity: None,
            properties: value.map(|value| ("n".to_owned(), value.to_owned())).into_iter().collect(),
            ..event("2024-02-29T00:00:00Z")
        };
        for value in ["NaN", "Inf", "+Inf", "-Inf", "not a number", ""] {
            let refusal = refusal(&of("tokens", Some(value))).unwrap();
            assert!(refusal.starts_with("properties.n: "), "{refusal}");
        }
        assert!(refusal(&of("tokens", None)).unwrap().starts_with("properties.n: is missing"));
        assert!(refusal(&of("api_calls", None)).unwrap().starts_with("quantity: is missing"));
        let large =
            UsageEvent { quantity: Some("100000000000000000000".parse().unwrap()), ..event("2024-02-29T00:00:00Z") };
        assert!(refusal(&large).unwrap().starts_with("quantity: must be below 10^20"));
        assert_eq!(refusal(&of("tokens", Some("100"))), None);
        assert_eq!(refusal(&of("visits", None)), None);
    }
}
