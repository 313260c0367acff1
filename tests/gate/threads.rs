//! Many threads at once: no limit is passed at any instant, nothing is lost, and memory stays bounded.

use super::world::{
    DAY, START, TERMS, at, budget, covering, filter, given, limits, money, reservation, spend, ttl, usd,
};
use finops_core::model::dimension::BuiltIn;
use finops_core::model::money::Money;
use finops_core::model::time::Stamp;
use finops_core::pipeline::gate::{Covering, Gate, GateError, Limits, Rebase, Spend};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;

/// Runs the threads, and an observer until they are done.
fn watched(threads: u64, run: impl Fn(u64) + Sync, watch: impl Fn() + Sync) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let observer = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                watch();
            }
            watch();
        });
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn({
                    let run = &run;
                    move || run(thread)
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        observer.join().unwrap();
    });
}

fn used(gate: &Gate, number: u8, now: Stamp) -> Money {
    let state = gate.state(budget(number), now).unwrap();
    state.spent.unwrap().checked_add(state.reserved).unwrap()
}

#[test]
fn of_640_000_reservations_of_1_on_a_limit_of_1_000_exactly_1_000_hold() {
    let gate = Gate::default();
    gate.put(covering(1, json!({"organization": "org"}), "1000"));
    gate.put(covering(2, json!({"team": "team"}), "5000"));
    let accepted = AtomicU64::new(0);
    let run = |thread: u64| {
        let user = format!("user {thread}");
        let ids = [(BuiltIn::Organization, "org"), (BuiltIn::User, user.as_str()), (BuiltIn::Team, "team")];
        for number in 0..10_000 {
            let spend = Spend { ids: &ids, ..spend("1") };
            let id = reservation(thread * 10_000 + number);
            if gate.reserve(id, &spend, TERMS, at(0)).unwrap().verdict.is_allowed() {
                accepted.fetch_add(1, Ordering::Relaxed);
                if number.is_multiple_of(2) {
                    gate.settle(id, money("1"), at(0)).unwrap();
                }
            }
        }
    };
    watched(64, run, || assert!(used(&gate, 1, at(0)) <= money("1000"), "more than the limit at some instant"));
    assert_eq!(accepted.into_inner(), 1_000);
    assert_eq!((used(&gate, 1, at(0)), used(&gate, 2, at(0))), (money("1000"), money("1000")));
}

#[test]
fn of_many_who_ask_with_one_id_one_holds() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "1000000"));
    let first = AtomicU64::new(0);
    let run = |_| {
        for number in 0..2_000 {
            let answer = gate.reserve(reservation(number), &spend("1"), given(60), at(0)).unwrap();
            first.fetch_add(u64::from(!answer.repeated), Ordering::Relaxed);
        }
    };
    watched(8, run, || {});
    assert_eq!((first.into_inner(), used(&gate, 1, at(0))), (2_000, money("2000")));
    let (settled, released) = (AtomicU64::new(0), AtomicU64::new(0));
    let run = |thread: u64| {
        for number in 0..2_000 {
            let id = reservation(number);
            let (won, count) = if thread.is_multiple_of(2) {
                (gate.settle(id, money("1"), at(0)).is_ok(), &settled)
            } else {
                (gate.release(id, at(0)).is_ok(), &released)
            };
            count.fetch_add(u64::from(won), Ordering::Relaxed);
        }
    };
    watched(8, run, || {});
    let (settled, released) = (settled.into_inner(), released.into_inner());
    assert_eq!(settled + released, 2_000);
    assert_eq!(used(&gate, 1, at(0)), Money::from_units(i64::try_from(settled).unwrap()));
}

/// `SplitMix64`.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// Budgets over one of two organizations, over a team of theirs, and over everything.
fn budgets() -> Vec<Covering> {
    let one = |number, json, limit| Covering { limits: week(limit), ..covering(number, json, limit) };
    vec![
        one(1, json!({"organization": "o0"}), "3000"),
        one(2, json!({"organization": "o1"}), "3000"),
        one(3, json!({"team": "t0"}), "2500"),
        one(4, json!({}), "5500"),
    ]
}

fn week(limit: &str) -> Limits {
    let end = Stamp::from_micros(START + 7 * DAY).unwrap();
    Limits { period: finops_core::model::time::Interval::new(at(0), end).unwrap(), ..limits(limit) }
}

/// What is settled and written, by organization and team: what a query over charges would see.
type Charges = Mutex<HashMap<(String, String), i128>>;

fn charged(charges: &Charges, number: u8) -> Money {
    let charges = charges.lock().unwrap();
    let own = charges.iter().filter(|((organization, team), _)| match number {
        1 => organization == "o0",
        2 => organization == "o1",
        3 => team == "t0",
        _ => true,
    });
    Money::from_mantissa(own.map(|(_, amount)| *amount).sum())
}

/// Takes, writes or gives back, tells some budgets, takes one out and puts it in again; all while others spend.
fn administer(gate: &Gate, charges: &Charges, rounds: u64) {
    let mut random = 7;
    for _ in 0..rounds {
        let taken = gate.take().unwrap();
        if next(&mut random).is_multiple_of(4) {
            gate.give_back(taken);
        } else {
            for cell in taken.cells() {
                let value = |wanted| cell.scope.ids().find(|(is, _)| *is == wanted).unwrap().1.to_owned();
                let key = (value(BuiltIn::Organization), value(BuiltIn::Team));
                *charges.lock().unwrap().entry(key).or_default() += cell.amount.mantissa();
            }
            let told = budgets().into_iter().filter(|_| next(&mut random).is_multiple_of(2));
            let number = |one: &Covering| (1..=4).find(|number| budget(*number) == one.id).unwrap();
            let spent = |one: &Covering| Some(charged(charges, number(one)));
            let told: Vec<_> = told.map(|one| Rebase { id: one.id, limits: one.limits, spent: spent(&one) }).collect();
            gate.rebase(&told, Some(taken));
        }
        let number = u8::try_from(next(&mut random) % 4 + 1).unwrap();
        let spent = Some(charged(charges, number));
        let same = Covering { spent, ..budgets().swap_remove(usize::from(number) - 1) };
        // Over something else for a moment, and back: it must find all that it has missed.
        gate.put(Covering { filter: filter(json!({"team": "nobody"})), spent: Some(Money::ZERO), ..same.clone() });
        gate.put(same);
        thread::yield_now();
    }
}

/// Spends with pauses in time; some reservations are forgotten and expire, some are settled late.
fn spender(gate: &Gate, clock: &AtomicI64, posted: &Mutex<HashMap<(u64, u64), i128>>, thread: u64) {
    let mut random = thread;
    let mut held: Vec<(u64, i128, u64, u64)> = Vec::new();
    for number in 0..4_000 {
        let now = Stamp::from_micros(START + clock.fetch_add(1_000, Ordering::Relaxed)).unwrap();
        let (organization, team) = (next(&mut random) % 2, next(&mut random) % 2);
        let names = (format!("o{organization}"), format!("t{team}"));
        let amount = i128::from(next(&mut random) % 3 + 1);
        let ids = [(BuiltIn::Organization, names.0.as_str()), (BuiltIn::Team, names.1.as_str())];
        let id = thread << 32 | number;
        let spend = Spend { ids: &ids, tags: &[], amount: Money::from_units(1), currency: usd() };
        let spend = Spend { amount: Money::from_mantissa(spend.amount.mantissa() * amount), ..spend };
        if gate.reserve(reservation(id), &spend, ttl(1 + next(&mut random) % 3), now).unwrap().verdict.is_allowed() {
            held.push((id, spend.amount.mantissa(), organization, team));
        }
        if held.len() > 20 || next(&mut random).is_multiple_of(3) {
            let Some((id, amount, organization, team)) = held.pop() else { continue };
            match next(&mut random) % 4 {
                0 => drop(gate.release(reservation(id), now)),
                1 => {}
                _ => match gate.settle(reservation(id), Money::from_mantissa(amount), now) {
                    Ok(_) => *posted.lock().unwrap().entry((organization, team)).or_default() += amount,
                    Err(error) => panic!("{error}"),
                },
            }
        }
    }
}

#[test]
fn nothing_is_lost_while_definitions_and_charges_move() {
    let gate = Gate::default();
    gate.load(budgets());
    let (charges, posted, clock) = (Charges::default(), Mutex::default(), AtomicI64::new(0));
    let run = |thread: u64| match thread {
        0 => administer(&gate, &charges, 300),
        _ => spender(&gate, &clock, &posted, thread),
    };
    watched(5, run, || {
        // A late settle may pass a limit: the money is spent. What is reserved never does by itself.
        let state = gate.state(budget(4), at(0)).unwrap();
        assert!(state.reserved <= money("5500"));
    });
    let posted = posted.into_inner().unwrap();
    let end = Stamp::from_micros(START + 6 * DAY).unwrap();
    for (number, covers) in
        [(1, (|who| who.0 == 0) as fn((u64, u64)) -> bool), (2, |who| who.0 == 1), (3, |who| who.1 == 0), (4, |_| true)]
    {
        let wanted: i128 = posted.iter().filter(|(who, _)| covers(**who)).map(|(_, amount)| amount).sum();
        let state = gate.state(budget(number), end).unwrap();
        assert_eq!(state.spent, Some(Money::from_mantissa(wanted)), "budget {number}");
        assert_eq!(state.reserved, Money::ZERO, "budget {number}");
    }
    let open: i128 = gate.take().unwrap().cells().map(|cell| cell.amount.mantissa()).sum();
    assert_eq!(open + charged(&charges, 4).mantissa(), posted.values().sum::<i128>());
}

#[test]
fn memory_goes_by_what_is_held() {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "1000000"));
    for number in 0..400_000_u64 {
        // Every other one is given up soon, the rest would last for hours.
        let terms = if number.is_multiple_of(2) { ttl(1) } else { ttl(36_000) };
        let now = Stamp::from_micros(START + i64::try_from(number).unwrap() * 10).unwrap();
        let id = reservation(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        gate.reserve(id, &spend("0.000001"), terms, now).unwrap();
        gate.settle(id, money("0.000001"), now).unwrap();
    }
    let (scopes, reservations, deadlines) = gate.census().places;
    assert_eq!(scopes, 1);
    assert!(reservations <= 90_000, "{reservations} places for reservations");
    assert!(deadlines <= 10_000, "{deadlines} deadlines");
    // The last 65,536 are remembered, whatever became of them.
    for number in 400_000 - 65_536..400_000_u64 {
        let error = gate.release(reservation(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)), at(20)).unwrap_err();
        assert!(matches!(error, GateError::Resolved { .. }), "{number}: {error}");
    }
}

#[test]
fn scopes_that_nothing_hangs_on_are_forgotten() {
    let gate = Gate::default();
    gate.put(covering(1, json!({"team": "team"}), "1000"));
    let kept = "kept";
    let spend_of = |user: &str, amount: &str, call: &mut dyn FnMut(&Spend<'_>)| {
        let ids = [(BuiltIn::User, user), (BuiltIn::Team, "team")];
        call(&Spend { ids: &ids, ..spend(amount) });
    };
    spend_of(kept, "3", &mut |spend| assert!(gate.reserve(reservation(1), spend, TERMS, at(0)).is_ok()));
    spend_of("settled", "2", &mut |spend| {
        gate.reserve(reservation(2), spend, TERMS, at(0)).unwrap();
        gate.settle(reservation(2), money("2"), at(0)).unwrap();
    });
    for number in 0..120_000 {
        let user = format!("passing {number}");
        spend_of(&user, "1", &mut |spend| assert!(gate.check(spend, at(0)).unwrap().is_allowed()));
    }
    assert!(gate.census().places.0 <= 66_000, "{} scopes", gate.census().places.0);
    assert_eq!(gate.settle(reservation(1), money("3"), at(0)).unwrap().posted, money("3"));
    let mut taken: Vec<_> = gate.take().unwrap().cells().map(|cell| cell.amount).collect();
    taken.sort_unstable();
    assert_eq!(taken, [money("2"), money("3")]);
}
