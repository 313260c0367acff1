//! Random histories of bills, restatements, usage, corrections, the gate and time: at every step what each budget has
//! spent is the answer of the cost query for its filter, its view and its period, and a plain model of the gate agrees.

use crate::world::{BudgetId, call, engine, import, status};
use finops_core::Finops;
use finops_core::model::time::Stamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap()]
    }

    fn cents(&mut self, most: u64) -> String {
        let cents = self.below(most);
        format!("{}.{:02}", cents / 100, cents % 100)
    }
}

const TENANTS: [&str; 3] = ["a", "b", "c"];
const RAILS: [&str; 2] = ["pay", "save"];

/// A budget, and what a cost query for it says.
struct Watched {
    id: BudgetId,
    filter: Value,
    view: &'static str,
    currency: &'static str,
}

struct History<'f> {
    finops: Finops,
    folder: &'f Path,
    dice: Dice,
    now: i64,
    watched: Vec<Watched>,
    /// What is held: the amount, in cents, and when it is let go of.
    held: BTreeMap<String, (i64, i64)>,
    events: Vec<(String, &'static str)>,
    used: u32,
    /// What happened, so that a history in which nothing does cannot pass for one.
    seen: BTreeMap<&'static str, u32>,
}

fn budgets(finops: &Finops) -> Vec<Watched> {
    let forms: [(Value, Value, Value, &str, &str); 7] = [
        (json!({"level": "platform"}), json!(null), json!({"period": "monthly"}), "effective", "Europe/Berlin"),
        (json!({"level": "tenant", "id": "a"}), json!(null), json!({"period": "daily"}), "effective", "Asia/Kolkata"),
        (json!({"level": "tenant", "id": "b"}), json!(null), json!({"period": "weekly"}), "billed", "America/New_York"),
        (
            json!({"level": "rail", "id": "pay"}),
            json!({"tenant": ["a", "c"]}),
            json!({"period": "monthly",
            "reset_day": 20}),
            "list",
            "UTC",
        ),
        (json!({"level": "tag", "id": "env=prod"}), json!(null), json!({"period": "yearly"}), "effective", "UTC"),
        (
            json!({"level": "provider", "id": "gate"}),
            json!({"not": {"tenant": "b"}}),
            json!({"type": "one_time",
            "start_date": "2026-01-10"}),
            "effective",
            "UTC",
        ),
        (
            json!({"level": "platform"}),
            json!({"any": [{"rail": null}, {"tenant": "c"}]}),
            json!({"period": "quarterly"}),
            "contracted",
            "UTC",
        ),
    ];
    let make = |(scope, filter, period, view, zone): (Value, Value, Value, &'static str, &str)| {
        let mut allowance = period;
        allowance["amount"] = json!(40);
        allowance["currency"] = json!("USD");
        allowance["time_zone"] = json!(zone);
        let mut form = json!({"name": "b", "scope": scope, "budget": allowance, "view": view,
            "thresholds": [{"percent": 50, "action": "alert"}, {"percent": 100, "action": "pause"}]});
        if !filter.is_null() {
            form["filter"] = filter.clone();
        }
        let made = call(finops, "budgets.create", form);
        let dimension = match (scope["level"].as_str().unwrap(), scope["id"].as_str()) {
            ("platform", _) => json!({}),
            ("tag", _) => json!({"tag:env": "prod"}),
            (level, id) => json!({ level: id }),
        };
        let all = if filter.is_null() { dimension } else { both(&dimension, &filter) };
        Watched { id: made["budget_id"].as_str().unwrap().parse().unwrap(), filter: all, view, currency: "USD" }
    };
    forms.map(make).into_iter().collect()
}

/// Both must hold, also where they ask for the same dimension.
fn both(one: &Value, other: &Value) -> Value {
    json!({"not": {"any": [{"not": one}, {"not": other}]}})
}

impl<'f> History<'f> {
    fn begin(folder: &'f Path, seed: u64) -> Self {
        let now: Stamp = "2026-01-19T22:00:00Z".parse().unwrap();
        let finops = engine(folder.join("store").to_str().unwrap(), &now.to_string());
        for (meter, price) in [("api_calls", "0.13"), ("search_queries", "0.07")] {
            let price = json!({"meter": meter, "model": "per_unit", "unit_price": price, "currency": "USD",
                "effective_from": "2026-01-01T00:00:00Z"});
            call(&finops, "prices.create", price);
        }
        let watched = budgets(&finops);
        let dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let (held, events) = (BTreeMap::new(), Vec::new());
        Self { finops, folder, dice, now: now.micros(), watched, held, events, used: 0, seen: BTreeMap::new() }
    }

    fn step(&mut self) {
        match self.dice.below(12) {
            0 | 1 => self.bill(),
            2..=4 => self.usage(),
            5 => self.correct(),
            6 | 7 => self.reserve(),
            8 | 9 => self.settle(),
            10 => self.time(),
            _ => self.reopen(),
        }
    }

    /// A bill, or the same account's bill once more with other charges.
    fn bill(&mut self) {
        let account = self.dice.of(&["one", "two"]);
        let charges: Vec<(u32, &str, String)> = (0..=self.dice.below(4))
            .map(|_| {
                let day = u32::try_from(1 + self.dice.below(30)).unwrap();
                (day, self.dice.of(&TENANTS), self.dice.cents(900))
            })
            .collect();
        let charges: Vec<_> = charges.iter().map(|(day, tenant, cost)| (*day, *tenant, cost.as_str())).collect();
        import(&self.finops, self.folder, account, &charges);
    }

    fn usage(&mut self) {
        self.used += 1;
        let (id, tenant) = (format!("use-{}", self.used), self.dice.of(&TENANTS));
        let time = Stamp::from_micros(self.now - i64::try_from(self.dice.below(40)).unwrap() * 3_600_000_000).unwrap();
        let event = json!({"id": id, "resource": self.dice.of(&["api_calls", "search_queries"]), "tenant_id": tenant,
            "quantity": self.dice.below(20), "time": time, "rail": self.dice.of(&RAILS),
            "properties": {"env": self.dice.of(&["prod", "test"])}});
        assert_eq!(self.finops.record_usage(&event.to_string()).unwrap().accepted, 1);
        self.events.push((id, tenant));
    }

    fn correct(&mut self) {
        let Some(place) = (!self.events.is_empty()).then(|| self.dice.below(self.events.len() as u64)) else { return };
        let (id, tenant) = self.events.remove(usize::try_from(place).unwrap());
        if self.dice.below(2) == 0 {
            call(&self.finops, "void_usage", json!({"id": id, "tenant_id": tenant}));
        } else {
            let quantity = self.dice.below(30);
            call(&self.finops, "correct_usage", json!({"id": id, "tenant_id": tenant, "quantity": quantity}));
        }
    }

    fn reserve(&mut self) {
        let amount = i64::try_from(self.dice.below(400)).unwrap();
        let seconds = i64::try_from(1 + self.dice.below(7200)).unwrap();
        let mut spend = json!({"amount": format!("{}.{:02}", amount / 100, amount % 100), "ttl_seconds": seconds,
            "tenant_id": self.dice.of(&TENANTS)});
        if self.dice.below(2) == 0 {
            spend["rail"] = json!(self.dice.of(&RAILS));
            spend["tags"] = json!({"env": self.dice.of(&["prod", "test"])});
        }
        let before: Vec<_> = self.watched.iter().map(|watched| status(&self.finops, watched.id)).collect();
        let answer = call(&self.finops, "budgets.reserve", spend);
        if let Some(id) = answer["reservation_id"].as_str() {
            self.held.insert(id.to_owned(), (amount, self.now + seconds * 1_000_000));
            *self.seen.entry("held").or_default() += 1;
        } else {
            *self.seen.entry("refused").or_default() += 1;
            let after: Vec<_> = self.watched.iter().map(|watched| status(&self.finops, watched.id)).collect();
            assert_eq!(before, after, "what was refused changes nothing");
        }
    }

    fn settle(&mut self) {
        let Some((id, (amount, until))) = self.held.pop_first() else { return };
        if self.dice.below(3) == 0 && until > self.now {
            call(&self.finops, "budgets.release", json!({"reservation_id": id}));
            return;
        }
        let actual = i64::try_from(self.dice.below(500)).unwrap();
        let request = json!({"reservation_id": id, "amount": format!("{}.{:02}", actual / 100, actual % 100)});
        let settled = call(&self.finops, "budgets.settle", request);
        *self.seen.entry(if until <= self.now { "late" } else { "settled" }).or_default() += 1;
        assert_eq!((&settled["overrun"], &settled["late"]), (&json!(actual > amount), &json!(until <= self.now)));
    }

    fn time(&mut self) {
        self.now += i64::try_from(1 + self.dice.below(30 * 3600)).unwrap() * 1_000_000;
        self.finops.tick(Some(Stamp::from_micros(self.now).unwrap())).unwrap();
    }

    fn reopen(&mut self) {
        let now = Stamp::from_micros(self.now).unwrap().to_string();
        self.finops = engine(":memory:", &now);
        self.finops = engine(self.folder.join("store").to_str().unwrap(), &now);
        self.held.clear();
    }

    /// What budgets say is what queries say.
    fn check(&self, step: usize) {
        let held: i64 = self.held.values().filter(|(_, until)| *until > self.now).map(|(amount, _)| amount).sum();
        for (place, watched) in self.watched.iter().enumerate() {
            let stands = status(&self.finops, watched.id);
            let end = if stands["period_end"].is_null() { json!("2027-01-01") } else { stands["period_end"].clone() };
            let request = json!({"start_date": stands["period_start"], "end_date": end,
                "filter": watched.filter, "view": watched.view, "currency": watched.currency});
            let total = call(&self.finops, "get_cost_summary", request)["total_cost"].clone();
            let total = if total.is_null() { json!("0") } else { total };
            assert_eq!(stands["spent"], total, "budget {place} after step {step}");
            if place == 0 {
                let reserved = format!("{}.{:02}", held / 100, held % 100);
                let wanted: finops_core::model::money::Money = reserved.parse().unwrap();
                assert_eq!(stands["reserved"], json!(wanted), "what is held after step {step}");
            }
        }
    }
}

#[test]
fn what_budgets_have_spent_is_what_cost_queries_answer() {
    // FINOPS_HISTORIES says how many there are to be, where somebody has more time.
    let histories = std::env::var("FINOPS_HISTORIES").ok().and_then(|many| many.parse().ok()).unwrap_or(4);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 1..=histories {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::begin(folder.path(), seed);
        for step in 0..60 {
            history.step();
            history.check(step);
        }
        history.seen.into_iter().for_each(|(what, often)| *seen.entry(what).or_default() += often);
    }
    let often = |what: &str| seen.get(what).copied().unwrap_or_default();
    assert!(["held", "refused", "settled", "late"].iter().all(|what| often(what) > 0), "{seen:?}");
}
