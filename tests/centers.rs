//! Cost centres that are kept: across openings, for readers, and when many change them at once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what broke by failing")]

use finops_core::engine::CostCenterList;
use finops_core::model::center::{CenterScope, CostCenter, CostCenterCreate};
use finops_core::{ErrorCode, Finops};
use serde_json::json;
use std::thread;

fn center(name: &str) -> CostCenterCreate {
    CostCenterCreate::new(name, CenterScope::Tenant { tenant: name.to_lowercase() })
}

fn names(finops: &Finops) -> Vec<String> {
    finops.cost_centers_all().unwrap().into_iter().map(|center| center.name).collect()
}

/// With a clock that stands, so that nothing but their making says which was first.
fn writer(folder: &str) -> Finops {
    Finops::builder().now("2024-01-15T12:00:00Z".parse().unwrap()).open(folder).unwrap()
}

#[test]
fn centres_stay_in_the_order_of_their_making() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let finops = writer(folder);
    let made: Vec<CostCenter> =
        (0..30).map(|number| finops.create_cost_center(center(&format!("C{number}"))).unwrap()).collect();
    finops.delete_cost_center(made[29].id).unwrap();
    finops.update_cost_center(made[3].id, json!({"name": "Third", "owner_id": "u"})).unwrap();
    let reader = Finops::builder().read_only().open(folder).unwrap();
    let mut want: Vec<String> = made[..29].iter().map(|center| center.name.clone()).collect();
    "Third".clone_into(&mut want[3]);
    assert_eq!((names(&finops), names(&reader)), (want.clone(), want.clone()));
    drop(finops);
    let finops = writer(folder);
    finops.create_cost_center(center("Last")).unwrap();
    want.push("Last".to_owned());
    assert_eq!((names(&finops), names(&reader)), (want.clone(), want), "a reader sees what others make");
    let owned = CostCenterList { owner_id: Some("u".to_owned()), ..CostCenterList::default() };
    assert_eq!(reader.list_cost_centers(&owned).unwrap().items[0].id, made[3].id);
    let refused = reader.create_cost_center(center("Mine")).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    let refused = reader.delete_cost_center(made[0].id).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert_eq!(names(&reader).len(), 30);
}

#[test]
fn of_many_who_take_a_name_one_gets_it() {
    let finops = Finops::open(":memory:").unwrap();
    let made = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| finops.create_cost_center(center("Sales")).is_ok())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!((made, names(&finops)), (1, vec!["Sales".to_owned()]));
}

#[test]
fn no_centre_loses_its_parent_while_it_is_made() {
    let finops = Finops::open(":memory:").unwrap();
    for round in 0..50 {
        let parent = finops.create_cost_center(center(&format!("Parent {round}"))).unwrap().id;
        let mut child = center(&format!("Child {round}"));
        child.parent = Some(parent);
        let (made, deleted) = thread::scope(|scope| {
            let made = scope.spawn(|| finops.create_cost_center(child.clone()).is_ok());
            let deleted = scope.spawn(|| finops.delete_cost_center(parent).is_ok());
            (made.join().unwrap(), deleted.join().unwrap())
        });
        assert!(made != deleted, "either the child is there or the parent is gone");
    }
    assert_eq!(names(&finops).len() % 2, 0);
}

#[test]
fn no_two_moves_together_make_a_circle() {
    let finops = Finops::open(":memory:").unwrap();
    for round in 0..50 {
        let [one, two] =
            ["A", "B"].map(|name| finops.create_cost_center(center(&format!("{name} {round}"))).unwrap().id);
        let below = |child, parent| finops.update_cost_center(child, json!({ "parent": parent })).is_ok();
        let moved = thread::scope(|scope| {
            let threads = [scope.spawn(|| below(one, two)), scope.spawn(|| below(two, one))];
            threads.map(|thread| thread.join().unwrap())
        });
        assert!(moved[0] != moved[1], "one of them is first, and then the other would close the circle");
    }
    assert_eq!(names(&finops).len(), 100, "all can still be read");
}

#[test]
fn no_virtual_dimension_goes_while_a_centre_looks_at_it() {
    let finops = Finops::open(":memory:").unwrap();
    let product = json!({"name": "product", "rules": [{"value": "x", "when": {"tag:team": "x"}}]});
    for round in 0..50 {
        finops.virtual_dimensions_set(serde_json::from_value(product.clone()).unwrap()).unwrap();
        let form = json!({"name": round.to_string(), "type": "custom", "filter": {"not": {"virtual:product": null}}});
        let form: CostCenterCreate = serde_json::from_value(form).unwrap();
        let (made, deleted) = thread::scope(|scope| {
            let made = scope.spawn(|| finops.create_cost_center(form.clone()));
            let deleted = scope.spawn(|| finops.virtual_dimensions_delete("product").is_ok());
            (made.join().unwrap(), deleted.join().unwrap())
        });
        assert!(made.is_ok() != deleted);
        if let Ok(center) = made {
            assert!(finops.delete_cost_center(center.id).unwrap().deleted);
        }
    }
}
