//! Hard cases of reserving and settling, with their figures.

use super::world::{
    IDS, TERMS, at, budget, covering, figures, filter, given, hold, limits, money, refused, reservation, spend, ttl,
};
use finops_core::ErrorCode;
use finops_core::model::dimension::BuiltIn;
use finops_core::model::money::{Currency, Money};
use finops_core::pipeline::gate::{
    Closed, Covering, Gate, GateError, Limits, Resolution, Spend, Terms, Verdict, ZeroCost,
};
use serde_json::json;
use std::time::Duration;

/// One budget over everything.
fn gate(limit: &str) -> Gate {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), limit));
    gate
}

#[test]
fn a_limit_may_be_reached_and_not_passed() {
    let gate = gate("100");
    assert!(hold(&gate, 1, "70"));
    gate.settle(reservation(1), money("70"), at(0)).unwrap();
    let answer = gate.reserve(reservation(2), &spend("50"), TERMS, at(0));
    let Verdict::Deny(refusal) = answer.unwrap().verdict else { panic!("50 on 70 of 100 was allowed") };
    assert_eq!((refusal.limit, refusal.spent), (Some(money("100")), Some(money("70"))));
    assert_eq!((refusal.reserved, refusal.requested, refusal.closed), (Money::ZERO, money("50"), None));
    assert!(hold(&gate, 3, "30"));
    assert!(!hold(&gate, 4, "0.01"));
    assert!(!gate.check(&spend("0.000000000000000001"), at(0)).unwrap().is_allowed());
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("70")), money("30")));
}

#[test]
fn a_reservation_is_resolved_once() {
    let gate = gate("1000");
    assert!(hold(&gate, 1, "123"));
    let settled = gate.settle(reservation(1), money("100"), at(0)).unwrap();
    assert_eq!((settled.posted, settled.released), (money("100"), money("23")));
    assert!(!settled.overrun && !settled.late && !settled.alert_due);
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("100")), Money::ZERO));

    assert!(hold(&gate, 2, "123"));
    let settled = gate.settle(reservation(2), money("124"), at(0)).unwrap();
    assert_eq!((settled.posted, settled.released, settled.overrun), (money("124"), Money::ZERO, true));
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("224")), Money::ZERO));

    let again = gate.settle(reservation(2), money("124"), at(0)).unwrap_err();
    assert!(matches!(again, GateError::Resolved { resolution: Resolution::Settled, .. }), "{again}");
    assert_eq!(again.into_error().code(), ErrorCode::Conflict);
    assert!(hold(&gate, 3, "5"));
    assert_eq!(gate.release(reservation(3), at(0)).unwrap(), money("5"));
    let void = gate.settle(reservation(3), money("5"), at(0)).unwrap_err();
    assert!(matches!(void, GateError::Resolved { resolution: Resolution::Released, .. }), "{void}");
    let unknown = gate.settle(reservation(4), money("5"), at(0)).unwrap_err();
    assert_eq!(unknown.into_error().code(), ErrorCode::NotFound);
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("224")), Money::ZERO));
}

#[test]
fn an_id_means_one_reservation() {
    let gate = gate("100");
    let first = gate.reserve(reservation(1), &spend("40"), given(60), at(0)).unwrap();
    let second = gate.reserve(reservation(1), &spend("40"), given(60), at(5)).unwrap();
    assert_eq!((first.verdict, first.repeated, second.repeated), (second.verdict, false, true));
    assert_eq!(figures(&gate, 1, at(5)).1, money("40"));
    let other = Spend { ids: &IDS[..2], ..spend("40") };
    let euros = Spend { currency: Currency::parse("EUR").unwrap(), ..spend("40") };
    for (spend, terms, wanted) in [
        (spend("41"), given(60), "amount"),
        (spend("40"), given(61), "ttl"),
        (other, given(60), "scope"),
        (euros, given(60), "scope"),
    ] {
        let error = gate.reserve(reservation(1), &spend, terms, at(0)).unwrap_err();
        assert!(matches!(error, GateError::Differs { field, .. } if field == wanted), "{wanted}: {error}");
        let error = error.into_error();
        assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some(wanted)));
    }
    gate.settle(reservation(1), money("40"), at(10)).unwrap();
    let over = gate.reserve(reservation(1), &spend("40"), given(60), at(10)).unwrap_err();
    assert!(matches!(over, GateError::Resolved { resolution: Resolution::Settled, .. }), "{over}");
}

#[test]
fn a_refused_id_stays_refused_for_its_time() {
    let gate = gate("100");
    assert!(hold(&gate, 1, "60"));
    let terms = given(60);
    assert_eq!(refused(gate.reserve(reservation(2), &spend("50"), terms, at(0))), budget(1));
    gate.release(reservation(1), at(1)).unwrap();
    let again = gate.reserve(reservation(2), &spend("50"), terms, at(59)).unwrap();
    assert!(again.repeated && !again.verdict.is_allowed());
    assert!(gate.settle(reservation(2), money("1"), at(59)).is_err());
    let fresh = gate.reserve(reservation(2), &spend("50"), terms, at(60)).unwrap();
    assert!(!fresh.repeated && fresh.verdict.is_allowed());
}

#[test]
fn holds_expire_at_their_instant() {
    let gate = gate("1000");
    for (number, amount, terms) in [(10, "10", TERMS), (11, "11", ttl(1)), (12, "12", ttl(2)), (13, "13", ttl(3))] {
        gate.reserve(reservation(number), &spend(amount), terms, at(0)).unwrap();
    }
    for (second, pending) in [(0, "46"), (1, "35"), (2, "23"), (3, "10"), (1_000, "10")] {
        assert_eq!(figures(&gate, 1, at(second)).1, money(pending), "after {second} s");
    }
    let late = gate.settle(reservation(11), money("11"), at(3)).unwrap();
    assert!(late.late && !late.overrun && late.released.is_zero());
    assert_eq!(figures(&gate, 1, at(3)), (Some(money("11")), money("10")));
    let on_time = gate.settle(reservation(10), money("10"), at(3)).unwrap();
    assert!(!on_time.late);
    assert_eq!(figures(&gate, 1, at(3)), (Some(money("21")), Money::ZERO));
    let again = gate.settle(reservation(11), money("11"), at(3)).unwrap_err();
    assert!(matches!(again, GateError::Resolved { resolution: Resolution::Settled, .. }), "{again}");
    let expired = gate.release(reservation(12), at(3)).unwrap_err();
    assert!(matches!(expired, GateError::Resolved { resolution: Resolution::Expired, .. }), "{expired}");
}

#[test]
fn a_microsecond_before_the_end_it_is_held() {
    let gate = gate("10");
    let terms = Terms { ttl: Some(Duration::from_micros(7)), idempotent: false };
    gate.reserve(reservation(1), &spend("10"), terms, at(0)).unwrap();
    let after = |micros: i64| finops_core::model::time::Stamp::from_micros(at(0).micros() + micros).unwrap();
    assert!(!gate.check(&spend("1"), after(6)).unwrap().is_allowed());
    assert!(gate.check(&spend("10"), after(7)).unwrap().is_allowed());
    // Settled at its very end, and nobody had looked before.
    gate.reserve(reservation(2), &spend("10"), terms, after(10)).unwrap();
    assert!(gate.settle(reservation(2), money("3"), after(17)).unwrap().late);
    assert_eq!(figures(&gate, 1, after(17)), (Some(money("3")), Money::ZERO));
}

#[test]
fn a_caller_that_died_holds_nothing_for_ever() {
    let gate = gate("10");
    gate.reserve(reservation(1), &spend("10"), ttl(30), at(0)).unwrap();
    assert!(!hold(&gate, 2, "1"));
    let later = gate.reserve(reservation(2), &spend("10"), ttl(30), at(30)).unwrap();
    assert!(later.verdict.is_allowed());
    // Cut off in the middle: only what went in is paid.
    let settled = gate.settle(reservation(2), money("1.25"), at(31)).unwrap();
    assert_eq!((settled.posted, settled.released), (money("1.25"), money("8.75")));
}

#[test]
fn a_failed_settle_of_what_expired_leaves_nothing() {
    let gate = gate("1000");
    gate.reserve(reservation(1), &spend("11"), ttl(1), at(0)).unwrap();
    gate.settle(reservation(1), money("11"), at(2)).unwrap();
    let before = gate.census();
    assert!(gate.settle(reservation(1), money("7"), at(2)).is_err());
    assert!(gate.release(reservation(1), at(2)).is_err());
    let negative = gate.settle(reservation(1), money("-1"), at(2)).unwrap_err();
    assert_eq!(negative.into_error().field(), Some("amount"));
    assert_eq!(gate.census(), before);
}

#[test]
fn all_budgets_hold_or_none() {
    let gate = Gate::default();
    gate.load(vec![
        covering(1, json!({"organization": "org"}), "100"),
        covering(2, json!({"team": "team"}), "100"),
        covering(3, json!({"user": "user"}), "10"),
        covering(4, json!({"user": "another"}), "1"),
    ]);
    assert!(hold(&gate, 1, "9.5"));
    let before = gate.census();
    assert_eq!(refused(gate.reserve(reservation(2), &spend("0.6"), TERMS, at(0))), budget(3));
    assert_eq!(gate.census(), before);
    for number in 1..=3 {
        assert_eq!(figures(&gate, number, at(0)).1, money("9.5"));
    }
    // The second of three fails, then the first too: the first of them is named.
    gate.put(covering(2, json!({"team": "team"}), "9.5"));
    let before = gate.census();
    assert_eq!(refused(gate.reserve(reservation(2), &spend("0.1"), TERMS, at(0))), budget(2));
    assert_eq!(gate.census(), before);
    gate.put(covering(1, json!({"organization": "org"}), "9.5"));
    assert_eq!(refused(gate.reserve(reservation(2), &spend("0.1"), TERMS, at(0))), budget(1));
    assert!(matches!(gate.check(&spend("0"), at(0)).unwrap(), Verdict::Allow { covered: 3 }));
}

#[test]
fn five_requests_of_a_third_of_the_cap_are_three() {
    let gate = gate("0.45");
    let held = (1..=5).filter(|number| hold(&gate, *number, "0.15")).count();
    assert_eq!(held, 3);
}

#[test]
fn what_costs_nothing_goes_by_the_policy() {
    let gate = gate("10");
    assert!(hold(&gate, 1, "10"));
    assert!(hold(&gate, 2, "0"));
    gate.settle(reservation(1), money("11"), at(0)).unwrap();
    assert!(hold(&gate, 3, "0"));
    let deny = |limits: Limits| Covering {
        limits: Limits { zero_cost: ZeroCost::Deny, ..limits },
        ..covering(1, json!({}), "10")
    };
    gate.put(deny(limits("10")));
    assert!(!hold(&gate, 4, "0"));
    gate.put(deny(limits("12")));
    assert!(hold(&gate, 5, "0"));
    gate.put(deny(Limits { closed: Some(Closed::Forecast), ..limits("12") }));
    assert!(!hold(&gate, 6, "0"));
    gate.put(deny(Limits { limit: None, ..limits("12") }));
    assert!(hold(&gate, 7, "0") && hold(&gate, 8, "1000000"));
}

#[test]
fn closed_and_unknown_refuse_what_is_positive() {
    let gate = gate("10");
    let closed = Limits { limit: None, closed: Some(Closed::Forecast), ..limits("10") };
    gate.put(Covering { limits: closed, ..covering(1, json!({}), "10") });
    let Verdict::Deny(refusal) = gate.check(&spend("0.01"), at(0)).unwrap() else { panic!("it is closed") };
    assert_eq!((refusal.closed, refusal.limit), (Some(Closed::Forecast), None));
    gate.put(Covering { spent: None, ..covering(1, json!({}), "10") });
    let Verdict::Deny(refusal) = gate.check(&spend("0.01"), at(0)).unwrap() else { panic!("unknown is not zero") };
    assert_eq!((refusal.closed, refusal.spent), (Some(Closed::SpentUnknown), None));
    assert!(hold(&gate, 1, "0"));
    gate.put(Covering { spent: None, limits: Limits { limit: None, ..limits("10") }, ..covering(1, json!({}), "10") });
    assert!(hold(&gate, 2, "5"));
}

#[test]
fn another_currency_is_an_error_where_a_limit_is() {
    let gate = gate("10");
    let euros = Spend { currency: Currency::parse("EUR").unwrap(), ..spend("1") };
    let before = gate.census().accounts;
    let error = gate.reserve(reservation(1), &euros, TERMS, at(0)).unwrap_err();
    assert_eq!(error.to_string(), format!("budget {} is in USD, the spend in EUR: spend in USD", budget(1)));
    assert_eq!(error.into_error().code(), ErrorCode::MixedCurrencies);
    gate.put(Covering { limits: Limits { limit: None, ..limits("1") }, ..covering(1, json!({}), "10") });
    assert!(gate.reserve(reservation(1), &euros, TERMS, at(0)).unwrap().verdict.is_allowed());
    gate.settle(reservation(1), money("1"), at(0)).unwrap();
    gate.put(covering(1, json!({}), "10"));
    assert_eq!(gate.census().accounts, before);
    // In that currency it counts what was spent of it, also before.
    gate.put(Covering { currency: euros.currency, ..covering(1, json!({}), "10") });
    assert_eq!(figures(&gate, 1, at(0)), (Some(money("1")), Money::ZERO));
}

#[test]
fn what_is_wrong_is_said() {
    let gate = gate("10");
    let field = |spend: Spend<'_>| gate.check(&spend, at(0)).unwrap_err().into_error().field().map(str::to_owned);
    assert_eq!(field(spend("-0.01")).as_deref(), Some("amount"));
    let twice = [(BuiltIn::User, "a"), (BuiltIn::User, "b")];
    let backwards = [(BuiltIn::Team, "a"), (BuiltIn::Tenant, "b")];
    for ids in [&twice[..], &backwards, &[(BuiltIn::User, "")]] {
        assert_eq!(field(Spend { ids, ..spend("1") }).as_deref(), Some("scope"));
    }
    assert_eq!(field(Spend { tags: &[("b", "1"), ("a", "1")], ..spend("1") }).as_deref(), Some("scope"));
    let long = "x".repeat(70_000);
    assert_eq!(field(Spend { tags: &[("b", &long)], ..spend("1") }).as_deref(), Some("scope"));
    let zero = Terms { ttl: Some(Duration::from_nanos(999)), idempotent: false };
    let error = gate.reserve(reservation(1), &spend("1"), zero, at(0)).unwrap_err();
    assert_eq!(error.into_error().field(), Some("ttl"));
}

#[test]
fn an_amount_out_of_range_changes_nothing() {
    let gate = Gate::default();
    gate.put(covering(1, json!({"organization": "org"}), "1"));
    gate.put(Covering { limits: Limits { limit: None, ..limits("1") }, ..covering(2, json!({}), "1") });
    gate.put(Covering { limits: Limits { limit: None, ..limits("1") }, ..covering(1, json!({}), "1") });
    // One below 10^20 by the least there is; two of them do not fit an account.
    let huge = "99999999999999999999.999999999999999999";
    assert!(hold(&gate, 1, huge));
    let before = gate.census();
    let error = gate.reserve(reservation(2), &spend(huge), TERMS, at(0)).unwrap_err();
    assert_eq!(error.into_error().code(), ErrorCode::Overflow);
    for amount in ["100000000000000000000", "170000000000000000000"] {
        for error in [
            gate.check(&spend(amount), at(0)).unwrap_err(),
            gate.reserve(reservation(2), &spend(amount), TERMS, at(0)).unwrap_err(),
            gate.settle(reservation(1), money(amount), at(0)).unwrap_err(),
        ] {
            let error = error.into_error();
            assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("amount")), "{error}");
        }
    }
    assert_eq!(gate.census(), before);
    gate.settle(reservation(1), money(huge), at(0)).unwrap();
    assert!(hold(&gate, 3, "1"));
    let before = gate.census();
    let error = gate.settle(reservation(3), money(huge), at(900)).unwrap_err();
    assert!(matches!(error, GateError::Overflow(_)), "{error}");
    assert_eq!(error.into_error().code(), ErrorCode::Overflow);
    // What a quarter of an hour of a scope comes to stays below 10^20 as well.
    let error = gate.settle(reservation(3), money("0.000000000000000001"), at(0)).unwrap_err().into_error();
    assert_eq!(error.code(), ErrorCode::Overflow, "{error}");
    assert_eq!(gate.census(), before);
    gate.settle(reservation(3), money("0.000000000000000001"), at(900)).unwrap();
    assert_eq!(gate.take().unwrap().cells().map(|cell| cell.amount).max(), Some(money(huge)));
}

#[test]
fn scopes_filters_and_constants() {
    let gate = Gate::new(vec![(BuiltIn::Account, "gate".to_owned())]);
    let covered = |json: serde_json::Value, ids: &[(BuiltIn, &str)], tags: &[(&str, &str)]| {
        gate.load(vec![Covering { filter: filter(json), ..covering(1, json!({}), "10") }]);
        let spend = Spend { ids, tags, ..spend("1") };
        matches!(gate.check(&spend, at(0)).unwrap(), Verdict::Allow { covered: 1 })
    };
    let prod = [("env", "prod"), ("team", "a")];
    assert!(covered(json!({}), &[], &[]));
    assert!(covered(json!({"tag:env": ["dev", "prod"], "user": "user"}), &IDS, &prod));
    assert!(!covered(json!({"tag:env": ["dev", "prod"], "user": "user"}), &IDS, &prod[1..]));
    assert!(covered(json!({"tag:env": null}), &IDS, &prod[1..]));
    assert!(!covered(json!({"not": {"team": "team"}}), &IDS, &prod));
    assert!(covered(json!({"not": {"team": "team"}}), &IDS[..2], &prod));
    assert!(covered(json!({"any": [{"team": "other"}, {"tag:team": "a"}]}), &IDS, &prod));
    assert!(covered(json!({"account": "gate", "user": ["user", null]}), &IDS, &[]));
    assert!(!covered(json!({"account": ["other", null]}), &IDS, &[]));
    assert!(covered(json!({"currency": "USD"}), &[], &[]));
    assert!(!covered(json!({"currency": "EUR"}), &[], &[]));
    // Values that run together are different all the same.
    assert!(!covered(json!({"tag:ab": "c"}), &[], &[("a", "bc")]));
}

/// A spend of nothing is no way round: what is settled on it would count in no budget that has a limit.
#[test]
fn no_amount_goes_past_a_limit_in_another_currency() {
    let euros = |amount| Spend { currency: Currency::parse("EUR").unwrap(), ..spend(amount) };
    let closed = Limits { limit: None, closed: Some(Closed::Forecast), ..limits("10") };
    let deny = Limits { zero_cost: ZeroCost::Deny, ..limits("10") };
    for limits in [limits("10"), closed, deny] {
        let gate = Gate::default();
        gate.put(Covering { limits, ..covering(1, json!({}), "10") });
        let before = gate.census().accounts;
        for amount in ["0", "0.000000000000000001", "1000"] {
            let checked = gate.check(&euros(amount), at(0)).unwrap_err();
            let reserved = gate.reserve(reservation(1), &euros(amount), TERMS, at(0)).unwrap_err();
            for error in [checked, reserved] {
                assert!(matches!(error, GateError::Currency { budget: id, .. } if id == budget(1)), "{error}");
            }
        }
        assert!(gate.settle(reservation(1), money("1000"), at(0)).is_err(), "there is nothing to settle");
        assert_eq!(gate.census().accounts, before);
        assert!(gate.census().unwritten.is_empty());
    }
}

/// What was reserved before there was a limit in another currency is posted: the money was spent.
#[test]
fn what_was_held_before_a_foreign_limit_is_settled() {
    let euros = Spend { currency: Currency::parse("EUR").unwrap(), ..spend("0") };
    let gate = Gate::default();
    assert!(gate.reserve(reservation(1), &euros, TERMS, at(0)).unwrap().verdict.is_allowed());
    gate.put(covering(1, json!({}), "10"));
    assert_eq!(gate.settle(reservation(1), money("1000"), at(0)).unwrap().posted, money("1000"));
    let unwritten: Vec<_> = gate.census().unwritten.into_values().collect();
    assert_eq!(unwritten, [(money("1000"), 1)]);
    assert_eq!(figures(&gate, 1, at(0)), (Some(Money::ZERO), Money::ZERO));
    assert!(matches!(gate.reserve(reservation(2), &euros, TERMS, at(0)), Err(GateError::Currency { .. })));
}
