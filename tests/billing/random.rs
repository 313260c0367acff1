//! Random histories of usage, prices, grants, corrections and closings.

use finops_core::Finops;
use finops_core::model::money::Money;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Numbers that repeat with their seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len() as u64) as usize]
    }
}

const METERS: [&str; 5] = ["api_calls", "bandwidth", "storage", "seats", "peak"];
const TENANTS: [&str; 3] = ["acme", "blue", "coda"];
const MONTHS: [&str; 4] = ["2024-01", "2024-02", "2024-03", "2024-04"];

/// A history as the calls that made it, without those that only look.
#[derive(Default)]
struct History {
    calls: Vec<(&'static str, Value)>,
    events: Vec<Value>,
    next: u64,
    day: u64,
}

fn call(finops: &Finops, operation: &str, params: Value) -> Value {
    let answer = finops.call(operation, params.clone(), &());
    let answer = answer.unwrap_or_else(|error| panic!("{operation} {params}: {error}"));
    serde_json::to_value(answer).unwrap()
}

fn engine(now: &str) -> Finops {
    let finops = Finops::builder().now(now.parse().unwrap()).open(":memory:").unwrap();
    let seats = json!({"slug": "seats", "aggregation": "unique_count", "value_property": "seat", "unit": "seat"});
    call(&finops, "meters.create", seats);
    call(&finops, "meters.create", json!({"slug": "peak", "aggregation": "max", "unit": "GB", "group_by": ["disk"]}));
    finops
}

impl History {
    fn event(&mut self, random: &mut Random) -> Value {
        self.next += 1;
        // Up to twenty days late, and never from the future.
        let day = self.day.saturating_sub(random.below(20));
        let time = finops_core::model::time::Stamp::from_micros(
            1_704_067_200_000_000 + (day * 86_400_000_000 + random.below(96) * 900_000_000).cast_signed(),
        );
        let quantity = format!("{}.{:03}", random.below(500), random.below(1000));
        json!({
            "id": format!("e{}", self.next), "resource": random.of(&METERS), "tenant_id": random.of(&TENANTS),
            "time": time.unwrap().to_string(), "quantity": quantity,
            "workspace_id": random.of(&[Some("w1"), Some("w2"), None]),
            "properties": {"seat": format!("s{}", random.below(5)), "disk": random.of(&["a", "b"])},
        })
    }

    fn price(&mut self, random: &mut Random) -> Value {
        let tiers = json!([{"up_to": "100", "unit_price": "0.11"}, {"up_to": "400.5", "unit_price": "0.07", "flat": 3},
                           {"up_to": null, "unit_price": "0.031"}]);
        let models = [
            json!({"model": "per_unit", "unit_price": "0.0137"}),
            json!({"model": "tiered", "tiers": tiers, "rounding": "currency"}),
            json!({"model": "volume", "tiers": tiers}),
            json!({"model": "package", "package": {"size": "30", "price": "2.5"}}),
            json!({"model": "per_unit", "unit_price": "0.2", "included": "50", "maximum": "90", "minimum": "12"}),
        ];
        let mut price = random.of(&models).clone();
        let hour = random.below(2) * 12;
        let start = format!("2024-0{}-{:02}T{hour:02}:00:00Z", 1 + random.below(3), 1 + random.below(28));
        price["meter"] = json!(random.of(&METERS));
        price["currency"] = json!("USD");
        price["effective_from"] = json!(start);
        if random.below(3) == 0 {
            price["scope"] = json!({"tenant_id": random.of(&TENANTS)});
        }
        price
    }

    fn grant(&mut self, random: &mut Random) -> Value {
        self.next += 1;
        let size = random.below(400);
        let all = size.to_string();
        let amounts = [
            json!({"money": all, "currency": "USD"}),
            json!({"money": all, "currency": "USD"}),
            json!({"money": all, "currency": "EUR"}),
            json!({"units": all, "meter": random.of(&METERS)}),
            json!({"units": all, "meter": random.of(&METERS)}),
        ];
        let amount = random.of(&amounts).clone();
        let hour = random.below(3) * 6;
        // Of one priority, the older one would go first, and whoever makes them all at once has no older ones.
        let mut grant = json!({
            "tenant_id": random.of(&TENANTS), "amount": amount, "priority": random.below(1000) * 1_000_000 + self.next,
            "effective_from": format!("2024-0{}-{:02}T{hour:02}:00:00Z", 1 + random.below(4), 1 + random.below(28)),
            "preserve_overage": amount.get("money").is_some() && random.below(3) == 0,
        });
        if random.below(3) == 0 {
            grant["expires_at"] = json!(format!("2024-0{}-{:02}T18:00:00Z", 5 + random.below(2), 1 + random.below(28)));
        }
        if random.below(3) == 0 {
            let unit = random.of(&["day", "week", "month"]);
            grant["recurrence"] = json!({"every": 1 + random.below(3), "unit": unit});
        }
        if random.below(3) == 0 {
            grant["rollover"] = json!({"min": "0", "max": random.below(size + 1).to_string()});
        }
        grant
    }

    /// Takes a grant back, as if it had never been.
    fn without_a_grant(&mut self, finops: &Finops, random: &mut Random) {
        let held = call(finops, "grants.list", json!({"limit": 1000}));
        let held = held["items"].as_array().unwrap();
        if !held.is_empty() {
            let grant = random.of(held);
            call(finops, "grants.delete", json!({"id": grant["id"]}));
            self.calls.retain(|(_, params)| params.get("priority") != grant.get("priority"));
        }
    }

    /// Does something, and remembers it where it has effects.
    fn step(&mut self, finops: &Finops, random: &mut Random) {
        let (operation, params) = match random.below(15) {
            0..=4 => {
                let events: Vec<Value> = (0..=random.below(12)).map(|_| self.event(random)).collect();
                self.events.extend(events.iter().cloned());
                ("record_usage", json!({"events": events}))
            }
            5 => ("prices.create", self.price(random)),
            6 if !self.events.is_empty() => {
                let place = random.below(self.events.len() as u64) as usize;
                let event = self.events.swap_remove(place);
                ("void_usage", json!({"id": event["id"], "tenant_id": event["tenant_id"]}))
            }
            7 if !self.events.is_empty() => {
                let place = random.below(self.events.len() as u64) as usize;
                let quantity = json!(random.below(900).to_string());
                let event = &mut self.events[place];
                event["quantity"] = quantity.clone();
                ("correct_usage", json!({"id": event["id"], "tenant_id": event["tenant_id"], "quantity": quantity}))
            }
            8 => {
                self.day = (self.day + random.below(9)).min(118);
                let now = 1_704_067_200_000_000 + (self.day * 86_400_000_000).cast_signed() + 86_340_000_000;
                let now = finops_core::model::time::Stamp::from_micros(now).unwrap();
                call(finops, "tick", json!({"now": now.to_string()}));
                return;
            }
            9 => {
                let month = random.below(4) as usize;
                let ended = [31, 60, 91, 121][month] <= self.day;
                if ended {
                    let tenant = random.of(&TENANTS);
                    let closed =
                        finops.call("billing.close", json!({"period": MONTHS[month], "tenant_id": tenant}), &());
                    assert!(closed.is_ok() || closed.unwrap_err().message().contains("closed already"));
                }
                return;
            }
            10 | 11 => ("grants.create", self.grant(random)),
            12 if random.below(3) == 0 => return self.without_a_grant(finops, random),
            _ => return drop(call(finops, "get_cost_summary", json!({"period": "2024"}))),
        };
        if operation == "prices.create"
            && let Err(error) = finops.call(operation, params.clone(), &())
        {
            assert!(error.message().contains("same instant"), "{error}");
            return;
        } else if operation == "prices.create" {
            return self.calls.push((operation, params));
        }
        let answer = call(finops, operation, params.clone());
        assert!(answer.get("rejected").is_none_or(|rejected| rejected == &json!([])), "{answer}");
        self.calls.push((operation, params));
    }
}

fn money(value: &Value) -> Money {
    value.as_str().map_or(Money::ZERO, |text| text.parse().unwrap())
}

/// What each tenant is billed over all months, closed or open.
fn billed(finops: &Finops) -> BTreeMap<String, Money> {
    let months = MONTHS.iter().chain(&["2024-05", "2024-06", "2024-07", "2024-08"]);
    let bill = |tenant: &str, month: &str| {
        let bill = call(finops, "billing.preview", json!({"tenant_id": tenant, "period": month}));
        let lines = bill["lines"].as_array().unwrap().iter().map(|line| money(&line["amount"]));
        assert_eq!(Money::try_sum(lines).unwrap(), money(&bill["total"]), "{bill}");
        money(&bill["total"])
    };
    let total = |tenant: &&str| {
        let bills = months.clone().map(|month| bill(tenant, month));
        ((*tenant).to_owned(), Money::try_sum(bills).unwrap())
    };
    TENANTS.iter().map(total).collect()
}

/// The same from the charges.
fn charged(finops: &Finops, group_by: &[&str]) -> BTreeMap<String, Money> {
    let mut sums: BTreeMap<String, Money> = TENANTS.iter().map(|tenant| ((*tenant).to_owned(), Money::ZERO)).collect();
    let summary = call(finops, "get_cost_summary", json!({"period": "2023-12-01/2024-12-01", "group_by": group_by}));
    let items = summary["breakdown"].as_array().unwrap();
    for item in items {
        let sum = sums.entry(item["tenant_id"].as_str().unwrap().to_owned()).or_default();
        *sum = sum.checked_add(money(&item["cost"])).unwrap();
    }
    assert_eq!(Money::try_sum(sums.values().copied()).unwrap(), money(&summary["total_cost"]), "{summary}");
    sums
}

/// What each meter, and what grants paid of them, costs on each day that costs something.
fn daily(finops: &Finops) -> BTreeMap<String, Money> {
    let mut found = BTreeMap::new();
    for resource in METERS.into_iter().chain(["credits"]) {
        let params = json!({"start_date": "2023-12-01", "end_date": "2024-07-01", "filter": {"resource": resource}});
        let days = call(finops, "costs.daily", params)["days"].clone();
        let day = |day: &Value| (format!("{resource} {}", day["day"]), money(&day["total"]));
        found.extend(days.as_array().unwrap().iter().map(day).filter(|(_, total)| !total.is_zero()));
    }
    found
}

/// What is left of a tenant's grants, by their priorities, which are all different.
fn left(finops: &Finops, tenant: &str) -> BTreeMap<u64, String> {
    let grants = call(finops, "grants.list", json!({"tenant_id": tenant, "limit": 1000}));
    let balance = call(finops, "grants.balance", json!({"tenant_id": tenant}));
    let left = |grant: &Value| {
        let left = balance["grants"].as_array().unwrap().iter().find(|left| left["id"] == grant["id"]).unwrap();
        (grant["priority"].as_u64().unwrap(), left["left"].as_str().unwrap().to_owned())
    };
    grants["items"].as_array().unwrap().iter().map(left).collect()
}

#[test]
fn what_is_billed_is_what_is_charged_whatever_happens() {
    for seed in 0..16 {
        let (finops, mut random, mut history) = (engine("2024-01-01T23:59:00Z"), Random(seed), History::default());
        for step in 0..60 {
            history.step(&finops, &mut random);
            if step % 20 == 19 {
                let bills = billed(&finops);
                for group_by in [&["tenant"][..], &["tenant", "workspace", "resource"], &["tenant", "tag:disk"]] {
                    assert_eq!(charged(&finops, group_by), bills, "seed {seed}, step {step}, by {group_by:?}");
                }
            }
        }
    }
}

#[test]
fn step_by_step_or_at_once_comes_to_the_same() {
    for seed in 100..112 {
        let (finops, mut random, mut history) = (engine("2024-01-01T23:59:00Z"), Random(seed), History::default());
        (0..60).for_each(|_| history.step(&finops, &mut random));
        let end = json!({"now": "2024-06-02T00:00:00Z"});
        call(&finops, "tick", end.clone());
        // The same events as they are in the end, in another order, and all prices and grants before any of them.
        let anew = engine("2023-12-31T00:00:00Z");
        let definitions = ["prices.create", "grants.create"];
        let defined = history.calls.iter().filter(|(operation, _)| definitions.contains(operation));
        defined.for_each(|(operation, params)| drop(call(&anew, operation, params.clone())));
        // Clocks only go forward.
        let mut events: Vec<Value> = history.events.clone();
        events.sort_by_key(|event| event["time"].to_string());
        for event in events {
            call(&anew, "tick", json!({"now": event["time"]}));
            call(&anew, "record_usage", json!({"events": event}));
        }
        call(&anew, "tick", end);
        for month in MONTHS {
            for tenant in TENANTS {
                for engine in [&finops, &anew] {
                    drop(engine.call("billing.close", json!({"period": month, "tenant_id": tenant}), &()));
                }
            }
        }
        assert_eq!(charged(&finops, &["tenant"]), charged(&anew, &["tenant"]), "seed {seed}");
        assert_eq!(charged(&finops, &["tenant"]), billed(&finops), "seed {seed}");
        assert_eq!(daily(&finops), daily(&anew), "seed {seed}");
        for tenant in TENANTS {
            assert_eq!(left(&finops, tenant), left(&anew, tenant), "seed {seed}");
        }
    }
}
