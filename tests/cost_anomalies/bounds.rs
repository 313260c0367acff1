//! How much there may be of monitors, of each tenant, and of feedback, of each narrowing for itself.

use crate::world::engine;
use finops_core::engine::AnomalyFeedbackGive;
use finops_core::model::anomaly::{AnomalyMonitorCreate, Feedback, MAX_FEEDBACK, MAX_MONITORS};
use finops_core::model::id::Id;
use finops_core::model::principal::{Principal, Role};
use finops_core::model::time::Stamp;
use finops_core::{ErrorCode, Finops};

const NOW: &str = "2024-03-25T09:00:00Z";

#[test]
fn a_tenant_that_has_all_its_monitors_leaves_others_theirs() {
    let finops = engine(":memory:", NOW);
    let make = |handle: &Finops| handle.anomaly_monitors_create(AnomalyMonitorCreate::new("All"));
    let (tenant, other) = (finops.as_tenant("ten_1").unwrap(), finops.as_tenant("ten_2").unwrap());
    let mut first = None;
    let within = |organization: &str| {
        let mut principal = Principal::new("u_1", [Role::Admin]);
        principal.organization_id = Some(organization.to_owned());
        tenant.as_principal(&principal).unwrap()
    };
    let parts = [within("org_1"), within("org_2")];
    for place in 0..MAX_MONITORS {
        let id = make(if place == 0 { &tenant } else { &parts[place % 2] }).unwrap().monitor.id;
        first.get_or_insert(id);
    }
    for full in [&tenant, &parts[0], &within("org_3")] {
        let error = make(full).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Conflict);
        assert!(error.to_string().contains("the tenant 'ten_1' has 1000 monitors already, counting"), "{error}");
    }
    make(&other).unwrap();
    make(&finops).unwrap();
    tenant.anomaly_monitors_delete(first.unwrap()).unwrap();
    make(&tenant).unwrap();
}

#[test]
fn a_tenant_that_said_all_it_may_leaves_others_their_say() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let anomaly = |number: u64| {
        let micros = i64::try_from(number).unwrap() * 86_400_000_000;
        Id::new(Stamp::from_micros(micros).unwrap(), [1; 10])
    };
    let say = |handle: &Finops, number: u64| {
        handle.costs_anomaly_feedback(AnomalyFeedbackGive::new(anomaly(number), Feedback::Useful))
    };
    let finops = engine(store.to_str().unwrap(), NOW);
    say(&finops.as_tenant("ten_1").unwrap(), 0).unwrap();
    drop(finops);
    // As if it had said so many things, one by one, which would take long.
    let mut state = rusqlite::Connection::open(store.join("state.sqlite")).unwrap();
    let transaction = state.transaction().unwrap();
    let sql = "INSERT INTO anomaly_feedback SELECT narrowing, ?2, replace(body, ?1, ?2) FROM anomaly_feedback
               WHERE anomaly = ?1";
    for number in 1..MAX_FEEDBACK {
        transaction.execute(sql, [anomaly(0).to_string(), anomaly(number).to_string()]).unwrap();
    }
    transaction.commit().unwrap();
    drop(state);

    let finops = engine(store.to_str().unwrap(), NOW);
    let (tenant, other) = (finops.as_tenant("ten_1").unwrap(), finops.as_tenant("ten_2").unwrap());
    let error = say(&tenant, MAX_FEEDBACK).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert!(error.to_string().contains(&format!("The earliest is {}", anomaly(0))), "{error}");
    // What was said may be said otherwise: the last word on an anomaly counts.
    say(&tenant, 7).unwrap();
    say(&other, MAX_FEEDBACK).unwrap();
    say(&finops, MAX_FEEDBACK).unwrap();
    let mut nothing = AnomalyFeedbackGive::new(anomaly(0), Feedback::Useful);
    nothing.feedback = None;
    tenant.costs_anomaly_feedback(nothing).unwrap();
    say(&tenant, MAX_FEEDBACK).unwrap();
}
