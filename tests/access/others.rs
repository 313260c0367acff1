//! Asking for what is another's, in every way there is.

use super::world::{Handle, WHOLE, World, told};
use finops_core::model::access::Reach;
use finops_core::model::id::{self, Id};
use finops_core::model::money::Money;
use finops_core::{ErrorCode, Finops};
use finops_tests::support::{Bill, answer, call};
use serde_json::{Value, json};

/// What is asked of somebody.
type Ask = fn(&str) -> (&'static str, Value);

/// An error in words, with the id that was asked for taken out.
pub(crate) fn refusal(finops: &Finops, operation: &str, params: &Value, id: &str) -> String {
    let error = call(finops, operation, params.clone()).unwrap_err();
    format!("{} {:?} {}", error.code(), error.field(), error.message().replace(id, "ID"))
}

#[test]
fn what_is_anothers_is_refused_like_what_is_not_there() {
    let world = World::new();
    for handle in [Handle::Tenant, Handle::Operator, Handle::Viewer, Handle::OrgAdmin, Handle::Own] {
        let finops = handle.of(&world.finops);
        let asked: [Ask; 8] = [
            |who| ("catalog.get", json!({"kind": "tenant", "id": format!("ten_{who}")})),
            |who| ("catalog.get", json!({"kind": "workspace", "id": format!("ws_{who}")})),
            |who| ("billing.preview", json!({"tenant_id": format!("ten_{who}"), "period": "2024-01"})),
            |who| ("grants.balance", json!({"tenant_id": format!("ten_{who}")})),
            |who| ("grants.list", json!({"tenant_id": format!("ten_{who}")})),
            |who| ("void_usage", json!({"id": format!("one-{who}"), "tenant_id": format!("ten_{who}")})),
            |who| {
                ("correct_usage", json!({"id": format!("one-{who}"), "tenant_id": format!("ten_{who}"), "quantity": 1}))
            },
            |who| ("void_usage", json!({"id": "one-south", "tenant_id": format!("ten_{who}")})),
        ];
        for ask in asked {
            let (operation, of_south) = ask("south");
            let (_, of_nobody) = ask("wrong");
            let refused = refusal(&finops, operation, &of_south, "south");
            assert_eq!(refused, refusal(&finops, operation, &of_nobody, "wrong"), "{operation} {handle:?}");
            assert!(told(&refused).is_empty(), "{refused}");
        }
    }
    let untouched = answer(&world.finops, "void_usage", json!({"id": "one-south", "tenant_id": "ten_south"}));
    assert_eq!(untouched["changed"], true, "nothing was voided before");
}

#[test]
fn no_filter_and_no_group_leads_to_others() {
    let world = World::new();
    let filters = [
        json!({"tenant": "ten_south"}),
        json!({"any": [{"tenant": "ten_south"}, {"tenant": "ten_north"}]}),
        json!({"not": {"tenant": "ten_north"}}),
        json!({"tenant": ["ten_south", "ten_north", null]}),
        json!({"virtual:line": ["line-south", null]}),
        json!({}),
    ];
    let dimensions = [
        "tenant",
        "organization",
        "user",
        "workspace",
        "service",
        "account",
        "cost_center",
        "tag:team",
        "virtual:line",
    ];
    for handle in [Handle::Tenant, Handle::OrgAdmin, Handle::Viewer, Handle::Own] {
        let finops = handle.of(&world.finops);
        for filter in &filters {
            for dimension in dimensions {
                let params = json!({"period": "2024-01", "filter": filter, "group_by": dimension});
                let summary = answer(&finops, "get_cost_summary", params.clone()).to_string();
                assert_eq!(told(&summary), [""; 0], "{handle:?} {params}: {summary}");
                let breakdown =
                    json!({"period": "2024-01", "filter": filter, "group_by": dimension, "distinct": "account"});
                assert_eq!(told(&answer(&finops, "costs.breakdown", breakdown).to_string()), [""; 0]);
            }
            let explained =
                answer(&finops, "costs.explain", json!({"period": "2024-01", "filter": filter, "limit": 1000}));
            assert_eq!(told(&explained.to_string()), [""; 0], "{explained}");
        }
    }
}

#[test]
fn totals_are_the_handles_own() {
    let world = World::new();
    let bills = json!({"service": ["service north", "service south", "service nobody"]});
    let total = |finops: &Finops| answer(finops, "get_cost_summary", json!({"period": "2024-01", "filter": bills}));
    assert_eq!(total(&world.finops)["total_cost"], json!(WHOLE));
    for handle in [Handle::Tenant, Handle::OrgAdmin, Handle::Viewer, Handle::Own] {
        assert_eq!(total(&handle.of(&world.finops))["total_cost"], json!("2224"), "{handle:?}");
    }
}

/// What a narrowed handle answers is what a filter gives, to the last digit and count.
#[test]
fn narrowing_is_a_filter() {
    let world = World::new();
    let dimensions =
        [(Handle::Tenant, "tenant", "ten"), (Handle::OrgAdmin, "organization", "org"), (Handle::Own, "user", "usr")];
    for row in super::table::ROWS {
        let operation = finops_core::operations().find(|operation| operation.name == row.name).unwrap();
        // The filter of costs.unit is about costs only; narrowing is about quantities too.
        if operation.access.reach != Reach::Charges || row.name == "costs.unit" {
            continue;
        }
        for (handle, dimension, id) in dimensions {
            let mut params = (row.params)(&world);
            let mut own = answer(&handle.of(&world.finops), row.name, params.clone());
            params["filter"] = json!({dimension: format!("{id}_north")});
            let mut filtered = answer(&world.finops, row.name, params);
            for answer in [&mut own, &mut filtered] {
                for different in ["data_health", "compare_health", "usage"] {
                    answer[different] = Value::Null;
                }
                let sources = answer.get_mut("sources").and_then(Value::as_array_mut);
                sources.into_iter().flatten().for_each(|source| source["imports"] = Value::Null);
            }
            assert_eq!(own, filtered, "{} {handle:?}", row.name);
        }
    }
}

#[test]
fn health_tells_only_what_is_not_about_others() {
    let world = World::new();
    let ask = |finops: &Finops| answer(finops, "get_cost_summary", json!({"period": "2024-01"}))["data_health"].clone();
    let (whole, own) = (ask(&world.finops), ask(&Handle::Tenant.of(&world.finops)));
    assert_eq!((&whole["quarantined_rows"], &own["quarantined_rows"]), (&json!(1), &Value::Null));
    for field in ["partial_days", "rebuilt_segments", "last_import_at"] {
        assert!(!whole[field].is_null() && own[field].is_null(), "{field}");
    }
    assert_eq!((&own["missing_days"], &own["complete"]), (&whole["missing_days"], &whole["complete"]));
}

#[test]
fn an_explanation_shows_neither_imports_nor_the_lines_of_others() {
    let world = World::new();
    let ask = |finops: &Finops| answer(finops, "costs.explain", json!({"period": "2024-01", "limit": 1000}));
    let imports = |explained: &Value| {
        let sources = explained["sources"].as_array().unwrap().iter();
        sources.map(|source| source["imports"].as_array().unwrap().len()).sum::<usize>()
    };
    let whole = ask(&world.finops);
    assert!(imports(&whole) > 0 && !whole["usage"].as_array().unwrap().is_empty());
    let own = ask(&Handle::Tenant.of(&world.finops));
    assert_eq!((imports(&own), own["usage"].as_array().unwrap().is_empty()), (0, false));
    // A line is rated for all that a tenant uses, which is more than the user's.
    assert!(ask(&Handle::Own.of(&world.finops))["usage"].as_array().unwrap().is_empty());
}

#[test]
fn events_of_others_are_rejected_one_by_one() {
    let world = World::new();
    let event = |id: &str, tenant: &str| {
        json!({"id": id, "resource": "api_calls", "quantity": 1, "tenant_id": tenant,
        "time": "2024-01-06T00:00:00Z"})
    };
    // One that was counted before must not be told from one that was not.
    let events = json!([
        event("a", "ten_north"),
        event("one-south", "ten_south"),
        event("b", "ten_south"),
        event("c", "ten_north")
    ]);
    for handle in [Handle::Tenant, Handle::Operator, Handle::WriteScope] {
        let receipt = answer(&handle.of(&world.finops), "record_usage", json!({"events": events}));
        let rejected = receipt["rejected"].as_array().unwrap();
        let codes: Vec<_> =
            rejected.iter().map(|one| (one["index"].as_u64().unwrap(), one["code"].as_str().unwrap())).collect();
        assert_eq!(codes, [(1, "forbidden"), (2, "forbidden")], "{handle:?}");
        assert_eq!(receipt["accepted"].as_u64().unwrap() + receipt["duplicates"].as_u64().unwrap(), 2);
    }
    let error = call(&world.finops, "void_usage", json!({"id": "b", "tenant_id": "ten_south"})).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound, "it was never counted");
}

#[test]
fn a_model_request_of_another_is_rejected_as_such() {
    let world = World::new();
    let request = |id: &str, tenant: &str, model: &str| {
        json!({"id": id, "resource": "llm_tokens", "tenant_id": tenant,
        "time": "2024-01-06T00:00:00Z", "properties": {"model": model, "input": 3, "output": 1}})
    };
    let events = json!([
        request("a", "ten_south", "model-a"),
        request("b", "ten_north", "no-model"),
        request("c", "ten_south", "no-model")
    ]);
    let receipt = answer(&Handle::Tenant.of(&world.finops), "record_usage", json!({"events": events}));
    let codes: Vec<_> = receipt["rejected"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["forbidden", "invalid", "forbidden"]);
}

#[test]
fn meters_made_for_others_do_not_show_in_usage() {
    let world = World::new();
    let ask = |finops: &Finops| {
        answer(finops, "get_usage", json!({"period": "2024-01", "granularity": "daily", "group_by": []}))
    };
    let (whole, own) = (ask(&world.finops), ask(&Handle::Tenant.of(&world.finops)));
    assert!(whole.to_string().contains("exports_south"));
    assert!(!own.to_string().contains("exports_south"));
    assert_eq!(own["items"][0]["exports_north"], json!("21"));
    assert_eq!(own["items"][0]["storage_gb"], whole["items"][0]["storage_gb"], "what is built in shows");
}

#[test]
fn owners_have_their_cost_centres_and_change_their_budgets_only() {
    let world = World::new();
    let operator = Handle::Operator.of(&world.finops);
    let missing = Id::<id::CostCenter>::new("2024-01-01T00:00:00Z".parse().unwrap(), [7; 10]).to_string();
    for operation in ["get_cost_center", "update_cost_center"] {
        let refused = |id: &str| refusal(&operator, operation, &json!({ "id": id }), id);
        assert_eq!(refused(&world.other_center), refused(&missing), "{operation}");
    }
    let changed = answer(&operator, "update_cost_center", json!({"id": world.center, "alert_threshold_pct": "0.5"}));
    assert_eq!(changed["alert_threshold_pct"], "50");
    // What it claims, what it is called, and whose it is concern others.
    for change in [
        json!({"tenant": "ten_south"}),
        json!({"filter": {}}),
        json!({"name": "Zenith Operations"}),
        json!({"owner_id": "usr_south"}),
        json!({"parent": world.other_center}),
    ] {
        let mut params = change.clone();
        params["id"] = json!(world.center);
        let error = call(&operator, "update_cost_center", params).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Forbidden, "{change}");
    }
    let ids = |finops: &Finops| -> Vec<Value> {
        let page = answer(finops, "list_cost_centers", json!({}));
        page["items"].as_array().unwrap().iter().map(|center| center["id"].clone()).collect()
    };
    assert_eq!(ids(&operator), [json!(world.center)]);
    assert_eq!(ids(&Handle::Tenant.of(&world.finops)), [Value::Null; 0]);
    assert_eq!((ids(&world.finops).len(), operator.cost_centers_all().unwrap().len()), (2, 1));
}

#[test]
fn owners_see_their_own_entries() {
    let world = World::new();
    let ids = |handle: Handle| -> Vec<String> {
        let page = answer(&handle.of(&world.finops), "catalog.list", json!({}));
        let ids: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(page["count"], ids.len());
        ids
    };
    assert_eq!(ids(Handle::Tenant), ["ten_north"]);
    assert_eq!(ids(Handle::Viewer), ["ten_north", "usr_north", "ws_north"]);
    assert_eq!(ids(Handle::OrgAdmin), ["org_north", "usr_north", "ws_north"]);
    let second = answer(&Handle::Viewer.of(&world.finops), "catalog.list", json!({"limit": 1, "offset": 1}));
    assert_eq!((&second["count"], &second["items"][0]["id"]), (&json!(3), &json!("usr_north")));
}

/// Currencies, groups and names that only others have are in no refusal.
#[test]
fn what_others_have_refuses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::builder().max_groups(2).open(":memory:").unwrap();
    let names = ["x_TenantId", "BillingCurrency", "ServiceName"];
    let rows = [["ten_north", "USD", "a"], ["ten_south", "EUR", "b"], ["ten_south", "JPY", "c"]];
    let bill = Bill::of(names, &rows).write(folder.path(), "bill.csv");
    answer(&finops, "import_charges", json!({"path": bill.to_str().unwrap()}));
    let params = json!({"period": "2024-01", "group_by": "service"});
    assert_eq!(call(&finops, "get_cost_summary", params.clone()).unwrap_err().field(), Some("group_by"));
    let own = answer(&finops.as_tenant("ten_north").unwrap(), "get_cost_summary", params);
    assert_eq!((&own["currency"], &own["total_cost"], &own["count"]), (&json!("USD"), &json!("1"), &json!(1)));
}

/// Shares are taken from all cost; who is narrowed sees those in favour of its own.
#[test]
fn what_centres_bear_is_narrowed_like_charges() {
    let world = World::new();
    let asked = json!({"period": "2024-01", "view": "allocated", "group_by": ["tenant", "cost_center"],
        "filter": {"not": {"cost_center": world.other_center}}});
    let charged = json!({"period": "2024-01", "group_by": ["tenant"]});
    for handle in [Handle::Tenant, Handle::OrgAdmin, Handle::Operator, Handle::Viewer, Handle::Own] {
        let finops = handle.of(&world.finops);
        let allocated = answer(&finops, "get_cost_summary", asked.clone());
        assert!(told(&allocated.to_string()).is_empty(), "{handle:?}: {allocated}");
        let [item] = allocated["breakdown"].as_array().unwrap().as_slice() else { panic!("{handle:?}: {allocated}") };
        assert_eq!((&item["tenant_id"], &item["cost_center_id"]), (&json!("ten_north"), &json!(world.center)));
        let cost = |answer: &Value| answer["total_cost"].as_str().unwrap().parse::<Money>().unwrap();
        let own = cost(&answer(&finops, "get_cost_summary", charged.clone()));
        assert!(cost(&allocated) > own, "{handle:?}: it bears a share of what is nobody's");
    }
    let other = json!({"filter": {"cost_center": world.other_center}, "period": "2024-01", "view": "allocated"});
    let nothing = answer(&Handle::Tenant.of(&world.finops), "get_cost_summary", other);
    assert_eq!(nothing["data_health"]["estimated_share"], Value::Null);
    assert!(told(&nothing.to_string()).is_empty(), "{nothing}");
}

#[test]
fn an_allocation_that_fails_names_nobody_on_a_narrowed_handle() {
    let world = World::new();
    answer(&world.finops, "meters.create", json!({"slug": "unused", "aggregation": "count", "unit": "call"}));
    let failing = json!({"id": world.rule, "base": {"meter": "unused"}, "fallback": "error"});
    answer(&world.finops, "allocation.rules.update", failing);
    let asked = json!({"period": "2024-01", "view": "allocated"});
    let full = call(&world.finops, "get_cost_summary", asked.clone()).unwrap_err();
    assert!(full.message().contains("Zenith"), "{full}");
    let error = call(&Handle::Tenant.of(&world.finops), "get_cost_summary", asked).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("view")));
    assert!(told(&error.to_string()).is_empty(), "{error}");
}

/// Owners see the statements of their own centres, open and closed, and nothing of what others bear.
#[test]
fn owners_see_the_statements_of_their_own_centres() {
    let world = World::new();
    for period in ["2024-01", "2024-02"] {
        let asked = json!({"period": period});
        let full = answer(&world.finops, "allocation.report", asked.clone());
        assert!(!told(&full.to_string()).is_empty(), "{full}");
        for handle in [Handle::OrgAdmin, Handle::Operator, Handle::Viewer, Handle::Own] {
            let report = answer(&handle.of(&world.finops), "allocation.report", asked.clone());
            assert!(told(&report.to_string()).is_empty(), "{handle:?}: {report}");
            let [statement] = report["statements"].as_array().unwrap().as_slice() else { panic!("{report}") };
            assert_eq!(statement["cost_center_id"], json!(world.center));
            let total = &report["totals"][0];
            assert_eq!((&total["closing"], &total["unallocated"]), (&statement["closing"], &json!("0")));
            assert_eq!((report["totals"].as_array().unwrap().len(), &report["unallocated"]), (1, &json!([])));
            assert!(full["statements"].as_array().unwrap().contains(statement), "as who sees all sees it");
            let other = json!({"period": period, "cost_center": world.other_center});
            let other = answer(&handle.of(&world.finops), "allocation.report", other);
            assert_eq!((&other["statements"], &other["totals"]), (&json!([]), &json!([])), "{handle:?}");
        }
        let tenant = answer(&Handle::Tenant.of(&world.finops), "allocation.report", asked);
        assert_eq!((&tenant["statements"], &tenant["totals"]), (&json!([]), &json!([])), "a tenant answers for none");
        if period == "2024-01" {
            answer(&world.finops, "allocation.close", json!({"period": period}));
            answer(&world.finops, "allocation.rules.delete", json!({"id": world.rule}));
        }
    }
    let february = answer(&Handle::Viewer.of(&world.finops), "allocation.report", json!({"period": "2024-02"}));
    let [correction] = february["corrections"].as_array().unwrap().as_slice() else { panic!("{february}") };
    assert_eq!(correction["cost_center_id"], json!(world.center), "the share that it no longer bears");
}

/// The sum of a centre and all below it would tell of what others bear.
#[test]
fn a_sum_over_centres_is_for_who_sees_them_all() {
    let world = World::new();
    answer(&world.finops, "update_cost_center", json!({"id": world.other_center, "parent": world.center}));
    let sum = |finops: &Finops| {
        let report = answer(finops, "allocation.report", json!({"period": "2024-01"}));
        let statements = report["statements"].as_array().unwrap().iter();
        let own: Vec<_> = statements.filter(|item| item["cost_center_id"] == json!(world.center)).collect();
        own[0]["with_children"].clone()
    };
    let viewer = Handle::Viewer.of(&world.finops);
    assert!(sum(&world.finops).is_object());
    assert_eq!(sum(&viewer), Value::Null);
    answer(&world.finops, "update_cost_center", json!({"id": world.other_center, "owner_id": "usr_north"}));
    assert_eq!(sum(&viewer), sum(&world.finops), "both are its own now");
}

#[test]
fn statements_that_fail_name_nobody_on_a_narrowed_handle() {
    let world = World::new();
    answer(&world.finops, "meters.create", json!({"slug": "unused", "aggregation": "count", "unit": "call"}));
    let failing = json!({"id": world.rule, "base": {"meter": "unused"}, "fallback": "error"});
    answer(&world.finops, "allocation.rules.update", failing);
    let asked = json!({"period": "2024-01"});
    let full = call(&world.finops, "allocation.report", asked.clone()).unwrap_err();
    assert!(full.message().contains("Zenith"), "{full}");
    let error = call(&Handle::Viewer.of(&world.finops), "allocation.report", asked).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("period")));
    assert!(told(&error.to_string()).is_empty(), "{error}");
}
