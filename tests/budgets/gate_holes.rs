//! Ways round the gate that are closed: other currencies, other tenants' reservations, amounts that no charge holds,
//! and clocks that go back.

use crate::world::{BudgetId, engine, monthly, pauses_at};
use finops_core::engine::SpendRequest;
use finops_core::model::id::{self, Id};
use finops_core::model::money::Money;
use finops_core::model::time::{Clock, Stamp};
use finops_core::{ErrorCode, Finops};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const START: &str = "2026-01-20T12:00:00Z";

fn request(params: Value) -> SpendRequest {
    SpendRequest::from_json(params).unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// What is spent and reserved.
fn stands(finops: &Finops, budget: BudgetId) -> (Money, Money) {
    let status = finops.get_budget_status(budget).unwrap();
    (status.spent.unwrap(), status.reserved)
}

/// Two tenants, of whom each may spend 10, under a platform that may spend 15.
fn tenants() -> (Finops, [BudgetId; 3]) {
    let finops = engine(":memory:", START);
    let made = [
        monthly(&finops, json!({"level": "tenant", "id": "north"}), json!(10), pauses_at(100)),
        monthly(&finops, json!({"level": "tenant", "id": "south"}), json!(10), pauses_at(100)),
        monthly(&finops, json!({"level": "platform"}), json!(15), pauses_at(100)),
    ];
    (finops, made)
}

#[test]
fn nothing_is_held_in_another_currency_under_a_limit() {
    let (finops, [north, ..]) = tenants();
    for params in [
        json!({"amount": 0, "currency": "EUR", "tenant_id": "north"}),
        json!({"on_unknown": "allow", "currency": "EUR", "tenant_id": "north"}),
        json!({"on_unknown": {"estimate": "0"}, "currency": "EUR", "tenant_id": "north"}),
        json!({"amount": 1000, "currency": "EUR", "tenant_id": "north"}),
    ] {
        assert_eq!(finops.budgets_reserve(&request(params.clone())).unwrap_err().code(), ErrorCode::MixedCurrencies);
        assert_eq!(finops.budgets_check(&request(params)).unwrap_err().code(), ErrorCode::MixedCurrencies);
    }
    assert_eq!(stands(&finops, north), (Money::ZERO, Money::ZERO));
}

#[test]
fn a_tenant_settles_and_releases_its_own_reservations_only() {
    let (finops, [north, south, platform]) = tenants();
    let (tenant, other) = (finops.as_tenant("north").unwrap(), finops.as_tenant("south").unwrap());
    let spend = request(json!({"amount": 5}));
    let [held, over] = [(); 2].map(|()| tenant.budgets_reserve(&spend).unwrap().reservation_id.unwrap());
    tenant.budgets_settle(over, money("4")).unwrap();
    let never: Id<id::Reservation> = Id::new(START.parse().unwrap(), [7; 10]);
    for id in [held, over, never] {
        let words = format!("there is no reservation {id}: it was never made, was refused, or is long over");
        for error in [
            other.budgets_settle(id, money("1")).unwrap_err(),
            other.settle_at_once(id, money("1")).unwrap_err(),
            other.budgets_release(id).unwrap_err(),
        ] {
            assert_eq!((error.code(), error.field(), error.message()), (ErrorCode::NotFound, None, words.as_str()));
        }
    }
    assert_eq!(stands(&finops, north), (money("4"), money("5")));
    assert_eq!(stands(&finops, south), (Money::ZERO, Money::ZERO));
    assert_eq!(tenant.budgets_settle(over, money("1")).unwrap_err().code(), ErrorCode::Conflict, "the owner is told");
    assert_eq!(tenant.budgets_release(held).unwrap().released, money("5"));
    assert_eq!(stands(&finops, platform), (money("4"), Money::ZERO));
}

#[test]
fn an_id_of_others_tells_nothing_of_them() {
    let (finops, _) = tenants();
    let (tenant, other) = (finops.as_tenant("north").unwrap(), finops.as_tenant("south").unwrap());
    let held = tenant.budgets_reserve(&request(json!({"amount": 5}))).unwrap().reservation_id.unwrap();
    let over = tenant.budgets_reserve(&request(json!({"amount": 2}))).unwrap().reservation_id.unwrap();
    tenant.budgets_release(over).unwrap();
    for id in [held, over] {
        for amount in [5, 6] {
            let error = other.budgets_reserve(&request(json!({"amount": amount, "id": id}))).unwrap_err();
            let neutral = format!("reservation {id} cannot be made: use a new id");
            assert_eq!((error.code(), error.field(), error.message()), (ErrorCode::Conflict, None, neutral.as_str()));
        }
    }
    // The owner gets the same answer again, although the engine made the id, and is told when it expires.
    let again = tenant.budgets_reserve(&request(json!({"amount": 5, "id": held}))).unwrap();
    assert_eq!((again.reservation_id, again.repeated), (Some(held), true));
    assert_eq!(again.expires_at, Some("2026-01-20T12:05:00Z".parse().unwrap()));
    let differs = tenant.budgets_reserve(&request(json!({"amount": 6, "id": held}))).unwrap_err();
    assert_eq!((differs.code(), differs.field()), (ErrorCode::Conflict, Some("amount")));
}

#[test]
fn a_tenant_learns_nothing_of_budgets_that_it_does_not_see() {
    let finops = engine(":memory:", START);
    let own = monthly(&finops, json!({"level": "tenant", "id": "north"}), json!(10), pauses_at(100));
    let tenant = finops.as_tenant("north").unwrap();
    let spend = request(json!({"amount": 1, "tenant_id": "north"}));
    assert_eq!(finops.budgets_check(&spend).unwrap().budgets, Some(1));
    assert_eq!(finops.budgets_reserve(&spend).unwrap().budgets, Some(1));
    assert_eq!(tenant.budgets_check(&spend).unwrap().budgets, None);
    assert_eq!(tenant.budgets_reserve(&spend).unwrap().budgets, None);

    let euros = request(json!({"amount": 1, "currency": "EUR", "tenant_id": "north"}));
    let error = tenant.budgets_reserve(&euros).unwrap_err();
    assert_eq!(error.message(), format!("budget {own} is in USD, the spend in EUR: spend in USD"), "it is its own");
    finops.budgets_delete(own).unwrap();
    let hidden = monthly(&finops, json!({"level": "platform"}), json!(10), pauses_at(100));
    let error = tenant.budgets_reserve(&euros).unwrap_err();
    let neutral = "a budget that covers it is in another currency than EUR";
    assert_eq!((error.code(), error.message()), (ErrorCode::MixedCurrencies, neutral));
    let error = finops.budgets_reserve(&euros).unwrap_err();
    assert!(error.message().contains(&hidden.to_string()), "{error}");

    finops.budgets_delete(hidden).unwrap();
    let open = monthly(&finops, json!({"level": "platform"}), json!(10), json!([{"percent": 100, "action": "alert"}]));
    let huge = request(json!({"amount": "99999999999999999999", "tenant_id": "north"}));
    tenant.budgets_reserve(&huge).unwrap();
    let error = tenant.budgets_reserve(&huge).unwrap_err();
    let neutral = "the amounts of a budget that covers it do not fit: use a smaller amount";
    assert_eq!((error.code(), error.message()), (ErrorCode::Overflow, neutral));
    assert!(finops.budgets_reserve(&huge).unwrap_err().message().contains(&open.to_string()));
}

#[test]
fn amounts_that_no_charge_holds_are_refused() {
    let (finops, [north, ..]) = tenants();
    let held = finops.budgets_reserve(&request(json!({"amount": 5, "tenant_id": "north"}))).unwrap();
    let large = "100000000000000000000";
    for error in [
        finops.budgets_check(&request(json!({"amount": large}))).unwrap_err(),
        finops.budgets_reserve(&request(json!({"amount": large}))).unwrap_err(),
        finops.budgets_reserve(&request(json!({"on_unknown": {"estimate": large}}))).unwrap_err(),
        finops.budgets_settle(held.reservation_id.unwrap(), money(large)).unwrap_err(),
    ] {
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("amount")), "{error}");
    }
    assert_eq!(stands(&finops, north), (Money::ZERO, money("5")));
}

/// The largest amount that there is becomes a charge, and more beside it another one.
#[test]
fn the_largest_amount_becomes_a_charge() {
    let finops = engine(":memory:", START);
    let thresholds = json!([{"percent": 100, "action": "alert"}]);
    let open = monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(10), thresholds);
    let largest = "99999999999999999999.999999999999999999";
    let zero = request(json!({"amount": 0, "tenant_id": "t"}));
    let ids = [(); 2].map(|()| finops.budgets_reserve(&zero).unwrap().reservation_id.unwrap());
    finops.budgets_settle(ids[0], money(largest)).unwrap();
    assert_eq!(stands(&finops, open), (money(largest), Money::ZERO));
    finops.budgets_settle(ids[1], money("1")).unwrap();
    assert_eq!(stands(&finops, open), (money("100000000000000000000.999999999999999999"), Money::ZERO));
}

#[derive(Debug)]
struct Wound(AtomicI64);

impl Wound {
    fn set(&self, now: &str) {
        self.0.store(now.parse::<Stamp>().unwrap().micros(), Ordering::SeqCst);
    }
}

impl Clock for Wound {
    fn now(&self) -> Stamp {
        Stamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// The clock is set back over the beginning of a period: spends count in the one that holds then.
#[test]
fn a_clock_that_goes_back_meets_the_period_before() {
    let clock = Arc::new(Wound(AtomicI64::new(0)));
    clock.set("2026-01-31T23:00:00Z");
    let lag = "0".parse().unwrap();
    let finops = Finops::builder().clock(Arc::<Wound>::clone(&clock)).budget_lag_seconds(lag).open(":memory:").unwrap();
    let made = monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(10), pauses_at(100));
    let spend = |amount: u32| request(json!({"amount": amount, "tenant_id": "t"}));
    let settle = |amount: u32| {
        let id = finops.budgets_reserve(&spend(amount)).unwrap().reservation_id.unwrap();
        finops.budgets_settle(id, Money::from_units(i64::from(amount))).unwrap();
    };
    settle(7);
    clock.set("2026-02-01T00:00:00Z");
    settle(2);
    assert_eq!(stands(&finops, made), (money("2"), Money::ZERO));
    clock.set("2026-01-31T23:59:59Z");
    assert!(!finops.budgets_reserve(&spend(4)).unwrap().is_allowed(), "7 of 10 are spent in January");
    settle(3);
    clock.set("2026-02-01T00:00:01Z");
    assert!(finops.budgets_reserve(&spend(8)).unwrap().is_allowed());
    assert_eq!(stands(&finops, made), (money("2"), money("8")));
}
