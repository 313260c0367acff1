//! Which values cells need not tell apart.

use super::{World, cc, dimension};
use crate::model::filter::Filter;
use crate::pipeline::allocation::Classes;
use serde_json::json;

/// What a virtual dimension gives for a value of the one dimension that its rules look at.
fn given(dimension: &crate::model::virtual_dimension::VirtualDimension, value: Option<&str>) -> Option<String> {
    fn holds(filter: &Filter, value: Option<&str>) -> bool {
        match filter {
            Filter::In(_, values) => values.iter().any(|known| known.as_deref() == value),
            Filter::Not(inner) => !holds(inner, value),
            Filter::Any(all) => all.iter().any(|one| holds(one, value)),
            Filter::All(all) => all.iter().all(|one| holds(one, value)),
        }
    }
    let rule = dimension.rules.iter().find(|rule| holds(&rule.when, value));
    rule.map(|rule| rule.value.clone()).or_else(|| dimension.default.clone())
}

#[test]
fn values_that_nothing_tells_apart_are_one_class() {
    let mut world = World::new(&["namespace", "region", "tag:team"]);
    world.center("a", &json!({"namespace": ["a1", "a2"]}));
    world.center("b", &json!({"not": {"namespace": ["a2", "other"]}}));
    let source = json!({"region": ["eu", null], "namespace": "z"});
    world.rule("idle", &json!({"source": source, "method": "idle", "within": ["tag:team"]}));
    world.carry(&["region"]);
    let classes = Classes::new([&world.set().unwrap()], &world.carry);
    // What is carried, and what pools are cut by, is whole, although conditions look at it.
    assert_eq!(classes.whole, [dimension("region"), dimension("tag:team")]);
    let [named, namespace] = classes.classed.as_slice() else { panic!("{:?}", classes.classed) };
    let (one, two) = match named.dimension.to_string().as_str() {
        "cost_center" => (named, namespace),
        _ => (namespace, named),
    };
    assert_eq!(one.classes, [[cc(0).to_string()], [cc(1).to_string()]]);
    assert_eq!(two.classes, [vec!["a1".to_owned()], vec!["a2".to_owned()], vec!["other".into()], vec!["z".into()]]);
    assert_eq!(two.other, "other_", "no value that somebody mentions");
    assert_eq!(classes.dimensions().count(), 4);
}

#[test]
fn the_virtual_dimension_gives_the_same_classes() {
    let mut world = World::new(&["namespace"]);
    world.center("a", &json!({"namespace": ["a", "b", null]}));
    world.center("b", &json!({"namespace": ["c", "0", "other"]}));
    let classes = Classes::new([&world.set().unwrap()], &[]);
    let namespace = classes.classed.iter().find(|one| one.dimension == dimension("namespace")).unwrap();
    let virtual_one = namespace.as_virtual("namespace_class");
    virtual_one.validate().unwrap();
    for (value, label) in [
        (Some("a"), Some("a")),
        (Some("b"), Some("a")),
        (Some("c"), Some("0")),
        (Some("0"), Some("0")),
        (Some("other"), Some("0")),
        (Some("else"), Some("other_")),
        (None, None),
    ] {
        assert_eq!(namespace.label_of(value).as_deref(), label);
        assert_eq!(namespace.label(given(&virtual_one, value).as_deref()).as_deref(), label, "{value:?}");
    }
}

#[test]
fn cells_of_two_sets_of_rules_will_do_for_both() {
    let mut world = World::new(&["namespace", "region"]);
    world.center("a", &json!({"namespace": "a"}));
    let before = world.set().unwrap();
    world
        .rule("by region", &json!({"source": {"region": "eu"}, "method": "even", "targets": [{"cost_center": cc(0)}]}));
    let after = world.set().unwrap();
    let both = Classes::new([&before, &after], &[]);
    assert!(both.dimensions().any(|asked| *asked == dimension("region")));
    assert!(!Classes::new([&before], &[]).dimensions().any(|asked| *asked == dimension("region")));
}
