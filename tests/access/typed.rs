//! The methods of Rust that are no operations by name, and handles of handles.

use super::world::{Handle, World, told};
use finops_core::engine::{GrantList, RecorderOptions, Refused, SnapshotsRequest, SpendRequest};
use finops_core::insight::PlanRequest;
use finops_core::model::catalog::{Entry, Kind};
use finops_core::model::money::{Money, Quantity};
use finops_core::model::principal::{Principal, Role, Scope};
use finops_core::model::usage::{EventKey, Outcome, Rejection, UsageEvent};
use finops_core::{CostSummaryRequest, ErrorCode, Finops, Result};
use finops_tests::support::answer;
use serde_json::json;

#[track_caller]
fn forbidden<T: std::fmt::Debug>(result: Result<T>) {
    assert_eq!(result.unwrap_err().code(), ErrorCode::Forbidden);
}

fn event(id: &str, tenant: &str) -> UsageEvent {
    UsageEvent::new(id, "2024-01-07T00:00:00Z".parse().unwrap(), "api_calls", Quantity::from_units(1), tenant)
}

fn spend(tenant: &str) -> SpendRequest {
    let mut spend = SpendRequest::new(Money::from_units(1));
    spend.tenant_id = Some(tenant.to_owned());
    spend
}

/// A budget of the platform refuses, and a tenant learns that it does, but not what others have spent.
#[test]
fn refusals_tell_no_figures_of_others() {
    let world = World::new();
    let alert = json!({"scope": {"level": "platform"}, "name": "Zenith", "period": "yearly", "amount": 9191,
        "pause_at_pct": 100});
    answer(&world.finops, "set_budget_alert", alert);
    let finops = Handle::Tenant.of(&world.finops);
    let refused = finops.budgets_reserve(&SpendRequest::new(Money::from_units(1))).unwrap();
    assert_eq!((refused.reason, refused.refused_by), (Some(Refused::Limit), None));
    let refused = finops.spend(&SpendRequest::new(Money::from_units(1))).unwrap_err();
    assert_eq!((refused.code(), told(&refused.to_string())), (ErrorCode::BudgetExhausted, vec![]));
    let refused = world.finops.budgets_reserve(&spend("ten_north")).unwrap();
    assert_eq!(refused.refused_by.unwrap().name, "Zenith");
}

#[test]
fn typed_methods_are_guarded_like_operations() {
    let world = World::new();
    let finops = Handle::Tenant.of(&world.finops);
    forbidden(finops.relation(None, None));
    let relation = world.finops.relation(None, None).unwrap();
    forbidden(finops.read(&relation, &mut |_| Ok(())));
    forbidden(finops.checkpoint_usage());
    forbidden(finops.compact_events());
    forbidden(finops.drop_events("2024-01-01T00:00:00Z".parse().unwrap()));
    forbidden(finops.usage_status());
    forbidden(finops.ask(&PlanRequest::default(), &()));
    forbidden(finops.catalog_upsert(Entry::new(Kind::Team, "t", "T")));
    forbidden(finops.tick(None));
    forbidden(finops.spend(&spend("ten_south")));
    forbidden(finops.check_at_once(&spend("ten_south")));
    forbidden(finops.reserve_at_once(&spend("ten_south")));
    drop(finops.spend(&SpendRequest::new(Money::from_units(1))).unwrap());
    assert_eq!(finops.grants_list(&GrantList::default()).unwrap().count, 1);
    for handle in [Handle::Viewer, Handle::OrgAdmin, Handle::Own, Handle::ReadScope] {
        let finops = handle.of(&world.finops);
        forbidden(finops.recorder(RecorderOptions::default()));
        forbidden(finops.recorder_with(json!({})));
        forbidden(finops.record_events(vec![event("a", "ten_north")]));
        forbidden(finops.void_event(EventKey { tenant_id: "ten_north", source: "", id: "one-north" }));
        forbidden(finops.correct_event(event("one-north", "ten_north")));
    }
}

#[test]
fn events_of_others_are_neither_found_nor_changed() {
    let world = World::new();
    let finops = Handle::Tenant.of(&world.finops);
    for id in ["one-south", "never"] {
        let error = finops.void_event(EventKey { tenant_id: "ten_south", source: "", id }).unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
        assert_eq!(finops.correct_event(event(id, "ten_south")).unwrap_err().message(), error.message());
    }
    assert!(finops.void_event(EventKey { tenant_id: "ten_north", source: "", id: "one-north" }).unwrap());
}

#[test]
fn a_recorder_takes_only_events_of_its_own_tenant() {
    let world = World::new();
    let recorder = Handle::Operator.of(&world.finops).recorder(RecorderOptions::default()).unwrap();
    for (id, tenant) in [("r-1", "ten_north"), ("r-2", "ten_south"), ("r-3", "ten_north")] {
        recorder.record(event(id, tenant)).unwrap();
    }
    recorder.flush().unwrap();
    assert_eq!((recorder.stats().accepted, recorder.stats().rejected), (2, 1));
    let rejected = recorder.take_rejected();
    assert_eq!((rejected[0].index, &rejected[0].rejection), (1, &Rejection::Forbidden));
    let outcomes = world.finops.record_events(vec![event("r-1", "ten_north"), event("r-2", "ten_south")]).unwrap();
    assert_eq!(outcomes, [Outcome::Duplicate, Outcome::Accepted], "the other one was not counted");
}

#[test]
fn narrowing_again_only_narrows() {
    let world = World::new();
    let tenant = world.finops.as_tenant("ten_north").unwrap();
    forbidden(tenant.as_tenant("ten_south"));
    let admin = tenant.as_principal(&Principal::new("usr_north", [Role::Admin])).unwrap();
    forbidden(admin.snapshots(&SnapshotsRequest::default()));
    let mut other = Principal::new("usr_north", [Role::Admin]);
    other.tenant_id = Some("ten_south".into());
    forbidden(tenant.as_principal(&other));
    let viewer = Handle::Viewer.of(&world.finops);
    let promoted = viewer.as_principal(&Principal::new("usr_north", [Role::Admin])).unwrap();
    forbidden(promoted.record_usage("[]"));
    forbidden(promoted.as_principal(&Principal::new("usr_south", [Role::Viewer])));
    assert_eq!(world.finops.as_tenant(" ").unwrap_err().code(), ErrorCode::InvalidArgument);
    assert!(world.finops.access().is_none(), "the handle that was narrowed is what it was");
    assert_eq!(viewer.access().unwrap().tenant_id(), Some("ten_north"));
}

/// A narrowed handle that asks first has usage become charges like any other, though it may not settle itself.
#[test]
fn a_narrowed_handle_sees_what_was_just_used() {
    let finops = Finops::builder().now("2024-01-10T12:00:00Z".parse().unwrap()).open(":memory:").unwrap();
    let price = json!({"meter": "api_calls", "model": "per_unit", "unit_price": "2", "currency": "USD",
        "effective_from": "2024-01-01T00:00:00Z"});
    finops.prices_create(price).unwrap();
    let tenant = finops.as_tenant("ten_north").unwrap();
    tenant.record_events(vec![event("1", "ten_north")]).unwrap();
    finops.record_events(vec![event("1", "ten_south")]).unwrap();
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    assert_eq!(tenant.get_cost_summary(&request).unwrap().total_cost, Some("2".parse().unwrap()));
    forbidden(tenant.billing_settle());
}

#[test]
fn whoever_may_only_write_can_change_and_remove_a_rule() {
    let world = World::new();
    let mut writer = Principal::new("usr_admin", [Role::Admin]);
    writer.scopes = Some(vec![Scope::Write]);
    let writer = world.finops.as_principal(&writer).unwrap();
    let id = world.rule.parse().unwrap();
    forbidden(writer.allocation_rules_get(id));
    assert_eq!(writer.allocation_rules_update(id, json!({"order": 7})).unwrap().terms().order, 7);
    assert!(writer.allocation_rules_delete(id).unwrap().deleted);
    assert_eq!(world.finops.allocation_rules_get(id).unwrap_err().code(), ErrorCode::NotFound);
}
