//! What is told of a budget, how often, and what becomes of it.

mod figures;
mod forecasts;
mod histories;
mod statuses;

use super::*;
use crate::model::budget::{Budget, BudgetCreate, Lifecycle, Threshold};
use crate::model::id::Id;
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};
use serde_json::{Value, json};

fn at(text: &str) -> Stamp {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// A budget of that many dollars a month for everything, with those thresholds.
fn budget(amount: &str, thresholds: &Value) -> Budget {
    let form: BudgetCreate = serde_json::from_value(json!({
        "name": "Spend", "scope": {"level": "platform"}, "thresholds": thresholds,
        "budget": {"amount": amount, "currency": "USD", "period": "monthly"},
    }))
    .unwrap();
    form.into_budget(Id::new(at("2025-01-01T00:00:00Z"), [7; 10]), at("2025-01-01T00:00:00Z")).unwrap()
}

fn alerts(percents: &[u32]) -> Value {
    percents.iter().map(|percent| json!({"percent": percent, "action": "alert"})).collect()
}

fn january() -> Interval {
    Interval::new(at("2025-01-01T00:00:00Z"), at("2025-02-01T00:00:00Z")).unwrap()
}

fn expecting(expected: Money) -> Forecast {
    Forecast { expected, lower: None, upper: None, probability_of_exceeding: None, exhausts_at: None }
}

/// A budget, what is kept of it, and a clock that goes on with every look.
struct Watched {
    budget: Budget,
    kept: Vec<Alert>,
    now: Stamp,
}

impl Watched {
    fn new(budget: Budget) -> Self {
        Self { budget, kept: Vec::new(), now: at("2025-01-02T00:00:00Z") }
    }

    fn amount(&mut self, amount: &str) {
        self.budget.budget.amount = money(amount);
    }

    /// What is told of, as words: `75`, `100 pause`, `-75` for what has recovered.
    fn spend(&mut self, spent: &str) -> Vec<String> {
        self.observe(january(), Some(money(spent)), None)
    }

    fn observe(&mut self, period: Interval, spent: Option<Money>, expected: Option<Money>) -> Vec<String> {
        self.now = Stamp::from_micros(self.now.micros() + 1_000_000).unwrap();
        let observed = Observed { period, spent, forecast: expected.map(expecting), now: self.now };
        let assessment = assess(&self.budget, &self.kept, &observed).unwrap();
        self.keep(&assessment);
        let again = assess(&self.budget, &self.kept, &observed).unwrap();
        assert_eq!((again.alerts, again.events), (vec![], vec![]), "nothing is new the second time");
        assert_eq!((again.lifecycle, &again.crossed), (assessment.lifecycle, &assessment.crossed));
        assessment.events.iter().map(word).collect()
    }

    /// As a store does: what is kept is written down, in place of what there was of the same period and threshold.
    fn keep(&mut self, assessment: &Assessment) {
        for alert in &assessment.alerts {
            self.kept.retain(|kept| (kept.period.start(), kept.threshold) != (alert.period.start(), alert.threshold));
            let written = serde_json::to_string(alert).unwrap();
            self.kept.push(serde_json::from_str(&written).unwrap());
        }
        self.budget.status = assessment.lifecycle;
    }
}

fn word(event: &BudgetEvent) -> String {
    let key = word_of(&event.alert().threshold);
    if matches!(event, BudgetEvent::Recovered(_)) { format!("-{key}") } else { key }
}

fn word_of(threshold: &Threshold) -> String {
    threshold.to_string().replace("/actual", "").replace("/alert", "").replace('/', " ")
}
