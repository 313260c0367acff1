//! Guards: a spend holds its amount as long as it is under way, however it ends.

use crate::world::{BudgetId, engine, monthly, pauses_at};
use finops_core::engine::{Refused, SpendRefused, SpendRequest};
use finops_core::model::money::Money;
use finops_core::{ErrorCode, Finops};
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};

const START: &str = "2026-01-20T12:00:00Z";

fn tenant(amount: &str) -> SpendRequest {
    let mut request = SpendRequest::new(amount.parse().unwrap());
    assert!(request.set_id("tenant_id", "t".to_owned()));
    assert!(!request.set_id("planet_id", "t".to_owned()), "there is no such field");
    request
}

/// A tenant that may spend 10 a month.
fn limited() -> (Finops, BudgetId) {
    let finops = engine(":memory:", START);
    let made = monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(10), pauses_at(100));
    (finops, made)
}

/// What is reserved, and what is spent.
fn stands(finops: &Finops, budget: BudgetId) -> (String, String) {
    let status = finops.get_budget_status(budget).unwrap();
    (status.reserved.to_string(), status.spent.unwrap().to_string())
}

fn both(reserved: &str, spent: &str) -> (String, String) {
    (reserved.to_owned(), spent.to_owned())
}

#[test]
fn a_guard_settles_releases_or_lets_go() {
    let (finops, budget) = limited();
    let spend = finops.spend(&tenant("8")).unwrap();
    assert_eq!((spend.amount(), stands(&finops, budget)), (Money::from_units(8), both("8", "0")));
    assert_eq!(spend.settle("2.5".parse().unwrap()).unwrap().released, "5.5".parse().unwrap());
    assert_eq!(stands(&finops, budget), both("0", "2.5"));
    assert_eq!(finops.spend(&tenant("1")).unwrap().release().unwrap().released, Money::from_units(1));
    drop(finops.spend(&tenant("1")).unwrap());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _spend = finops.spend(&tenant("1")).unwrap();
        panic!("out of order");
    }));
    assert!(panicked.is_err());
    assert_eq!(stands(&finops, budget), both("0", "2.5"));
    let id = finops.spend(&tenant("1")).unwrap().into_id();
    assert_eq!(stands(&finops, budget), both("1", "2.5"), "whoever takes the id takes care of it");
    finops.budgets_release(id).unwrap();
}

#[test]
fn what_cannot_be_settled_stays_held() {
    let (finops, budget) = limited();
    let spend = finops.spend(&tenant("4")).unwrap();
    assert_eq!(spend.settle("-1".parse().unwrap()).unwrap_err().code(), ErrorCode::InvalidArgument);
    assert_eq!(stands(&finops, budget), both("4", "0"), "it probably was spent");
    finops.tick(Some("2026-01-20T12:05:00Z".parse().unwrap())).unwrap();
    assert_eq!(stands(&finops, budget), both("0", "0"));
    let spend = finops.spend(&tenant("1")).unwrap();
    finops.tick(Some("2026-01-20T13:00:00Z".parse().unwrap())).unwrap();
    assert!(spend.settle(Money::from_units(2)).unwrap().late);
    assert_eq!(stands(&finops, budget), both("0", "2"));
}

#[test]
fn a_guard_goes_with_its_work_to_another_thread() {
    let (finops, budget) = limited();
    let spend = finops.spend(&tenant("10")).unwrap();
    let settled = std::thread::scope(|scope| {
        let work = scope.spawn(move || spend.settle(Money::from_units(3)).unwrap());
        work.join().unwrap()
    });
    assert!(!settled.overrun);
    assert_eq!(stands(&finops, budget), both("0", "3"));
}

#[test]
fn a_refusal_says_which_budget_and_why() {
    let (finops, budget) = limited();
    let _held = finops.spend(&tenant("9")).unwrap();
    let error = finops.spend(&tenant("2")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BudgetExhausted);
    let refused = SpendRefused::of(&error).unwrap();
    let by = refused.refused_by.as_ref().unwrap();
    assert_eq!((refused.reason, by.budget_id, by.reserved), (Some(Refused::Limit), budget, Money::from_units(9)));
    let told = "2 is more than the budget 'budget' has left: of 10, 0 are spent and 9 reserved until";
    assert!(error.message().starts_with(told), "{error}");
    let error = finops.spend(&SpendRequest::default()).unwrap_err();
    let refused = SpendRefused::of(&error).unwrap();
    assert_eq!((refused.reason, refused.refused_by.is_none()), (Some(Refused::UnknownPrice), true));
    let other = finops.spend(&tenant("-1")).unwrap_err();
    assert!(SpendRefused::of(&other).is_none(), "that is no refusal");
}

/// From memory alone nothing is answered that budgets have to be looked at for, and then nothing is held.
#[test]
fn at_once_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let budget = {
        let finops = engine(location, START);
        monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(10), pauses_at(100))
    };
    let finops = engine(location, START);
    assert!(finops.check_at_once(&tenant("1")).unwrap().is_none());
    assert!(finops.reserve_at_once(&tenant("1")).unwrap().is_none());
    assert!(finops.spend_at_once(&tenant("1")).unwrap().is_none());
    finops.look_at_budgets();
    assert!(finops.reserve_at_once(&tenant("11")).unwrap().is_some_and(|answer| !answer.is_allowed()));
    let spend = finops.spend_at_once(&tenant("1")).unwrap().unwrap();
    assert_eq!(stands(&finops, budget), both("1", "0"));
    // The month ends: its limits are not those of the next one.
    finops.tick(Some("2026-01-31T23:59:59Z".parse().unwrap())).unwrap();
    assert!(finops.check_at_once(&tenant("1")).unwrap().is_some());
    let (settled, _) = finops.settle_at_once(spend.into_id(), Money::from_units(10)).unwrap();
    assert!(settled.overrun);
    assert_eq!(finops.budgets_check(&tenant("1")).unwrap().refused_by.unwrap().spent, Some(Money::from_units(10)));
}
