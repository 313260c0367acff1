//! Rules by themselves, against each other, and as JSON.

use super::{Center, CenterId, Centers, Method, Rule, RuleId, RuleSet, month_of};
use crate::model::filter::Filter;
use crate::model::id::Id;
use crate::model::time::{Interval, Stamp};
use crate::model::virtual_dimension::Virtuals;
use crate::{Error, ErrorCode, Result};
use serde_json::{Value, json};

fn cc(n: i64) -> CenterId {
    Id::new(Stamp::from_micros(n * 1_000).unwrap(), [0; 10])
}

fn alr(n: i64) -> RuleId {
    Id::new(Stamp::from_micros(n * 1_000).unwrap(), [1; 10])
}

fn with(n: i64, fields: &Value) -> Value {
    let mut rule = json!({
        "id": alr(n), "name": format!("rule {n}"), "source": {"namespace": "shared"},
        "effective_from": "2024-01-01T00:00:00Z",
    });
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rule
}

fn read(fields: &Value) -> Result<Rule> {
    Rule::from_json(&with(0, fields))
}

fn one(center: i64) -> Value {
    json!([{"cost_center": cc(center)}])
}

fn percents(first: &str, second: &str) -> Value {
    json!([{"cost_center": cc(0), "percent": first}, {"cost_center": cc(1), "percent": second}])
}

/// Three centres, of which the first two have namespaces `a` and `b` of their own.
fn centers() -> Centers {
    let center = |n: i64, name: &str, filter: Option<Value>| Center {
        id: cc(n),
        name: name.to_owned(),
        depth: 0,
        filter: filter.map(|filter| Filter::from_json(&filter).unwrap()),
    };
    let own = |namespace: &str| Some(json!({"namespace": namespace}));
    Centers::new(vec![center(0, "A", own("a")), center(1, "B", own("b")), center(2, "C", None)]).unwrap()
}

fn set(rules: &[Value]) -> Result<RuleSet> {
    let rules = (0..).zip(rules).map(|(n, fields)| Rule::from_json(&with(n, fields)));
    RuleSet::new(rules.collect::<Result<_>>()?, centers())
}

fn shown(error: &Error) -> (&str, &str) {
    (error.field().unwrap_or_default(), error.message())
}

#[test]
fn every_method_is_written_as_it_was_read() {
    let tiers = json!([
        {"up_to": "100", "targets": percents("100", "0")},
        {"up_to": null, "targets": percents("12.5", "87.5")},
    ]);
    let weights = json!([{"cost_center": cc(0), "weight": "1"}, {"cost_center": cc(1), "weight": "2"}]);
    let amounts = json!([{"cost_center": cc(0), "amount": "10"}]);
    let values = json!([{"cost_center": cc(0), "value": "x"}, {"cost_center": cc(1), "value": ["y", "z"]}]);
    for fields in [
        json!({"method": "direct", "targets": one(0)}),
        json!({"method": "direct", "by": "tag:team", "fallback": "keep"}),
        json!({"method": "direct", "by": "virtual:team", "targets": values, "fallback": "even"}),
        json!({"method": "even", "targets": one(1)}),
        json!({"method": "weighted", "targets": weights, "fallback": "error"}),
        json!({"method": "fixed", "targets": percents("33.3", "66.7")}),
        json!({"method": "fixed_amount", "targets": amounts, "currency": "USD", "fallback": "keep"}),
        json!({"method": "tiered", "tiers": tiers, "currency": "EUR", "fallback": "even"}),
        json!({"method": "proportional", "base": "direct_cost", "fallback": "keep"}),
        json!({
            "method": "proportional", "base": "direct_cost", "within": ["region"], "targets": one(2),
            "fallback": "keep",
        }),
        json!({"method": "proportional", "base": {"meter": "api_calls"}, "fallback": "keep"}),
        json!({
            "method": "proportional", "base": {"meter": "api_calls"}, "capacity": "5", "idle": "share",
            "fallback": "keep",
        }),
        json!({"method": "idle", "within": ["cluster", "tag:node"], "idle": "separate"}),
    ] {
        let mut written = with(0, &fields);
        let rest = json!({"order": 3, "effective_to": "2025-01-01T00:00:00Z", "decimals": 2});
        written.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let rule = Rule::from_json(&written).unwrap();
        assert_eq!(serde_json::to_value(&rule).unwrap(), written);
        assert_eq!(rule.method().as_str(), written["method"].as_str().unwrap());
        assert_eq!(serde_json::from_value::<Rule>(written).unwrap(), rule);
    }
    let short = read(&json!({"method": "idle"})).unwrap();
    assert_eq!((short.terms().order, short.terms().decimals), (0, 18));
    assert!(short.method().within().is_empty());
}

#[test]
fn a_field_of_another_method_is_refused_with_both_names() {
    for (fields, field) in [
        (json!({"method": "even", "targets": one(0), "tiers": []}), "tiers"),
        (json!({"method": "even", "targets": one(0), "fallback": "keep"}), "fallback"),
        (json!({"method": "fixed", "targets": percents("50", "50"), "currency": "USD"}), "currency"),
        (json!({"method": "idle", "targets": one(0)}), "targets"),
        (json!({"method": "weighted", "targets": one(0), "by": "region"}), "by"),
        (json!({"method": "direct", "targets": one(0), "idle": "share"}), "idle"),
        (json!({"method": "direct", "targets": one(0), "fallback": "keep"}), "fallback"),
        (json!({"method": "tiered", "tiers": [], "currency": "USD", "within": ["region"]}), "within"),
        (json!({"method": "proportional", "capacity": "1"}), "capacity"),
        (json!({"method": "proportional", "idle": "share"}), "idle"),
        (json!({"method": "proportional", "base": {"meter": "x"}, "within": ["region"]}), "within"),
        (json!({"method": "even", "targets": percents("50", "50")}), "targets[0].percent"),
        (json!({"method": "weighted", "targets": percents("50", "50")}), "targets[0].percent"),
        (json!({"method": "direct", "targets": [{"cost_center": cc(0), "value": "x"}]}), "targets[0].value"),
    ] {
        let error = read(&fields).unwrap_err();
        let method = fields["method"].as_str().unwrap();
        assert_eq!(error.field(), Some(field), "{fields}: {error}");
        assert!(error.message().contains("no place") && error.message().contains(method), "{error}");
    }
}

#[test]
fn each_refusal_names_the_field() {
    let twice = json!([{"cost_center": cc(0)}, {"cost_center": cc(0)}]);
    let weight = |weight: &str| json!([{"cost_center": cc(0), "weight": weight}]);
    let tier = |up_to: Value| json!({"up_to": up_to, "targets": percents("50", "50")});
    let tiered = |tiers: Value| json!({"method": "tiered", "tiers": tiers, "currency": "USD"});
    let from = |more: Value| {
        let mut fields = json!({"method": "even", "targets": one(0)});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    for (fields, field, message) in [
        (json!({"method": "fixed", "targets": percents("49", "50")}), "targets", "exactly 100, got 99"),
        (json!({"method": "fixed", "targets": percents("150", "-50")}), "targets[1].percent", "0 or more"),
        (json!({"method": "even", "targets": []}), "targets", "1 to"),
        (json!({"method": "even"}), "targets", "must be given"),
        (json!({"method": "even", "targets": twice}), "targets[1].cost_center", "twice"),
        (json!({"method": "weighted", "targets": weight("0")}), "targets", "add up to 0"),
        (json!({"method": "weighted", "targets": weight("-1")}), "targets[0].weight", "0 or more"),
        (json!({"method": "weighted", "targets": one(0)}), "targets[0].weight", "must be given"),
        (json!({"method": "fixed_amount", "targets": [{"cost_center": cc(0), "amount": "1"}]}), "currency", "given"),
        (tiered(json!([])), "tiers", "1 to"),
        (tiered(json!([tier(json!("5")), tier(json!("5")), tier(Value::Null)])), "tiers[1].up_to", "above 5"),
        (tiered(json!([tier(json!("5"))])), "tiers[0].up_to", "must be null"),
        (tiered(json!([tier(Value::Null), tier(Value::Null)])), "tiers[0].up_to", "must be given"),
        (tiered(json!([{"up_to": null, "targets": percents("1", "2")}])), "tiers[0].targets", "exactly 100"),
        (json!({"method": "direct"}), "targets", "one centre"),
        (json!({"method": "direct", "by": "region", "targets": []}), "targets", "left out"),
        (json!({"method": "direct", "by": "region", "fallback": "even"}), "fallback", "targets"),
        (json!({"method": "direct", "by": "colour"}), "by", "no dimension"),
        (json!({"method": "idle", "within": ["region", "region"]}), "within", "twice"),
        (json!({"method": "proportional", "base": {"meter": "A b"}}), "base.meter", "slug"),
        (json!({"method": "proportional", "base": {"meter": "a"}, "capacity": "0"}), "capacity", "above 0"),
        (from(json!({"effective_to": "2024-01-01T00:00:00Z"})), "effective_to", "after"),
        (
            from(json!({"effective_from": "2024-01-12T00:00:00Z"})),
            "effective_from",
            "calendar month in UTC: 2024-01-01T00:00:00Z or 2024-02-01T00:00:00Z",
        ),
        (from(json!({"effective_to": "2024-02-01T00:15:00Z"})), "effective_to", "2024-02-01T00:00:00Z or"),
        (from(json!({"decimals": 19})), "decimals", "0 to 18"),
        (from(json!({"name": " "})), "name", "blank"),
        (from(json!({"source": {"colour": "red"}})), "source", "no dimension"),
    ] {
        let error = read(&fields).unwrap_err();
        assert!(shown(&error).0 == field && shown(&error).1.contains(message), "{fields}: {error}");
    }
    let value = json!([{"cost_center": cc(0), "value": "x"}, {"cost_center": cc(1), "value": ["y", "x"]}]);
    let error = read(&json!({"method": "direct", "by": "region", "targets": value})).unwrap_err();
    assert_eq!(error.field(), Some("targets[1].value"));
}

#[test]
fn names_of_virtual_dimensions_and_meters_are_looked_up() {
    let none = Virtuals::default();
    let check = |fields: Value| read(&fields).unwrap().check_names(&none, |slug| slug == "api_calls");
    assert!(check(json!({"method": "proportional", "base": {"meter": "api_calls"}})).is_ok());
    for (fields, field) in [
        (json!({"method": "proportional", "base": {"meter": "clicks"}}), "base.meter"),
        (json!({"method": "idle", "source": {"virtual:x": "y"}}), "source"),
        (json!({"method": "idle", "within": ["virtual:x"]}), "within"),
        (json!({"method": "direct", "by": "virtual:x"}), "by"),
    ] {
        assert_eq!(check(fields).unwrap_err().field(), Some(field));
    }
}

#[test]
fn sources_that_overlap_at_one_order_are_refused_with_both_names() {
    let rule = |source: Value| json!({"source": source, "method": "even", "targets": one(2)});
    let overlaps = |one: Value, other: Value| match set(&[rule(one), rule(other)]) {
        Ok(_) => false,
        Err(error) => {
            assert!(shown(&error).0 == "source" && error.message().contains("overlapping"), "{error}");
            assert!(error.message().contains("'rule 0'") && error.message().contains("'rule 1'"), "{error}");
            true
        }
    };
    assert!(overlaps(json!({"region": "eu"}), json!({"region": "eu"})));
    assert!(overlaps(json!({"region": ["eu", "us"]}), json!({"region": ["us", "asia"]})));
    assert!(overlaps(json!({"region": "eu", "service": "x"}), json!({"region": "eu", "cluster": "k"})));
    assert!(overlaps(json!({}), json!({"region": "eu"})));
    assert!(overlaps(json!({"not": {"region": "eu"}}), json!({"not": {"region": "eu"}})));
    assert!(!overlaps(json!({"region": "eu"}), json!({"region": "us"})));
    assert!(!overlaps(json!({"region": "eu", "service": "x"}), json!({"region": "eu", "service": "y"})));
    assert!(!overlaps(json!({"region": "eu"}), json!({"service": "x"})), "nothing is known of it");
    assert!(!overlaps(json!({"not": {"region": "eu"}}), json!({"region": "us"})), "nothing is known of it");
    let mut later = rule(json!({"region": "eu"}));
    later["effective_from"] = json!("2024-06-01T00:00:00Z");
    let mut earlier = rule(json!({"region": "eu"}));
    earlier["effective_to"] = json!("2024-06-01T00:00:00Z");
    assert!(set(&[earlier, later]).is_ok(), "never in force together");
    let mut second = rule(json!({"region": "eu"}));
    second["order"] = json!(1);
    assert!(set(&[rule(json!({"region": "eu"})), second]).is_ok());
}

#[test]
fn a_source_is_nobodys_target() {
    let even = |source: Value, center: i64, order: i64| {
        let targets = one(center);
        json!({"source": source, "method": "even", "targets": targets, "order": order})
    };
    let refused = |rules: &[Value]| {
        let error = set(rules).unwrap_err();
        assert!(shown(&error).0 == "targets" && error.message().contains("is the source of rule"), "{error}");
        error.message().to_owned()
    };
    let by_id = |n: i64| json!({"cost_center": cc(n)});
    let both = refused(&[even(by_id(0), 1, 0), even(by_id(1), 2, 1)]);
    assert!(both.contains("'rule 0'") && both.contains("'rule 1'") && both.contains("'B'"), "{both}");
    refused(&[even(by_id(0), 0, 0)]);
    refused(&[even(json!({"cost_center": [cc(0).to_string(), cc(2).to_string()], "region": "eu"}), 2, 0)]);
    // By its own filter.
    refused(&[even(json!({"namespace": "a"}), 0, 0)]);
    // A circle of three.
    refused(&[even(by_id(0), 1, 0), even(by_id(1), 2, 1), even(by_id(2), 0, 2)]);
    let mut earlier = even(by_id(0), 1, 0);
    earlier["effective_to"] = json!("2024-06-01T00:00:00Z");
    let mut later = even(by_id(1), 0, 0);
    later["effective_from"] = json!("2024-06-01T00:00:00Z");
    assert!(set(&[earlier, later]).is_ok(), "never in force together");
    let own = json!({"source": {"namespace": "a"}, "method": "direct", "targets": one(0)});
    assert!(set(&[own]).is_ok(), "a centre may be given what is its own");
    let open = set(&[even(json!({"namespace": "a"}), 1, 0), json!({"method": "proportional", "order": 1})]).unwrap();
    let rule = open.rules().last().unwrap();
    let names: Vec<&str> = open.targets_of(rule).iter().map(|center| center.name.as_str()).collect();
    assert_eq!(names, ["B", "C"], "without targets everybody but sources");
}

#[test]
fn what_is_not_there_is_named() {
    let unknown = json!({"method": "even", "targets": one(7)});
    let error = set(&[unknown]).unwrap_err();
    assert!(shown(&error).0 == "targets" && error.message().contains(&cc(7).to_string()), "{error}");
    assert!(error.message().contains("'rule 0'"), "{error}");
    let rule = read(&json!({"method": "even", "targets": one(0)})).unwrap();
    let error = RuleSet::new(vec![rule.clone(), rule], centers()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    let center = Center { id: cc(0), name: "x".to_owned(), depth: 0, filter: None };
    let same = Center { id: cc(1), name: " X ".to_owned(), ..center.clone() };
    assert!(Centers::new(vec![center.clone(), same]).is_err());
    assert!(Centers::new(vec![center.clone(), center]).is_err());
    let rules = [
        json!({"method": "even", "targets": one(1), "source": {"not": {"cost_center": cc(0)}}}),
        json!({"method": "even", "targets": one(2), "source": {"namespace": "a"}}),
    ];
    let set = set(&rules).unwrap();
    assert_eq!(
        (set.naming(cc(0)), set.naming(cc(1)), set.naming(cc(2))),
        (vec!["rule 0"], vec!["rule 0"], vec!["rule 1"])
    );
}

#[test]
fn stretches_are_months_in_which_the_same_rules_are_in_force() {
    let rule = |from: &str, to: Value, order: i64| {
        let mut rule = json!({"method": "idle", "effective_from": from, "order": order});
        rule["effective_to"] = to;
        rule
    };
    let set = set(&[
        rule("2024-02-01T00:00:00Z", json!("2024-03-01T00:00:00Z"), 0),
        rule("2020-01-01T00:00:00Z", Value::Null, 1),
    ])
    .unwrap();
    let at = |text: &str| text.parse::<Stamp>().unwrap();
    let window = Interval::new(at("2024-01-05T00:00:00Z"), at("2024-03-10T06:15:00Z")).unwrap();
    let stretches: Vec<String> = set.stretches(window).unwrap().iter().map(ToString::to_string).collect();
    let wanted = [
        "2024-01-05T00:00:00Z/2024-02-01T00:00:00Z",
        "2024-02-01T00:00:00Z/2024-03-01T00:00:00Z",
        "2024-03-01T00:00:00Z/2024-03-10T06:15:00Z",
    ];
    assert_eq!(stretches, wanted);
    let in_force = |text: &str| set.in_force(at(text)).rules().len();
    assert_eq!([in_force("2024-01-31T23:59:59Z"), in_force("2024-02-01T00:00:00Z")], [1, 2]);
    assert_eq!(in_force("2024-03-01T00:00:00Z"), 1);
    let empty = Interval::new(window.start(), window.start()).unwrap();
    assert!(set.stretches(empty).unwrap().is_empty());
    assert_eq!(month_of(at("1969-12-31T23:00:00Z")).unwrap().start(), at("1969-12-01T00:00:00Z"));
}

#[test]
fn rules_are_in_the_order_in_which_they_hold_charges() {
    let rule = |region: &str, order: i64, from: &str| {
        let source = json!({"region": region});
        json!({"source": source, "method": "idle", "order": order, "effective_from": from})
    };
    let set = set(&[
        rule("a", 2, "2020-01-01T00:00:00Z"),
        rule("b", 1, "2024-01-01T00:00:00Z"),
        rule("c", 1, "2023-01-01T00:00:00Z"),
        rule("d", 1, "2023-01-01T00:00:00Z"),
    ])
    .unwrap();
    let names: Vec<&str> = set.rules().map(|rule| rule.name()).collect();
    assert_eq!(names, ["rule 2", "rule 3", "rule 1", "rule 0"]);
    assert!(matches!(set.get(alr(2)).unwrap().method(), Method::Idle { .. }));
}
