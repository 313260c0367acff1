//! Ids that are given back: one id is one reservation, from whichever thread and however it was made.

use super::world::{at, covering, figures, given, hold, money, reservation, spend, ttl};
use finops_core::model::money::Money;
use finops_core::pipeline::gate::{Gate, GateError, Resolution};
use serde_json::json;
use std::sync::Barrier;
use std::thread;

const IDS: u64 = 64;

/// What each of eight threads makes of all ids, at the same time.
fn from_eight_threads<T: Send>(run: impl Fn(u64) -> T + Sync) -> Vec<Vec<T>> {
    let start = Barrier::new(8);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    (0..IDS).map(&run).collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn an_id_that_was_made_here_means_the_same_from_every_thread() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "1000"));
    // Made by this thread, and so in its lane.
    for number in 0..IDS {
        assert!(gate.reserve(reservation(number), &spend("2"), ttl(60), at(0)).unwrap().verdict.is_allowed());
    }
    assert_eq!(figures(&gate, 1, at(0)), (Some(Money::ZERO), money("128")));
    let answers =
        from_eight_threads(|number| gate.reserve(reservation(number), &spend("2"), given(60), at(1)).unwrap());
    for answer in answers.iter().flatten() {
        assert!(answer.repeated && answer.verdict.is_allowed(), "{answer:?}");
        assert_eq!(answer.expires, Some(at(60)), "as it was told first");
    }
    assert_eq!(figures(&gate, 1, at(1)), (Some(Money::ZERO), money("128")), "nothing is held twice");

    let differs = gate.reserve(reservation(1), &spend("3"), given(60), at(1)).unwrap_err();
    assert!(matches!(differs, GateError::Differs { field: "amount", .. }), "{differs}");

    let settled = from_eight_threads(|number| gate.settle(reservation(number), money("1"), at(2)).is_ok());
    for number in 0..64 {
        assert_eq!(settled.iter().filter(|thread| thread[number]).count(), 1);
    }
    assert_eq!(figures(&gate, 1, at(2)), (Some(money("64")), Money::ZERO), "nothing is settled twice");
    let over =
        from_eight_threads(|number| gate.reserve(reservation(number), &spend("2"), given(60), at(2)).unwrap_err());
    for error in over.iter().flatten() {
        assert!(matches!(error, GateError::Resolved { resolution: Resolution::Settled, .. }), "{error}");
    }
    assert_eq!(figures(&gate, 1, at(2)), (Some(money("64")), Money::ZERO));
}

/// The same where what is held has run out, which all lanes see to together.
#[test]
fn an_id_that_has_run_out_is_not_had_again() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "1000"));
    for number in 0..IDS {
        gate.reserve(reservation(number), &spend("2"), ttl(60), at(0)).unwrap();
    }
    let over =
        from_eight_threads(|number| gate.reserve(reservation(number), &spend("2"), given(60), at(60)).unwrap_err());
    for error in over.iter().flatten() {
        assert!(matches!(error, GateError::Resolved { resolution: Resolution::Expired, .. }), "{error}");
    }
    assert_eq!(figures(&gate, 1, at(60)), (Some(Money::ZERO), Money::ZERO));
}

/// Refusals have a place of their own each, until there are so many that the oldest are forgotten.
#[test]
fn refusals_are_remembered_up_to_a_bound() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "10"));
    assert!(hold(&gate, 1_000_000, "10"));
    let day = given(86_400);
    for number in 0..300_000 {
        assert!(!gate.reserve(reservation(number), &spend("1"), day, at(0)).unwrap().verdict.is_allowed());
    }
    let again = |number| gate.reserve(reservation(number), &spend("1"), day, at(1)).unwrap();
    assert!(again(299_999).repeated, "the last one is known");
    let census = gate.census();
    let refused = census.reservations.iter().filter(|one| one.refused).count();
    assert_eq!(refused, 4 * 65_536, "in each of four lanes so many");
    assert!(census.places.1 <= 4 * 65_537 + 1, "{:?}", census.places);
    gate.release(reservation(1_000_000), at(1)).unwrap();
    assert!(again(299_999).repeated && !again(299_999).verdict.is_allowed());
    let anew = again(0);
    assert!(!anew.repeated && anew.verdict.is_allowed(), "the first one is forgotten");
}
