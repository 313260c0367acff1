//! A write that fails leaves neither the change nor its entry.

use super::*;
use finops_core::ErrorCode;
use finops_core::engine::UsageKey;

/// One call of each kind that changes something, on a store that has something of each kind.
fn calls(finops: &Finops) -> Vec<(&'static str, Value)> {
    let price = json!({"meter": "api_calls", "model": "per_unit", "unit_price": "1", "currency": "USD",
                       "effective_from": "2024-01-01T00:00:00Z"});
    let grant = json!({"tenant_id": "a", "amount": {"money": "5", "currency": "USD"},
                       "effective_from": "2024-01-01T00:00:00Z"});
    let meter = json!({"slug": "exports", "aggregation": "count", "unit": "one", "event": "export"});
    let virtual_dimension =
        json!({"name": "kind", "rules": [{"value": "a", "when": {"service": "Queue"}}], "default": "x"});
    let price_id = call(finops, "prices.create", price)["id"].clone();
    let grant_id = call(finops, "grants.create", grant.clone())["id"].clone();
    let center = |name: &str| json!({"name": name, "type": "tenant", "tenant": name});
    let center_id = call(finops, "create_cost_center", center("a"))["id"].clone();
    let group = |name: &str| json!({"name": name, "owner_id": "u_1"});
    let group_id = call(finops, "resource_groups.create", group("a"))["id"].clone();
    let app = json!({"id": group_id, "resource_type": "app", "resource_id": "app_1"});
    call(finops, "meters.create", meter);
    call(finops, "virtual_dimensions.set", virtual_dimension);
    call(finops, "catalog.upsert", team(1, "One"));
    for id in ["1", "2", "3"] {
        let event = json!({"id": id, "resource": "api_calls", "quantity": 3, "tenant_id": "a",
                           "time": "2024-01-20T00:00:00Z"});
        assert_eq!(call(finops, "record_usage", json!({"events": [event]}))["accepted"], 1);
    }
    vec![
        ("catalog.upsert", team(1, "Other")),
        ("catalog.upsert", team(2, "Two")),
        ("catalog.delete", json!({"kind": "team", "id": "t1"})),
        (
            "virtual_dimensions.set",
            json!({"name": "kind", "rules": [{"value": "a", "when": {"service": "Queue"}}], "default": "y"}),
        ),
        ("virtual_dimensions.delete", json!({"name": "kind"})),
        ("meters.create", json!({"slug": "more", "aggregation": "count", "unit": "one", "event": "export"})),
        ("meters.update", json!({"slug": "exports", "aggregation": "count", "unit": "one", "event": "import"})),
        ("meters.delete", json!({"slug": "exports"})),
        ("prices.update", json!({"id": price_id, "unit_price": "2"})),
        ("create_cost_center", center("b")),
        ("update_cost_center", json!({"id": center_id, "owner_id": "u_1"})),
        ("delete_cost_center", json!({"id": center_id})),
        ("resource_groups.create", group("b")),
        ("resource_groups.update", json!({"id": group_id, "status": "archived"})),
        ("resource_groups.add_resource", app.clone()),
        ("resource_groups.remove_resource", app),
        ("resource_groups.delete", json!({"id": group_id})),
        ("grants.create", grant),
        ("grants.delete", json!({"id": grant_id})),
        ("void_usage", json!({"id": "1", "tenant_id": "a"})),
        ("correct_usage", json!({"id": "2", "tenant_id": "a", "quantity": 4})),
        ("billing.close", json!({"period": "2024-01"})),
        ("allocation.close", json!({"period": "2024-01"})),
        ("prices.delete", json!({"id": price_id})),
    ]
}

/// How much there is that changes write.
fn rows(folder: &Path) -> Vec<i64> {
    let tables = ["audit", "usage_changes", "statements", "catalog", "virtual_dimensions", "usage_meters"];
    let tables = tables.into_iter().chain(["allocation_closes", "allocation_lines"]);
    let state = state(folder);
    let count = |table| state.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    tables.map(count).collect()
}

fn drop_triggers(folder: &Path) {
    let state = state(folder);
    let mut statement = state.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").unwrap();
    let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for name in names {
        state.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
}

/// Everything fails while triggers of that text are there, and leaves nothing; then all of it works.
fn fails_while(trigger: &str) {
    let folder = tempfile::tempdir().unwrap();
    let finops = open(folder.path());
    let calls = calls(&finops);
    finops.billing_settle().unwrap();
    for (operation, params) in calls {
        let (before, definitions, log) = (rows(folder.path()), defined(folder.path()), entries(&finops));
        state(folder.path()).execute_batch(trigger).unwrap();
        let error = finops.call(operation, params.clone(), &()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Storage, "{operation}: {error}");
        drop_triggers(folder.path());
        assert_eq!(rows(folder.path()), before, "{operation}");
        assert_eq!(defined(folder.path()), definitions, "{operation}");
        assert_eq!(entries(&finops), log, "{operation}");
        call(&finops, operation, params);
        assert_eq!(entries(&finops).len(), log.len() + 1, "{operation}");
        assert_eq!(defined(folder.path()), replayed(&entries(&finops)), "{operation}");
        assert!(verdict(&finops).ok, "{operation}");
    }
}

#[test]
fn a_log_that_takes_nothing_lets_nothing_be_changed() {
    fails_while("CREATE TRIGGER no_log BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'no'); END");
}

#[test]
fn a_log_whose_end_cannot_be_moved_lets_nothing_be_changed() {
    fails_while("CREATE TRIGGER no_head BEFORE UPDATE ON audit_head BEGIN SELECT raise(ABORT, 'no'); END");
}

#[test]
fn what_cannot_be_changed_is_not_in_the_log() {
    let refuse = |table: &str| {
        let on = |event: &str| {
            let name = format!("no_{table}_{}", event.to_lowercase());
            format!("CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN SELECT raise(ABORT, 'no'); END;")
        };
        ["INSERT", "UPDATE", "DELETE"].map(on).concat()
    };
    let tables =
        ["definitions", "catalog", "virtual_dimensions", "usage_meters", "usage_changes", "statements"].map(refuse);
    // The lines of a closed allocation come after what it came to.
    fails_while(&(tables.concat() + &refuse("allocation_lines")));
}

#[test]
fn what_is_refused_or_changes_nothing_is_not_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let finops = open(folder.path());
    call(&finops, "catalog.upsert", team(1, "One"));
    call(&finops, "catalog.upsert", team(1, "One"));
    let refused = [
        ("catalog.upsert", team(1, " "), ErrorCode::InvalidArgument),
        ("catalog.delete", json!({"kind": "team", "id": "t2"}), ErrorCode::NotFound),
        ("virtual_dimensions.delete", json!({"name": "kind"}), ErrorCode::NotFound),
        ("meters.delete", json!({"slug": "api_calls"}), ErrorCode::InvalidArgument),
        ("void_usage", json!({"id": "1", "tenant_id": "a"}), ErrorCode::NotFound),
        ("billing.close", json!({"period": "2024-03"}), ErrorCode::Conflict),
    ];
    for (operation, params, code) in refused {
        assert_eq!(finops.call(operation, params, &()).unwrap_err().code(), code, "{operation}");
    }
    call(&finops, "billing.close", json!({"period": "2024-01"}));
    assert_eq!(entries(&finops).len(), 1);
    let reader = Finops::builder().read_only().open(folder.path().to_str().unwrap()).unwrap();
    let error = reader.call("catalog.upsert", team(2, "Two"), &()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert_eq!(reader.void_usage(&UsageKey::new("1", "a")).unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!((entries(&reader).len(), verdict(&reader).ok), (1, true), "who only reads sees the log");
}
