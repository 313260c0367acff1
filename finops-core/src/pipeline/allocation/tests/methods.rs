//! Each method, its fallbacks, and what it says of what it comes upon.

use super::{World, alr, cc, expect, money};
use crate::ErrorCode;
use crate::model::money::{Money, Quantity};
use crate::model::time::Interval;
use crate::pipeline::allocation::{FindingCode, Frame, LineKind, allocate};
use serde_json::{Value, json};

const EVERYTHING: Value = Value::Null;

/// Centres `a` and `b` with cost of 30 and 10, and a pool in namespace `pool`.
fn world(pool: &str, rule: &Value) -> World {
    let mut world = World::new(&["namespace", "region"]);
    world.center("a", &json!({"namespace": "a"}));
    world.center("b", &json!({"namespace": "b"}));
    world.charge(&["a", "eu"], "30");
    world.charge(&["b", "us"], "10");
    world.charge(&["pool", "eu"], pool);
    let mut all = json!({"source": {"namespace": "pool"}});
    all.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    world.rule("pool", &all);
    world
}

fn codes(world: &World) -> Vec<FindingCode> {
    world.run().unwrap().findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn negative_pools_keep_their_sign() {
    let by_cost = json!({"method": "proportional"});
    expect(&world("-8", &by_cost), &EVERYTHING, &[("a", "24"), ("b", "8")]);
    let even = json!({"method": "even", "targets": [{"cost_center": cc(0)}, {"cost_center": cc(1)}]});
    expect(&world("-8", &even), &EVERYTHING, &[("a", "26"), ("b", "6")]);
    let tiers = json!([
        {"up_to": "5", "targets": [{"cost_center": cc(0), "percent": "100"}]},
        {"up_to": null, "targets": [{"cost_center": cc(1), "percent": "100"}]},
    ]);
    let tiered = json!({"method": "tiered", "tiers": tiers, "currency": "USD"});
    expect(&world("-8", &tiered), &EVERYTHING, &[("a", "25"), ("b", "7")]);
}

#[test]
fn tiers_are_marginal() {
    let tiers = json!([
        {"up_to": "100", "targets": [{"cost_center": cc(0), "percent": "100"}]},
        {"up_to": "300", "targets": [{"cost_center": cc(0), "percent": "50"}, {"cost_center": cc(1), "percent": "50"}]},
        {"up_to": null, "targets": [{"cost_center": cc(0), "percent": "10"}, {"cost_center": cc(1), "percent": "90"}]},
    ]);
    let rule = json!({"method": "tiered", "tiers": tiers, "currency": "USD"});
    expect(&world("80", &rule), &EVERYTHING, &[("a", "110"), ("b", "10")]);
    expect(&world("100", &rule), &EVERYTHING, &[("a", "130"), ("b", "10")]);
    expect(&world("250", &rule), &EVERYTHING, &[("a", "205"), ("b", "85")]);
    expect(&world("1000", &rule), &EVERYTHING, &[("a", "300"), ("b", "740")]);
    // 10 of 31 days have 10/31 of each bound: of a pool of 100 then 1000/31, 2000/31 and the rest.
    let mut third = world("100", &rule);
    third.charges.retain(|charge| charge.values[1].as_deref() == Some("pool"));
    let set = third.set().unwrap();
    let stretch = Interval::new(super::january().start(), "2024-01-11T00:00:00Z".parse().unwrap()).unwrap();
    let allocation = allocate(third.cells(&[&set]), Frame { stretch, ..third.frame() }, &set, &third.weights).unwrap();
    let costs: Vec<String> = allocation.lines().map(|line| line.costs[1].to_string()).collect();
    // a: 1000/31 + 1000/31 + 10 % of 100/31; b: 1000/31 + 90 % of 100/31.
    assert_eq!(costs, ["64.838709677419354839", "35.161290322580645161"]);
}

#[test]
fn fixed_amounts_leave_a_rest() {
    let targets = json!([{"cost_center": cc(0), "amount": "60"}, {"cost_center": cc(1), "amount": "20"}]);
    let rule =
        |fallback: &str| json!({"method": "fixed_amount", "targets": targets, "currency": "USD", "fallback": fallback});
    expect(&world("100", &rule("keep")), &EVERYTHING, &[("a", "90"), ("b", "30"), ("unallocated", "20")]);
    expect(&world("100", &rule("even")), &EVERYTHING, &[("a", "100"), ("b", "40")]);
    expect(&world("70", &rule("keep")), &EVERYTHING, &[("a", "90"), ("b", "30"), ("unallocated", "-10")]);
    expect(&world("70", &rule("even")), &EVERYTHING, &[("a", "85"), ("b", "25")]);
    expect(&world("80", &rule("error")), &EVERYTHING, &[("a", "90"), ("b", "30")]);
    expect(&world("-20", &rule("keep")), &EVERYTHING, &[("a", "90"), ("b", "30"), ("unallocated", "-100")]);
    let error = world("70", &rule("error")).run().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert!(error.message().contains("'pool'") && error.message().contains("-10"), "{error}");
    // The other costs go by the same ratios, whichever way the rest goes.
    let mut other = world("70", &rule("keep"));
    other.charges[2].costs[0] = money("35");
    let allocation = other.run().unwrap();
    let billed: Vec<String> = allocation
        .lines()
        .filter(|line| line.rule.is_some())
        .map(|line| format!("{} {}", line.costs[0], line.ratio.unwrap()))
        .collect();
    assert_eq!(billed, ["30 0.857142857142857143", "10 0.285714285714285714", "-5 -0.142857142857142857"]);
}

#[test]
fn fixed_amounts_of_a_part_of_a_month_go_by_time() {
    let targets = json!([{"cost_center": cc(0), "amount": "31"}]);
    let rule = json!({"method": "fixed_amount", "targets": targets, "currency": "USD"});
    let world = world("100", &rule);
    let set = world.set().unwrap();
    let ends = ["2024-01-01T00:00:00Z", "2024-01-11T00:00:00Z", "2024-01-11T12:00:00Z", "2024-02-01T00:00:00Z"];
    let mut amounts = Vec::new();
    for ends in ends.windows(2) {
        let stretch = Interval::new(ends[0].parse().unwrap(), ends[1].parse().unwrap()).unwrap();
        let frame = Frame { stretch, ..world.frame() };
        let allocation = allocate(world.cells(&[&set]), frame, &set, &world.weights).unwrap();
        let shared = allocation.lines().filter(|line| line.kind == LineKind::Shared).map(|line| line.costs[1]);
        amounts.push(Money::try_sum(shared).unwrap());
    }
    assert_eq!(amounts, [money("10"), money("0.5"), money("20.5")]);
    let two = Interval::new("2024-01-31T00:00:00Z".parse().unwrap(), "2024-02-02T00:00:00Z".parse().unwrap()).unwrap();
    let refused = allocate(world.cells(&[&set]), Frame { stretch: two, ..world.frame() }, &set, &world.weights);
    assert_eq!(refused.unwrap_err().field(), Some("stretch"));
}

#[test]
fn amounts_in_another_currency_follow_the_fallback() {
    let targets = json!([{"cost_center": cc(0), "amount": "60"}, {"cost_center": cc(1), "amount": "20"}]);
    let rule = json!({"method": "fixed_amount", "targets": targets, "currency": "EUR"});
    expect(&world("100", &rule), &EVERYTHING, &[("a", "30"), ("b", "10"), ("unallocated", "100")]);
    assert_eq!(codes(&world("100", &rule)), [FindingCode::OtherCurrency]);
}

#[test]
fn meters_decide_and_capacity_leaves_idle() {
    let metered = |capacity: Option<&str>, idle: &str, used: [&str; 2]| {
        let mut rule = json!({"method": "proportional", "base": {"meter": "api_calls"}});
        if let Some(capacity) = capacity {
            rule["capacity"] = json!(capacity);
            rule["idle"] = json!(idle);
        }
        let mut world = world("100", &rule);
        for (center, used) in (0..).zip(used) {
            world.weights.set(alr(0), cc(center), used.parse().unwrap());
        }
        world
    };
    expect(&metered(None, "", ["1", "3"]), &EVERYTHING, &[("a", "55"), ("b", "85")]);
    expect(&metered(Some("8"), "separate", ["1", "3"]), &EVERYTHING, &[("a", "42.5"), ("b", "47.5"), ("idle", "50")]);
    let shared = metered(Some("8"), "share", ["1", "3"]);
    expect(&shared, &EVERYTHING, &[("a", "55"), ("b", "85")]);
    let allocation = shared.run().unwrap();
    let of_rule: Vec<_> = allocation.lines().filter(|line| line.rule.is_some()).collect();
    let kinds: Vec<(LineKind, String)> = of_rule.iter().map(|line| (line.kind, line.costs[1].to_string())).collect();
    let wanted =
        [(LineKind::Shared, "12.5"), (LineKind::Shared, "37.5"), (LineKind::Idle, "12.5"), (LineKind::Idle, "37.5")];
    assert_eq!(kinds, wanted.map(|(kind, cost)| (kind, cost.to_owned())));
    let ratios = Quantity::try_sum(of_rule.iter().map(|line| line.ratio.unwrap()));
    assert_eq!(ratios.unwrap(), Quantity::from_units(1));
    // Kept apart, it is still known who caused it.
    let apart = metered(Some("8"), "separate", ["1", "3"]);
    expect(&apart, &json!({"cost_center": cc(1)}), &[("b", "47.5"), ("idle", "37.5")]);
    let over = metered(Some("2"), "separate", ["1", "3"]);
    expect(&over, &EVERYTHING, &[("a", "55"), ("b", "85")]);
    assert_eq!(codes(&over), [FindingCode::OverCapacity]);
    expect(&metered(Some("4"), "separate", ["1", "3"]), &EVERYTHING, &[("a", "55"), ("b", "85")]);
    let unused = metered(Some("8"), "separate", ["0", "0"]);
    expect(&unused, &EVERYTHING, &[("a", "30"), ("b", "10"), ("idle", "100")]);
    let nobody = metered(None, "", ["0", "0"]);
    expect(&nobody, &EVERYTHING, &[("a", "30"), ("b", "10"), ("unallocated", "100")]);
    assert_eq!(codes(&nobody), [FindingCode::ZeroBase]);
    let less = metered(None, "", ["-1", "3"]);
    expect(&less, &EVERYTHING, &[("a", "30"), ("b", "110")]);
    assert_eq!(codes(&less), [FindingCode::NegativeBase]);
}

#[test]
fn a_base_of_which_some_is_unknown_is_told() {
    let told = |rule: &Value| {
        let mut world = world("100", rule);
        for _ in 0..2 {
            world.charge(&["b", "eu"], "0");
            world.charges.last_mut().unwrap().unknown = [0, 1, 0, 0];
        }
        let findings = world.run().unwrap().findings;
        world.view = crate::model::charge::CostView::Billed;
        assert!(codes(&world).is_empty(), "that cost is known of all");
        findings.into_iter().map(|found| (found.code, found.cost_center_id, found.message)).collect::<Vec<_>>()
    };
    for rule in [
        json!({"method": "proportional"}),
        json!({"method": "proportional", "within": ["region"]}),
        json!({"method": "idle"}),
        json!({"method": "idle", "within": ["region"]}),
    ] {
        let found = told(&rule);
        assert!(
            matches!(found.as_slice(), [(FindingCode::UnknownBase, Some(center), message)]
            if *center == cc(1) && message.contains("charges of 'b' lack the cost")),
            "{rule}: {found:?}"
        );
    }
    assert!(told(&json!({"method": "even", "targets": [{"cost_center": cc(0)}]})).is_empty());
}

#[test]
fn a_base_below_zero_counts_as_nothing() {
    let mut world = world("100", &json!({"method": "proportional"}));
    world.charge(&["a", "eu"], "-50");
    expect(&world, &EVERYTHING, &[("a", "-20"), ("b", "110")]);
    let findings = world.run().unwrap().findings;
    assert_eq!((findings[0].code, findings[0].cost_center_id), (FindingCode::NegativeBase, Some(cc(0))));
    assert!(findings[0].message.contains("'a'"), "{findings:?}");
}

#[test]
fn where_nobody_has_a_base_the_fallback_holds() {
    let rule = |fallback: &str| json!({"method": "proportional", "fallback": fallback});
    let empty = |fallback: &str| {
        let mut world = world("9", &rule(fallback));
        world.charges.retain(|charge| charge.values[1].as_deref() == Some("pool"));
        world
    };
    expect(&empty("keep"), &EVERYTHING, &[("unallocated", "9")]);
    expect(&empty("even"), &EVERYTHING, &[("a", "4.5"), ("b", "4.5")]);
    assert_eq!(codes(&empty("even")), [FindingCode::ZeroBase]);
    let error = empty("error").run().unwrap_err();
    assert!(error.message().contains("'pool'") && error.message().contains("base of all centres is 0"), "{error}");
    let none = json!([{"cost_center": cc(0), "weight": "0"}, {"cost_center": cc(1), "weight": "0"}]);
    let even = json!({"method": "weighted", "targets": none, "fallback": "even"});
    expect(&world("9", &even), &EVERYTHING, &[("a", "34.5"), ("b", "14.5")]);
}

#[test]
fn a_pool_is_cut_by_what_it_must_agree_with() {
    let mut world = world("100", &json!({"method": "proportional", "within": ["region"]}));
    world.charge(&["pool", "us"], "7");
    world.charge(&["pool", "asia"], "5");
    world.charge(&["b", "eu"], "10");
    world.carry(&["region"]);
    // In eu 100 by 30 and 10, in us all to b, in asia to nobody.
    expect(&world, &EVERYTHING, &[("a", "105"), ("b", "52"), ("unallocated", "5")]);
    expect(&world, &json!({"region": "eu"}), &[("a", "105"), ("b", "35")]);
    let allocation = world.run().unwrap();
    let sources: Vec<Option<&str>> =
        allocation.lines().filter(|line| line.rule.is_some()).map(|line| line.source[0].as_deref()).collect();
    assert_eq!(sources, [Some("asia"), Some("eu"), Some("eu"), Some("us")]);
}

#[test]
fn direct_rules_go_by_one_centre_a_dimension_or_a_name() {
    let to = |fields: Value| {
        let mut world = World::new(&["namespace", "tag:team"]);
        world.center("Red", &Value::Null);
        world.center("Blue", &Value::Null);
        for (team, cost) in [("red", "1"), (" BLUE ", "2"), ("green", "4"), ("", "8")] {
            world.charge(&["x", team], cost);
        }
        world.charge(&["x", &cc(1).to_string()], "16");
        let mut all = json!({"source": {"namespace": "x"}, "method": "direct"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        world.rule("direct", &all);
        world
    };
    expect(&to(json!({"targets": [{"cost_center": cc(0)}]})), &EVERYTHING, &[("Red", "31")]);
    let by_name = to(json!({"by": "tag:team"}));
    expect(&by_name, &EVERYTHING, &[("Red", "1"), ("Blue", "18"), ("unallocated", "12")]);
    assert_eq!(codes(&by_name), [FindingCode::UnknownValue]);
    let targets = json!([{"cost_center": cc(0), "value": ["red", "green"]}, {"cost_center": cc(1), "value": " BLUE "}]);
    let by_value = |fallback: &str| to(json!({"by": "tag:team", "targets": targets, "fallback": fallback}));
    expect(&by_value("keep"), &EVERYTHING, &[("Red", "5"), ("Blue", "2"), ("unallocated", "24")]);
    expect(&by_value("even"), &EVERYTHING, &[("Red", "17"), ("Blue", "14")]);
    assert!(by_value("error").run().unwrap_err().message().contains("'direct'"));
    let kinds: Vec<LineKind> = by_value("even").run().unwrap().lines().map(|line| line.kind).collect();
    assert_eq!(kinds, [LineKind::Direct, LineKind::Direct, LineKind::Shared, LineKind::Shared]);
}

#[test]
fn who_holds_a_charge() {
    let mut world = World::new(&["namespace", "tag:team"]);
    let parent = world.center("parent", &json!({"namespace": ["a", "b"]}));
    let child = world.center("child", &json!({"namespace": "b"}));
    world.centers[1].depth = 1;
    let late = world.center("late", &json!({"namespace": "a"}));
    world.charge(&["a", ""], "1");
    world.charge(&["b", ""], "2");
    world.charge(&["c", ""], "4");
    // A charge that names a centre is that centre's, whatever filters say; an unknown name is nobody's.
    world.charge(&["b", ""], "8");
    world.charges[3].values[0] = Some(late.to_string());
    world.charge(&["c", ""], "16");
    world.charges[4].values[0] = Some("cc_unknown".to_owned());
    let figures = [("parent", "1"), ("child", "2"), ("late", "8"), ("unallocated", "20")];
    expect(&world, &EVERYTHING, &figures);
    // Rules come first, and of those the lower order.
    let to = |center| json!([{"cost_center": center}]);
    world.rule("second", &json!({"source": {}, "order": 2, "method": "direct", "targets": to(child)}));
    world.rule("first", &json!({"source": {"namespace": "c"}, "order": 1, "method": "direct", "targets": to(parent)}));
    expect(&world, &EVERYTHING, &[("parent", "20"), ("child", "11")]);
}

#[test]
fn general_filters_hold_as_they_say() {
    let mut world = World::new(&["namespace", "region"]);
    let own = json!({"any": [{"namespace": "a", "region": "eu"}, {"not": {"namespace": ["a", "b", null]}}]});
    world.center("x", &own);
    for (namespace, region, cost) in
        [("a", "eu", "1"), ("a", "us", "2"), ("b", "eu", "4"), ("c", "us", "8"), ("", "eu", "16"), ("d", "", "32")]
    {
        world.charge(&[namespace, region], cost);
    }
    expect(&world, &EVERYTHING, &[("x", "41"), ("unallocated", "22")]);
}
