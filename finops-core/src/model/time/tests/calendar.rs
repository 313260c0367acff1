//! Days whose clock changes, days that are missing, and periods that recur.

use super::*;

/// The length in minutes and the start of a day.
fn day(name: &str, text: &str) -> (i64, String) {
    let zone = zone(name);
    let start = zone.day_start(date(text)).unwrap();
    let next = zone.day_start(date(text).succ_opt().unwrap()).unwrap();
    let days = zone.days(Interval::new(start, next).unwrap()).unwrap();
    assert_eq!(days, [Day { date: date(text), interval: Interval::new(start, next).unwrap() }]);
    (minutes(&days[0].interval), start.to_string())
}

#[test]
fn days_are_as_long_as_the_zone_makes_them() {
    for (name, text, length, start) in [
        ("America/New_York", "2026-03-08", 23 * 60, "2026-03-08T05:00:00Z"),
        ("America/New_York", "2026-11-01", 25 * 60, "2026-11-01T04:00:00Z"),
        ("Europe/Berlin", "2026-03-29", 23 * 60, "2026-03-28T23:00:00Z"),
        ("Europe/Berlin", "2026-10-25", 25 * 60, "2026-10-24T22:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-04", 23 * 60 + 30, "2026-10-03T13:30:00Z"),
        ("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30, "2026-04-04T13:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04", 23 * 60, "2018-11-04T03:00:00Z"),
        ("America/Santiago", "2026-09-06", 23 * 60, "2026-09-06T04:00:00Z"),
        ("Africa/Cairo", "2026-04-24", 23 * 60, "2026-04-23T22:00:00Z"),
        ("Asia/Kolkata", "2026-01-01", 24 * 60, "2025-12-31T18:30:00Z"),
        // The clock goes back at one minute past midnight, to the evening before.
        ("America/St_Johns", "2009-11-01", 25 * 60, "2009-11-01T02:30:00Z"),
        // Midnight comes twice.
        ("America/Havana", "2026-11-01", 25 * 60, "2026-11-01T04:00:00Z"),
    ] {
        assert_eq!(day(name, text), (length, start.to_owned()), "{name} {text}");
    }
}

#[test]
fn a_month_has_the_hours_of_its_clock() {
    let new_york = zone("America/New_York");
    for (month, hours) in [("2026-03", 743), ("2026-11", 721)] {
        let interval = Period::parse(month).unwrap().interval(new_york).unwrap();
        assert_eq!(minutes(&interval), hours * 60);
        let days = new_york.days(interval).unwrap();
        assert_eq!(days.iter().map(|day| minutes(&day.interval)).sum::<i64>(), hours * 60);
    }
}

#[test]
fn a_day_that_never_was_is_not_listed() {
    let apia = zone("Pacific/Apia");
    assert_eq!(apia.day_start(date("2011-12-30")).unwrap(), at("2011-12-30T10:00:00Z"));
    assert_eq!(apia.day_start(date("2011-12-31")).unwrap(), at("2011-12-30T10:00:00Z"));
    let days = apia.days(span("2011-12-29T12:00:00Z/2012-01-01T00:00:00Z")).unwrap();
    let dates: Vec<_> = days.iter().map(|day| day.date.to_string()).collect();
    assert_eq!(dates, ["2011-12-29", "2011-12-31", "2012-01-01"]);
    assert!(Period::parse("2011-12-30").unwrap().interval(apia).unwrap().is_empty());
    let yesterday = Window::parse("yesterday").unwrap().resolve(at("2011-12-30T11:00:00Z"), apia).unwrap();
    assert_eq!(yesterday, span("2011-12-29T10:00:00Z/2011-12-30T10:00:00Z"));
}

#[test]
fn days_are_cut_to_the_interval_and_bounded() {
    let days = Zone::UTC.days(span("2024-02-28T23:00:00Z/2024-03-01T01:00:00Z")).unwrap();
    assert_eq!(days.iter().map(|day| minutes(&day.interval)).collect::<Vec<_>>(), [60, 24 * 60, 60]);
    assert_eq!(Zone::UTC.days(span("2024-02-28T23:00:00Z/2024-02-28T23:00:00Z")).unwrap(), []);
    let century = span("1970-01-01T00:00:00Z/2079-07-08T00:00:00Z");
    assert_eq!(Zone::UTC.days(century).unwrap().len(), 40_000);
    let error = Zone::UTC.days(span("1970-01-01T00:00:00Z/2079-07-09T00:00:00Z")).unwrap_err();
    assert_eq!(error.field(), Some("interval"));
    let edges = ["0001-01-01T00:00:00Z/0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z/9999-12-31T23:59:59.999999Z"];
    for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"].map(zone) {
        for edge in edges {
            assert!(!zone.days(span(edge)).unwrap().is_empty());
        }
    }
}

fn every(every: u32, unit: RecurrenceUnit) -> Recurrence {
    Recurrence { every, unit }
}

/// The start of the n-th period in UTC.
fn nth(anchor: &str, step: Recurrence, n: i64) -> String {
    nth_period(at(anchor), step, n, Zone::UTC).unwrap().start().to_string()
}

#[test]
fn months_come_back_to_the_day_of_the_anchor() {
    let monthly = every(1, RecurrenceUnit::Month);
    let on = |anchor: &str, stamp: &str| period_at(at(anchor), monthly, at(stamp), Zone::UTC).unwrap();
    let anchor = "2025-01-31T15:00:00Z";
    assert_eq!(on(anchor, "2025-08-13T00:00:00Z"), span("2025-07-31T15:00:00Z/2025-08-31T15:00:00Z"));
    assert_eq!(on(anchor, "2025-09-30T15:00:00Z"), span("2025-09-30T15:00:00Z/2025-10-31T15:00:00Z"));
    assert_eq!(on(anchor, "2025-09-30T14:59:59Z"), span("2025-08-31T15:00:00Z/2025-09-30T15:00:00Z"));
    let thirtieth = on("2025-01-30T00:00:00Z", "2025-02-13T00:00:00Z");
    assert_eq!(thirtieth, span("2025-01-30T00:00:00Z/2025-02-28T00:00:00Z"));
    for (year, february) in [("2024", "2024-02-29"), ("2025", "2025-02-28")] {
        let starts = [1, 2, 3].map(|n| nth(&format!("{year}-01-31T00:00:00Z"), monthly, n));
        let wanted = [february.to_owned(), format!("{year}-03-31"), format!("{year}-04-30")];
        assert_eq!(starts, wanted.map(|day| format!("{day}T00:00:00Z")));
    }
}

#[test]
fn years_and_leap_days() {
    let (leap, yearly) = ("2024-02-29T00:00:00Z", every(1, RecurrenceUnit::Year));
    let starts = [1, 2, 4].map(|n| nth(leap, yearly, n));
    assert_eq!(starts, ["2025-02-28T00:00:00Z", "2026-02-28T00:00:00Z", "2028-02-29T00:00:00Z"]);
    assert_eq!(nth(leap, every(3, RecurrenceUnit::Year), 1), "2027-02-28T00:00:00Z");
    assert_eq!(nth("2023-02-28T00:00:00Z", yearly, 1), "2024-02-28T00:00:00Z");
    assert_eq!(nth("2023-12-31T00:00:00Z", every(2, RecurrenceUnit::Month), 1), "2024-02-29T00:00:00Z");
    assert_eq!(Zone::UTC.days(nth_period(at(leap), yearly, 0, Zone::UTC).unwrap()).unwrap().len(), 365);
    // 1900 was no leap year, 2000 was one.
    assert_eq!(nth("2004-02-29T00:00:00Z", yearly, -104), "1900-02-28T00:00:00Z");
    assert_eq!(nth("2004-02-29T00:00:00Z", yearly, -4), "2000-02-29T00:00:00Z");
}

#[test]
fn the_wall_time_of_the_anchor_stays() {
    let berlin = zone("Europe/Berlin");
    let daily = every(1, RecurrenceUnit::Day);
    // 02:30 does not exist on the 29th: the day starts when the clock has jumped, and the next is at 02:30 again.
    let jump = nth_period(at("2026-03-28T01:30:00Z"), daily, 1, berlin).unwrap();
    assert_eq!(jump, span("2026-03-29T01:00:00Z/2026-03-30T00:30:00Z"));
    // 02:30 comes twice on the 25th: the earlier counts.
    let twice = nth_period(at("2026-10-24T00:30:00Z"), daily, 1, berlin).unwrap();
    assert_eq!(twice, span("2026-10-25T00:30:00Z/2026-10-26T01:30:00Z"));
    // An anchor in the second pass stays where it is.
    let anchor = at("2026-10-25T01:30:00Z");
    assert_eq!(period_at(anchor, daily, anchor, berlin).unwrap().start(), anchor);
    let weekly = nth_period(at("2026-03-23T08:00:00Z"), every(2, RecurrenceUnit::Week), 1, berlin).unwrap();
    assert_eq!(weekly, span("2026-04-06T07:00:00Z/2026-04-20T07:00:00Z"));
}

#[test]
fn hostile_recurrences_are_refused() {
    let anchor = at("2024-01-31T00:00:00Z");
    assert_eq!(nth_period(anchor, every(0, RecurrenceUnit::Day), 1, Zone::UTC).unwrap_err().field(), Some("every"));
    for unit in [RecurrenceUnit::Day, RecurrenceUnit::Week, RecurrenceUnit::Month, RecurrenceUnit::Year] {
        for n in [i64::MAX, i64::MIN, i64::MAX - 1, 4_000_000_000, -4_000_000_000] {
            assert!(nth_period(anchor, every(u32::MAX, unit), n, Zone::UTC).is_err());
            assert!(nth_period(anchor, every(1, unit), n, Zone::UTC).is_err());
        }
        assert!(period_at(anchor, every(1, unit), at("9999-12-31T23:59:59Z"), Zone::UTC).is_err());
    }
}
