//! Ways in which budgets could be got round, or stop for all because of one.

use crate::world::{call, engine, events, import, monthly, pauses_at, spent, status};
use finops_core::{ErrorCode, Finops};
use finops_tests::support::{Bill, row};
use serde_json::{Value, json};

#[allow(clippy::needless_pass_by_value, reason = "callers write JSON in the call")]
fn settle(finops: &Finops, spend: Value, amount: Value) {
    let held = call(finops, "budgets.reserve", spend);
    call(finops, "budgets.settle", json!({"reservation_id": held["reservation_id"], "amount": amount}));
}

fn allows(finops: &Finops, spend: Value) -> bool {
    call(finops, "budgets.check", spend)["decision"] == "allow"
}

#[test]
fn what_one_budget_cannot_be_told_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2026-01-03T00:00:00Z");
    let alert = json!([{"percent": 80, "action": "alert"}]);
    let whole = monthly(&finops, json!({"level": "platform"}), json!(100), alert);
    let of = |tenant: &str| monthly(&finops, json!({"level": "tenant", "id": tenant}), json!(100), pauses_at(100));
    let (huge, other) = (of("huge"), of("other"));
    for account in ["one", "two"] {
        import(&finops, folder.path(), account, &[(2, "huge", "90000000000000000000")]);
    }
    for budget in [whole, huge] {
        assert_eq!(finops.get_budget_status(budget).unwrap_err().code(), ErrorCode::Overflow);
    }
    assert!(!allows(&finops, json!({"amount": 1, "tenant_id": "huge"})), "what is not known is not zero");
    assert!(allows(&finops, json!({"amount": 100, "tenant_id": "other"})));
    settle(&finops, json!({"amount": 100, "tenant_id": "other"}), json!(100));
    assert_eq!(spent(&finops, other), "100");
    assert_eq!(events(&finops).last().map(String::as_str), Some("exceeded 100"));
}

#[test]
fn a_pause_keeps_what_is_reserved() {
    let finops = engine(":memory:", "2026-01-20T00:00:00Z");
    let made = monthly(&finops, json!({"level": "platform"}), json!(100), pauses_at(100));
    let reserve = |amount: u32| call(&finops, "budgets.reserve", json!({"amount": amount}));
    let first = reserve(50);
    call(&finops, "budgets.pause", json!({"id": made}));
    assert_eq!(reserve(1000)["decision"], "allow", "a paused budget holds up nobody");
    let while_paused = reserve(40);
    call(&finops, "budgets.resume", json!({"id": made}));
    assert_eq!(status(&finops, made)["reserved"], "1090");
    for held in [first, while_paused] {
        call(&finops, "budgets.settle", json!({"reservation_id": held["reservation_id"], "amount": 40}));
    }
    assert_eq!(spent(&finops, made), "80");
    assert_eq!(reserve(1)["decision"], "deny", "the thousand is still held");
}

#[test]
fn no_bill_takes_the_place_of_what_is_charged_here() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2026-01-20T00:00:00Z");
    let made = monthly(&finops, json!({"level": "platform"}), json!(100), pauses_at(100));
    settle(&finops, json!({"amount": 50, "provider": "openai"}), json!(50));
    assert_eq!(spent(&finops, made), "50");
    for account in ["gate", "usage"] {
        let bill = Bill::new([row(&[("BillingAccountId", account), ("ServiceProviderName", "openai")])]);
        let path = bill.write(folder.path(), "bill.csv");
        let error = finops.call("import_charges", json!({"path": path}), &()).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("BillingAccountId")));
    }
    assert_eq!(spent(&finops, made), "50");
}

#[test]
fn a_centre_that_comes_or_changes_is_followed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2026-01-20T00:00:00Z");
    finops.tick(None).unwrap();
    let center = json!({"name": "T", "type": "tenant", "tenant": "t", "budget_monthly": 10, "currency": "USD"});
    let center = call(&finops, "create_cost_center", center)["id"].clone();
    import(&finops, folder.path(), "a", &[(3, "t", "12")]);
    assert_eq!(events(&finops), ["exceeded 100"], "though there was no budget before");
    monthly(&finops, json!({"level": "cost_center", "id": center}), json!(20), pauses_at(100));
    let spend = |tenant: &str| json!({"amount": 11, "tenant_id": tenant});
    assert_eq!((allows(&finops, spend("t")), allows(&finops, spend("n"))), (false, true));
    call(&finops, "update_cost_center", json!({"id": center, "type": "tenant", "tenant": "n"}));
    assert_eq!((allows(&finops, spend("t")), allows(&finops, spend("n"))), (true, true), "n has spent nothing");
    assert!(!allows(&finops, json!({"amount": 21, "tenant_id": "n"})));
    let rules = json!({"name": "p", "rules": [{"value": "x", "when": {"tenant": "n"}}]});
    call(&finops, "virtual_dimensions.set", rules);
    let virtually = json!({"id": center, "filter": {"virtual:p": "x"}});
    let error = finops.call("update_cost_center", virtually, &()).unwrap_err();
    assert!(error.message().contains("the budget 'budget'"), "{error}");
}

#[test]
fn other_days_to_start_on_and_a_restart_tell_nothing_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    let finops = engine(store, "2026-01-05T00:00:00Z");
    let alert = json!([{"percent": 80, "action": "alert"}]);
    let made = monthly(&finops, json!({"level": "platform"}), json!(100), alert);
    import(&finops, folder.path(), "a", &[(4, "t", "90")]);
    finops.tick(Some("2026-01-20T00:00:00Z".parse().unwrap())).unwrap();
    call(&finops, "budgets.update", json!({"id": made, "budget": {"reset_day": 3}}));
    assert_eq!(events(&finops), ["warning 80"]);
    drop(finops);
    let finops = engine(store, "2026-02-02T00:00:00Z");
    finops.tick(None).unwrap();
    assert_eq!((spent(&finops, made).as_str(), events(&finops).len()), ("90", 1));
    drop(finops);
    // The same bill once more changes nothing either.
    let finops = engine(store, "2026-02-02T00:00:00Z");
    import(&finops, folder.path(), "a", &[(4, "t", "90")]);
    assert_eq!(events(&finops).len(), 1);
}

#[test]
fn what_was_settled_is_written_though_nobody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let finops = engine(location, "2026-01-20T00:00:00Z");
    monthly(&finops, json!({"level": "platform"}), json!(100), pauses_at(100));
    let written = || {
        let reader = Finops::builder().now("2026-01-20T01:00:00Z".parse().unwrap()).read_only().open(location).unwrap();
        call(&reader, "get_cost_summary", json!({"period": "2026-01"}))["total_cost"].clone()
    };
    settle(&finops, json!({"amount": 1}), json!(1));
    assert!(allows(&finops, json!({"amount": 1})), "the first call after it has it written");
    assert_eq!(written(), json!("1"));
    settle(&finops, json!({"amount": 1}), json!(1));
    assert!(allows(&finops, json!({"amount": 1})));
    assert_eq!(written(), json!("1"), "not each by itself");
}

#[test]
fn a_reader_says_the_same_of_a_budget_by_each_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    let finops = engine(store, "2026-01-20T00:00:00Z");
    let made = monthly(&finops, json!({"level": "platform"}), json!(100), pauses_at(100));
    import(&finops, folder.path(), "a", &[(4, "t", "100")]);
    drop(finops);
    let reader = Finops::builder().now("2026-01-20T00:00:00Z".parse().unwrap()).read_only().open(store).unwrap();
    assert_eq!(status(&reader, made)["lifecycle"], "exhausted");
    assert_eq!(call(&reader, "budgets.get", json!({"id": made}))["status"], "exhausted");
    assert_eq!(call(&reader, "budgets.list", json!({"status": "exhausted"}))["count"], json!(1));
}
