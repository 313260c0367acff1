//! What is tried: whoever meets whom, nothing is lost or counted twice, and no limit is passed.

use crate::model::dimension::BuiltIn;
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money};
use crate::model::time::{Interval, Stamp};
use crate::pipeline::gate::{Covering, Gate, GateError, Limits, Rebase, Reserved, Resolution, Spend, Terms};
use serde_json::{Value, json};
use shuttle::sync::atomic::{AtomicI64, Ordering};
use shuttle::thread;
use std::sync::Arc;
use std::time::Duration;

const START: i64 = 1_706_659_200_000_000;
const RANDOM: usize = 1_500;
const DEEP: usize = 500;

/// Runs a case in many orders.
fn orders(case: fn()) {
    shuttle::check_random(case, RANDOM);
    shuttle::check_pct(case, DEEP, 3);
}

fn at(seconds: i64) -> Stamp {
    Stamp::from_micros(START + seconds * 1_000_000).unwrap()
}

fn budget(number: u8) -> Id<id::Budget> {
    Id::new(at(0), [number; 10])
}

fn reservation(number: u8) -> Id<id::Reservation> {
    Id::new(at(0), [number; 10])
}

fn units(units: i64) -> Money {
    Money::from_units(units)
}

fn limits(limit: i64) -> Limits {
    let day = Interval::new(at(0), at(86_400)).unwrap();
    Limits { limit: Some(units(limit)), ..Limits::open(day) }
}

fn covering(number: u8, filter: Value, limit: i64) -> Covering {
    Covering {
        id: budget(number),
        filter: Filter::from_json(&filter).unwrap(),
        currency: Currency::parse("USD").unwrap(),
        limits: limits(limit),
        spent: Some(Money::ZERO),
    }
}

/// A gate that several threads have.
fn gate(budgets: Vec<Covering>) -> Arc<Gate> {
    let gate = Gate::default();
    gate.load(budgets);
    Arc::new(gate)
}

fn reserve(gate: &Gate, number: u8, user: &str, amount: i64, terms: Terms, now: Stamp) -> Result<Reserved, GateError> {
    let ids = [(BuiltIn::Organization, "org"), (BuiltIn::User, user)];
    let currency = Currency::parse("USD").unwrap();
    gate.reserve(reservation(number), &Spend { ids: &ids, tags: &[], amount: units(amount), currency }, terms, now)
}

const TERMS: Terms = Terms { ttl: None, idempotent: false };
const GIVEN: Terms = Terms { ttl: Some(Duration::from_secs(50)), idempotent: true };
const SHORT: Terms = Terms { ttl: Some(Duration::from_secs(50)), idempotent: false };

/// Whether it is held.
fn hold(gate: &Gate, number: u8, user: &str, amount: i64) -> bool {
    reserve(gate, number, user, amount, TERMS, at(0)).unwrap().verdict.is_allowed()
}

/// What is spent and reserved.
fn figures(gate: &Gate, number: u8, now: Stamp) -> (Money, Money) {
    let state = gate.state(budget(number), now).unwrap();
    (state.spent.unwrap(), state.reserved)
}

fn used(gate: &Gate, number: u8) -> Money {
    let (spent, reserved) = figures(gate, number, at(0));
    spent.checked_add(reserved).unwrap()
}

fn join<T>(threads: Vec<thread::JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Three ask for what two budgets have four times in all: it is held four times, never more, and nobody in vain.
#[test]
fn admission() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({"organization": "org"}), 4), covering(2, json!({"user": "u0"}), 1)]);
        let watch = thread::spawn({
            let gate = Arc::clone(&gate);
            move || (0..2).for_each(|_| assert!(used(&gate, 1) <= units(4) && used(&gate, 2) <= units(1)))
        });
        let spawn = |thread: u8| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || (0..2).filter(|n| hold(&gate, thread * 2 + n, &format!("u{thread}"), 1)).count())
        };
        let held = join((0..3).map(spawn).collect());
        watch.join().unwrap();
        assert!(held[0] <= 1);
        // The other two get all that the first one leaves.
        assert_eq!(held.iter().sum::<usize>(), 4);
        assert_eq!((used(&gate, 1), used(&gate, 2)), (units(4), Money::from_units(i64::try_from(held[0]).unwrap())));
    });
}

/// What two threads ask for fits together, but not what one lane has of it: nobody is refused.
#[test]
fn nobody_is_refused_for_the_share_of_a_lane() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({}), 10)]);
        let spawn = |(thread, amount): (u8, i64)| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                assert!(hold(&gate, thread, "u", amount));
                if thread == 0 {
                    gate.release(reservation(0), at(0)).unwrap();
                    assert!(hold(&gate, 9, "u", amount));
                }
            })
        };
        join([(0, 2), (1, 8)].into_iter().map(spawn).collect());
        assert_eq!(used(&gate, 1), units(10));
        // And no lane has kept anything for itself.
        let spawn = |thread: u8| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || assert!(!hold(&gate, 20 + thread, "u", 1)))
        };
        join((0..2).map(spawn).collect());
    });
}

/// One settles, one comes when the time is over, one only looks: it is posted once, and held by nobody in the end.
#[test]
fn settling_against_expiry() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({}), 10)]);
        assert!(reserve(&gate, 1, "u", 10, SHORT, at(0)).unwrap().verdict.is_allowed());
        let settle = |now: i64| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || gate.settle(reservation(1), units(4), at(now)).is_ok())
        };
        let settling = [settle(49), settle(50)];
        let looks = thread::spawn({
            let gate = Arc::clone(&gate);
            move || {
                let (spent, reserved) = figures(&gate, 1, at(50));
                // What has run out is not among it, whatever the others did.
                assert!(reserved.is_zero() || reserved == units(6));
                assert!(spent.is_zero() || spent == units(4));
            }
        });
        let takes = thread::spawn({
            let gate = Arc::clone(&gate);
            move || assert!(reserve(&gate, 2, "v", 6, TERMS, at(50)).unwrap().verdict.is_allowed())
        });
        let settled = join(settling.into_iter().collect());
        join(vec![looks, takes]);
        assert_eq!(settled.iter().filter(|settled| **settled).count(), 1);
        assert_eq!(figures(&gate, 1, at(50)), (units(4), units(6)));
    });
}

#[test]
fn settling_against_releasing() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({}), 10)]);
        assert!(hold(&gate, 1, "u", 7));
        let settles = thread::spawn({
            let gate = Arc::clone(&gate);
            move || gate.settle(reservation(1), units(7), at(0)).is_ok()
        });
        let releases = thread::spawn({
            let gate = Arc::clone(&gate);
            move || match gate.release(reservation(1), at(0)) {
                Ok(_) => true,
                Err(GateError::Resolved { resolution: Resolution::Settled, .. }) => false,
                Err(error) => panic!("{error}"),
            }
        });
        let settled = settles.join().unwrap();
        assert!(settled != releases.join().unwrap());
        assert_eq!(figures(&gate, 1, at(0)), (units(if settled { 7 } else { 0 }), Money::ZERO));
    });
}

/// An id that was given is held once, whoever asks.
#[test]
fn one_id_from_two_threads() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({}), 10)]);
        let spawn = |_| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || reserve(&gate, 1, "u", 6, GIVEN, at(0)).unwrap())
        };
        let answers = join((0..3).map(spawn).collect());
        assert!(answers.iter().all(|answer| answer.verdict.is_allowed()));
        assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
        assert_eq!(used(&gate, 1), units(6));
    });
}

/// An id that was made for another call lies in the lane of that call's thread. Given back it is the same reservation,
/// from any thread, and is settled once.
#[test]
fn an_id_given_back_from_two_threads() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({}), 20)]);
        // Of several ids, of which some are looked for in one lane first and some in the other.
        let made = thread::spawn({
            let gate = Arc::clone(&gate);
            move || (1..=3).for_each(|number| drop(reserve(&gate, number, "u", 6, SHORT, at(0)).unwrap()))
        });
        made.join().unwrap();
        let spawn = |_| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                let settle = |number| {
                    match reserve(&gate, number, "u", 6, GIVEN, at(0)) {
                        Ok(answer) => assert!(answer.repeated && answer.verdict.is_allowed()),
                        Err(GateError::Resolved { resolution: Resolution::Settled, .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                    gate.settle(reservation(number), units(2), at(0)).is_ok()
                };
                (1..=3).filter(|number| settle(*number)).count()
            })
        };
        let settled = join((0..2).map(spawn).collect());
        assert_eq!(settled.iter().sum::<usize>(), 3);
        assert_eq!(figures(&gate, 1, at(0)), (units(6), Money::ZERO));
    });
}

/// More is spent than reserved: from then on nothing is held, whatever becomes free, until the budget is told anew.
#[test]
fn an_overrun_closes_every_lane() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({}), 10)]);
        let late = Arc::new(AtomicI64::new(0));
        assert!(hold(&gate, 1, "u", 1));
        let spends = thread::spawn({
            let (gate, late) = (Arc::clone(&gate), Arc::clone(&late));
            move || {
                assert!(gate.settle(reservation(1), units(12), at(0)).unwrap().overrun);
                late.store(1, Ordering::SeqCst);
            }
        });
        let spawn = |thread: u8| {
            let (gate, late) = (Arc::clone(&gate), Arc::clone(&late));
            thread::spawn(move || {
                let first = 10 + thread * 3;
                let held = hold(&gate, first, "v", 4);
                for id in [first + 1, first + 2] {
                    let over = late.load(Ordering::SeqCst) == 1;
                    assert!(!(hold(&gate, id, "v", 1) && over), "held after 12 of 10 were spent");
                    if held && id == first + 1 {
                        gate.release(reservation(first), at(0)).unwrap();
                    }
                }
            })
        };
        join((0..2).map(spawn).collect());
        spends.join().unwrap();
        let (spent, reserved) = figures(&gate, 1, at(0));
        assert!(spent == units(12) && reserved <= units(4));
        assert!(!hold(&gate, 2, "u", 1));
        gate.rebase(&[Rebase { id: budget(1), limits: limits(20), spent: Some(Money::ZERO) }], None);
        assert!(hold(&gate, 3, "u", 4) && !hold(&gate, 4, "u", 5));
    });
}

/// A definition changes what a budget covers while others spend: in the end it has what it covers, and only that.
#[test]
fn defining_against_settling() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({"user": "u"}), 100)]);
        let spawn = |(thread, user): (u8, &'static str)| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                for number in [thread * 2, thread * 2 + 1] {
                    assert!(hold(&gate, number, user, 2));
                    gate.settle(reservation(number), units(1), at(0)).unwrap();
                }
            })
        };
        let defines = thread::spawn({
            let gate = Arc::clone(&gate);
            move || {
                gate.put(covering(1, json!({"user": "v"}), 100));
                gate.put(covering(2, json!({}), 100));
                gate.remove(budget(1));
                gate.put(covering(1, json!({"user": "v"}), 100));
            }
        });
        let mut threads: Vec<_> = [(0, "u"), (1, "v")].into_iter().map(spawn).collect();
        threads.push(defines);
        join(threads);
        assert_eq!(figures(&gate, 1, at(0)), (units(2), Money::ZERO));
        assert_eq!(figures(&gate, 2, at(0)), (units(4), Money::ZERO));
    });
}

/// What is settled becomes charges while more is settled: nothing is lost, nothing counted twice, at any instant.
#[test]
fn writing_against_settling() {
    orders(|| {
        let gate = gate(vec![covering(1, json!({}), 100), covering(2, json!({"user": "u"}), 100)]);
        let spawn = |(thread, user): (u8, &'static str)| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                let before = figures(&gate, 1, at(0)).0;
                for number in [thread * 2, thread * 2 + 1] {
                    assert!(hold(&gate, number, user, 1));
                    gate.settle(reservation(number), units(1), at(0)).unwrap();
                }
                assert!(figures(&gate, 1, at(0)).0 >= before.checked_add(units(2)).unwrap());
            })
        };
        let writes = thread::spawn({
            let gate = Arc::clone(&gate);
            move || {
                let mut charges = Money::ZERO;
                for round in 0..3 {
                    let taken = gate.take().unwrap();
                    assert!(taken.is_empty() || gate.take().is_err());
                    if round == 0 {
                        gate.give_back(taken);
                        continue;
                    }
                    let new = Money::try_sum(taken.cells().map(|cell| cell.amount)).unwrap();
                    if round == 1 {
                        // A budget that is new in between counts what is on its way.
                        gate.put(Covering { spent: Some(charges), ..covering(3, json!({}), 100) });
                        assert!(figures(&gate, 3, at(0)).0 >= new);
                    }
                    charges = charges.checked_add(new).unwrap();
                    // One budget is told what its charges come to, the other adds up by itself.
                    gate.rebase(&[Rebase { id: budget(1), limits: limits(100), spent: Some(charges) }], Some(taken));
                }
                charges
            }
        });
        join([(0, "u"), (1, "v")].into_iter().map(spawn).collect());
        let charges = writes.join().unwrap();
        let left = gate.take().unwrap();
        let open = Money::try_sum(left.cells().map(|cell| cell.amount)).unwrap();
        assert_eq!(charges.checked_add(open).unwrap(), units(4));
        assert_eq!(figures(&gate, 1, at(0)), (units(4), Money::ZERO));
        assert_eq!(figures(&gate, 2, at(0)), (units(2), Money::ZERO));
        assert_eq!(figures(&gate, 3, at(0)).0, units(4));
    });
}
