//! Any text as an amount, a time, a period, a window, a zone: read or refused, and printed as it is read again.
#![no_main]

use finops_core::Error;
use finops_core::model::money::{Currency, Money};
use finops_core::model::time::{Period, Stamp, Window, Zone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = check(text) {
        panic!("{error}");
    }
});

/// What is given on as an error here is our own text that is not read again.
fn check(text: &str) -> Result<(), Error> {
    if let Ok(read) = Money::parse(text) {
        assert_eq!(read.value.to_string().parse::<Money>()?, read.value);
    }
    if let Ok((stamp, _)) = Stamp::parse_lenient(text) {
        assert_eq!(Stamp::parse(&stamp.to_string())?, stamp);
    }
    let zone = Zone::parse(text).unwrap_or(Zone::UTC);
    let now = Stamp::parse("2026-11-21T06:25:00Z")?;
    if let Ok(period) = Period::parse(text)
        && let Ok(interval) = period.interval(zone)
    {
        assert!(interval.start() <= interval.end());
    }
    if let Ok(window) = Window::parse(text)
        && let Ok(interval) = window.resolve(now, zone)
    {
        assert!(interval.start() <= interval.end());
    }
    if let Ok(currency) = Currency::parse(text) {
        assert_eq!(currency.code(), text);
    }
    Ok(())
}
