//! Two Kubernetes clusters of OpenCost's own tests: what comes to whom is known to the last digit.

use super::{World, expect, money};
use crate::model::money::Money;
use crate::pipeline::allocation::LineKind;
use serde_json::{Value, json};

/// Cluster, namespace, pod, how many containers, and the labels `app` and `env`.
const PODS: [(&str, &str, &str, u32, &str, &str); 9] = [
    ("cluster1", "ns1", "pod1", 1, "app1", "env1"),
    ("cluster1", "ns1", "pod-abc", 1, "", ""),
    ("cluster1", "ns1", "pod-def", 1, "", ""),
    ("cluster1", "ns2", "pod-ghi", 2, "app2", "env2"),
    ("cluster1", "ns2", "pod-jkl", 1, "", ""),
    ("cluster2", "ns2", "pod-mno", 2, "app2", ""),
    ("cluster2", "ns2", "pod-pqr", 1, "", ""),
    ("cluster2", "ns3", "pod-stu", 1, "", ""),
    ("cluster2", "ns3", "pod-vwx", 2, "", ""),
];

/// A day of twelve containers that cost 1 for each of six resources, but the first, whose memory costs 11.
fn containers() -> World {
    let mut world = World::new(&["cluster", "namespace", "resource_type", "resource_id", "tag:app", "tag:env"]);
    for (cluster, namespace, pod, containers, app, env) in PODS {
        for kind in ["cpu", "gpu", "ram", "network", "lb", "pv"] {
            for _ in 0..containers {
                let cost = if (pod, kind) == ("pod1", "ram") { "11" } else { "1" };
                world.charge(&[cluster, namespace, kind, pod, app, env], cost);
            }
        }
    }
    for namespace in ["ns1", "ns2", "ns3"] {
        world.center(namespace, &json!({"namespace": namespace}));
    }
    world
}

fn with_idle(mut world: World, idle: &str) -> World {
    for (cluster, kind, cost) in
        [("cluster1", "cpu", "5"), ("cluster1", "ram", "15"), ("cluster2", "cpu", "5"), ("cluster2", "ram", "5")]
    {
        world.charge(&[cluster, "__idle__", kind, "", "", ""], cost);
    }
    let rule = json!({
        "source": {"namespace": "__idle__"}, "method": "idle", "within": ["cluster", "resource_type"], "idle": idle,
    });
    world.rule("idle", &rule);
    world
}

fn sharing(mut world: World, namespace: &str, method: &Value) -> World {
    let mut rule = json!({"source": {"namespace": namespace}});
    rule.as_object_mut().unwrap().extend(method.as_object().unwrap().clone());
    world.rule("sharing", &rule);
    world
}

fn with_overhead(mut world: World) -> World {
    for kind in ["cpu", "ram"] {
        world.charge(&["", "__overhead__", kind, "", "", ""], "84");
    }
    sharing(world, "__overhead__", &json!({"method": "proportional"}))
}

const EVERYTHING: Value = Value::Null;

#[test]
fn c1_idle_stays_apart() {
    let world = with_idle(containers(), "separate");
    expect(&world, &EVERYTHING, &[("ns1", "28"), ("ns2", "36"), ("ns3", "18"), ("idle", "30")]);
}

#[test]
fn c2_lines_keep_labels() {
    let mut world = with_idle(containers(), "separate");
    world.carry(&["tag:app", "tag:env"]);
    let allocation = world.run().unwrap();
    for (app, env, cost) in [
        (json!("app1"), json!("env1"), "16"),
        (json!("app2"), json!("env2"), "12"),
        (json!("app2"), json!(null), "12"),
        (json!(null), json!(null), "42"),
    ] {
        let wanted = super::filter(&json!({"tag:app": app, "tag:env": env}));
        let lines = allocation.select(&wanted).unwrap();
        let direct = lines.iter().filter(|line| line.kind == LineKind::Direct).map(|line| line.costs[1]);
        assert_eq!(Money::try_sum(direct).unwrap(), money(cost), "{wanted:?}");
    }
}

#[test]
fn c3_idle_is_shared_by_resource_and_cluster() {
    let world = with_idle(containers(), "share");
    expect(&world, &EVERYTHING, &[("ns1", "42.6875"), ("ns2", "46.3125"), ("ns3", "23")]);
}

#[test]
fn c4_idle_of_what_nobody_uses_stays() {
    let mut world = World::new(&["resource_type", "namespace"]);
    world.center("work", &json!({"namespace": "work"}));
    for (kind, cost, idle) in [("cpu", "2", "10"), ("gpu", "0", "12"), ("ram", "1", "6")] {
        world.charge(&[kind, "work"], cost);
        world.charge(&[kind, "__idle__"], idle);
    }
    let rule = json!({
        "source": {"namespace": "__idle__"}, "method": "idle", "within": ["resource_type"], "idle": "share",
    });
    world.rule("idle", &rule);
    world.carry(&["resource_type"]);
    expect(&world, &json!({"resource_type": "cpu"}), &[("work", "12")]);
    expect(&world, &json!({"resource_type": "gpu"}), &[("idle", "12")]);
    expect(&world, &json!({"resource_type": "ram"}), &[("work", "7")]);
}

#[test]
fn c5_a_namespace_is_shared_evenly() {
    let world = with_idle(containers(), "separate");
    let targets = json!([{"cost_center": super::cc(0)}, {"cost_center": super::cc(1)}]);
    let world = sharing(world, "ns3", &json!({"method": "even", "targets": targets}));
    expect(&world, &EVERYTHING, &[("ns1", "37"), ("ns2", "45"), ("idle", "30")]);
}

#[test]
fn c6_a_namespace_is_shared_by_cost() {
    let world = sharing(with_idle(containers(), "separate"), "ns3", &json!({"method": "proportional"}));
    expect(&world, &EVERYTHING, &[("ns1", "35.875"), ("ns2", "46.125"), ("idle", "30")]);
}

#[test]
fn c8_overhead_is_shared_by_cost() {
    let world = with_overhead(containers());
    // 168 times 28, 36 and 18 out of 82: the last digits are the largest remainders.
    let figures =
        [("ns1", "85.365853658536585366"), ("ns2", "109.756097560975609756"), ("ns3", "54.878048780487804878")];
    expect(&world, &EVERYTHING, &figures);
}

/// 36 + 28 × 36/54, 10.3125 + 14.6875 × 36/54, and their sum, each to within the last digits.
#[test]
fn c9_what_a_pool_got_of_idle_goes_where_the_pool_goes() {
    for (idle, carry) in
        [("separate", &[][..]), ("share", &[]), ("separate", &["namespace"]), ("share", &["cluster", "namespace"])]
    {
        let mut world = sharing(with_idle(containers(), idle), "ns1", &json!({"method": "proportional"}));
        world.carry(carry);
        let mut filters = vec![json!({"cost_center": super::cc(1)})];
        if carry.contains(&"namespace") {
            filters.push(json!({"namespace": "ns2"}));
        }
        for wanted in filters {
            let allocation = world.run().unwrap();
            let lines = allocation.select(&super::filter(&wanted)).unwrap();
            let sum = |kind: &dyn Fn(LineKind) -> bool| {
                let costs = lines.iter().filter(|line| kind(line.kind)).map(|line| line.costs[1].mantissa());
                costs.sum::<i128>()
            };
            let cost = sum(&|kind| kind != LineKind::Idle);
            let got = sum(&|kind| kind == LineKind::Idle);
            assert!((cost * 3 - 164 * 10_i128.pow(18)).abs() <= 3, "{cost} is 54.666666666666666667");
            assert!((got * 48 - 965 * 10_i128.pow(18)).abs() <= 48, "{got} is 20.104166666666666667");
            assert!(((cost + got) * 48 - 3589 * 10_i128.pow(18)).abs() <= 96, "74.770833333333333333");
            // The two centres together have all of it, exactly.
            let all = money("112");
            assert_eq!(allocation.totals[0].total_out, [all; 4]);
        }
    }
}

#[test]
fn c10_a_filter_takes_its_part_of_idle() {
    let mut world = with_idle(containers(), "separate");
    world.carry(&["cluster", "namespace"]);
    expect(&world, &json!({"cluster": "cluster1"}), &[("ns1", "28"), ("ns2", "18"), ("idle", "20")]);
    for cluster in ["cluster1", "cluster2"] {
        let wanted = json!({"namespace": "ns2", "cluster": cluster});
        let idle = if cluster == "cluster1" { "5.3125" } else { "5" };
        expect(&world, &wanted, &[("ns2", "18"), ("idle", idle)]);
    }
    expect(&world, &json!({"namespace": "ns2"}), &[("ns2", "36"), ("idle", "10.3125")]);
}

#[test]
fn c12_a_filter_does_not_spread_what_others_bear() {
    let world = with_overhead(with_idle(containers(), "share"));
    // 46.3125 + 168 × 36/82
    expect(&world, &json!({"cost_center": super::cc(1)}), &[("ns2", "120.068597560975609756")]);
}

#[test]
fn c13_idle_by_node_and_by_cluster() {
    let world = |within: &str| {
        let mut world = World::new(&["cluster", "tag:node", "namespace"]);
        for number in 1..=5 {
            let (name, node) = (format!("w{number}"), if number == 5 { "b" } else { "a" });
            world.center(&name, &json!({"namespace": name}));
            world.charge(&["one", node, &name], "1");
        }
        world.charge(&["one", "a", "__idle__"], "2");
        world.charge(&["one", "b", "__idle__"], "5");
        let source = json!({"namespace": "__idle__"});
        world.rule("idle", &json!({"source": source, "method": "idle", "within": [within], "idle": "share"}));
        world
    };
    let by_node = [("w1", "1.5"), ("w2", "1.5"), ("w3", "1.5"), ("w4", "1.5"), ("w5", "6")];
    expect(&world("tag:node"), &EVERYTHING, &by_node);
    expect(&world("cluster"), &EVERYTHING, &["w1", "w2", "w3", "w4", "w5"].map(|name| (name, "2.4")));
}
