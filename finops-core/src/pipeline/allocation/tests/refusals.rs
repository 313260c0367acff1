//! What a run refuses, and that it names the rules.

use super::{World, cc};
use crate::ErrorCode;
use crate::model::dimension::Dimension;
use crate::model::money::Money;
use crate::pipeline::allocation::{Allocator, Cells, Frame, Room, Weights};
use serde_json::json;
use std::sync::Arc;

#[test]
fn two_rules_of_one_order_on_one_charge_are_an_error_that_names_both() {
    let mut world = World::new(&["namespace", "region"]);
    world.center("a", &json!({"namespace": "a"}));
    let targets = json!([{"cost_center": cc(0)}]);
    // Nothing says beforehand that a charge can be both.
    world.rule("by region", &json!({"source": {"region": "eu"}, "method": "even", "targets": targets}));
    world.rule("by name", &json!({"source": {"namespace": "x"}, "method": "even", "targets": targets}));
    world.charge(&["x", "us"], "1");
    assert!(world.run().is_ok());
    world.charge(&["x", "eu"], "1");
    let error = world.run().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert!(error.message().contains("'by region'") && error.message().contains("'by name'"), "{error}");
}

#[test]
fn cells_must_tell_apart_what_rules_look_at() {
    let mut world = World::new(&["namespace"]);
    world.center("a", &json!({"namespace": "a"}));
    let set = world.set().unwrap();
    let run = |dimensions: &[&str]| {
        let dimensions: Vec<Dimension> = dimensions.iter().map(|text| text.parse().unwrap()).collect();
        let labels = vec![vec![None]; dimensions.len()];
        let cells = Cells::new(dimensions, labels).unwrap();
        Allocator::new(cells, world.frame()).unwrap().run(&set, &Weights::default())
    };
    assert!(run(&["cost_center", "namespace"]).unwrap().is_empty());
    assert!(run(&["cost_center"]).unwrap_err().message().contains("'namespace'"));
    assert!(run(&["namespace"]).unwrap_err().message().contains("'cost_center'"));
    let carry = vec!["region".parse().unwrap()];
    let cells = Cells::new(Vec::new(), Vec::new()).unwrap();
    assert!(Allocator::new(cells, Frame { carry, ..world.frame() }).is_err());
}

#[test]
fn cells_refuse_what_cannot_be() {
    let region: Dimension = "region".parse().unwrap();
    let label = |text: &str| Some(Arc::<str>::from(text));
    assert!(Cells::new(vec![region.clone()], vec![]).is_err());
    assert!(Cells::new(vec![region.clone(); 2], vec![vec![]; 2]).is_err());
    assert!(Cells::new(vec![region.clone()], vec![vec![label("eu"), label("eu")]]).is_err());
    let mut cells = Cells::new(vec![region], vec![vec![None, label("eu")]]).unwrap();
    let usd = "USD".parse().unwrap();
    assert!(cells.push(&[2], usd, [Money::ZERO; 4], [0; 4]).is_err());
    assert!(cells.push(&[], usd, [Money::ZERO; 4], [0; 4]).is_err());
    let most = Money::from_mantissa(i128::MAX / 2);
    cells.push(&[1], usd, [most; 4], [0; 4]).unwrap();
    let less = [Money::from_mantissa(-1); 4];
    assert_eq!(cells.push(&[0], usd, less, [0; 4]).unwrap_err().code(), ErrorCode::Overflow);
    cells.push(&[0], "EUR".parse().unwrap(), less, [0; 4]).unwrap();
    assert_eq!(cells.len(), 2);
}

#[test]
fn lines_are_filtered_only_by_what_they_carry() {
    let mut world = World::new(&["namespace"]);
    world.charge(&["a"], "1");
    let allocation = world.run().unwrap();
    assert_eq!(allocation.select(&super::filter(&json!({"namespace": "a"}))).unwrap_err().field(), Some("filter"));
    assert_eq!(allocation.select(&super::filter(&json!({"cost_center": null}))).unwrap().len(), 1);
}

#[test]
fn more_lines_than_allowed_are_refused_also_where_some_are_kept() {
    let mut world = World::new(&["namespace", "region"]);
    for name in ["a", "b"] {
        world.center(name, &json!({"namespace": name}));
        world.charge(&[name, "eu"], "1");
        world.charge(&[name, "us"], "1");
    }
    world.charge(&["pool", "eu"], "8");
    world.rule("pool", &json!({"source": {"namespace": "pool"}, "method": "proportional"}));
    world.carry(&["region"]);
    let set = world.set().unwrap();
    let mut allocator = Allocator::new(world.cells(&[&set]), world.frame()).unwrap();
    let run = |allocator: &mut Allocator, lines: usize| {
        allocator.run_within(&set, &world.weights, &Room::new(lines)).map(|allocation| allocation.len())
    };
    assert_eq!(run(&mut allocator, 8).unwrap(), 8, "two regions of two centres, direct and shared");
    assert_eq!(run(&mut allocator, 8).unwrap(), 8, "what is kept counts once");
    for lines in [7, 4, 3, 0] {
        let error = run(&mut allocator, lines).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("group_by")));
        assert!(error.message().contains("group by fewer dimensions"), "{error}");
    }
    assert_eq!(run(&mut allocator, 8).unwrap(), 8);
    assert_eq!(run(&mut allocator, 7).unwrap_err().code(), ErrorCode::InvalidArgument, "with what was kept");
}
