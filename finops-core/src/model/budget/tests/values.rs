//! Scopes and the charges that they are about, changes, the short form, and the budgets of cost centres.

use super::*;
use crate::ErrorCode;
use crate::model::center::{CenterScope, CostCenter, CostCenters};
use crate::model::filter::Filter;
use std::sync::Arc;

fn centers() -> (CostCenters, String) {
    let scope = CenterScope::Rail { rail: "trade-finance".into() };
    let mut center =
        CostCenter::new(Id::new(at("2025-01-01T00:00:00Z"), [1; 10]), "Trade", scope, at("2025-01-01T00:00:00Z"));
    center.dimensions.insert("tag:env".parse().unwrap(), "prod".into());
    let id = center.id.to_string();
    (CostCenters::new(vec![Arc::new(center)]).unwrap(), id)
}

fn covers(changes: Value) -> Value {
    made(changes).unwrap().filter_with(&centers().0).unwrap().to_json()
}

#[test]
fn each_level_is_a_dimension_of_charges() {
    for (level, dimension) in [
        ("organization", "organization"),
        ("tenant", "tenant"),
        ("workspace", "workspace"),
        ("user", "user"),
        ("team", "team"),
        ("component", "component"),
        ("rail", "rail"),
        ("provider", "provider"),
        ("resource_group", "resource_group"),
        ("resourceGroup", "resource_group"),
        ("resource", "resource_id"),
        ("resource_type", "resource_type"),
        ("resourceType", "resource_type"),
        ("cost_center", "cost_center"),
        ("costCenter", "cost_center"),
    ] {
        assert_eq!(covers(json!({"scope": {"level": level, "id": "x"}})), json!({dimension: "x"}), "{level}");
    }
    assert_eq!(covers(json!({})), json!({}));
    assert_eq!(covers(json!({"scope": {"level": "tag", "id": "env=a=b"}})), json!({"tag:env": "a=b"}));
}

#[test]
fn organization_and_filter_narrow_it() {
    let all = covers(json!({
        "organizationId": "org_1", "scope": {"level": "team", "id": "search"}, "filter": {"not": {"region": "eu"}},
    }));
    assert_eq!(all, json!({"team": "search", "organization": "org_1", "not": {"region": "eu"}}));
    let own = json!({"organization_id": "org_1", "scope": {"level": "organization", "id": "org_1"}});
    assert_eq!(covers(own), json!({"organization": "org_1"}));
}

#[test]
fn a_cost_centre_has_what_is_its_own_and_what_names_it() {
    let (_, id) = centers();
    let scope = json!({"scope": {"level": "cost_center", "id": id}});
    let own = json!({"rail": "trade-finance", "tag:env": "prod"});
    assert_eq!(covers(scope.clone()), json!({"any": [own, {"cost_center": id}]}));
    let budget = made(scope).unwrap();
    let error = budget.filter_with(&CostCenters::default()).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::NotFound, Some("scope.id")));
    assert!(budget.check_with(&centers().0).is_ok());
}

#[test]
fn what_the_gate_cannot_tell_is_refused() {
    let message = refused(json!({"filter": {"any": [{"virtual:product": "search"}]}}));
    assert!(message.starts_with("filter: looks at 'virtual:product'"), "{message}");
    let scope = CenterScope::Custom;
    let made_at = at("2025-01-01T00:00:00Z");
    let mut center = CostCenter::new(Id::new(made_at, [2; 10]), "Product", scope, made_at);
    center.filter = Some(Filter::equals("virtual:product".parse().unwrap(), "search"));
    let scope = json!({"level": "cost_center", "id": center.id});
    let all = CostCenters::new(vec![Arc::new(center)]).unwrap();
    let error = made(json!({"scope": scope})).unwrap().check_with(&all).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("scope.id")));
}

#[test]
fn what_no_budget_can_be_is_refused_by_field() {
    for (changes, wanted) in [
        (json!({"name": " "}), "name: must have 1 to 512 bytes"),
        (json!({"description": "x".repeat(4097)}), "description: must have at most 4096"),
        (json!({"organization_id": ""}), "organization_id: must have 1"),
        (json!({"organization_id": "a", "scope": {"level": "organization", "id": "b"}}), "organization_id: is 'a'"),
        (json!({"scope": {"level": "team"}}), "scope.id: is missing"),
        (json!({"scope": {"level": "team", "id": " "}}), "scope.id: must have 1"),
        (json!({"scope": {"level": "platform", "id": "x"}}), "scope.id: has no place"),
        (json!({"scope": {"level": "tag", "id": "env"}}), "scope.id: must be KEY=VALUE"),
        (json!({"scope": {"level": "tag", "id": "=x"}}), "scope.id: must be KEY=VALUE"),
        (json!({"scope": {"level": "planet", "id": "x"}}), "unknown variant `planet`"),
        (json!({"filter": {"region": "x".repeat(1 << 18)}}), "filter: must have at most"),
        (json!({"exchange_rates": {"EUR": 0}}), "exchange_rates: the rate of EUR must be above 0"),
        (json!({"thresholds": [{"percent": 0, "action": "alert"}]}), "must be a percentage above 0"),
        (json!({"thresholds": [{"percent": 10, "action": "shout"}]}), "unknown variant `shout`"),
        (json!({"colour": "red"}), "unknown field `colour`"),
    ] {
        let message = refused(changes.clone());
        assert!(message.starts_with(wanted) || message.contains(wanted), "{changes}: {message}");
    }
}

#[test]
fn it_is_kept_as_it_is() {
    let budget = made(json!({
        "description": "d", "organization_id": "org_1", "scope": {"level": "user", "id": "u"},
        "filter": {"region": null},
        "budget": {"amount": "0.10", "currency": "USD", "period": "weekly", "reset_day": 7, "time_zone": "Asia/Tokyo",
            "start_date": "2025-01-01", "end_date": "2026-01-01"},
        "thresholds": [{"percent": "62.5", "action": "pause", "basis": "forecasted"}],
        "view": "billed", "zero_cost": "deny", "rearm": true, "exchange_rates": {"EUR": "1.08"},
    }))
    .unwrap();
    let told = serde_json::to_value(&budget).unwrap();
    assert_eq!((&told["status"], &told["enabled"]), (&json!("active"), &json!(true)));
    assert_eq!(told["budget"]["start_date"], "2025-01-01");
    assert_eq!(told["thresholds"], json!([{"percent": "62.5", "action": "pause", "basis": "forecasted"}]));
    assert_eq!(serde_json::from_value::<Budget>(told).unwrap(), budget);
    let exhausted = Budget { status: Lifecycle::Exhausted, ..budget };
    assert_eq!(serde_json::from_value::<Budget>(serde_json::to_value(&exhausted).unwrap()).unwrap(), exhausted);
}

fn change(budget: &Budget, changes: Value) -> crate::Result<Budget> {
    let Value::Object(changes) = changes else { panic!("an object") };
    let merged = budget.merged(changes).unwrap();
    budget.changed(serde_json::from_value(Value::Object(merged)).unwrap(), at("2025-03-01T00:00:00Z"))
}

#[test]
fn a_change_takes_the_place_of_what_it_names() {
    let before = made(json!({
        "description": "d", "organization_id": "org_1", "filter": {"region": "eu"}, "rearm": true,
        "budget": {"amount": 100, "currency": "EUR", "period": "monthly", "reset_day": 15},
    }))
    .unwrap();
    let same = change(&before, json!({})).unwrap();
    assert_eq!(same, Budget { updated_at: at("2025-03-01T00:00:00Z"), ..before.clone() });
    let after = change(&before, json!({"budget": {"amount": 200, "resetDay": 20}, "description": null})).unwrap();
    assert_eq!((after.budget.amount, after.budget.reset_day), ("200".parse().unwrap(), Some(20)));
    assert_eq!((after.budget.currency.code(), after.description.as_deref(), after.rearm), ("EUR", None, true));
    assert_eq!(change(&before, json!({"organizationId": "org_2"})).unwrap().organization_id.unwrap(), "org_2");
    let once = json!({"budget": {"type": "one_time", "period": null, "reset_day": null}});
    assert_eq!(change(&before, once).unwrap().budget.r#type, AllowanceType::OneTime);
    let error = change(&before, json!({"budget": {"period": "weekly"}})).unwrap_err();
    assert_eq!(error.field(), Some("budget.reset_day"));
}

#[test]
fn enabled_moves_the_lifecycle_and_other_changes_do_not() {
    let active = made(json!({})).unwrap();
    let exhausted = Budget { status: Lifecycle::Exhausted, ..active.clone() };
    let paused = Budget { status: Lifecycle::Paused, ..active.clone() };
    for (budget, changes, wanted) in [
        (&active, json!({"enabled": false}), Lifecycle::Paused),
        (&active, json!({"enabled": true}), Lifecycle::Active),
        (&exhausted, json!({"name": "b"}), Lifecycle::Exhausted),
        (&exhausted, json!({"enabled": true}), Lifecycle::Exhausted),
        (&exhausted, json!({"enabled": false}), Lifecycle::Paused),
        (&paused, json!({"name": "b"}), Lifecycle::Paused),
        (&paused, json!({"enabled": true}), Lifecycle::Active),
    ] {
        assert_eq!(change(budget, changes.clone()).unwrap().status, wanted, "{:?} {changes}", budget.status);
    }
}

fn short(fields: Value) -> crate::Result<BudgetCreate> {
    let alert: SetBudgetAlert = serde_json::from_value(fields).unwrap();
    alert.into_budget("EUR".parse().unwrap())
}

#[test]
fn the_short_form_is_a_budget_for_one_thing() {
    let made = short(json!({"tenant": "ten_001", "amount": "99.50"})).unwrap();
    assert_eq!((made.name.as_str(), made.budget.currency.code()), ("tenant ten_001 monthly", "EUR"));
    assert_eq!(made.budget.period, Some(BudgetPeriod::Monthly));
    let keys = |form: &BudgetCreate| form.thresholds.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(keys(&made), ["80/alert/actual", "100/alert/actual"]);
    let made = short(json!({
        "name": "n", "scope": {"level": "platform"}, "amount": 1, "currency": "USD", "period": "daily",
        "alert_threshold_pct": 1, "pause_at_pct": 1.2,
    }));
    let made = made.unwrap();
    assert_eq!((made.name.as_str(), keys(&made)), ("n", vec!["1.2/pause/actual".into(), "100/alert/actual".into()]));
    for (fields, wanted) in [
        (json!({"tenant": "t"}), "amount: must be given"),
        (json!({"amount": 1}), "scope: must be given"),
        (json!({"amount": 1, "tenant": "t", "rail": "r"}), "scope: names two things, a tenant and a rail"),
        (json!({"amount": 1, "user": "u", "scope": {"level": "user", "id": "v"}}), "scope: names two things"),
    ] {
        let message = short(fields).unwrap_err().to_string();
        assert!(message.starts_with(wanted), "{message}");
    }
    let long = short(json!({"amount": 1, "user": "u".repeat(512)})).unwrap();
    assert!(long.into_budget(Id::new(at("2025-01-01T00:00:00Z"), [0; 10]), at("2025-01-01T00:00:00Z")).is_ok());
}

#[test]
fn the_budget_of_a_cost_centre_follows_it() {
    let (all, _) = centers();
    let mut center = all.iter().next().unwrap().clone();
    assert_eq!(Budget::of_center(&center).unwrap(), None);
    (center.budget_monthly, center.currency) = (Some("5000".parse().unwrap()), Some("USD".parse().unwrap()));
    center.updated_at = at("2025-02-01T00:00:00Z");
    let bare = Budget::of_center(&center).unwrap().unwrap();
    assert_eq!(bare.thresholds.iter().map(ToString::to_string).collect::<Vec<_>>(), ["100/alert/actual"]);
    assert_eq!((bare.created_at, bare.updated_at), (center.created_at, center.updated_at));
    assert_eq!(bare.limit().unwrap(), None, "nothing is held up");
    for (given, keys) in [("0.8", vec!["80/alert/actual", "100/alert/actual"]), ("1", vec!["100/alert/actual"])] {
        center.alert_threshold_pct = Some(crate::model::center::Percent::read(given.parse().unwrap()).unwrap());
        let budget = Budget::of_center(&center).unwrap().unwrap();
        assert_eq!(budget.thresholds.iter().map(ToString::to_string).collect::<Vec<_>>(), keys);
        assert_eq!(budget.id, bare.id, "whatever changes of it");
    }
    center.budget_monthly = Some("10".parse().unwrap());
    assert_eq!(Budget::of_center(&center).unwrap().unwrap().budget.amount, "10".parse().unwrap());
}

#[test]
fn the_gate_closes_at_the_lowest_pause_and_listens_from_the_lowest_threshold() {
    let thresholds = json!([
        {"percent": 120, "action": "pause"}, {"percent": 90, "action": "pause"}, {"percent": 75, "action": "alert"},
        {"percent": 10, "action": "pause", "basis": "forecasted"},
    ]);
    let budget = made(json!({"thresholds": thresholds})).unwrap();
    let (limit, amount) = budget.limit().unwrap().unwrap();
    assert_eq!((limit.to_string().as_str(), amount), ("90/pause/actual", "90".parse().unwrap()));
    assert_eq!(budget.first_crossing().unwrap().unwrap().1, "75".parse().unwrap());
    let forecast = json!([{"percent": 10, "action": "pause", "basis": "forecasted"}]);
    let budget = made(json!({"thresholds": forecast})).unwrap();
    assert_eq!((budget.limit().unwrap(), budget.first_crossing().unwrap()), (None, None));
}
