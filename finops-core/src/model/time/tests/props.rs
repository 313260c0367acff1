//! What must hold for every time, zone and text.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Any instant of the years 1970 to 2037.
fn stamps() -> impl Strategy<Value = Stamp> {
    (0..2_145_916_800_000_000_i64).prop_map(|micros| Stamp::from_micros(micros).unwrap())
}

/// On the hour, and so more often on a boundary than chance would have it.
fn hours() -> impl Strategy<Value = Stamp> {
    (0..596_088_i64).prop_map(|hour| Stamp::from_micros(hour * 3_600_000_000).unwrap())
}

fn zones() -> impl Strategy<Value = Zone> {
    select(&chrono_tz::TZ_VARIANTS[..]).prop_map(|zone| Zone::parse(zone.name()).unwrap())
}

fn steps() -> impl Strategy<Value = Recurrence> {
    let units = [RecurrenceUnit::Day, RecurrenceUnit::Week, RecurrenceUnit::Month, RecurrenceUnit::Year];
    (1..40_u32, select(units.to_vec())).prop_map(|(every, unit)| Recurrence { every, unit })
}

proptest! {
    #[test]
    fn days_tile_the_interval(zone in zones(), start in hours(), minutes in 0..800_000_i64) {
        let interval = Interval::new(start, start.plus(minutes * 60_000_000).unwrap()).unwrap();
        let days = zone.days(interval).unwrap();
        let mut cursor = interval.start();
        for (index, day) in days.iter().enumerate() {
            prop_assert_eq!(day.interval.start(), cursor);
            prop_assert!(!day.interval.is_empty());
            prop_assert!(super::minutes(&day.interval) <= 48 * 60);
            prop_assert_eq!(zone.day_of(day.interval.start()), day.date);
            if index > 0 {
                prop_assert!(days[index - 1].date < day.date);
                prop_assert_eq!(zone.day_start(day.date).unwrap(), cursor);
                prop_assert_eq!(zone.date_of(cursor), day.date);
            }
            cursor = day.interval.end();
        }
        prop_assert_eq!(cursor, interval.end());
    }

    #[test]
    fn nothing_of_a_day_lies_before_its_start(zone in zones(), stamp in stamps()) {
        let date = zone.date_of(stamp);
        prop_assert!(zone.day_start(date).unwrap() <= stamp);
        let start = zone.day_start(date).unwrap();
        prop_assert!(zone.date_of(start.plus(-1).unwrap()) < date);
    }

    #[test]
    fn stamps_print_and_read(micros in -62_135_596_800_000_000..=253_402_300_799_999_999_i64) {
        let stamp = Stamp::from_micros(micros).unwrap();
        let text = stamp.to_string();
        prop_assert_eq!(Stamp::parse(&text).unwrap(), stamp);
        prop_assert_eq!(Stamp::parse_lenient(&text).unwrap(), (stamp, false));
        prop_assert_eq!(Stamp::from_utc(stamp.to_utc()), stamp);
        prop_assert_eq!(text.parse::<chrono::DateTime<chrono::Utc>>().unwrap(), stamp.to_utc());
        let json = serde_json::to_string(&stamp).unwrap();
        prop_assert_eq!(serde_json::from_str::<Stamp>(&json).unwrap(), stamp);
    }

    #[test]
    fn offsets_are_taken_off(stamp in stamps(), minutes in -1439..=1439_i32) {
        let offset = chrono::FixedOffset::east_opt(minutes * 60).unwrap();
        let text = stamp.to_utc().with_timezone(&offset).to_rfc3339();
        prop_assert_eq!(Stamp::parse(&text).unwrap(), stamp);
    }

    #[test]
    fn periods_print_and_read(stamp in stamps(), zone in zones()) {
        let day = Period::parse(&zone.date_of(stamp).to_string()).unwrap();
        prop_assert_eq!(Period::parse(&day.to_string()).unwrap(), day.clone());
        let interval = day.interval(zone).unwrap();
        prop_assert!(interval.start() <= stamp);
        prop_assert_eq!(zone.days(interval).unwrap().len(), 1);
        let written = Period::parse(&interval.to_string()).unwrap();
        prop_assert_eq!(written.interval(Zone::UTC).unwrap(), interval);
    }

    #[test]
    fn periods_recur_without_gap(
        anchor in hours(),
        at in stamps(),
        step in steps(),
        zone in zones(),
        k in -20..20_i64,
    ) {
        let found = period_at(anchor, step, at, zone).unwrap();
        prop_assert!(found.contains(at));
        let (one, two) = (nth_period(anchor, step, k, zone).unwrap(), nth_period(anchor, step, k + 1, zone).unwrap());
        prop_assert_eq!(one.end(), two.start());
        if !one.is_empty() {
            prop_assert_eq!(period_at(anchor, step, one.start(), zone).unwrap(), one);
        }
        prop_assert_eq!(nth_period(anchor, step, 0, zone).unwrap().start(), anchor);
    }

    #[test]
    fn windows_are_never_reversed(now in hours(), zone in zones(), count in 1..5_000_i64, unit in "[mhdw]") {
        let on = |text: &str| Window::parse(text).unwrap().resolve(now, zone).unwrap();
        let names = ["today", "yesterday", "week", "lastweek", "month", "lastmonth"];
        let [today, yesterday, week, last_week, month, last_month] = names.map(on);
        prop_assert!(today.contains(now));
        prop_assert!([today, yesterday, last_week, last_month].iter().all(|window| !window.is_empty()));
        prop_assert_eq!(yesterday.end(), today.start());
        prop_assert_eq!(last_week.end(), week.start());
        prop_assert_eq!(last_month.end(), month.start());
        prop_assert!(week.end() == now && month.end() == now);
        let rounded = on(&format!("{count}{unit}"));
        prop_assert!(rounded.contains(now) || unit == "m" && !rounded.is_empty());
        let length = |window: Interval| window.end().micros() - window.start().micros();
        let offset = on(&format!("{count}{unit} offset {count}{unit}"));
        prop_assert_eq!(length(offset), length(rounded));
        prop_assert_eq!(offset.end().plus(length(offset)).unwrap(), now);
    }

    #[test]
    fn no_text_panics(text in prop_oneof![
        ".{0,70}",
        "[0-9TZtz:+/,. offsetmhdwQW-]{0,70}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,20}",
        "[0-9]{1,40}[mhdw,-]( offset )?[0-9]{0,40}[mhdw]?",
        "[0-9]{4}-.{0,4}",
    ]) {
        let now = Stamp::from_micros(0).unwrap();
        if let Ok(window) = Window::parse(&text) {
            prop_assert_eq!(window.text(), &text);
            drop(window.resolve(now, Zone::UTC));
        }
        if let Ok(period) = Period::parse(&text) {
            prop_assert_eq!(period.text(), &text);
            drop(period.interval(Zone::UTC));
        }
        if let Ok(stamp) = Stamp::parse(&text) {
            prop_assert_eq!(Stamp::parse_lenient(&text).unwrap(), (stamp, false));
        }
        drop(Stamp::parse_lenient(&text));
        drop(Zone::parse(&text));
    }
}
