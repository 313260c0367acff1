//! The run rate: exact, to the end of the budget's own period, silent where nothing can be said.

use super::*;
use ethnum::I256;
use proptest::prelude::*;

fn forecast(period: Interval, now: &str, spent: &str, amount: &str) -> Option<Forecast> {
    let so_far = SpendSoFar { period, now: at(now), spent: money(spent), amount: money(amount) };
    RunRate.forecast(&so_far).unwrap()
}

fn today() -> Interval {
    Interval::new(at("2025-01-31T00:00:00Z"), at("2025-02-01T00:00:00Z")).unwrap()
}

#[test]
fn a_daily_budget_is_forecast_to_tonight() {
    let until_tonight = forecast(today(), "2025-01-31T06:00:00Z", "4", "10").unwrap();
    assert_eq!(until_tonight.expected, money("16"));
    assert_eq!(until_tonight.exhausts_at, Some(at("2025-01-31T15:00:00Z")));
    let thresholds = json!([{"percent": 100, "action": "alert", "basis": "forecasted"}]);
    let mut watched = Watched::new(budget("10", &thresholds));
    watched.now = at("2025-01-31T06:00:00Z");
    assert_eq!(watched.observe(today(), Some(money("4")), Some(until_tonight.expected)), ["100 forecasted"]);
}

#[test]
fn nothing_is_said_before_time_has_passed() {
    for (now, said) in [
        ("2025-01-30T23:00:00Z", false),
        ("2025-01-31T00:00:00Z", false),
        ("2025-01-31T00:59:59.999999Z", false),
        ("2025-01-31T01:00:00Z", true),
        ("2025-02-01T00:00:00Z", true),
    ] {
        assert_eq!(forecast(today(), now, "1", "10").is_some(), said, "{now}");
    }
    let always = Interval::always();
    let from_now_on = Interval::new(at("2025-01-01T00:00:00Z"), always.end()).unwrap();
    for endless in [always, from_now_on] {
        assert_eq!(forecast(endless, "2025-06-01T00:00:00Z", "1", "10"), None);
    }
}

#[test]
fn an_amount_is_used_up_within_the_period_or_not_at_all() {
    let when =
        |spent: &str, amount: &str| forecast(today(), "2025-01-31T12:00:00Z", spent, amount).unwrap().exhausts_at;
    assert_eq!(when("4", "10"), None, "8 by tonight");
    assert_eq!(when("5", "10"), None, "at its very end, when the next begins");
    assert_eq!(when("6", "10"), Some(at("2025-01-31T20:00:00Z")));
    assert_eq!(when("7", "10"), Some(at("2025-01-31T17:08:34.285715Z")), "the first microsecond at which it is");
    assert_eq!((when("10", "10"), when("11", "10"), when("0", "10"), when("-1", "10")), (None, None, None, None));
}

#[test]
fn what_does_not_fit_is_not_told() {
    let so_far =
        SpendSoFar { period: today(), now: at("2025-01-31T06:00:00Z"), spent: Money::MAX, amount: Money::ZERO };
    assert_eq!(RunRate.forecast(&so_far).unwrap(), None);
}

proptest! {
    #[test]
    fn it_is_the_whole_by_what_has_passed(
        spent in -1_000_000_000_000_000_000_000_000_i128..1_000_000_000_000_000_000_000_000,
        amount in 1_i128..1_000_000_000_000_000_000_000_000,
        days in 1_i64..400, permille in 42_i64..=1000,
    ) {
        let (start, length) = (at("2025-01-01T00:00:00Z").micros(), days * 86_400_000_000);
        let elapsed = length / 1000 * permille;
        let stamp = |micros: i64| Stamp::from_micros(start + micros).unwrap();
        let period = Interval::new(stamp(0), stamp(length)).unwrap();
        let (spent, amount) = (Money::from_mantissa(spent), Money::from_mantissa(amount));
        let found = RunRate.forecast(&SpendSoFar { period, now: stamp(elapsed), spent, amount }).unwrap().unwrap();
        // Within half a step of 10^-18 of the quotient.
        let off = I256::from(found.expected.mantissa()) * I256::from(elapsed)
            - I256::from(spent.mantissa()) * I256::from(length);
        prop_assert!(off.abs() * 2 <= I256::from(elapsed));
        if permille == 1000 {
            prop_assert_eq!(found.expected, spent, "what has passed is known");
        }
        if let Some(when) = found.exhausts_at {
            let by = |at: Stamp| I256::from(spent.mantissa()) * I256::from(at.micros() - start);
            let needed = I256::from(amount.mantissa()) * I256::from(elapsed);
            prop_assert!(by(when) >= needed && by(Stamp::from_micros(when.micros() - 1).unwrap()) < needed);
            prop_assert!(found.expected >= amount && when < period.end());
        }
    }
}
