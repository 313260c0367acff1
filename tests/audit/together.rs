//! Changes of several threads, and of the two connections of a store, make one chain.

use super::*;
use finops_core::engine::UsageKey;
use finops_core::model::principal::{Principal, Role};

#[test]
fn changes_at_the_same_time_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let finops = open(folder.path());
    let event = |id: u64| {
        json!({"id": id.to_string(), "resource": "api_calls", "quantity": 1, "tenant_id": "a",
               "time": "2024-02-10T00:00:00Z"})
    };
    let events: Vec<Value> = (0..40).map(event).collect();
    call(&finops, "record_usage", json!({ "events": events }));
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let finops = finops.clone();
            scope.spawn(move || {
                for number in 0..20 {
                    if thread % 2 == 0 {
                        call(&finops, "catalog.upsert", team(number, &format!("{thread} {number}")));
                    } else {
                        let id = (thread / 2 * 20 + number).to_string();
                        assert!(finops.void_usage(&UsageKey::new(id, "a")).unwrap().changed);
                    }
                    // Who looks at the log while it grows sees a whole one.
                    assert!(verdict(&finops).ok);
                }
            });
        }
    });
    let entries = entries(&finops);
    let of = |kind: &str| entries.iter().filter(|entry| entry.kind == kind).count();
    assert_eq!((of("catalog"), of("usage")), (40, 40));
    assert_eq!(replayed(&entries), defined(folder.path()));
    assert!(verdict(&finops).ok);
}

#[test]
fn a_log_of_many_pages_is_read_whole() {
    let finops = Finops::builder().now("2024-02-15T12:00:00Z".parse().unwrap()).open(":memory:").unwrap();
    for number in 0..600 {
        call(&finops, "catalog.upsert", team(number, "name"));
    }
    let verdict = verdict(&finops);
    assert_eq!((verdict.entries, verdict.ok), (600, true));
    let entries = entries(&finops);
    assert!(entries.iter().zip(1..).all(|(entry, seq)| entry.seq == seq));
    assert_eq!(entries.last().unwrap().hash, verdict.head);
}

#[test]
fn a_change_names_the_user_that_the_handle_is_of() {
    let now = "2024-02-15T12:00:00Z".parse().unwrap();
    let finops = Finops::builder().now(now).actor("nightly job").open(":memory:").unwrap();
    call(&finops, "catalog.upsert", team(1, "One"));
    let event = json!({"id": "1", "resource": "api_calls", "quantity": 1, "tenant_id": "a"});
    call(&finops, "record_usage", json!({"events": [event]}));
    let admin = finops.as_principal(&Principal::new("u_admin", [Role::Admin])).unwrap();
    call(&admin, "catalog.upsert", team(1, "Other"));
    let mut of_tenant = Principal::new("u_tenant", [Role::Admin]);
    of_tenant.tenant_id = Some("a".into());
    let of_tenant = finops.as_principal(&of_tenant).unwrap();
    call(&of_tenant, "correct_usage", json!({"id": "1", "tenant_id": "a", "quantity": 2}));
    call(&of_tenant.as_tenant("a").unwrap(), "correct_usage", json!({"id": "1", "tenant_id": "a", "quantity": 3}));
    call(&finops.as_tenant("a").unwrap(), "void_usage", json!({"id": "1", "tenant_id": "a"}));
    let actors: Vec<String> = entries(&finops).into_iter().map(|entry| entry.actor).collect();
    assert_eq!(actors, ["nightly job", "u_admin", "u_tenant", "u_tenant", "tenant:a"]);
}
