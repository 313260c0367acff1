//! Thresholds: crossed once, told once, whatever happens around them.

use crate::world::{budget, call, engine, events, import, monthly, pauses_at, spent, status};
use finops_core::ErrorCode;
use serde_json::json;
use std::thread;

const ALERTS: [u32; 4] = [50, 100, 110, 120];

#[test]
fn what_is_reached_exactly_is_crossed_and_a_jump_tells_all_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2026-01-20T00:00:00Z");
    let alerts: Vec<_> = ALERTS.iter().map(|percent| json!({"percent": percent, "action": "alert"})).collect();
    let whole = monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(100), json!(alerts));
    let nothing = monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(0), pauses_at(100));
    assert_eq!(status(&finops, nothing)["lifecycle"], "active", "nothing was spent");
    import(&finops, folder.path(), "a", &[(3, "t", "110"), (3, "other", "1000")]);
    assert_eq!(events(&finops), ["warning 50", "exceeded 100", "exceeded 110", "exceeded 100"]);
    let stands = status(&finops, whole);
    assert_eq!((&stands["status"], &stands["percent"]), (&json!("EXCEEDED"), &json!("110")));
    let stands = status(&finops, nothing);
    assert_eq!((&stands["lifecycle"], &stands["percent"]), (&json!("exhausted"), &json!(null)));
}

#[test]
fn raising_and_lowering_the_amount_opens_and_closes_the_gate() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:", "2026-01-20T00:00:00Z");
    let thresholds = json!([{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}]);
    let made = monthly(&finops, json!({"level": "tenant", "id": "t"}), json!(100), thresholds);
    import(&finops, folder.path(), "a", &[(3, "t", "120")]);
    let spend = json!({"amount": 1, "tenant_id": "t"});
    let decision = || call(&finops, "budgets.check", spend.clone())["decision"].clone();
    assert_eq!(decision(), "deny");
    let raised = call(&finops, "budgets.update", json!({"id": made, "budget": {"amount": 200}}));
    assert_eq!((&raised["status"], decision()), (&json!("active"), json!("allow")));
    let lowered = call(&finops, "budgets.update", json!({"id": made, "budget": {"amount": 100}}));
    assert_eq!((&lowered["status"], decision()), (&json!("exhausted"), json!("deny")));
    let told = ["warning 75", "exceeded 100", "recovered 75", "recovered 100", "warning 75", "exceeded 100"];
    assert_eq!(events(&finops), told);
}

#[test]
fn what_falls_back_recovers_and_is_told_again_only_where_that_is_wanted() {
    for (rearm, told) in [(false, 2), (true, 3)] {
        let folder = tempfile::tempdir().unwrap();
        let finops = engine(":memory:", "2026-01-20T00:00:00Z");
        budget(
            &finops,
            json!({"name": "b", "scope": {"level": "platform"}, "rearm": rearm, "thresholds": pauses_at(100),
                "budget": {"amount": 100, "currency": "USD", "period": "monthly"}}),
        );
        for cost in ["100", "99", "100"] {
            import(&finops, folder.path(), "a", &[(3, "t", cost)]);
        }
        let all = ["exceeded 100", "recovered 100", "exceeded 100"];
        assert_eq!(events(&finops), all[..told]);
    }
}

#[test]
fn eight_threads_that_cross_it_at_once_and_a_restart_tell_once() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let finops = engine(location, "2026-01-20T00:00:00Z");
    let thresholds = json!([{"percent": 80, "action": "alert"}, {"percent": 100, "action": "pause"}]);
    let made = monthly(&finops, json!({"level": "platform"}), json!(80), thresholds);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let held = call(&finops, "budgets.reserve", json!({"amount": 1, "tenant_id": "t"}));
                    let settled = json!({"reservation_id": held["reservation_id"], "amount": 1});
                    call(&finops, "budgets.settle", settled);
                }
            });
        }
    });
    assert_eq!(events(&finops), ["warning 80", "exceeded 100"]);
    assert_eq!(spent(&finops, made), "80");
    drop(finops);
    let finops = engine(location, "2026-01-20T00:00:00Z");
    finops.tick(None).unwrap();
    assert_eq!(status(&finops, made)["lifecycle"], "exhausted");
    assert_eq!(events(&finops).len(), 2, "nothing is told again");
}

#[test]
fn a_forecast_goes_to_the_end_of_the_budgets_own_period_and_may_close_it() {
    let finops = engine(":memory:", "2026-01-20T00:30:00Z");
    let forecast = json!([{"percent": 150, "action": "pause", "basis": "forecasted"}]);
    let made = budget(
        &finops,
        json!({"name": "b", "scope": {"level": "platform"}, "thresholds": forecast,
            "budget": {"amount": 10, "currency": "USD", "period": "daily"}}),
    );
    let held = call(&finops, "budgets.reserve", json!({"amount": 4}));
    call(&finops, "budgets.settle", json!({"reservation_id": held["reservation_id"], "amount": 4}));
    assert_eq!(status(&finops, made)["forecast"], json!(null), "half an hour is too little to go by");
    finops.tick(Some("2026-01-20T06:00:00Z".parse().unwrap())).unwrap();
    let stands = status(&finops, made);
    assert_eq!((&stands["forecast"]["expected"], &stands["lifecycle"]), (&json!("16"), &json!("exhausted")));
    let refused = call(&finops, "budgets.reserve", json!({"amount": "0.01"}));
    assert_eq!((&refused["decision"], &refused["reason"]), (&json!("deny"), &json!("forecast")));
    assert_eq!(events(&finops), ["warning 150"]);
    finops.tick(Some("2026-01-20T12:00:00Z".parse().unwrap())).unwrap();
    assert_eq!(call(&finops, "budgets.check", json!({"amount": 1}))["decision"], "allow", "the rate is 8 a day now");
    assert_eq!(events(&finops), ["warning 150", "recovered 150"]);
}

#[test]
fn a_new_period_opens_the_gate_without_anybody_doing_anything() {
    let finops = engine(":memory:", "2026-01-31T23:59:00Z");
    let made = monthly(&finops, json!({"level": "platform"}), json!(10), pauses_at(100));
    let reserve = || call(&finops, "budgets.reserve", json!({"amount": 10, "ttl_seconds": 3600}));
    let held = reserve();
    assert_eq!(reserve()["decision"], "deny");
    call(&finops, "budgets.settle", json!({"reservation_id": held["reservation_id"], "amount": 10}));
    assert_eq!(status(&finops, made)["lifecycle"], "exhausted");
    finops.tick(Some("2026-02-01T00:00:00Z".parse().unwrap())).unwrap();
    assert_eq!(spent(&finops, made), "0");
    assert_eq!(reserve()["decision"], "allow");
    assert_eq!(events(&finops), ["exceeded 100"], "what the last month was is not taken back");
}

#[test]
fn a_paused_budget_holds_up_nobody_and_tells_nothing() {
    let finops = engine(":memory:", "2026-01-20T00:00:00Z");
    let made = monthly(&finops, json!({"level": "platform"}), json!(1), pauses_at(100));
    let paused = call(&finops, "budgets.pause", json!({"id": made}));
    assert_eq!((&paused["status"], &paused["enabled"]), (&json!("paused"), &json!(false)));
    let error = finops.call("budgets.pause", json!({"id": made}), &()).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("status")));
    let held = call(&finops, "budgets.reserve", json!({"amount": 5}));
    call(&finops, "budgets.settle", json!({"reservation_id": held["reservation_id"], "amount": 5}));
    assert_eq!((spent(&finops, made), events(&finops).len()), ("5".to_owned(), 0));
    let resumed = call(&finops, "budgets.resume", json!({"id": made}));
    assert_eq!(resumed["status"], "exhausted", "what was spent meanwhile counts");
    assert_eq!(events(&finops), ["exceeded 100"]);
    assert_eq!(call(&finops, "budgets.check", json!({"amount": 1}))["decision"], "deny");
    assert_eq!(call(&finops, "budgets.check", json!({"amount": 0}))["decision"], "allow", "what is free passes");
}
