//! Resource groups that are kept: across openings, for readers, in answers, and when many change them at once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what broke by failing")]

use finops_core::engine::{ResourceGroupList, ResourceGroupSearch};
use finops_core::model::group::{GroupedResource, ResourceGroup, ResourceGroupCreate, ResourceKey, ResourceType};
use finops_core::{ErrorCode, Finops};
use finops_tests::support::{Bill, answer, call, row};
use serde_json::{Value, json};
use std::thread;

fn group(name: &str) -> ResourceGroupCreate {
    let mut group = ResourceGroupCreate::new(name);
    group.owner_id = Some("usr_1".into());
    group
}

fn app(id: impl Into<String>) -> GroupedResource {
    GroupedResource::new(ResourceType::App, id)
}

fn names(finops: &Finops) -> Vec<String> {
    let all = ResourceGroupList { limit: Some(1_000), ..ResourceGroupList::default() };
    finops.resource_groups_list(&all).unwrap().items.into_iter().map(|group| group.name).collect()
}

/// With a clock that stands, so that nothing but their making says which was first.
fn writer(folder: &str) -> Finops {
    Finops::builder().now("2024-01-15T12:00:00Z".parse().unwrap()).open(folder).unwrap()
}

#[test]
fn groups_stay_in_the_order_of_their_making_with_what_is_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let finops = writer(folder);
    let made: Vec<ResourceGroup> =
        (0..30).map(|number| finops.resource_groups_create(group(&format!("G{number}"))).unwrap()).collect();
    finops.resource_groups_delete(made[29].id).unwrap();
    finops.resource_groups_update(made[3].id, json!({"name": "Third", "owner_id": "usr_2"})).unwrap();
    for id in ["b", "a", "c"] {
        finops.resource_groups_add_resource(made[3].id, app(id)).unwrap();
    }
    finops.resource_groups_remove_resource(made[3].id, &ResourceKey::new(ResourceType::App, "a")).unwrap();
    let reader = Finops::builder().read_only().open(folder).unwrap();
    let mut want: Vec<String> = made[..29].iter().map(|group| group.name.clone()).collect();
    "Third".clone_into(&mut want[3]);
    assert_eq!((names(&finops), names(&reader)), (want.clone(), want.clone()));
    drop(finops);
    let finops = writer(folder);
    finops.resource_groups_create(group("Last")).unwrap();
    want.push("Last".to_owned());
    assert_eq!((names(&finops), names(&reader)), (want.clone(), want), "a reader sees what others make");
    assert_eq!(reader.resource_groups_get(made[3].id).unwrap().resources, [app("b"), app("c")]);
    let refused = reader.resource_groups_create(group("Mine")).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    let refused = reader.resource_groups_add_resource(made[3].id, app("d")).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert_eq!(reader.resource_groups_get(made[3].id).unwrap().resources.len(), 2);
}

#[test]
fn of_many_who_add_a_resource_one_does_and_none_of_others_is_lost() {
    let finops = Finops::open(":memory:").unwrap();
    let id = finops.resource_groups_create(group("Shared")).unwrap().id;
    let added = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let finops = &finops;
                scope.spawn(move || {
                    finops.resource_groups_add_resource(id, app(format!("own {number}"))).unwrap();
                    finops.resource_groups_add_resource(id, app("the same")).is_ok()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|added| *added).count()
    });
    assert_eq!((added, finops.resource_groups_get(id).unwrap().resources.len()), (1, 9));
}

#[test]
fn nobody_puts_anything_into_what_is_gone() {
    let finops = Finops::open(":memory:").unwrap();
    for _ in 0..30 {
        let id = finops.resource_groups_create(group("Gone")).unwrap().id;
        let added = thread::scope(|scope| {
            let added = scope.spawn(|| finops.resource_groups_add_resource(id, app("a")));
            scope.spawn(|| finops.resource_groups_delete(id).unwrap());
            added.join().unwrap()
        });
        assert!(added.is_ok() || added.unwrap_err().code() == ErrorCode::NotFound);
        assert_eq!(finops.resource_groups_get(id).unwrap_err().code(), ErrorCode::NotFound);
        assert!(names(&finops).is_empty(), "it does not come back");
    }
}

#[test]
fn ten_thousand_resources_are_found_and_one_more_is_refused() {
    let finops = Finops::open(":memory:").unwrap();
    let mut full = group("Full");
    full.resources = Some((0..10_000).map(|number| app(number.to_string())).collect());
    let id = finops.resource_groups_create(full.clone()).unwrap().id;
    finops.resource_groups_create(group("Empty")).unwrap();
    let found = finops.resource_groups_find_by_resource(&ResourceGroupSearch::new(ResourceType::App, "9999")).unwrap();
    assert_eq!((found.count, found.items[0].id), (1, id));
    let refused = finops.resource_groups_add_resource(id, app("more")).unwrap_err();
    assert_eq!((refused.code(), refused.field()), (ErrorCode::Conflict, Some("resource_id")));
    full.resources.as_mut().unwrap().push(app("more"));
    let refused = finops.resource_groups_create(full).unwrap_err();
    assert_eq!((refused.code(), refused.field()), (ErrorCode::InvalidArgument, Some("resources")));
    assert_eq!(names(&finops), ["Full", "Empty"]);
}

#[test]
fn a_group_names_its_charges_before_the_catalogue_does() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::open(":memory:").unwrap();
    let id = finops.resource_groups_create(group("Search")).unwrap().id.to_string();
    for (id, name) in [(id.as_str(), "Stale"), ("4711", "Known of old")] {
        answer(&finops, "catalog.upsert", json!({"kind": "resource_group", "id": id, "name": name}));
    }
    let charge = |group: &str, cost: &str| row(&[("EffectiveCost", cost), ("x_ResourceGroupId", group)]);
    let bill = Bill::new(vec![charge(&id, "3"), charge("4711", "2"), charge("rg_of_others", "1")]);
    let file = bill.write(folder.path(), "bill.csv");
    answer(&finops, "import_charges", json!({"path": file.to_str().unwrap()}));
    let shown = || -> Vec<(Value, Value)> {
        let asked = json!({"period": "2024-01", "group_by": "resource_group"});
        let rows = answer(&finops, "get_cost_summary", asked)["breakdown"].clone();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (row["resource_group_id"].clone(), row["resource_group_name"].clone())).collect()
    };
    let names = |first: &str| {
        [(json!(id), json!(first)), (json!("4711"), json!("Known of old")), (json!("rg_of_others"), Value::Null)]
    };
    assert_eq!(shown(), names("Search"));
    answer(&finops, "resource_groups.update", json!({"id": id, "name": "Find", "status": "archived"}));
    assert_eq!(shown(), names("Find"), "also while it is archived");
    answer(&finops, "resource_groups.delete", json!({"id": id}));
    assert_eq!(shown(), names("Stale"));
}

#[test]
fn all_that_goes_by_a_group_is_named_before_it_goes() {
    let finops = Finops::open(":memory:").unwrap();
    let id = finops.resource_groups_create(group("Search")).unwrap().id;
    let center = json!({"name": "Find", "type": "custom", "dimensions": {"resource_group": id}});
    let center = answer(&finops, "create_cost_center", center)["id"].clone();
    let rule = json!({"name": "Shares", "method": "direct", "source": {"any": [{"resource_group": [null, id]}]},
        "targets": [{"cost_center": center}], "effective_from": "2024-01-01T00:00:00Z"});
    let rule = answer(&finops, "allocation.rules.create", rule)["id"].clone();
    let rules = json!([{"value": "search", "when": {"not": {"resource_group": id}}}]);
    answer(&finops, "virtual_dimensions.set", json!({"name": "product", "rules": rules}));
    let refused = || call(&finops, "resource_groups.delete", json!({"id": id})).unwrap_err().message().to_owned();
    let all = refused();
    for name in ["the cost centre 'Find'", "'Shares'", "'virtual:product'"] {
        assert!(all.contains(name), "{name}: {all}");
    }
    answer(&finops, "allocation.rules.delete", json!({"id": rule}));
    answer(&finops, "delete_cost_center", json!({"id": center}));
    assert!(!refused().contains("Find"));
    answer(&finops, "virtual_dimensions.delete", json!({"name": "product"}));
    assert!(finops.resource_groups_delete(id).unwrap().deleted);
}

#[test]
fn every_change_is_in_the_log() {
    let finops = Finops::builder().now("2024-01-15T12:00:00Z".parse().unwrap()).open(":memory:").unwrap();
    let id = finops.resource_groups_create(group("Search")).unwrap().id;
    let app = json!({"id": id, "resource_type": "app", "resource_id": "app_1"});
    answer(&finops, "resource_groups.add_resource", app.clone());
    assert!(call(&finops, "resource_groups.add_resource", app.clone()).is_err());
    answer(&finops, "resource_groups.update", json!({"id": id, "description": "What answers queries"}));
    answer(&finops, "resource_groups.remove_resource", app);
    answer(&finops, "resource_groups.delete", json!({"id": id}));
    let log = answer(&finops, "audit.list", json!({"kind": "resource_group", "key": id}));
    let actions: Vec<&str> =
        log["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["delete", "update", "update", "update", "create"]);
    let added = &log["items"][3];
    assert_eq!(added["before"]["group"]["resources"], json!([]));
    assert_eq!(added["after"]["group"]["resources"][0]["resource_id"], "app_1");
    assert_eq!(answer(&finops, "audit.verify", json!({}))["ok"], true);
}
