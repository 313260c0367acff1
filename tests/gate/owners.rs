//! Whose a reservation is: others do not find it, neither while it is held nor when it is over.

use super::world::{TERMS, at, covering, figures, money, reservation, ttl};
use finops_core::model::dimension::BuiltIn;
use finops_core::model::money::{Currency, Money};
use finops_core::pipeline::gate::{Gate, GateError, Resolution, Spend};
use serde_json::json;

const NORTH: [(BuiltIn, &str); 3] =
    [(BuiltIn::Tenant, "north"), (BuiltIn::Organization, "org"), (BuiltIn::User, "user")];

fn gate() -> Gate {
    let gate = Gate::default();
    gate.put(covering(1, json!({}), "100"));
    gate
}

fn hold(gate: &Gate, number: u64, seconds: Option<u64>) {
    let spend = Spend { ids: &NORTH, tags: &[], amount: money("7"), currency: Currency::parse("USD").unwrap() };
    let terms = seconds.map_or(TERMS, ttl);
    assert!(gate.reserve(reservation(number), &spend, terms, at(0)).unwrap().verdict.is_allowed());
}

/// Those who are not the owner: of each dimension another value, alone and with the others, and none where it has one.
fn strangers() -> Vec<Vec<(BuiltIn, &'static str)>> {
    let other = |at: usize| {
        let mut ids = NORTH.to_vec();
        ids[at].1 = "other";
        ids
    };
    let alone = NORTH.iter().map(|(dimension, _)| vec![(*dimension, "other")]);
    (0..3).map(other).chain(alone).chain([vec![(BuiltIn::Tenant, "user")]]).collect()
}

#[test]
fn others_find_no_reservation_whatever_became_of_it() {
    let gate = gate();
    hold(&gate, 1, None);
    hold(&gate, 2, None);
    hold(&gate, 3, None);
    hold(&gate, 4, Some(5));
    gate.settle(reservation(2), money("3"), at(0)).unwrap();
    gate.release(reservation(3), at(0)).unwrap();
    // The fourth runs out, and is settled late by nobody else.
    assert_eq!(figures(&gate, 1, at(5)), (Some(money("3")), money("7")));
    let before = gate.census();
    for own in strangers() {
        for number in 1..=5 {
            let id = reservation(number);
            let settled = gate.settle_own(id, &own, money("1"), at(5)).unwrap_err();
            assert!(matches!(settled, GateError::NotFound(_)), "{own:?}: {settled}");
            let never = "it was never made, was refused, or is long over";
            assert_eq!(settled.to_string(), format!("there is no reservation {id}: {never}"));
            let released = gate.release_own(id, &own, at(5)).unwrap_err();
            assert_eq!(released.to_string(), settled.to_string());
        }
    }
    assert_eq!(gate.census(), before);
}

#[test]
fn the_owner_finds_it_by_any_of_its_ids() {
    for own in [&NORTH[..], &NORTH[..1], &NORTH[1..2], &NORTH[2..], &[]] {
        let gate = gate();
        (1..=2).for_each(|number| hold(&gate, number, None));
        hold(&gate, 3, Some(5));
        gate.settle_own(reservation(1), own, money("1"), at(0)).unwrap();
        assert_eq!(gate.release_own(reservation(2), own, at(0)).unwrap(), money("7"));
        assert!(gate.settle_own(reservation(3), own, money("2"), at(5)).unwrap().late);
        for (number, became) in [(1, Resolution::Settled), (2, Resolution::Released), (3, Resolution::Settled)] {
            let again = gate.settle_own(reservation(number), own, money("1"), at(5)).unwrap_err();
            assert!(
                matches!(again, GateError::Resolved { resolution, .. } if resolution == became),
                "{own:?}: {again}"
            );
        }
        assert_eq!(figures(&gate, 1, at(5)), (Some(money("3")), Money::ZERO));
    }
}
