//! Resource groups: owners have theirs, admins of an organization those in it, and nobody another's.

use super::others::refusal;
use super::world::{Handle, World, told};
use finops_core::model::id::{self, Id};
use finops_core::model::principal::{Principal, Role};
use finops_core::{ErrorCode, Finops};
use finops_tests::support::{answer, call};
use serde_json::{Value, json};

fn ids(finops: &Finops) -> Vec<String> {
    let page = answer(finops, "resource_groups.list", json!({}));
    let ids: Vec<String> =
        page["items"].as_array().unwrap().iter().map(|group| group["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(page["count"], ids.len());
    ids
}

/// Somebody of an organization.
fn member(world: &World, user: &str, role: Role, organization: &str) -> Finops {
    let mut principal = Principal::new(user, [role]);
    principal.organization_id = Some(organization.into());
    world.finops.as_principal(&principal).unwrap()
}

#[test]
fn anothers_group_is_refused_like_one_that_is_not_there() {
    let world = World::new();
    let missing = Id::<id::ResourceGroup>::new("2024-01-01T00:00:00Z".parse().unwrap(), [7; 10]).to_string();
    let app = json!({"resource_type": "app", "resource_id": "app_shared"});
    let calls = [
        ("resource_groups.get", json!({})),
        ("resource_groups.update", json!({"name": "Mine"})),
        ("resource_groups.update", json!({"owner_id": "usr_north"})),
        ("resource_groups.add_resource", app.clone()),
        ("resource_groups.remove_resource", app),
        ("resource_groups.delete", json!({})),
    ];
    for handle in [Handle::Tenant, Handle::Operator, Handle::OrgAdmin] {
        for (operation, params) in &calls {
            let refused = |id: &str| {
                let mut params = params.clone();
                params["id"] = json!(id);
                refusal(&handle.of(&world.finops), operation, &params, id)
            };
            assert_eq!(refused(&world.other_group), refused(&missing), "{operation} {handle:?}");
        }
    }
    let whole = answer(&world.finops, "resource_groups.get", json!({"id": world.other_group}));
    assert_eq!((&whole["owner_id"], whole["resources"].as_array().unwrap().len()), (&json!("usr_south"), 2));
}

#[test]
fn a_resource_that_stands_in_groups_of_others_is_found_in_ones_own() {
    let world = World::new();
    let asked = json!({"resource_type": "app", "resource_id": "app_shared"});
    let found = |finops: &Finops| answer(finops, "resource_groups.find_by_resource", asked.clone());
    assert_eq!(found(&world.finops)["count"], 2);
    let own = found(&Handle::Viewer.of(&world.finops));
    assert_eq!((&own["count"], &own["items"][0]["id"]), (&json!(1), &json!(world.group)));
    assert!(told(&own.to_string()).is_empty());
    assert_eq!(found(&Handle::Tenant.of(&world.finops))["count"], 0, "groups have users, not tenants");
}

#[test]
fn admins_of_an_organization_have_the_groups_that_are_in_it() {
    let world = World::new();
    let made = answer(
        &member(&world, "usr_other", Role::Operator, "org_north"),
        "resource_groups.create",
        json!({"name": "Of a colleague"}),
    );
    assert_eq!((&made["owner_id"], &made["organization_id"]), (&json!("usr_other"), &json!("org_north")));
    let colleague = made["id"].as_str().unwrap().to_owned();
    let admin = Handle::OrgAdmin.of(&world.finops);
    assert_eq!(ids(&admin), [world.group.clone(), colleague.clone()]);
    answer(&admin, "resource_groups.update", json!({"id": colleague, "description": "Looked at"}));
    assert_eq!(ids(&Handle::Operator.of(&world.finops)), [world.group.as_str()], "a colleague's is not one's own");
    assert_eq!(ids(&member(&world, "usr_north", Role::Admin, "org_south")), [world.other_group.as_str()]);
    assert_eq!(ids(&member(&world, "usr_north", Role::Operator, "org_south")), [""; 0], "another organization's");
    assert_eq!(ids(&world.finops).len(), 3);
}

#[test]
fn nobody_makes_what_is_anothers_or_gives_theirs_away() {
    let world = World::new();
    let refused = |finops: &Finops, operation: &str, params: Value| {
        let error = call(finops, operation, params).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Forbidden, "{error}");
        error.field().unwrap().to_owned()
    };
    let operator = Handle::Operator.of(&world.finops);
    let create = |fields: Value| {
        let mut group = fields;
        group["name"] = json!("New");
        ("resource_groups.create", group)
    };
    for handle in [Handle::Operator, Handle::OrgAdmin, Handle::WriteScope] {
        let (operation, group) = create(json!({"owner_id": "usr_south"}));
        assert_eq!(refused(&handle.of(&world.finops), operation, group), "owner_id", "{handle:?}");
    }
    let (operation, group) = create(json!({"organization_id": "org_south"}));
    assert_eq!(refused(&Handle::OrgAdmin.of(&world.finops), operation, group.clone()), "organization_id");
    assert_eq!(refused(&operator, operation, group), "organization_id", "a tenant's user is in no organization");
    let (operation, group) = create(json!({}));
    assert_eq!(refused(&Handle::Tenant.of(&world.finops), operation, group), "owner_id", "a tenant is no user");
    for field in ["owner_id", "organization_id"] {
        let params = json!({"id": world.group, field: "usr_south"});
        assert_eq!(refused(&operator, "resource_groups.update", params), field);
    }
    let given = answer(&world.finops, "resource_groups.update", json!({"id": world.group, "owner_id": "usr_south"}));
    assert_eq!(given["owner_id"], "usr_south");
    assert_eq!(ids(&operator), [""; 0], "who administers the platform hands it over");
    let admin = Handle::PlatformAdmin.of(&world.finops);
    assert_eq!(answer(&admin, "resource_groups.create", json!({"name": "Mine"}))["owner_id"], "usr_north");
}

#[test]
fn who_may_not_see_what_needs_a_group_is_not_told_of_it() {
    let world = World::new();
    let center = json!({"name": "Zenith Apps", "type": "custom", "filter": {"not": {"resource_group": world.group}}});
    let center = answer(&world.finops, "create_cost_center", center)["id"].clone();
    let delete = |finops: &Finops| call(finops, "resource_groups.delete", json!({"id": world.group}));
    let full = delete(&world.finops).unwrap_err();
    assert!(full.code() == ErrorCode::Conflict && full.message().contains("the cost centre 'Zenith Apps'"), "{full}");
    let own = delete(&Handle::Operator.of(&world.finops)).unwrap_err();
    assert_eq!((own.code(), own.field()), (ErrorCode::Conflict, Some("id")));
    assert!(told(&own.to_string()).is_empty(), "{own}");
    answer(&world.finops, "delete_cost_center", json!({"id": center}));
    assert_eq!(delete(&Handle::Operator.of(&world.finops)).unwrap()["deleted"], true);
}
