//! What the tests of the gate share: budgets, spends and times in few words.

use finops_core::model::dimension::BuiltIn;
use finops_core::model::filter::Filter;
use finops_core::model::id::{self, Id};
use finops_core::model::money::{Currency, Money};
use finops_core::model::time::{Interval, Stamp};
use finops_core::pipeline::gate::{Covering, Gate, GateError, Limits, Reserved, Spend, Terms, Verdict};
use std::time::Duration;

pub(crate) const DAY: i64 = 86_400_000_000;
/// 2024-01-31T00:00:00Z, in microseconds.
pub(crate) const START: i64 = 1_706_659_200_000_000;

/// That many seconds after the start.
pub(crate) fn at(seconds: i64) -> Stamp {
    Stamp::from_micros(START + seconds * 1_000_000).unwrap()
}

pub(crate) fn day(number: i64) -> Interval {
    let stamp = |days: i64| Stamp::from_micros(START + days * DAY).unwrap();
    Interval::new(stamp(number), stamp(number + 1)).unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

pub(crate) fn budget(number: u8) -> Id<id::Budget> {
    Id::new(at(0), [number; 10])
}

pub(crate) fn reservation(number: u64) -> Id<id::Reservation> {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Id::new(at(0), random)
}

pub(crate) fn filter(json: serde_json::Value) -> Filter {
    Filter::from_json(&json).unwrap()
}

pub(crate) fn limits(limit: &str) -> Limits {
    Limits { limit: Some(money(limit)), ..Limits::open(day(0)) }
}

/// A budget in dollars that lasts the first day and has nothing spent yet.
pub(crate) fn covering(number: u8, json: serde_json::Value, limit: &str) -> Covering {
    Covering {
        id: budget(number),
        filter: filter(json),
        currency: usd(),
        limits: limits(limit),
        spent: Some(Money::ZERO),
    }
}

pub(crate) const TERMS: Terms = Terms { ttl: None, idempotent: false };

pub(crate) const fn ttl(seconds: u64) -> Terms {
    Terms { ttl: Some(Duration::from_secs(seconds)), idempotent: false }
}

/// For an id that the caller made.
pub(crate) const fn given(seconds: u64) -> Terms {
    Terms { idempotent: true, ..ttl(seconds) }
}

/// A spend of that organization, team and user.
pub(crate) const IDS: [(BuiltIn, &str); 3] =
    [(BuiltIn::Organization, "org"), (BuiltIn::User, "user"), (BuiltIn::Team, "team")];

pub(crate) fn spend(amount: &str) -> Spend<'static> {
    Spend { ids: &IDS, tags: &[], amount: money(amount), currency: usd() }
}

/// Reserves in the first second; whether it is held.
pub(crate) fn hold(gate: &Gate, number: u64, amount: &str) -> bool {
    gate.reserve(reservation(number), &spend(amount), TERMS, at(0)).unwrap().verdict.is_allowed()
}

/// What is spent and reserved on a budget.
pub(crate) fn figures(gate: &Gate, number: u8, now: Stamp) -> (Option<Money>, Money) {
    let state = gate.state(budget(number), now).unwrap();
    (state.spent, state.reserved)
}

/// Which budget refused.
pub(crate) fn refused(answer: Result<Reserved, GateError>) -> Id<id::Budget> {
    match answer.unwrap().verdict {
        Verdict::Deny(refusal) => refusal.budget,
        Verdict::Allow { .. } => panic!("it was allowed"),
    }
}
