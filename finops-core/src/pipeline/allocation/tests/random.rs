//! Random worlds: small enough that rules, centres and charges meet often.

use super::{World, cc};
use crate::model::charge::CostView;
use crate::model::money::{Money, Quantity};
use serde_json::{Value, json};

/// `SplitMix64`.
#[derive(Debug, Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// 0 up to that, without it.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        i64::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let end = i64::try_from(from.len()).unwrap();
        from[usize::try_from(self.below(end)).unwrap()]
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            let other = usize::try_from(self.below(i64::try_from(end + 1).unwrap())).unwrap();
            list.swap(end, other);
        }
    }
}

const NAMESPACES: [&str; 5] = ["n0", "n1", "n2", "n3", ""];
const CLUSTERS: [&str; 3] = ["k0", "k1", ""];
const TEAMS: [&str; 4] = ["t0", "t1", "t2", ""];

fn value(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

/// A filter on one to three dimensions, at times a general one.
pub(super) fn any_filter(random: &mut Random, depth: u32) -> Value {
    if depth > 0 && random.chance(25) {
        let inner = any_filter(random, depth - 1);
        return if random.chance(50) {
            json!({"not": inner})
        } else {
            json!({"any": [inner, any_filter(random, depth - 1)]})
        };
    }
    let mut filter = json!({});
    if random.chance(60) {
        filter["namespace"] = if random.chance(30) {
            json!([value(random.pick(&NAMESPACES)), value(random.pick(&NAMESPACES))])
        } else {
            value(random.pick(&NAMESPACES))
        };
    }
    if random.chance(30) {
        filter["cluster"] = value(random.pick(&CLUSTERS));
    }
    if random.chance(30) {
        filter["tag:team"] = value(random.pick(&TEAMS));
    }
    filter
}

fn targets(random: &mut Random, centers: i64, each: impl Fn(&mut Random, usize) -> Value) -> Value {
    let mut places: Vec<i64> = (0..centers).collect();
    random.shuffle(&mut places);
    places.truncate(usize::try_from(1 + random.below(centers)).unwrap());
    let target = |(at, place): (usize, i64)| {
        let mut target = each(random, at);
        target["cost_center"] = json!(cc(place));
        target
    };
    places.into_iter().enumerate().map(target).collect()
}

fn percents(random: &mut Random, centers: i64) -> Value {
    let mut targets = targets(random, centers, |_, _| json!({}));
    let list = targets.as_array_mut().unwrap();
    let (mut left, end) = (100, list.len() - 1);
    for target in list.iter_mut().take(end) {
        let part = random.below(left + 1);
        target["percent"] = json!(part.to_string());
        left -= part;
    }
    list[end]["percent"] = json!(left.to_string());
    targets
}

fn within(random: &mut Random) -> Value {
    let some: [&[&str]; 5] = [&[], &["cluster"], &["cluster"], &["tag:team", "cluster"], &["namespace"]];
    json!(random.pick(&some))
}

/// The fields of some method.
fn method(random: &mut Random, centers: i64) -> Value {
    let fallback = random.pick(&["keep", "keep", "even", "even", "error"]);
    let idle = random.pick(&["share", "separate"]);
    match random.below(14) {
        0 => json!({"method": "direct", "targets": [{"cost_center": cc(random.below(centers))}]}),
        1 => {
            let fallback = if fallback == "even" { "keep" } else { fallback };
            json!({"method": "direct", "by": "tag:team", "fallback": fallback})
        }
        2 => {
            let targets = targets(random, centers, |_, at| json!({"value": format!("t{at}")}));
            json!({"method": "direct", "by": "tag:team", "targets": targets, "fallback": fallback})
        }
        3 => json!({"method": "even", "targets": targets(random, centers, |_, _| json!({}))}),
        4 => {
            let weight = |random: &mut Random, _: usize| json!({"weight": random.below(4).to_string()});
            json!({"method": "weighted", "targets": targets(random, centers, weight), "fallback": "even"})
        }
        5 => json!({"method": "fixed", "targets": percents(random, centers)}),
        6 => {
            let amount = |random: &mut Random, _: usize| json!({"amount": format!("{}.37", random.below(40))});
            let targets = targets(random, centers, amount);
            json!({"method": "fixed_amount", "targets": targets, "currency": "USD", "fallback": fallback})
        }
        7 => {
            let tiers = json!([
                {"up_to": "10", "targets": percents(random, centers)},
                {"up_to": "55.5", "targets": percents(random, centers)},
                {"up_to": null, "targets": percents(random, centers)},
            ]);
            json!({"method": "tiered", "tiers": tiers, "currency": "USD", "fallback": fallback})
        }
        8 => {
            let mut rule = json!({"method": "proportional", "base": {"meter": "api_calls"}, "fallback": fallback});
            if random.chance(60) {
                rule["capacity"] = json!((1 + random.below(30)).to_string());
                rule["idle"] = json!(idle);
            }
            rule
        }
        9 | 10 => {
            let mut rule = json!({"method": "proportional", "within": within(random), "fallback": fallback});
            if random.chance(40) {
                rule["targets"] = targets(random, centers, |_, _| json!({}));
            }
            rule
        }
        _ => json!({"method": "idle", "within": within(random), "idle": idle}),
    }
}

/// Adds a rule if there may be one like it; another one in the place of the one of that number.
pub(super) fn put_rule(world: &mut World, random: &mut Random, number: Option<usize>) {
    let centers = i64::try_from(world.centers.len()).unwrap();
    for _ in 0..4 {
        let mut fields = method(random, centers);
        fields["source"] =
            if random.chance(15) { json!({"cost_center": cc(random.below(centers))}) } else { any_filter(random, 1) };
        fields["order"] = json!(random.below(6));
        fields["decimals"] = json!(random.pick(&[0, 2, 6, 18, 18]));
        let mut changed = world.clone();
        if let Some(number) = number {
            for key in ["id", "name", "effective_from"] {
                fields[key] = changed.rules[number][key].clone();
            }
            changed.rules[number] = fields;
        } else {
            let name = format!("r{}", changed.rules.len());
            changed.rule(&name, &fields);
        }
        if changed.set().is_ok() {
            *world = changed;
            return;
        }
    }
}

fn amount(random: &mut Random) -> Money {
    let cents = random.below(9_000) - 1_200;
    let digits = if random.chance(20) { i128::from(random.below(1_000_000_007)) } else { 0 };
    Money::from_mantissa(i128::from(cents) * 10_i128.pow(16) + digits)
}

/// A world of that seed.
pub(super) fn world(seed: u64) -> World {
    let mut random = Random(seed);
    let mut world = World::new(&["namespace", "cluster", "tag:team"]);
    for number in 0..2 + random.below(5) {
        let own = if random.chance(20) { Value::Null } else { any_filter(&mut random, 2) };
        let name = if random.chance(50) { format!(" T{number}") } else { format!("centre {number}") };
        world.center(&name, &own);
        let depth = u32::try_from(random.below(3)).unwrap();
        world.centers.last_mut().unwrap().depth = depth;
    }
    let centers = i64::try_from(world.centers.len()).unwrap();
    for _ in 0..5 + random.below(45) {
        let values = [random.pick(&NAMESPACES), random.pick(&CLUSTERS), random.pick(&TEAMS)];
        let currency = if random.chance(85) { "USD" } else { "EUR" };
        world.charge_in(&values, currency, ["0"; 4]);
        let charge = world.charges.last_mut().unwrap();
        let effective = amount(&mut random);
        charge.costs = if random.chance(50) { [effective; 4] } else { [0; 4].map(|_| amount(&mut random)) };
        if random.chance(10) {
            charge.unknown = [0, 1, 0, 2];
            charge.costs[1] = Money::ZERO;
        }
        if random.chance(15) {
            let named = if random.chance(80) { cc(random.below(centers)).to_string() } else { "zzz".to_owned() };
            charge.values[0] = Some(named);
        }
    }
    for _ in 0..random.below(8) {
        put_rule(&mut world, &mut random, None);
    }
    weigh(&mut world, &mut random);
    let carried: [&[&str]; 4] = [&[], &["namespace"], &["cluster", "tag:team"], &["tag:team", "namespace", "cluster"]];
    world.carry(random.pick(&carried));
    world.view = random.pick(&CostView::ALL);
    world
}

/// Other quantities of meters.
pub(super) fn weigh(world: &mut World, random: &mut Random) {
    for rule in 0..i64::try_from(world.rules.len()).unwrap() {
        for center in 0..i64::try_from(world.centers.len()).unwrap() {
            world.weights.set(super::alr(rule), cc(center), Quantity::from_units(random.below(9) - 1));
        }
    }
}
