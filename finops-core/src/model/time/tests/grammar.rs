//! What the grammars of times, periods and windows accept, what they make of it, and what they say otherwise.

use super::*;
use crate::error::ErrorCode;

#[test]
fn strict_times() {
    for (text, printed) in [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01t00:00:00.5z", "2024-01-01T00:00:00.500Z"),
        ("2024-01-01T00:00:00.123456789-08:00", "2024-01-01T08:00:00.123456Z"),
        ("2023-12-31T18:30:00-05:30", "2024-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ] {
        assert_eq!(at(text).to_string(), printed);
    }
    let error = Stamp::parse("2024-01-01 00:00:00").unwrap_err();
    assert!(error.message().contains("has no time zone: write '...Z' or an offset such as '+02:00'"));
    for text in [
        "",
        "2024",
        "2024-01-01",
        "2024-01-01T00:00Z",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00+0200",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2024-01-01T00:00:00+",
        "+2024-01-01T00:00:00Z",
        "２０２４-01-01T00:00:00Z",
        "2024-01-01T00:00:00é",
        "2024-01-01T00:00:00+02:",
    ] {
        assert_eq!(Stamp::parse(text).unwrap_err().code(), ErrorCode::InvalidArgument, "{text}");
    }
}

#[test]
fn times_of_bills() {
    let ten = at("2024-09-18T22:00:00Z");
    for (text, stamp, naive) in [
        ("2024-09-18 22:00:00", ten, true),
        ("2024-09-18T22:00:00", ten, true),
        ("2024-09-18 22:00:00 UTC", ten, false),
        ("2024-09-18T22:00:00.000Z", ten, false),
        ("2024-09-18T22:00Z", ten, false),
        ("2024-09-18 22:00:00+00", ten, false),
        ("2024-09-19 00:00:00 +0200", ten, false),
        ("2024-09-18 22:00:00.0000001", ten, true),
        ("2024-09-18", at("2024-09-18T00:00:00Z"), true),
    ] {
        assert_eq!(Stamp::parse_lenient(text).unwrap(), (stamp, naive), "{text}");
    }
    let long = format!("2024-09-18 22:00:00.{}", "0".repeat(100));
    for text in
        ["", "18.09.2024", "2024-09-18 ", "2024-09-18  22:00:00", "2024-09-18 22:00:00 CET", "1726696800", &long]
    {
        assert!(Stamp::parse_lenient(text).is_err(), "{text}");
    }
}

#[test]
fn stamps_keep_their_range() {
    use chrono::{DateTime, Utc};
    assert_eq!(Stamp::from_utc(DateTime::<Utc>::MAX_UTC).to_string(), "9999-12-31T23:59:59.999999Z");
    assert_eq!(Stamp::from_utc(DateTime::<Utc>::MIN_UTC).to_string(), "0001-01-01T00:00:00Z");
    assert_eq!(Stamp::from_utc(DateTime::from_timestamp_nanos(-1)).micros(), -1);
    for micros in [i64::MIN, i64::MAX, -62_135_596_800_000_001, 253_402_300_800_000_000] {
        assert!(Stamp::from_micros(micros).is_err());
    }
}

#[test]
fn json_is_text() {
    let interval = span("2024-01-01T00:00:00Z/2024-01-02T00:00:00Z");
    let json = serde_json::to_value(interval).unwrap();
    assert_eq!(json, serde_json::json!({"start": "2024-01-01T00:00:00Z", "end": "2024-01-02T00:00:00Z"}));
    assert_eq!(serde_json::from_value::<Interval>(json).unwrap(), interval);
    let reversed = r#"{"start": "2024-01-02T00:00:00Z", "end": "2024-01-01T00:00:00Z"}"#;
    assert!(serde_json::from_str::<Interval>(reversed).unwrap_err().to_string().contains("end: "));
    assert_eq!(serde_json::from_str::<Zone>("\"Asia/Tokyo\"").unwrap(), zone("Asia/Tokyo"));
    assert_eq!(serde_json::to_string(&Period::parse("2024-Q1").unwrap()).unwrap(), "\"2024-Q1\"");
    assert_eq!(serde_json::to_string(&Window::parse("7d").unwrap()).unwrap(), "\"7d\"");
    assert!(serde_json::from_str::<Stamp>("5").is_err());
    for name in ["", "CET+1", "europe/berlin", "Mars/Olympus"] {
        assert!(Zone::parse(name).unwrap_err().message().contains("Europe/Berlin"));
    }
}

#[test]
fn intervals_are_half_open() {
    let error = Interval::new(at("2024-01-02T00:00:00Z"), at("2024-01-01T00:00:00Z")).unwrap_err();
    assert_eq!(error.field(), Some("end"));
    let one = span("2024-01-01T00:00:00Z/2024-01-02T00:00:00Z");
    assert!(!one.overlaps(&span("2024-01-02T00:00:00Z/2024-01-03T00:00:00Z")));
    assert!(one.overlaps(&span("2024-01-01T23:59:59.999999Z/2024-01-03T00:00:00Z")));
    let empty = span("2024-01-01T12:00:00Z/2024-01-01T12:00:00Z");
    assert!(empty.is_empty() && !empty.contains(empty.start()) && !one.overlaps(&empty) && !empty.overlaps(&one));
}

#[test]
fn periods() {
    for (text, wanted) in [
        ("2024", "2024-01-01T00:00:00Z/2025-01-01T00:00:00Z"),
        ("2024-Q1", "2024-01-01T00:00:00Z/2024-04-01T00:00:00Z"),
        ("2024-Q4", "2024-10-01T00:00:00Z/2025-01-01T00:00:00Z"),
        ("2024-12", "2024-12-01T00:00:00Z/2025-01-01T00:00:00Z"),
        ("2024-W05", "2024-01-29T00:00:00Z/2024-02-05T00:00:00Z"),
        ("2020-W53", "2020-12-28T00:00:00Z/2021-01-04T00:00:00Z"),
        ("2025-W01", "2024-12-30T00:00:00Z/2025-01-06T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z/2024-03-01T00:00:00Z"),
        ("2024-01-01/2024-02-01", "2024-01-01T00:00:00Z/2024-02-01T00:00:00Z"),
        ("2024-01-01/2024-01-01T02:00:00+01:00", "2024-01-01T00:00:00Z/2024-01-01T01:00:00Z"),
        ("0001", "0001-01-01T00:00:00Z/0002-01-01T00:00:00Z"),
    ] {
        let period = Period::parse(text).unwrap();
        assert_eq!((period.interval(Zone::UTC).unwrap(), period.text()), (span(wanted), text));
    }
    let budapest = zone("Europe/Budapest");
    let start = |text| Period::parse(text).unwrap().interval(budapest).unwrap().start();
    assert_eq!(start("2025-01"), at("2024-12-31T23:00:00Z"));
    assert_eq!(start("2025-04"), at("2025-03-31T22:00:00Z"));
}

#[test]
fn refused_periods_say_why() {
    for (text, why) in [
        ("2024-02-01/2024-01-01", "ends before it starts"),
        ("2024-01-01/2024-01-01", "is empty"),
        ("2024-W54", "W01 to W52"),
        ("2020-W54", "W01 to W53"),
        ("2024-W00", "W01 to W52"),
        ("2024-13", "months are 01 to 12"),
        ("2024-00", "months are 01 to 12"),
        ("2024-Q5", "quarters are Q1 to Q4"),
        ("2024-q1", "is not a period"),
        ("2023-02-29", "no such day"),
        ("2023-02-29/2023-03-01", "no such day"),
        ("0000", "years are 0001 to 9999"),
        ("0000-12-31/0001-02-01", "years are 0001 to 9999"),
        ("2024-01-01T00:00:00/2024-02-01", "has no time zone"),
        ("2024--1", "is not a period"),
        ("2024-W5", "is not a period"),
        ("2024-1", "is not a period"),
        ("24", "is not a period"),
        (" 2024", "is not a period"),
        ("2024 ", "is not a period"),
        ("+202", "is not a period"),
        ("", "is not a period"),
        ("20é", "is not a period"),
        ("2024-é", "is not a period"),
        ("2024-Wé", "is not a period"),
    ] {
        let error = Period::parse(text).unwrap_err();
        assert_eq!(error.field(), Some("period"));
        assert!(error.message().contains(why), "{text}: {error}");
    }
    // Only with a zone can it be told whether a date lies before an instant, or within the years at all.
    let mixed = Period::parse("2024-01-02/2024-01-01T12:00:00Z").unwrap();
    assert!(mixed.interval(zone("Pacific/Kiritimati")).is_ok());
    for (text, zone) in [(mixed.text(), Zone::UTC), ("9999", Zone::UTC), ("0001", zone("Europe/Berlin"))] {
        assert_eq!(Period::parse(text).unwrap().interval(zone).unwrap_err().field(), Some("period"), "{text}");
    }
}

#[test]
fn windows() {
    let now = at("2026-11-21T06:25:00Z");
    for (text, wanted) in [
        ("7d", "2026-11-15T00:00:00Z/2026-11-22T00:00:00Z"),
        ("1d", "2026-11-21T00:00:00Z/2026-11-22T00:00:00Z"),
        ("today", "2026-11-21T00:00:00Z/2026-11-22T00:00:00Z"),
        ("yesterday", "2026-11-20T00:00:00Z/2026-11-21T00:00:00Z"),
        ("24h", "2026-11-20T07:00:00Z/2026-11-21T07:00:00Z"),
        ("30m", "2026-11-21T05:56:00Z/2026-11-21T06:26:00Z"),
        ("2w", "2026-11-08T00:00:00Z/2026-11-22T00:00:00Z"),
        ("week", "2026-11-15T00:00:00Z/2026-11-21T06:25:00Z"),
        ("lastweek", "2026-11-08T00:00:00Z/2026-11-15T00:00:00Z"),
        ("month", "2026-11-01T00:00:00Z/2026-11-21T06:25:00Z"),
        ("lastmonth", "2026-10-01T00:00:00Z/2026-11-01T00:00:00Z"),
        ("24h offset 14h", "2026-11-19T16:25:00Z/2026-11-20T16:25:00Z"),
        ("1d offset 1w", "2026-11-13T06:25:00Z/2026-11-14T06:25:00Z"),
        ("1583712000,1583884800", "2020-03-09T00:00:00Z/2020-03-11T00:00:00Z"),
        ("1583712000-1583884800", "2020-03-09T00:00:00Z/2020-03-11T00:00:00Z"),
        ("2024-01-01T00:00:00Z,2024-01-02T02:00:00+02:00", "2024-01-01T00:00:00Z/2024-01-02T00:00:00Z"),
    ] {
        assert_eq!(Window::parse(text).unwrap().resolve(now, Zone::UTC).unwrap(), span(wanted), "{text}");
    }
}

#[test]
fn named_windows_follow_the_zone() {
    let on = |text: &str, now: &str, zone| Window::parse(text).unwrap().resolve(at(now), zone).unwrap();
    let pacific = zone("Etc/GMT+8");
    let late = "2026-11-21T07:00:00Z";
    assert_eq!(on("today", late, pacific), span("2026-11-20T08:00:00Z/2026-11-21T08:00:00Z"));
    // A count is on the grid of UTC whatever the zone.
    assert_eq!(on("1d", late, pacific), span("2026-11-21T00:00:00Z/2026-11-22T00:00:00Z"));
    let berlin = zone("Europe/Berlin");
    assert_eq!(minutes(&on("today", "2026-03-29T12:00:00Z", berlin)), 23 * 60);
    assert_eq!(minutes(&on("yesterday", "2026-10-26T12:00:00Z", berlin)), 25 * 60);
    assert_eq!(minutes(&on("lastweek", "2026-04-05T12:00:00Z", berlin)), (7 * 24 - 1) * 60);
    let before = |now| on("lastmonth", now, Zone::UTC);
    assert_eq!(before("2024-03-01T00:00:00Z"), span("2024-02-01T00:00:00Z/2024-03-01T00:00:00Z"));
    assert_eq!(before("2023-03-01T00:00:00Z"), span("2023-02-01T00:00:00Z/2023-03-01T00:00:00Z"));
    // The week goes back to its Sunday, and a Sunday is its own.
    assert_eq!(on("week", "2020-01-01T23:59:00Z", Zone::UTC).start(), at("2019-12-29T00:00:00Z"));
    assert_eq!(on("lastweek", "2020-01-05T00:00:00Z", Zone::UTC).end(), at("2020-01-05T00:00:00Z"));
    assert!(on("week", "2020-01-05T00:00:00Z", Zone::UTC).is_empty());
    // The clock goes back over midnight here: the second quarter to midnight belongs to the day that had begun.
    let now = "2009-11-01T03:15:00Z";
    assert!(on("today", now, zone("America/St_Johns")).contains(at(now)));
}

#[test]
fn refused_windows_say_why() {
    let digits = "9".repeat(400);
    for (text, why) in [
        ("7D", "is not a window"),
        (" 7d", "is not a window"),
        ("-1d", "is not a window"),
        ("+1d", "is not a window"),
        ("1y", "is not a window"),
        ("week ", "is not a window"),
        ("Today", "is not a window"),
        ("1.5d", "is not a window"),
        ("d", "is not a window"),
        ("", "is not a window"),
        ("24h offset ", "is not a window"),
        ("24h  offset 1h", "is not a window"),
        ("1583712000|1583884800", "is not a window"),
        ("1583712000,", "is not an RFC 3339 time"),
        ("0d", "at least 1"),
        ("00h offset 1h", "at least 1"),
        ("1583884800,1583712000", "ends before it starts"),
        ("1583884800-1583884800", "is empty"),
        ("2024-02-01T00:00:00Z,2024-01-01T00:00:00Z", "ends before it starts"),
        ("2024-01-01T00:00:00,2024-02-01T00:00:00Z", "has no time zone"),
        ("2024-02-30T00:00:00Z,2024-03-01T00:00:00Z", "is not an RFC 3339 time"),
        ("9223372036854775807w", "smaller count"),
        (&format!("{digits}d"), "smaller count"),
        (&format!("1d offset {digits}d"), "smaller count"),
        (&format!("0,{digits}"), "outside the years"),
        ("７d", "is not a window"),
        ("7é", "is not a window"),
    ] {
        let error = Window::parse(text).unwrap_err();
        assert_eq!(error.field(), Some("window"));
        assert!(error.message().contains(why), "{text}: {error}");
    }
    // Readable, yet it starts before the first year.
    let window = Window::parse("3000000d").unwrap();
    assert_eq!(window.resolve(at("2024-01-01T00:00:00Z"), Zone::UTC).unwrap_err().field(), Some("window"));
}

#[test]
fn messages_do_not_carry_hostile_text() {
    let error = Stamp::parse(&format!("\u{1b}[31m\n{}", "x".repeat(10_000))).unwrap_err();
    assert!(error.message().len() < 250 && !error.message().contains(['\n', '\u{1b}']));
}

#[test]
fn clocks() {
    let clock = FixedClock::new(at("2024-01-02T00:00:00Z"));
    let error = clock.advance_to(at("2024-01-01T00:00:00Z")).unwrap_err();
    assert_eq!((error.field(), clock.now()), (Some("now"), at("2024-01-02T00:00:00Z")));
    clock.advance_to(clock.now()).unwrap();
    #[cfg(feature = "embedded")]
    assert!(SystemClock.now() > at("2024-01-01T00:00:00Z"));
}
