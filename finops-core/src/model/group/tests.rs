//! What groups can be and cannot, and that a resource stands once in each whatever is done.

use super::*;
use crate::ErrorCode;
use crate::model::id::Id;
use crate::model::time::Stamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

fn now() -> Stamp {
    Stamp::parse("2024-01-15T12:00:00Z").unwrap()
}

fn id(number: u16) -> Id<crate::model::id::ResourceGroup> {
    let mut random = [0; 10];
    random[..2].copy_from_slice(&number.to_be_bytes());
    Id::new(now(), random)
}

fn made(form: Value) -> crate::Result<ResourceGroup> {
    let form: ResourceGroupCreate = serde_json::from_value(form).unwrap();
    form.into_group(id(1), now())
}

fn group(number: u16, resources: usize) -> Arc<ResourceGroup> {
    let mut group = ResourceGroup::new(id(number), format!("G{number}"), "u", now());
    group.resources = (0..resources).map(|at| GroupedResource::new(ResourceType::App, at.to_string())).collect();
    Arc::new(group)
}

#[test]
fn the_types_are_nine_and_their_words_are_their_json() {
    assert_eq!(ResourceType::ALL.len(), 9);
    for one in ResourceType::ALL {
        assert_eq!(serde_json::to_value(one).unwrap(), json!(one.as_str()));
    }
}

#[test]
fn what_no_group_can_be_is_refused_by_field() {
    let app = |id: &str| json!({"resource_type": "app", "resource_id": id});
    for (field, form) in [
        ("name", json!({"name": " ", "owner_id": "u"})),
        ("name", json!({"name": "x".repeat(513), "owner_id": "u"})),
        ("description", json!({"name": "a", "owner_id": "u", "description": ""})),
        ("description", json!({"name": "a", "owner_id": "u", "description": "x".repeat(4097)})),
        ("owner_id", json!({"name": "a"})),
        ("owner_id", json!({"name": "a", "owner_id": " "})),
        ("owner_id", json!({"name": "a", "owner_id": "x".repeat(513)})),
        ("organization_id", json!({"name": "a", "owner_id": "u", "organization_id": ""})),
        ("resources[1].resource_id", json!({"name": "a", "owner_id": "u", "resources": [app("1"), app(" ")]})),
        ("resources[0].resource_id", json!({"name": "a", "owner_id": "u", "resources": [app(&"x".repeat(513))]})),
        (
            "resources[2].resource_id",
            json!({"name": "a", "owner_id": "u", "resources": [app("1"), app("2"), app("1")]}),
        ),
        (
            "resources[0].resource_name",
            json!({"name": "a", "owner_id": "u",
                "resources": [{"resource_type": "app", "resource_id": "1", "resource_name": ""}]}),
        ),
    ] {
        let error = made(form.clone()).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some(field)), "{form}: {error}");
    }
    let longest = json!({"name": "x".repeat(512), "owner_id": "u", "description": "x".repeat(4096),
        "resources": [app(&"x".repeat(512))]});
    assert!(made(longest).is_ok());
}

#[test]
fn a_group_is_kept_as_it_is() {
    let resources = json!([{"resource_type": "ml_model", "resource_id": "1", "resource_name": "Ranker"},
        {"resource_type": "automl", "resource_id": "1", "resource_name": null}]);
    let group = made(json!({"name": "a", "owner_id": "u", "organization_id": "o", "resources": resources})).unwrap();
    let written = serde_json::to_value(&group).unwrap();
    assert_eq!((&written["resources"], &written["status"]), (&resources, &json!("active")));
    assert_eq!(serde_json::from_value::<ResourceGroup>(written).unwrap(), group);
}

#[test]
fn a_group_is_full_at_ten_thousand() {
    let mut full = group(1, MAX_RESOURCES - 1).as_ref().clone();
    full.add(GroupedResource::new(ResourceType::Automl, "last")).unwrap();
    full.validate().unwrap();
    let error = full.add(GroupedResource::new(ResourceType::Automl, "more")).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("resource_id")));
    assert_eq!(group(1, MAX_RESOURCES + 1).validate().unwrap_err().field(), Some("resources"));
}

#[test]
fn there_are_not_endlessly_many_groups_nor_resources_in_all_of_them() {
    let groups = |count: u16| ResourceGroups::new((0..count).map(|number| group(number, 0)).collect());
    assert_eq!(groups(10_000).unwrap().iter().count(), MAX_RESOURCE_GROUPS);
    assert_eq!(groups(10_001).unwrap_err().code(), ErrorCode::Conflict);
    let full = group(1, MAX_RESOURCES);
    let many = |count: usize| ResourceGroups::new(vec![Arc::clone(&full); count]);
    assert!(many(100).is_ok());
    assert_eq!(many(101).unwrap_err().field(), Some("resources"));
}

#[test]
fn groups_are_found_by_id_by_words_and_by_what_is_in_them() {
    let all = ResourceGroups::new(vec![group(1, 2), group(2, 3), group(3, 0)]).unwrap();
    assert_eq!(all.get(id(2)).map(|group| group.name.as_str()), Some("G2"));
    assert!(all.get(id(4)).is_none());
    let with =
        |kind, id: &str| all.with(&ResourceKey::new(kind, id)).map(|group| group.name.clone()).collect::<Vec<_>>();
    assert_eq!(with(ResourceType::App, "1"), ["G1", "G2"]);
    assert_eq!(with(ResourceType::App, "2"), ["G2"]);
    assert!(with(ResourceType::Workflow, "1").is_empty(), "another type is another resource");
    let group = made(json!({"name": "Größe", "owner_id": "u", "description": "What answers Queries"})).unwrap();
    assert!(group.tells_of("GRÖ") && group.tells_of("queries") && group.tells_of("") && !group.tells_of("u1"));
}

proptest! {
    /// Against a list of pairs.
    #[test]
    fn a_resource_stands_once_whatever_is_done(
        steps in prop::collection::vec((any::<bool>(), 0..3_usize, 0..6_u8), 0..60),
    ) {
        let mut group = group(1, 0).as_ref().clone();
        let mut model: Vec<(ResourceType, String)> = Vec::new();
        for (adds, kind, number) in steps {
            let pair = (ResourceType::ALL[kind], number.to_string());
            let key = ResourceKey::new(pair.0, pair.1.as_str());
            let place = model.iter().position(|known| *known == pair);
            let before = group.clone();
            let done = if adds {
                group.add(GroupedResource::new(pair.0, pair.1.as_str())).map_err(|error| error.code())
            } else {
                group.remove(&key).map_err(|error| error.code())
            };
            match (adds, place) {
                (true, None) => model.push(pair),
                (false, Some(place)) => drop(model.remove(place)),
                (true, Some(_)) => prop_assert_eq!(done, Err(ErrorCode::Conflict)),
                (false, None) => prop_assert_eq!(done, Err(ErrorCode::NotFound)),
            }
            if done.is_err() {
                prop_assert_eq!(&group, &before);
            }
            let held: Vec<_> = group.resources.iter().map(|one| (one.resource_type, one.resource_id.clone())).collect();
            prop_assert_eq!(&held, &model);
            prop_assert!(group.validate().is_ok());
        }
    }
}
