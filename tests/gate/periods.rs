//! Periods that end, definitions that change, and what was settled on its way to charges.

use super::world::{at, budget, covering, day, figures, hold, limits, money, reservation, spend, ttl};
use finops_core::model::money::{Currency, Money};
use finops_core::model::time::{Interval, Stamp};
use finops_core::pipeline::gate::{Covering, Gate, GateError, Limits, Rebase, Spend};
use serde_json::json;

const SECONDS: i64 = 86_400;

fn settle(gate: &Gate, number: u64, amount: &str, second: i64) {
    gate.reserve(reservation(number), &spend("0"), ttl(60), at(second)).unwrap();
    gate.settle(reservation(number), money(amount), at(second)).unwrap();
}

#[test]
fn a_period_that_ended_waits_for_the_next() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "10"));
    assert!(gate.check(&spend("1"), at(SECONDS - 1)).unwrap().is_allowed());
    let before = gate.census();
    let error = gate.reserve(reservation(1), &spend("1"), ttl(1), at(SECONDS)).unwrap_err();
    assert!(matches!(error, GateError::Rolled(id) if id == budget(1)), "{error}");
    assert_eq!(gate.census(), before);
    let next = Rebase { id: budget(1), limits: Limits { period: day(1), ..limits("10") }, spent: Some(Money::ZERO) };
    gate.rebase(&[next], None);
    assert!(gate.reserve(reservation(1), &spend("1"), ttl(1), at(SECONDS)).unwrap().verdict.is_allowed());
}

/// Whichever side an event falls on, the sum over the periods is the sum of the events.
#[test]
fn spending_across_a_reset_is_counted_once() {
    for moment in -3..3 {
        let gate = Gate::default();
        gate.put(covering(1, json!({}), "100"));
        gate.reserve(reservation(1), &spend("7"), ttl(60), at(SECONDS - 5)).unwrap();
        settle(&gate, 2, "500", SECONDS - 4);
        let event = SECONDS + moment;
        if moment < 0 {
            gate.settle(reservation(1), money("7"), at(event)).unwrap();
        }
        let first = gate.state(budget(1), at(SECONDS - 1)).unwrap();
        let limits = Limits { period: day(1), ..limits("100") };
        gate.rebase(&[Rebase { id: budget(1), limits, spent: Some(Money::ZERO) }], None);
        if moment >= 0 {
            // Reserved before the reset and settled after it, without an error.
            gate.settle(reservation(1), money("7"), at(event)).unwrap();
        }
        let second = gate.state(budget(1), at(SECONDS + 4)).unwrap();
        assert_eq!(first.spent, Some(money(if moment < 0 { "507" } else { "500" })));
        assert_eq!(second.spent, Some(money(if moment < 0 { "0" } else { "7" })));
        assert_eq!(second.reserved, Money::ZERO);
    }
}

/// Settled after its period ended and before anybody told the next one.
#[test]
fn spending_between_two_periods_waits_for_the_second() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "100"));
    gate.reserve(reservation(1), &spend("7"), ttl(60), at(SECONDS - 5)).unwrap();
    gate.settle(reservation(1), money("7"), at(SECONDS)).unwrap();
    assert_eq!(figures(&gate, 1, at(SECONDS)).0, Some(Money::ZERO));
    let limits = Limits { period: day(1), ..limits("100") };
    gate.rebase(&[Rebase { id: budget(1), limits, spent: Some(Money::ZERO) }], None);
    assert_eq!(figures(&gate, 1, at(SECONDS)).0, Some(money("7")));
}

#[test]
fn what_was_settled_before_counts_for_a_budget_that_is_new() {
    let gate = Gate::default();
    settle(&gate, 1, "5", 0);
    settle(&gate, 2, "6", SECONDS);
    assert!(hold(&gate, 3, "2"));
    gate.put(Covering { spent: Some(money("1")), ..covering(1, json!({"user": "user"}), "10") });
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("6")), Money::ZERO));
    // It was reserved on no budget, and counts for this one when it is settled.
    gate.settle(reservation(3), money("2"), at(0)).unwrap();
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("8")), Money::ZERO));
}

#[test]
fn a_budget_that_changes_what_it_covers_keeps_what_is_reserved() {
    let gate = Gate::default();
    gate.put(covering(1, json!({"user": "user"}), "10"));
    settle(&gate, 1, "3", 0);
    assert!(hold(&gate, 2, "4"));
    gate.put(covering(1, json!({"user": "another"}), "10"));
    assert_eq!(figures(&gate, 1, at(0)), (Some(Money::ZERO), money("4")));
    gate.settle(reservation(2), money("4"), at(0)).unwrap();
    assert_eq!(figures(&gate, 1, at(0)), (Some(Money::ZERO), Money::ZERO));
    gate.load(vec![covering(1, json!({"team": "team"}), "10")]);
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("7")), Money::ZERO));
    assert!(!hold(&gate, 3, "3.01"));
    gate.remove(budget(1));
    assert!(gate.state(budget(1), at(0)).is_none());
    assert!(hold(&gate, 3, "3.01"));
}

#[test]
fn a_budget_that_is_made_anew_has_an_account_of_its_own() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "10"));
    assert!(hold(&gate, 1, "10"));
    gate.remove(budget(1));
    gate.put(covering(1, json!({}), "10"));
    assert!(hold(&gate, 2, "10"));
    gate.settle(reservation(1), money("1"), at(0)).unwrap();
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("1")), money("10")));
}

#[test]
fn what_is_taken_counts_until_it_is_written() {
    let gate = Gate::default();
    gate.load(vec![covering(1, json!({}), "100"), covering(2, json!({"team": "team"}), "100")]);
    settle(&gate, 1, "5", 0);
    settle(&gate, 2, "6", 0);
    settle(&gate, 3, "7", 900);
    let taken = gate.take().unwrap();
    let mut cells: Vec<_> = taken.cells().map(|cell| (cell.start, cell.amount, cell.count)).collect();
    cells.sort_unstable();
    assert_eq!(cells, [(at(0), money("11"), 2), (at(900), money("7"), 1)]);
    assert!(matches!(gate.take().unwrap_err(), GateError::Taken));
    settle(&gate, 4, "1", 900);
    assert_eq!(figures(&gate, 1, at(900)).0, Some(money("19")));
    gate.give_back(taken);
    assert_eq!(figures(&gate, 1, at(900)).0, Some(money("19")));
    let taken = gate.take().unwrap();
    assert_eq!(taken.cells().map(|cell| cell.count).sum::<u64>(), 4);
    settle(&gate, 5, "2", 901);
    // One budget is told by its charges, of which some came from elsewhere; the other adds what was written.
    let told = Rebase { id: budget(1), limits: limits("100"), spent: Some(money("50")) };
    gate.rebase(&[told], Some(taken));
    assert_eq!(figures(&gate, 1, at(901)).0, Some(money("52")));
    assert_eq!(figures(&gate, 2, at(901)).0, Some(money("21")));
    let census = gate.census();
    assert_eq!(census.accounts[1].base, Some(money("19")));
    let unwritten: Vec<_> = census.unwritten.into_iter().map(|((_, start), sum)| (start, sum)).collect();
    assert_eq!(unwritten, [(at(900).micros(), (money("2"), 1))]);
    assert_eq!(gate.take().unwrap().cells().count(), 1);
}

#[test]
fn a_threshold_is_due_until_the_next_is_told() {
    let gate = Gate::default();
    let alert = |at: &str| Limits { alert_at: Some(money(at)), ..limits("100") };
    gate.put(Covering { limits: alert("50"), ..covering(1, json!({}), "100") });
    gate.put(covering(2, json!({}), "100"));
    let due = |number: u64, amount: &str| {
        assert!(hold(&gate, number, "1"));
        gate.settle(reservation(number), money(amount), at(0)).unwrap().alert_due
    };
    assert!(!due(1, "49.999999999999999999"));
    assert!(due(2, "0.000000000000000001"));
    assert!(due(3, "1"));
    gate.rebase(&[Rebase { id: budget(1), limits: alert("75"), spent: Some(Money::ZERO) }], None);
    assert!(!due(4, "1"));
}

#[test]
fn a_budget_that_has_not_begun_counts_from_its_first_instant() {
    let gate = Gate::default();
    let open = Limits::open(day(0));
    gate.put(Covering { limits: open, ..covering(1, json!({}), "10") });
    assert!(hold(&gate, 1, "50"));
    assert!(matches!(gate.check(&spend("1"), at(SECONDS)).unwrap_err(), GateError::Rolled(_)));
    let begun = Limits { period: day(1), ..limits("10") };
    gate.rebase(&[Rebase { id: budget(1), limits: begun, spent: Some(Money::ZERO) }], None);
    assert!(!gate.check(&spend("1"), at(SECONDS)).unwrap().is_allowed());
    gate.release(reservation(1), at(SECONDS)).unwrap();
    assert!(gate.check(&spend("1"), at(SECONDS)).unwrap().is_allowed());
}

/// A clock that was set back: no spend counts in a period that does not hold, nor in none.
#[test]
fn a_period_that_has_not_begun_waits_for_the_one_before() {
    for start in [at(0), at(7)] {
        // Also where it begins within a quarter of an hour.
        let period = Interval::new(start, at(SECONDS)).unwrap();
        let just_before = Stamp::from_micros(start.micros() - 1).unwrap();
        let gate = Gate::default();
        gate.put(Covering { limits: Limits { period, ..limits("10") }, ..covering(1, json!({}), "10") });
        let before = gate.census().accounts;
        for (amount, now) in [("1", just_before), ("0", just_before), ("11", at(-SECONDS))] {
            for error in [
                gate.check(&spend(amount), now).unwrap_err(),
                gate.reserve(reservation(1), &spend(amount), ttl(60), now).unwrap_err(),
            ] {
                assert!(matches!(error, GateError::Rolled(id) if id == budget(1)), "{error}");
            }
        }
        let after = gate.census();
        assert!(after.reservations.is_empty());
        assert_eq!(after.accounts, before);
        assert!(gate.reserve(reservation(1), &spend("10"), ttl(60), start).unwrap().verdict.is_allowed());
        let earlier = Limits { period: day(-1), ..limits("10") };
        gate.rebase(&[Rebase { id: budget(1), limits: earlier, spent: Some(money("4")) }], None);
        gate.release(reservation(1), start).unwrap();
        assert!(gate.check(&spend("6"), at(-1)).unwrap().is_allowed());
        assert!(!gate.check(&spend("6.01"), at(-1)).unwrap().is_allowed());
    }
}

/// What is reserved in one currency is no amount in another.
#[test]
fn a_budget_in_another_currency_has_another_account() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "10"));
    assert!(hold(&gate, 1, "6") && hold(&gate, 2, "4"));
    gate.settle(reservation(2), money("3"), at(0)).unwrap();
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("3")), money("6")));
    let currency = Currency::parse("EUR").unwrap();
    gate.put(Covering { currency, ..covering(1, json!({}), "10") });
    assert_eq!(figures(&gate, 1, at(0)), (Some(Money::ZERO), Money::ZERO));
    let euros = |amount| Spend { currency, ..spend(amount) };
    assert!(gate.reserve(reservation(3), &euros("10"), ttl(60), at(0)).unwrap().verdict.is_allowed());
    assert_eq!(gate.settle(reservation(1), money("5"), at(0)).unwrap().released, money("1"));
    assert_eq!(figures(&gate, 1, at(0)), (Some(Money::ZERO), money("10")));
    // Back in dollars it counts what was spent in them, and nothing that is held in euros.
    gate.load(vec![covering(1, json!({}), "10")]);
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("8")), Money::ZERO));
    gate.release(reservation(3), at(0)).unwrap();
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("8")), Money::ZERO));
    assert!(hold(&gate, 4, "2") && !hold(&gate, 5, "0.01"));
}
