//! What budgets have spent: the same as the cost query, whatever it came from.

use crate::world::{budget, call, engine, import, monthly, pauses_at, spent, status};
use finops_core::{ErrorCode, Finops};
use serde_json::{Value, json};

fn used(finops: &Finops, id: &str, quantity: u32) {
    let event = json!({"id": id, "resource": "api_calls", "quantity": quantity, "tenant_id": "t"});
    assert_eq!(finops.record_usage(&event.to_string()).unwrap().accepted, 1);
}

#[test]
fn metered_usage_closes_the_gate() {
    let finops = engine(":memory:", "2026-01-20T12:00:00Z");
    let price = json!({"meter": "api_calls", "model": "per_unit", "unit_price": "0.5", "currency": "USD",
        "effective_from": "2026-01-01T00:00:00Z"});
    call(&finops, "prices.create", price);
    let made = monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(10), pauses_at(100));
    let check = || call(&finops, "budgets.check", json!({"amount": 1, "tenant_id": "t"}));
    used(&finops, "1", 18);
    assert_eq!(check()["decision"], "allow");
    used(&finops, "2", 1);
    let refused = check();
    assert_eq!((&refused["decision"], &refused["refused_by"]["budget_id"]), (&json!("deny"), &json!(made)));
    assert_eq!(spent(&finops, made), "9.5");
    call(&finops, "void_usage", json!({"id": "2", "tenant_id": "t"}));
    assert_eq!((spent(&finops, made), &check()["decision"]), ("9".to_owned(), &json!("allow")));
}

#[test]
fn usage_is_looked_at_when_it_has_waited_long_enough() {
    let finops = Finops::builder().now("2026-01-20T12:00:00Z".parse().unwrap()).open(":memory:").unwrap();
    let price = json!({"meter": "api_calls", "model": "per_unit", "unit_price": "1", "currency": "USD",
        "effective_from": "2026-01-01T00:00:00Z"});
    call(&finops, "prices.create", price);
    monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(10), pauses_at(100));
    finops.tick(None).unwrap();
    used(&finops, "1", 10);
    let check = || call(&finops, "budgets.check", json!({"amount": 1, "tenant_id": "t"}))["decision"].clone();
    assert_eq!(check(), "allow", "it is not charged yet");
    finops.tick(Some("2026-01-20T12:00:01Z".parse().unwrap())).unwrap();
    assert_eq!(check(), "deny");
}

#[test]
fn what_the_gate_settles_is_a_charge_like_any_other() {
    let finops = engine(":memory:", "2026-01-20T12:07:00Z");
    let made = monthly(&finops, json!({"level": "tag", "id": "env=prod"}), json!(100), pauses_at(100));
    let spend = json!({"amount": "1.5", "tenant_id": "t", "model": "m", "tags": {"env": "prod"}});
    for actual in ["1.25", "2", "0"] {
        let held = call(&finops, "budgets.reserve", spend.clone());
        let settled = json!({"reservation_id": held["reservation_id"], "amount": actual});
        call(&finops, "budgets.settle", settled);
    }
    let request = json!({"period": "2026-01", "group_by": ["tenant", "model", "tag:env", "service", "provider"]});
    let summary = call(&finops, "get_cost_summary", request);
    assert_eq!((&summary["total_cost"], summary["breakdown"].as_array().unwrap().len()), (&json!("3.25"), 1));
    let item = &summary["breakdown"][0];
    assert_eq!((&item["tenant_id"], &item["model"], &item["tag:env"]), (&json!("t"), &json!("m"), &json!("prod")));
    assert_eq!((&item["provider"], &item["service"]), (&json!("gate"), &json!("settled spend")));
    assert_eq!(spent(&finops, made), "3.25");
    // Budgets that ask for what the gate gives each charge cover the spend as well.
    let of_gate = monthly(&finops, json!({"level": "provider", "id": "gate"}), json!(4), pauses_at(100));
    assert_eq!(spent(&finops, of_gate), "3.25");
    assert_eq!(call(&finops, "budgets.reserve", spend)["refused_by"]["budget_id"], json!(of_gate));
}

#[test]
fn several_budgets_hold_all_or_none_and_the_first_that_refuses_is_named() {
    let finops = engine(":memory:", "2026-01-20T12:00:00Z");
    let of = |level: &str, amount: u32| {
        let scope = json!({"level": level, "id": level});
        monthly(&finops, scope, json!(amount), pauses_at(100))
    };
    let (org, team, user) = (of("organization", 100), of("team", 50), of("user", 10));
    let spend = |amount: u32| {
        let scope = json!({"amount": amount, "organization_id": "organization", "team_id": "team", "user_id": "user"});
        call(&finops, "budgets.reserve", scope)
    };
    assert_eq!(spend(8)["budgets"], json!(3));
    let refused = spend(3);
    assert_eq!(refused["reservation_id"], Value::Null);
    let by = &refused["refused_by"];
    assert_eq!((&by["budget_id"], &by["reserved"], &by["limit"]), (&json!(user), &json!("8"), &json!("10")));
    for budget in [org, team, user] {
        assert_eq!(status(&finops, budget)["reserved"], "8", "nothing of what was refused is held");
    }
}

#[test]
fn a_cost_centres_budget_follows_the_centre() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2026-01-20T12:00:00Z");
    let center = json!({"name": "T", "type": "tenant", "tenant": "t", "budget_monthly": 100, "currency": "USD",
        "alert_threshold_pct": 0.8});
    let center = call(&finops, "create_cost_center", center);
    let listed = call(&finops, "budgets.list", json!({"scope_level": "cost_center"}));
    let id: crate::world::BudgetId = listed["items"][0]["id"].as_str().unwrap().parse().unwrap();
    import(&finops, folder.path(), "a", &[(3, "t", "90")]);
    let stands = status(&finops, id);
    assert_eq!((&stands["spent"], &stands["status"]), (&json!("90"), &json!("WARNING")));
    call(&finops, "update_cost_center", json!({"id": center["id"], "budget_monthly": 80}));
    assert_eq!(status(&finops, id)["status"], "EXCEEDED");
    for operation in ["budgets.delete", "budgets.pause"] {
        let error = finops.call(operation, json!({"id": id}), &()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Conflict, "{operation}: {error}");
    }
    call(&finops, "update_cost_center", json!({"id": center["id"], "budget_monthly": null}));
    let gone = finops.get_budget_status(id).unwrap_err();
    assert_eq!(gone.code(), ErrorCode::NotFound);
    // A budget of its own keeps the centre.
    let own = monthly(&finops, json!({"level": "cost_center", "id": center["id"]}), json!(5), pauses_at(100));
    assert_eq!(spent(&finops, own), "90");
    let error = finops.call("delete_cost_center", json!({"id": center["id"]}), &()).unwrap_err();
    assert!(error.message().contains("the budget 'budget'"), "{error}");
}

#[test]
fn what_is_not_known_is_not_zero() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2026-01-20T12:00:00Z");
    import(&finops, folder.path(), "a", &[(3, "t", "90")]);
    let form = json!({"name": "e", "scope": {"level": "tenant", "id": "t"}, "thresholds": pauses_at(100),
        "budget": {"amount": 100, "currency": "EUR", "period": "monthly"}});
    let made = budget(&finops, form);
    let error = finops.get_budget_status(made).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::MixedCurrencies, Some("exchange_rates")));
    let spend = json!({"amount": 1, "currency": "EUR", "tenant_id": "t"});
    let refused = call(&finops, "budgets.reserve", spend.clone());
    assert_eq!((&refused["decision"], &refused["reason"]), (&json!("deny"), &json!("spent_unknown")));
    call(&finops, "budgets.update", json!({"id": made, "exchange_rates": {"USD": "0.5"}}));
    assert_eq!(spent(&finops, made), "45");
    assert_eq!(call(&finops, "budgets.reserve", spend)["decision"], "allow");
    // A price that is not known is refused, unless somebody says what it is to be.
    let unknown = |policy: Value| {
        let spend = json!({"currency": "EUR", "tenant_id": "t", "on_unknown": policy});
        call(&finops, "budgets.reserve", spend)
    };
    assert_eq!(unknown(json!("deny"))["reason"], "unknown_price");
    assert_eq!(unknown(json!("allow"))["decision"], "allow");
    assert_eq!(unknown(json!({"estimate": "54.01"}))["reason"], "limit");
}

#[test]
fn a_restart_lets_go_of_what_was_reserved_and_keeps_what_was_settled() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let finops = engine(location, "2026-01-20T12:00:00Z");
    let made = monthly(&finops, json!({"level": "platform"}), json!(10), pauses_at(100));
    let reserve = |finops: &Finops, amount: u32| call(finops, "budgets.reserve", json!({"amount": amount}));
    let (settled, held) = (reserve(&finops, 4), reserve(&finops, 6));
    call(&finops, "budgets.settle", json!({"reservation_id": settled["reservation_id"], "amount": 3}));
    assert_eq!(reserve(&finops, 2)["decision"], "deny");
    drop(finops);
    let finops = engine(location, "2026-01-20T12:00:00Z");
    let stands = status(&finops, made);
    assert_eq!((&stands["spent"], &stands["reserved"], &stands["remaining"]), (&json!("3"), &json!("0"), &json!("7")));
    let late = json!({"reservation_id": held["reservation_id"], "amount": 1});
    assert_eq!(finops.call("budgets.settle", late, &()).unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(reserve(&finops, 7)["decision"], "allow");
    drop(finops);
    let reader = Finops::builder().now("2026-01-20T12:00:00Z".parse().unwrap()).read_only().open(location).unwrap();
    assert_eq!(spent(&reader, made), "3");
    assert_eq!(reader.call("budgets.reserve", json!({"amount": 1}), &()).unwrap_err().code(), ErrorCode::Conflict);
}
