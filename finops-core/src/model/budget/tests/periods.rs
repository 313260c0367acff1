//! Periods: their boundaries by the calendar of a zone, and that they tile time.

use super::*;
use crate::model::money::{Currency, Money};
use crate::model::time::{Interval, Zone};
use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;
use proptest::sample::select;

fn allowance(fields: Value) -> Allowance {
    let usual = json!({"amount": 10, "currency": "USD"});
    let (Value::Object(mut all), Value::Object(fields)) = (usual, fields) else { panic!("objects") };
    all.extend(fields);
    let allowance: Allowance = serde_json::from_value(Value::Object(all)).unwrap();
    allowance.validate().unwrap();
    allowance
}

fn period(allowance: &Allowance, now: &str) -> String {
    allowance.period_at(at(now)).unwrap().map_or_else(String::new, |period| period.to_string())
}

#[test]
fn months_from_the_31st_come_back_to_it() {
    let from = allowance(json!({"period": "monthly", "start_date": "2025-01-31"}));
    assert_eq!(period(&from, "2025-08-13T00:00:00Z"), "2025-07-31T00:00:00Z/2025-08-31T00:00:00Z");
    assert_eq!(period(&from, "2025-09-30T00:00:00Z"), "2025-09-30T00:00:00Z/2025-10-31T00:00:00Z");
    assert_eq!(period(&from, "2025-09-29T23:59:59.999999Z"), "2025-08-31T00:00:00Z/2025-09-30T00:00:00Z");
    let from = allowance(json!({"period": "monthly", "start_date": "2025-01-30"}));
    assert_eq!(period(&from, "2025-02-13T00:00:00Z"), "2025-01-30T00:00:00Z/2025-02-28T00:00:00Z");
    let reset = allowance(json!({"period": "monthly", "reset_day": 31}));
    for (month, starts) in [
        ("2024-02-10", "2024-01-31"),
        ("2024-03-10", "2024-02-29"),
        ("2025-03-10", "2025-02-28"),
        ("2025-04-10", "2025-03-31"),
        ("2025-05-10", "2025-04-30"),
    ] {
        assert!(period(&reset, &format!("{month}T00:00:00Z")).starts_with(starts), "{month}");
    }
}

#[test]
fn years_from_a_leap_day_come_back_to_it() {
    let from = allowance(json!({"period": "yearly", "start_date": "2024-02-29"}));
    let first = from.period_at(at("2024-06-01T00:00:00Z")).unwrap().unwrap();
    assert_eq!(first.to_string(), "2024-02-29T00:00:00Z/2025-02-28T00:00:00Z");
    assert_eq!((first.end().micros() - first.start().micros()) / 86_400_000_000, 365);
    assert_eq!(period(&from, "2025-03-01T00:00:00Z"), "2025-02-28T00:00:00Z/2026-02-28T00:00:00Z");
    assert_eq!(period(&from, "2028-02-28T23:00:00Z"), "2027-02-28T00:00:00Z/2028-02-29T00:00:00Z");
    let common = allowance(json!({"period": "yearly", "start_date": "2023-02-28"}));
    assert_eq!(period(&common, "2024-02-28T00:00:00Z"), "2024-02-28T00:00:00Z/2025-02-28T00:00:00Z");
    assert_eq!(period(&from, "2024-02-28T23:59:59Z"), "", "nothing before it");
    let quarters = allowance(json!({"period": "quarterly", "start_date": "2023-11-30"}));
    assert_eq!(period(&quarters, "2024-02-29T00:00:00Z"), "2024-02-29T00:00:00Z/2024-05-30T00:00:00Z");
}

#[test]
fn without_a_day_they_are_those_of_the_calendar() {
    for (word, wanted) in [
        ("daily", "2025-05-14T00:00:00Z/2025-05-15T00:00:00Z"),
        ("weekly", "2025-05-12T00:00:00Z/2025-05-19T00:00:00Z"),
        ("monthly", "2025-05-01T00:00:00Z/2025-06-01T00:00:00Z"),
        ("quarterly", "2025-04-01T00:00:00Z/2025-07-01T00:00:00Z"),
        ("yearly", "2025-01-01T00:00:00Z/2026-01-01T00:00:00Z"),
    ] {
        assert_eq!(period(&allowance(json!({"period": word})), "2025-05-14T12:00:00Z"), wanted);
    }
    for (word, day, wanted) in [
        ("weekly", 7, "2025-05-11T00:00:00Z/2025-05-18T00:00:00Z"),
        ("quarterly", 31, "2025-04-30T00:00:00Z/2025-07-31T00:00:00Z"),
        ("yearly", 15, "2025-01-15T00:00:00Z/2026-01-15T00:00:00Z"),
    ] {
        assert_eq!(period(&allowance(json!({"period": word, "reset_day": day})), "2025-05-14T12:00:00Z"), wanted);
    }
}

#[test]
fn days_and_months_are_those_of_the_zone() {
    let budapest = allowance(json!({"period": "monthly", "time_zone": "Europe/Budapest"}));
    assert_eq!(period(&budapest, "2024-12-31T23:00:00Z"), "2024-12-31T23:00:00Z/2025-01-31T23:00:00Z");
    assert_eq!(period(&budapest, "2025-04-01T00:00:00Z"), "2025-03-31T22:00:00Z/2025-04-30T22:00:00Z");
    for (zone, day, wanted) in [
        ("America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z/2026-03-09T04:00:00Z"),
        ("America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z/2026-11-02T05:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-04T00:00:00Z", "2026-10-03T13:30:00Z/2026-10-04T13:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z/2018-11-05T02:00:00Z"),
    ] {
        assert_eq!(period(&allowance(json!({"period": "daily", "time_zone": zone})), day), wanted, "{zone}");
    }
    // A first day without a midnight does not move the days after it.
    let santiago = json!({"period": "daily", "time_zone": "America/Santiago", "start_date": "2026-09-06"});
    let (first, second) = ("2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z");
    assert_eq!(period(&allowance(santiago.clone()), first), format!("{first}/{second}"));
    assert_eq!(period(&allowance(santiago), "2026-09-07T12:00:00Z"), format!("{second}/2026-09-08T03:00:00Z"));
}

#[test]
fn a_changed_zone_takes_over_where_the_new_period_starts() {
    let zoned = |zone: &str| allowance(json!({"period": "monthly", "time_zone": zone}));
    let (tokyo, angeles) = (zoned("Asia/Tokyo"), zoned("America/Los_Angeles"));
    let now = "2025-08-31T20:00:00Z";
    assert_eq!(period(&tokyo, now), "2025-08-31T15:00:00Z/2025-09-30T15:00:00Z");
    let start = "2025-08-01T07:00:00Z";
    assert_eq!(period(&angeles, now), format!("{start}/2025-09-01T07:00:00Z"));
    // What is left of the old definition is what lay before: from the start of its period up to there.
    assert_eq!(period(&tokyo, start), "2025-07-31T15:00:00Z/2025-08-31T15:00:00Z");
}

#[test]
fn it_holds_from_its_first_day_to_its_last() {
    let once = allowance(json!({"type": "one_time", "start_date": "2025-03-01", "end_date": "2025-06-01"}));
    let span = "2025-03-01T00:00:00Z/2025-06-01T00:00:00Z";
    for (now, wanted) in [
        ("2025-02-28T23:59:59.999999Z", ""),
        ("2025-03-01T00:00:00Z", span),
        ("2025-05-31T23:59:59.999999Z", span),
        ("2025-06-01T00:00:00Z", ""),
    ] {
        assert_eq!(period(&once, now), wanted, "{now}");
    }
    let always = allowance(json!({"type": "one_time"}));
    assert_eq!(always.period_at(at("2025-01-01T00:00:00Z")).unwrap(), Some(Interval::always()));
    let zoned =
        json!({"type": "one_time", "start_date": "2025-03-01", "end_date": "2025-03-02", "time_zone": "Asia/Tokyo"});
    let day = "2025-02-28T15:00:00Z/2025-03-01T15:00:00Z";
    assert_eq!(period(&allowance(zoned), "2025-02-28T15:00:00Z"), day);
    let cut = json!({"period": "monthly", "reset_day": 1, "start_date": "2025-01-15", "end_date": "2025-02-10"});
    let cut = allowance(cut);
    assert_eq!(period(&cut, "2025-01-20T00:00:00Z"), "2025-01-15T00:00:00Z/2025-02-01T00:00:00Z");
    assert_eq!(period(&cut, "2025-02-05T00:00:00Z"), "2025-02-01T00:00:00Z/2025-02-10T00:00:00Z");
    assert_eq!(
        (period(&cut, "2025-01-14T23:00:00Z"), period(&cut, "2025-02-10T00:00:00Z")),
        (String::new(), String::new())
    );
}

#[test]
fn what_no_period_can_be_is_refused_by_field() {
    for (budget, wanted) in [
        (json!({"amount": -1, "currency": "USD", "period": "daily"}), "budget.amount: must be 0 or more"),
        (json!({"amount": 1, "currency": "USD"}), "budget.period: must be given: daily"),
        (json!({"amount": 1, "currency": "USD", "period": "daily", "reset_day": 1}), "budget.reset_day: has no place"),
        (
            json!({"amount": 1, "currency": "USD", "period": "weekly", "reset_day": 8}),
            "budget.reset_day: must be 1 (Monday) to 7",
        ),
        (
            json!({"amount": 1, "currency": "USD", "period": "yearly", "reset_day": 0}),
            "budget.reset_day: must be 1 to 31",
        ),
        (
            json!({"amount": 1, "currency": "USD", "period": "monthly", "reset_day": 32}),
            "budget.reset_day: must be 1 to 31",
        ),
        (json!({"amount": 1, "currency": "USD", "type": "one_time", "period": "daily"}), "budget.period: has no place"),
        (json!({"amount": 1, "currency": "USD", "type": "one_time", "reset_day": 1}), "budget.reset_day: has no place"),
        (
            json!({"amount": 1, "currency": "USD", "type": "one_time",
                "start_date": "2025-02-01", "end_date": "2025-02-01"}),
            "budget.end_date: must lie after start_date",
        ),
        (
            // Samoa had no such day.
            json!({"amount": 1, "currency": "USD", "type": "one_time", "time_zone": "Pacific/Apia",
                "start_date": "2011-12-30", "end_date": "2011-12-31"}),
            "budget.end_date: must lie after start_date",
        ),
        (json!({"amount": 1, "currency": "USD", "period": "daily", "start_date": "1/2/25"}), "must be a date such as"),
        (
            json!({"amount": 1, "currency": "USD", "period": "daily", "start_date": "2025-1-31"}),
            "must be a date such as",
        ),
        (json!({"amount": 1, "currency": "USD", "period": "daily", "colour": "red"}), "unknown field `colour`"),
        (json!({"amount": "1e20", "currency": "USD", "period": "daily"}), ""),
    ] {
        if wanted.is_empty() {
            assert!(made(json!({"budget": budget})).is_ok(), "{budget}");
        } else {
            let message = refused(json!({"budget": budget}));
            assert!(message.starts_with(wanted) || message.contains(wanted), "{budget}: {message}");
        }
    }
    let far = json!([{"percent": 1000, "action": "alert"}]);
    let large = json!({"amount": "1e20", "currency": "USD", "period": "daily"});
    let message = refused(json!({"budget": large, "thresholds": far}));
    assert!(message.starts_with("budget.amount: 1000 % of 100000000000000000000 does not fit"), "{message}");
}

fn zones() -> impl Strategy<Value = Zone> {
    select(&chrono_tz::TZ_VARIANTS[..]).prop_map(|zone| Zone::parse(zone.name()).unwrap())
}

fn recurring() -> impl Strategy<Value = Allowance> {
    use BudgetPeriod::{Daily, Monthly, Quarterly, Weekly, Yearly};
    let start = prop::option::of((0..25_000_i32).prop_map(|day| NaiveDate::from_num_days_from_ce_opt(719_163 + day)));
    let parts = (select(vec![Daily, Weekly, Monthly, Quarterly, Yearly]), prop::option::of(1..=31_u8), start, zones());
    parts.prop_map(|(period, day, start, zone)| {
        let mut allowance = Allowance::recurring(Money::from_units(1), Currency::parse("USD").unwrap(), period);
        allowance.reset_day = day.filter(|day| period != Daily && (period != Weekly || *day <= 7));
        (allowance.start_date, allowance.time_zone) = (start.flatten(), zone);
        allowance.validate().unwrap();
        allowance
    })
}

/// Any hour, or quarter of it, of the years 1970 to 2037, where clocks have changed most.
fn instants() -> impl Strategy<Value = Stamp> {
    (0..2_384_352_i64).prop_map(|quarter| Stamp::from_micros(quarter * 900_000_000).unwrap())
}

fn next(stamp: Stamp, micros: i64) -> Stamp {
    Stamp::from_micros(stamp.micros() + micros).unwrap()
}

proptest! {
    #[test]
    fn periods_tile_time(allowance in recurring(), from in instants()) {
        let Some(first) = allowance.period_at(from).unwrap() else {
            // Nothing holds before the first day, and something from its first instant on.
            let start = allowance.time_zone.day_start(allowance.start_date.unwrap()).unwrap();
            prop_assert!(from < start);
            prop_assert_eq!(allowance.period_at(start).unwrap().map(|period| period.start()), Some(start));
            prop_assert_eq!(allowance.period_at(next(start, -1)).unwrap(), None);
            return Ok(());
        };
        prop_assert!(first.contains(from));
        let mut period = first;
        for _ in 0..40 {
            prop_assert!(!period.is_empty());
            // The same period at every instant of it, its edges and its middle alike.
            let middle = next(period.start(), (period.end().micros() - period.start().micros()) / 2);
            for at in [period.start(), middle, next(period.end(), -1)] {
                prop_assert_eq!(allowance.period_at(at).unwrap(), Some(period));
            }
            let after = allowance.period_at(period.end()).unwrap().unwrap();
            prop_assert_eq!(after.start(), period.end(), "no gap and no overlap");
            period = after;
        }
    }

    /// Where the day is not cut, every boundary is the first instant of the day that it is named after.
    #[test]
    fn months_start_on_their_day(zone in zones(), day in 1..=31_u8, now in instants()) {
        let mut monthly = Allowance::recurring(Money::ZERO, Currency::parse("USD").unwrap(), BudgetPeriod::Monthly);
        (monthly.reset_day, monthly.time_zone) = (Some(day), zone);
        let start = monthly.period_at(now).unwrap().unwrap().start();
        let date = (0..32).map(|back| zone.date_of(now) - chrono::Days::new(back)).find(|date| {
            let (is_last, named) = ((*date + chrono::Days::new(1)).day() == 1, date.day());
            let is_day = named == u32::from(day) || is_last && named < u32::from(day);
            is_day && zone.day_start(*date).unwrap() <= now
        });
        prop_assert_eq!(start, zone.day_start(date.unwrap()).unwrap());
    }
}
